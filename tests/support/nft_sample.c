#include "tests/support/nft_sample.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"

#define BYTES(...)                                                                                 \
	(const uint8_t[])                                                                          \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#define R(n) GW_REG(n)

/* clang-format off */
static const uint8_t zeros[16], ones[16] = {
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};

/* Every kind that a filter chain may hold, with each way to use it. */
static const struct gw_expr filter_exprs[] = {
	{ .kind = GW_EXPR_META, .key = NFT_META_IIFNAME, .dreg = R(0) },
	{ .kind = GW_EXPR_META, .key = NFT_META_MARK, .dreg = R(4) },
	{ .kind = GW_EXPR_META, .key = NFT_META_MARK, .sreg = R(4), .set = true },
	{ .kind = GW_EXPR_META, .key = NFT_META_TIME_HOUR, .dreg = R(0) },
	{ .kind = GW_EXPR_CT, .key = NFT_CT_STATE, .dreg = R(0), .dir = 0xff },
	{ .kind = GW_EXPR_CT, .key = NFT_CT_MARK, .dreg = R(0), .dir = 0xff },
	{ .kind = GW_EXPR_CT, .key = NFT_CT_MARK, .sreg = R(0), .dir = 0xff, .set = true },
	{ .kind = GW_EXPR_CT, .key = NFT_CT_SRC_IP, .dreg = R(0), .dir = 0 },
	{ .kind = GW_EXPR_CT, .key = NFT_CT_SRC_IP6, .dreg = R(0), .dir = 1 },
	{ .kind = GW_EXPR_CT, .key = NFT_CT_PROTO_SRC, .dreg = R(1), .dir = 1 },
	{ .kind = GW_EXPR_CT, .key = NFT_CT_PROTOCOL, .dreg = R(1), .dir = 0xff },
	{ .kind = GW_EXPR_CT, .key = NFT_CT_DIRECTION, .dreg = R(1), .dir = 0xff },
	{ .kind = GW_EXPR_CT, .key = NFT_CT_STATUS, .dreg = R(1), .dir = 0xff },
	{ .kind = GW_EXPR_PAYLOAD, .base = NFT_PAYLOAD_NETWORK_HEADER, .offset = 12, .len = 4,
	  .dreg = R(0) },
	{ .kind = GW_EXPR_PAYLOAD, .base = NFT_PAYLOAD_LL_HEADER, .offset = 6, .len = 6,
	  .dreg = R(0) },
	{ .kind = GW_EXPR_PAYLOAD, .base = NFT_PAYLOAD_TRANSPORT_HEADER, .offset = 2, .len = 2,
	  .dreg = R(0) },
	{ .kind = GW_EXPR_RT, .key = NFT_RT_TCPMSS, .dreg = R(0) },
	{ .kind = GW_EXPR_BYTEORDER, .sreg = R(0), .dreg = R(0), .op = NFT_BYTEORDER_HTON, .key = 2,
	  .len = 2 },
	{ .kind = GW_EXPR_EXTHDR, .key = 2, .offset = 2, .len = 2, .dreg = R(4) },
	{ .kind = GW_EXPR_EXTHDR, .key = 2, .offset = 2, .len = 2, .sreg = R(0), .set = true },
	{ .kind = GW_EXPR_IMMEDIATE, .dreg = R(3), .data = BYTES(1, 2, 3, 4), .data_len = 4 },
	{ .kind = GW_EXPR_IMMEDIATE, .dreg = R(4), .data = ones, .data_len = 16 },
	{ .kind = GW_EXPR_CMP, .sreg = R(3), .op = NFT_CMP_EQ, .data = BYTES(1, 2, 3, 4),
	  .data_len = 4 },
	{ .kind = GW_EXPR_CMP, .sreg = R(3), .op = NFT_CMP_NEQ, .data = BYTES(6), .data_len = 1 },
	{ .kind = GW_EXPR_CMP, .sreg = R(4), .op = NFT_CMP_EQ, .data = ones, .data_len = 16 },
	{ .kind = GW_EXPR_CMP, .sreg = R(4), .op = NFT_CMP_GTE, .data = ones, .data_len = 2 },
	{ .kind = GW_EXPR_RANGE, .sreg = R(3), .op = NFT_RANGE_NEQ, .data = BYTES(0, 1),
	  .data_end = BYTES(1, 0), .data_len = 2 },
	{ .kind = GW_EXPR_BITWISE, .sreg = R(4), .dreg = R(0), .len = 4,
	  .data = BYTES(0xff, 0xff, 0, 0), .data_end = zeros, .data_len = 4 },
	{ .kind = GW_EXPR_BITWISE, .sreg = R(4), .dreg = R(4), .len = 16, .data = ones,
	  .data_end = zeros, .data_len = 16 },
	{ .kind = GW_EXPR_FIB, .key = NFT_FIB_RESULT_OIF, .dreg = R(0),
	  .flags = NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT },
	{ .kind = GW_EXPR_FIB, .key = NFT_FIB_RESULT_ADDRTYPE, .dreg = R(0),
	  .flags = NFTA_FIB_F_DADDR },
	{ .kind = GW_EXPR_HEADER, .key = 44, .len = 1, .flags = NFT_EXTHDR_F_PRESENT,
	  .dreg = R(0) },
	{ .kind = GW_EXPR_HEADER, .key = 44, .offset = 2, .len = 2, .dreg = R(4) },
	{ .kind = GW_EXPR_COUNTER },
	{ .kind = GW_EXPR_LIMIT, .rate = 10, .unit = 1, .burst = 5 },
	{ .kind = GW_EXPR_LIMIT, .rate = 100, .unit = 60, .burst = 20, .op = 1 },
	{ .kind = GW_EXPR_LOG, .group = 5, .snaplen = 128, .text = "gw drop spoof" },
	{ .kind = GW_EXPR_LOG, .group = 0 },
};
/* clang-format on */

