#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/diag.h"
#include "gw/core/mem.h"

static int setup(void **state)
{
	struct gw_diags *diags = gw_zalloc(1, sizeof(*diags));

	gw_diags_init(diags);
	*state = diags;
	return setenv("LC_ALL", "C", 1);
}

static int teardown(void **state)
{
	gw_diags_done(*state);
	gw_free(*state);
	return 0;
}

static void assert_prints(const struct gw_diags *diags, bool colour, const char *expected)
{
	char *printed = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&printed, &len);

	assert_non_null(stream);
	gw_diags_print(diags, stream, colour);
	assert_int_equal(fclose(stream), 0);
	assert_string_equal(printed, expected);
	free(printed);
}

static struct gw_source source_of(const char *path, const char *text)
{
	return (struct gw_source){ .path = path, .text = text, .len = strlen(text) };
}

static void nothing_is_printed_for_nothing(void **state)
{
	assert_prints(*state, false, "");
}

static void errors_come_first_in_order_of_place(void **state)
{
	const struct gw_source web =
		source_of("policies/web.yaml", "policies:\n  - {id: web-in, to: dmx}\n");
	const struct gw_source site = source_of("site.yaml", "zones:\n  dmz: {}\n");
	struct gw_diags *diags = *state;

	gw_diag(diags, GW_D_GLOB_EMPTY, (struct gw_loc){ &web, 1, 1, 8 }, "no file matches `x*`");
	gw_diag(diags, GW_D_UNKNOWN_ZONE, (struct gw_loc){ &web, 2, 22, 3 }, "unknown zone `dmx`");
	gw_diag_hint(diags, "did you mean `dmz`?");
	gw_diag_related(diags, (struct gw_loc){ &site, 2, 3, 3 }, "defined here");
	gw_diag(diags, GW_D_DUPLICATE_KEY, (struct gw_loc){ &web, 1, 1, 8 }, "twice");
	gw_diag_related(diags, (struct gw_loc){ &site, 1, 1, 5 }, "the other");
	gw_diag(diags, GW_D_FILE_MISSING, (struct gw_loc){ 0 }, "there is no file");
	assert_prints(diags, false,
		      "error[GW0102]: there is no file\n"
		      "error[GW0133]: twice\n"
		      " --> policies/web.yaml:1:1\n"
		      "  |\n"
		      "1 | policies:\n"
		      "  | ^^^^^^^^\n"
		      "  = note: the other: site.yaml:1:1\n"
		      "error[GW0212]: unknown zone `dmx`\n"
		      " --> policies/web.yaml:2:22\n"
		      "  |\n"
		      "2 |   - {id: web-in, to: dmx}\n"
		      "  |                      ^^^\n"
		      "  = help: did you mean `dmz`? (defined at site.yaml:2:3)\n"
		      "warning[GW0110]: no file matches `x*`\n"
		      " --> policies/web.yaml:1:1\n"
		      "  |\n"
		      "1 | policies:\n"
		      "  | ^^^^^^^^\n"
		      "3 errors, 1 warning\n");
}

static void carets_line_up_below_wide_and_escaped_characters(void **state)
{
	const struct gw_source source =
		source_of("x\x1b.yaml", "a: \xe6\x9d\xb1\xe4\xba\xac\x1b zzz\n");
	struct gw_diags *diags = *state;

	gw_diag(diags, GW_D_CONTROL_CHARACTER, (struct gw_loc){ &source, 1, 6, 1 }, "bad \x1b[31m");
	gw_diag(diags, GW_D_CONTROL_CHARACTER, (struct gw_loc){ &source, 1, 8, 9 }, "too long");
	assert_prints(diags, false,
		      "error[GW0121]: bad \\x1b[31m\n"
		      " --> x\\x1b.yaml:1:6\n"
		      "  |\n"
		      "1 | a: \xe6\x9d\xb1\xe4\xba\xac\\x1b zzz\n"
		      "  |        ^^^^\n"
		      "error[GW0121]: too long\n"
		      " --> x\\x1b.yaml:1:8\n"
		      "  |\n"
		      "1 | a: \xe6\x9d\xb1\xe4\xba\xac\\x1b zzz\n"
		      "  |             ^^^\n"
		      "2 errors\n");
}

