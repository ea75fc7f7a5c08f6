/* Plans against a kernel in memory that refuses what the real one refuses. */
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

#define R(n) GW_REG(n)

/* Seeds of the property tests: enough to meet every combination of what a recipe can change. */
#define SEEDS         1500
#define FAILING_SEEDS 60

/* ---- helpers ------------------------------------------------------------------------------- */

static struct fake_kernel *kernel_with(const struct gw_ruleset *held)
{
	struct fake_kernel *fake = fake_kernel_new();

	fake_kernel_hold(fake, held);
	return fake;
}

static struct gw_ruleset *observe(struct fake_kernel *fake)
{
	struct gw_ruleset *seen = NULL;

	assert_int_equal(fake->base.ops->observe(&fake->base, &seen), 0);
	return seen;
}

/* The plan that turns what is held into `wanted`. `*ret_seen` must outlive it. */
static struct gw_plan *plan_to(struct fake_kernel *fake, const struct gw_ruleset *wanted,
			       struct gw_ruleset **ret_seen)
{
	*ret_seen = observe(fake);
	return gw_plan_diff(wanted, *ret_seen);
}

static int commit(struct fake_kernel *fake, const struct gw_plan *plan)
{
	struct gw_kernel_error error;

	return fake->base.ops->commit(&fake->base, plan, &error);
}

static void print_refusal(const struct gw_plan *plan, const struct gw_kernel_error *error)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_plan_print(plan, &text);
	(void)fprintf(stderr, "%s\nrefused: %s, operation %td\n", text.bytes,
		      strerror(error->error), error->op ? error->op - plan->ops : -1);
}

/* Makes the kernel hold `wanted`. */
static void turn_into(struct fake_kernel *fake, const struct gw_ruleset *wanted, uint64_t seed)
{
	struct gw_ruleset *seen;
	struct gw_plan *plan = plan_to(fake, wanted, &seen);
	struct gw_kernel_error error;

	if (fake->base.ops->commit(&fake->base, plan, &error) != 0) {
		print_refusal(plan, &error);
		fail_msg("seed %llu: the kernel refuses the plan", (unsigned long long)seed);
	}
	gw_plan_free(plan);
	gw_ruleset_free(seen);
}

static void assert_holds(struct fake_kernel *fake, const struct gw_ruleset *wanted, uint64_t seed)
{
	char wanted_digest[65], seen_digest[65];
	struct gw_ruleset *seen;
	struct gw_plan *plan = plan_to(fake, wanted, &seen);

	gw_ruleset_digest(wanted, wanted_digest);
	gw_ruleset_digest(seen, seen_digest);
	if (strcmp(wanted_digest, seen_digest) != 0)
		fail_msg("seed %llu: the result is another", (unsigned long long)seed);
	if (plan->n_ops)
		fail_msg("seed %llu: a second plan is not empty", (unsigned long long)seed);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
}

static size_t count_ops(const struct gw_plan *plan, enum gw_op_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_ops; i++)
		n += plan->ops[i].kind == kind;
	return n;
}

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

/* ---- properties ------------------------------------------------------------------------------ */

static void diff_of_equal_rulesets_is_empty(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct gw_ruleset *ruleset = random_ruleset(seed);
		struct fake_kernel *fake = kernel_with(ruleset);

		assert_holds(fake, ruleset, seed);
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

		turn_into(fake, wanted, seed);
		assert_holds(fake, wanted, seed);
		gw_kernel_free(&fake->base);
		gw_ruleset_free(wanted);
	}
}

