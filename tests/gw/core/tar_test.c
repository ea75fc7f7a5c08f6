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
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/core/mem.h"
#include "gw/core/tar.h"

struct state {
	struct gw_arena *arena;
	int fd; /* of a file in memory */
	struct gw_tar_writer writer;
	struct gw_tar_reader reader;
};

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));

	state->arena = gw_arena_new();
	state->fd = memfd_create("tar", MFD_CLOEXEC);
	assert_true(state->fd >= 0);
	state->writer.fd = state->reader.fd = state->fd;
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(close(state->fd), 0);
	gw_arena_free(state->arena);
	gw_free(state);
	return 0;
}

static void put(struct state *state, const char *path, const char *bytes)
{
	const struct gw_tar_member member = {
		.path = path,
		.folder = !bytes,
		.mode = bytes ? 0640 : 0750,
		.uid = 1000,
		.gid = 4000000,
		.user = "gw",
		.group = "gw-audit",
		.mtime = 1795392000,
		.size = bytes ? strlen(bytes) : 0,
	};

	assert_int_equal(gw_tar_put(&state->writer, &member), 0);
	if (bytes)
		assert_int_equal(gw_tar_write(&state->writer, bytes, strlen(bytes)), 0);
}

static void rewind_archive(struct state *state)
{
	assert_int_equal(lseek(state->fd, 0, SEEK_SET), 0);
	state->reader = (struct gw_tar_reader){ .fd = state->fd };
}

static struct gw_tar_member next(struct state *state)
{
	struct gw_tar_member member;

	assert_int_equal(gw_tar_next(&state->reader, state->arena, &member), 1);
	return member;
}

static void assert_bytes(struct state *state, const char *bytes)
{
	char buf[4096];
	size_t done = 0;
	ssize_t len;

	/* In small pieces. */
	while ((len = gw_tar_read(&state->reader, buf + done, 7)) > 0)
		done += (size_t)len;
	assert_int_equal(len, 0);
	assert_int_equal(done, strlen(bytes));
	assert_memory_equal(buf, bytes, done);
}

static const char *long_path(struct state *state, size_t len, size_t part)
{
	char *path = gw_arena_zalloc(state->arena, len + 1, 1);

	for (size_t i = 0; i < len; i++)
		path[i] = i % part == part - 1 && i + 1 < len ? '/' : 'x';
	return path;
}

static void what_goes_in_comes_out(void **ret)
{
	struct state *state = *ret;
	struct gw_tar_member member;

	put(state, "state", NULL);
	put(state, "state/current", "118\n");
	put(state, "state/empty", "");
	assert_int_equal(gw_tar_finish(&state->writer), 0);
	rewind_archive(state);
	member = next(state);
	assert_true(member.folder);
	assert_int_equal(member.mode, 0750);
	member = next(state);
	assert_string_equal(member.path, "state/current");
	assert_false(member.folder);
	assert_int_equal(member.mode, 0640);
	assert_int_equal(member.uid, 1000);
	assert_string_equal(member.user, "gw");
	assert_string_equal(member.group, "gw-audit");
	assert_int_equal(member.mtime, 1795392000);
	assert_int_equal(member.size, 4);
	assert_bytes(state, "118\n");
	assert_string_equal(next(state).path, "state/empty");
	assert_bytes(state, "");
	assert_int_equal(gw_tar_next(&state->reader, state->arena, &member), 0);
}

static void what_is_not_read_is_skipped(void **ret)
{
	struct state *state = *ret;

	put(state, "a", "some bytes");
	put(state, "b", "others");
	assert_int_equal(gw_tar_finish(&state->writer), 0);
	rewind_archive(state);
	assert_string_equal(next(state).path, "a");
	assert_string_equal(next(state).path, "b");
	assert_bytes(state, "others");
}

