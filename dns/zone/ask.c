#include "dns/zone/ask.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gw/core/mem.h"

#define UDP_TRIES     3u
#define UDP_WAIT_MS   1500
#define STRANGERS_MAX 64u /* datagrams that are no answer, per try */

int64_t gw_dns_clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now); /* is always there */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- sockets ---------------------------------------------------------------------------------- */

static socklen_t socket_address(const struct gw_dns_peer *peer, struct sockaddr_storage *ret)
{
	*ret = (struct sockaddr_storage){ 0 };
	if (peer->family == GW_FAMILY_IPV4) {
		struct sockaddr_in *in = (struct sockaddr_in *)(void *)ret;

		in->sin_family = AF_INET;
		in->sin_port = htons(peer->port);
		gw_addr_to_bytes(peer->family, peer->addr, (uint8_t *)&in->sin_addr);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)ret;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(peer->port);
	gw_addr_to_bytes(peer->family, peer->addr, in6->sin6_addr.s6_addr);
	return sizeof(*in6);
}

/* Until `events`, or `until_ms`: 1, 0 (too late), -errno. */
static int wait_for(int fd, short events, int64_t until_ms)
{
	struct pollfd waiting = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = until_ms - gw_dns_clock_ms();
		int n = poll(&waiting, 1, left > 0 ? (int)(left < 60000 ? left : 60000) : 0);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			return 1;
		if (left <= 0)
			return 0;
	}
}

static enum gw_dns_trouble open_socket(const struct gw_dns_peer *peer, int type, int *ret)
{
	struct sockaddr_storage address;
	socklen_t len = socket_address(peer, &address);
	int error = 0, ready;
	socklen_t error_len = sizeof(error);
	int fd = socket(address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return GW_DNS_UNREACHABLE;
	*ret = fd;
	if (connect(fd, (const struct sockaddr *)&address, len) == 0)
		return GW_DNS_ANSWERED;
	if (errno != EINPROGRESS)
		return GW_DNS_UNREACHABLE;
	ready = wait_for(fd, POLLOUT, peer->deadline_ms);
	if (ready <= 0)
		return ready ? GW_DNS_UNREACHABLE : GW_DNS_SILENT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len) < 0 || error)
		return GW_DNS_UNREACHABLE;
	return GW_DNS_ANSWERED;
}

/* ---- one question ----------------------------------------------------------------------------- */

struct question {
	const struct gw_dns_peer *peer;
	const uint8_t *name;
	size_t name_len;
	uint16_t type, id;
	struct gw_text query;
	struct gw_tsig_session tsig;
};

static void question_end(struct question *question)
{
	if (question->tsig.mac)
		gw_tsig_end(&question->tsig);
	gw_text_done(&question->query);
}

/* With a new id, and a MAC of now. */
static void question_begin(struct question *question)
{
	question_end(question);
	question->query = (struct gw_text){ 0 };
	/* Nobody who cannot see the question may guess it; without random numbers nothing is asked. */
	if (getrandom(&question->id, sizeof(question->id), 0) != sizeof(question->id))
		gw_out_of_memory();
	gw_dns_question(question->id, question->name, question->name_len, question->type,
			&question->query);
	if (!question->peer->key)
		return;
	gw_tsig_begin(&question->tsig, question->peer->key);
	gw_tsig_sign(&question->tsig, (int64_t)time(NULL), &question->query);
}

/* Whether a message answers it; later messages of a transfer need not repeat the question. */
static bool answers(const struct question *question, const struct gw_dns_message *message,
		    bool first)
{
	if (message->id != question->id || !(message->flags & GW_DNS_QR))
		return false;
	if (!message->question.len)
		return !first || gw_dns_rcode(message) != GW_DNS_NOERROR;
	return message->question_type == question->type &&
	       message->question.len == question->name_len &&
	       memcmp(message->question.wire, question->name, question->name_len) == 0;
}

static enum gw_dns_trouble prove(struct question *question, struct gw_dns_reply *reply, bool last)
{
	int err;

