#include "gw/nft/netlink.h"

#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "gw/core/arena.h"
#include "gw/core/mem.h"

#define REQUEST_BYTES 4096u

int gw_netlink_open(struct gw_netlink *netlink, int protocol)
{
	const int on = 1;
	int err = 0;

	memset(netlink, 0, sizeof(*netlink));
	netlink->socket = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!netlink->socket)
		return -errno;
	netlink->buffer = gw_zalloc(1, GW_NETLINK_BUFFER);
	netlink->request = gw_zalloc(1, REQUEST_BYTES);
	/* Both make answers better, and old kernels do without: texts of refusals, and refusals
	 * that do not repeat the whole message. */
	(void)mnl_socket_setsockopt(netlink->socket, NETLINK_EXT_ACK, (void *)(uintptr_t)&on,
				    sizeof(on));
	(void)mnl_socket_setsockopt(netlink->socket, NETLINK_CAP_ACK, (void *)(uintptr_t)&on,
				    sizeof(on));
	if (mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		err = -errno;
		gw_netlink_done(netlink);
	}
	return err;
}

void gw_netlink_done(struct gw_netlink *netlink)
{
	if (netlink->socket)
		(void)mnl_socket_close(netlink->socket); /* nothing is pending in it */
	gw_free(netlink->buffer);
	gw_free(netlink->request);
	memset(netlink, 0, sizeof(*netlink));
}

int gw_netlink_fd(const struct gw_netlink *netlink)
{
	return mnl_socket_get_fd(netlink->socket);
}

struct nlmsghdr *gw_netlink_start(struct gw_netlink *netlink, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(netlink->request);

	request->nlmsg_type = type;
	request->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	request->nlmsg_seq = ++netlink->sequence;
	return request;
}

int gw_netlink_receive(struct gw_netlink *netlink, int flags)
{
	for (;;) {
		struct sockaddr_nl sender = { .nl_family = AF_NETLINK };
		struct iovec part = { .iov_base = netlink->buffer, .iov_len = GW_NETLINK_BUFFER };
		struct msghdr header = {
			.msg_name = &sender,
			.msg_namelen = sizeof(sender),
			.msg_iov = &part,
			.msg_iovlen = 1,
		};
		ssize_t len = recvmsg(gw_netlink_fd(netlink), &header, flags);

		if (len < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (sender.nl_pid != 0)
			continue; /* any process may write to our port; only the kernel counts */
		if (header.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
		return (int)len;
	}
}

bool gw_netlink_ok(const struct nlmsghdr *message, int left)
{
	return left >= (int)sizeof(*message) && message->nlmsg_len >= sizeof(*message) &&
	       message->nlmsg_len <= (uint32_t)left;
}

int gw_netlink_error(const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*error) || error->error > 0 ||
	    error->error < -4095)
		return EBADMSG;
	return -error->error;
}

void gw_netlink_error_text(const struct nlmsghdr *message, char *ret_text, size_t size)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
	const struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	size_t len = mnl_nlmsg_get_payload_len(message), skip = sizeof(*error);

	ret_text[0] = '\0';
	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS) || len < skip)
		return;
	/* Unless capped, the refused message is repeated in full before the attributes. */
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(error->msg.nlmsg_len) - sizeof(error->msg);
	if (skip > len ||
	    !gw_netlink_attrs((const uint8_t *)error + skip, len - skip, tb, NLMSGERR_ATTR_MAX) ||
	    !tb[NLMSGERR_ATTR_MSG])
		return;
	(void)snprintf(ret_text, size, "%.*s", (int)mnl_attr_get_payload_len(tb[NLMSGERR_ATTR_MSG]),
		       mnl_attr_get_str(tb[NLMSGERR_ATTR_MSG]));
}

struct answer {
	uint32_t sequence;
	gw_netlink_fn *fn;
	void *context;
	bool torn, finished;
	int result;
};

static void answer_message(struct answer *answer, const struct nlmsghdr *message)
{
	if (message->nlmsg_seq != answer->sequence)
		return; /* the rest of an answer that was given up */
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->torn = true;
	switch (message->nlmsg_type) {
	case NLMSG_ERROR:
		answer->finished = true;
		if (answer->result == 0)
			answer->result = -gw_netlink_error(message);
		return;
	case NLMSG_DONE: {
		int32_t status = 0;

		answer->finished = true;
		if (mnl_nlmsg_get_payload_len(message) >= sizeof(status))
			memcpy(&status, mnl_nlmsg_get_payload(message), sizeof(status));
		if (answer->result == 0 && status < 0)
			answer->result = status;
		return;
	}
	case NLMSG_NOOP:
	case NLMSG_OVERRUN:
		return;
	default:
		if (answer->result == 0 && !answer->torn)
			answer->result = answer->fn(message, answer->context);
	}
}

