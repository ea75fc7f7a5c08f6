/* What holds for the plans of all rulesets, against a kernel in memory that refuses what the real
 * one refuses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/plan/plan.h"
#include "tests/support/plan_check.h"
#include "tests/support/random_ruleset.h"

/* Seeds of the property tests: enough to meet every combination of what a recipe can change. */
#define SEEDS         1500
#define FAILING_SEEDS 60

/* A ruleset and its change: two builds of a recipe. */
struct pair {
	struct gw_ruleset *before, *after;
};

static struct pair draw_pair(uint64_t seed)
{
	struct ruleset_recipe recipe;
	struct pair pair;

	ruleset_recipe_draw(&recipe, seed);
	pair.before = ruleset_recipe_build(&recipe);
	ruleset_recipe_change(&recipe, seed, 1 + (unsigned int)(seed % 12));
	pair.after = ruleset_recipe_build(&recipe);
	return pair;
}

static void pair_done(struct pair *pair)
{
	gw_ruleset_free(pair->before);
	gw_ruleset_free(pair->after);
}

static void diff_of_equal_rulesets_is_empty(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct gw_ruleset *ruleset = random_ruleset(seed);
		struct fake_kernel *fake = plan_check_kernel(ruleset);

		plan_check_holds(fake, ruleset, seed);
		gw_kernel_free(&fake->base);
		gw_ruleset_free(ruleset);
	}
}

static void a_plan_loads_a_ruleset_where_there_was_none(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS / 4; seed++) {
		struct gw_ruleset *wanted = random_ruleset(seed);
		struct fake_kernel *fake = fake_kernel_new();

		plan_check_apply(fake, wanted, seed);
		plan_check_holds(fake, wanted, seed);
		gw_kernel_free(&fake->base);
		gw_ruleset_free(wanted);
	}
}

static void a_plan_turns_a_ruleset_into_a_change_of_it_and_back(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct pair pair = draw_pair(seed);
		struct fake_kernel *fake = plan_check_kernel(pair.before);

		plan_check_apply(fake, pair.after, seed);
		plan_check_holds(fake, pair.after, seed);
		plan_check_apply(fake, pair.before, seed);
		plan_check_holds(fake, pair.before, seed);
		gw_kernel_free(&fake->base);
		pair_done(&pair);
	}
}

static void a_plan_turns_any_ruleset_into_any_other(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct gw_ruleset *before = random_ruleset(seed);
		struct gw_ruleset *after = random_ruleset(seed + 1000000);
		struct fake_kernel *fake = plan_check_kernel(before);

		plan_check_apply(fake, after, seed);
		plan_check_holds(fake, after, seed);
		gw_kernel_free(&fake->base);
		gw_ruleset_free(before);
		gw_ruleset_free(after);
	}
}

static void a_refusal_at_any_operation_changes_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= FAILING_SEEDS; seed++) {
		struct pair pair = draw_pair(seed);
		struct fake_kernel *fake = plan_check_kernel(pair.before);
		struct gw_ruleset *seen;
		struct gw_plan *plan = plan_check_plan(fake, pair.after, &seen);
		struct gw_kernel_error error;

		for (size_t i = 0; i < plan->n_ops; i++) {
			fake->refuse_errno = ENOMEM;
			fake->refuse_op = i;
			assert_int_equal(fake->base.ops->commit(&fake->base, plan, &error),
					 -ENOMEM);
			assert_ptr_equal(error.op, &plan->ops[i]);
			assert_int_equal(fake->n_committed, 0);
			assert_int_equal(fake->held->generation, seen->generation);
			plan_check_holds(fake, pair.before, seed);
		}
		assert_int_equal(plan_check_commit(fake, plan), 0);
		gw_plan_free(plan);
		gw_ruleset_free(seen);
		gw_kernel_free(&fake->base);
		pair_done(&pair);
	}
}

