/* Building, order and look-up; sizes of keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/ruleset/ruleset.h"

#define MANY 4096u

static void chains_and_sets_are_found_by_name_whatever_the_order(void **state)
{
	struct gw_ruleset *ruleset = gw_ruleset_new(1, "gw");
	char name[32];

	(void)state;
	for (unsigned int i = 0; i < MANY; i++) {
		struct gw_set definition = { .key = { GW_TYPE_MARK }, .n_key = 1 };

		(void)snprintf(name, sizeof(name), "n%u", i * 2654435761u % MANY);
		definition.name = name;
		definition.size = i + 1;
		(void)gw_ruleset_add_chain(ruleset, name, NULL, NULL);
		(void)gw_ruleset_add_set(ruleset, &definition);
	}
	gw_ruleset_finish(ruleset);
	for (unsigned int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "n%u", i * 2654435761u % MANY);
		assert_string_equal(gw_ruleset_chain(ruleset, name)->name, name);
		assert_int_equal(gw_ruleset_set(ruleset, name)->size, i + 1);
	}
	assert_null(gw_ruleset_chain(ruleset, "n"));
	assert_null(gw_ruleset_set(ruleset, "n4096"));
	gw_ruleset_free(ruleset);
}

static void an_empty_ruleset_has_nothing_to_find(void **state)
{
	struct gw_ruleset *ruleset = gw_ruleset_new(1, "gw");

	(void)state;
	gw_ruleset_finish(ruleset);
	assert_null(gw_ruleset_chain(ruleset, "a"));
	assert_null(gw_ruleset_set(ruleset, "a"));
	gw_ruleset_free(ruleset);
	gw_ruleset_free(NULL);
}

static void elements_are_sorted_by_their_bytes(void **state)
{
	static const uint8_t keys[][4] = {
		{ 2, 0, 0, 0 }, { 0, 0, 0, 1 }, { 255, 0, 0, 0 }, { 1, 9, 9, 9 }, { 0, 0, 0, 0 }
	};
	const struct gw_set definition = { .name = "s", .key = { GW_TYPE_IPV4 }, .n_key = 1 };
	struct gw_ruleset *ruleset = gw_ruleset_new(1, "gw");
	struct gw_set *set = gw_ruleset_add_set(ruleset, &definition);

	(void)state;
	for (size_t i = 0; i < GW_COUNT(keys); i++)
		gw_ruleset_add_elem(ruleset, set, (struct gw_elem){ .key = keys[i] });
	gw_ruleset_finish(ruleset);
	set = gw_ruleset_set(ruleset, "s");
	for (size_t i = 1; i < set->n_elems; i++)
		assert_true(memcmp(set->elems[i - 1].key, set->elems[i].key, 4) < 0);
	gw_ruleset_free(ruleset);
}

static void the_name_alone_says_whether_a_set_belongs_to_a_run_time_writer(void **state)
{
	static const struct {
		const char *name;
		bool run_time;
	} cases[] = {
		{ "rt_bans", true }, { "rt_", true }, { "rt", false }, { "my_rt_set", false }
	};
	struct gw_ruleset *ruleset = gw_ruleset_new(1, "gw");

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		/* What the definition says does not count. */
		const struct gw_set definition = { .name = cases[i].name,
						   .run_time = !cases[i].run_time };

		if (gw_ruleset_add_set(ruleset, &definition)->run_time != cases[i].run_time)
			fail_msg("%s", cases[i].name);
	}
	gw_ruleset_free(ruleset);
}

static void what_is_added_is_a_copy(void **state)
{
	struct gw_ruleset *ruleset = gw_ruleset_new(1, "gw");
	char name[] = "chain", comment[] = "comment";
	struct gw_expr expr = { .kind = GW_EXPR_COUNTER };
	struct gw_chain *chain = gw_ruleset_add_chain(ruleset, name, NULL, NULL);
	struct gw_rule *rule = gw_ruleset_add_rule(ruleset, chain, &expr, 1, NULL, comment);

	(void)state;
	memset(name, 'x', 2);
	memset(comment, 'x', 2);
	expr.kind = GW_EXPR_LOG;
	assert_string_equal(chain->name, "chain");
	assert_string_equal(rule->comment, "comment");
	assert_int_equal(rule->exprs[0].kind, GW_EXPR_COUNTER);
	gw_ruleset_free(ruleset);
}

static void keys_are_as_long_as_the_kernel_wants_them(void **state)
{
	static const struct {
		struct gw_set set;
		uint32_t key, data;
	} cases[] = {
		{ { .key = { GW_TYPE_PORT }, .n_key = 1 }, 2, 0 },
		{ { .key = { GW_TYPE_PROTO }, .n_key = 1 }, 1, 0 },
		{ { .key = { GW_TYPE_ETHER }, .n_key = 1 }, 6, 0 },
		{ { .key = { GW_TYPE_ETHER, GW_TYPE_IFNAME }, .n_key = 2 }, 24, 0 },
		{ { .key = { GW_TYPE_MARK, GW_TYPE_PROTO, GW_TYPE_PORT }, .n_key = 3 }, 12, 0 },
		{ { .key = { GW_TYPE_MARK, GW_TYPE_IPV6 },
		    .n_key = 2,
		    .map = true,
		    .data = GW_TYPE_MARK },
		  20,
		  4 },
		{ { .key = { GW_TYPE_IPV4 }, .n_key = 1, .map = true, .data = GW_TYPE_VERDICT },
		  4,
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++)
		if (gw_set_key_len(&cases[i].set) != cases[i].key ||
		    gw_set_data_len(&cases[i].set) != cases[i].data)
			fail_msg("case %zu: %u and %u bytes", i, gw_set_key_len(&cases[i].set),
				 gw_set_data_len(&cases[i].set));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_and_sets_are_found_by_name_whatever_the_order),
		cmocka_unit_test(an_empty_ruleset_has_nothing_to_find),
		cmocka_unit_test(elements_are_sorted_by_their_bytes),
		cmocka_unit_test(the_name_alone_says_whether_a_set_belongs_to_a_run_time_writer),
		cmocka_unit_test(what_is_added_is_a_copy),
		cmocka_unit_test(keys_are_as_long_as_the_kernel_wants_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
