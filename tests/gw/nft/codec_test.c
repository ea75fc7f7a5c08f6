#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gw/nft/codec.h"
#include "tests/support/nft_sample.h"

#define ROUNDS 20000

struct buffer {
	uint8_t bytes[65536] __attribute__((aligned(4)));
};

/* A rule message as the kernel would send it. */
static struct nlmsghdr *rule_message(struct buffer *buffer, const struct gw_rule *rule)
{
	struct nlmsghdr *message;

	memset(buffer, 0, sizeof(*buffer));
	message = mnl_nlmsg_put_header(buffer->bytes);
	(void)mnl_nlmsg_put_extra_header(message, sizeof(struct nfgenmsg));
	mnl_attr_put_strz(message, NFTA_RULE_CHAIN, "forward");
	mnl_attr_put_u64(message, NFTA_RULE_HANDLE, 0x0700000000000000u);
	gw_rule_put(message, rule);
	return message;
}

static void decoding_what_was_encoded_gives_the_same(void **state)
{
	struct buffer *buffer = malloc(sizeof(*buffer));
	unsigned int seed = 20261123, round;

	(void)state;
	assert_non_null(buffer);
	for (round = 0; round < ROUNDS; round++) {
		struct gw_arena *arena = gw_arena_new();
		enum gw_expr_kind kind = (enum gw_expr_kind)(round % GW_EXPR_KINDS);
		struct gw_expr expr = nft_sample_expr(arena, kind, &seed);
		const struct gw_rule rule = { .exprs = &expr, .n_exprs = 1, .comment = "why" };
		struct gw_rule seen;
		const char *chain;

		assert_true(gw_exprs_valid(&expr, 1));
		assert_int_equal(gw_rule_get(arena, rule_message(buffer, &rule), &seen, &chain), 0);
		if (!gw_rule_equal(&rule, &seen))
			fail_msg("kind %d, round %u", (int)kind, round);
		assert_string_equal(chain, "forward");
		assert_string_equal(seen.comment, "why");
		assert_int_equal(seen.handle, 7);
		if (kind == GW_EXPR_COUNTER) {
			assert_int_equal(seen.exprs[0].packets, expr.packets);
			assert_int_equal(seen.exprs[0].bytes, expr.bytes);
		}
		gw_arena_free(arena);
	}
	free(buffer);
}

/* One expression by hand: name, then attributes of four bytes. */
static struct gw_expr decode_by_hand(struct gw_arena *arena, struct buffer *buffer,
				     const char *name, const uint16_t *attrs, size_t n)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer->bytes);
	struct nlattr *nest = mnl_attr_nest_start(message, NFTA_LIST_ELEM), *data;
	struct gw_expr expr;

	mnl_attr_put_strz(message, NFTA_EXPR_NAME, name);
	data = mnl_attr_nest_start(message, NFTA_EXPR_DATA);
	for (size_t i = 0; i < n; i++)
		mnl_attr_put_u32(message, attrs[i], 0x08000000);
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, nest);
	gw_expr_get(arena, nest, &expr);
	return expr;
}

static void what_is_not_ours_is_equal_to_none_of_ours(void **state)
{
	static const struct {
		const char *name;
		uint16_t attrs[4];
		size_t n;
		bool ours;
	} cases[] = {
		{ "meta", { NFTA_META_DREG, NFTA_META_KEY }, 2, true },
		{ "meta", { NFTA_META_DREG, NFTA_META_KEY, NFTA_META_SREG }, 3, false },
		{ "meta", { NFTA_META_KEY }, 1, false },
		{ "meta", { NFTA_META_DREG, NFTA_META_KEY, 14 }, 3, false },
		{ "meta", { NFTA_META_DREG, NFTA_META_KEY, 900 }, 3, false },
		{ "payload",
		  { NFTA_PAYLOAD_SREG, NFTA_PAYLOAD_BASE, NFTA_PAYLOAD_OFFSET, NFTA_PAYLOAD_LEN },
		  4,
		  false },
		{ "queue", { 1, 2 }, 2, false },
		{ "", { 1 }, 1, false },
		{ "limit", { 1, 2, 3, 4 }, 4, false }, /* of the wrong lengths */
	};
	struct buffer *buffer = malloc(sizeof(*buffer));
	struct gw_arena *arena = gw_arena_new();

	(void)state;
	assert_non_null(buffer);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gw_expr expr =
			decode_by_hand(arena, buffer, cases[i].name, cases[i].attrs, cases[i].n);

		if ((expr.kind < GW_EXPR_KINDS) != cases[i].ours)
			fail_msg("case %zu: %s decodes to kind %d", i, cases[i].name,
				 (int)expr.kind);
	}
	gw_arena_free(arena);
	free(buffer);
}

