#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ratelimit/baseline.h"

/* An hour, of which `suspicious` minutes are. */
static void hour_of(struct ratelimit_baseline *baseline, unsigned int hour, double value,
		    unsigned int suspicious)
{
	for (unsigned int i = 0; i < 60; i++)
		ratelimit_baseline_minute(baseline, hour, value, i < suspicious);
}

static double office(unsigned int hour)
{
	return hour % 24 >= 9 && hour % 24 < 18 ? 400 : 20;
}

static void nothing_is_expected_before_anything_was_learned(void **state)
{
	struct ratelimit_baseline baseline;

	(void)state;
	ratelimit_baseline_init(&baseline);
	assert_true(ratelimit_baseline_expect(&baseline, 5) == 0);
	hour_of(&baseline, 5, 100, 0);
	assert_true(ratelimit_baseline_expect(&baseline, 5) == 0); /* not over yet */
	hour_of(&baseline, 6, 100, 0);
	assert_true(ratelimit_baseline_expect(&baseline, 5) == 100);
	assert_true(ratelimit_baseline_expect(&baseline, 100) == 100); /* the best guess */
}

static void weeks_have_their_hours(void **state)
{
	struct ratelimit_baseline baseline;

	(void)state;
	ratelimit_baseline_init(&baseline);
	for (unsigned int week = 0; week < 4; week++)
		for (unsigned int hour = 0; hour < RATELIMIT_HOURS; hour++)
			hour_of(&baseline, hour, office(hour), 0);
	hour_of(&baseline, 0, 20, 0);
	assert_in_range((int)ratelimit_baseline_expect(&baseline, 24 + 12), 300, 400);
	assert_int_equal((int)ratelimit_baseline_expect(&baseline, 24 + 3), 20);
	/* They come at nine, and some before. */
	assert_in_range((int)ratelimit_baseline_expect(&baseline, 24 + 8), 300, 400);
}

static void one_minute_in_twenty_may_be_an_outlier(void **state)
{
	struct ratelimit_baseline baseline;

	(void)state;
	ratelimit_baseline_init(&baseline);
	for (unsigned int i = 0; i < 60; i++)
		ratelimit_baseline_minute(&baseline, 7, i % 30 == 0 ? 9000 : 50, false);
	hour_of(&baseline, 8, 50, 0);
	assert_int_equal((int)ratelimit_baseline_expect(&baseline, 7), 50);
}

static void suspicious_minutes_teach_nothing(void **state)
{
	struct ratelimit_baseline baseline;

	(void)state;
	ratelimit_baseline_init(&baseline);
	hour_of(&baseline, 7, 50, 0);
	hour_of(&baseline, 8, 50, 0);
	for (unsigned int week = 0; week < 10; week++) {
		hour_of(&baseline, 7, 100000, 60);
		hour_of(&baseline, 8, 100000, 50); /* ten minutes of it passed for harmless */
	}
	hour_of(&baseline, 9, 50, 0);
	assert_int_equal((int)ratelimit_baseline_expect(&baseline, 7), 50);
	assert_int_equal((int)ratelimit_baseline_expect(&baseline, 8), 50);
	assert_int_equal(baseline.frozen, 1100);
}

/* Half a percent an hour, never suspicious: a thousandfold in two months. */
static void a_slow_ramp_does_not_teach_what_it_wants(void **state)
{
	struct ratelimit_baseline baseline;
	double sent = 100;

	(void)state;
	ratelimit_baseline_init(&baseline);
	for (unsigned int hour = 0; hour < 2 * RATELIMIT_HOURS; hour++)
		hour_of(&baseline, hour, 100, 0);
	for (unsigned int hour = 0; hour < 8 * RATELIMIT_HOURS; hour++) {
		sent *= 1.005;
		hour_of(&baseline, hour, sent, 0);
	}
	hour_of(&baseline, 0, 100, 0);
	assert_true(sent > 80000);
	for (unsigned int hour = 0; hour < RATELIMIT_HOURS; hour++)
		assert_in_range((int)ratelimit_baseline_expect(&baseline, hour), 100, 600);
}

static void growth_of_a_site_is_followed(void **state)
{
	struct ratelimit_baseline baseline;

	(void)state;
	ratelimit_baseline_init(&baseline);
	for (unsigned int week = 0; week < 52; week++)
		for (unsigned int hour = 0; hour < RATELIMIT_HOURS; hour++)
			hour_of(&baseline, hour, 100 + 4 * week, 0);
	hour_of(&baseline, 0, 300, 0);
	assert_in_range((int)ratelimit_baseline_expect(&baseline, 50), 280, 304);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_expected_before_anything_was_learned),
		cmocka_unit_test(weeks_have_their_hours),
		cmocka_unit_test(one_minute_in_twenty_may_be_an_outlier),
		cmocka_unit_test(suspicious_minutes_teach_nothing),
		cmocka_unit_test(a_slow_ramp_does_not_teach_what_it_wants),
		cmocka_unit_test(growth_of_a_site_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
