#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/text.h"

static void text_grows_and_stays_terminated(void **state)
{
	gw_auto_text struct gw_text text = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		gw_text_putc(&text, 'a');
		gw_text_puts(&text, "bc");
		gw_text_printf(&text, "%04d", i);
		assert_int_equal(text.bytes[text.len], '\0');
	}
	assert_int_equal(text.len, 7000);
	assert_memory_equal(text.bytes + 6993, "abc0999", 7);
}

static void text_longer_than_the_buffer_is_printed_whole(void **state)
{
	gw_auto_text struct gw_text text = { 0 };

	(void)state;
	gw_text_printf(&text, "%5000s|", "x");
	assert_int_equal(text.len, 5001);
	assert_string_equal(text.bytes + 4999, "x|");
}

static void bytes_may_hold_zeroes(void **state)
{
	gw_auto_text struct gw_text text = { 0 };

	(void)state;
	gw_text_add(&text, "a\0b", 3);
	gw_text_add(&text, "", 0);
	assert_int_equal(text.len, 3);
	assert_memory_equal(text.bytes, "a\0b", 4);
}

static void done_empties(void **state)
{
	struct gw_text text = { 0 };

	(void)state;
	gw_text_puts(&text, "x");
	gw_text_done(&text);
	assert_null(text.bytes);
	assert_int_equal(text.len, 0);
	gw_text_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_grows_and_stays_terminated),
		cmocka_unit_test(text_longer_than_the_buffer_is_printed_whole),
		cmocka_unit_test(bytes_may_hold_zeroes),
		cmocka_unit_test(done_empties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
