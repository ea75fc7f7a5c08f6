#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gw/conf/fmt.h"
#include "gw/core/mem.h"

struct fixture {
	struct gw_arena *arena;
	struct gw_text out, again;
	struct gw_diags diags;
};

static void fixture_init(struct fixture *fixture)
{
	*fixture = (struct fixture){ .arena = gw_arena_new() };
	gw_diags_init(&fixture->diags);
}

static void fixture_done(struct fixture *fixture)
{
	gw_text_done(&fixture->out);
	gw_text_done(&fixture->again);
	gw_diags_done(&fixture->diags);
	gw_arena_free(fixture->arena);
}

/* Formats twice; false if the second time changed anything. */
static bool format(struct fixture *fixture, const char *bytes, size_t len)
{
	if (gw_conf_format(fixture->arena, "gw.yaml", bytes, len, &fixture->out, &fixture->diags))
		return fixture->diags.errors && !fixture->out.len;
	return gw_conf_format(fixture->arena, "gw.yaml", fixture->out.bytes, fixture->out.len,
			      &fixture->again, &fixture->diags) == 0 &&
	       strcmp(fixture->out.bytes, fixture->again.bytes) == 0;
}

static const struct {
	const char *name, *before, *after;
} cases[] = {
	{ "nothing to do", "gw: 1\n", "gw: 1\n" },
	{ "end of the file", "gw: 1", "gw: 1\n" },
	{ "blanks at the end of lines", "gw: 1  \nzones:   \n  a: b \n",
	  "gw: 1\nzones:\n  a: b\n" },
	{ "blanks around colons", "a  :   1\n", "a: 1\n" },
	{ "brackets", "a: [ 1,2 ,  3 ]\nb: { c:  d,e: f ,}\n", "a: [1, 2, 3]\nb: {c: d, e: f,}\n" },
	{ "missing values", "a: {b: , c: {d: }}\n", "a: {b: , c: {d: }}\n" },
	{ "indentation", "a:\n    b:\n       c: d\n    e: f\n", "a:\n  b:\n    c: d\n  e: f\n" },
	{ "lists keep their style", "a:\n- b\nc:\n   - d\n   -   e\n",
	  "a:\n- b\nc:\n  - d\n  - e\n" },
	{ "maps in lists", "a:\n-   b: 1\n    c:\n        - d\n", "a:\n- b: 1\n  c:\n    - d\n" },
	{ "lists in lists", "a:\n - - b\n   - c\n -  - d\n", "a:\n  - - b\n    - c\n  - - d\n" },
	{ "empty lines", "\n\na: 1\n\n\n\nb: 2\n\n\n", "a: 1\n\nb: 2\n" },
	{ "comments", "#a\na: # b\n    # c\n    d: 1   # e  \n# f\ng: 2\n    #h\n",
	  "#a\na: # b\n  # c\n  d: 1   # e\n# f\ng: 2\n#h\n" },
	{ "a comment stays with its list", "a:\n    - b\n    # c\nd: 1\n",
	  "a:\n  - b\n  # c\nd: 1\n" },
	{ "comments within brackets", "a: [ # x\n 1, # y\n   # z\n 2\n ]\n",
	  "a: [ # x\n  1, # y\n  # z\n  2\n]\n" },
	{ "lines within brackets", "p:\n   - {id: a,\n from: b,\n     to: [c,\n d]}\n",
	  "p:\n  - {id: a,\n     from: b,\n     to: [c,\n          d]}\n" },
	{ "brackets in lines of their own", "a: {\nb: [\n1,\n2\n],\n}\n",
	  "a: {\n  b: [\n    1,\n    2\n  ],\n}\n" },
	{ "values below their key", "a:\n      b\nc:\n [d]\n", "a:\n  b\nc:\n  [d]\n" },
	{ "quotes", "a: \"x  y\"\nb: 'it''s'\n\"c\": 1\n", "a: \"x  y\"\nb: 'it''s'\n\"c\": 1\n" },
	{ "texts over lines", "a:\n    b: one\n        two  \n\n        three\n",
	  "a:\n  b: one\n    two\n\n    three\n" },
	{ "quoted texts over lines", "a: \"one \\\n         two\\ \n three\"\n",
	  "a: \"one \\\n  two\\ \n  three\"\n" },
	{ "literal texts", "a:\n    b: |\n        one\n          two \n\n\n\n    c: 1\n",
	  "a:\n  b: |\n    one\n      two \n\n  c: 1\n" },
	{ "kept empty lines", "a: |+\n    x\n\n\nb: 1\n", "a: |+\n  x\n\n\nb: 1\n" },
	{ "given indentation", "a:\n    b: |2\n        x\n       y\n",
	  "a:\n  b: |2\n      x\n     y\n" },
	{ "document marks", "---\na:   1\n...\n", "---\na: 1\n...\n" },
	{ "explicit keys", "?   a\n:   b\n", "? a\n: b\n" },
	{ "windows",
	  "\xef\xbb\xbf"
	  "a:   1\r\nb:\r\n    - |\r\n      x\r\n",
	  "a: 1\nb:\n  - |\n    x\n" },
	{ "japanese", "\xe6\x9d\xb1: [ \xe4\xba\xac,x ] # \xe9\x83\xbd\n",
	  "\xe6\x9d\xb1: [\xe4\xba\xac, x] # \xe9\x83\xbd\n" },
	{ "anchors are refused", "a: &b 1\n", NULL },
	{ "a list at the top is refused", "- x\n", NULL },
	{ "half a file is refused", "a: [1\n", NULL },
	{ "an end that belongs to the text", "a: |\n  x", NULL },
};

