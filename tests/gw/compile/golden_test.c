/* The whole ruleset of a small site as text, tests/golden/compile/<name>/ruleset.txt: so that every
 * change of what the compiler makes shows in a review. GOLDEN_UPDATE=1 rewrites it. */
#include "gw/compile/compile.h"

/* cmocka.h needs the headers before it. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>
#include <stdlib.h>

#include "gw/core/mem.h"
#include "tests/support/compiled_site.h"

#define NOW INT64_C(1790000000)

static void file_read(const char *path, struct gw_text *out)
{
	FILE *file = fopen(path, "r");
	char bytes[4096];
	size_t n;

	if (!file)
		fail_msg("cannot read %s (run from the top of the tree)", path);
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		gw_text_add(out, bytes, n);
	gw_text_puts(out, "");
	(void)fclose(file); /* only read */
}

static void file_write(const char *path, const struct gw_text *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text->bytes, 1, text->len, file), text->len);
	assert_int_equal(fclose(file), 0);
}

static void site_compiles_to_the_golden_ruleset(void **state)
{
	gw_auto_text struct gw_text yaml = { 0 }, golden = { 0 }, seen = { 0 };
	struct compiled_site site;

	(void)state;
	file_read("tests/golden/compile/site/gw.yaml", &yaml);
	compiled_site_load(&site, yaml.bytes, NOW, NULL);
	gw_ruleset_print(site.ruleset, &seen);
	if (getenv("GOLDEN_UPDATE"))
		file_write("tests/golden/compile/site/ruleset.txt", &seen);
	file_read("tests/golden/compile/site/ruleset.txt", &golden);
	assert_string_equal(seen.bytes, golden.bytes);
	compiled_site_done(&site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(site_compiles_to_the_golden_ruleset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
