#include "gw/nft/expr_table.h"

#include <linux/netfilter/nf_tables.h>

/* Since Linux 6.13; the headers of Debian 12 are older. */
#define BITWISE_OR    4u
#define BITWISE_SREG2 8

#define M(name) offsetof(struct gw_expr, name)
#define ALWAYS(attr, wire, name)                                                                   \
	{                                                                                          \
		attr, GW_WIRE_##wire, GW_WHEN_ALWAYS, M(name), 0                                   \
	}
#define READ(attr, wire, name)                                                                     \
	{                                                                                          \
		attr, GW_WIRE_##wire, GW_WHEN_READ, M(name), 0                                     \
	}
#define WRITE(attr, wire, name)                                                                    \
	{                                                                                          \
		attr, GW_WIRE_##wire, GW_WHEN_WRITE, M(name), 0                                    \
	}
#define OTHER(attr, wire, name, otherwise)                                                         \
	{                                                                                          \
		attr, GW_WIRE_##wire, GW_WHEN_OTHER, M(name), otherwise                            \
	}
#define CONSTANT(attr, wire, value)                                                                \
	{                                                                                          \
		attr, GW_WIRE_##wire, GW_WHEN_ALWAYS, GW_NO_MEMBER, value                          \
	}
#define DEFAULT(attr, wire, value)                                                                 \
	{                                                                                          \
		attr, GW_WIRE_##wire, GW_WHEN_NEVER, GW_NO_MEMBER, value                           \
	}

