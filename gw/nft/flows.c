#include "gw/nft/flows.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "gw/nft/netlink.h"

/* An event is a message of a few hundred octets; what is longer is none that we know. */
#define EVENT_MAX 4096u

/* ---- a direction ----------------------------------------------------------------------------- */

static bool get_addr(const struct nlattr *attr, enum gw_family family, gw_u128 *ret)
{
	uint8_t bytes[16];
	size_t len = gw_family_bits(family) / 8;

	if (!attr || mnl_attr_get_payload_len(attr) != len)
		return false;
	memcpy(bytes, mnl_attr_get_payload(attr), len);
	*ret = gw_addr_from_bytes(family, bytes);
	return true;
}

static uint8_t get_u8(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) == 1 ? mnl_attr_get_u8(attr) : 0;
}

static uint16_t get_be16(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) == 2 ? ntohs(mnl_attr_get_u16(attr)) : 0;
}

bool gw_flow_tuple_parse(const struct nlattr *attr, enum gw_family family,
			 struct gw_flow_tuple *ret)
{
	const struct nlattr *tb[CTA_TUPLE_MAX + 1], *ip[CTA_IP_MAX + 1], *proto[CTA_PROTO_MAX + 1];
	bool v6 = family == GW_FAMILY_IPV6;

	memset(ret, 0, sizeof(*ret));
	if (!gw_netlink_nested(attr, tb, CTA_TUPLE_MAX) ||
	    !gw_netlink_nested(tb[CTA_TUPLE_IP], ip, CTA_IP_MAX) ||
	    !gw_netlink_nested(tb[CTA_TUPLE_PROTO], proto, CTA_PROTO_MAX))
		return false;
	ret->protocol = get_u8(proto[CTA_PROTO_NUM]);
	ret->source_port = get_be16(proto[CTA_PROTO_SRC_PORT]);
	ret->dest_port = get_be16(proto[CTA_PROTO_DST_PORT]);
	ret->icmp = ret->protocol == (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	ret->icmp_key =
		(uint16_t)(get_u8(proto[v6 ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE]) << 8 |
			   get_u8(proto[v6 ? CTA_PROTO_ICMPV6_CODE : CTA_PROTO_ICMP_CODE]));
	return get_addr(ip[v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC], family, &ret->source) &&
	       get_addr(ip[v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST], family, &ret->dest);
}

/* ---- an event -------------------------------------------------------------------------------- */

static void get_counters(const struct nlattr *attr, uint64_t *ret_packets, uint64_t *ret_octets)
{
	const struct nlattr *tb[CTA_COUNTERS_MAX + 1];

	if (!attr || !gw_netlink_nested(attr, tb, CTA_COUNTERS_MAX))
		return;
	*ret_packets = gw_netlink_be64(tb[CTA_COUNTERS_PACKETS], 0);
	*ret_octets = gw_netlink_be64(tb[CTA_COUNTERS_BYTES], 0);
}

static uint8_t get_tcp_state(const struct nlattr *attr)
{
	const struct nlattr *tb[CTA_PROTOINFO_MAX + 1], *tcp[CTA_PROTOINFO_TCP_MAX + 1];

	if (!attr || !gw_netlink_nested(attr, tb, CTA_PROTOINFO_MAX) ||
	    !gw_netlink_nested(tb[CTA_PROTOINFO_TCP], tcp, CTA_PROTOINFO_TCP_MAX))
		return 0;
	return get_u8(tcp[CTA_PROTOINFO_TCP_STATE]);
}

static enum gw_flow_what what_of(const struct nlmsghdr *message)
{
	if (NFNL_MSG_TYPE(message->nlmsg_type) == IPCTNL_MSG_CT_DELETE)
		return GW_FLOW_GONE;
	return message->nlmsg_flags & NLM_F_CREATE ? GW_FLOW_BEGUN : GW_FLOW_CHANGED;
}

bool gw_flow_event_parse(const void *bytes, size_t len, struct gw_flow_event *ret)
{
	const struct nlmsghdr *message = bytes;
	const struct nlattr *tb[CTA_MAX + 1];
	struct gw_flow_event event = { .family = GW_FAMILY_IPV4 };
	const struct nfgenmsg *header;
	uint32_t status;

	if (!gw_netlink_ok(message, (int)len) ||
	    (message->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) &&
	     message->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE)) ||
	    !gw_netlink_message(message, sizeof(*header), tb, CTA_MAX))
		return false;
	header = mnl_nlmsg_get_payload(message);
	if (header->nfgen_family != AF_INET && header->nfgen_family != AF_INET6)
		return false;
	event.what = what_of(message);
	event.family = header->nfgen_family == AF_INET ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;
	if (!gw_flow_tuple_parse(tb[CTA_TUPLE_ORIG], event.family, &event.original) ||
	    !gw_flow_tuple_parse(tb[CTA_TUPLE_REPLY], event.family, &event.reply))
		return false;
	status = gw_netlink_be32(tb[CTA_STATUS], 0);
	event.answered = status & IPS_SEEN_REPLY;
	event.assured = status & IPS_ASSURED;
	event.tcp_state = get_tcp_state(tb[CTA_PROTOINFO]);
	event.mark = gw_netlink_be32(tb[CTA_MARK], 0);
	get_counters(tb[CTA_COUNTERS_ORIG], &event.packets[0], &event.octets[0]);
	get_counters(tb[CTA_COUNTERS_REPLY], &event.packets[1], &event.octets[1]);
	*ret = event;
	return true;
}

int gw_flow_event_read(int fd, struct gw_flow_event *ret)
{
	uint8_t bytes[EVENT_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));

	for (;;) {
		struct sockaddr_nl sender = { 0 };
		socklen_t size = sizeof(sender);
		ssize_t len = recvfrom(fd, bytes, sizeof(bytes), MSG_DONTWAIT,
				       (struct sockaddr *)&sender, &size);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return -errno;
		if (sender.nl_pid == 0 && gw_flow_event_parse(bytes, (size_t)len, ret))
			return 0;
	}
}
