/* The two formats of expositions. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/metrics/exposition.h"

static void write_all(struct gw_exposition *out)
{
	gw_auto_text struct gw_text labels = { 0 };

	gw_exposition_label(&labels, "reason", "a\"b\\c\nd");
	gw_exposition_label(&labels, "empty", NULL);
	gw_exposition_family(out, "gw_x", GW_METRIC_COUNTER, NULL, "Say \"x\".\nTwice \\.");
	gw_exposition_sample(out, labels.bytes, UINT64_MAX);
	gw_exposition_sample(out, NULL, 0);
	gw_exposition_family(out, "gw_y_seconds", GW_METRIC_GAUGE, "seconds", "Y.");
	gw_exposition_sample_real(out, "", 0.25);
	gw_exposition_sample_real(out, "", INFINITY);
	gw_exposition_family(out, "gw_z", GW_METRIC_INFO, NULL, "Z.");
	gw_exposition_sample(out, "a=\"b\"", 1);
	gw_exposition_end(out);
}

static void the_text_format_is_that_of_prometheus(void **state)
{
	gw_auto_text struct gw_text text = { 0 };
	struct gw_exposition out = { .text = &text };

	(void)state;
	write_all(&out);
	assert_string_equal(
		text.bytes,
		"# TYPE gw_x_total counter\n# HELP gw_x_total Say 'x'.\\nTwice \\\\.\n"
		"gw_x_total{reason=\"a\\\"b\\\\c\\nd\",empty=\"\"} 18446744073709551615\n"
		"gw_x_total 0\n"
		"# TYPE gw_y_seconds gauge\n# HELP gw_y_seconds Y.\ngw_y_seconds 0.25\n"
		"gw_y_seconds +Inf\n"
		"# TYPE gw_z_info gauge\n# HELP gw_z_info Z.\ngw_z_info{a=\"b\"} 1\n");
	assert_int_equal(out.series, 5);
}

static void open_metrics_names_families_and_ends(void **state)
{
	gw_auto_text struct gw_text text = { 0 };
	struct gw_exposition out = { .text = &text, .open_metrics = true };

	(void)state;
	write_all(&out);
	assert_string_equal(
		text.bytes,
		"# TYPE gw_x counter\n# HELP gw_x Say 'x'.\\nTwice \\\\.\n"
		"gw_x_total{reason=\"a\\\"b\\\\c\\nd\",empty=\"\"} 18446744073709551615\n"
		"gw_x_total 0\n"
		"# TYPE gw_y_seconds gauge\n# UNIT gw_y_seconds seconds\n# HELP gw_y_seconds Y.\n"
		"gw_y_seconds 0.25\ngw_y_seconds +Inf\n"
		"# TYPE gw_z info\n# HELP gw_z Z.\ngw_z_info{a=\"b\"} 1\n# EOF\n");
}

static void series_beyond_the_budget_are_counted(void **state)
{
	gw_auto_text struct gw_text text = { 0 };
	struct gw_exposition out = { .text = &text, .series_max = 3 };

	(void)state;
	write_all(&out);
	assert_int_equal(out.series, 3);
	assert_int_equal(out.dropped, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_format_is_that_of_prometheus),
		cmocka_unit_test(open_metrics_names_families_and_ends),
		cmocka_unit_test(series_beyond_the_budget_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
