/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/core/duration.h"
#include "gw/core/mem.h"

static void every_unit_is_understood(void **state)
{
	static const struct {
		const char *text;
		uint32_t seconds;
	} rows[] = {
		{ "0s", 0 },        { "120s", 120 },        { "30m", 1800 },
		{ "8h", 28800 },    { "7d", 604800 },       { "1y", 31536000 },
		{ "007d", 604800 }, { "136y", 4288896000 }, { "4294967295s", UINT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		uint32_t seconds = 1;

		assert_true(gw_duration_parse(rows[i].text, &seconds));
		assert_int_equal(seconds, rows[i].seconds);
	}
}

static void what_is_no_duration_is_refused(void **state)
{
	static const char *const rows[] = {
		"",   "s",    "120",         "-1s", "1.5h", "1h30m", "5 s",
		"5S", "137y", "4294967296s", "1s ", " 1s",  "0x1s",  "18446744073709551617s"
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		uint32_t seconds = 7;

		assert_false(gw_duration_parse(rows[i], &seconds));
		assert_int_equal(seconds, 7);
	}
}

static void printing_uses_the_largest_exact_unit(void **state)
{
	static const struct {
		uint32_t seconds;
		const char *text;
	} rows[] = {
		{ 0, "0s" },
		{ 59, "59s" },
		{ 120, "2m" },
		{ 121, "121s" },
		{ 86400, "1d" },
		{ 31536000, "1y" },
		{ UINT32_MAX, "4294967295s" },
	};
	char buf[GW_DURATION_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		assert_string_equal(gw_duration_text(rows[i].seconds, buf), rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_unit_is_understood),
		cmocka_unit_test(what_is_no_duration_is_refused),
		cmocka_unit_test(printing_uses_the_largest_exact_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