static void files_are_laid_out(void **state)
{
	size_t failures = 0;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct fixture fixture;
		const char *got;
		bool stable;

		fixture_init(&fixture);
		stable = format(&fixture, cases[i].before, strlen(cases[i].before));
		got = fixture.out.bytes;
		if (!stable || !got != !cases[i].after ||
		    (got && strcmp(got, cases[i].after) != 0)) {
			print_error("%s:%s\n%s---\n", cases[i].name, stable ? "" : " not stable",
				    got ? got : "(refused)");
			failures++;
		}
		fixture_done(&fixture);
	}
	assert_int_equal(failures, 0);
}

static char *read_whole(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "rbe");
	char *bytes = gw_zalloc(1, 1 << 20);

	assert_non_null(file);
	*ret_len = fread(bytes, 1, (1 << 20) - 1, file);
	assert_int_equal(fclose(file), 0);
	return bytes;
}

static size_t format_folder(const char *folder)
{
	DIR *stream = opendir(folder);
	const struct dirent *entry;
	size_t n = 0;

	if (!stream)
		return 0;
	/* One thread has this stream. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((entry = readdir(stream))) {
		struct fixture fixture;
		char path[512];
		size_t len;
		char *bytes;

		if (!strstr(entry->d_name, ".yaml"))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		bytes = read_whole(path, &len);
		fixture_init(&fixture);
		if (!format(&fixture, bytes, len))
			fail_msg("%s is not stable", path);
		fixture_done(&fixture);
		gw_free(bytes);
		n++;
	}
	assert_int_equal(closedir(stream), 0);
	return n;
}

/* That the meaning stays the same is checked by gw_conf_format itself. */
static void formatting_the_corpus_twice_changes_nothing(void **state)
{
	(void)state;
	assert_true(format_folder("tests/fuzz/corpus/yaml") > 10);
}

static void the_example_can_be_formatted(void **state)
{
	static const char *const folders[] = { "configs/example", "configs/example/baseline" };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(folders); i++)
		(void)format_folder(folders[i]); /* fails by itself */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_laid_out),
		cmocka_unit_test(formatting_the_corpus_twice_changes_nothing),
		cmocka_unit_test(the_example_can_be_formatted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
