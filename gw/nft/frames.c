#include "gw/nft/frames.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_arp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "gw/core/mem.h"
#include "gw/nft/netlink.h"

#define TAG_LEN 4u

/* A whole packet, its attributes and the header. */
#define DATAGRAM_MAX (GW_LOG_WHOLE + 4096u)

struct gw_frame_reader {
	int fd;
	bool numbered; /* `expected` is known */
	uint32_t expected;
	uint64_t lost;
	uint8_t frame[GW_FRAME_MAX];
	uint8_t datagram[DATAGRAM_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
};

struct gw_frame_reader *gw_frame_reader_new(int fd)
{
	struct gw_frame_reader *reader = gw_zalloc(1, sizeof(*reader));

	reader->fd = fd;
	return reader;
}

void gw_frame_reader_free(struct gw_frame_reader *reader)
{
	gw_free(reader);
}

uint64_t gw_frame_lost(const struct gw_frame_reader *reader)
{
	return reader->lost;
}

/* ---- one message ----------------------------------------------------------------------------- */

static size_t copy(uint8_t *to, size_t room, const struct nlattr *from)
{
	size_t len = from ? mnl_attr_get_payload_len(from) : 0;

	if (len > room)
		len = room;
	if (len)
		memcpy(to, mnl_attr_get_payload(from), len);
	return len;
}

static int64_t get_time_us(const struct nlattr *attr)
{
	struct nfulnl_msg_packet_timestamp stamp;
	struct timespec now;

	if (attr && mnl_attr_get_payload_len(attr) == sizeof(stamp)) {
		memcpy(&stamp, mnl_attr_get_payload(attr), sizeof(stamp));
		return (int64_t)(be64toh(stamp.sec) * 1000000 + be64toh(stamp.usec));
	}
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail with this clock */
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The bridge and netdev families tell the header in NFULA_L2HDR, inet in NFULA_HWHEADER. */
static size_t put_header(uint8_t *frame, const struct nlattr **tb)
{
	const struct nlattr *vlan[NFULA_VLAN_MAX + 1], *bytes = tb[NFULA_L2HDR];
	uint16_t type = ARPHRD_ETHER, tag[2];
	size_t len;

	if (!bytes)
		bytes = tb[NFULA_HWHEADER];
	if (tb[NFULA_HWTYPE] && mnl_attr_get_payload_len(tb[NFULA_HWTYPE]) == sizeof(type)) {
		memcpy(&type, mnl_attr_get_payload(tb[NFULA_HWTYPE]), sizeof(type));
		type = ntohs(type);
	}
	len = copy(frame, 64 - TAG_LEN, bytes);
	if (type != ARPHRD_ETHER || len < sizeof(struct ether_header))
		return 0;
	if (!gw_netlink_nested(tb[NFULA_VLAN], vlan, NFULA_VLAN_MAX) || !vlan[NFULA_VLAN_TCI] ||
	    !vlan[NFULA_VLAN_PROTO] || mnl_attr_get_payload_len(vlan[NFULA_VLAN_TCI]) != 2 ||
	    mnl_attr_get_payload_len(vlan[NFULA_VLAN_PROTO]) != 2)
		return len;
	/* The tag that the device or the stack has lifted goes back behind the addresses. */
	memcpy(&tag[0], mnl_attr_get_payload(vlan[NFULA_VLAN_PROTO]), 2);
	memcpy(&tag[1], mnl_attr_get_payload(vlan[NFULA_VLAN_TCI]), 2);
	memmove(frame + 2 * ETH_ALEN + TAG_LEN, frame + 2 * ETH_ALEN, len - 2 * ETH_ALEN);
	memcpy(frame + 2 * ETH_ALEN, tag, TAG_LEN);
	return len + TAG_LEN;
}

bool gw_frame_parse(const void *bytes, size_t len, uint8_t *frame, struct gw_logged_frame *ret,
		    uint32_t *ret_number)
{
	const struct nlmsghdr *message = bytes;
	const struct nlattr *tb[NFULA_MAX + 1];
	struct gw_logged_frame found = { .bytes = frame };

	if (!gw_netlink_ok(message, (int)len) ||
	    message->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) ||
	    !gw_netlink_message(message, sizeof(struct nfgenmsg), tb, NFULA_MAX))
		return false;
	found.len = put_header(frame, tb);
	found.header = found.len != 0;
	found.len += copy(frame + found.len, GW_FRAME_MAX - found.len, tb[NFULA_PAYLOAD]);
	found.index = gw_netlink_be32(tb[NFULA_IFINDEX_INDEV], 0);
	found.port = gw_netlink_be32(tb[NFULA_IFINDEX_PHYSINDEV], 0);
	found.mark = gw_netlink_be32(tb[NFULA_MARK], 0);
	found.time_us = get_time_us(tb[NFULA_TIMESTAMP]);
	if (tb[NFULA_PREFIX])
		(void)snprintf(found.prefix, sizeof(found.prefix), "%.*s",
			       (int)mnl_attr_get_payload_len(tb[NFULA_PREFIX]),
			       mnl_attr_get_str(tb[NFULA_PREFIX]));
	*ret_number = gw_netlink_be32(tb[NFULA_SEQ], 0);
	*ret = found;
	return true;
}

/* ---- the socket ------------------------------------------------------------------------------ */

static void count(struct gw_frame_reader *reader, uint32_t number)
{
	if (reader->numbered)
		reader->lost += number - reader->expected; /* modulo 2^32, as the kernel counts */
	reader->numbered = true;
	reader->expected = number + 1;
}

int gw_frame_read(struct gw_frame_reader *reader, struct gw_logged_frame *ret)
{
	for (;;) {
		struct sockaddr_nl sender = { 0 };
		socklen_t size = sizeof(sender);
		ssize_t len = recvfrom(reader->fd, reader->datagram, sizeof(reader->datagram),
				       MSG_DONTWAIT, (struct sockaddr *)&sender, &size);
		uint32_t number;

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return -errno;
		if (sender.nl_pid != 0 ||
		    !gw_frame_parse(reader->datagram, (size_t)len, reader->frame, ret, &number))
			continue;
		count(reader, number);
		return 0;
	}
}
