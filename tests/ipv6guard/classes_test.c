#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ipv6guard/classify.h"

static void numbers_and_names_are_unique(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < GW_V6_CLASS_COUNT; i++) {
		for (unsigned int k = i + 1; k < GW_V6_CLASS_COUNT; k++) {
			assert_int_not_equal(gw_v6_class_info(i)->number,
					     gw_v6_class_info(k)->number);
			assert_string_not_equal(gw_v6_class_info(i)->name,
						gw_v6_class_info(k)->name);
		}
		assert_int_equal(gw_v6_class_by_name(gw_v6_class_info(i)->name), i);
	}
	assert_int_equal(gw_v6_class_by_name("no such class"), GW_V6_CLASS_COUNT);
	assert_in_range(GW_V6_CLASS_COUNT, 1, 128); /* struct gw_v6_classes */
}

static void every_class_says_something_in_both_languages(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < GW_V6_CLASS_COUNT; i++) {
		const struct gw_v6_class_info *info = gw_v6_class_info(i);

		assert_true(strlen(info->text_en) > 5);
		assert_true(strlen(info->text_ja) > 5);
		assert_int_equal(strlen(info->catalogue), 3);
		assert_int_not_equal(info->severity, GW_V6_NONE);
		/* A class that neither stops nor tells would never be seen; nothing is stopped in open. */
		assert_int_not_equal(info->stops | info->tells, 0);
		assert_int_equal(info->stops >> GW_V6_OPEN, 0);
	}
}

/* The more a mode permits, the less it stops. */
static void what_guarded_stops_is_stopped_in_all_stricter_modes(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < GW_V6_CLASS_COUNT; i++) {
		const struct gw_v6_class_info *info = gw_v6_class_info(i);

		if (info->stops & 1u << GW_V6_GUARDED)
			assert_true(info->stops & 1u << GW_V6_LOCAL);
		if (info->stops & 1u << GW_V6_LOCAL)
			assert_true(info->stops & 1u << GW_V6_OFF);
		/* An act against others has no place in any of them. */
		if (info->severity == GW_V6_HOSTILE)
			assert_true(info->stops & 1u << GW_V6_GUARDED);
	}
}

static void modes_and_tricks_have_names(void **state)
{
	enum gw_v6_mode mode;

	(void)state;
	for (unsigned int i = 0; i < GW_V6_MODE_COUNT; i++) {
		assert_true(gw_v6_mode_parse(gw_v6_mode_name(i), &mode));
		assert_int_equal(mode, i);
	}
	assert_false(gw_v6_mode_parse("on", &mode));
	for (unsigned int i = 0; i < GW_V6_TRICK_COUNT; i++)
		for (unsigned int k = i + 1; k < GW_V6_TRICK_COUNT; k++)
			assert_string_not_equal(gw_v6_trick_name(1u << i),
						gw_v6_trick_name(1u << k));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_names_are_unique),
		cmocka_unit_test(every_class_says_something_in_both_languages),
		cmocka_unit_test(what_guarded_stops_is_stopped_in_all_stricter_modes),
		cmocka_unit_test(modes_and_tricks_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
