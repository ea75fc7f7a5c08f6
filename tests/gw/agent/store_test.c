/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/agent/durable.h"
#include "gw/agent/revision_review.h"
#include "gw/agent/store.h"
#include "gw/core/mem.h"

#define KILLS 40

struct state {
	char dir[64];
	struct gw_store *store;
	struct gw_diags diags;
	struct gw_arena *arena;
	struct gw_numbers numbers;
	struct gw_number number;
};

static void open_store(struct state *state)
{
	assert_int_equal(gw_store_open(state->dir, &state->store, &state->diags), 0);
}

static void reopen(struct state *state)
{
	gw_store_close(state->store);
	state->store = NULL;
	open_store(state);
}

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));

	(void)snprintf(state->dir, sizeof(state->dir), "/tmp/gw-store-XXXXXX");
	assert_non_null(mkdtemp(state->dir));
	gw_diags_init(&state->diags);
	state->arena = gw_arena_new();
	state->number = (struct gw_number){ "web-in", 17, 0xabc };
	state->numbers = (struct gw_numbers){ .items = &state->number, .n = 1, .next = 18 };
	open_store(state);
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	gw_store_close(state->store);
	assert_int_equal(gw_durable_remove_tree(AT_FDCWD, state->dir), 0);
	gw_diags_done(&state->diags);
	gw_arena_free(state->arena);
	gw_free(state);
	return 0;
}

static const struct gw_conf_file some_files[] = {
	{ "gw.yaml", "gw: 1\n", 6 },
	{ "policies/web.yaml", "policies: []\n", 13 },
	{ "objects/long.txt", "192.0.2.1\n", 10 },
};
static const struct gw_carried some_counts[] = { { "old", 3, 400 }, { "older", 1, 60 } };

static int add(struct state *state, const char *note, const struct gw_conf_file *files, size_t n,
	       uint32_t *ret)
{
	const struct gw_revision revision = {
		.time = 1795392000,
		.who = "op-17",
		.note = note,
		.digest = "d1",
		.rules = 1,
		.emergency = strcmp(note, "emergency") == 0,
	};
	const struct gw_revision_content content = { .files = files,
						     .n_files = n,
						     .numbers = &state->numbers,
						     .carried = some_counts,
						     .n_carried = 2 };

	return gw_store_add(state->store, &revision, &content, ret, &state->diags);
}

static uint32_t add_current(struct state *state, const char *note)
{
	uint32_t number = 0;

	assert_int_equal(add(state, note, some_files, GW_COUNT(some_files), &number), 0);
	assert_int_equal(gw_store_set_current(state->store, number, &state->diags), 0);
	return number;
}

static char *path_of(struct state *state, const char *path)
{
	return gw_arena_printf(state->arena, "%s/%s", state->dir, path);
}