static void immediate(struct gw_ruleset *ruleset, struct gw_chain *chain,
		      enum gw_verdict_code verdict, const char *target)
{
	const struct gw_expr expr = {
		.kind = GW_EXPR_IMMEDIATE,
		.dreg = GW_REG_VERDICT,
		.verdict = verdict,
		.chain = target,
	};

	(void)gw_ruleset_add_rule(ruleset, chain, &expr, 1, NULL, NULL);
}

static void fill_filter(struct gw_ruleset *ruleset, struct gw_chain *chain)
{
	const struct gw_expr looks[] = {
		{ .kind = GW_EXPR_META, .key = NFT_META_MARK, .dreg = R(0) },
		{ .kind = GW_EXPR_LOOKUP, .set_name = "live", .sreg = R(0), .map = true },
	};
	const struct gw_expr values[] = {
		{ .kind = GW_EXPR_META, .key = NFT_META_MARK, .dreg = R(0) },
		{ .kind = GW_EXPR_CT, .key = NFT_CT_SRC_IP, .dreg = R(1), .dir = 0 },
		{ .kind = GW_EXPR_LOOKUP,
		  .set_name = "src4",
		  .sreg = R(0),
		  .dreg = R(5),
		  .map = true },
		{ .kind = GW_EXPR_LOOKUP, .set_name = "hosts4_many", .sreg = R(1), .op = 1 },
	};
	const struct gw_expr rate[] = {
		{ .kind = GW_EXPR_META, .key = NFT_META_MARK, .dreg = R(0) },
		{ .kind = GW_EXPR_DYNSET,
		  .set_name = "rt_rate",
		  .key = NFT_DYNSET_OP_UPDATE,
		  .sreg = R(0),
		  .timeout_ms = 60000,
		  .rate = 5,
		  .unit = 1,
		  .burst = 7,
		  .op = 1 },
	};
	const struct gw_expr seen[] = {
		{ .kind = GW_EXPR_META, .key = NFT_META_MARK, .dreg = R(0) },
		{ .kind = GW_EXPR_DYNSET,
		  .set_name = "rt_rate",
		  .key = NFT_DYNSET_OP_ADD,
		  .sreg = R(0) },
	};
	size_t i;

	for (i = 0; i < GW_COUNT(filter_exprs); i++) {
		struct gw_expr pair[3];
		size_t n = 0;

		/* The kernel refuses to read a register that the rule has not written. */
		pair[n++] = (struct gw_expr){
			.kind = GW_EXPR_IMMEDIATE, .dreg = R(4), .data = ones, .data_len = 16
		};
		if (filter_exprs[i].sreg == R(3) || filter_exprs[i].sreg == R(0))
			pair[n++] = (struct gw_expr){ .kind = GW_EXPR_IMMEDIATE,
						      .dreg = filter_exprs[i].sreg,
						      .data = ones,
						      .data_len = 4 };
		pair[n++] = filter_exprs[i];
		(void)gw_ruleset_add_rule(ruleset, chain, pair, n, NULL, "a rule's comment");
	}
	(void)gw_ruleset_add_rule(ruleset, chain, looks, GW_COUNT(looks), NULL, NULL);
	(void)gw_ruleset_add_rule(ruleset, chain, values, GW_COUNT(values), NULL, NULL);
	(void)gw_ruleset_add_rule(ruleset, chain, rate, GW_COUNT(rate), NULL, NULL);
	(void)gw_ruleset_add_rule(ruleset, chain, seen, GW_COUNT(seen), NULL, NULL);
	immediate(ruleset, chain, GW_VERDICT_JUMP, "drop_it");
	immediate(ruleset, chain, GW_VERDICT_GOTO, "drop_it");
	immediate(ruleset, chain, GW_VERDICT_RETURN, NULL);
	immediate(ruleset, chain, GW_VERDICT_ACCEPT, NULL);
}

