/* Files on disk: what is opened, and what must not be. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/conf/beneath.h"
#include "gw/conf/files.h"
#include "gw/core/mem.h"

struct fixture {
	char dir[64]; /* holds repo/ and outside.yaml */
	char repo[80];
	int repo_fd;
	struct gw_diags diags;
	struct gw_conf *conf;
};

static void write_file(const struct fixture *fixture, const char *path, const char *text)
{
	int fd = openat(fixture->repo_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t len = strlen(text);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(close(fd), 0);
}

static int setup(void **state)
{
	struct fixture *fixture = gw_zalloc(1, sizeof(*fixture));

	*state = fixture;
	gw_diags_init(&fixture->diags);
	(void)snprintf(fixture->dir, sizeof(fixture->dir), "/tmp/gw-files-XXXXXX");
	if (!mkdtemp(fixture->dir))
		return -1;
	(void)snprintf(fixture->repo, sizeof(fixture->repo), "%s/repo", fixture->dir);
	if (chmod(fixture->dir, 0755) < 0 || mkdir(fixture->repo, 0755) < 0)
		return -1;
	fixture->repo_fd = open(fixture->repo, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fixture->repo_fd < 0 || mkdirat(fixture->repo_fd, "baseline", 0755) < 0)
		return -1;
	write_file(fixture, "../outside.yaml", "zones: {outside: {}}\n");
	return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	gw_conf_free(fixture->conf);
	gw_diags_done(&fixture->diags);
	(void)close(fixture->repo_fd); /* a directory, only read */
	(void)nftw(fixture->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	gw_free(fixture);
	return 0;
}

static void read_dir(struct fixture *fixture)
{
	fixture->conf = gw_conf_read(fixture->repo, &fixture->diags);
}

static void assert_refused(struct fixture *fixture, enum gw_diag_id id)
{
	read_dir(fixture);
	assert_int_equal(fixture->diags.errors, 1);
	assert_string_equal(gw_diag_kind(fixture->diags.items[0].id)->number,
			    gw_diag_kind(id)->number);
	assert_null(fixture->conf->root);
}

static void globs_are_read_in_order_of_names(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "gw.yaml", "include: [baseline/*.yaml]\n");
	write_file(fixture, "baseline/20.yaml", "policies: [b]\n");
	write_file(fixture, "baseline/10.yaml", "policies: [a]\n");
	write_file(fixture, "baseline/10.yaml~", "broken: [\n");
	write_file(fixture, "baseline/.10.yaml", "broken: [\n");
	read_dir(fixture);
	assert_int_equal(fixture->diags.errors, 0);
	assert_int_equal(fixture->conf->n_files, 3);
	assert_string_equal(fixture->conf->files[1].path, "baseline/10.yaml");
	assert_string_equal(fixture->conf->files[2].path, "baseline/20.yaml");
}

static void a_pattern_in_a_directory_that_does_not_exist_matches_nothing(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "gw.yaml", "gw: 1\ninclude: [sites/*.yaml]\n");
	read_dir(fixture);
	assert_int_equal(fixture->diags.errors, 0);
	assert_int_equal(fixture->diags.warnings, 1);
	assert_int_equal(fixture->diags.items[0].id, GW_D_GLOB_EMPTY);
	assert_non_null(fixture->conf->root);
}

static void links_that_stay_inside_are_followed(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "gw.yaml", "include: [link.yaml, dir/a.yaml]\n");
	write_file(fixture, "baseline/a.yaml", "nat: []\n");
	write_file(fixture, "baseline/b.yaml", "zones: {wan: {}}\n");
	assert_int_equal(symlinkat("baseline/b.yaml", fixture->repo_fd, "link.yaml"), 0);
	assert_int_equal(symlinkat("baseline", fixture->repo_fd, "dir"), 0);
	read_dir(fixture);
	assert_int_equal(fixture->diags.errors, 0);
	assert_int_equal(fixture->conf->n_files, 3);
}

