/* Rules in nft's words: what each kind of expression looks like where it is used. */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/ruleset/names.h"

#define R(n)        GW_REG(n)
#define BYTES(text) .data = (const uint8_t *)(text), .data_len = sizeof(text) - 1
#define END(text)   .data_end = (const uint8_t *)(text)
#define META(k)                                                                                    \
	{                                                                                          \
		.kind = GW_EXPR_META, .key = NFT_META_##k, .dreg = R(0)                            \
	}
#define CT(k, d)                                                                                   \
	{                                                                                          \
		.kind = GW_EXPR_CT, .key = NFT_CT_##k, .dir = (d), .dreg = R(0)                    \
	}
#define NETWORK(o, l)                                                                              \
	{                                                                                          \
		.kind = GW_EXPR_PAYLOAD, .base = NFT_PAYLOAD_NETWORK_HEADER, .offset = (o),        \
		.len = (l), .dreg = R(0)                                                           \
	}
#define TRANSPORT(o, l)                                                                            \
	{                                                                                          \
		.kind = GW_EXPR_PAYLOAD, .base = NFT_PAYLOAD_TRANSPORT_HEADER, .offset = (o),      \
		.len = (l), .dreg = R(0)                                                           \
	}
#define CMP(how, text)                                                                             \
	{                                                                                          \
		.kind = GW_EXPR_CMP, .sreg = R(0), .op = NFT_CMP_##how, BYTES(text)                \
	}
#define MASK(text)                                                                                 \
	{                                                                                          \
		.kind = GW_EXPR_BITWISE, .sreg = R(0), .dreg = R(0), .len = sizeof(text) - 1,      \
		BYTES(text), END("\0\0\0\0")                                                       \
	}
#define IMMEDIATE(reg, text)                                                                       \
	{                                                                                          \
		.kind = GW_EXPR_IMMEDIATE, .dreg = R(reg), BYTES(text)                             \
	}

struct rule_case {
	const char *text;
	struct gw_expr exprs[8];
	size_t n;
};

