#include "gw/nft/batch.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "gw/core/mem.h"
#include "gw/nft/netlink.h"

#define PAGE_BYTES (512u * 1024u)
/* Kernel: a message must be 32 bytes shorter than the send buffer. */
#define SEND_SLACK 64u

void gw_batch_init(struct gw_batch *batch, const struct gw_netlink *netlink)
{
	memset(batch, 0, sizeof(*batch));
	batch->first_sequence = netlink->sequence + 2; /* the begin message has the one before */
}

void gw_batch_done(struct gw_batch *batch)
{
	struct gw_batch_page *page, *next;

	for (page = batch->first; page; page = next) {
		next = page->next;
		gw_free(page);
	}
	memset(batch, 0, sizeof(*batch));
}

static struct nlmsghdr *put_header(void *where, uint16_t type, uint16_t flags, uint32_t sequence,
				   uint8_t family, uint16_t resource)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(where);
	struct nfgenmsg *header;

	message->nlmsg_type = type;
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	message->nlmsg_seq = sequence;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->nfgen_family = family;
	header->version = NFNETLINK_V0;
	header->res_id = htons(resource);
	return message;
}

static struct gw_batch_page *add_page(struct gw_batch *batch)
{
	struct gw_batch_page *page = gw_zalloc(1, sizeof(*page) + PAGE_BYTES);

	if (batch->last)
		batch->last->next = page;
	else
		batch->first = page;
	batch->last = page;
	batch->n_pages++;
	return page;
}

struct nlmsghdr *gw_batch_start(struct gw_batch *batch, uint8_t type, uint16_t flags,
				uint8_t family)
{
	struct gw_batch_page *page = batch->last;

	if (!page || PAGE_BYTES - page->used < GW_BATCH_MESSAGE_MAX)
		page = add_page(batch);
	return put_header(page->bytes + page->used, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type),
			  flags, batch->first_sequence + batch->n_messages, family, 0);
}

/* mnl's own macro mixes signs. */
static size_t aligned_len(const struct nlmsghdr *message)
{
	return ((size_t)message->nlmsg_len + MNL_ALIGNTO - 1) / MNL_ALIGNTO * MNL_ALIGNTO;
}

void gw_batch_finish(struct gw_batch *batch, const struct nlmsghdr *message)
{
	assert(message->nlmsg_len <= GW_BATCH_MESSAGE_MAX);
	batch->last->used += aligned_len(message);
	batch->size += aligned_len(message);
	batch->n_messages++;
}

/* A run of messages that is sent at once: from a place in a page to a place in a later one. */
struct run {
	struct gw_batch_page *page; /* where the next message starts */
	size_t offset;
	uint32_t next;       /* message */
	struct iovec *parts; /* begin, pages, end */
	size_t n_parts;
	size_t size;
	struct nlmsghdr *last;
};

static void run_add(struct run *run, void *bytes, size_t len)
{
	run->parts[run->n_parts].iov_base = bytes;
	run->parts[run->n_parts++].iov_len = len;
	run->size += len;
}

/* Takes messages from where the run stands until `limit` bytes are full or all are taken. */
static void run_take(struct run *run, size_t limit)
{
	while (run->page) {
		struct gw_batch_page *page = run->page;
		size_t start = run->offset;

		while (run->offset < page->used) {
			struct nlmsghdr *message = (void *)(page->bytes + run->offset);
			size_t len = aligned_len(message);

			if (run->last && run->size + (run->offset - start) + len > limit)
				break;
			run->last = message;
			run->offset += len;
			run->next++;
		}
		if (run->offset > start)
			run_add(run, page->bytes + start, run->offset - start);
		if (run->offset < page->used)
			return;
		run->page = page->next;
		run->offset = 0;
	}
}

/* The kernel takes a message only if the send buffer could hold it. */
static size_t grow_send_buffer(const struct gw_netlink *netlink, size_t size)
{
	int fd = gw_netlink_fd(netlink), value = size > INT_MAX / 2 ? INT_MAX / 2 : (int)size;
	int have = 0;
	socklen_t len = sizeof(have);

	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &have, &len) == 0 && have >= value)
		return (size_t)have;
	/* The first needs CAP_NET_ADMIN over the machine, which root of a user namespace has not;
	 * the second is capped by net.core.wmem_max. What came of it is asked below. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &value, sizeof(value)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, sizeof(value));
	len = sizeof(have);
	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &have, &len) < 0 || have < 0)
		return 0;
	return (size_t)have;
}

/* Errors queue up while the kernel works on the batch, one for each message at worst. */
static void grow_receive_buffer(const struct gw_netlink *netlink)
{
	int fd = gw_netlink_fd(netlink), value = 4 * 1024 * 1024;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &value, sizeof(value)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value));
}