static void a_link_that_leads_out_is_refused(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "gw.yaml", "include: [link.yaml]\n");
	assert_int_equal(symlinkat("../outside.yaml", fixture->repo_fd, "link.yaml"), 0);
	assert_refused(fixture, GW_D_PATH_ESCAPES);
}

static void a_link_to_an_absolute_path_is_refused(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "gw.yaml", "include: [link.yaml]\n");
	assert_int_equal(symlinkat("/etc/passwd", fixture->repo_fd, "link.yaml"), 0);
	assert_refused(fixture, GW_D_PATH_ESCAPES);
}

static void a_directory_that_leads_out_is_refused(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "gw.yaml", "include: [out/*.yaml]\n");
	assert_int_equal(symlinkat("..", fixture->repo_fd, "out"), 0);
	assert_refused(fixture, GW_D_PATH_ESCAPES);
}

static void a_link_to_itself_is_refused(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "gw.yaml", "include: [loop.yaml]\n");
	assert_int_equal(symlinkat("loop.yaml", fixture->repo_fd, "loop.yaml"), 0);
	assert_refused(fixture, GW_D_FILE_UNREADABLE);
}

static void a_pipe_is_refused_without_waiting(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "gw.yaml", "include: [pipe.yaml]\n");
	assert_int_equal(mkfifoat(fixture->repo_fd, "pipe.yaml", 0644), 0);
	assert_refused(fixture, GW_D_NOT_A_FILE);
}

static void an_endless_device_is_refused(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "gw.yaml", "include: [zero.yaml]\n");
	if (mknodat(fixture->repo_fd, "zero.yaml", S_IFCHR | 0644, (1 << 8) | 5) < 0) {
		print_message("making a device needs root\n");
		skip();
	}
	assert_refused(fixture, GW_D_NOT_A_FILE);
}

static void a_directory_is_refused(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "gw.yaml", "include: [baseline]\n");
	assert_refused(fixture, GW_D_NOT_A_FILE);
}

static void a_file_of_100_megabytes_is_refused_unread(void **state)
{
	struct fixture *fixture = *state;
	int fd;

	write_file(fixture, "gw.yaml", "");
	fd = openat(fixture->repo_fd, "gw.yaml", O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 100 << 20), 0);
	assert_int_equal(close(fd), 0);
	assert_refused(fixture, GW_D_FILE_TOO_LARGE);
	assert_int_equal(fixture->conf->n_files, 0);
}

static void files_are_limited_together(void **state)
{
	struct fixture *fixture = *state;
	char name[32];

	write_file(fixture, "gw.yaml", "include: [baseline/*]\n");
	for (int i = 0; i < 5; i++) {
		int fd;

		(void)snprintf(name, sizeof(name), "baseline/%d.yaml", i);
		write_file(fixture, name, "");
		fd = openat(fixture->repo_fd, name, O_WRONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(ftruncate(fd, 15 << 20), 0);
		assert_int_equal(close(fd), 0);
	}
	read_dir(fixture);
	/* Four are read and hold zeroes only; the fifth is one too many. */
	assert_int_equal(fixture->diags.errors, 5);
	assert_int_equal(fixture->diags.items[0].id, GW_D_CONTROL_CHARACTER);
	assert_int_equal(fixture->diags.items[4].id, GW_D_CONFIG_TOO_LARGE);
}

static void object_files_have_a_limit_of_their_own(void **state)
{
	struct fixture *fixture = *state;
	struct gw_loc loc;
	int fd;

	write_file(fixture, "gw.yaml", "gw: 1\n");
	write_file(fixture, "list.txt", "");
	fd = openat(fixture->repo_fd, "list.txt", O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 17 << 20), 0);
	read_dir(fixture);
	loc = fixture->conf->root->loc;
	assert_non_null(gw_conf_object(fixture->conf, "list.txt", loc, &fixture->diags));
	write_file(fixture, "list2.txt", "");
	assert_int_equal(close(fd), 0);
	fd = openat(fixture->repo_fd, "list2.txt", O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 257 << 20), 0);
	assert_int_equal(close(fd), 0);
	assert_null(gw_conf_object(fixture->conf, "list2.txt", loc, &fixture->diags));
	assert_int_equal(fixture->diags.errors, 1);
	assert_int_equal(fixture->diags.items[0].id, GW_D_FILE_TOO_LARGE);
}