static void paths_of_any_length_fit(void **ret)
{
	/* Around the bounds: name alone, prefix and name, pax; digits of the record's own length. */
	static const size_t lengths[] = { 1,   86,  99,  100, 101, 150, 255, 256,
					  257, 300, 990, 991, 992, 993, 994, 4095 };
	struct state *state = *ret;

	for (size_t i = 0; i < GW_COUNT(lengths); i++)
		put(state, long_path(state, lengths[i], 60), "x");
	put(state, long_path(state, 250, 1000), "one part"); /* no place to cut it */
	assert_int_equal(gw_tar_finish(&state->writer), 0);
	rewind_archive(state);
	for (size_t i = 0; i < GW_COUNT(lengths); i++)
		assert_string_equal(next(state).path, long_path(state, lengths[i], 60));
	assert_string_equal(next(state).path, long_path(state, 250, 1000));
	assert_bytes(state, "one part");
}

static void paths_that_lead_out_are_refused(void **ret)
{
	static const char *const paths[] = { "",     "/etc/passwd", "..",  "../x", "a/../b",
					     "a//b", "a/",          "./a", "a/.",  "." };
	struct state *state = *ret;

	for (size_t i = 0; i < GW_COUNT(paths); i++) {
		const struct gw_tar_member member = { .path = paths[i], .user = "", .group = "" };

		assert_false(gw_tar_path_ok(paths[i]));
		assert_int_equal(gw_tar_put(&state->writer, &member), -EINVAL);
	}
	assert_true(gw_tar_path_ok("a/..b/.c/d."));
}

static void a_member_must_be_complete(void **ret)
{
	struct state *state = *ret;
	const struct gw_tar_member member = { .path = "a", .user = "", .group = "", .size = 2 };

	assert_int_equal(gw_tar_put(&state->writer, &member), 0);
	assert_int_equal(gw_tar_write(&state->writer, "x", 1), 0);
	assert_int_equal(gw_tar_put(&state->writer, &member), -EINVAL);
	assert_int_equal(gw_tar_finish(&state->writer), -EINVAL);
	assert_int_equal(gw_tar_write(&state->writer, "xy", 2), -EINVAL);
}

/* Reads all that there is; the last result of gw_tar_next or gw_tar_read. */
static int read_through(struct state *state)
{
	struct gw_tar_member member;
	char buf[64];
	int more;

	rewind_archive(state);
	while ((more = gw_tar_next(&state->reader, state->arena, &member)) > 0) {
		ssize_t len;

		while ((len = gw_tar_read(&state->reader, buf, sizeof(buf))) > 0)
			;
		if (len < 0)
			return (int)len;
	}
	return more;
}

static void every_cut_is_noticed(void **ret)
{
	struct state *state = *ret;
	off_t size;

	put(state, "a", "some bytes");
	put(state, long_path(state, 300, 60), "others");
	assert_int_equal(gw_tar_finish(&state->writer), 0);
	size = lseek(state->fd, 0, SEEK_END);
	assert_int_equal(read_through(state), 0);
	while (size > 0) {
		size -= 100;
		assert_int_equal(ftruncate(state->fd, size > 0 ? size : 0), 0);
		assert_int_equal(read_through(state), -EBADMSG);
	}
}

static void every_changed_header_is_noticed(void **ret)
{
	struct state *state = *ret;

	put(state, "a", "x");
	assert_int_equal(gw_tar_finish(&state->writer), 0);
	for (off_t at = 0; at < 500; at++) {
		char byte, other;

		assert_int_equal(pread(state->fd, &byte, 1, at), 1);
		other = (char)(byte ^ 0x11);
		assert_int_equal(pwrite(state->fd, &other, 1, at), 1);
		/* The checksum's own end is not looked at. */
		if (at < 154 || at > 155)
			assert_int_equal(read_through(state), -EBADMSG);
		assert_int_equal(pwrite(state->fd, &byte, 1, at), 1);
	}
	assert_int_equal(read_through(state), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_goes_in_comes_out),          TEST(what_is_not_read_is_skipped),
		TEST(paths_of_any_length_fit),         TEST(paths_that_lead_out_are_refused),
		TEST(a_member_must_be_complete),       TEST(every_cut_is_noticed),
		TEST(every_changed_header_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
