/* Plans of known changes, against a kernel in memory that refuses what the real one refuses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/plan/plan.h"
#include "tests/support/plan_check.h"
#include "tests/support/random_ruleset.h"

#define R(n) GW_REG(n)

/* ---- a small ruleset of known content -------------------------------------------------------- */

static const struct gw_base_hook forward = { .hook = 2, .type = "filter", .policy_drop = true };

static void add_jump(struct gw_ruleset *ruleset, const char *chain, const char *target)
{
	const struct gw_expr expr = { .kind = GW_EXPR_IMMEDIATE,
				      .verdict = GW_VERDICT_JUMP,
				      .chain = target };

	(void)gw_ruleset_add_rule(ruleset, gw_ruleset_chain(ruleset, chain), &expr, 1, NULL, NULL);
}

/* Looks the mark up in a set or map. */
static void add_lookup(struct gw_ruleset *ruleset, const char *chain, const char *set, bool map)
{
	const struct gw_expr exprs[] = {
		{ .kind = GW_EXPR_META, .key = 3, .dreg = R(0) },
		{ .kind = GW_EXPR_LOOKUP, .sreg = R(0), .set_name = set, .map = map },
	};

	(void)gw_ruleset_add_rule(ruleset, gw_ruleset_chain(ruleset, chain), exprs, 2, NULL, NULL);
}

static void add_limit(struct gw_ruleset *ruleset, const char *chain, uint64_t rate)
{
	const struct gw_expr expr = { .kind = GW_EXPR_LIMIT, .rate = rate, .unit = 1, .burst = 5 };

	(void)gw_ruleset_add_rule(ruleset, gw_ruleset_chain(ruleset, chain), &expr, 1, NULL, NULL);
}

static void add_elem(struct gw_ruleset *ruleset, const char *set, uint32_t mark,
		     struct gw_elem elem)
{
	elem.key = gw_arena_memdup(ruleset->arena, &mark, sizeof(mark));
	gw_ruleset_add_elem(ruleset, gw_ruleset_set(ruleset, set), elem);
}

/* Base chain "forward", chains "a" and "b"; set "marks", map "live" to verdicts; no rules. */
static struct gw_ruleset *small(void)
{
	const struct gw_set marks = { .name = "marks", .key = { GW_TYPE_MARK }, .n_key = 1 };
	const struct gw_set live = { .name = "live",
				     .key = { GW_TYPE_MARK },
				     .n_key = 1,
				     .map = true,
				     .data = GW_TYPE_VERDICT,
				     .timeout = true,
				     .counter = true };
	struct gw_ruleset *ruleset = gw_ruleset_new(1, "gw");

	(void)gw_ruleset_add_chain(ruleset, "forward", &forward, NULL);
	(void)gw_ruleset_add_chain(ruleset, "a", NULL, NULL);
	(void)gw_ruleset_add_chain(ruleset, "b", NULL, NULL);
	(void)gw_ruleset_add_set(ruleset, &marks);
	(void)gw_ruleset_add_set(ruleset, &live);
	gw_ruleset_finish(ruleset);
	return ruleset;
}

static const struct gw_elem accept = { .verdict = GW_VERDICT_ACCEPT };
static const struct gw_elem jump_b = { .verdict = GW_VERDICT_JUMP, .chain = "b" };

/* ---- cases ----------------------------------------------------------------------------------- */