static void a_file_that_may_not_be_read_says_why(void **state)
{
	struct fixture *fixture = *state;
	bool root = geteuid() == 0;

	write_file(fixture, "gw.yaml", "gw: 1\n");
	assert_int_equal(fchmodat(fixture->repo_fd, "gw.yaml", 0, 0), 0);
	if (root)
		assert_int_equal(seteuid(65534), 0); /* root may read everything */
	read_dir(fixture);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(fixture->diags.errors, 1);
	assert_int_equal(fixture->diags.items[0].id, GW_D_FILE_UNREADABLE);
	assert_string_equal(fixture->diags.items[0].message,
			    "`gw.yaml` cannot be read: Permission denied");
}

static void a_missing_directory_and_a_missing_gw_yaml_are_named(void **state)
{
	struct fixture *fixture = *state;

	fixture->conf = gw_conf_read("/nonexistent/gw", &fixture->diags);
	assert_null(fixture->conf->root);
	gw_conf_free(fixture->conf);
	read_dir(fixture);
	assert_null(fixture->conf->root);
	assert_int_equal(fixture->diags.errors, 2);
	assert_int_equal(fixture->diags.items[0].id, GW_D_FILE_MISSING);
	assert_int_equal(fixture->diags.items[1].id, GW_D_FILE_MISSING);
}

/* ---- kernels without openat2(2) ---- */

static void opening_by_steps_follows_no_link(void **state)
{
	struct fixture *fixture = *state;
	int fd;

	write_file(fixture, "baseline/a.yaml", "a: 1\n");
	assert_int_equal(symlinkat("a.yaml", fixture->repo_fd, "baseline/link.yaml"), 0);
	assert_int_equal(symlinkat("baseline", fixture->repo_fd, "dir"), 0);
	fd = gw_open_beneath_by_steps(fixture->repo_fd, "baseline/a.yaml", 0);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	fd = gw_open_beneath_by_steps(fixture->repo_fd, "baseline", O_DIRECTORY);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(gw_open_beneath_by_steps(fixture->repo_fd, "baseline/link.yaml", 0),
			 -EXDEV);
	assert_int_equal(gw_open_beneath_by_steps(fixture->repo_fd, "dir/a.yaml", 0), -EXDEV);
	assert_int_equal(gw_open_beneath_by_steps(fixture->repo_fd, "../outside.yaml", 0), -EXDEV);
	assert_int_equal(gw_open_beneath_by_steps(fixture->repo_fd, "/etc/passwd", 0), -EXDEV);
	assert_int_equal(gw_open_beneath_by_steps(fixture->repo_fd, "no/a.yaml", 0), -ENOENT);
	assert_int_equal(gw_open_beneath_by_steps(fixture->repo_fd, "baseline/a.yaml/b", 0),
			 -ENOTDIR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(globs_are_read_in_order_of_names),
		TEST(a_pattern_in_a_directory_that_does_not_exist_matches_nothing),
		TEST(links_that_stay_inside_are_followed),
		TEST(a_link_that_leads_out_is_refused),
		TEST(a_link_to_an_absolute_path_is_refused),
		TEST(a_directory_that_leads_out_is_refused),
		TEST(a_link_to_itself_is_refused),
		TEST(a_pipe_is_refused_without_waiting),
		TEST(an_endless_device_is_refused),
		TEST(a_directory_is_refused),
		TEST(a_file_of_100_megabytes_is_refused_unread),
		TEST(files_are_limited_together),
		TEST(object_files_have_a_limit_of_their_own),
		TEST(a_file_that_may_not_be_read_says_why),
		TEST(a_missing_directory_and_a_missing_gw_yaml_are_named),
		TEST(opening_by_steps_follows_no_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
