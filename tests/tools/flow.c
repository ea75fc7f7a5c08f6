/*
 * Real traffic between the hosts of a lab: one program that answers and that asks.
 *
 *	flow serve NAME PROTO/PORT...             until SIGTERM; both families
 *	flow try  [OPTION...] ADDRESS PROTO/PORT  one exchange, or ADDRESS icmp
 *	flow hold [OPTION...] ADDRESS PROTO/PORT  one connection, a question every 50 ms
 *
 * PROTO is tcp, udp or sctp. Options: -t MS (how long to wait for an answer, default 400),
 * -s ADDRESS (send from this address, which need not be the host's own), -d SECONDS (hold: how
 * long, default 10).
 *
 * A server tells the name that it was given and the address it sees its client at, so that
 * translations are visible, and prints the same on standard output. `try` prints one line and exits
 *with 0  answered NAME SEEN-ADDRESS     (ping: "answered") 1  refused      a reset or an ICMP error
 *came 2  silent       nothing came 3  failed WHY   nothing could be sent `hold` prints "open" with
 *the first answer and at the end (or at SIGTERM) one of "held N", "refused N", "silent N": N
 *answers came before that.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKETS_MAX 64
#define LINE_MAX_   256
#define PAUSE_MS    50

enum outcome {
	ANSWERED,
	REFUSED,
	SILENT,
	FAILED,
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

struct options {
	int timeout_ms, seconds;
	const char *source, *address;
	int type, protocol; /* of the socket */
	in_port_t port;     /* network order */
};

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* "tcp/80" to socket type, protocol and port. */
static bool parse_service(const char *text, struct options *o)
{
	static const struct {
		const char *name;
		int type, protocol;
	} known[] = {
		{ "tcp/", SOCK_STREAM, IPPROTO_TCP },
		{ "udp/", SOCK_DGRAM, IPPROTO_UDP },
		{ "sctp/", SOCK_STREAM, IPPROTO_SCTP },
	};

	o->port = 0;
	if (strcmp(text, "icmp") == 0) {
		o->type = SOCK_RAW;
		return true;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t len = strlen(known[i].name);
		char *end;
		unsigned long port;

		if (strncmp(text, known[i].name, len) != 0)
			continue;
		port = strtoul(text + len, &end, 10);
		if (*end || port == 0 || port > 65535)
			return false;
		o->type = known[i].type;
		o->protocol = known[i].protocol;
		o->port = htons((uint16_t)port);
		return true;
	}
	return false;
}

static bool parse_address(const char *text, in_port_t port, struct sockaddr_storage *ret,
			  socklen_t *ret_len)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = port;
		*ret_len = sizeof(*in);
		return true;
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = port;
	*ret_len = sizeof(*in6);
	return inet_pton(AF_INET6, text, &in6->sin6_addr) == 1;
}

/* ---- the server ------------------------------------------------------------------------------ */

static int listen_on(const struct options *o)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = o->port };
	int one = 1, zero = 0;
	int fd = socket(AF_INET6, o->type | SOCK_CLOEXEC | SOCK_NONBLOCK, o->protocol);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero)) < 0 ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 ||
	    (o->type == SOCK_STREAM && listen(fd, 16) < 0)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* The answer to whatever was asked: "NAME ADDRESS\n". */
static size_t make_answer(const char *name, const struct sockaddr_in6 *peer, char *answer)
{
	char address[INET6_ADDRSTRLEN];
	const char *shown = inet_ntop(AF_INET6, &peer->sin6_addr, address, sizeof(address));
	int len;

	if (shown && IN6_IS_ADDR_V4MAPPED(&peer->sin6_addr))
		shown = strrchr(shown, ':') + 1;
	len = snprintf(answer, LINE_MAX_, "%s %s\n", name, shown ? shown : "?");
	return len < LINE_MAX_ ? (size_t)len : LINE_MAX_ - 1;
}

/*
 * Reads what came on a datagram socket or a connection and answers; false: the connection ended.
 * The address that a datagram came to goes back as the source of the answer (the control message
 * is sent as it came): hosts of the lab have several.
 */
static bool answer_one(int fd, bool stream, const char *name)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	char text[LINE_MAX_];
	struct sockaddr_in6 peer = { 0 };
	socklen_t peer_len = sizeof(peer);
	struct iovec iov = { text, sizeof(text) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (!stream) {
		message.msg_name = &peer;
		message.msg_namelen = peer_len;
		message.msg_control = control;
		message.msg_controllen = sizeof(control);
	}
	n = recvmsg(fd, &message, 0);
	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	if (stream && getpeername(fd, (struct sockaddr *)&peer, &peer_len) < 0)
		return false;
	iov.iov_len = make_answer(name, &peer, text);
	/* Also here: the answer to a forged source goes nowhere. */
	(void)fwrite(text, 1, iov.iov_len, stdout);
	(void)fflush(stdout);
	message.msg_flags = 0;
	/* A lost answer is what the asking side is there to see. */
	(void)sendmsg(fd, &message, MSG_NOSIGNAL);
	return true;
}

