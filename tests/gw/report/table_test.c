/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/report/json.h"
#include "gw/report/table.h"

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	gw_auto_text struct gw_text out = { 0 };
	struct gw_report_table table = { 0 };

	(void)state;
	gw_report_row(&table, "POLICY", "PACKETS", "WHERE");
	gw_report_row(&table, "web", "17", "a.yaml:3");
	gw_report_row(&table, "出口", "1 234", "");
	gw_report_row(&table, "", "5", "b");
	gw_report_table_print(&table, "<><", &out);
	gw_report_table_done(&table);
	assert_string_equal(out.bytes, "POLICY  PACKETS  WHERE\n"
				       "web          17  a.yaml:3\n"
				       "出口      1 234\n"
				       "              5  b\n");
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
	gw_auto_text struct gw_text out = { 0 };
	struct gw_report_table table = { 0 };

	(void)state;
	gw_report_row(&table, "a\x1b[31mb\n", "c");
	gw_report_table_print(&table, "", &out);
	gw_report_table_done(&table);
	for (size_t i = 0; i + 1 < out.len; i++)
		assert_true((unsigned char)out.bytes[i] >= ' ');
}

static void numbers_and_spans_are_for_people(void **state)
{
	char text[GW_REPORT_TIME];

	(void)state;
	assert_string_equal(gw_report_number(0, text), "0");
	assert_string_equal(gw_report_number(999, text), "999");
	assert_string_equal(gw_report_number(81240, text), "81 240");
	assert_string_equal(gw_report_number(UINT64_MAX, text), "18 446 744 073 709 551 615");
	assert_string_equal(gw_report_span(100, 100, text), "now");
	assert_string_equal(gw_report_span(100, 101, text), "in 1 second");
	assert_string_equal(gw_report_span(7300, 100, text), "2 hours ago");
	assert_string_equal(gw_report_span(0, INT64_C(3) * 86400, text), "in 3 days");
}

static void text_from_outside_is_valid_json(void **state)
{
	json_t *root = json_object();
	gw_auto_text struct gw_text out = { 0 };
	json_t *back;

	(void)state;
	gw_json_set(root, "note", gw_json_text("a\xff\x1b\"\n"));
	gw_json_set(root, "none", gw_json_text(NULL));
	gw_json_set(root, "time", gw_json_time(1795392000));
	gw_json_set(root, "large", gw_json_number(UINT64_MAX));
	gw_json_print(root, &out);
	back = json_loads(out.bytes, 0, NULL);
	assert_non_null(back);
	assert_true(json_is_null(json_object_get(back, "none")));
	assert_string_equal(json_string_value(json_object_get(back, "time")),
			    "2026-11-23T00:00:00Z");
	json_decref(back);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
		cmocka_unit_test(numbers_and_spans_are_for_people),
		cmocka_unit_test(text_from_outside_is_valid_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
