/* Rulesets of several tables: built, stored, compared and put into a kernel as one. */
#include <linux/netfilter.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "tests/support/plan_check.h"
#include "tests/support/random_ruleset.h"

#define SEEDS 200

/* Tables of these families with random contents, each of its own. */
static struct gw_ruleset *tables(uint64_t seed, const uint32_t *families, size_t n)
{
	struct gw_ruleset *first = NULL, *last = NULL;

	for (size_t i = 0; i < n; i++) {
		struct gw_ruleset *table = random_ruleset(seed * 7 + i);

		table->family = families[i];
		if (last)
			last->next = table;
		else
			first = table;
		last = table;
	}
	return first;
}

static const uint32_t all[] = { NFPROTO_INET, NFPROTO_NETDEV, NFPROTO_BRIDGE };

static void a_table_is_added_once_and_found_by_its_family(void **state)
{
	struct gw_ruleset *ruleset = gw_ruleset_new(NFPROTO_INET, "gw");
	struct gw_ruleset *netdev = gw_ruleset_add_table(ruleset, NFPROTO_NETDEV);

	(void)state;
	assert_ptr_equal(gw_ruleset_add_table(ruleset, NFPROTO_NETDEV), netdev);
	assert_ptr_equal(gw_ruleset_table(ruleset, NFPROTO_INET), ruleset);
	assert_ptr_equal(gw_ruleset_table(ruleset, NFPROTO_NETDEV), netdev);
	assert_null(gw_ruleset_table(ruleset, NFPROTO_BRIDGE));
	assert_string_equal(netdev->name, "gw");
	gw_ruleset_free(ruleset);
}

static void all_tables_come_back_as_they_were_stored(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct gw_ruleset *ruleset = tables(seed, all, GW_COUNT(all)), *read;
		gw_auto_text struct gw_text stored = { 0 };
		char before[65], after[65];

		gw_ruleset_encode(ruleset, &stored);
		read = gw_ruleset_decode(stored.bytes, stored.len);
		assert_non_null(read);
		gw_ruleset_digest(ruleset, before);
		gw_ruleset_digest(read, after);
		assert_string_equal(before, after);
		assert_non_null(gw_ruleset_table(read, NFPROTO_BRIDGE));
		gw_ruleset_free(read);
		gw_ruleset_free(ruleset);
	}
}

static void the_same_family_twice_is_not_read(void **state)
{
	static const uint32_t twice[] = { NFPROTO_INET, NFPROTO_NETDEV, NFPROTO_INET };
	struct gw_ruleset *ruleset = tables(1, twice, GW_COUNT(twice));
	gw_auto_text struct gw_text stored = { 0 };

	(void)state;
	gw_ruleset_encode(ruleset, &stored);
	assert_null(gw_ruleset_decode(stored.bytes, stored.len));
	gw_ruleset_free(ruleset);
}

static void the_digest_sees_every_table(void **state)
{
	struct gw_ruleset *three = tables(5, all, 3), *two = tables(5, all, 2);
	char a[65], b[65];

	(void)state;
	gw_ruleset_digest(three, a);
	gw_ruleset_digest(two, b);
	assert_string_not_equal(a, b);
	gw_ruleset_free(three);
	gw_ruleset_free(two);
}

/* From any tables to any others, in one transaction each, and nothing is left to do. */
static void tables_come_change_and_go_in_one_plan(void **state)
{
	struct fake_kernel *fake = fake_kernel_new();

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct gw_ruleset *wanted = tables(seed, all, 1 + seed % 3);

		plan_check_apply(fake, wanted, seed);
		plan_check_holds(fake, wanted, seed);
		gw_ruleset_free(wanted);
	}
	fake->base.ops->free(&fake->base);
}

static void operations_tell_their_table(void **state)
{
	struct gw_ruleset *wanted = gw_ruleset_new(NFPROTO_INET, "gw");
	struct gw_ruleset *nothing = gw_ruleset_new(NFPROTO_INET, "gw");
	gw_auto_text struct gw_text text = { 0 };
	struct gw_plan *plan;

	(void)state;
	(void)gw_ruleset_add_chain(gw_ruleset_add_table(wanted, NFPROTO_BRIDGE), "guard", NULL,
				   NULL);
	gw_ruleset_finish(wanted);
	plan = gw_plan_diff(wanted, nothing);
	gw_plan_print(plan, &text);
	assert_string_equal(text.bytes, "+ table gw\n+ bridge table gw\n+ bridge chain guard\n");
	gw_plan_free(plan);
	gw_ruleset_free(nothing);
	gw_ruleset_free(wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_added_once_and_found_by_its_family),
		cmocka_unit_test(all_tables_come_back_as_they_were_stored),
		cmocka_unit_test(the_same_family_twice_is_not_read),
		cmocka_unit_test(the_digest_sees_every_table),
		cmocka_unit_test(tables_come_change_and_go_in_one_plan),
		cmocka_unit_test(operations_tell_their_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