/* Gives every element counts of its own. */
static void count_packets(struct gw_ruleset *held)
{
	for (size_t i = 0; i < held->n_sets; i++) {
		struct gw_set *set = &held->sets[i];

		for (size_t k = 0; k < set->n_elems && set->counter; k++) {
			set->elems[k].packets = 1000 * i + k + 1;
			set->elems[k].bytes = 7 * set->elems[k].packets;
		}
	}
}

/* Counts of what was there before are the same, those of what is new are zero. */
static void assert_counts_kept(const struct gw_set *was, const struct gw_set *is, uint64_t seed)
{
	for (size_t i = 0; i < is->n_elems; i++) {
		const struct gw_elem *elem = &is->elems[i];
		uint64_t packets = 0;

		for (size_t k = 0; k < was->n_elems; k++)
			if (gw_elem_compare(is, &was->elems[k], elem) == 0)
				packets = was->elems[k].packets;
		if (elem->packets != packets || elem->bytes != 7 * packets)
			fail_msg("seed %llu: element %zu of %s has %llu packets, not %llu",
				 (unsigned long long)seed, i, is->name,
				 (unsigned long long)elem->packets, (unsigned long long)packets);
	}
}

static void counters_survive_every_change(void **state)
{
	size_t compared = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct pair pair = draw_pair(seed);
		struct fake_kernel *fake = plan_check_kernel(pair.before);
		struct gw_ruleset *seen;
		struct gw_plan *plan;

		count_packets(fake->held);
		plan = plan_check_plan(fake, pair.after, &seen);
		assert_int_equal(plan_check_commit(fake, plan), 0);
		for (size_t i = 0; i < seen->n_sets; i++) {
			const struct gw_set *was = &seen->sets[i];
			const struct gw_set *is = gw_ruleset_set(fake->held, was->name);

			/* What constant sets held was not observed. */
			if (!is || was->constant || !gw_set_definition_equal(was, is))
				continue;
			assert_counts_kept(was, is, seed);
			compared += was->n_elems;
		}
		gw_plan_free(plan);
		gw_ruleset_free(seen);
		gw_kernel_free(&fake->base);
		pair_done(&pair);
	}
	assert_true(compared > SEEDS);
}

/* Handles tell whether an object is the one that was there or another one like it. */
static size_t count_replaced(const struct gw_chain *was, const struct gw_chain *is)
{
	size_t n = 0;

	for (size_t i = 0; i < is->n_rules; i++) {
		size_t k = 0;

		while (k < was->n_rules && was->rules[k].handle != is->rules[i].handle)
			k++;
		n += k == was->n_rules;
	}
	return n;
}

static void what_did_not_change_stays_the_object_that_it_was(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct pair pair = draw_pair(seed);
		struct fake_kernel *fake = plan_check_kernel(pair.before);
		struct gw_ruleset *seen;
		struct gw_plan *plan = plan_check_plan(fake, pair.after, &seen);
		size_t replaced = 0;

		assert_int_equal(plan_check_commit(fake, plan), 0);
		for (size_t i = 0; i < fake->held->n_chains; i++) {
			const struct gw_chain *is = &fake->held->chains[i];
			const struct gw_chain *was = gw_ruleset_chain(seen, is->name);

			replaced += was ? count_replaced(was, is) : is->n_rules;
		}
		assert_int_equal(replaced, plan->rules_added);
		assert_int_equal(plan_check_count(plan, GW_OP_ADD_RULE), plan->rules_added);
		assert_int_equal(plan_check_count(plan, GW_OP_DEL_RULE), plan->rules_deleted);
		gw_plan_free(plan);
		gw_ruleset_free(seen);
		gw_kernel_free(&fake->base);
		pair_done(&pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(diff_of_equal_rulesets_is_empty),
		cmocka_unit_test(a_plan_loads_a_ruleset_where_there_was_none),
		cmocka_unit_test(a_plan_turns_a_ruleset_into_a_change_of_it_and_back),
		cmocka_unit_test(a_plan_turns_any_ruleset_into_any_other),
		cmocka_unit_test(a_refusal_at_any_operation_changes_nothing),
		cmocka_unit_test(counters_survive_every_change),
		cmocka_unit_test(what_did_not_change_stays_the_object_that_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
