/* Serial numbers: RFC 1982's order, and each policy's next one, never backwards. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "dns/zone/serial.h"
#include "gw/core/mem.h"

#define NOON INT64_C(1795435200) /* 2026-11-23 12:00:00 UTC */

static void order_is_that_of_rfc_1982(void **state)
{
	(void)state;
	assert_true(gw_zone_serial_after(1, 0));
	assert_false(gw_zone_serial_after(0, 1));
	assert_false(gw_zone_serial_after(7, 7));
	assert_true(gw_zone_serial_after(0, UINT32_MAX));
	assert_true(gw_zone_serial_after(0x7fffffff, 0));
	assert_false(gw_zone_serial_after(0x80000000, 0)); /* left open */
	assert_false(gw_zone_serial_after(0, 0x80000000));
}

static void each_policy_has_its_next_one(void **state)
{
	static const struct {
		enum gw_zone_serial policy;
		bool published;
		uint32_t last, file;
		int err;
		uint32_t next;
	} rows[] = {
		{ GW_ZONE_SERIAL_INCREMENT, false, 0, 7, 0, 7 },
		{ GW_ZONE_SERIAL_INCREMENT, true, 9, 7, 0, 10 },
		{ GW_ZONE_SERIAL_INCREMENT, true, UINT32_MAX, 7, 0, 0 },
		{ GW_ZONE_SERIAL_UNIXTIME, false, 0, 7, 0, (uint32_t)NOON },
		{ GW_ZONE_SERIAL_UNIXTIME, true, 9, 7, 0, (uint32_t)NOON },
		{ GW_ZONE_SERIAL_UNIXTIME, true, (uint32_t)NOON, 7, 0, (uint32_t)NOON + 1 },
		{ GW_ZONE_SERIAL_UNIXTIME, true, (uint32_t)NOON + 86400, 7, -ERANGE, 0 },
		{ GW_ZONE_SERIAL_UNIXTIME, true, 2026112300, 7, -ERANGE, 0 }, /* was `date` */
		{ GW_ZONE_SERIAL_DATE, false, 0, 7, 0, 2026112300 },
		{ GW_ZONE_SERIAL_DATE, true, 2026112200, 7, 0, 2026112300 },
		{ GW_ZONE_SERIAL_DATE, true, 2026112300, 7, 0, 2026112301 },
		{ GW_ZONE_SERIAL_DATE, true, 2026112399, 7, 0, 2026112400 }, /* a hundred a day */
		{ GW_ZONE_SERIAL_DATE, true, 2026112499, 7, -ERANGE, 0 }, /* the clock is behind */
		{ GW_ZONE_SERIAL_DATE, true, 2027010100, 7, -ERANGE, 0 },
		{ GW_ZONE_SERIAL_KEEP, false, 0, 7, 0, 7 },
		{ GW_ZONE_SERIAL_KEEP, true, 6, 7, 0, 7 },
		{ GW_ZONE_SERIAL_KEEP, true, 7, 7, -ERANGE, 0 },
		{ GW_ZONE_SERIAL_KEEP, true, 8, 7, -ERANGE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		uint32_t next = 0;
		int err = gw_zone_serial_next(rows[i].policy,
					      rows[i].published ? &rows[i].last : NULL,
					      rows[i].file, NOON, &next);

		if (err != rows[i].err || (!err && next != rows[i].next))
			fail_msg("row %zu: %d, %u", i, err, next);
	}
}

static void days_are_those_of_the_local_time_zone(void **state)
{
	uint32_t next;

	(void)state;
	(void)setenv("TZ", "JST-9", 1);
	tzset();
	assert_int_equal(gw_zone_serial_next(GW_ZONE_SERIAL_DATE, NULL, 1, NOON + 4 * 3600, &next),
			 0);
	assert_int_equal(next, 2026112400);
	(void)setenv("TZ", "UTC", 1);
	tzset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_is_that_of_rfc_1982),
		cmocka_unit_test(each_policy_has_its_next_one),
		cmocka_unit_test(days_are_those_of_the_local_time_zone),
	};

	(void)setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
