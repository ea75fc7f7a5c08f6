#include "gw/ruleset/names.h"

/* <netinet/in.h> must come first: the kernel's headers then leave out what both define. */
// clang-format off
#include <netinet/in.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
// clang-format on

#include "gw/core/mem.h"

struct name {
	uint32_t number;
	const char *text;
};

/* clang-format off */
static const struct name nfproto[] = {
	{ NFPROTO_IPV4, "ipv4" }, { NFPROTO_IPV6, "ipv6" },
};
static const struct name proto[] = {
	{ IPPROTO_ICMP, "icmp" }, { IPPROTO_IGMP, "igmp" }, { IPPROTO_TCP, "tcp" },
	{ IPPROTO_UDP, "udp" }, { IPPROTO_DCCP, "dccp" }, { IPPROTO_GRE, "gre" },
	{ IPPROTO_ESP, "esp" }, { IPPROTO_AH, "ah" }, { IPPROTO_ICMPV6, "ipv6-icmp" },
	{ IPPROTO_SCTP, "sctp" }, { IPPROTO_UDPLITE, "udplite" },
};
static const struct name icmp[] = {
	{ ICMP_ECHOREPLY, "echo-reply" }, { ICMP_DEST_UNREACH, "destination-unreachable" },
	{ ICMP_SOURCE_QUENCH, "source-quench" }, { ICMP_REDIRECT, "redirect" },
	{ ICMP_ECHO, "echo-request" }, { ICMP_TIME_EXCEEDED, "time-exceeded" },
	{ ICMP_PARAMETERPROB, "parameter-problem" }, { ICMP_TIMESTAMP, "timestamp-request" },
	{ ICMP_TIMESTAMPREPLY, "timestamp-reply" },
};
static const struct name icmpv6[] = {
	{ ICMP6_DST_UNREACH, "destination-unreachable" },
	{ ICMP6_PACKET_TOO_BIG, "packet-too-big" }, { ICMP6_TIME_EXCEEDED, "time-exceeded" },
	{ ICMP6_PARAM_PROB, "parameter-problem" }, { ICMP6_ECHO_REQUEST, "echo-request" },
	{ ICMP6_ECHO_REPLY, "echo-reply" }, { MLD_LISTENER_QUERY, "mld-listener-query" },
	{ MLD_LISTENER_REPORT, "mld-listener-report" },
	{ MLD_LISTENER_REDUCTION, "mld-listener-done" },
	{ ND_ROUTER_SOLICIT, "nd-router-solicit" }, { ND_ROUTER_ADVERT, "nd-router-advert" },
	{ ND_NEIGHBOR_SOLICIT, "nd-neighbor-solicit" },
	{ ND_NEIGHBOR_ADVERT, "nd-neighbor-advert" }, { ND_REDIRECT, "nd-redirect" },
	{ 143, "mld2-listener-report" },
};
static const struct name ct_direction[] = {
	{ 0, "original" }, { 1, "reply" },
};
static const struct name day[] = {
	{ 0, "\"Sunday\"" }, { 1, "\"Monday\"" }, { 2, "\"Tuesday\"" }, { 3, "\"Wednesday\"" },
	{ 4, "\"Thursday\"" }, { 5, "\"Friday\"" }, { 6, "\"Saturday\"" },
};
static const struct name pkttype[] = {
	{ PACKET_HOST, "host" }, { PACKET_BROADCAST, "broadcast" },
	{ PACKET_MULTICAST, "multicast" }, { PACKET_OTHERHOST, "other" },
};
static const struct name addrtype[] = {
	{ RTN_UNICAST, "unicast" }, { RTN_LOCAL, "local" }, { RTN_BROADCAST, "broadcast" },
	{ RTN_ANYCAST, "anycast" }, { RTN_MULTICAST, "multicast" },
	{ RTN_BLACKHOLE, "blackhole" }, { RTN_UNREACHABLE, "unreachable" },
	{ RTN_PROHIBIT, "prohibit" },
};
static const struct name present[] = {
	{ 0, "missing" }, { 1, "exists" },
};
static const struct name ct_state[] = {
	{ NF_CT_STATE_INVALID_BIT, "invalid" },
	{ NF_CT_STATE_BIT(IP_CT_ESTABLISHED), "established" },
	{ NF_CT_STATE_BIT(IP_CT_RELATED), "related" }, { NF_CT_STATE_BIT(IP_CT_NEW), "new" },
	{ NF_CT_STATE_UNTRACKED_BIT, "untracked" },
};
static const struct name ct_status[] = {
	{ IPS_EXPECTED, "expected" }, { IPS_SEEN_REPLY, "seen-reply" },
	{ IPS_ASSURED, "assured" }, { IPS_CONFIRMED, "confirmed" }, { IPS_SRC_NAT, "snat" },
	{ IPS_DST_NAT, "dnat" }, { IPS_DYING, "dying" },
};
static const struct name tcp_flags[] = {
	{ TH_FIN, "fin" }, { TH_SYN, "syn" }, { TH_RST, "rst" }, { TH_PUSH, "psh" },
	{ TH_ACK, "ack" }, { TH_URG, "urg" }, { 0x40, "ecn" }, { 0x80, "cwr" },
};
/* clang-format on */

