/* What a module sends, and what of it is served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gw/metrics/families.h"

static size_t read_text(struct gw_arena *arena, const char *text, const struct gw_family_view **ret)
{
	const struct gw_module_view before = { 0 };
	json_t *json = json_loads(text, 0, NULL);
	size_t n;

	assert_non_null(json);
	gw_families_read(arena, json, &before, 0, ret, &n);
	json_decref(json);
	return n;
}

static void families_are_sorted_and_their_labels_escaped(void **state)
{
	struct gw_arena *arena = gw_arena_new();
	const struct gw_family_view *families;

	(void)state;
	assert_int_equal(
		read_text(
			arena,
			"[{\"name\": \"gw_x\", \"type\": \"counter\", \"help\": \"X.\", "
			"\"samples\": "
			"[{\"labels\": {\"a\": \"q\\\"\\n\\\\\", \"b\": \"<i>\"}, \"value\": 7}]},"
			" {\"name\": \"gw_a\", \"type\": \"gauge\", \"samples\": []}]",
			&families),
		2);
	assert_string_equal(families[0].name, "gw_a");
	assert_string_equal(families[1].samples[0].labels, "a=\"q\\\"\\n\\\\\",b=\"<i>\"");
	assert_string_equal(gw_sample_label(&families[1].samples[0], "b"), "<i>");
	assert_int_equal(families[1].samples[0].series.shown, 7);
	gw_arena_free(arena);
}

static void what_cannot_be_served_is_left_out(void **state)
{
	static const char *const families[] = {
		"{}",
		"{\"name\": \"other_x\", \"type\": \"counter\"}",
		"{\"name\": \"gw_x y\", \"type\": \"counter\"}",
		"{\"name\": \"gw_x_total\", \"type\": \"counter\"}",
		"{\"name\": \"gw_x\", \"type\": \"histogram\"}",
		/* The core's own. */
		"{\"name\": \"gw_audit_chain_ok\", \"type\": \"gauge\"}",
		/* Not of the type that dashboards know. */
		"{\"name\": \"gw_attack_active\", \"type\": \"counter\"}",
	};
	static const char *const samples[] = {
		"{\"value\": -1}",
		"{\"value\": \"7\"}",
		"{\"value\": 7, \"labels\": {\"A\": \"x\"}}",
		"{\"value\": 7, \"labels\": {\"a\": 1}}",
		"{\"value\": 7, \"labels\": {\"__name\": \"x\"}}",
	};
	struct gw_arena *arena = gw_arena_new();
	const struct gw_family_view *read;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		(void)snprintf(text, sizeof(text), "[%s]", families[i]);
		if (read_text(arena, text, &read) != 0)
			fail_msg("taken: %s", families[i]);
	}
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		(void)snprintf(text, sizeof(text),
			       "[{\"name\": \"gw_x\", \"type\": \"counter\", \"samples\": [%s]}]",
			       samples[i]);
		assert_int_equal(read_text(arena, text, &read), 1);
		if (read[0].n_samples != 0)
			fail_msg("taken: %s", samples[i]);
	}
	/* The same series, or the same family, once. */
	assert_int_equal(read_text(arena,
				   "[{\"name\": \"gw_x\", \"type\": \"gauge\", \"samples\": "
				   "[{\"value\": 1}, {\"value\": 2}]}, "
				   "{\"name\": \"gw_x\", \"type\": \"gauge\"}]",
				   &read),
			 1);
	assert_int_equal(read[0].n_samples, 1);
	gw_arena_free(arena);
}

static void a_module_that_starts_anew_counts_on(void **state)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_module_view module = { 0 };
	uint64_t readings[] = { 100, 3, 5, 9 }, shown[] = { 100, 100, 105, 109 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		json_t *json = json_pack("[{s:s, s:s, s:[{s:I}]}]", "name", "gw_x", "type",
					 "counter", "samples", "value", (json_int_t)readings[i]);
		const struct gw_family_view *families;
		size_t n;

		gw_families_read(arena, json, &module, 1000, &families, &n);
		json_decref(json);
		module.families = families;
		module.n_families = n;
		assert_int_equal(families[0].samples[0].series.shown, shown[i]);
	}
	gw_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_are_sorted_and_their_labels_escaped),
		cmocka_unit_test(what_cannot_be_served_is_left_out),
		cmocka_unit_test(a_module_that_starts_anew_counts_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