static void fill_drop(struct gw_ruleset *ruleset, struct gw_chain *chain)
{
	const struct gw_expr rejects[] = {
		{ .kind = GW_EXPR_REJECT, .key = NFT_REJECT_TCP_RST },
		{ .kind = GW_EXPR_REJECT,
		  .key = NFT_REJECT_ICMPX_UNREACH,
		  .op = NFT_REJECT_ICMPX_ADMIN_PROHIBITED },
		{ .kind = GW_EXPR_REJECT,
		  .key = NFT_REJECT_ICMPX_UNREACH,
		  .op = NFT_REJECT_ICMPX_NO_ROUTE },
	};
	size_t i;

	for (i = 0; i < GW_COUNT(rejects); i++)
		(void)gw_ruleset_add_rule(ruleset, chain, &rejects[i], 1, NULL, NULL);
	immediate(ruleset, chain, GW_VERDICT_DROP, NULL);
}

static void fill_nat(struct gw_ruleset *ruleset, struct gw_chain *chain, bool source)
{
	static const uint8_t addr[] = { 10, 0, 0, 1 }, port[] = { 0, 80 };
	struct gw_expr exprs[] = {
		{ .kind = GW_EXPR_IMMEDIATE, .dreg = R(0), .data = addr, .data_len = 4 },
		{ .kind = GW_EXPR_IMMEDIATE, .dreg = R(4), .data = port, .data_len = 2 },
		{ .kind = GW_EXPR_NAT,
		  .key = source ? NFT_NAT_SNAT : NFT_NAT_DNAT,
		  .family = NFPROTO_IPV4,
		  .addr_min = R(0) },
	};
	const struct gw_expr masq[] = {
		{ .kind = GW_EXPR_MASQ },
		{ .kind = GW_EXPR_MASQ, .flags = NF_NAT_RANGE_PROTO_RANDOM_FULLY },
	};

	(void)gw_ruleset_add_rule(ruleset, chain, exprs, 3, NULL, NULL);
	exprs[2].port_min = R(4);
	(void)gw_ruleset_add_rule(ruleset, chain, exprs, 3, NULL, NULL);
	exprs[2].flags = NF_NAT_RANGE_PERSISTENT;
	exprs[2].addr_max = R(4);
	exprs[2].port_min = 0;
	(void)gw_ruleset_add_rule(ruleset, chain, exprs, 3, NULL, NULL);
	if (!source)
		return;
	(void)gw_ruleset_add_rule(ruleset, chain, &masq[0], 1, NULL, NULL);
	(void)gw_ruleset_add_rule(ruleset, chain, &masq[1], 1, NULL, NULL);
}

