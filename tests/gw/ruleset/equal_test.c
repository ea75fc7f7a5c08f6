/* When elements, rules and definitions count as the same. (The members of an expression one by one
 * are in encode_test.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/ruleset/ruleset.h"

#define KEY(text) ((const uint8_t *)(text))

static const struct gw_set verdicts = {
	.name = "v", .key = { GW_TYPE_MARK }, .n_key = 1, .map = true, .data = GW_TYPE_VERDICT
};
static const struct gw_set values = {
	.name = "m", .key = { GW_TYPE_MARK }, .n_key = 1, .map = true, .data = GW_TYPE_MARK
};
static const struct gw_set ranges = {
	.name = "r", .key = { GW_TYPE_IPV4 }, .n_key = 1, .interval = true
};

struct elem_case {
	const char *what;
	const struct gw_set *set;
	struct gw_elem a, b;
	bool equal;
};

static void elements_are_equal_if_they_do_the_same(void **state)
{
	static const struct elem_case cases[] = {
		{ "another key", &ranges, { .key = KEY("aaaa") }, { .key = KEY("aaab") }, false },
		{ "counts",
		  &ranges,
		  { .key = KEY("aaaa"), .packets = 1, .bytes = 2 },
		  { .key = KEY("aaaa") },
		  true },
		{ "a range of one",
		  &ranges,
		  { .key = KEY("aaaa"), .key_end = KEY("aaaa") },
		  { .key = KEY("aaaa") },
		  true },
		{ "another end",
		  &ranges,
		  { .key = KEY("aaaa"), .key_end = KEY("aaab") },
		  { .key = KEY("aaaa") },
		  false },
		{ "another verdict",
		  &verdicts,
		  { .key = KEY("aaaa"), .verdict = GW_VERDICT_ACCEPT },
		  { .key = KEY("aaaa"), .verdict = GW_VERDICT_DROP },
		  false },
		{ "another target",
		  &verdicts,
		  { .key = KEY("aaaa"), .verdict = GW_VERDICT_JUMP, .chain = "a" },
		  { .key = KEY("aaaa"), .verdict = GW_VERDICT_JUMP, .chain = "b" },
		  false },
		{ "the same target",
		  &verdicts,
		  { .key = KEY("aaaa"), .verdict = GW_VERDICT_JUMP, .chain = "a" },
		  { .key = KEY("aaaa"), .verdict = GW_VERDICT_JUMP, .chain = "a" },
		  true },
		{ "another value",
		  &values,
		  { .key = KEY("aaaa"), .data = KEY("1111") },
		  { .key = KEY("aaaa"), .data = KEY("1112") },
		  false },
		{ "an expiry two seconds off",
		  &ranges,
		  { .key = KEY("aaaa"), .expires_ms = 10000 },
		  { .key = KEY("aaaa"), .expires_ms = 12000 },
		  true },
		{ "an expiry more than that off",
		  &ranges,
		  { .key = KEY("aaaa"), .expires_ms = 10000 },
		  { .key = KEY("aaaa"), .expires_ms = 12001 },
		  false },
		{ "an expiry and none",
		  &ranges,
		  { .key = KEY("aaaa"), .expires_ms = 1 },
		  { .key = KEY("aaaa") },
		  false },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		const struct elem_case *row = &cases[i];

		if (gw_elem_equal(row->set, &row->a, &row->b) != row->equal ||
		    gw_elem_equal(row->set, &row->b, &row->a) != row->equal)
			fail_msg("%s", row->what);
	}
}

static void elements_are_ordered_by_key_then_by_end(void **state)
{
	static const struct gw_elem ordered[] = {
		{ .key = KEY("\0\0\0\0"), .key_end = KEY("\0\0\0\1") },
		{ .key = KEY("\0\0\0\0"), .key_end = KEY("\0\0\1\0") },
		{ .key = KEY("\0\0\0\1") },
		{ .key = KEY("\xff\0\0\0") },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(ordered); i++)
		for (size_t k = 0; k < GW_COUNT(ordered); k++) {
			int order = gw_elem_compare(&ranges, &ordered[i], &ordered[k]);

			assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
		}
}

static void definitions_are_equal_only_if_all_of_them_is(void **state)
{
	struct gw_set same = values, others[] = { values, values, values, values, values,
						  values, values, values, values, values };

	(void)state;
	others[0].name = "other";
	others[1].key[0] = GW_TYPE_IPV4;
	others[2].n_key = 0;
	others[3].data = GW_TYPE_IPV4;
	others[4].map = false;
	others[5].interval = true;
	others[6].timeout = true;
	others[7].counter = true;
	others[8].size = 1;
	others[9].constant = true;
	same.handle = 5;
	same.n_elems = 0;
	assert_true(gw_set_definition_equal(&values, &same));
	for (size_t i = 0; i < GW_COUNT(others); i++)
		if (gw_set_definition_equal(&values, &others[i]))
			fail_msg("case %zu", i);
}

static void rules_are_equal_if_their_expressions_are(void **state)
{
	struct gw_expr a[] = { { .kind = GW_EXPR_COUNTER, .packets = 3 },
			       { .kind = GW_EXPR_LOG, .text = "a" } };
	struct gw_expr b[] = { { .kind = GW_EXPR_COUNTER, .packets = 4 },
			       { .kind = GW_EXPR_LOG, .text = "a" } };
	struct gw_rule x = { .exprs = a, .n_exprs = 2, .comment = "x", .handle = 1 };
	struct gw_rule y = { .exprs = b, .n_exprs = 2, .comment = "y", .handle = 2 };

	(void)state;
	assert_true(gw_rule_equal(&x, &y));
	b[1].text = "b";
	assert_false(gw_rule_equal(&x, &y));
	b[1].text = NULL;
	assert_false(gw_rule_equal(&x, &y));
	b[1].text = "a";
	y.n_exprs = 1;
	assert_false(gw_rule_equal(&x, &y));
	y.n_exprs = 2;
	a[0].data = KEY("ab");
	b[0].data = KEY("ac");
	a[0].data_len = b[0].data_len = 1;
	assert_true(gw_rule_equal(&x, &y));
	a[0].data_len = b[0].data_len = 2;
	assert_false(gw_rule_equal(&x, &y));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_are_equal_if_they_do_the_same),
		cmocka_unit_test(elements_are_ordered_by_key_then_by_end),
		cmocka_unit_test(definitions_are_equal_only_if_all_of_them_is),
		cmocka_unit_test(rules_are_equal_if_their_expressions_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
