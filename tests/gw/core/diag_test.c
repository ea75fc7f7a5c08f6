#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/diag.h"
#include "gw/core/mem.h"

static const struct gw_source source = { .path = "gw.yaml", .text = "gw: 1\n", .len = 6 };

static int setup(void **state)
{
	struct gw_diags *diags = gw_zalloc(1, sizeof(*diags));

	gw_diags_init(diags);
	*state = diags;
	return 0;
}

static int teardown(void **state)
{
	gw_diags_done(*state);
	gw_free(*state);
	return 0;
}

static void twenty_are_kept_and_all_are_counted(void **state)
{
	struct gw_diags *diags = *state;

	for (int i = 0; i < 30; i++) {
		gw_diag(diags, GW_D_TAB, (struct gw_loc){ 0 }, "number %d", i);
		gw_diag_hint(diags, "hint %d", i);
		gw_diag_related(diags, (struct gw_loc){ &source, 1, 1, 1 }, "related %d", i);
	}
	assert_int_equal(diags->count, 20);
	assert_int_equal(diags->errors, 30);
	/* Hints of those over the limit did not go to the last one kept. */
	assert_string_equal(diags->items[19].hint, "hint 19");
	assert_string_equal(diags->items[19].related_text, "related 19");
}

static void an_error_takes_the_place_of_the_last_warning(void **state)
{
	struct gw_diags *diags = *state;

	for (int i = 0; i < 25; i++)
		gw_diag(diags, GW_D_GLOB_EMPTY, (struct gw_loc){ 0 }, "warning %d", i);
	gw_diag(diags, GW_D_TAB, (struct gw_loc){ 0 }, "the error");
	gw_diag_hint(diags, "the hint");
	assert_int_equal(diags->count, 20);
	assert_int_equal(diags->warnings, 25);
	assert_int_equal(diags->errors, 1);
	assert_string_equal(diags->items[18].message, "warning 18");
	assert_string_equal(diags->items[19].message, "the error");
	assert_string_equal(diags->items[19].hint, "the hint");
}

static void a_hint_without_a_diagnostic_is_ignored(void **state)
{
	struct gw_diags *diags = *state;

	gw_diag_hint(diags, "nothing");
	gw_diag_related(diags, (struct gw_loc){ 0 }, "nothing");
	assert_int_equal(diags->count, 0);
}

static void kinds_are_found_by_number(void **state)
{
	(void)state;
	assert_ptr_equal(gw_diag_kind_by_number("GW0212"), gw_diag_kind(GW_D_UNKNOWN_ZONE));
	assert_ptr_equal(gw_diag_kind_by_number("gw0101"), gw_diag_kind(GW_D_FILE_UNREADABLE));
	assert_null(gw_diag_kind_by_number("GW9999"));
	assert_null(gw_diag_kind_by_number(""));
}

static void every_kind_is_complete_and_numbers_are_unique(void **state)
{
	(void)state;
	for (int i = 0; i < GW_D_COUNT; i++) {
		const struct gw_diag_kind *kind = gw_diag_kind((enum gw_diag_id)i);

		assert_int_equal(strlen(kind->number), 6);
		assert_memory_equal(kind->number, "GW", 2);
		for (int digit = 2; digit < 6; digit++)
			assert_true(isdigit((unsigned char)kind->number[digit]));
		if (strlen(kind->title_en) < 8 || strlen(kind->title_ja) < 8 ||
		    strlen(kind->explanation) < 80)
			fail_msg("%s says too little", kind->number);
		if (gw_diag_kind_by_number(kind->number) != kind)
			fail_msg("%s is there twice", kind->number);
	}
}

static void set_locale(const char *all, const char *messages, const char *lang)
{
	assert_int_equal(setenv("LC_ALL", all, 1), 0);
	assert_int_equal(setenv("LC_MESSAGES", messages, 1), 0);
	assert_int_equal(setenv("LANG", lang, 1), 0);
}

static void the_locale_decides_the_language(void **state)
{
	(void)state;
	set_locale("", "", "ja_JP.UTF-8");
	assert_true(gw_locale_is_japanese());
	set_locale("", "C", "ja_JP.UTF-8");
	assert_false(gw_locale_is_japanese());
	set_locale("ja", "C", "C");
	assert_true(gw_locale_is_japanese());
	set_locale("", "", "java");
	assert_false(gw_locale_is_japanese());
	set_locale("", "", "");
	assert_false(gw_locale_is_japanese());
}

static void places_as_text(void **state)
{
	struct gw_diags *diags = *state;

	assert_string_equal(gw_loc_text(diags->arena, (struct gw_loc){ &source, 3, 7, 1 }),
			    "gw.yaml:3:7");
	assert_string_equal(gw_loc_text(diags->arena, (struct gw_loc){ &source, 0, 0, 0 }),
			    "gw.yaml");
	assert_string_equal(gw_loc_text(diags->arena, (struct gw_loc){ 0 }), "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(twenty_are_kept_and_all_are_counted, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_error_takes_the_place_of_the_last_warning, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_hint_without_a_diagnostic_is_ignored, setup,
						teardown),
		cmocka_unit_test(kinds_are_found_by_number),
		cmocka_unit_test(every_kind_is_complete_and_numbers_are_unique),
		cmocka_unit_test(the_locale_decides_the_language),
		cmocka_unit_test_setup_teardown(places_as_text, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
