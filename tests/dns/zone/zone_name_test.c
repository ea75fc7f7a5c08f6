#include <errno.h>
#include <string.h>

#include "dns/zone/zone_name.h"
/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "gw/core/mem.h"

static void names_have_one_canonical_form(void **state)
{
	static const struct {
		const char *text, *canonical, *folder;
		uint8_t len;
	} rows[] = {
		{ ".", ".", "=root", 1 },
		{ "Example.GO.jp", "example.go.jp.", "example.go.jp", 15 },
		{ "example.go.jp.", "example.go.jp.", "example.go.jp", 15 },
		{ "0/26.2.0.192.in-addr.arpa", "0/26.2.0.192.in-addr.arpa.",
		  "0=2f26.2.0.192.in-addr.arpa", 27 },
		{ "a\\.b.example", "a\\.b.example.", "a=2eb.example", 13 },
		{ "\\065\\000.example", "a\\000.example.", "a=00.example", 12 },
		{ "a=2f.example", "a=2f.example.", "a=3d2f.example", 14 },
		{ "\\..jp", "\\..jp.", "=2e.jp", 6 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct gw_zone_name name, again;

		assert_int_equal(gw_zone_name_parse(rows[i].text, &name), 0);
		assert_string_equal(name.text, rows[i].canonical);
		assert_string_equal(name.folder, rows[i].folder);
		assert_int_equal(name.len, rows[i].len);
		assert_int_equal(gw_zone_name_parse(name.text, &again), 0);
		assert_int_equal(again.len, name.len);
		assert_memory_equal(again.wire, name.wire, name.len);
		assert_int_equal(gw_zone_name_of_folder(name.folder, &again), 0);
		assert_string_equal(again.text, name.text);
	}
}

static void what_is_no_name_is_refused(void **state)
{
	static const char label64[] =
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.jp";
	static const char *const rows[] = { "",      "..",       "a..b",    ".a",   "a\\",
					    "a\\25", "a\\256.b", "a\\2x.b", label64 };
	struct gw_zone_name name;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		assert_int_equal(gw_zone_name_parse(rows[i], &name), -EINVAL);
	assert_int_equal(gw_zone_name_parse(label64 + 1, &name), 0);
	assert_int_equal(gw_zone_name_of_folder("a=6", &name), -EINVAL);
	assert_int_equal(gw_zone_name_of_folder("=61.jp", &name), -EINVAL);
	assert_int_equal(gw_zone_name_of_folder("A.jp", &name), -EINVAL);
	assert_int_equal(gw_zone_name_of_folder("lost+found", &name), -EINVAL);
	assert_int_equal(gw_zone_name_of_folder("", &name), -EINVAL);
}

/* 127 labels of one octet make 255 octets; one more is too long. */
static void the_longest_name_fits(void **state)
{
	char text[300] = "";
	struct gw_zone_name name;

	(void)state;
	for (size_t i = 0; i < 127; i++) {
		text[2 * i] = 'a';
		text[2 * i + 1] = '.';
	}
	assert_int_equal(gw_zone_name_parse(text, &name), 0);
	assert_int_equal(name.len, 255);
	text[2 * 127] = 'a';
	assert_int_equal(gw_zone_name_parse(text, &name), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_one_canonical_form),
		cmocka_unit_test(what_is_no_name_is_refused),
		cmocka_unit_test(the_longest_name_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