struct server {
	const char *name;
	nfds_t n_listening, n; /* listening sockets come first, connections after them */
	struct pollfd fds[SOCKETS_MAX];
	bool stream[SOCKETS_MAX];
};

static void server_add(struct server *server, int fd, bool stream)
{
	server->fds[server->n] = (struct pollfd){ .fd = fd, .events = POLLIN };
	server->stream[server->n++] = stream;
}

static void server_event(struct server *server, nfds_t i)
{
	int fd = server->fds[i].fd;

	if (i < server->n_listening && server->stream[i]) {
		fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0 && server->n < SOCKETS_MAX)
			server_add(server, fd, true);
		else if (fd >= 0)
			(void)close(fd);
	} else if (!answer_one(fd, server->stream[i], server->name) && i >= server->n_listening) {
		(void)close(fd);
		server->n--;
		server->fds[i] = server->fds[server->n];
		server->stream[i] = server->stream[server->n];
	}
}

static int serve(int argc, char **argv)
{
	struct server server = { .name = argv[0] };

	for (int i = 1; i < argc && server.n < SOCKETS_MAX / 2; i++) {
		struct options o = { 0 };
		int fd;

		if (!parse_service(argv[i], &o) || o.type == SOCK_RAW)
			return 64;
		fd = listen_on(&o);
		if (fd < 0)
			(void)fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
		else
			server_add(&server, fd, o.type == SOCK_STREAM);
	}
	server.n_listening = server.n;
	while (poll(server.fds, server.n, -1) >= 0) {
		/* Downwards: an ended connection's place is taken by the last one. */
		for (nfds_t i = server.n; i-- > 0;) {
			if (server.fds[i].revents)
				server_event(&server, i);
		}
	}
	return 1;
}

/* ---- the client ------------------------------------------------------------------------------ */

static enum outcome outcome_of_errno(int err)
{
	switch (err) {
	case ECONNREFUSED:
	case ECONNRESET:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EACCES:
	case ENOPROTOOPT:
		return REFUSED;
	case ETIMEDOUT:
	case EAGAIN:
		return SILENT;
	default:
		return FAILED;
	}
}

/* Waits until `fd` is ready for `events`; the socket's error counts as what the peer said. */
static enum outcome wait_for(int fd, short events, int timeout_ms)
{
	struct pollfd one = { .fd = fd, .events = events };
	int64_t end = now_ms() + timeout_ms;
	int ready, err = 0;
	socklen_t len = sizeof(err);

	do { /* a signal does not cut the wait short: what it finds is to be true */
		int64_t left = end - now_ms();

		ready = poll(&one, 1, left > 0 ? (int)left : 0);
	} while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return SILENT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	return err ? outcome_of_errno(err) : ANSWERED;
}

/* A connected socket in *ret_fd; FAILED with errno if nothing could be sent. */
static enum outcome open_flow(const struct options *o, int *ret_fd)
{
	struct sockaddr_storage to, from;
	socklen_t to_len, from_len;
	int one = 1, fd, protocol = o->protocol;
	bool v4;

	*ret_fd = -1;
	if (!parse_address(o->address, o->port, &to, &to_len)) {
		errno = EINVAL;
		return FAILED;
	}
	v4 = to.ss_family == AF_INET;
	if (o->type == SOCK_RAW)
		protocol = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	fd = socket(to.ss_family, o->type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	if (fd < 0)
		return FAILED;
	*ret_fd = fd;
	if (o->source) {
		/* Transparent: an address that is not this host's own can be used too. */
		if (!parse_address(o->source, 0, &from, &from_len) ||
		    setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6,
			       v4 ? IP_TRANSPARENT : IPV6_TRANSPARENT, &one, sizeof(one)) < 0 ||
		    bind(fd, (struct sockaddr *)&from, from_len) < 0)
			return FAILED;
	}
	if (connect(fd, (struct sockaddr *)&to, to_len) == 0)
		return ANSWERED;
	if (errno != EINPROGRESS)
		return FAILED;
	return wait_for(fd, POLLOUT, o->timeout_ms);
}

/* An echo request; ICMP and ICMPv6 differ in the type alone, and the kernel sums up ICMPv6. */
static bool send_ping(int fd, bool v4)
{
	uint16_t type = htons((uint16_t)((v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST) << 8));
	uint16_t echo[] = { type, 0 /* checksum */, htons((uint16_t)getpid()), htons(1) };
	uint32_t sum = (uint32_t)echo[0] + echo[2] + echo[3];

	if (v4) {
		sum = (sum & 0xffff) + (sum >> 16);
		echo[1] = (uint16_t) ~(sum + (sum >> 16));
	}
	return send(fd, echo, sizeof(echo), 0) == (ssize_t)sizeof(echo);
}

