#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ratelimit/mode.h"

#define START 1000000

/* So many ticks of the same; how often the mode changed. */
static unsigned int pass(struct ratelimit_regime *regime, int64_t *now, enum ratelimit_level level,
			 bool full, unsigned int ticks)
{
	unsigned int changes = 0;

	for (unsigned int i = 0; i < ticks; i++) {
		changes += ratelimit_regime_tick(regime, level, full, *now);
		*now += RATELIMIT_TICK_MS;
	}
	return changes;
}

static void an_attack_is_met_at_once_and_peace_is_back_within_thirty_seconds(void **state)
{
	struct ratelimit_regime regime;
	int64_t now = START;

	(void)state;
	ratelimit_regime_init(&regime, 10000, now);
	assert_int_equal(pass(&regime, &now, RATELIMIT_ATTACK, false, 1), 1);
	assert_int_equal(regime.mode, RATELIMIT_UNDER_ATTACK);
	assert_int_equal(pass(&regime, &now, RATELIMIT_ATTACK, false, 600), 0);
	assert_int_equal(pass(&regime, &now, RATELIMIT_CALM, false, 300), 2);
	assert_int_equal(regime.mode, RATELIMIT_PEACE);
}

static void a_suspicion_must_last(void **state)
{
	struct ratelimit_regime regime;
	int64_t now = START;

	(void)state;
	ratelimit_regime_init(&regime, 10000, now);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(pass(&regime, &now, RATELIMIT_SUSPECT, false, 2), 0);
		assert_int_equal(pass(&regime, &now, RATELIMIT_CALM, false, 1), 0);
	}
	assert_int_equal(pass(&regime, &now, RATELIMIT_SUSPECT, false, 3), 1);
	assert_int_equal(regime.mode, RATELIMIT_GUARDED);
}

static void a_crowd_changes_nothing(void **state)
{
	struct ratelimit_regime regime;
	int64_t now = START;

	(void)state;
	ratelimit_regime_init(&regime, 10000, now);
	assert_int_equal(pass(&regime, &now, RATELIMIT_CROWD, true, 1000), 0);
	assert_int_equal(regime.mode, RATELIMIT_PEACE);
}

static void a_full_line_needs_the_carrier(void **state)
{
	struct ratelimit_regime regime;
	int64_t now = START;

	(void)state;
	ratelimit_regime_init(&regime, 10000, now);
	(void)pass(&regime, &now, RATELIMIT_ATTACK, true, 20);
	assert_int_equal(regime.mode, RATELIMIT_UNDER_ATTACK);
	(void)pass(&regime, &now, RATELIMIT_ATTACK, true, 20);
	assert_int_equal(regime.mode, RATELIMIT_UPSTREAM);
	(void)pass(&regime, &now, RATELIMIT_ATTACK, false, 110);
	assert_int_equal(regime.mode, RATELIMIT_UNDER_ATTACK);
}

/* A second of attack every fifteen, for ten minutes. */
static void pulses_do_not_make_it_flap(void **state)
{
	struct ratelimit_regime regime;
	int64_t now = START;
	unsigned int changes = 0;

	(void)state;
	ratelimit_regime_init(&regime, 10000, now);
	for (int i = 0; i < 40; i++) {
		changes += pass(&regime, &now, RATELIMIT_ATTACK, false, 10);
		changes += pass(&regime, &now, RATELIMIT_CALM, false, 140);
	}
	assert_in_range(changes, 1, 5);
	assert_int_equal(regime.mode, RATELIMIT_UNDER_ATTACK);
	/* Later attacks are judged on their own again. */
	(void)pass(&regime, &now, RATELIMIT_CALM, false, 6000);
	assert_int_equal(regime.mode, RATELIMIT_PEACE);
	(void)pass(&regime, &now, RATELIMIT_ATTACK, false, 10);
	assert_int_equal(pass(&regime, &now, RATELIMIT_CALM, false, 300), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_attack_is_met_at_once_and_peace_is_back_within_thirty_seconds),
		cmocka_unit_test(a_suspicion_must_last),
		cmocka_unit_test(a_crowd_changes_nothing),
		cmocka_unit_test(a_full_line_needs_the_carrier),
		cmocka_unit_test(pulses_do_not_make_it_flap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