/* clang-format off */
static const struct rule_case cases[] = {
	{ "iifname \"hq0\"", { META(IIFNAME), CMP(EQ, "hq0\0\0\0\0\0\0\0\0\0\0\0\0\0") }, 2 },
	{ "meta mark != 0x00000010", { META(MARK), CMP(NEQ, "\x10\0\0\0") }, 2 },
	{ "meta nfproto ipv6", { META(NFPROTO), CMP(EQ, "\x0a") }, 2 },
	{ "meta l4proto 99", { META(L4PROTO), CMP(EQ, "\x63") }, 2 },
	{ "meta length 0x00000100", { META(LEN), CMP(EQ, "\0\1\0\0") }, 2 },
	{ "meta day \"Friday\"", { META(TIME_DAY), CMP(EQ, "\5") }, 2 },
	{ "meta 200 7", { { .kind = GW_EXPR_META, .key = 200, .dreg = R(0) }, CMP(EQ, "\7") }, 2 },
	{ "meta hour \"22:00:00\"-\"23:59:59\"", { META(TIME_HOUR),
	  { .kind = GW_EXPR_BYTEORDER, .sreg = R(0), .dreg = R(0) },
	  { .kind = GW_EXPR_RANGE, .sreg = R(0), BYTES("\0\1\x35\x60"), END("\0\1\x51\x7f") } }, 3 },
	{ "ct state invalid,untracked", { CT(STATE, 0xff), MASK("\x41\0\0\0"),
	  CMP(NEQ, "\0\0\0\0") }, 3 },
	{ "ct state & new == new", { CT(STATE, 0xff), MASK("\x08\0\0\0"), CMP(EQ, "\x08\0\0\0") }, 3 },
	{ "ct state & 0x00010000 != invalid", { CT(STATE, 0xff), MASK("\0\0\1\0"),
	  CMP(NEQ, "\1\0\0\0") }, 3 },
	{ "ct direction reply", { CT(DIRECTION, 0xff), CMP(EQ, "\1") }, 2 },
	{ "ct original ip saddr 192.0.2.1", { CT(SRC_IP, 0), CMP(EQ, "\xc0\0\2\1") }, 2 },
	{ "ct reply proto-src 443", { CT(PROTO_SRC, 1), CMP(EQ, "\1\xbb") }, 2 },
	{ "ip saddr 10.0.0.0/8", { NETWORK(12, 4),
	  { .kind = GW_EXPR_RANGE, .sreg = R(0), BYTES("\x0a\0\0\0"), END("\x0a\xff\xff\xff") } }, 2 },
	{ "ip daddr != 10.0.0.1-10.0.0.2", { NETWORK(16, 4),
	  { .kind = GW_EXPR_RANGE, .op = NFT_RANGE_NEQ, .sreg = R(0), BYTES("\x0a\0\0\1"),
	    END("\x0a\0\0\2") } }, 2 },
	{ "ip daddr 10.20.0.0/16", { NETWORK(16, 2), CMP(EQ, "\x0a\x14") }, 2 },
	{ "ip6 saddr 2001:db8::/32", { NETWORK(8, 4), CMP(EQ, "\x20\1\x0d\xb8") }, 2 },
	{ "ip daddr & 255.255.240.0 == 10.20.16.0", { NETWORK(16, 4), MASK("\xff\xff\xf0\0"),
	  CMP(EQ, "\x0a\x14\x10\0") }, 3 },
	{ "ip6 hoplimit 255", { NETWORK(7, 1), CMP(EQ, "\xff") }, 2 },
	{ "th dport >= 1024", { TRANSPORT(2, 2), CMP(GTE, "\4\0") }, 2 },
	{ "@th,0,32 0x00440043", { TRANSPORT(0, 4), CMP(EQ, "\0\x44\0\x43") }, 2 },
	{ "meta l4proto icmp icmp type echo-request", { META(L4PROTO), CMP(EQ, "\1"),
	  TRANSPORT(0, 1), CMP(EQ, "\x08") }, 4 },
	{ "meta l4proto ipv6-icmp icmpv6 type nd-redirect", { META(L4PROTO), CMP(EQ, "\x3a"),
	  TRANSPORT(0, 1), CMP(EQ, "\x89") }, 4 },
	{ "tcp flags & (syn | rst) == syn", { TRANSPORT(13, 1), MASK("\6"), CMP(EQ, "\2") }, 3 },
	{ "tcp option maxseg size set rt mtu", { { .kind = GW_EXPR_RT, .dreg = R(0) },
	  { .kind = GW_EXPR_BYTEORDER, .sreg = R(0), .dreg = R(0) },
	  { .kind = GW_EXPR_EXTHDR, .key = 2, .offset = 2, .len = 2, .sreg = R(0), .set = true } }, 3 },
	{ "exthdr frag exists", { { .kind = GW_EXPR_HEADER, .key = 44, .len = 1,
	  .flags = NFT_EXTHDR_F_PRESENT, .dreg = R(0) }, CMP(EQ, "\1") }, 2 },
	{ "exthdr frag @16,16 0", { { .kind = GW_EXPR_HEADER, .key = 44, .offset = 2, .len = 2,
	  .dreg = R(0) }, CMP(EQ, "\0\0") }, 2 },
	{ "exthdr 139 missing", { { .kind = GW_EXPR_HEADER, .key = 139, .len = 1,
	  .flags = NFT_EXTHDR_F_PRESENT, .dreg = R(0) },
	  CMP(EQ, "\0") }, 2 },
	{ "fib saddr . iif oif missing", { { .kind = GW_EXPR_FIB, .key = NFT_FIB_RESULT_OIF,
	  .flags = NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT, .dreg = R(0) },
	  CMP(EQ, "\0") }, 2 },
	{ "fib daddr type local", { { .kind = GW_EXPR_FIB, .key = NFT_FIB_RESULT_ADDRTYPE,
	  .flags = NFTA_FIB_F_DADDR, .dreg = R(0) }, CMP(EQ, "\2\0\0\0") }, 2 },
	{ "iifname . oifname vmap @pairs", { META(IIFNAME),
	  { .kind = GW_EXPR_META, .key = NFT_META_OIFNAME, .dreg = R(4) },
	  { .kind = GW_EXPR_LOOKUP, .set_name = "pairs", .sreg = R(0), .map = true } }, 3 },
	{ "ip saddr != @hosts", { NETWORK(12, 4),
	  { .kind = GW_EXPR_LOOKUP, .set_name = "hosts", .sreg = R(0), .op = 1 } }, 2 },
	{ "ct mark set (0x00000007 . ip saddr map @src4)", { IMMEDIATE(0, "\7\0\0\0"),
	  { .kind = GW_EXPR_PAYLOAD, .base = 1, .offset = 12, .len = 4, .dreg = R(1) },
	  { .kind = GW_EXPR_LOOKUP, .set_name = "src4", .sreg = R(0), .dreg = R(5), .map = true },
	  { .kind = GW_EXPR_CT, .key = NFT_CT_MARK, .dir = 0xff, .set = true, .sreg = R(5) } }, 4 },
	{ "0x00000001 . 10.0.0.1 @both", { IMMEDIATE(0, "\1\0\0\0\x0a\0\0\1"),
	  { .kind = GW_EXPR_LOOKUP, .set_name = "both", .sreg = R(0) } }, 2 },
	{ "ct mark set ct mark & 0xffff0000 ^ 0x00000010", { CT(MARK, 0xff),
	  { .kind = GW_EXPR_BITWISE, .sreg = R(0), .dreg = R(0), .len = 4, BYTES("\0\0\xff\xff"),
	    END("\x10\0\0\0") },
	  { .kind = GW_EXPR_CT, .key = NFT_CT_MARK, .dir = 0xff, .set = true, .sreg = R(0) } }, 3 },
	{ "meta mark set ct mark & 0xffff0000 | meta mark", { CT(MARK, 0xff), MASK("\0\0\xff\xff"),
	  { .kind = GW_EXPR_META, .key = NFT_META_MARK, .dreg = R(1) },
	  { .kind = GW_EXPR_BITWISE_OR, .sreg = R(0), .sreg2 = R(1), .dreg = R(0), .len = 4 },
	  { .kind = GW_EXPR_META, .key = NFT_META_MARK, .set = true, .sreg = R(0) } }, 5 },
	{ "meta mark set 0x00000001 meta mark set (earlier meta mark)", { META(MARK),
	  IMMEDIATE(1, "\1\0\0\0"),
	  { .kind = GW_EXPR_META, .key = NFT_META_MARK, .set = true, .sreg = R(1) },
	  { .kind = GW_EXPR_META, .key = NFT_META_MARK, .set = true, .sreg = R(0) } }, 4 },
	{ "counter limit rate over 100/minute burst 20 packets drop", { { .kind = GW_EXPR_COUNTER },
	  { .kind = GW_EXPR_LIMIT, .rate = 100, .unit = 60, .burst = 20, .op = 1 },
	  { .kind = GW_EXPR_IMMEDIATE, .verdict = GW_VERDICT_DROP } }, 3 },
	{ "limit rate 3/7 seconds burst 1 packets", {
	  { .kind = GW_EXPR_LIMIT, .rate = 3, .unit = 7, .burst = 1 } }, 1 },
	{ "log prefix \"gw drop\" group 5 snaplen 128", {
	  { .kind = GW_EXPR_LOG, .text = "gw drop", .group = 5, .snaplen = 128 } }, 1 },
	{ "reject with tcp reset", { { .kind = GW_EXPR_REJECT, .key = NFT_REJECT_TCP_RST } }, 1 },
	{ "reject with icmpx admin-prohibited", { { .kind = GW_EXPR_REJECT,
	  .key = NFT_REJECT_ICMPX_UNREACH, .op = NFT_REJECT_ICMPX_ADMIN_PROHIBITED } }, 1 },
	{ "snat ip to 10.0.0.1-10.0.0.9:1024-2047 random,persistent", {
	  IMMEDIATE(0, "\x0a\0\0\1"), IMMEDIATE(1, "\x0a\0\0\x09"), IMMEDIATE(2, "\4\0"),
	  IMMEDIATE(3, "\7\xff"),
	  { .kind = GW_EXPR_NAT, .key = NFT_NAT_SNAT, .family = NFPROTO_IPV4, .addr_min = R(0),
	    .addr_max = R(1), .port_min = R(2), .port_max = R(3),
	    .flags = NF_NAT_RANGE_PROTO_RANDOM | NF_NAT_RANGE_PERSISTENT } }, 5 },
	{ "dnat ip6 to [2001:db8::5]:80", {
	  IMMEDIATE(0, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\5"), IMMEDIATE(4, "\0\x50"),
	  { .kind = GW_EXPR_NAT, .key = NFT_NAT_DNAT, .family = NFPROTO_IPV6, .addr_min = R(0),
	    .port_min = R(4) } }, 3 },
	{ "masquerade fully-random", {
	  { .kind = GW_EXPR_MASQ, .flags = NF_NAT_RANGE_PROTO_RANDOM_FULLY } }, 1 },
	{ "update @rate { meta mark timeout 60s limit rate over 5/second burst 7 packets }", {
	  META(MARK), { .kind = GW_EXPR_DYNSET, .set_name = "rate", .key = NFT_DYNSET_OP_UPDATE,
	  .sreg = R(0), .timeout_ms = 60000, .rate = 5, .unit = 1, .burst = 7, .op = 1 } }, 2 },
	{ "add @rate { meta mark timeout 1500ms }", { META(MARK), { .kind = GW_EXPR_DYNSET,
	  .set_name = "rate", .key = NFT_DYNSET_OP_ADD, .sreg = R(0), .timeout_ms = 1500 } }, 2 },
	{ "jump drop_it", { { .kind = GW_EXPR_IMMEDIATE, .verdict = GW_VERDICT_JUMP,
	  .chain = "drop_it" } }, 1 },
	{ "<queue>", { { .kind = GW_EXPR_KINDS, .text = "queue", .rate = 77 } }, 1 },
	{ "? ?", { { .kind = GW_EXPR_CMP, .sreg = R(9) } }, 1 },
	{ "? @hosts", { { .kind = GW_EXPR_LOOKUP, .set_name = "hosts", .sreg = 3 } }, 1 },
};
/* clang-format on */

static struct gw_ruleset *with_sets(void)
{
	static const struct gw_set sets[] = {
		{ .name = "pairs",
		  .key = { GW_TYPE_IFNAME, GW_TYPE_IFNAME },
		  .n_key = 2,
		  .map = true,
		  .data = GW_TYPE_VERDICT },
		{ .name = "src4",
		  .key = { GW_TYPE_MARK, GW_TYPE_IPV4 },
		  .n_key = 2,
		  .map = true,
		  .data = GW_TYPE_MARK },
		{ .name = "both", .key = { GW_TYPE_MARK, GW_TYPE_IPV4 }, .n_key = 2 },
		{ .name = "hosts", .key = { GW_TYPE_IPV4 }, .n_key = 1 },
	};
	struct gw_ruleset *ruleset = gw_ruleset_new(1, "gw");

	for (size_t i = 0; i < GW_COUNT(sets); i++)
		(void)gw_ruleset_add_set(ruleset, &sets[i]);
	gw_ruleset_finish(ruleset);
	return ruleset;
}

static void rules_read_as_nft_would_write_them(void **state)
{
	struct gw_ruleset *ruleset = with_sets();

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		gw_auto_text struct gw_text text = { 0 };
		struct gw_expr exprs[8];
		struct gw_rule rule = { .exprs = exprs, .n_exprs = cases[i].n };

		memcpy(exprs, cases[i].exprs, sizeof(exprs));
		gw_text_puts(&text, "  ");
		gw_print_rule(&text, ruleset, &rule);
		if (strcmp(text.bytes + 2, cases[i].text) != 0)
			fail_msg("\"%s\", not \"%s\"", text.bytes + 2, cases[i].text);
	}
	gw_ruleset_free(ruleset);
}

/* Each look-up names the one before it twice: without a bound, 2^100 characters. */
static void a_rule_made_to_fill_the_memory_is_cut_short(void **state)
{
	struct gw_ruleset *ruleset = with_sets();
	gw_auto_text struct gw_text text = { 0 };
	struct gw_expr exprs[100];
	struct gw_rule rule = { .exprs = exprs, .n_exprs = GW_COUNT(exprs) };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(exprs); i++)
		exprs[i] = (struct gw_expr){ .kind = GW_EXPR_BITWISE_OR,
					     .sreg = R(0),
					     .sreg2 = R(0),
					     .dreg = R(0),
					     .len = 4 };
	exprs[0] = (struct gw_expr)META(MARK);
	exprs[99] = (struct gw_expr)CMP(EQ, "\1\0\0\0");
	gw_print_rule(&text, ruleset, &rule);
	assert_true(text.len < 5000);
	gw_ruleset_free(ruleset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_read_as_nft_would_write_them),
		cmocka_unit_test(a_rule_made_to_fill_the_memory_is_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
