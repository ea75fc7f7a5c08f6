/* Plans in two transactions: what is new first, withdrawals of numbers after it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/plan/plan.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/random_ruleset.h"

#define SEEDS 300

static const struct gw_set live = {
	.name = "live", .key = { GW_TYPE_MARK }, .n_key = 1, .counter = true, .timeout = true
};

static void add_number(struct gw_ruleset *ruleset, uint32_t number, int64_t expires_ms)
{
	struct gw_elem elem = { .key = gw_arena_memdup(ruleset->arena, &number, sizeof(number)),
				.expires_ms = expires_ms };

	gw_ruleset_add_elem(ruleset, gw_ruleset_set(ruleset, "live"), elem);
}

/* A random ruleset with a set of live numbers, those of which `numbers` has a bit. */
static struct gw_ruleset *with_numbers(uint64_t seed, uint32_t numbers, int64_t expires_ms)
{
	struct gw_ruleset *ruleset = random_ruleset(seed);

	(void)gw_ruleset_add_set(ruleset, &live);
	gw_ruleset_finish(ruleset);
	for (uint32_t i = 0; i < 32; i++)
		if (numbers & 1u << i)
			add_number(ruleset, i, expires_ms);
	gw_ruleset_finish(ruleset);
	return ruleset;
}

static int commit(struct fake_kernel *fake, const struct gw_plan *plan)
{
	struct gw_kernel_error error;

	return fake->base.ops->commit(&fake->base, plan, &error);
}

static size_t count_deleted(const struct gw_plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_ops; i++)
		if (plan->ops[i].kind == GW_OP_DEL_ELEMS &&
		    strcmp(plan->ops[i].set->name, "live") == 0)
			n += plan->ops[i].count;
	return n;
}

static void assert_holds(struct fake_kernel *fake, const struct gw_ruleset *wanted, uint64_t seed)
{
	struct gw_ruleset *seen;
	struct gw_plan *plan;

	assert_int_equal(fake->base.ops->observe(&fake->base, &seen), 0);
	plan = gw_plan_diff(wanted, seen);
	if (plan->n_ops)
		fail_msg("seed %llu: %zu operations are left", (unsigned long long)seed,
			 plan->n_ops);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
}

static void both_transactions_together_do_what_the_plan_said(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		uint32_t was = (uint32_t)(seed * 2654435761u), is = (uint32_t)(seed * 40503u);
		struct gw_ruleset *before = with_numbers(seed, was, 0), *seen;
		struct gw_ruleset *after = with_numbers(seed / 2, is, 0);
		struct fake_kernel *fake = fake_kernel_new();
		struct gw_plan *plan, *withdrawals;

		fake_kernel_hold(fake, before);
		assert_int_equal(fake->base.ops->observe(&fake->base, &seen), 0);
		plan = gw_plan_diff(after, seen);
		withdrawals = gw_plan_take_withdrawals(plan);
		assert_int_equal(count_deleted(plan), 0);
		assert_int_equal(count_deleted(withdrawals), __builtin_popcount(was & ~is));
		assert_int_equal(commit(fake, plan), 0);
		/* With nothing to do first, the generation that was observed still holds. */
		if (!plan->n_ops)
			withdrawals->generation = fake->held->generation;
		assert_int_equal(commit(fake, withdrawals), 0);
		assert_holds(fake, after, seed);
		gw_plan_free(withdrawals);
		gw_plan_free(plan);
		gw_ruleset_free(seen);
		gw_kernel_free(&fake->base);
		gw_ruleset_free(before);
		gw_ruleset_free(after);
	}
}

static void a_number_with_another_expiry_is_not_withdrawn(void **state)
{
	struct gw_ruleset *before = with_numbers(3, 0x0f, 1000000);
	struct gw_ruleset *after = with_numbers(3, 0x03, 9000000);
	struct gw_plan *plan, *withdrawals;

	(void)state;
	before->exists = true;
	plan = gw_plan_diff(after, before);
	withdrawals = gw_plan_take_withdrawals(plan);
	assert_int_equal(count_deleted(plan), 2); /* and added again in the same transaction */
	assert_int_equal(count_deleted(withdrawals), 2);
	gw_plan_free(withdrawals);
	gw_plan_free(plan);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void sets_of_other_things_are_left_in_the_plan(void **state)
{
	struct gw_ruleset *before = random_ruleset(5), *after = random_ruleset(6);
	struct gw_plan *plan, *withdrawals;
	size_t n_ops;

	(void)state;
	before->exists = true;
	plan = gw_plan_diff(after, before);
	n_ops = plan->n_ops;
	withdrawals = gw_plan_take_withdrawals(plan);
	for (size_t i = 0; i < withdrawals->n_ops; i++)
		assert_true(withdrawals->ops[i].set->counter && !withdrawals->ops[i].set->map);
	assert_int_equal(plan->n_ops + withdrawals->n_ops, n_ops);
	gw_plan_free(withdrawals);
	gw_plan_free(plan);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void withdrawals_after_another_change_are_refused(void **state)
{
	struct gw_ruleset *before = with_numbers(3, 0x0f, 0), *after = with_numbers(4, 0x03, 0);
	struct fake_kernel *fake = fake_kernel_new();
	struct gw_plan *plan, *withdrawals;
	struct gw_ruleset *seen;

	(void)state;
	fake_kernel_hold(fake, before);
	assert_int_equal(fake->base.ops->observe(&fake->base, &seen), 0);
	plan = gw_plan_diff(after, seen);
	withdrawals = gw_plan_take_withdrawals(plan);
	assert_int_equal(commit(fake, plan), 0);
	fake->held->generation++;
	assert_int_equal(commit(fake, withdrawals), -ERESTART);
	gw_plan_free(withdrawals);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_transactions_together_do_what_the_plan_said),
		cmocka_unit_test(a_number_with_another_expiry_is_not_withdrawn),
		cmocka_unit_test(sets_of_other_things_are_left_in_the_plan),
		cmocka_unit_test(withdrawals_after_another_change_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