/* True if the packet is the reply to our echo request: raw sockets see all ICMP. */
static bool is_pong(const char *packet, size_t len, bool v4)
{
	struct icmphdr echo;
	size_t skip = v4 ? sizeof(struct iphdr) : 0;

	if (len < skip + sizeof(echo))
		return false;
	memcpy(&echo, packet + skip, sizeof(echo));
	return echo.type == (v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) &&
	       echo.un.echo.id == htons((uint16_t)getpid());
}

/* Asks once on an open flow; the answer without its line end goes to `answer`. */
static enum outcome ask(int fd, const struct options *o, char answer[LINE_MAX_])
{
	bool v4 = !strchr(o->address, ':');
	int64_t end = now_ms() + o->timeout_ms;
	enum outcome outcome;
	ssize_t n;

	answer[0] = '\0';
	if (o->type == SOCK_RAW ? !send_ping(fd, v4) : send(fd, "who\n", 4, MSG_NOSIGNAL) != 4)
		return outcome_of_errno(errno);
	for (;;) {
		outcome = wait_for(fd, POLLIN, (int)(end - now_ms()));
		if (outcome != ANSWERED)
			return outcome;
		n = recv(fd, answer, LINE_MAX_ - 1, 0);
		if (n == 0)
			return REFUSED; /* the connection was closed */
		if (n < 0)
			return outcome_of_errno(errno);
		if (o->type != SOCK_RAW)
			break;
		if (is_pong(answer, (size_t)n, v4)) {
			answer[0] = '\0';
			return ANSWERED;
		}
	}
	answer[n] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	return ANSWERED;
}

static int try_once(const struct options *o)
{
	char answer[LINE_MAX_] = "";
	int fd, err;
	enum outcome outcome = open_flow(o, &fd);

	if (outcome == ANSWERED)
		outcome = ask(fd, o, answer);
	err = errno;
	if (fd >= 0)
		(void)close(fd);
	switch (outcome) {
	case ANSWERED:
		(void)printf("answered%s%s\n", answer[0] ? " " : "", answer);
		break;
	case REFUSED:
		(void)puts("refused");
		break;
	case SILENT:
		(void)puts("silent");
		break;
	case FAILED:
		(void)printf("failed %s\n", strerror(err));
		break;
	}
	return (int)outcome;
}

/* As a real client does, a datagram is sent once more: one may be lost on the way. */
static enum outcome ask_patiently(int fd, const struct options *o, char answer[LINE_MAX_])
{
	enum outcome outcome = ask(fd, o, answer);

	return outcome == SILENT && o->type != SOCK_STREAM ? ask(fd, o, answer) : outcome;
}

static int hold(const struct options *o)
{
	static const char *const names[] = { "held", "refused", "silent", "failed" };
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	char answer[LINE_MAX_];
	int64_t end = now_ms() + (int64_t)o->seconds * 1000;
	unsigned int answers = 0;
	int fd;
	enum outcome outcome;

	/* Restarting: an exchange under way is finished first. */
	(void)signal(SIGTERM, stop);
	outcome = open_flow(o, &fd);
	while (outcome == ANSWERED && !stopped && now_ms() < end) {
		outcome = ask_patiently(fd, o, answer);
		if (outcome == ANSWERED && answers++ == 0) {
			(void)puts("open");
			(void)fflush(stdout);
		}
		(void)nanosleep(&pause, NULL);
	}
	if (fd >= 0)
		(void)close(fd);
	(void)printf("%s %u\n", names[outcome], answers);
	return (int)outcome;
}

static int usage(void)
{
	(void)fputs(
		"usage: flow serve NAME PROTO/PORT...\n"
		"       flow try|hold [-t MS] [-s SOURCE] [-d SECONDS] ADDRESS PROTO/PORT|icmp\n",
		stderr);
	return 64;
}

int main(int argc, char **argv)
{
	struct options o = { .timeout_ms = 400, .seconds = 10 };
	int option;

	if (argc < 4)
		return usage();
	if (strcmp(argv[1], "serve") == 0)
		return serve(argc - 2, argv + 2);
	while ((option = getopt(argc - 1, argv + 1, "t:s:d:")) != -1) {
		switch (option) {
		case 't':
			o.timeout_ms = (int)strtol(optarg, NULL, 10);
			break;
		case 's':
			o.source = optarg;
			break;
		case 'd':
			o.seconds = (int)strtol(optarg, NULL, 10);
			break;
		default:
			return usage();
		}
	}
	if (argc - 1 - optind != 2 || !parse_service(argv[optind + 2], &o))
		return usage();
	o.address = argv[optind + 1];
	return strcmp(argv[1], "hold") == 0 ? hold(&o) : try_once(&o);
}
