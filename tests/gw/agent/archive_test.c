#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/agent/archive.h"
#include "gw/core/mem.h"

static const struct gw_conf_file sample[] = {
	{ "gw.yaml", "gw: 1\n", 6 },
	{ "lists/empty.txt", "", 0 },
	{ "lists/bytes.txt", "a\0b", 3 },
};

struct state {
	struct gw_arena *arena;
	struct gw_text text;
	struct gw_conf_file *files;
	size_t n;
};

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));

	state->arena = gw_arena_new();
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	gw_text_done(&state->text);
	gw_arena_free(state->arena);
	gw_free(state);
	return 0;
}

/* From a block of exactly this length, so that reading behind it is noticed. */
static int read_back(struct state *state, size_t len)
{
	gw_auto_free char *exact = gw_zalloc(len ? len : 1, 1);
	int err;

	memcpy(exact, state->text.bytes, len);
	err = gw_archive_read(exact, len, state->arena, &state->files, &state->n);
	for (size_t i = 0; !err && i < state->n; i++)
		state->files[i].bytes =
			gw_arena_memdup(state->arena, state->files[i].bytes, state->files[i].len);
	return err;
}

static int read_one(struct state *state, const char *path)
{
	const struct gw_conf_file files[] = { sample[0], { path, "x", 1 } };

	gw_text_done(&state->text);
	gw_archive_write(files, 2, &state->text);
	return read_back(state, state->text.len);
}

static void what_was_written_is_read_again(void **ret)
{
	struct state *state = *ret;

	gw_archive_write(sample, GW_COUNT(sample), &state->text);
	assert_int_equal(read_back(state, state->text.len), 0);
	assert_int_equal(state->n, GW_COUNT(sample));
	for (size_t i = 0; i < GW_COUNT(sample); i++) {
		assert_string_equal(state->files[i].path, sample[i].path);
		assert_int_equal(state->files[i].len, sample[i].len);
		assert_memory_equal(state->files[i].bytes, sample[i].bytes, sample[i].len);
	}
}

static void an_archive_that_was_cut_short_between_no_files_is_refused(void **ret)
{
	struct state *state = *ret;
	size_t whole[] = { 8 + 8 + 7 + 6, 8 + 8 + 7 + 6 + 8 + 15 };

	gw_archive_write(sample, GW_COUNT(sample), &state->text);
	for (size_t len = 0; len < state->text.len; len++)
		if (len != whole[0] && len != whole[1])
			assert_int_equal(read_back(state, len), -EBADMSG);
}

static void paths_that_lead_out_are_refused(void **ret)
{
	static const char *const paths[] = {
		"/etc/passwd", "..",    "../x", "a/../../x", "a//b",
		"./a",         "a/./b", "",     "a/",        "gw.yaml"
	};

	for (size_t i = 0; i < GW_COUNT(paths); i++)
		if (read_one(*ret, paths[i]) != -EBADMSG)
			fail_msg("taken: `%s`", paths[i]);
	assert_int_equal(read_one(*ret, "..a/b..c"), 0);
}

static void a_path_with_a_nul_is_refused(void **ret)
{
	struct state *state = *ret;
	char *at;

	assert_int_equal(read_one(state, "a/bcd"), 0);
	at = memmem(state->text.bytes, state->text.len, "a/bcd", 5);
	assert_non_null(at);
	at[3] = '\0';
	assert_int_equal(read_back(state, state->text.len), -EBADMSG);
}

static void lengths_beyond_the_end_are_refused(void **ret)
{
	struct state *state = *ret;

	gw_archive_write(sample, 1, &state->text);
	memset(state->text.bytes + 12, 0xff, 4);
	assert_int_equal(read_back(state, state->text.len), -EBADMSG);
	memset(state->text.bytes + 8, 0xff, 4);
	assert_int_equal(read_back(state, state->text.len), -EBADMSG);
}

static void the_first_file_is_gw_yaml(void **ret)
{
	struct state *state = *ret;

	gw_archive_write(&sample[1], 1, &state->text);
	assert_int_equal(read_back(state, state->text.len), -EBADMSG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(what_was_written_is_read_again),
		TEST(an_archive_that_was_cut_short_between_no_files_is_refused),
		TEST(paths_that_lead_out_are_refused),
		TEST(a_path_with_a_nul_is_refused),
		TEST(lengths_beyond_the_end_are_refused),
		TEST(the_first_file_is_gw_yaml),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