static void add_chains(struct gw_ruleset *ruleset)
{
	static const struct gw_base_hook forward = {
		.hook = NF_INET_FORWARD, .priority = 0, .type = "filter", .policy_drop = true
	};
	static const struct gw_base_hook raw = { .hook = NF_INET_PRE_ROUTING,
						 .priority = -300,
						 .type = "filter" };
	static const struct gw_base_hook pre = { .hook = NF_INET_PRE_ROUTING,
						 .priority = -100,
						 .type = "nat" };
	static const struct gw_base_hook post = { .hook = NF_INET_POST_ROUTING,
						  .priority = 100,
						  .type = "nat" };

	(void)gw_ruleset_add_chain(ruleset, "forward", &forward, NULL);
	(void)gw_ruleset_add_chain(ruleset, "raw", &raw, NULL);
	(void)gw_ruleset_add_chain(ruleset, "nat_post", &post, NULL);
	(void)gw_ruleset_add_chain(ruleset, "nat_pre", &pre, NULL);
	(void)gw_ruleset_add_chain(ruleset, "drop_it", NULL, NULL);
	(void)gw_ruleset_add_chain(ruleset, "checks", NULL, NULL);
}

static const struct gw_set definitions[] = {
	{ .name = "live",
	  .key = { GW_TYPE_MARK },
	  .n_key = 1,
	  .map = true,
	  .data = GW_TYPE_VERDICT,
	  .counter = true },
	{ .name = "live_timed",
	  .key = { GW_TYPE_MARK },
	  .n_key = 1,
	  .map = true,
	  .data = GW_TYPE_VERDICT,
	  .counter = true,
	  .timeout = true },
	{ .name = "pairs",
	  .key = { GW_TYPE_IFNAME, GW_TYPE_IFNAME },
	  .n_key = 2,
	  .map = true,
	  .data = GW_TYPE_VERDICT },
	{ .name = "src4",
	  .key = { GW_TYPE_MARK, GW_TYPE_IPV4 },
	  .n_key = 2,
	  .map = true,
	  .data = GW_TYPE_MARK,
	  .interval = true },
	{ .name = "src6",
	  .key = { GW_TYPE_MARK, GW_TYPE_IPV6 },
	  .n_key = 2,
	  .map = true,
	  .data = GW_TYPE_MARK,
	  .interval = true },
	{ .name = "services",
	  .key = { GW_TYPE_MARK, GW_TYPE_PROTO, GW_TYPE_PORT },
	  .n_key = 3,
	  .map = true,
	  .data = GW_TYPE_MARK,
	  .interval = true,
	  .counter = true },
	{ .name = "match",
	  .n_key = 4,
	  .map = true,
	  .data = GW_TYPE_MARK,
	  .key = { GW_TYPE_MARK, GW_TYPE_MARK, GW_TYPE_MARK, GW_TYPE_MARK },
	  .size = 65536 },
	{ .name = "hosts4_many", .key = { GW_TYPE_IPV4 }, .n_key = 1, .size = 100000 },
	{ .name = "nets4", .key = { GW_TYPE_IPV4 }, .n_key = 1, .interval = true },
	{ .name = "nets6",
	  .key = { GW_TYPE_IPV6 },
	  .n_key = 1,
	  .interval = true,
	  .map = true,
	  .data = GW_TYPE_MARK,
	  .counter = true },
	{ .name = "bans", .key = { GW_TYPE_IPV4 }, .n_key = 1, .interval = true, .timeout = true },
	{ .name = "macs", .key = { GW_TYPE_ETHER, GW_TYPE_IFNAME }, .n_key = 2 },
	{ .name = "mac", .key = { GW_TYPE_ETHER }, .n_key = 1 },
	{ .name = "ports", .key = { GW_TYPE_PORT }, .n_key = 1 },
	{ .name = "protos", .key = { GW_TYPE_PROTO }, .n_key = 1 },
	{ .name = "zoned", .key = { GW_TYPE_IFNAME }, .n_key = 1 },
	{ .name = "rt_rate",
	  .key = { GW_TYPE_MARK },
	  .n_key = 1,
	  .dynamic = true,
	  .timeout = true,
	  .size = 1024,
	  .run_time = true },
};

static void add_sets(struct gw_ruleset *ruleset)
{
	size_t i;

	for (i = 0; i < GW_COUNT(definitions); i++)
		(void)gw_ruleset_add_set(ruleset, &definitions[i]);
}