static const struct {
	const struct name *names;
	size_t n;
} lists[] = {
#define LIST(shape, names) [shape] = { names, GW_COUNT(names) }
	LIST(GW_SHAPE_NFPROTO, nfproto),
	LIST(GW_SHAPE_PROTO, proto),
	LIST(GW_SHAPE_ICMP, icmp),
	LIST(GW_SHAPE_ICMPV6, icmpv6),
	LIST(GW_SHAPE_DAY, day),
	LIST(GW_SHAPE_CT_DIRECTION, ct_direction),
	LIST(GW_SHAPE_PKTTYPE, pkttype),
	LIST(GW_SHAPE_ADDRTYPE, addrtype),
	LIST(GW_SHAPE_PRESENT, present),
	LIST(GW_SHAPE_CT_STATE, ct_state),
	LIST(GW_SHAPE_CT_STATUS, ct_status),
	LIST(GW_SHAPE_TCP_FLAGS, tcp_flags),
#undef LIST
};

static const char *find(const struct name *names, size_t n, uint32_t number)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].number == number)
			return names[i].text;
	return NULL;
}

const char *gw_name_number(enum gw_shape shape, uint32_t number)
{
	return find(lists[shape].names, lists[shape].n, number);
}

size_t gw_name_bits(enum gw_shape shape, uint32_t bits, const char *ret[GW_BITS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < lists[shape].n; i++) {
		if (!(bits & lists[shape].names[i].number))
			continue;
		ret[n++] = lists[shape].names[i].text;
		bits &= ~lists[shape].names[i].number;
	}
	return bits ? 0 : n;
}

/* ---- what can be loaded ---------------------------------------------------------------------- */

struct keyed_field {
	uint32_t key;
	struct gw_field field;
};

static const struct gw_field *find_field(const struct keyed_field *fields, size_t n, uint32_t key)
{
	static const struct gw_field unknown = { NULL, GW_SHAPE_PLAIN };

	for (size_t i = 0; i < n; i++)
		if (fields[i].key == key)
			return &fields[i].field;
	return &unknown;
}

const struct gw_field *gw_field_meta(uint32_t key)
{
	static const struct keyed_field fields[] = {
		{ NFT_META_LEN, { "meta length", GW_SHAPE_PLAIN } },
		{ NFT_META_PROTOCOL, { "meta protocol", GW_SHAPE_PLAIN } },
		{ NFT_META_MARK, { "meta mark", GW_SHAPE_PLAIN } },
		{ NFT_META_IIF, { "iif", GW_SHAPE_PLAIN } },
		{ NFT_META_OIF, { "oif", GW_SHAPE_PLAIN } },
		{ NFT_META_IIFNAME, { "iifname", GW_SHAPE_IFNAME } },
		{ NFT_META_OIFNAME, { "oifname", GW_SHAPE_IFNAME } },
		{ NFT_META_NFPROTO, { "meta nfproto", GW_SHAPE_NFPROTO } },
		{ NFT_META_L4PROTO, { "meta l4proto", GW_SHAPE_PROTO } },
		{ NFT_META_PKTTYPE, { "meta pkttype", GW_SHAPE_PKTTYPE } },
		{ NFT_META_TIME_NS, { "meta time", GW_SHAPE_PLAIN } },
		{ NFT_META_TIME_DAY, { "meta day", GW_SHAPE_DAY } },
		{ NFT_META_TIME_HOUR, { "meta hour", GW_SHAPE_HOUR } },
	};

	return find_field(fields, GW_COUNT(fields), key);
}

