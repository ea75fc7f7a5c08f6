/* Gentle withdrawals: numbers that go are kept for a moment in a set that forgets by itself. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/plan/plan.h"
#include "tests/support/plan_check.h"
#include "tests/support/random_ruleset.h"

#define SEEDS 300

#define GRACE_END INT64_C(5000)

static void add_set(struct gw_ruleset *ruleset, const char *name, bool timeout)
{
	const struct gw_set set = { .name = name,
				    .key = { GW_TYPE_MARK },
				    .n_key = 1,
				    .counter = true,
				    .timeout = timeout };

	(void)gw_ruleset_add_set(ruleset, &set);
}

static void add_numbers(struct gw_ruleset *ruleset, const char *set, uint32_t numbers,
			int64_t expires_ms)
{
	for (uint32_t i = 0; i < 32; i++) {
		struct gw_elem elem = { .key = gw_arena_memdup(ruleset->arena, &i, sizeof(i)),
					.expires_ms = expires_ms };

		if (numbers & 1u << i)
			gw_ruleset_add_elem(ruleset, gw_ruleset_set(ruleset, set), elem);
	}
}

/* A random ruleset with sets of live numbers: those of which the argument has a bit. */
static struct gw_ruleset *with_numbers(uint64_t seed, uint32_t live, uint32_t timed)
{
	struct gw_ruleset *ruleset = random_ruleset(seed);

	add_set(ruleset, "live", false);
	add_set(ruleset, "live_timed", true);
	add_set(ruleset, "deny", false);
	gw_ruleset_finish(ruleset);
	add_numbers(ruleset, "live", live, 0);
	add_numbers(ruleset, "live_timed", timed, INT64_C(3600000));
	add_numbers(ruleset, "deny", ~live & 0xff, 0);
	gw_ruleset_finish(ruleset);
	return ruleset;
}

/* What a change is made of. */
struct change {
	struct fake_kernel *fake;
	struct gw_ruleset *after, *seen;
	struct gw_plan *parts[3];
};

static void change_plan(struct change *change)
{
	struct gw_plan *plan;

	plan = plan_check_plan(change->fake, change->after, &change->seen);
	gw_plan_withdraw_gently(plan, gw_ruleset_set(change->seen, "live_timed"), GRACE_END,
				&change->parts[0], &change->parts[2]);
	change->parts[1] = plan;
}

static void change_init(struct change *change, const struct gw_ruleset *before,
			struct gw_ruleset *after)
{
	change->fake = plan_check_kernel(before);
	change->after = after;
	change_plan(change);
}

static void change_forget_plan(struct change *change)
{
	gw_plan_free(change->parts[2]);
	gw_plan_free(change->parts[1]);
	gw_plan_free(change->parts[0]);
	gw_ruleset_free(change->seen);
}

static void change_done(struct change *change)
{
	change_forget_plan(change);
	gw_kernel_free(&change->fake->base);
	gw_ruleset_free(change->after);
}

static void commit_all(struct change *change, uint64_t seed)
{
	for (size_t i = 0; i < GW_COUNT(change->parts); i++) {
		int error = plan_check_commit(change->fake, change->parts[i]);

		if (error)
			fail_msg("seed %llu: part %zu: %s", (unsigned long long)seed, i,
				 strerror(-error));
	}
}

static bool holds(const struct fake_kernel *fake, const char *name, uint32_t number)
{
	const struct gw_set *set = gw_ruleset_set(fake->held, name);

	for (size_t i = 0; i < set->n_elems; i++)
		if (memcmp(set->elems[i].key, &number, sizeof(number)) == 0)
			return true;
	return false;
}

static void the_parts_together_do_what_the_plan_said(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		uint32_t was = (uint32_t)(seed * 2654435761u), is = (uint32_t)(seed * 40503u);
		struct gw_ruleset *before = with_numbers(seed, was, 0xf0);
		struct change change;

		change_init(&change, before, with_numbers(seed / 2, is & ~0xffu, 0x3c));
		commit_all(&change, seed);
		plan_check_holds(change.fake, change.after, seed);
		change_done(&change);
		gw_ruleset_free(before);
	}
}

static void a_withdrawn_number_lives_until_all_else_has_changed(void **state)
{
	struct gw_ruleset *before = with_numbers(3, 0x03, 0);
	struct change change;

	(void)state;
	change_init(&change, before, with_numbers(4, 0x02, 0));
	assert_int_equal(plan_check_commit(change.fake, change.parts[0]), 0);
	assert_true(holds(change.fake, "live", 0) && holds(change.fake, "live_timed", 0));
	assert_int_equal(plan_check_commit(change.fake, change.parts[1]), 0);
	assert_true(!holds(change.fake, "live", 0) && holds(change.fake, "live_timed", 0));
	/* If nobody comes to take it away, the kernel does. */
	assert_int_equal(gw_ruleset_set(change.fake->held, "live_timed")->elems[0].expires_ms,
			 GRACE_END);
	assert_int_equal(plan_check_commit(change.fake, change.parts[2]), 0);
	assert_true(!holds(change.fake, "live", 0) && !holds(change.fake, "live_timed", 0));
	plan_check_holds(change.fake, change.after, 0);
	change_done(&change);
	gw_ruleset_free(before);
}

static void without_a_withdrawal_there_is_one_part(void **state)
{
	struct gw_ruleset *before = with_numbers(3, 0x03, 0);
	struct change change;

	(void)state;
	change_init(&change, before, with_numbers(4, 0x07, 0));
	assert_int_equal(change.parts[0]->n_ops + change.parts[2]->n_ops, 0);
	commit_all(&change, 0);
	plan_check_holds(change.fake, change.after, 0);
	change_done(&change);
	gw_ruleset_free(before);
}

/* The set of grace then has the numbers already, and the next plan takes them out again. */
static void the_change_goes_on_if_another_program_came_between_its_parts(void **state)
{
	(void)state;
	for (size_t part = 1; part < 3; part++) {
		struct gw_ruleset *before = with_numbers(3, 0x0f, 0xf0);
		struct change change;

		change_init(&change, before, with_numbers(4, 0x03, 0xf0));
		for (size_t i = 0; i < part; i++)
			assert_int_equal(plan_check_commit(change.fake, change.parts[i]), 0);
		change.fake->interferences = 1;
		assert_int_equal(plan_check_commit(change.fake, change.parts[part]), -ERESTART);
		change_forget_plan(&change);
		change_plan(&change);
		commit_all(&change, part);
		plan_check_holds(change.fake, change.after, part);
		change_done(&change);
		gw_ruleset_free(before);
	}
}

static void a_number_can_move_into_the_set_of_grace(void **state)
{
	struct gw_ruleset *before = with_numbers(3, 0x0f, 0);
	struct change change;

	(void)state;
	change_init(&change, before, with_numbers(3, 0x03, 0x0c));
	commit_all(&change, 0);
	plan_check_holds(change.fake, change.after, 0);
	change_done(&change);
	gw_ruleset_free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parts_together_do_what_the_plan_said),
		cmocka_unit_test(a_withdrawn_number_lives_until_all_else_has_changed),
		cmocka_unit_test(without_a_withdrawal_there_is_one_part),
		cmocka_unit_test(the_change_goes_on_if_another_program_came_between_its_parts),
		cmocka_unit_test(a_number_can_move_into_the_set_of_grace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
