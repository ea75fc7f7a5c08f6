/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <dirent.h>
#include <signal.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "dns/zone/publish.h"
#include "gw/core/mem.h"

struct state {
	char dir[64], to[80];
	struct gw_zone_publish publish;
	struct gw_diags diags;
};

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));

	(void)strcpy(state->dir, "/tmp/gw-publish-XXXXXX");
	assert_non_null(mkdtemp(state->dir));
	(void)snprintf(state->to, sizeof(state->to), "%s/zone", state->dir);
	state->publish = (struct gw_zone_publish){ .to = state->to, .timeout_s = 1 };
	gw_diags_init(&state->diags);
	*ret = state;
	return 0;
}

/* How many files there are; removes them with `clear`. */
static unsigned int files(const struct state *state, bool clear)
{
	DIR *dir = opendir(state->dir);
	const struct dirent *entry;
	unsigned int n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[400];

		if (entry->d_name[0] == '.' && (!entry->d_name[1] || entry->d_name[1] == '.'))
			continue;
		n++;
		(void)snprintf(path, sizeof(path), "%s/%s", state->dir, entry->d_name);
		if (clear)
			(void)unlink(path);
	}
	assert_int_equal(closedir(dir), 0);
	return n;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	(void)files(state, true);
	assert_int_equal(rmdir(state->dir), 0);
	gw_diags_done(&state->diags);
	gw_free(state);
	return 0;
}

static void holds(const struct state *state, const char *text)
{
	char bytes[64] = "";
	FILE *file = fopen(state->to, "r");

	assert_non_null(file);
	assert_true(fread(bytes, 1, sizeof(bytes) - 1, file) > 0 || feof(file));
	assert_int_equal(fclose(file), 0);
	assert_string_equal(bytes, text);
}

static void a_version_replaces_the_one_before(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(gw_zone_publish_file(&state->publish, "one", 3, &state->diags), 0);
	holds(state, "one");
	assert_int_equal(gw_zone_publish_file(&state->publish, "two", 3, &state->diags), 0);
	holds(state, "two");
	assert_int_equal(files(state, false), 1);
	assert_int_equal(
		gw_zone_publish_reload(&state->publish, &(struct gw_zone_name){ 0 }, &state->diags),
		0);
}

/* As on a full disk: a write fails in the middle. */
static void what_cannot_be_written_whole_leaves_the_old_one(void **ret)
{
	struct state *state = *ret;
	gw_auto_free char *big = gw_zalloc(1, 1u << 20);
	struct rlimit old, small = { .rlim_cur = 65536 };
	int err;

	assert_int_equal(gw_zone_publish_file(&state->publish, "one", 3, &state->diags), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	err = gw_zone_publish_file(&state->publish, big, 1u << 20, &state->diags);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(err, -EFBIG);
	assert_int_equal(state->diags.items[0].id, GW_D_ZONE_PUBLISH_TO);
	holds(state, "one");
}

static void a_folder_that_is_missing_is_said(void **ret)
{
	struct state *state = *ret;

	state->publish.to = "/nonexistent/zone";
	assert_int_equal(gw_zone_publish_file(&state->publish, "one", 3, &state->diags), -ENOENT);
	assert_int_equal(state->diags.count, 1);
}

/* kill -9 at any moment: one version or the other, whole. */
static void a_kill_leaves_a_whole_version(void **ret)
{
	struct state *state = *ret;
	enum { LEN = 256 * 1024 };
	gw_auto_free char *bytes = gw_zalloc(1, LEN);
	struct stat status;

	memset(bytes, 'a', LEN);
	assert_int_equal(gw_zone_publish_file(&state->publish, bytes, LEN, &state->diags), 0);
	for (unsigned int round = 0; round < 20; round++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (!child) {
			for (char c = 'b';; c = c == 'y' ? 'b' : (char)(c + 1)) {
				memset(bytes, c, LEN);
				(void)gw_zone_publish_file(&state->publish, bytes, LEN,
							   &state->diags);
			}
		}
		(void)usleep(1000 + round * 700);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		assert_int_equal(stat(state->to, &status), 0);
		assert_int_equal(status.st_size, LEN);
		FILE *file = fopen(state->to, "r");
		assert_non_null(file);
		assert_int_equal(fread(bytes, 1, LEN, file), LEN);
		assert_int_equal(fclose(file), 0);
		for (size_t i = 1; i < LEN; i++)
			if (bytes[i] != bytes[0])
				fail_msg("two versions in one file");
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_version_replaces_the_one_before),
		TEST(what_cannot_be_written_whole_leaves_the_old_one),
		TEST(a_folder_that_is_missing_is_said),
		TEST(a_kill_leaves_a_whole_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