	if (!question->peer->key)
		return GW_DNS_ANSWERED;
	err = gw_tsig_verify(&question->tsig, &reply->message, last, (int64_t)time(NULL));
	reply->skew = question->tsig.skew;
	reply->tsig_error = question->tsig.error;
	reply->tsig = !err;
	/* An unsigned refusal is what it is. */
	if (err == -EKEYREJECTED && gw_dns_rcode(&reply->message) == GW_DNS_REFUSED)
		return GW_DNS_ANSWERED;
	if (err)
		return err == -EBADMSG ? GW_DNS_BROKEN : GW_DNS_BAD_TSIG;
	return GW_DNS_ANSWERED;
}

/* Reads datagrams until one answers. */
static enum gw_dns_trouble receive_udp(struct question *question, int fd, int64_t until_ms,
				       struct gw_dns_reply *reply)
{
	enum gw_dns_trouble trouble = GW_DNS_SILENT;

	for (unsigned int i = 0; i < STRANGERS_MAX; i++) {
		int ready = wait_for(fd, POLLIN, until_ms);
		ssize_t n;

		if (ready <= 0)
			return ready ? GW_DNS_UNREACHABLE : trouble;
		n = recv(fd, reply->bytes, sizeof(reply->bytes), 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			return GW_DNS_UNREACHABLE;
		if (gw_dns_open(reply->bytes, (size_t)n, &reply->message) == 0 &&
		    answers(question, &reply->message, true))
			return GW_DNS_ANSWERED;
		trouble = GW_DNS_BROKEN;
	}
	return trouble;
}

static enum gw_dns_trouble try_udp(struct question *question, struct gw_dns_reply *reply)
{
	const struct gw_dns_peer *peer = question->peer;
	int64_t until = gw_dns_clock_ms() + UDP_WAIT_MS;
	gw_auto_close int fd = -1;
	enum gw_dns_trouble trouble = open_socket(peer, SOCK_DGRAM, &fd);

	if (trouble != GW_DNS_ANSWERED)
		return trouble;
	question_begin(question);
	if (send(fd, question->query.bytes, question->query.len, MSG_NOSIGNAL) < 0)
		return GW_DNS_UNREACHABLE;
	return receive_udp(question, fd, until < peer->deadline_ms ? until : peer->deadline_ms,
			   reply);
}

/* ---- TCP -------------------------------------------------------------------------------------- */

static enum gw_dns_trouble send_all(int fd, const char *bytes, size_t len, int64_t until_ms)
{
	while (len) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
		int ready;

		if (n >= 0) {
			bytes += n;
			len -= (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return GW_DNS_UNREACHABLE;
		ready = wait_for(fd, POLLOUT, until_ms);
		if (ready <= 0)
			return ready ? GW_DNS_UNREACHABLE : GW_DNS_SILENT;
	}
	return GW_DNS_ANSWERED;
}

static enum gw_dns_trouble receive_all(int fd, uint8_t *bytes, size_t len, int64_t until_ms)
{
	while (len) {
		ssize_t n = recv(fd, bytes, len, 0);
		int ready;

		if (n == 0)
			return GW_DNS_CUT;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return GW_DNS_UNREACHABLE;
		ready = wait_for(fd, POLLIN, until_ms);
		if (ready <= 0)
			return ready ? GW_DNS_UNREACHABLE : GW_DNS_SILENT;
	}
	return GW_DNS_ANSWERED;
}

static enum gw_dns_trouble begin_tcp(struct question *question, int *ret_fd)
{
	enum gw_dns_trouble trouble = open_socket(question->peer, SOCK_STREAM, ret_fd);
	gw_auto_text struct gw_text framed = { 0 };

	if (trouble != GW_DNS_ANSWERED)
		return trouble;
	question_begin(question);
	gw_dns_put_u16(&framed, (unsigned int)question->query.len);
	gw_text_add(&framed, question->query.bytes, question->query.len);
	return send_all(*ret_fd, framed.bytes, framed.len, question->peer->deadline_ms);
}

static enum gw_dns_trouble receive_tcp(struct question *question, int fd, bool first,
				       struct gw_dns_reply *reply)
{
	int64_t until = question->peer->deadline_ms;
	uint8_t frame[2];
	enum gw_dns_trouble trouble = receive_all(fd, frame, sizeof(frame), until);
	size_t len = gw_dns_u16(frame);