const struct gw_field *gw_field_ct(uint32_t key)
{
	static const struct keyed_field fields[] = {
		{ NFT_CT_STATE, { "state", GW_SHAPE_CT_STATE } },
		{ NFT_CT_DIRECTION, { "direction", GW_SHAPE_CT_DIRECTION } },
		{ NFT_CT_STATUS, { "status", GW_SHAPE_CT_STATUS } },
		{ NFT_CT_MARK, { "mark", GW_SHAPE_PLAIN } },
		{ NFT_CT_L3PROTOCOL, { "l3proto", GW_SHAPE_NFPROTO } },
		{ NFT_CT_PROTOCOL, { "protocol", GW_SHAPE_PROTO } },
		{ NFT_CT_PROTO_SRC, { "proto-src", GW_SHAPE_NUMBER } },
		{ NFT_CT_PROTO_DST, { "proto-dst", GW_SHAPE_NUMBER } },
		{ NFT_CT_SRC_IP, { "ip saddr", GW_SHAPE_IPV4 } },
		{ NFT_CT_DST_IP, { "ip daddr", GW_SHAPE_IPV4 } },
		{ NFT_CT_SRC_IP6, { "ip6 saddr", GW_SHAPE_IPV6 } },
		{ NFT_CT_DST_IP6, { "ip6 daddr", GW_SHAPE_IPV6 } },
	};

	return find_field(fields, GW_COUNT(fields), key);
}

/* The first bytes of an address are compared with a prefix. Of two bytes or one at the place of an
 * IPv6 source it is not said whether they are not an IPv4 field. */
static bool is_prefix(enum gw_shape shape, uint32_t len)
{
	return (shape == GW_SHAPE_IPV4 && len < 4) ||
	       (shape == GW_SHAPE_IPV6 && len > 2 && len < 16);
}

const struct gw_field *gw_field_payload(uint32_t base, uint32_t offset, uint32_t len)
{
	static const struct gw_field unknown = { NULL, GW_SHAPE_NUMBER };
	static const struct {
		uint32_t base, offset, len;
		struct gw_field field;
	} fields[] = {
		{ NFT_PAYLOAD_LL_HEADER, 0, 6, { "ether daddr", GW_SHAPE_ETHER } },
		{ NFT_PAYLOAD_LL_HEADER, 6, 6, { "ether saddr", GW_SHAPE_ETHER } },
		{ NFT_PAYLOAD_NETWORK_HEADER, 12, 4, { "ip saddr", GW_SHAPE_IPV4 } },
		{ NFT_PAYLOAD_NETWORK_HEADER, 16, 4, { "ip daddr", GW_SHAPE_IPV4 } },
		{ NFT_PAYLOAD_NETWORK_HEADER, 8, 16, { "ip6 saddr", GW_SHAPE_IPV6 } },
		{ NFT_PAYLOAD_NETWORK_HEADER, 24, 16, { "ip6 daddr", GW_SHAPE_IPV6 } },
		{ NFT_PAYLOAD_NETWORK_HEADER, 7, 1, { "ip6 hoplimit", GW_SHAPE_NUMBER } },
		{ NFT_PAYLOAD_LL_HEADER, 12, 2, { "ether type", GW_SHAPE_HEX } },
		{ NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, { "th sport", GW_SHAPE_NUMBER } },
		{ NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, { "th dport", GW_SHAPE_NUMBER } },
		{ NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, { "icmp type", GW_SHAPE_ICMP } },
		{ NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1, { "tcp flags", GW_SHAPE_TCP_FLAGS } },
	};

	for (size_t i = 0; i < GW_COUNT(fields); i++)
		if (fields[i].base == base && fields[i].offset == offset &&
		    (fields[i].len == len || is_prefix(fields[i].field.shape, len)))
			return &fields[i].field;
	return &unknown;
}