static void one_more_element_is_one_operation_of_one_element(void **state)
{
	struct gw_ruleset *before = small(), *after = small(), *seen;
	struct fake_kernel *fake;
	struct gw_plan *plan;

	(void)state;
	for (uint32_t mark = 0; mark < 500; mark++) {
		add_elem(before, "live", mark, accept);
		add_elem(after, "live", mark, accept);
	}
	add_elem(after, "live", 700, accept);
	gw_ruleset_finish(before);
	gw_ruleset_finish(after);
	fake = plan_check_kernel(before);
	plan = plan_check_plan(fake, after, &seen);
	assert_int_equal(plan->n_ops, 1);
	assert_int_equal(plan->ops[0].kind, GW_OP_ADD_ELEMS);
	assert_int_equal(plan->ops[0].count, 1);
	assert_int_equal(plan->elems_added, 1);
	assert_int_equal(plan->elems_deleted, 0);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void a_rule_in_the_middle_goes_before_the_one_that_follows(void **state)
{
	struct gw_ruleset *before = small(), *after = small(), *seen;
	struct fake_kernel *fake;
	struct gw_plan *plan;

	(void)state;
	for (uint64_t i = 1; i <= 10000; i++) {
		add_limit(before, "a", i);
		if (i == 5000)
			add_limit(after, "a", 999999);
		add_limit(after, "a", i);
	}
	fake = plan_check_kernel(before);
	plan = plan_check_plan(fake, after, &seen);
	assert_int_equal(plan->n_ops, 1);
	assert_int_equal(plan->ops[0].kind, GW_OP_ADD_RULE);
	assert_int_equal(plan->ops[0].position, gw_ruleset_chain(seen, "a")->rules[4999].handle);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	plan_check_apply(fake, after, 0);
	plan_check_holds(fake, after, 0);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void rules_at_the_end_are_appended(void **state)
{
	struct gw_ruleset *before = small(), *after = small(), *seen;
	struct fake_kernel *fake = plan_check_kernel(before);
	struct gw_plan *plan;

	(void)state;
	add_limit(after, "a", 1);
	plan = plan_check_plan(fake, after, &seen);
	assert_int_equal(plan->n_ops, 1);
	assert_int_equal(plan->ops[0].position, 0);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void long_middle_parts_are_replaced_as_a_whole(void **state)
{
	struct gw_ruleset *before = small(), *after = small();
	struct fake_kernel *fake;

	(void)state;
	for (uint64_t i = 1; i <= 600; i++) {
		add_limit(before, "a", i);
		add_limit(after, "a", i % 3 ? i : 1000 + i);
	}
	fake = plan_check_kernel(before);
	plan_check_apply(fake, after, 0);
	plan_check_holds(fake, after, 0);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void a_base_chain_with_another_hook_is_made_anew_with_its_rules(void **state)
{
	struct gw_base_hook accepting = forward;
	struct gw_ruleset *before = small(), *after = small(), *seen;
	struct fake_kernel *fake;
	struct gw_plan *plan;

	(void)state;
	accepting.policy_drop = false;
	gw_ruleset_chain(after, "forward")->base = &accepting;
	add_jump(before, "forward", "a");
	add_jump(after, "forward", "a");
	fake = plan_check_kernel(before);
	plan = plan_check_plan(fake, after, &seen);
	assert_int_equal(plan_check_count(plan, GW_OP_DEL_CHAIN), 1);
	assert_int_equal(plan_check_count(plan, GW_OP_ADD_CHAIN), 1);
	assert_int_equal(plan->rules_deleted, 1);
	assert_int_equal(plan->rules_added, 1);
	assert_int_equal(plan->n_ops, 4);
	assert_int_equal(plan_check_commit(fake, plan), 0);
	plan_check_holds(fake, after, 0);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void rules_that_look_in_a_set_are_made_anew_with_it(void **state)
{
	struct gw_ruleset *before = small(), *after = small(), *seen;
	struct fake_kernel *fake;
	struct gw_plan *plan;

	(void)state;
	gw_ruleset_set(after, "marks")->size = 77;
	add_limit(before, "a", 1);
	add_limit(after, "a", 1);
	add_lookup(before, "a", "marks", false);
	add_lookup(after, "a", "marks", false);
	add_elem(before, "marks", 5, (struct gw_elem){ 0 });
	add_elem(after, "marks", 5, (struct gw_elem){ 0 });
	fake = plan_check_kernel(before);
	plan = plan_check_plan(fake, after, &seen);
	assert_int_equal(plan->n_ops, 5); /* rule, set; set, element, rule */
	assert_int_equal(plan->rules_deleted, 1);
	assert_int_equal(plan_check_commit(fake, plan), 0);
	plan_check_holds(fake, after, 0);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void an_element_that_leads_to_a_chain_goes_before_the_chain(void **state)
{
	struct gw_ruleset *before = small(), *after = small();
	struct fake_kernel *fake;

	(void)state;
	add_elem(before, "live", 1, jump_b);
	add_elem(after, "live", 1, accept);
	gw_ruleset_chain(after, "b")->name = "c";
	gw_ruleset_finish(after);
	fake = plan_check_kernel(before);
	plan_check_apply(fake, after, 0);
	plan_check_holds(fake, after, 0);
	plan_check_apply(fake, before, 0);
	plan_check_holds(fake, before, 0);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void an_element_with_another_verdict_takes_its_counts_along(void **state)
{
	struct gw_ruleset *before = small(), *after = small(), *seen;
	struct fake_kernel *fake;
	struct gw_plan *plan;

	(void)state;
	add_elem(before, "live", 1, accept);
	add_elem(after, "live", 1, jump_b);
	fake = plan_check_kernel(before);
	fake->held->sets[0].elems[0].packets = 11;
	fake->held->sets[0].elems[0].bytes = 1200;
	plan = plan_check_plan(fake, after, &seen);
	assert_int_equal(plan->n_ops, 2);
	assert_int_equal(plan_check_commit(fake, plan), 0);
	assert_int_equal(gw_ruleset_set(fake->held, "live")->elems[0].packets, 11);
	assert_int_equal(gw_ruleset_set(fake->held, "live")->elems[0].bytes, 1200);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void elements_of_a_set_made_anew_take_their_counts_along(void **state)
{
	struct gw_ruleset *before = small(), *after = small();
	struct fake_kernel *fake;
	const struct gw_set *live;

	(void)state;
	gw_ruleset_set(after, "live")->size = 100;
	for (uint32_t mark = 1; mark <= 3; mark++)
		add_elem(before, "live", mark, accept);
	for (uint32_t mark = 2; mark <= 4; mark++)
		add_elem(after, "live", mark, accept);
	fake = plan_check_kernel(before);
	for (size_t i = 0; i < 3; i++)
		gw_ruleset_set(fake->held, "live")->elems[i].packets = 10 + i;
	plan_check_apply(fake, after, 0);
	live = gw_ruleset_set(fake->held, "live");
	assert_int_equal(live->size, 100);
	assert_int_equal(live->elems[0].packets, 11);
	assert_int_equal(live->elems[1].packets, 12);
	assert_int_equal(live->elems[2].packets, 0);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void an_expiry_that_is_off_by_a_second_is_no_difference(void **state)
{
	static const struct {
		int64_t off_ms;
		size_t ops;
	} cases[] = { { 0, 0 }, { 1500, 0 }, { -1500, 0 }, { 5000, 2 }, { -5000, 2 } };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_ruleset *before = small(), *after = small();
		struct gw_elem elem = accept;
		struct gw_plan *plan;

		before->exists = true;
		elem.expires_ms = 1000000;
		add_elem(before, "live", 1, elem);
		elem.expires_ms += cases[i].off_ms;
		add_elem(after, "live", 1, elem);
		plan = gw_plan_diff(after, before);
		if (plan->n_ops != cases[i].ops)
			fail_msg("off by %lld ms: %zu operations", (long long)cases[i].off_ms,
				 plan->n_ops);
		gw_plan_free(plan);
		gw_ruleset_free(before);
		gw_ruleset_free(after);
	}
}

static void elements_of_run_time_writers_are_left_alone(void **state)
{
	const struct gw_set definition = { .name = "rt_bans",
					   .key = { GW_TYPE_MARK },
					   .n_key = 1,
					   .timeout = true,
					   .dynamic = true,
					   .size = 100 };
	struct gw_ruleset *before = small(), *after = small();
	struct fake_kernel *fake;
	struct gw_plan *plan;

	(void)state;
	(void)gw_ruleset_add_set(before, &definition);
	(void)gw_ruleset_add_set(after, &definition);
	gw_ruleset_finish(before);
	gw_ruleset_finish(after);
	add_elem(before, "rt_bans", 9, (struct gw_elem){ 0 });
	add_limit(after, "a", 3);
	fake = plan_check_kernel(before);
	plan_check_apply(fake, after, 0);
	plan_check_holds(fake, after, 0);
	assert_int_equal(gw_ruleset_set(fake->held, "rt_bans")->n_elems, 1);
	gw_kernel_free(&fake->base);

	before->exists = true; /* somebody has read the elements, too */
	plan = gw_plan_diff(after, before);
	assert_int_equal(plan->elems_deleted, 0);
	gw_plan_free(plan);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void elements_of_constant_sets_go_with_the_set_alone(void **state)
{
	struct gw_set definition = {
		.name = "hosts_1", .key = { GW_TYPE_MARK }, .n_key = 1, .constant = true
	};
	struct gw_ruleset *before = small(), *after = small(), *seen;
	struct fake_kernel *fake;
	struct gw_plan *plan;

	(void)state;
	(void)gw_ruleset_add_set(before, &definition);
	definition.name = "hosts_2";
	(void)gw_ruleset_add_set(after, &definition);
	gw_ruleset_finish(before);
	gw_ruleset_finish(after);
	add_elem(before, "hosts_1", 1, (struct gw_elem){ 0 });
	add_elem(after, "hosts_2", 2, (struct gw_elem){ 0 });
	add_lookup(before, "a", "hosts_1", false);
	add_lookup(after, "a", "hosts_2", false);
	fake = plan_check_kernel(before);
	plan_check_holds(fake, before, 0);
	plan = plan_check_plan(fake, after, &seen);
	assert_int_equal(plan_check_count(plan, GW_OP_DEL_ELEMS), 0);
	assert_int_equal(plan->elems_added, 1);
	assert_int_equal(plan_check_commit(fake, plan), 0);
	plan_check_holds(fake, after, 0);
	assert_int_equal(gw_ruleset_set(fake->held, "hosts_2")->n_elems, 1);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void what_others_added_is_taken_away(void **state)
{
	struct gw_ruleset *wanted = small(), *changed = small();
	const struct gw_set theirs = { .name = "theirs", .key = { GW_TYPE_MARK }, .n_key = 1 };
	struct fake_kernel *fake;

	(void)state;
	(void)gw_ruleset_add_set(changed, &theirs);
	(void)gw_ruleset_add_chain(changed, "their_chain", NULL, NULL);
	gw_ruleset_finish(changed);
	add_jump(changed, "forward", "their_chain");
	add_lookup(changed, "their_chain", "theirs", false);
	add_elem(changed, "live", 3,
		 (struct gw_elem){ .verdict = GW_VERDICT_GOTO, .chain = "their_chain" });
	fake = plan_check_kernel(changed);
	plan_check_apply(fake, wanted, 0);
	plan_check_holds(fake, wanted, 0);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(wanted);
	gw_ruleset_free(changed);
}

static void a_plan_made_before_another_change_is_refused(void **state)
{
	struct gw_ruleset *before = small(), *after = small(), *seen;
	struct fake_kernel *fake = plan_check_kernel(before);
	struct gw_plan *plan;

	(void)state;
	add_limit(after, "a", 1);
	plan = plan_check_plan(fake, after, &seen);
	fake->interferences = 1;
	assert_int_equal(plan_check_commit(fake, plan), -ERESTART);
	plan_check_holds(fake, before, 0);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	plan_check_apply(fake, after, 0);
	plan_check_holds(fake, after, 0);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void removing_deletes_the_table_if_there_is_one(void **state)
{
	struct gw_ruleset *before = random_ruleset(7), *seen;
	struct fake_kernel *fake = plan_check_kernel(before);
	struct gw_plan *plan;

	(void)state;
	seen = plan_check_observe(fake);
	plan = gw_plan_remove(seen);
	assert_int_equal(plan->n_ops, 1);
	assert_int_equal(plan_check_commit(fake, plan), 0);
	gw_plan_free(plan);
	gw_ruleset_free(seen);

	seen = plan_check_observe(fake);
	assert_false(seen->exists);
	plan = gw_plan_remove(seen);
	assert_int_equal(plan->n_ops, 0);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_more_element_is_one_operation_of_one_element),
		cmocka_unit_test(a_rule_in_the_middle_goes_before_the_one_that_follows),
		cmocka_unit_test(rules_at_the_end_are_appended),
		cmocka_unit_test(long_middle_parts_are_replaced_as_a_whole),
		cmocka_unit_test(a_base_chain_with_another_hook_is_made_anew_with_its_rules),
		cmocka_unit_test(rules_that_look_in_a_set_are_made_anew_with_it),
		cmocka_unit_test(an_element_that_leads_to_a_chain_goes_before_the_chain),
		cmocka_unit_test(an_element_with_another_verdict_takes_its_counts_along),
		cmocka_unit_test(elements_of_a_set_made_anew_take_their_counts_along),
		cmocka_unit_test(an_expiry_that_is_off_by_a_second_is_no_difference),
		cmocka_unit_test(elements_of_run_time_writers_are_left_alone),
		cmocka_unit_test(elements_of_constant_sets_go_with_the_set_alone),
		cmocka_unit_test(what_others_added_is_taken_away),
		cmocka_unit_test(a_plan_made_before_another_change_is_refused),
		cmocka_unit_test(removing_deletes_the_table_if_there_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
