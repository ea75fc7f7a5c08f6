/*
 * fdatasync fails: the kernel has then marked what could not be written as clean, so that asking again
 * would succeed and mean nothing. The writer must write the batch anew, elsewhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/agent/durable.h"
#include "gw/audit/audit.h"
#include "gw/audit/chain.h"
#include "gw/audit/log.h"
#include "gw/audit/trail.h"
#include "gw/core/mem.h"

#define FIRST 5u
#define MORE  20u

static atomic_uint failures; /* that are still to come */

/* The name of a descriptor's file ends so. */
static bool is_named(int fd, const char *end)
{
	char link[32], path[256];
	size_t len = strlen(end);
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	return n > (ssize_t)len && memcmp(path + n - len, end, len) == 0;
}

static bool is_segment(int fd)
{
	return is_named(fd, ".log");
}

static atomic_bool gate_closed;          /* syncs wait… */
static atomic_bool at_gate;              /* …as one does now */
static atomic_uint failures_later;       /* of segments behind the first one */
static atomic_uint failures_of_deletion; /* of segments */

/* True as often as the counter says. */
static bool takes_one(atomic_uint *counter)
{
	if (!atomic_load(counter))
		return false;
	atomic_fetch_sub(counter, 1);
	errno = EIO;
	return true;
}

/* In the place of libc's. */
int fdatasync(int fd)
{
	while (atomic_load(&gate_closed) && is_segment(fd)) {
		atomic_store(&at_gate, true);
		(void)sched_yield();
	}
	if (is_segment(fd) && takes_one(&failures))
		return -1;
	if (is_segment(fd) && !is_named(fd, "/0000000000000000.log") && takes_one(&failures_later))
		return -1;
	return (int)syscall(SYS_fdatasync, fd);
}

int unlinkat(int dir, const char *name, int flags)
{
	if (strlen(name) > 4 && strcmp(name + strlen(name) - 4, ".log") == 0 &&
	    takes_one(&failures_of_deletion))
		return -1;
	return (int)syscall(SYS_unlinkat, dir, name, flags);
}

static atomic_bool keeps_what_is_cut; /* as a disk does that loses power before it is told */

int ftruncate(int fd, off_t length)
{
	if (atomic_load(&keeps_what_is_cut) && is_segment(fd))
		return 0;
	return (int)syscall(SYS_ftruncate, fd, length);
}

struct site {
	char dir[64];
	struct gw_audit *audit;
	uint64_t answered, errors, alarms, recoveries;
};

static void on_alarm(bool failing, const char *text, void *context)
{
	struct site *site = context;

	(void)text;
	if (failing)
		site->alarms++;
	else
		site->recoveries++;
}

static void on_done(uint64_t seq, int error, void *context)
{
	struct site *site = context;

	(void)seq;
	site->answered++;
	site->errors += error != 0;
}

static int setup(void **state)
{
	struct site *site = gw_zalloc(1, sizeof(*site));

	(void)strcpy(site->dir, "/tmp/gw-sync-XXXXXX");
	assert_non_null(mkdtemp(site->dir));
	assert_int_equal(gw_audit_open(&(struct gw_audit_options){ .dir = site->dir,
								   .site = "tokyo-01",
								   .alarm = on_alarm,
								   .context = site },
				       &site->audit),
			 0);
	*state = site;
	return 0;
}

static int teardown(void **state)
{
	struct site *site = *state;

	atomic_store(&failures, 0);
	atomic_store(&keeps_what_is_cut, false);
	atomic_store(&failures_later, 0);
	atomic_store(&failures_of_deletion, 0);
	atomic_store(&gate_closed, false);
	gw_audit_close(site->audit);
	(void)gw_durable_remove_tree(AT_FDCWD, site->dir);
	gw_free(site);
	return 0;
}

static void append(struct site *site, unsigned int n)
{
	static const struct gw_audit_record record = { .class_ = GW_AUDIT_CHANGE,
						       .module = "gwd",
						       .event = "test.happened" };

	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(gw_audit_append(site->audit, &record, on_done, site), 0);
}

/* Until so many are answered; the harness ends a test that hangs. */
static void answer(struct site *site, uint64_t n)
{
	struct pollfd ready = { .fd = gw_audit_fd(site->audit), .events = POLLIN };

	while (site->answered < n)
		if (poll(&ready, 1, 1000) > 0)
			gw_audit_dispatch(site->audit);
}

/* How many records the class has; all must follow each other. */
static uint64_t count_records(const struct site *site)
{
	struct gw_chain chain = { .begun = true };
	struct gw_trail_cursor *cursor = NULL;
	struct gw_trail *trail = NULL;
	struct gw_trail_line line;
	uint64_t n = 0, seq, broken;
	size_t log = 0;

	assert_int_equal(gw_trail_open(site->dir, &trail), 0);
	while (strcmp(gw_trail_names(trail)[log], "change") != 0)
		log++;
	assert_int_equal(gw_trail_read(trail, log, 0, &cursor), 0);
	while (gw_trail_next(cursor, &line) == 0) {
		uint8_t prev[GW_HASH_LEN], leaf[GW_HASH_LEN];

		assert_true(gw_chain_read(line.bytes, line.len, &seq, prev));
		assert_int_equal(seq, ++n);
		gw_hash_leaf(line.bytes, line.len, leaf);
		gw_chain_add(&chain, line.index, prev, leaf);
	}
	assert_false(gw_chain_broken(&chain, &broken));
	gw_trail_cursor_free(cursor);
	gw_trail_close(trail);
	return n;
}

