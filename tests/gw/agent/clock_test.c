/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/agent/clock.h"
#include "gw/agent/drift.h"

#define START_MS INT64_C(1795392000000)

/* A sample `boot_ms` after the start of the machine, on a clock that is off by so much. */
static unsigned int note(struct gw_clock_state *state, int64_t boot_ms, int64_t off_ms,
			 bool synchronised)
{
	const struct gw_clock_sample sample = { .real_ms = START_MS + boot_ms + off_ms,
						.boot_ms = boot_ms,
						.synchronised = synchronised };

	return gw_clock_note(state, &sample);
}

static void a_clock_that_runs_makes_no_news(void **ret)
{
	struct gw_clock_state state = { 0 };

	(void)ret;
	assert_int_equal(note(&state, 1000, 0, true), 0);
	assert_int_equal(note(&state, 61000, 0, true), 0);
	/* 500 ppm of slewing over ten minutes, and a machine that slept for a week. */
	assert_int_equal(note(&state, 661000, 300, true), 0);
	assert_int_equal(note(&state, 605461000, 300, true), 0);
	assert_int_equal(state.jumps, 0);
}

static void jumps_are_measured_in_both_directions(void **ret)
{
	struct gw_clock_state state = { 0 };

	(void)ret;
	(void)note(&state, 1000, 0, true);
	assert_int_equal(note(&state, 2000, 3600000, true), GW_CLOCK_JUMPED);
	assert_int_equal(state.jumped_ms, 3600000);
	assert_int_equal(state.jumped_at, START_MS / 1000 + 2 + 3600);
	assert_int_equal(note(&state, 3000, 3600000, true), 0);
	assert_int_equal(note(&state, 4000, -5000, true), GW_CLOCK_JUMPED);
	assert_int_equal(state.jumped_ms, -3605000);
	assert_int_equal(note(&state, 5000, -5000 + GW_CLOCK_JUMP_MS - 1, true), 0);
	assert_int_equal(state.jumps, 2);
}

static void losing_and_finding_synchronisation_is_told_once(void **ret)
{
	struct gw_clock_state state = { 0 };

	(void)ret;
	assert_int_equal(note(&state, 1000, 0, false), GW_CLOCK_UNSYNCHRONISED);
	assert_int_equal(note(&state, 2000, 0, false), 0);
	assert_int_equal(note(&state, 3000, -9000, true), GW_CLOCK_SYNCHRONISED | GW_CLOCK_JUMPED);
	assert_int_equal(note(&state, 4000, -9000, false), GW_CLOCK_UNSYNCHRONISED);
}

static void the_clock_of_this_machine_can_be_read(void **ret)
{
	struct gw_clock_sample sample;

	(void)ret;
	gw_clock_sample(&sample);
	assert_true(sample.real_ms > START_MS / 2);
	assert_true(sample.boot_ms > 0);
}

static void repairs_are_limited_to_so_many_a_minute(void **ret)
{
	struct gw_drift_budget budget = { 0 };

	(void)ret;
	for (unsigned int i = 0; i < GW_DRIFT_REPAIRS; i++)
		assert_true(gw_drift_budget_take(&budget, 1000 + i));
	assert_false(gw_drift_budget_take(&budget, 2000));
	assert_int_equal(gw_drift_budget_next(&budget), 1000 + GW_DRIFT_MINUTE);
	assert_false(gw_drift_budget_take(&budget, 999 + GW_DRIFT_MINUTE));
	assert_true(gw_drift_budget_take(&budget, 1000 + GW_DRIFT_MINUTE));
	assert_false(gw_drift_budget_take(&budget, 1000 + GW_DRIFT_MINUTE));
	assert_true(gw_drift_budget_take(&budget, 1001 + GW_DRIFT_MINUTE));
}

static void a_process_is_named_once_and_a_crowd_is_counted(void **ret)
{
	struct gw_drift_finding finding = { 0 };
	struct gw_culprit culprit = { .pid = 7, .process = "nft", .changes = 1 };

	(void)ret;
	gw_drift_add(&finding, &culprit);
	gw_drift_add(&finding, &culprit);
	assert_int_equal(finding.n_culprits, 1);
	assert_int_equal(finding.culprits[0].changes, 2);
	for (uint32_t pid = 100; pid < 200; pid++) {
		culprit.pid = pid;
		gw_drift_add(&finding, &culprit);
	}
	assert_int_equal(finding.n_culprits, GW_DRIFT_CULPRITS);
	assert_int_equal(finding.changes, 102);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_that_runs_makes_no_news),
		cmocka_unit_test(jumps_are_measured_in_both_directions),
		cmocka_unit_test(losing_and_finding_synchronisation_is_told_once),
		cmocka_unit_test(the_clock_of_this_machine_can_be_read),
		cmocka_unit_test(repairs_are_limited_to_so_many_a_minute),
		cmocka_unit_test(a_process_is_named_once_and_a_crowd_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