static int send_run(const struct gw_netlink *netlink, const struct run *run)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct msghdr header = {
		.msg_name = &kernel,
		.msg_namelen = sizeof(kernel),
		.msg_iov = run->parts,
		.msg_iovlen = run->n_parts,
	};

	if (run->n_parts > IOV_MAX)
		return -EMSGSIZE;
	while (sendmsg(gw_netlink_fd(netlink), &header, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* One refusal brings others in its train; the first in order is the cause. */
static void answer_message(const struct gw_batch *batch, const struct nlmsghdr *message,
			   struct gw_batch_answer *answer)
{
	uint32_t index = message->nlmsg_seq - batch->first_sequence;
	int error;

	if (message->nlmsg_type != NLMSG_ERROR) {
		if (batch->echo)
			batch->echo(message, batch->echo_context);
		return;
	}
	error = gw_netlink_error(message);
	if (error == 0) {
		answer->acknowledged = true;
		return;
	}
	if (index >= batch->n_messages)
		index = GW_BATCH_WHOLE; /* of the begin or the end message */
	if (answer->error && answer->message <= index)
		return;
	answer->error = error;
	answer->message = index;
	gw_netlink_error_text(message, answer->text, sizeof(answer->text));
}

/*
 * The kernel works while we are in sendmsg, so every answer is there when it returns: read until
 * there is nothing more. Waiting instead would hang where the kernel gives no answer at all.
 */
static int read_answers(const struct gw_batch *batch, struct gw_netlink *netlink,
			struct gw_batch_answer *answer)
{
	for (;;) {
		int len = gw_netlink_receive(netlink, MSG_DONTWAIT);
		const struct nlmsghdr *message = (const void *)netlink->buffer;

		if (len == -EAGAIN)
			return 0;
		if (len == -ENOBUFS) {
			answer->lost = true;
			continue;
		}
		if (len < 0)
			return len;
		for (; gw_netlink_ok(message, len); message = mnl_nlmsg_next(message, &len))
			answer_message(batch, message, answer);
	}
}

/* One transaction with the messages that `run` has taken. */
static int transact(const struct gw_batch *batch, struct gw_netlink *netlink, struct run *run,
		    bool dry, uint32_t generation, struct gw_batch_answer *answer)
{
	uint8_t begin[64] = { 0 }, end[64] = { 0 };
	struct nlmsghdr *message;
	int err;

	message = put_header(begin, NFNL_MSG_BATCH_BEGIN, 0, batch->first_sequence - 1, AF_UNSPEC,
			     NFNL_SUBSYS_NFTABLES);
	if (generation)
		mnl_attr_put_u32(message, NFNL_BATCH_GENID, htonl(generation));
	run->parts[0] = (struct iovec){ begin, message->nlmsg_len };
	if (!dry) {
		message = put_header(end, NFNL_MSG_BATCH_END, 0,
				     batch->first_sequence + batch->n_messages, AF_UNSPEC,
				     NFNL_SUBSYS_NFTABLES);
		run_add(run, end, message->nlmsg_len);
	}
	/* One acknowledgement tells that the kernel got to the end; more would only fill the
	 * receive buffer. Refusals come unasked. */
	assert(run->last); /* a run has at least one message */
	run->last->nlmsg_flags |= NLM_F_ACK;
	err = send_run(netlink, run);
	if (err)
		return err;
	return read_answers(batch, netlink, answer);
}

int gw_batch_send(struct gw_batch *batch, struct gw_netlink *netlink, enum gw_batch_mode mode,
		  uint32_t generation, struct gw_batch_answer *ret)
{
	const size_t headers = 128, slack = headers + SEND_SLACK;
	size_t room = grow_send_buffer(netlink, batch->size + slack), limit;
	gw_auto_free struct iovec *parts = gw_zalloc(batch->n_pages + 2, sizeof(*parts));
	struct run run = { .page = batch->first };
	int err = 0;

	memset(ret, 0, sizeof(*ret));
	if (room < slack || (mode != GW_BATCH_PIECES && room < batch->size + slack))
		return -EMSGSIZE;
	limit = mode == GW_BATCH_PIECES ? room - slack : SIZE_MAX;
	grow_receive_buffer(netlink);
	netlink->sequence = batch->first_sequence + batch->n_messages;
	while (!err && !ret->error && run.next < batch->n_messages) {
		run.parts = parts;
		run.n_parts = 1; /* the begin message's */
		run.size = 0;
		run.last = NULL;
		run_take(&run, limit);
		err = transact(batch, netlink, &run, mode == GW_BATCH_DRY, generation, ret);
		generation = 0; /* which our own first piece has moved */
	}
	return err;
}