static uint8_t *bytes_of(struct gw_ruleset *ruleset, const void *bytes, size_t len)
{
	return gw_arena_memdup(ruleset->arena, bytes, len);
}

/* Adds an element whose key, last key and data have as many bytes as the set says. */
static void add(struct gw_ruleset *ruleset, const char *name, const void *key, const void *key_end,
		struct gw_elem elem)
{
	struct gw_set *set = gw_ruleset_set(ruleset, name);
	uint32_t len = gw_set_key_len(set);

	elem.key = bytes_of(ruleset, key, len);
	elem.key_end = key_end ? bytes_of(ruleset, key_end, len) : NULL;
	if (elem.data)
		elem.data = bytes_of(ruleset, elem.data, gw_set_data_len(set));
	gw_ruleset_add_elem(ruleset, set, elem);
}

static void add_elements(struct gw_ruleset *ruleset, int64_t now_ms)
{
	const struct gw_elem none = { 0 }, accept = { .verdict = GW_VERDICT_ACCEPT };
	const struct gw_elem jump = { .verdict = GW_VERDICT_JUMP, .chain = "checks" };
	const struct gw_elem to = { .verdict = GW_VERDICT_GOTO, .chain = "drop_it" };
	const struct gw_elem value = { .data = BYTES(9, 0, 0, 0) };
	struct gw_elem counted = accept, timed = accept, ban = none;
	const char pair[32] = "hq0", other[32] = "wan0";

	counted.packets = 7;
	counted.bytes = 12345;
	timed.expires_ms = now_ms + 3600 * 1000;
	ban.expires_ms = now_ms + 60 * 1000;
	add(ruleset, "live", BYTES(16, 0, 0, 0), NULL, counted);
	add(ruleset, "live", BYTES(17, 0, 0, 0), NULL, jump);
	add(ruleset, "live_timed", BYTES(18, 0, 0, 0), NULL, timed);
	add(ruleset, "pairs", pair, NULL, to);
	add(ruleset, "pairs", other, NULL, jump);
	add(ruleset, "src4", BYTES(0, 0, 0, 1, 10, 0, 0, 0), BYTES(0, 0, 0, 1, 10, 255, 255, 255),
	    value);
	add(ruleset, "src4", BYTES(0, 0, 0, 1, 192, 0, 2, 1), NULL, value);
	add(ruleset, "src4", BYTES(2, 0, 0, 0, 0, 0, 0, 0), BYTES(2, 0, 0, 0, 255, 255, 255, 255),
	    value);
	add(ruleset, "services", BYTES(0, 0, 0, 1, 6, 0, 0, 0, 0, 80, 0, 0),
	    BYTES(0, 0, 0, 1, 6, 0, 0, 0, 0, 90, 0, 0), value);
	add(ruleset, "match", BYTES(1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0), NULL, value);
	add(ruleset, "hosts4_many", BYTES(192, 0, 2, 7), NULL, none);
	add(ruleset, "hosts4_many", BYTES(255, 255, 255, 255), NULL, none);
	add(ruleset, "nets4", BYTES(10, 0, 0, 0), BYTES(10, 0, 0, 255), none);
	add(ruleset, "nets4", BYTES(10, 0, 1, 0), BYTES(10, 0, 1, 255), none); /* adjacent */
	add(ruleset, "nets4", BYTES(10, 1, 0, 1), NULL, none);
	add(ruleset, "nets4", BYTES(255, 0, 0, 0), BYTES(255, 255, 255, 255), none);
	add(ruleset, "nets4", BYTES(0, 0, 0, 0), BYTES(0, 255, 255, 255), none);
	add(ruleset, "nets6", zeros, NULL, value);
	add(ruleset, "nets6", ones, NULL, value);
	add(ruleset, "bans", BYTES(198, 51, 100, 0), BYTES(198, 51, 100, 255), ban);
	add(ruleset, "macs",
	    BYTES(2, 0, 0, 0, 0, 1, 0, 0, 'h', 'q', '0', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
	    NULL, none);
	add(ruleset, "mac", BYTES(2, 0, 0, 0, 0, 1), NULL, none);
	add(ruleset, "ports", BYTES(0, 22), NULL, none);
	add(ruleset, "protos", BYTES(6), NULL, none);
	add(ruleset, "zoned", pair, NULL, none);
}

struct gw_ruleset *nft_sample(int64_t now_ms)
{
	struct gw_ruleset *ruleset = gw_ruleset_new(NFPROTO_INET, "gw");

	add_chains(ruleset);
	add_sets(ruleset);
	gw_ruleset_finish(ruleset);
	fill_filter(ruleset, gw_ruleset_chain(ruleset, "forward"));
	fill_drop(ruleset, gw_ruleset_chain(ruleset, "drop_it"));
	fill_nat(ruleset, gw_ruleset_chain(ruleset, "nat_post"), true);
	fill_nat(ruleset, gw_ruleset_chain(ruleset, "nat_pre"), false);
	add_elements(ruleset, now_ms);
	gw_ruleset_finish(ruleset);
	return ruleset;
}

static uint32_t pick(unsigned int *seed, uint32_t below)
{
	return (uint32_t)rand_r(seed) % below;
}

struct gw_ruleset *nft_sample_random(unsigned int seed)
{
	struct gw_ruleset *ruleset = gw_ruleset_new(NFPROTO_INET, "gw");
	struct gw_chain *chain;
	unsigned int host;
	size_t i;

	add_chains(ruleset);
	add_sets(ruleset);
	gw_ruleset_finish(ruleset);
	chain = gw_ruleset_chain(ruleset, "forward");
	for (i = 0; i < GW_COUNT(filter_exprs); i++) {
		if (pick(&seed, 2) && !filter_exprs[i].sreg)
			(void)gw_ruleset_add_rule(ruleset, chain, &filter_exprs[i], 1, NULL, NULL);
	}
	for (host = 0; host < 200; host++) {
		const uint8_t addr[] = { 10, 0, (uint8_t)host, 1 },
			      last[] = { 10, 0, (uint8_t)host, 9 };
		const uint8_t mark[] = { (uint8_t)host, 1, 0, 0 };
		const struct gw_elem elem = { .verdict = GW_VERDICT_ACCEPT };
		uint8_t src[8] = { (uint8_t)host }, src_end[8] = { (uint8_t)host };
		const uint8_t class[4] = { (uint8_t)(1 + pick(&seed, 2)) };
		const struct gw_elem classed = { .data = bytes_of(ruleset, class, sizeof(class)) };

		memcpy(src + 4, addr, 4);
		memcpy(src_end + 4, last, 4);
		if (pick(&seed, 2))
			add(ruleset, "hosts4_many", addr, NULL, (struct gw_elem){ 0 });
		if (pick(&seed, 2))
			add(ruleset, "nets4", addr, last, (struct gw_elem){ 0 });
		if (pick(&seed, 2))
			add(ruleset, "live", mark, NULL, elem);
		if (pick(&seed, 2))
			add(ruleset, "src4", src, src_end, classed);
	}
	gw_ruleset_finish(ruleset);
	return ruleset;
}

static const uint8_t *random_bytes(struct gw_arena *arena, size_t len, unsigned int *seed)
{
	uint8_t *bytes = gw_arena_zalloc(arena, 1, len);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)pick(seed, 256);
	return bytes;
}