int gw_netlink_ask(struct gw_netlink *netlink, struct nlmsghdr *request, gw_netlink_fn *fn,
		   void *context)
{
	struct answer answer = { .sequence = request->nlmsg_seq, .fn = fn, .context = context };

	/* With an acknowledgement, answers that are no dump have an end, too. */
	request->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(netlink->socket, request, request->nlmsg_len) < 0)
		return -errno;
	while (!answer.finished) {
		int len = gw_netlink_receive(netlink, 0);
		const struct nlmsghdr *message = (const void *)netlink->buffer;

		if (len < 0)
			return len == -ENOBUFS ? -EINTR : len;
		for (; gw_netlink_ok(message, len) && !answer.finished;
		     message = mnl_nlmsg_next(message, &len))
			answer_message(&answer, message);
	}
	return answer.torn ? -EINTR : answer.result;
}

bool gw_netlink_attrs(const void *attrs, size_t len, const struct nlattr **tb, uint16_t max)
{
	const uint8_t *bytes = attrs;

	memset(tb, 0, ((size_t)max + 1) * sizeof(*tb));
	while (len >= sizeof(struct nlattr)) {
		const struct nlattr *attr = (const void *)bytes;
		uint16_t type;
		size_t step;

		if (attr->nla_len < sizeof(*attr) || attr->nla_len > len)
			return false;
		type = mnl_attr_get_type(attr);
		if (type <= max)
			tb[type] = attr;
		step = MNL_ALIGN(attr->nla_len);
		if (step >= len)
			return true;
		bytes += step;
		len -= step;
	}
	return len == 0;
}

bool gw_netlink_nested(const struct nlattr *nest, const struct nlattr **tb, uint16_t max)
{
	if (!nest)
		return gw_netlink_attrs("", 0, tb, max);
	return gw_netlink_attrs(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), tb,
				max);
}

bool gw_netlink_message(const struct nlmsghdr *message, size_t header, const struct nlattr **tb,
			uint16_t max)
{
	size_t len = mnl_nlmsg_get_payload_len(message);

	if (len < header) {
		memset(tb, 0, ((size_t)max + 1) * sizeof(*tb));
		return false;
	}
	return gw_netlink_attrs((const uint8_t *)mnl_nlmsg_get_payload(message) + header,
				len - header, tb, max);
}

const struct nlattr *gw_netlink_next(const struct nlattr *nest, const struct nlattr *attr)
{
	const uint8_t *end = (const uint8_t *)nest + nest->nla_len;
	const uint8_t *next = attr ? (const uint8_t *)attr + MNL_ALIGN(attr->nla_len)
				   : mnl_attr_get_payload(nest);

	if (next >= end || (size_t)(end - next) < sizeof(*attr))
		return NULL;
	attr = (const void *)next;
	return attr->nla_len >= sizeof(*attr) && attr->nla_len <= end - next ? attr : NULL;
}

uint32_t gw_netlink_be32(const struct nlattr *attr, uint32_t otherwise)
{
	uint32_t value;

	if (!attr || mnl_attr_get_payload_len(attr) != sizeof(value))
		return otherwise;
	memcpy(&value, mnl_attr_get_payload(attr), sizeof(value));
	return be32toh(value);
}

uint64_t gw_netlink_be64(const struct nlattr *attr, uint64_t otherwise)
{
	uint64_t value;

	if (!attr || mnl_attr_get_payload_len(attr) != sizeof(value))
		return otherwise;
	memcpy(&value, mnl_attr_get_payload(attr), sizeof(value));
	return be64toh(value);
}

char *gw_netlink_string(struct gw_arena *arena, const struct nlattr *attr)
{
	const char *text = mnl_attr_get_str(attr);

	return gw_arena_strndup(arena, text, strnlen(text, mnl_attr_get_payload_len(attr)));
}

bool gw_netlink_is(const struct nlattr *attr, const char *text)
{
	size_t len;

	if (!attr)
		return false;
	len = strnlen(mnl_attr_get_str(attr), mnl_attr_get_payload_len(attr));
	return len == strlen(text) && memcmp(mnl_attr_get_str(attr), text, len) == 0;
}