enum gw_shape gw_shape_of_type(enum gw_type type)
{
	switch (type) {
	case GW_TYPE_IFNAME:
		return GW_SHAPE_IFNAME;
	case GW_TYPE_IPV4:
		return GW_SHAPE_IPV4;
	case GW_TYPE_IPV6:
		return GW_SHAPE_IPV6;
	case GW_TYPE_PROTO:
		return GW_SHAPE_PROTO;
	case GW_TYPE_PORT:
		return GW_SHAPE_NUMBER;
	case GW_TYPE_ETHER:
		return GW_SHAPE_ETHER;
	case GW_TYPE_ICMPV6:
		return GW_SHAPE_ICMPV6;
	case GW_TYPE_ETHERTYPE:
		return GW_SHAPE_HEX;
	case GW_TYPE_MARK:
	case GW_TYPE_VERDICT:
	case GW_TYPE_COUNT:
		break;
	}
	return GW_SHAPE_PLAIN;
}

/* ---- the rest -------------------------------------------------------------------------------- */

const char *gw_name_cmp(uint32_t op)
{
	static const struct name names[] = {
		{ NFT_CMP_EQ, "" },     { NFT_CMP_NEQ, "!= " }, { NFT_CMP_LT, "< " },
		{ NFT_CMP_LTE, "<= " }, { NFT_CMP_GT, "> " },   { NFT_CMP_GTE, ">= " },
	};
	const char *text = find(names, GW_COUNT(names), op);

	return text ? text : "? ";
}

const char *gw_name_hook(uint32_t family, uint32_t hook)
{
	static const struct name names[] = {
		{ NF_INET_PRE_ROUTING, "prerouting" },   { NF_INET_LOCAL_IN, "input" },
		{ NF_INET_FORWARD, "forward" },          { NF_INET_LOCAL_OUT, "output" },
		{ NF_INET_POST_ROUTING, "postrouting" }, { NF_INET_INGRESS, "ingress" },
	};
	const char *text = find(names, GW_COUNT(names), hook);

	/* Numbers start anew in this family. */
	if (family == NFPROTO_NETDEV)
		return hook == NF_NETDEV_INGRESS ? "ingress" : "egress";
	return text ? text : "?";
}

const char *gw_name_family(uint32_t family)
{
	static const struct name names[] = { { NFPROTO_INET, "inet" },
					     { NFPROTO_IPV4, "ip" },
					     { NFPROTO_IPV6, "ip6" },
					     { NFPROTO_NETDEV, "netdev" },
					     { NFPROTO_BRIDGE, "bridge" } };
	const char *text = find(names, GW_COUNT(names), family);

	return text ? text : "?";
}

const char *gw_name_verdict(enum gw_verdict_code verdict)
{
	static const char *const names[] = {
		[GW_VERDICT_NONE] = "continue", [GW_VERDICT_ACCEPT] = "accept",
		[GW_VERDICT_DROP] = "drop",     [GW_VERDICT_JUMP] = "jump",
		[GW_VERDICT_GOTO] = "goto",     [GW_VERDICT_RETURN] = "return",
	};

	return names[verdict];
}

const char *gw_name_reject(uint32_t icmpx_code)
{
	static const struct name names[] = {
		{ NFT_REJECT_ICMPX_NO_ROUTE, "no-route" },
		{ NFT_REJECT_ICMPX_PORT_UNREACH, "port-unreachable" },
		{ NFT_REJECT_ICMPX_HOST_UNREACH, "host-unreachable" },
		{ NFT_REJECT_ICMPX_ADMIN_PROHIBITED, "admin-prohibited" },
	};
	const char *text = find(names, GW_COUNT(names), icmpx_code);

	return text ? text : "?";
}

const char *gw_name_unit(uint64_t seconds)
{
	static const struct name names[] = {
		{ 1, "second" },  { 60, "minute" },   { 3600, "hour" },
		{ 86400, "day" }, { 604800, "week" },
	};

	return seconds <= UINT32_MAX ? find(names, GW_COUNT(names), (uint32_t)seconds) : NULL;
}
