#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/base64.h"
#include "gw/core/mem.h"

/* RFC 4648, section 10, and the two characters that other alphabets replace. */
static const struct {
	const char *bytes, *text;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xfe", "+//+" },
};

static void vectors_of_the_standard_hold_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < GW_COUNT(vectors); i++) {
		gw_auto_text struct gw_text text = { 0 };
		size_t len = strlen(vectors[i].bytes);
		char bytes[16];

		gw_base64_encode(&text, vectors[i].bytes, len);
		assert_string_equal(text.bytes ? text.bytes : "", vectors[i].text);
		assert_int_equal(gw_base64_decode(vectors[i].text, strlen(vectors[i].text), bytes,
						  sizeof(bytes)),
				 len);
		assert_memory_equal(bytes, vectors[i].bytes, len);
	}
}

static void only_the_canonical_form_is_read(void **state)
{
	static const char *const bad[] = {
		"Z",    "Zg",       "Zg=",    "Zg===", "Zh==",       "Zm9=", "====", "=AAA",
		"Z===", "Zg==Zg==", "Zm9v\n", "Zm9 v", "Zm9v\nZm9v", "Zm-v", "Zm_v", "Zm9v=",
	};
	char bytes[16];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(bad); i++)
		if (gw_base64_decode(bad[i], strlen(bad[i]), bytes, sizeof(bytes)) != -EBADMSG)
			fail_msg("`%s` was read", bad[i]);
}

static void nothing_is_written_past_the_room(void **state)
{
	char bytes[3] = { 1, 2, 3 };

	(void)state;
	assert_int_equal(gw_base64_decode("Zm9v", 4, bytes, 2), -EMSGSIZE);
	assert_int_equal(bytes[2], 3);
	assert_int_equal(gw_base64_decode("Zm9v", 4, bytes, 3), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_the_standard_hold_both_ways),
		cmocka_unit_test(only_the_canonical_form_is_read),
		cmocka_unit_test(nothing_is_written_past_the_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