static void random_data(struct gw_arena *arena, struct gw_expr *expr, unsigned int *seed, bool both)
{
	expr->data_len = 1 + pick(seed, 16);
	expr->data = random_bytes(arena, expr->data_len, seed);
	if (both)
		expr->data_end = random_bytes(arena, expr->data_len, seed);
}

static void random_immediate(struct gw_arena *arena, struct gw_expr *expr, unsigned int *seed)
{
	if (pick(seed, 2)) {
		expr->dreg = R(pick(seed, 16));
		random_data(arena, expr, seed, false);
		return;
	}
	expr->verdict = (enum gw_verdict_code)(GW_VERDICT_ACCEPT + pick(seed, 5));
	if (expr->verdict == GW_VERDICT_JUMP || expr->verdict == GW_VERDICT_GOTO)
		expr->chain = "somewhere";
}

static void random_limit(struct gw_expr *expr, unsigned int *seed)
{
	expr->rate = 1 + pick(seed, 1000000);
	expr->unit = 1 + pick(seed, 3600);
	expr->burst = 1 + pick(seed, 100);
	expr->op = pick(seed, 2);
}

static void random_nat(struct gw_expr *expr, unsigned int *seed)
{
	expr->key = pick(seed, 2);
	expr->family = NFPROTO_IPV4;
	expr->addr_min = pick(seed, 2) ? R(0) : 0;
	expr->addr_max = expr->addr_min && pick(seed, 2) ? R(1) : 0;
	expr->port_min = pick(seed, 2) ? R(2) : 0;
	expr->port_max = expr->port_min && pick(seed, 2) ? R(3) : 0;
	expr->flags = pick(seed, 2) ? NF_NAT_RANGE_PERSISTENT : 0;
}

