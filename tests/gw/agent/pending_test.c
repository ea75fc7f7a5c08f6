/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/agent/durable.h"
#include "gw/agent/pending.h"
#include "gw/core/mem.h"

static const struct gw_pending sample = {
	.revision = 119,
	.fallback = 118,
	.deadline_ms = 5000,
	.boot_id = "0b5ad3e5-7d0c-4a39-9c4e-2f4c1f0a8b11",
	.until = 1795392120,
	.time_s = 120,
	.who = "op-17",
	.pid = 4711,
	.session = 4700,
};

struct state {
	char dir[64];
	struct gw_store *store;
	struct gw_diags diags;
};

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));

	(void)snprintf(state->dir, sizeof(state->dir), "/tmp/gw-pending-XXXXXX");
	assert_non_null(mkdtemp(state->dir));
	gw_diags_init(&state->diags);
	assert_int_equal(gw_store_open(state->dir, &state->store, &state->diags), 0);
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	gw_store_close(state->store);
	gw_diags_done(&state->diags);
	assert_int_equal(gw_durable_remove_tree(AT_FDCWD, state->dir), 0);
	gw_free(state);
	return 0;
}

static void write_file(const struct state *state, const char *text)
{
	gw_auto_close int dir = open(state->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(dir >= 0);
	assert_int_equal(gw_durable_replace(dir, "pending.json", text, strlen(text)), 0);
}

static void what_waits_is_read_back_as_it_was_written(void **ret)
{
	struct state *state = *ret;
	struct gw_pending pending;

	assert_int_equal(gw_pending_read(state->store, &pending), -ENOENT);
	assert_int_equal(gw_pending_write(state->store, &sample), 0);
	assert_int_equal(gw_pending_read(state->store, &pending), 0);
	assert_int_equal(pending.revision, sample.revision);
	assert_int_equal(pending.fallback, sample.fallback);
	assert_int_equal(pending.deadline_ms, sample.deadline_ms);
	assert_string_equal(pending.boot_id, sample.boot_id);
	assert_int_equal(pending.until, sample.until);
	assert_int_equal(pending.time_s, sample.time_s);
	assert_string_equal(pending.who, sample.who);
	assert_int_equal(pending.pid, sample.pid);
	assert_int_equal(pending.session, sample.session);
	assert_int_equal(gw_pending_clear(state->store), 0);
	assert_int_equal(gw_pending_read(state->store, &pending), -ENOENT);
	assert_int_equal(gw_pending_clear(state->store), 0);
}

static void time_runs_only_in_the_boot_that_it_was_given_in(void **state)
{
	(void)state;
	assert_int_equal(gw_pending_left_ms(&sample, sample.boot_id, 4000), 1000);
	assert_int_equal(gw_pending_left_ms(&sample, sample.boot_id, 5000), 0);
	assert_int_equal(gw_pending_left_ms(&sample, sample.boot_id, 6000), 0);
	assert_int_equal(gw_pending_left_ms(&sample, "another", 4000), 0);
	/* A kernel that does not say which boot it is in gives no time. */
	assert_int_equal(gw_pending_left_ms(&sample, "", 4000), 0);
}

static void setting_the_clock_moves_no_deadline(void **state)
{
	struct gw_pending later = sample;

	(void)state;
	later.until += 86400; /* for people alone */
	assert_int_equal(gw_pending_left_ms(&later, later.boot_id, 4000), 1000);
}

static void a_damaged_file_is_told_from_none(void **ret)
{
	static const char *const texts[] = {
		"",
		"{}",
		"{\"schema\": \"gw.pending/1\"}",
		"{\"schema\": \"gw.pending/1\", \"schema\": \"gw.pending/1\"}",
		/* A fallback that is not before the change. */
		"{\"schema\": \"gw.pending/1\", \"revision\": 5, \"fallback\": 5, \"deadline_ms\": "
		"1, "
		"\"boot_id\": \"b\", \"until\": 1, \"time_s\": 1, \"who\": \"w\", \"pid\": 1, "
		"\"session\": 1}",
	};
	struct state *state = *ret;
	struct gw_pending pending;

	for (size_t i = 0; i < GW_COUNT(texts); i++) {
		write_file(state, texts[i]);
		assert_int_equal(gw_pending_read(state->store, &pending), -EBADMSG);
	}
}

static void long_texts_of_others_are_cut(void **ret)
{
	struct state *state = *ret;
	struct gw_pending pending;
	char text[1024], who[512];

	memset(who, 'x', sizeof(who) - 1);
	who[sizeof(who) - 1] = '\0';
	(void)snprintf(text, sizeof(text),
		       "{\"schema\": \"gw.pending/1\", \"revision\": 5, \"fallback\": 4, "
		       "\"deadline_ms\": 1, \"boot_id\": \"b\", \"until\": 1, \"time_s\": 1, "
		       "\"who\": \"%s\", \"pid\": 1, \"session\": 1}",
		       who);
	write_file(state, text);
	assert_int_equal(gw_pending_read(state->store, &pending), 0);
	assert_int_equal(strlen(pending.who), sizeof(pending.who) - 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(what_waits_is_read_back_as_it_was_written),
		cmocka_unit_test(time_runs_only_in_the_boot_that_it_was_given_in),
		cmocka_unit_test(setting_the_clock_moves_no_deadline),
		TEST(a_damaged_file_is_told_from_none),
		TEST(long_texts_of_others_are_cut),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