static size_t count_segments(const struct site *site, uint64_t *ret_last)
{
	char path[96];
	uint64_t *firsts = NULL;
	size_t n = 0;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/change", site->dir);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(gw_audit_log_segments(fd, &firsts, &n), 0);
	*ret_last = n ? firsts[n - 1] : 0;
	gw_free(firsts);
	(void)close(fd); /* read from only */
	return n;
}

static void fail_and_recover(struct site *site, unsigned int times)
{
	uint64_t last;

	append(site, FIRST);
	answer(site, FIRST);
	atomic_store(&failures, times);
	append(site, MORE);
	assert_int_equal(gw_audit_flush(site->audit), -EIO);
	gw_audit_dispatch(site->audit);
	assert_int_equal(site->answered, FIRST);
	assert_int_equal(site->alarms, 1);
	answer(site, FIRST + MORE);
	assert_int_equal(site->errors, 0);
	assert_int_equal(site->recoveries, 1);
	assert_int_equal(count_records(site), FIRST + MORE);
	/* Not in the segment whose sync has failed. */
	assert_int_equal(count_segments(site, &last), 2);
	assert_int_equal(last, FIRST);
}

static void a_batch_whose_sync_fails_is_written_anew_in_another_segment(void **state)
{
	fail_and_recover(*state, 1);
}

static void it_does_not_matter_how_often_it_fails(void **state)
{
	/* The batch, then the cutting off of what it left; then the same in the new segment. */
	fail_and_recover(*state, 3);
}

static void what_was_written_anew_is_picked_up_by_the_next_process(void **state)
{
	struct site *site = *state;

	fail_and_recover(site, 1);
	gw_audit_close(site->audit);
	assert_int_equal(
		gw_audit_open(&(struct gw_audit_options){ .dir = site->dir, .site = "tokyo-01" },
			      &site->audit),
		0);
	append(site, 1);
	answer(site, FIRST + MORE + 1);
	assert_int_equal(count_records(site), FIRST + MORE + 1);
}

static void reopen(struct site *site)
{
	gw_audit_close(site->audit);
	site->audit = NULL;
	assert_int_equal(
		gw_audit_open(&(struct gw_audit_options){ .dir = site->dir, .site = "tokyo-01" },
			      &site->audit),
		0);
}

static void what_was_cut_off_and_is_back_does_not_count(void **state)
{
	struct site *site = *state;
	uint64_t last;
	char path[96], bytes[8192] = "";
	int fd;

	append(site, FIRST);
	answer(site, FIRST);
	atomic_store(&keeps_what_is_cut, true);
	atomic_store(&failures, 2); /* the batch, and its being cut off */
	append(site, MORE);
	answer(site, FIRST + MORE);
	assert_int_equal(site->errors, 0);
	assert_int_equal(count_segments(site, &last), 2);
	/* The two do overlap: the first one holds more than what is before the second. */
	(void)snprintf(path, sizeof(path), "%s/change/0000000000000000.log", site->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, bytes, sizeof(bytes) - 1) > 0);
	(void)close(fd); /* read from only */
	assert_non_null(strstr(bytes, "{\"seq\":6,"));

	atomic_store(&keeps_what_is_cut, false);
	reopen(site);
	append(site, 1);
	answer(site, FIRST + MORE + 1);
	assert_int_equal(count_records(site), FIRST + MORE + 1);
	/* It is kept beside. */
	(void)snprintf(path, sizeof(path), "%s/change/torn-%016u", site->dir, FIRST);
	assert_int_equal(access(path, F_OK), 0);
}

static void append_large(struct site *site, unsigned int octets)
{
	gw_auto_text struct gw_text detail = { 0 };

	gw_text_printf(&detail, "{\"text\":\"%0*u\"}", (int)octets, 0);
	assert_int_equal(gw_audit_append(site->audit,
					 &(struct gw_audit_record){ .class_ = GW_AUDIT_CHANGE,
								    .module = "gwd",
								    .event = "test.happened",
								    .detail = detail.bytes },
					 on_done, site),
			 0);
}

/* A batch goes on in a second segment, whose sync fails; written anew, it has more room and begins
 * another one later. The one that failed cannot even be deleted at first. */
static void a_segment_that_cannot_be_taken_away_is_not_followed(void **state)
{
	struct site *site = *state;
	uint64_t last;

	gw_audit_close(site->audit);
	assert_int_equal(gw_audit_open(&(struct gw_audit_options){ .dir = site->dir,
								   .site = "tokyo-01",
								   .segment_min = 65536,
								   .segment_max = 65536 },
				       &site->audit),
			 0);
	atomic_store(&gate_closed, true);
	append_large(site, 30000);
	/* What is appended from here on is one batch. */
	while (!atomic_load(&at_gate))
		(void)sched_yield();
	atomic_store(&failures_later, 1);
	atomic_store(&failures_of_deletion, 1);
	for (unsigned int i = 0; i < 5; i++)
		append_large(site, 15000);
	atomic_store(&gate_closed, false);
	answer(site, 6);
	assert_int_equal(site->errors, 0);
	assert_int_equal(atomic_load(&failures_later), 0);
	assert_int_equal(atomic_load(&failures_of_deletion), 0);
	assert_int_equal(count_records(site), 6);
	assert_int_equal(count_segments(site, &last), 3);
	assert_int_equal(last, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_batch_whose_sync_fails_is_written_anew_in_another_segment, setup,
			teardown),
		cmocka_unit_test_setup_teardown(it_does_not_matter_how_often_it_fails, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			what_was_written_anew_is_picked_up_by_the_next_process, setup, teardown),
		cmocka_unit_test_setup_teardown(a_segment_that_cannot_be_taken_away_is_not_followed,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_cut_off_and_is_back_does_not_count, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
