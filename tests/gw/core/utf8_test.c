#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/core/utf8.h"

static void characters_are_decoded_and_checked(void **state)
{
	static const struct {
		const char *name, *bytes;
		uint32_t first;
		size_t len; /* that the first character takes */
	} cases[] = {
		{ "ascii", "a", 'a', 1 },
		{ "two bytes", "\xc3\xa9", 0xe9, 2 },
		{ "three bytes", "\xe6\x9d\xb1", 0x6771, 3 },
		{ "four bytes", "\xf0\x9f\x94\xa5", 0x1f525, 4 },
		{ "lone continuation", "\x80", GW_UTF8_INVALID, 1 },
		{ "cut", "\xe6\x9d", GW_UTF8_INVALID, 1 },
		{ "overlong slash", "\xc0\xaf", GW_UTF8_INVALID, 1 },
		{ "overlong in three", "\xe0\x80\xaf", GW_UTF8_INVALID, 1 },
		{ "surrogate", "\xed\xa0\x80", GW_UTF8_INVALID, 1 },
		{ "above the last", "\xf4\x90\x80\x80", GW_UTF8_INVALID, 1 },
		{ "never a first byte", "\xff", GW_UTF8_INVALID, 1 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		const char *at = cases[i].bytes;
		uint32_t c = gw_utf8_next(&at, cases[i].bytes + strlen(cases[i].bytes));

		if (c != cases[i].first || (size_t)(at - cases[i].bytes) != cases[i].len)
			fail_msg("%s: U+%04X, %zu bytes", cases[i].name, c,
				 (size_t)(at - cases[i].bytes));
	}
	assert_int_equal(gw_utf8_count("a\xe6\x9d\xb1\xff", 5), 3);
}

static void widths_are_those_of_a_terminal(void **state)
{
	(void)state;
	assert_int_equal(gw_char_width('a'), 1);
	assert_int_equal(gw_char_width(0xe9), 1);
	assert_int_equal(gw_char_width(0x301), 0);   /* combining acute */
	assert_int_equal(gw_char_width(0x3042), 2);  /* hiragana */
	assert_int_equal(gw_char_width(0x6771), 2);  /* han */
	assert_int_equal(gw_char_width(0xff71), 1);  /* half-width katakana */
	assert_int_equal(gw_char_width(0xff21), 2);  /* full-width latin */
	assert_int_equal(gw_char_width(0x1f525), 2); /* emoji */
	assert_int_equal(gw_char_width(0x2192), 1);  /* arrow */
}

static void what_cannot_be_shown_is_escaped(void **state)
{
	gw_auto_text struct gw_text text = { 0 };

	(void)state;
	gw_text_puts_visible(&text, "a\x1b[31m\t\n\x7f\xff\xc2\x9b\xe2\x80\xae\xe6\x9d\xb1");
	assert_string_equal(text.bytes, "a\\x1b[31m\\t\\n\\x7f\\xff\\u009b\\u202e\xe6\x9d\xb1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_are_decoded_and_checked),
		cmocka_unit_test(widths_are_those_of_a_terminal),
		cmocka_unit_test(what_cannot_be_shown_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
