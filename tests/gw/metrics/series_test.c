/* Counters that never go back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/metrics/series.h"

static void a_series_follows_its_readings(void **state)
{
	struct gw_series series = { 0 };

	(void)state;
	gw_series_note(&series, 100, 0);
	assert_int_equal(series.shown, 100);
	assert_true(series.rate == 0);
	gw_series_note(&series, 150, 5000);
	assert_int_equal(series.shown, 150);
	assert_true(series.rate == 10);
}

static void one_lower_reading_is_not_believed(void **state)
{
	struct gw_series series = { 0 };

	(void)state;
	gw_series_note(&series, 100, 0);
	gw_series_note(&series, 40, 1000);
	assert_int_equal(series.shown, 100);
	gw_series_note(&series, 105, 1000);
	assert_int_equal(series.shown, 105);
	assert_int_equal(series.base, 0);
}

static void a_counter_that_starts_anew_goes_on(void **state)
{
	struct gw_series series = { 0 };
	uint64_t before = 0;

	(void)state;
	gw_series_note(&series, 100, 0);
	for (uint64_t reading = 0; reading < 300; reading += 7) {
		gw_series_note(&series, reading, 1000);
		assert_true(series.shown >= before);
		before = series.shown;
	}
	assert_int_equal(series.shown, 100 + 294);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_series_follows_its_readings),
		cmocka_unit_test(one_lower_reading_is_not_believed),
		cmocka_unit_test(a_counter_that_starts_anew_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