static void random_read_or_write(struct gw_expr *expr, unsigned int *seed)
{
	static const uint32_t dirs[] = { 0, 1, 0xff };

	expr->key = pick(seed, 25);
	expr->set = pick(seed, 2);
	*(expr->set ? &expr->sreg : &expr->dreg) = R(pick(seed, 16));
	if (expr->kind == GW_EXPR_CT)
		expr->dir = expr->set ? 0xff : dirs[pick(seed, 3)];
	if (expr->kind == GW_EXPR_EXTHDR)
		expr->len = 1 + pick(seed, 16);
}

static void random_arithmetic(struct gw_arena *arena, struct gw_expr *expr, unsigned int *seed)
{
	expr->sreg = R(pick(seed, 16));
	expr->dreg = R(pick(seed, 16));
	expr->len = 4;
	if (expr->kind == GW_EXPR_BITWISE)
		random_data(arena, expr, seed, true);
	if (expr->kind == GW_EXPR_BITWISE_OR)
		expr->sreg2 = R(pick(seed, 16));
	if (expr->kind == GW_EXPR_BYTEORDER) {
		expr->key = 2;
		expr->op = pick(seed, 2);
	}
}

static void random_lookup(struct gw_expr *expr, unsigned int *seed)
{
	expr->set_name = "pairs";
	expr->sreg = R(pick(seed, 16));
	expr->map = pick(seed, 2);
	if (expr->map)
		expr->dreg = pick(seed, 2) ? R(pick(seed, 16)) : GW_REG_VERDICT;
	else
		expr->op = pick(seed, 2);
}

static void random_dynset(struct gw_expr *expr, unsigned int *seed)
{
	expr->set_name = "rt_rate";
	expr->sreg = R(pick(seed, 16));
	expr->key = pick(seed, 2);
	expr->timeout_ms = pick(seed, 100000);
	if (pick(seed, 2))
		random_limit(expr, seed);
}

/* Kinds whose members are plain numbers. */
static void random_numbers(struct gw_expr *expr, unsigned int *seed)
{
	bool dreg = expr->kind == GW_EXPR_PAYLOAD || expr->kind == GW_EXPR_FIB ||
		    expr->kind == GW_EXPR_RT;

	expr->dreg = dreg ? R(pick(seed, 16)) : 0;
	if (expr->kind == GW_EXPR_PAYLOAD) {
		expr->base = pick(seed, 3);
		expr->offset = pick(seed, 64);
		expr->len = 1 + pick(seed, 16);
		return;
	}
	if (expr->kind != GW_EXPR_MASQ)
		expr->key = pick(seed, 4);
	if (expr->kind == GW_EXPR_REJECT)
		expr->op = pick(seed, 4);
	if (expr->kind == GW_EXPR_FIB || expr->kind == GW_EXPR_MASQ)
		expr->flags = pick(seed, 64);
}

struct gw_expr nft_sample_expr(struct gw_arena *arena, enum gw_expr_kind kind, unsigned int *seed)
{
	struct gw_expr expr = { .kind = kind };

