#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "ipv6guard/capture.h"

struct lab {
	char dir[64], file[96], old[96];
	struct ipv6guard_capture capture;
};

static int setup(void **state)
{
	struct lab *lab = gw_zalloc(1, sizeof(*lab));

	(void)snprintf(lab->dir, sizeof(lab->dir), "/tmp/gw-capture-XXXXXX");
	if (!mkdtemp(lab->dir))
		return -1;
	(void)snprintf(lab->file, sizeof(lab->file), "%s/incident.pcap", lab->dir);
	(void)snprintf(lab->old, sizeof(lab->old), "%s/incident.old.pcap", lab->dir);
	lab->capture = IPV6GUARD_CAPTURE_NONE;
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	ipv6guard_capture_close(&lab->capture);
	(void)unlink(lab->file);
	(void)unlink(lab->old);
	(void)rmdir(lab->dir);
	gw_free(lab);
	return 0;
}

static size_t size_of(const char *path)
{
	struct stat status;

	return stat(path, &status) < 0 ? 0 : (size_t)status.st_size;
}

static void frames_are_kept_and_continued(void **state)
{
	static const uint8_t frame[60] = { 0x33, 0x33 };
	struct lab *lab = *state;
	uint32_t words[10];
	int fd;

	assert_int_equal(ipv6guard_capture_open(&lab->capture, lab->dir, 1), 0);
	ipv6guard_capture_add(&lab->capture, frame, sizeof(frame), 1800000000000007);
	assert_int_equal(ipv6guard_capture_open(&lab->capture, lab->dir, 1), 0);
	ipv6guard_capture_add(&lab->capture, frame, sizeof(frame), 1800000001000000);
	assert_int_equal(size_of(lab->file), 24 + 2 * (16 + 60));
	fd = open(lab->file, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, words, sizeof(words)), sizeof(words));
	(void)close(fd);
	assert_int_equal(words[0], 0xa1b2c3d4);
	assert_int_equal(words[5], 1);
	assert_int_equal(words[6], 1800000000);
	assert_int_equal(words[7], 7);
	assert_int_equal(words[8], 60);
}

static void no_more_is_kept_than_was_permitted(void **state)
{
	struct lab *lab = *state;
	gw_auto_free uint8_t *frame = gw_zalloc(1, 60000);

	assert_int_equal(ipv6guard_capture_open(&lab->capture, lab->dir, 1), 0);
	for (int i = 0; i < 100; i++) {
		ipv6guard_capture_add(&lab->capture, frame, 60000, 1800000000000000 + i);
		assert_true(size_of(lab->file) + size_of(lab->old) <= 1u << 20);
	}
	assert_true(size_of(lab->old) > 1u << 18);
	assert_int_equal(lab->capture.frames, 100);
}

static void what_is_no_capture_makes_place(void **state)
{
	static const uint8_t frame[14];
	struct lab *lab = *state;
	FILE *out = fopen(lab->file, "w");

	(void)fputs("something else, and longer than the head of a capture", out);
	(void)fclose(out);
	assert_int_equal(ipv6guard_capture_open(&lab->capture, lab->dir, 1), 0);
	ipv6guard_capture_add(&lab->capture, frame, sizeof(frame), 0);
	assert_int_equal(size_of(lab->file), 24 + 16 + 14);
}

static void nothing_is_kept_where_nothing_is_wanted(void **state)
{
	static const uint8_t frame[14];
	struct lab *lab = *state;

	assert_int_equal(ipv6guard_capture_open(&lab->capture, lab->dir, 0), 0);
	ipv6guard_capture_add(&lab->capture, frame, sizeof(frame), 0);
	assert_int_equal(size_of(lab->file), 0);
	assert_int_equal(ipv6guard_capture_open(&lab->capture, "/nonexistent", 1), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(frames_are_kept_and_continued),
		TEST(no_more_is_kept_than_was_permitted),
		TEST(what_is_no_capture_makes_place),
		TEST(nothing_is_kept_where_nothing_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