	reply->tcp = true;
	if (trouble == GW_DNS_ANSWERED)
		trouble = receive_all(fd, reply->bytes, len, until);
	if (trouble != GW_DNS_ANSWERED)
		return trouble;
	if (gw_dns_open(reply->bytes, len, &reply->message) < 0 ||
	    !answers(question, &reply->message, first))
		return GW_DNS_BROKEN;
	return GW_DNS_ANSWERED;
}

enum gw_dns_trouble gw_dns_ask_tcp(const struct gw_dns_peer *peer, const uint8_t *name,
				   size_t name_len, uint16_t type, struct gw_dns_reply *ret)
{
	struct question question = {
		.peer = peer, .name = name, .name_len = name_len, .type = type
	};
	int64_t begun = gw_dns_clock_ms();
	gw_auto_close int fd = -1;
	enum gw_dns_trouble trouble = begin_tcp(&question, &fd);

	if (trouble == GW_DNS_ANSWERED)
		trouble = receive_tcp(&question, fd, true, ret);
	if (trouble == GW_DNS_ANSWERED)
		trouble = prove(&question, ret, true);
	ret->took_ms = (unsigned int)(gw_dns_clock_ms() - begun);
	question_end(&question);
	return trouble;
}

enum gw_dns_trouble gw_dns_ask(const struct gw_dns_peer *peer, const uint8_t *name, size_t name_len,
			       uint16_t type, struct gw_dns_reply *ret)
{
	struct question question = {
		.peer = peer, .name = name, .name_len = name_len, .type = type
	};
	enum gw_dns_trouble trouble = GW_DNS_SILENT;
	int64_t begun = gw_dns_clock_ms();

	ret->tcp = false;
	ret->truncated = false;
	for (unsigned int i = 0; i < UDP_TRIES && trouble == GW_DNS_SILENT; i++)
		trouble = try_udp(&question, ret);
	if (trouble == GW_DNS_ANSWERED)
		trouble = prove(&question, ret, true);
	ret->took_ms = (unsigned int)(gw_dns_clock_ms() - begun);
	question_end(&question);
	if (trouble != GW_DNS_ANSWERED || !(ret->message.flags & GW_DNS_TC))
		return trouble;
	ret->truncated = true;
	return gw_dns_ask_tcp(peer, name, name_len, type, ret);
}

/* ---- transfers -------------------------------------------------------------------------------- */

static enum gw_dns_trouble receive_zone(struct question *question, int fd, gw_dns_transfer_fn *fn,
					void *context, struct gw_dns_reply *reply)
{
	uint64_t octets = 0;
	bool last = false;

	for (bool first = true; !last; first = false) {
		enum gw_dns_trouble trouble = receive_tcp(question, fd, first, reply);

		if (trouble != GW_DNS_ANSWERED)
			return trouble;
		octets += reply->message.len;
		if (octets > GW_DNS_TRANSFER_MAX)
			return GW_DNS_TOO_LONG;
		if (gw_dns_rcode(&reply->message) != GW_DNS_NOERROR)
			return prove(question, reply, true);
		if (!fn(&reply->message, &last, context))
			return GW_DNS_BROKEN;
		trouble = prove(question, reply, last);
		if (trouble != GW_DNS_ANSWERED)
			return trouble;
	}
	return GW_DNS_ANSWERED;
}

enum gw_dns_trouble gw_dns_transfer(const struct gw_dns_peer *peer, const uint8_t *zone,
				    size_t zone_len, gw_dns_transfer_fn *fn, void *context,
				    struct gw_dns_reply *reply)
{
	struct question question = {
		.peer = peer, .name = zone, .name_len = zone_len, .type = GW_DNS_AXFR
	};
	gw_auto_close int fd = -1;
	enum gw_dns_trouble trouble = begin_tcp(&question, &fd);

	if (trouble == GW_DNS_ANSWERED)
		trouble = receive_zone(&question, fd, fn, context, reply);
	question_end(&question);
	return trouble;
}