	switch (kind) {
	case GW_EXPR_META:
	case GW_EXPR_CT:
	case GW_EXPR_EXTHDR:
		random_read_or_write(&expr, seed);
		break;
	case GW_EXPR_IMMEDIATE:
		random_immediate(arena, &expr, seed);
		break;
	case GW_EXPR_CMP:
	case GW_EXPR_RANGE:
		expr.sreg = R(pick(seed, 16));
		expr.op = pick(seed, 2);
		random_data(arena, &expr, seed, kind == GW_EXPR_RANGE);
		break;
	case GW_EXPR_BITWISE:
	case GW_EXPR_BITWISE_OR:
	case GW_EXPR_BYTEORDER:
		random_arithmetic(arena, &expr, seed);
		break;
	case GW_EXPR_LOOKUP:
		random_lookup(&expr, seed);
		break;
	case GW_EXPR_COUNTER:
		expr.packets = pick(seed, 100);
		expr.bytes = pick(seed, 100000);
		break;
	case GW_EXPR_LIMIT:
		random_limit(&expr, seed);
		break;
	case GW_EXPR_LOG:
		expr.group = pick(seed, 65536);
		expr.snaplen = pick(seed, 200);
		expr.text = pick(seed, 2) ? "prefix" : NULL;
		break;
	case GW_EXPR_NAT:
		random_nat(&expr, seed);
		break;
	case GW_EXPR_DYNSET:
		random_dynset(&expr, seed);
		break;
	case GW_EXPR_HEADER:
		expr.key = pick(seed, 256);
		expr.dreg = R(pick(seed, 16));
		expr.len = 1 + pick(seed, 4);
		expr.flags = pick(seed, 2);
		break;
	case GW_EXPR_PAYLOAD:
	case GW_EXPR_FIB:
	case GW_EXPR_RT:
	case GW_EXPR_REJECT:
	case GW_EXPR_MASQ:
		random_numbers(&expr, seed);
		break;
	case GW_EXPR_KINDS:
		break;
	}
	return expr;
}

static void assert_same_chain(const struct gw_chain *wanted, const struct gw_chain *seen)
{
	size_t i;

	if (!seen)
		fail_msg("chain %s is missing", wanted->name);
	assert_int_equal(!wanted->base, !seen->base);
	if (wanted->base) {
		assert_int_equal(wanted->base->hook, seen->base->hook);
		assert_int_equal(wanted->base->priority, seen->base->priority);
		assert_string_equal(wanted->base->type, seen->base->type);
		assert_int_equal(wanted->base->policy_drop, seen->base->policy_drop);
	}
	if (wanted->n_rules != seen->n_rules)
		fail_msg("chain %s: %zu rules, not %zu", wanted->name, seen->n_rules,
			 wanted->n_rules);
	for (i = 0; i < wanted->n_rules; i++) {
		if (!gw_rule_equal(&wanted->rules[i], &seen->rules[i]))
			fail_msg("chain %s: rule %zu differs (last expression is of kind %d)",
				 wanted->name, i,
				 (int)wanted->rules[i].exprs[wanted->rules[i].n_exprs - 1].kind);
		if (wanted->rules[i].comment)
			assert_string_equal(wanted->rules[i].comment, seen->rules[i].comment);
	}
}

static void assert_same_set(const struct gw_set *wanted, const struct gw_set *seen)
{
	size_t i;

	if (!seen)
		fail_msg("set %s is missing", wanted->name);
	if (!gw_set_definition_equal(wanted, seen))
		fail_msg("set %s is defined differently", wanted->name);
	assert_int_equal(wanted->run_time, seen->run_time);
	if (wanted->n_elems != seen->n_elems)
		fail_msg("set %s: %zu elements, not %zu", wanted->name, seen->n_elems,
			 wanted->n_elems);
	for (i = 0; i < wanted->n_elems; i++) {
		if (!gw_elem_equal(wanted, &wanted->elems[i], &seen->elems[i]))
			fail_msg("set %s: element %zu differs", wanted->name, i);
		assert_int_equal(wanted->elems[i].packets, seen->elems[i].packets);
		assert_int_equal(wanted->elems[i].bytes, seen->elems[i].bytes);
	}
}

void nft_sample_assert_same(const struct gw_ruleset *wanted, const struct gw_ruleset *seen)
{
	size_t i;

	assert_true(seen->exists);
	assert_int_equal(wanted->n_chains, seen->n_chains);
	assert_int_equal(wanted->n_sets, seen->n_sets);
	for (i = 0; i < wanted->n_chains; i++)
		assert_same_chain(&wanted->chains[i],
				  gw_ruleset_chain(seen, wanted->chains[i].name));
	for (i = 0; i < wanted->n_sets; i++)
		assert_same_set(&wanted->sets[i], gw_ruleset_set(seen, wanted->sets[i].name));
}