static void what_cannot_be_sent_is_found_before(void **state)
{
	static const uint8_t data[100];
	char name[300];
	struct gw_expr cases[] = {
		{ .kind = GW_EXPR_KINDS },
		{ .kind = GW_EXPR_CMP, .sreg = GW_REG(0), .data = data, .data_len = 100 },
		{ .kind = GW_EXPR_CMP, .sreg = GW_REG(0) },
		{ .kind = GW_EXPR_LOOKUP, .sreg = GW_REG(0) },
		{ .kind = GW_EXPR_LOOKUP, .sreg = GW_REG(0), .set_name = name },
		{ .kind = GW_EXPR_IMMEDIATE, .verdict = GW_VERDICT_JUMP },
		{ .kind = GW_EXPR_IMMEDIATE },
		{ .kind = GW_EXPR_LOG, .text = name },
		{ .kind = GW_EXPR_RANGE, .data = data, .data_len = 4 },
	};

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (gw_exprs_valid(&cases[i], 1))
			fail_msg("case %zu", i);
	}
	assert_false(gw_exprs_valid(cases, GW_RULE_EXPRS_MAX + 1));
}

static void a_long_comment_is_cut_between_characters(void **state)
{
	struct buffer *buffer = malloc(sizeof(*buffer));
	struct gw_arena *arena = gw_arena_new();
	struct gw_rule rule = { 0 }, seen;
	char comment[400];
	const char *chain;
	size_t len;

	(void)state;
	assert_non_null(buffer);
	for (len = 0; len + 3 < sizeof(comment); len += 3)
		memcpy(comment + len, "\xe3\x81\x82", 3);
	comment[len] = '\0';
	rule.comment = comment;
	assert_int_equal(gw_rule_get(arena, rule_message(buffer, &rule), &seen, &chain), 0);
	assert_true(strlen(seen.comment) < GW_RULE_COMMENT_MAX);
	assert_int_equal(strlen(seen.comment) % 3, 0);
	assert_memory_equal(seen.comment, comment, strlen(seen.comment));
	gw_arena_free(arena);
	free(buffer);
}

static void rules_have_known_bytes(void **state)
{
	static const uint8_t mark[] = { 16, 0, 0, 0 };
	struct gw_expr exprs[] = {
		{ .kind = GW_EXPR_CT, .key = NFT_CT_MARK, .dreg = GW_REG(0), .dir = 0xff },
		{ .kind = GW_EXPR_CMP,
		  .sreg = GW_REG(0),
		  .op = NFT_CMP_EQ,
		  .data = mark,
		  .data_len = 4 },
		{ .kind = GW_EXPR_IMMEDIATE, .verdict = GW_VERDICT_GOTO, .chain = "est" },
	};
	const struct gw_rule rule = { .exprs = exprs, .n_exprs = 3, .comment = "web" };
	static const char golden[] = "88000480" /* expressions */
				     "20000180070001006374000014000280080001000000000808000200"
				     "00000003"
				     "2c00018008000100636d7000"
				     "20000280080001000000000808000200"
				     "00000000"
				     "0c0003800800010010000000"
				     "380001800e000100696d6d6564696174650000002400028008000100"
				     "00000000"
				     "180002801400028008000100fffffffc0800020065737400"
				     "0a00070000047765"
				     "62000000";
	struct buffer *buffer = malloc(sizeof(*buffer));
	struct nlmsghdr *message;
	char hex[2048] = "";
	size_t i, start;

	(void)state;
	assert_non_null(buffer);
	memset(buffer, 0, sizeof(*buffer));
	message = mnl_nlmsg_put_header(buffer->bytes);
	start = message->nlmsg_len;
	gw_rule_put(message, &rule);
	for (i = start; i < message->nlmsg_len; i++)
		(void)snprintf(hex + 2 * (i - start), 3, "%02x", buffer->bytes[i]);
	assert_string_equal(hex, golden);
	free(buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decoding_what_was_encoded_gives_the_same),
		cmocka_unit_test(what_is_not_ours_is_equal_to_none_of_ours),
		cmocka_unit_test(what_cannot_be_sent_is_found_before),
		cmocka_unit_test(a_long_comment_is_cut_between_characters),
		cmocka_unit_test(rules_have_known_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
