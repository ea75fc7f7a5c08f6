#include "gw/ruleset/names.h"

/* <netinet/in.h> must come first: the kernel's headers then leave out what both define. */
// clang-format off
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
// clang-format on

#include "gw/core/mem.h"

struct name {
	uint32_t number;
	const char *text;
};

static const char *find(const struct name *names, size_t n, uint32_t number)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].number == number)
			return names[i].text;
	return NULL;
}

const char *gw_name_meta(uint32_t key)
{
	static const struct name names[] = {
		{ NFT_META_LEN, "length" },      { NFT_META_PROTOCOL, "protocol" },
		{ NFT_META_MARK, "mark" },       { NFT_META_IIF, "iif" },
		{ NFT_META_OIF, "oif" },         { NFT_META_IIFNAME, "iifname" },
		{ NFT_META_OIFNAME, "oifname" }, { NFT_META_NFPROTO, "nfproto" },
		{ NFT_META_L4PROTO, "l4proto" }, { NFT_META_PKTTYPE, "pkttype" },
		{ NFT_META_TIME_NS, "time" },    { NFT_META_TIME_DAY, "day" },
		{ NFT_META_TIME_HOUR, "hour" },
	};

	return find(names, GW_COUNT(names), key);
}

const char *gw_name_ct(uint32_t key)
{
	static const struct name names[] = {
		{ NFT_CT_STATE, "state" },         { NFT_CT_DIRECTION, "direction" },
		{ NFT_CT_STATUS, "status" },       { NFT_CT_MARK, "mark" },
		{ NFT_CT_L3PROTOCOL, "l3proto" },  { NFT_CT_PROTOCOL, "protocol" },
		{ NFT_CT_PROTO_SRC, "proto-src" }, { NFT_CT_PROTO_DST, "proto-dst" },
		{ NFT_CT_SRC_IP, "ip saddr" },     { NFT_CT_DST_IP, "ip daddr" },
		{ NFT_CT_SRC_IP6, "ip6 saddr" },   { NFT_CT_DST_IP6, "ip6 daddr" },
	};

	return find(names, GW_COUNT(names), key);
}

const char *gw_name_cmp(uint32_t op)
{
	static const struct name names[] = {
		{ NFT_CMP_EQ, "" },     { NFT_CMP_NEQ, "!= " }, { NFT_CMP_LT, "< " },
		{ NFT_CMP_LTE, "<= " }, { NFT_CMP_GT, "> " },   { NFT_CMP_GTE, ">= " },
	};
	const char *text = find(names, GW_COUNT(names), op);

	return text ? text : "? ";
}

const char *gw_name_hook(uint32_t hook)
{
	static const struct name names[] = {
		{ NF_INET_PRE_ROUTING, "prerouting" },   { NF_INET_LOCAL_IN, "input" },
		{ NF_INET_FORWARD, "forward" },          { NF_INET_LOCAL_OUT, "output" },
		{ NF_INET_POST_ROUTING, "postrouting" }, { NF_INET_INGRESS, "ingress" },
	};
	const char *text = find(names, GW_COUNT(names), hook);

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

const char *gw_name_payload(uint32_t base, uint32_t offset, uint32_t len)
{
	static const struct {
		uint32_t base, offset, len;
		const char *text;
	} fields[] = {
		{ NFT_PAYLOAD_NETWORK_HEADER, 12, 4, "ip saddr" },
		{ NFT_PAYLOAD_NETWORK_HEADER, 16, 4, "ip daddr" },
		{ NFT_PAYLOAD_NETWORK_HEADER, 8, 16, "ip6 saddr" },
		{ NFT_PAYLOAD_NETWORK_HEADER, 24, 16, "ip6 daddr" },
		{ NFT_PAYLOAD_NETWORK_HEADER, 7, 1, "ip6 hoplimit" },
		{ NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, "th sport" },
		{ NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, "th dport" },
		{ NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, "icmp type" },
		{ NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1, "tcp flags" },
	};

	for (size_t i = 0; i < GW_COUNT(fields); i++)
		if (fields[i].base == base && fields[i].offset == offset && fields[i].len == len)
			return fields[i].text;
	return NULL;
}