/* clang-format off */
const struct gw_expr_format gw_expr_formats[GW_EXPR_KINDS] = {
	[GW_EXPR_META] = { "meta", {
		READ(NFTA_META_DREG, REG, dreg),
		ALWAYS(NFTA_META_KEY, BE32, key),
		WRITE(NFTA_META_SREG, REG, sreg),
	} },
	[GW_EXPR_CT] = { "ct", {
		READ(NFTA_CT_DREG, REG, dreg),
		ALWAYS(NFTA_CT_KEY, BE32, key),
		OTHER(NFTA_CT_DIRECTION, U8, dir, 0xff),
		WRITE(NFTA_CT_SREG, REG, sreg),
	} },
	[GW_EXPR_PAYLOAD] = { "payload", {
		ALWAYS(NFTA_PAYLOAD_DREG, REG, dreg),
		ALWAYS(NFTA_PAYLOAD_BASE, BE32, base),
		ALWAYS(NFTA_PAYLOAD_OFFSET, BE32, offset),
		ALWAYS(NFTA_PAYLOAD_LEN, BE32, len),
	} },
	/* The kernel refuses flags, even 0, in an expression that writes. */
	[GW_EXPR_EXTHDR] = { "exthdr", {
		READ(NFTA_EXTHDR_DREG, REG, dreg),
		ALWAYS(NFTA_EXTHDR_TYPE, U8, key),
		ALWAYS(NFTA_EXTHDR_OFFSET, BE32, offset),
		ALWAYS(NFTA_EXTHDR_LEN, BE32, len),
		OTHER(NFTA_EXTHDR_FLAGS, BE32, flags, 0),
		CONSTANT(NFTA_EXTHDR_OP, BE32, NFT_EXTHDR_OP_TCPOPT),
		WRITE(NFTA_EXTHDR_SREG, REG, sreg),
	} },
	[GW_EXPR_IMMEDIATE] = { "immediate", {
		ALWAYS(NFTA_IMMEDIATE_DREG, REG, dreg),
		ALWAYS(NFTA_IMMEDIATE_DATA, RESULT, data),
	} },
	[GW_EXPR_CMP] = { "cmp", {
		ALWAYS(NFTA_CMP_SREG, REG, sreg),
		ALWAYS(NFTA_CMP_OP, BE32, op),
		ALWAYS(NFTA_CMP_DATA, DATA, data),
	} },
	[GW_EXPR_RANGE] = { "range", {
		ALWAYS(NFTA_RANGE_SREG, REG, sreg),
		ALWAYS(NFTA_RANGE_OP, BE32, op),
		ALWAYS(NFTA_RANGE_FROM_DATA, DATA, data),
		ALWAYS(NFTA_RANGE_TO_DATA, DATA_END, data_end),
	} },
	[GW_EXPR_BITWISE] = { "bitwise", {
		ALWAYS(NFTA_BITWISE_SREG, REG, sreg),
		ALWAYS(NFTA_BITWISE_DREG, REG, dreg),
		ALWAYS(NFTA_BITWISE_LEN, BE32, len),
		DEFAULT(NFTA_BITWISE_OP, BE32, NFT_BITWISE_BOOL),
		ALWAYS(NFTA_BITWISE_MASK, DATA, data),
		ALWAYS(NFTA_BITWISE_XOR, DATA_END, data_end),
	} },
	[GW_EXPR_BITWISE_OR] = { "bitwise", {
		ALWAYS(NFTA_BITWISE_SREG, REG, sreg),
		ALWAYS(BITWISE_SREG2, REG, sreg2),
		ALWAYS(NFTA_BITWISE_DREG, REG, dreg),
		ALWAYS(NFTA_BITWISE_LEN, BE32, len),
		CONSTANT(NFTA_BITWISE_OP, BE32, BITWISE_OR),
	} },
	[GW_EXPR_BYTEORDER] = { "byteorder", {
		ALWAYS(NFTA_BYTEORDER_SREG, REG, sreg),
		ALWAYS(NFTA_BYTEORDER_DREG, REG, dreg),
		ALWAYS(NFTA_BYTEORDER_OP, BE32, op),
		ALWAYS(NFTA_BYTEORDER_LEN, BE32, len),
		ALWAYS(NFTA_BYTEORDER_SIZE, BE32, key),
	} },
	[GW_EXPR_LOOKUP] = { "lookup", {
		ALWAYS(NFTA_LOOKUP_SET, STRING, set_name),
		ALWAYS(NFTA_LOOKUP_SREG, REG, sreg),
		{ NFTA_LOOKUP_DREG, GW_WIRE_REG, GW_WHEN_MAP, M(dreg), 0 },
		OTHER(NFTA_LOOKUP_FLAGS, BE32, op, 0),
	} },
	[GW_EXPR_FIB] = { "fib", {
		ALWAYS(NFTA_FIB_DREG, REG, dreg),
		ALWAYS(NFTA_FIB_RESULT, BE32, key),
		ALWAYS(NFTA_FIB_FLAGS, BE32, flags),
	} },
	[GW_EXPR_RT] = { "rt", {
		ALWAYS(NFTA_RT_DREG, REG, dreg),
		ALWAYS(NFTA_RT_KEY, BE32, key),
	} },
	[GW_EXPR_COUNTER] = { "counter", {
		OTHER(NFTA_COUNTER_BYTES, BE64, bytes, 0),
		OTHER(NFTA_COUNTER_PACKETS, BE64, packets, 0),
	} },
	[GW_EXPR_LIMIT] = { "limit", {
		ALWAYS(NFTA_LIMIT_RATE, BE64, rate),
		ALWAYS(NFTA_LIMIT_UNIT, BE64, unit),
		ALWAYS(NFTA_LIMIT_BURST, BE32, burst),
		DEFAULT(NFTA_LIMIT_TYPE, BE32, NFT_LIMIT_PKTS),
		OTHER(NFTA_LIMIT_FLAGS, BE32, op, 0),
	} },
	[GW_EXPR_LOG] = { "log", {
		ALWAYS(NFTA_LOG_GROUP, BE16, group),
		OTHER(NFTA_LOG_PREFIX, STRING, text, 0),
		OTHER(NFTA_LOG_SNAPLEN, BE32, snaplen, 0),
	} },
	/* A reset has no code, and the kernel leaves it out of its answer. */
	[GW_EXPR_REJECT] = { "reject", {
		ALWAYS(NFTA_REJECT_TYPE, BE32, key),
		{ NFTA_REJECT_ICMP_CODE, GW_WIRE_U8, GW_WHEN_READ, M(op), 0 },
	} },
	[GW_EXPR_NAT] = { "nat", {
		ALWAYS(NFTA_NAT_TYPE, BE32, key),
		ALWAYS(NFTA_NAT_FAMILY, BE32, family),
		OTHER(NFTA_NAT_REG_ADDR_MIN, REG, addr_min, 0),
		OTHER(NFTA_NAT_REG_ADDR_MAX, REG, addr_max, 0),
		OTHER(NFTA_NAT_REG_PROTO_MIN, REG, port_min, 0),
		OTHER(NFTA_NAT_REG_PROTO_MAX, REG, port_max, 0),
		OTHER(NFTA_NAT_FLAGS, BE32, flags, 0),
	} },
	[GW_EXPR_MASQ] = { "masq", {
		OTHER(NFTA_MASQ_FLAGS, BE32, flags, 0),
	} },
	[GW_EXPR_DYNSET] = { "dynset", {
		ALWAYS(NFTA_DYNSET_SET_NAME, STRING, set_name),
		ALWAYS(NFTA_DYNSET_OP, BE32, key),
		ALWAYS(NFTA_DYNSET_SREG_KEY, REG, sreg),
		OTHER(NFTA_DYNSET_TIMEOUT, BE64, timeout_ms, 0),
		OTHER(NFTA_DYNSET_EXPR, LIMIT, rate, 0),
		DEFAULT(NFTA_DYNSET_FLAGS, BE32, 0),
	} },
	[GW_EXPR_HEADER] = { "exthdr", {
		ALWAYS(NFTA_EXTHDR_DREG, REG, dreg),
		ALWAYS(NFTA_EXTHDR_TYPE, U8, key),
		ALWAYS(NFTA_EXTHDR_OFFSET, BE32, offset),
		ALWAYS(NFTA_EXTHDR_LEN, BE32, len),
		OTHER(NFTA_EXTHDR_FLAGS, BE32, flags, 0),
		CONSTANT(NFTA_EXTHDR_OP, BE32, NFT_EXTHDR_OP_IPV6),
	} },
};
/* clang-format on */
