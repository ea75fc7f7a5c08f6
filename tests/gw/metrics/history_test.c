/* The last hour. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/metrics/history.h"

static void note(struct gw_history *history, double rate, int64_t now_ms)
{
	const double rates[GW_HISTORY_LINES] = { [GW_HISTORY_PASSED] = rate };

	gw_history_note(history, rates, now_ms);
}

static void a_point_is_the_mean_of_half_a_minute(void **state)
{
	struct gw_history history = { 0 };

	(void)state;
	for (int64_t s = 0; s <= 30; s += 10)
		note(&history, (double)s, 1000 + s * 1000);
	assert_int_equal(history.n, 1);
	assert_true(gw_history_point(&history, GW_HISTORY_PASSED, 0) == 15);
}

static void the_oldest_points_go(void **state)
{
	struct gw_history history = { 0 };

	(void)state;
	note(&history, 0, 1);
	for (int64_t i = 1; i <= 300; i++)
		note(&history, (double)i, 1 + i * GW_HISTORY_STEP_S * 1000);
	assert_int_equal(history.n, GW_HISTORY_POINTS);
	for (size_t i = 0; i < GW_HISTORY_POINTS; i++)
		assert_true(gw_history_point(&history, GW_HISTORY_PASSED, i) ==
			    (double)(300 - GW_HISTORY_POINTS + 1 + i));
}

static void no_points_are_made_up_for_a_sleep(void **state)
{
	struct gw_history history = { 0 };

	(void)state;
	note(&history, 1, 1000);
	note(&history, 1, 3600 * 1000);
	note(&history, 1, 3601 * 1000);
	assert_int_equal(history.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_point_is_the_mean_of_half_a_minute),
		cmocka_unit_test(the_oldest_points_go),
		cmocka_unit_test(no_points_are_made_up_for_a_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
