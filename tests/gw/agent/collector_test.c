/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/agent/collector.h"

static void a_collector_that_stays_is_no_news(void **state)
{
	struct gw_collector collector = { 0 };

	(void)state;
	for (int64_t now = 0; now < 100; now++)
		assert_int_equal(gw_collector_note(&collector, true, 3, now), GW_COLLECTOR_NO_NEWS);
}

static void a_short_absence_is_no_news(void **state)
{
	struct gw_collector collector = { 0 };

	(void)state;
	for (int64_t now = 0; now < 100; now++)
		assert_int_equal(
			gw_collector_note(&collector, now % GW_COLLECTOR_LOST_S == 0, 3, now),
			GW_COLLECTOR_NO_NEWS);
}

static void lost_and_back_are_told_once_each(void **state)
{
	struct gw_collector collector = { 0 };
	unsigned int told = 0;

	(void)state;
	assert_int_equal(gw_collector_note(&collector, true, 0, 100), GW_COLLECTOR_NO_NEWS);
	for (int64_t now = 101; now < 200; now++) {
		enum gw_collector_news news =
			gw_collector_note(&collector, false, (uint64_t)now, now);

		assert_int_equal(news, now == 101 + GW_COLLECTOR_LOST_S ? GW_COLLECTOR_LOST
									: GW_COLLECTOR_NO_NEWS);
		told += news == GW_COLLECTOR_LOST;
	}
	assert_int_equal(told, 1);
	assert_int_equal(gw_collector_note(&collector, true, 7, 200), GW_COLLECTOR_BACK);
	/* What waited, not what is left now that some of it has been sent. */
	assert_int_equal(collector.waiting, 199);
	assert_int_equal(collector.since, 101);
	assert_int_equal(gw_collector_note(&collector, true, 0, 201), GW_COLLECTOR_NO_NEWS);
}

static void one_that_never_came_is_lost(void **state)
{
	struct gw_collector collector = { 0 };

	(void)state;
	assert_int_equal(gw_collector_note(&collector, false, 0, 0), GW_COLLECTOR_NO_NEWS);
	assert_int_equal(gw_collector_note(&collector, false, 0, GW_COLLECTOR_LOST_S),
			 GW_COLLECTOR_LOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_collector_that_stays_is_no_news),
		cmocka_unit_test(a_short_absence_is_no_news),
		cmocka_unit_test(lost_and_back_are_told_once_each),
		cmocka_unit_test(one_that_never_came_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