static void write_file(struct state *state, const char *path, const char *text)
{
	FILE *file = fopen(path_of(state, path), "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static enum gw_diag_id last_diag(const struct state *state)
{
	assert_true(state->diags.count > 0);
	return state->diags.items[state->diags.count - 1].id;
}

static void a_revision_is_read_back_as_it_was_stored(void **ret)
{
	struct state *state = *ret;
	uint32_t number = add_current(state, "first");
	struct gw_conf_file *files;
	struct gw_carried *carried;
	struct gw_revision revision;
	struct gw_numbers *numbers;
	size_t n;

	reopen(state);
	assert_int_equal(gw_store_current(state->store), number);
	assert_int_equal(gw_store_pending(state->store), 0);
	assert_int_equal(gw_store_revision(state->store, number, state->arena, &revision), 0);
	assert_string_equal(revision.who, "op-17");
	assert_string_equal(revision.note, "first");
	assert_string_equal(revision.digest, "d1");
	assert_int_equal(revision.time, 1795392000);
	assert_int_equal(revision.rules, 1);
	assert_int_equal(gw_store_files(state->store, number, state->arena, &files, &n), 0);
	assert_int_equal(n, GW_COUNT(some_files));
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < n && strcmp(some_files[k].path, files[i].path) != 0)
			k++;
		assert_true(k < n);
		assert_int_equal(files[i].len, some_files[k].len);
		assert_memory_equal(files[i].bytes, some_files[k].bytes, files[i].len);
	}
	numbers = gw_store_numbers(state->store, number);
	assert_non_null(numbers);
	assert_int_equal(gw_numbers_of(numbers, "web-in"), 17);
	assert_int_equal(numbers->next, 18);
	gw_numbers_free(numbers);
	assert_int_equal(gw_store_carried(state->store, number, state->arena, &carried, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(carried[1].id, "older");
	assert_int_equal(carried[0].bytes, 400);
}

static void files_keep_the_order_in_which_they_were_read(void **ret)
{
	struct state *state = *ret;
	static const struct gw_conf_file files[] = { { "gw.yaml", "x", 1 }, { "a.yaml", "y", 1 } };
	struct gw_conf_file *back;
	uint32_t number;
	size_t n;

	assert_int_equal(add(state, "", files, 2, &number), 0);
	assert_int_equal(gw_store_files(state->store, number, state->arena, &back, &n), 0);
	assert_string_equal(back[0].path, "gw.yaml");
	assert_string_equal(back[1].path, "a.yaml");
}

static void a_revision_that_is_not_current_is_pending(void **ret)
{
	struct state *state = *ret;
	uint32_t first = add_current(state, "first"), second;
	struct gw_revision *items;
	size_t n;

	assert_int_equal(add(state, "second", some_files, 1, &second), 0);
	reopen(state);
	assert_int_equal(gw_store_current(state->store), first);
	assert_int_equal(gw_store_pending(state->store), second);
	assert_int_equal(gw_store_history(state->store, state->arena, &items, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(gw_store_discard(state->store, second), 0);
	assert_int_equal(gw_store_pending(state->store), 0);
}

static void unchanged_files_are_links_to_the_copies_before(void **ret)
{
	struct state *state = *ret;
	struct stat a, b;

	(void)add_current(state, "one");
	(void)add_current(state, "two");
	assert_int_equal(stat(path_of(state, "revisions/000001/config/objects/long.txt"), &a), 0);
	assert_int_equal(stat(path_of(state, "revisions/000002/config/objects/long.txt"), &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
}

static void the_group_can_read_the_state_and_nobody_can_write_it(void **ret)
{
	struct state *state = *ret;
	struct stat status;

	(void)add_current(state, "one");
	assert_int_equal(stat(path_of(state, "revisions"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0750);
	assert_int_equal(stat(path_of(state, "revisions/000001/meta.json"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
	assert_int_equal(stat(path_of(state, "revisions/000001/config/gw.yaml"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
}

static void a_second_writer_is_told_who_holds_the_lock(void **ret)
{
	struct state *state = *ret;
	struct gw_store *other;
	char pid[32];

	assert_int_equal(gw_store_lock(state->store, &state->diags), 0);
	assert_int_equal(gw_store_open(state->dir, &other, &state->diags), 0);
	assert_int_equal(gw_store_lock(other, &state->diags), -EBUSY);
	assert_int_equal(last_diag(state), GW_D_STATE_LOCKED);
	(void)snprintf(pid, sizeof(pid), "process %d ", (int)getpid());
	assert_non_null(strstr(state->diags.items[0].message, pid));
	gw_store_close(state->store);
	assert_int_equal(gw_store_lock(other, &state->diags), 0);
	state->store = other;
}

static void pruning_keeps_the_newest_and_the_current_one(void **ret)
{
	struct state *state = *ret;
	struct gw_revision *items;
	size_t n;

	for (int i = 0; i < 6; i++)
		(void)add_current(state, "again");
	gw_store_prune(state->store, 3);
	assert_int_equal(gw_store_history(state->store, state->arena, &items, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(items[0].number, 6);
	assert_int_equal(items[2].number, 4);
}

/* Changes that follow must not take it off the list of what has to be looked at. */
static void pruning_spares_what_waits_for_its_review(void **ret)
{
	const struct gw_revision_review seen = { .who = "op-08",
						 .note = "fine",
						 .time = 1795392001 };
	struct gw_revision_review review;
	struct state *state = *ret;
	struct gw_revision *items;
	size_t n;

	assert_int_equal(gw_store_review(state->store, 1, state->arena, &review), -ENOENT);
	assert_int_equal(gw_store_set_review(state->store, 1, &seen), -ENOENT);
	(void)add_current(state, "emergency");
	(void)add_current(state, "emergency");
	for (int i = 0; i < 6; i++)
		(void)add_current(state, "again");
	gw_store_prune(state->store, 3);
	assert_int_equal(gw_store_history(state->store, state->arena, &items, &n), 0);
	assert_int_equal(n, 5);
	assert_true(gw_store_waits_for_review(state->store, 1));
	assert_int_equal(gw_store_set_review(state->store, 1, &seen), 0);
	assert_false(gw_store_waits_for_review(state->store, 1));
	assert_int_equal(gw_store_review(state->store, 1, state->arena, &review), 0);
	assert_string_equal(review.who, "op-08");
	assert_int_equal(review.time, seen.time);
	gw_store_prune(state->store, 3);
	assert_int_equal(gw_store_history(state->store, state->arena, &items, &n), 0);
	assert_int_equal(n, 4);
	assert_int_equal(items[3].number, 2);
}

/* ---- damage ------------------------------------------------------------------------------------ */

static void assert_damaged(struct state *state, uint32_t number, const char *file)
{
	const char *path = gw_store_damage(state->store, number, state->arena);

	assert_non_null(path);
	assert_string_equal(path, gw_arena_printf(state->arena, "%s/revisions/%06u/%s", state->dir,
						  number, file));
	assert_string_equal(gw_store_explain(state->store, number, -EBADMSG, state->arena),
			    gw_arena_printf(state->arena, "%s is damaged", path));
}

static void a_sound_revision_has_no_damage(void **ret)
{
	struct state *state = *ret;
	uint32_t number = add_current(state, "one");

	assert_null(gw_store_damage(state->store, number, state->arena));
	assert_string_equal(gw_store_explain(state->store, number, -EIO, state->arena),
			    strerror(EIO));
}

static void looking_makes_nothing(void **ret)
{
	struct state *state = *ret;
	const char *dir = path_of(state, "not-there");
	struct gw_conf_file *files;
	struct gw_revision *items;
	struct gw_store *store;
	size_t n;

	assert_int_equal(gw_store_look(dir, &store, &state->diags), 0);
	assert_int_equal(gw_store_current(store), 0);
	assert_int_equal(gw_store_pending(store), 0);
	assert_int_equal(gw_store_history(store, state->arena, &items, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(gw_store_files(store, 1, state->arena, &files, &n), -ENOENT);
	gw_store_close(store);
	assert_int_equal(access(dir, F_OK), -1);
}

static void damaged_files_are_found(void **ret)
{
	struct state *state = *ret;
	uint32_t number = add_current(state, "one");
	struct gw_conf_file *files;
	struct gw_carried *carried;
	struct gw_revision *items;
	size_t n;

	write_file(state, "revisions/000001/config/gw.yaml", "gw: 2\n");
	assert_int_equal(gw_store_files(state->store, number, state->arena, &files, &n), -EBADMSG);
	assert_damaged(state, number, "config/gw.yaml");
	write_file(state, "revisions/000001/numbers.json", "{\"schema\": \"gw.numbers/1\"");
	assert_null(gw_store_numbers(state->store, number));
	write_file(state, "revisions/000001/carried.json", "[]");
	assert_int_equal(gw_store_carried(state->store, number, state->arena, &carried, &n),
			 -EBADMSG);
	assert_damaged(state, number, "numbers.json"); /* which comes first */
	write_file(state, "revisions/000001/meta.json", "\xff\xfe");
	assert_int_equal(gw_store_files(state->store, number, state->arena, &files, &n), -EBADMSG);
	assert_int_equal(gw_store_history(state->store, state->arena, &items, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(items[0].number, number);
	assert_true(items[0].damaged);
	assert_damaged(state, number, "meta.json");
	assert_int_equal(gw_store_files(state->store, 77, state->arena, &files, &n), -ENOENT);
}

static void a_path_that_leads_out_of_the_revision_is_damage(void **ret)
{
	struct state *state = *ret;
	struct gw_conf_file *files;
	size_t n;

	(void)add_current(state, "one");
	write_file(state, "revisions/000001/meta.json",
		   "{\"schema\": \"gw.revision/1\", \"number\": 1, \"time\": 1, \"who\": \"\", "
		   "\"note\": \"\", \"digest\": \"\", \"rules\": 0, \"files\": [{\"path\": "
		   "\"../../../current\", \"sha256\": "
		   "\"0123456789012345678901234567890123456789012345678901234567890123\", "
		   "\"bytes\": 2}]}");
	assert_int_equal(gw_store_files(state->store, 1, state->arena, &files, &n), -EBADMSG);
}

static void a_lost_current_file_is_not_guessed(void **ret)
{
	struct state *state = *ret;

	(void)add_current(state, "one");
	(void)add_current(state, "two");
	gw_store_close(state->store);
	state->store = NULL;
	write_file(state, "current", "junk\n");
	assert_int_equal(gw_store_open(state->dir, &state->store, &state->diags), -EBADMSG);
	assert_int_equal(last_diag(state), GW_D_STATE_CORRUPT);
	assert_int_equal(unlink(path_of(state, "current")), 0);
	assert_int_equal(gw_store_open(state->dir, &state->store, &state->diags), -EBADMSG);
	state->store = NULL;
}

static void text_from_outside_cannot_break_the_record(void **ret)
{
	struct state *state = *ret;
	uint32_t number = add_current(state, "a \"note\"\n\x1b[31m\xff");
	struct gw_revision revision;

	assert_int_equal(gw_store_revision(state->store, number, state->arena, &revision), 0);
	assert_null(strchr(revision.note, '\x1b'));
	assert_non_null(strstr(revision.note, "\"note\""));
}

static void what_stands_in_the_way_is_reported(void **ret)
{
	struct state *state = *ret;
	struct gw_store *store;
	uint32_t number;

	write_file(state, "file", "");
	assert_int_equal(gw_store_open(path_of(state, "file"), &store, &state->diags), -ENOTDIR);
	assert_int_equal(last_diag(state), GW_D_STATE_DIR);
	/* A folder that cannot be written to: something that is no folder has its name. */
	assert_int_equal(mkdir(path_of(state, "current.new"), 0700), 0);
	assert_true(add(state, "", some_files, 1, &number) < 0);
	assert_int_equal(last_diag(state), GW_D_STATE_WRITE);
	assert_int_equal(gw_store_pending(state->store), 0);
}

/* ---- kill ------------------------------------------------------------------------------------- */

/* Adds revisions until it is killed. */
static void writer(struct state *state)
{
	for (;;) {
		reopen(state);
		if (gw_store_lock(state->store, &state->diags) < 0)
			_exit(1);
		if (gw_store_pending(state->store))
			(void)gw_store_discard(state->store, gw_store_pending(state->store));
		(void)add_current(state, "again");
		gw_store_prune(state->store, 3);
	}
}

static void a_kill_at_any_moment_leaves_a_whole_state(void **ret)
{
	struct state *state = *ret;

	unsigned int late = 0; /* on a slow machine nothing is written in the usual time */

	for (unsigned int i = 0; i < KILLS; i++) {
		struct gw_conf_file *files;
		uint32_t current;
		size_t n;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			writer(state);
		(void)usleep(1000 + 700 * i + late);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		reopen(state);
		current = gw_store_current(state->store);
		if (!current) {
			late += 5000 * i;
			continue;
		}
		assert_int_equal(gw_store_files(state->store, current, state->arena, &files, &n),
				 0);
		assert_int_equal(n, GW_COUNT(some_files));
		if (gw_store_pending(state->store))
			assert_int_equal(gw_store_files(state->store,
							gw_store_pending(state->store),
							state->arena, &files, &n),
					 0);
	}
	assert_true(gw_store_current(state->store) > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_revision_is_read_back_as_it_was_stored),
		TEST(files_keep_the_order_in_which_they_were_read),
		TEST(a_revision_that_is_not_current_is_pending),
		TEST(unchanged_files_are_links_to_the_copies_before),
		TEST(the_group_can_read_the_state_and_nobody_can_write_it),
		TEST(a_second_writer_is_told_who_holds_the_lock),
		TEST(pruning_keeps_the_newest_and_the_current_one),
		TEST(pruning_spares_what_waits_for_its_review),
		TEST(a_sound_revision_has_no_damage),
		TEST(looking_makes_nothing),
		TEST(damaged_files_are_found),
		TEST(a_path_that_leads_out_of_the_revision_is_damage),
		TEST(a_lost_current_file_is_not_guessed),
		TEST(text_from_outside_cannot_break_the_record),
		TEST(what_stands_in_the_way_is_reported),
		TEST(a_kill_at_any_moment_leaves_a_whole_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
