/* Gentle withdrawal: numbers that go are kept by a set with timeouts around the change. */
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

#define SOON_MS INT64_C(4102444800000) /* far in the future, for the fake kernel's clock */

static const struct gw_set live = {
	.name = "live", .key = { GW_TYPE_MARK }, .n_key = 1, .counter = true
};
static const struct gw_set grace = {
	.name = "live_timed", .key = { GW_TYPE_MARK }, .n_key = 1, .counter = true, .timeout = true
};

static void add_number(struct gw_ruleset *ruleset, uint32_t number)
{
	struct gw_elem elem = { .key = gw_arena_memdup(ruleset->arena, &number, sizeof(number)) };

	gw_ruleset_add_elem(ruleset, gw_ruleset_set(ruleset, "live"), elem);
}

/* A random ruleset with a set of live numbers, those of which `numbers` has a bit. */
static struct gw_ruleset *with_numbers(uint64_t seed, uint32_t numbers)
{
	struct gw_ruleset *ruleset = random_ruleset(seed);

	(void)gw_ruleset_add_set(ruleset, &live);
	(void)gw_ruleset_add_set(ruleset, &grace);
	gw_ruleset_finish(ruleset);
	for (uint32_t i = 0; i < 32; i++)
		if (numbers & 1u << i)
			add_number(ruleset, i);
	gw_ruleset_finish(ruleset);
	return ruleset;
}

static int commit(struct fake_kernel *fake, const struct gw_plan *plan)
{
	struct gw_kernel_error error;

	return fake->base.ops->commit(&fake->base, plan, &error);
}

static size_t count(const struct gw_plan *plan, enum gw_op_kind kind, const char *set)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_ops; i++)
		if (plan->ops[i].kind == kind && strcmp(plan->ops[i].set->name, set) == 0)
			n += plan->ops[i].count;
	return n;
}

/* How many numbers the kernel holds in this set. */
static size_t held(struct fake_kernel *fake, const char *set)
{
	struct gw_ruleset *seen;
	size_t n;

	assert_int_equal(fake->base.ops->observe(&fake->base, &seen), 0);
	n = gw_ruleset_set(seen, set)->n_elems;
	gw_ruleset_free(seen);
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

static void
three_transactions_do_what_the_plan_said_and_no_number_is_missing_meanwhile(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		uint32_t was = (uint32_t)(seed * 2654435761u), is = (uint32_t)(seed * 40503u);
		size_t going = (size_t)__builtin_popcount(was & ~is);
		struct gw_ruleset *old = with_numbers(seed, was), *seen;
		struct gw_ruleset *new = with_numbers(seed / 2, is);
		struct fake_kernel *fake = fake_kernel_new();
		struct gw_plan *plan, *before, *after;

		fake_kernel_hold(fake, old);
		assert_int_equal(fake->base.ops->observe(&fake->base, &seen), 0);
		plan = gw_plan_diff(new, seen);
		gw_plan_withdraw_gently(plan, &grace, SOON_MS, &before, &after);
		assert_int_equal(count(before, GW_OP_ADD_ELEMS, "live_timed"), going);
		assert_int_equal(count(plan, GW_OP_DEL_ELEMS, "live"), going);
		assert_int_equal(count(after, GW_OP_DEL_ELEMS, "live_timed"), going);
		if (before->n_ops) {
			assert_int_equal(commit(fake, before), 0);
			assert_int_equal(held(fake, "live_timed"), going);
		}
		if (plan->n_ops)
			assert_int_equal(commit(fake, plan), 0);
		assert_int_equal(held(fake, "live_timed"), going);
		if (after->n_ops)
			assert_int_equal(commit(fake, after), 0);
		assert_holds(fake, new, seed);
		gw_plan_free(after);
		gw_plan_free(before);
		gw_plan_free(plan);
		gw_ruleset_free(seen);
		gw_kernel_free(&fake->base);
		gw_ruleset_free(old);
		gw_ruleset_free(new);
	}
}

static void sets_of_other_things_are_left_alone(void **state)
{
	struct gw_ruleset *old = random_ruleset(5), *new = random_ruleset(6);
	struct gw_plan *plan, *before, *after;
	size_t n_ops;

	(void)state;
	old->exists = true;
	plan = gw_plan_diff(new, old);
	n_ops = plan->n_ops;
	gw_plan_withdraw_gently(plan, &grace, SOON_MS, &before, &after);
	assert_int_equal(before->n_ops, 0);
	assert_int_equal(after->n_ops, 0);
	assert_int_equal(plan->n_ops, n_ops);
	assert_int_equal(plan->generation, old->generation);
	gw_plan_free(after);
	gw_plan_free(before);
	gw_plan_free(plan);
	gw_ruleset_free(old);
	gw_ruleset_free(new);
}

static void a_part_after_somebody_elses_change_is_refused(void **state)
{
	struct gw_ruleset *old = with_numbers(3, 0x0f), *new = with_numbers(4, 0x03);
	struct fake_kernel *fake = fake_kernel_new();
	struct gw_plan *plan, *before, *after;
	struct gw_ruleset *seen;

	(void)state;
	fake_kernel_hold(fake, old);
	assert_int_equal(fake->base.ops->observe(&fake->base, &seen), 0);
	plan = gw_plan_diff(new, seen);
	gw_plan_withdraw_gently(plan, &grace, SOON_MS, &before, &after);
	assert_int_equal(commit(fake, before), 0);
	fake->held->generation++;
	assert_int_equal(commit(fake, plan), -ERESTART);
	gw_plan_free(after);
	gw_plan_free(before);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(old);
	gw_ruleset_free(new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			three_transactions_do_what_the_plan_said_and_no_number_is_missing_meanwhile),
		cmocka_unit_test(sets_of_other_things_are_left_alone),
		cmocka_unit_test(a_part_after_somebody_elses_change_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