static void long_lines_are_cut_around_the_place(void **state)
{
	char text[1001];
	const struct gw_source source = { .path = "long.yaml", .text = text, .len = 1000 };
	struct gw_diags *diags = *state;
	char *printed = NULL, *line, *carets;
	size_t len = 0;
	FILE *stream = open_memstream(&printed, &len);

	memset(text, '.', 1000);
	text[1000] = '\0';
	memcpy(text + 499, "HERE", 4);
	gw_diag(diags, GW_D_TAB, (struct gw_loc){ &source, 1, 500, 4 }, "here");
	assert_non_null(stream);
	gw_diags_print(diags, stream, false);
	assert_int_equal(fclose(stream), 0);
	line = strstr(printed, "1 | \xe2\x80\xa6");
	assert_non_null(line);
	carets = strstr(line, "\n  | ");
	assert_non_null(carets);
	/* The ellipsis is three bytes and one column; "1 |" is as long as "  |". */
	assert_int_equal(strstr(line, "HERE") - (line + 7) + 2,
			 strstr(carets, "^^^^") - (carets + 4));
	assert_true(len < 400);
	free(printed);
}

static void a_place_outside_of_the_text_shows_no_line(void **state)
{
	const struct gw_source source = source_of("gw.yaml", "a: 1\n");
	const struct gw_source unknown = { .path = "object.txt" };
	struct gw_diags *diags = *state;

	gw_diag(diags, GW_D_TAB, (struct gw_loc){ &source, 9, 9, 9 }, "far below");
	gw_diag(diags, GW_D_TAB, (struct gw_loc){ &source, 1, 40, 1 }, "far right");
	gw_diag(diags, GW_D_TAB, (struct gw_loc){ &unknown, 10, 2, 1 }, "no text");
	assert_prints(diags, false,
		      "error[GW0123]: far right\n"
		      " --> gw.yaml:1:40\n"
		      "  |\n"
		      "1 | a: 1\n"
		      "  |     ^\n"
		      "error[GW0123]: far below\n"
		      " --> gw.yaml:9:9\n"
		      "error[GW0123]: no text\n"
		      "  --> object.txt:10:2\n"
		      "3 errors\n");
}

static void what_is_over_the_limit_is_counted(void **state)
{
	struct gw_diags *diags = *state;

	diags->limit = 1;
	gw_diag(diags, GW_D_TAB, (struct gw_loc){ 0 }, "first");
	gw_diag(diags, GW_D_TAB, (struct gw_loc){ 0 }, "second");
	gw_diag(diags, GW_D_GLOB_EMPTY, (struct gw_loc){ 0 }, "third");
	assert_prints(diags, false, "error[GW0123]: first\n2 errors, 1 warning (2 not shown)\n");
}

static void colour_and_japanese_are_added_when_asked_for(void **state)
{
	struct gw_diags *diags = *state;

	gw_diag(diags, GW_D_UNKNOWN_ZONE, (struct gw_loc){ 0 }, "unknown zone `dmx`");
	assert_int_equal(setenv("LC_ALL", "ja_JP.UTF-8", 1), 0);
	assert_prints(diags, false,
		      "error[GW0212]: \xe6\x9c\xaa\xe5\xae\x9a\xe7\xbe\xa9\xe3\x81\xae"
		      "\xe3\x82\xbe\xe3\x83\xbc\xe3\x83\xb3\xe3\x81\xa7\xe3\x81\x99: "
		      "unknown zone `dmx`\n1 error\n");
	assert_int_equal(setenv("LC_ALL", "C", 1), 0);
	assert_prints(
		diags, true,
		"\033[1;31merror[GW0212]\033[0m\033[1m: unknown zone `dmx`\033[0m\n1 error\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_printed_for_nothing),
		TEST(errors_come_first_in_order_of_place),
		TEST(carets_line_up_below_wide_and_escaped_characters),
		TEST(long_lines_are_cut_around_the_place),
		TEST(a_place_outside_of_the_text_shows_no_line),
		TEST(what_is_over_the_limit_is_counted),
		TEST(colour_and_japanese_are_added_when_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