static void a_plan_turns_a_ruleset_into_a_change_of_it_and_back(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct pair pair = draw_pair(seed);
		struct fake_kernel *fake = kernel_with(pair.before);

		turn_into(fake, pair.after, seed);
		assert_holds(fake, pair.after, seed);
		turn_into(fake, pair.before, seed);
		assert_holds(fake, pair.before, seed);
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
		struct fake_kernel *fake = kernel_with(before);

		turn_into(fake, after, seed);
		assert_holds(fake, after, seed);
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
		struct fake_kernel *fake = kernel_with(pair.before);
		struct gw_ruleset *seen;
		struct gw_plan *plan = plan_to(fake, pair.after, &seen);
		struct gw_kernel_error error;

		for (size_t i = 0; i < plan->n_ops; i++) {
			fake->refuse_errno = ENOMEM;
			fake->refuse_op = i;
			assert_int_equal(fake->base.ops->commit(&fake->base, plan, &error),
					 -ENOMEM);
			assert_ptr_equal(error.op, &plan->ops[i]);
			assert_int_equal(fake->n_committed, 0);
			assert_int_equal(fake->held->generation, seen->generation);
			assert_holds(fake, pair.before, seed);
		}
		assert_int_equal(commit(fake, plan), 0);
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
		struct fake_kernel *fake = kernel_with(pair.before);
		struct gw_ruleset *seen;
		struct gw_plan *plan;

		count_packets(fake->held);
		plan = plan_to(fake, pair.after, &seen);
		assert_int_equal(commit(fake, plan), 0);
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
		struct fake_kernel *fake = kernel_with(pair.before);
		struct gw_ruleset *seen;
		struct gw_plan *plan = plan_to(fake, pair.after, &seen);
		size_t replaced = 0;

		assert_int_equal(commit(fake, plan), 0);
		for (size_t i = 0; i < fake->held->n_chains; i++) {
			const struct gw_chain *is = &fake->held->chains[i];
			const struct gw_chain *was = gw_ruleset_chain(seen, is->name);

			replaced += was ? count_replaced(was, is) : is->n_rules;
		}
		assert_int_equal(replaced, plan->rules_added);
		assert_int_equal(count_ops(plan, GW_OP_ADD_RULE), plan->rules_added);
		assert_int_equal(count_ops(plan, GW_OP_DEL_RULE), plan->rules_deleted);
		gw_plan_free(plan);
		gw_ruleset_free(seen);
		gw_kernel_free(&fake->base);
		pair_done(&pair);
	}
}

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
	fake = kernel_with(before);
	plan = plan_to(fake, after, &seen);
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
	fake = kernel_with(before);
	plan = plan_to(fake, after, &seen);
	assert_int_equal(plan->n_ops, 1);
	assert_int_equal(plan->ops[0].kind, GW_OP_ADD_RULE);
	assert_int_equal(plan->ops[0].position, gw_ruleset_chain(seen, "a")->rules[4999].handle);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	turn_into(fake, after, 0);
	assert_holds(fake, after, 0);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void rules_at_the_end_are_appended(void **state)
{
	struct gw_ruleset *before = small(), *after = small(), *seen;
	struct fake_kernel *fake = kernel_with(before);
	struct gw_plan *plan;

	(void)state;
	add_limit(after, "a", 1);
	plan = plan_to(fake, after, &seen);
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
	fake = kernel_with(before);
	turn_into(fake, after, 0);
	assert_holds(fake, after, 0);
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
	fake = kernel_with(before);
	plan = plan_to(fake, after, &seen);
	assert_int_equal(count_ops(plan, GW_OP_DEL_CHAIN), 1);
	assert_int_equal(count_ops(plan, GW_OP_ADD_CHAIN), 1);
	assert_int_equal(plan->rules_deleted, 1);
	assert_int_equal(plan->rules_added, 1);
	assert_int_equal(plan->n_ops, 4);
	assert_int_equal(commit(fake, plan), 0);
	assert_holds(fake, after, 0);
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
	fake = kernel_with(before);
	plan = plan_to(fake, after, &seen);
	assert_int_equal(plan->n_ops, 5); /* rule, set; set, element, rule */
	assert_int_equal(plan->rules_deleted, 1);
	assert_int_equal(commit(fake, plan), 0);
	assert_holds(fake, after, 0);
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
	fake = kernel_with(before);
	turn_into(fake, after, 0);
	assert_holds(fake, after, 0);
	turn_into(fake, before, 0);
	assert_holds(fake, before, 0);
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
	fake = kernel_with(before);
	fake->held->sets[0].elems[0].packets = 11;
	fake->held->sets[0].elems[0].bytes = 1200;
	plan = plan_to(fake, after, &seen);
	assert_int_equal(plan->n_ops, 2);
	assert_int_equal(commit(fake, plan), 0);
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
	fake = kernel_with(before);
	for (size_t i = 0; i < 3; i++)
		gw_ruleset_set(fake->held, "live")->elems[i].packets = 10 + i;
	turn_into(fake, after, 0);
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
	fake = kernel_with(before);
	turn_into(fake, after, 0);
	assert_holds(fake, after, 0);
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
	fake = kernel_with(before);
	assert_holds(fake, before, 0);
	plan = plan_to(fake, after, &seen);
	assert_int_equal(count_ops(plan, GW_OP_DEL_ELEMS), 0);
	assert_int_equal(plan->elems_added, 1);
	assert_int_equal(commit(fake, plan), 0);
	assert_holds(fake, after, 0);
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
	fake = kernel_with(changed);
	turn_into(fake, wanted, 0);
	assert_holds(fake, wanted, 0);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(wanted);
	gw_ruleset_free(changed);
}

static void a_plan_made_before_another_change_is_refused(void **state)
{
	struct gw_ruleset *before = small(), *after = small(), *seen;
	struct fake_kernel *fake = kernel_with(before);
	struct gw_plan *plan;

	(void)state;
	add_limit(after, "a", 1);
	plan = plan_to(fake, after, &seen);
	fake->interferences = 1;
	assert_int_equal(commit(fake, plan), -ERESTART);
	assert_holds(fake, before, 0);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	turn_into(fake, after, 0);
	assert_holds(fake, after, 0);
	gw_kernel_free(&fake->base);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void removing_deletes_the_table_if_there_is_one(void **state)
{
	struct gw_ruleset *before = random_ruleset(7), *seen;
	struct fake_kernel *fake = kernel_with(before);
	struct gw_plan *plan;

	(void)state;
	seen = observe(fake);
	plan = gw_plan_remove(seen);
	assert_int_equal(plan->n_ops, 1);
	assert_int_equal(commit(fake, plan), 0);
	gw_plan_free(plan);
	gw_ruleset_free(seen);

	seen = observe(fake);
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
		cmocka_unit_test(diff_of_equal_rulesets_is_empty),
		cmocka_unit_test(a_plan_loads_a_ruleset_where_there_was_none),
		cmocka_unit_test(a_plan_turns_a_ruleset_into_a_change_of_it_and_back),
		cmocka_unit_test(a_plan_turns_any_ruleset_into_any_other),
		cmocka_unit_test(a_refusal_at_any_operation_changes_nothing),
		cmocka_unit_test(counters_survive_every_change),
		cmocka_unit_test(what_did_not_change_stays_the_object_that_it_was),
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
