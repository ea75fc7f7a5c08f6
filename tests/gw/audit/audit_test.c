/* The writer of the audit trail, read back by its readers. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/audit/attest.h"
#include "gw/audit/audit.h"
#include "gw/audit/trail.h"
#include "gw/audit/view.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

#define SEGMENT 262144u

struct site {
	char dir[64];
	struct gw_audit *audit;
	uint64_t acknowledged, last_seq, failures;
	struct gw_audit_class_settings classes[GW_AUDIT_CLASS_COUNT];
};

static struct gw_audit *opened(struct site *site)
{
	struct gw_audit_options options = { .dir = site->dir,
					    .site = "tokyo-\"01\"",
					    .classes = site->classes,
					    .segment_min = SEGMENT,
					    .segment_max = SEGMENT };
	struct gw_audit *audit = NULL;

	assert_int_equal(gw_audit_open(&options, &audit), 0);
	return audit;
}

static int setup(void **state)
{
	struct site *site = gw_zalloc(1, sizeof(*site));

	(void)strcpy(site->dir, "/tmp/gw-audit-XXXXXX");
	assert_non_null(mkdtemp(site->dir));
	site->audit = opened(site);
	*state = site;
	return 0;
}

static int teardown(void **state)
{
	struct site *site = *state;
	char command[96];

	gw_audit_close(site->audit);
	(void)snprintf(command, sizeof(command), "rm -rf %s", site->dir);
	assert_int_equal(system(command), 0);
	gw_free(site);
	return 0;
}

static void on_done(uint64_t seq, int error, void *context)
{
	struct site *site = context;

	if (error) {
		site->failures++;
		return;
	}
	site->acknowledged++;
	site->last_seq = seq;
}

static void append(struct site *site, enum gw_audit_class class_, const char *subject)
{
	const struct gw_audit_record record = { .class_ = class_,
						.module = "gwd",
						.event = "test.happened",
						.actor = "op-17",
						.subject = subject,
						.detail = "{\"n\":1}" };

	assert_int_equal(gw_audit_append(site->audit, &record, on_done, site), 0);
}

static void settle(struct site *site)
{
	assert_int_equal(gw_audit_flush(site->audit), 0);
	gw_audit_dispatch(site->audit);
}

static struct gw_trail *trail_of(const struct site *site)
{
	struct gw_trail *trail = NULL;

	assert_int_equal(gw_trail_open(site->dir, &trail), 0);
	assert_int_equal(gw_trail_count(trail), GW_AUDIT_CLASS_COUNT);
	return trail;
}

/* Checks chain and numbers of one log, and gives its root. Returns how many records it has. */
static uint64_t check_log(const struct gw_trail *trail, size_t log, uint8_t root[GW_HASH_LEN],
			  uint64_t *sum_of_seqs)
{
	struct gw_trail_cursor *cursor;
	struct gw_trail_line line;
	struct gw_forest forest = { 0 };
	uint8_t previous[GW_HASH_LEN] = { 0 }, leaf[GW_HASH_LEN];
	int err;

	assert_int_equal(gw_trail_deleted(trail, log, &forest), 0);
	assert_int_equal(gw_trail_read(trail, log, forest.leaves, &cursor), 0);
	while ((err = gw_trail_next(cursor, &line)) == 0) {
		gw_auto_text struct gw_text encoded = { 0 };
		struct gw_audit_view view;

		assert_int_equal(line.index, forest.leaves);
		assert_int_equal(gw_audit_view_init(&view, line.bytes, line.len), 0);
		assert_string_equal(view.class_name, gw_trail_names(trail)[log]);
		assert_string_equal(view.gateway, "tokyo-\"01\"");
		*sum_of_seqs += view.seq;
		if (line.index && memcmp(previous, (uint8_t[GW_HASH_LEN]){ 0 }, GW_HASH_LEN)) {
			gw_base64_encode(&encoded, previous, GW_HASH_LEN);
			assert_string_equal(json_string_value(json_object_get(view.root, "prev")),
					    encoded.bytes);
		}
		gw_audit_view_done(&view);
		gw_hash_leaf(line.bytes, line.len, leaf);
		memcpy(previous, leaf, sizeof(leaf));
		gw_forest_add(&forest, 0, leaf);
	}
	assert_int_equal(err, -ENOENT);
	gw_trail_cursor_free(cursor);
	gw_forest_root(&forest, root);
	return forest.leaves;
}

/* All logs are whole, end where the writer says, and number all records without a gap. */
static uint64_t check_trail(struct site *site, uint64_t missing_sum)
{
	struct gw_log_head heads[GW_AUDIT_CLASS_COUNT];
	struct gw_trail *trail = trail_of(site);
	uint64_t total = 0, sum = missing_sum;
	uint8_t root[GW_HASH_LEN];

	assert_int_equal(gw_audit_heads(site->audit, heads), GW_AUDIT_CLASS_COUNT);
	for (size_t i = 0; i < gw_trail_count(trail); i++) {
		uint64_t n = check_log(trail, i, root, &sum);

		for (size_t c = 0; c < GW_AUDIT_CLASS_COUNT; c++) {
			if (strcmp(heads[c].name, gw_trail_names(trail)[i]) != 0)
				continue;
			assert_int_equal(heads[c].size, n);
			assert_memory_equal(heads[c].root, root, GW_HASH_LEN);
		}
		total += n;
	}
	gw_trail_close(trail);
	assert_int_equal(sum, total * (total + 1) / 2);
	return total;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void what_is_acknowledged_can_be_read(void **state)
{
	struct site *site = *state;

	for (int i = 0; i < 100; i++)
		append(site, (enum gw_audit_class)(i % GW_AUDIT_CLASS_COUNT), "revision 1");
	settle(site);
	assert_int_equal(site->acknowledged, 100);
	assert_int_equal(check_trail(site, 0), 100);
}

static void a_record_says_what_it_was_given(void **state)
{
	static const char hostile[] = "a\"b\\c\n\x01\x7f\xff\xc3\xa9\xe2\x80\xae";
	struct site *site = *state;
	struct gw_trail *trail;
	struct gw_trail_cursor *cursor;
	struct gw_trail_line line;
	struct gw_audit_view view;

	assert_int_equal(gw_audit_append(site->audit,
					 &(struct gw_audit_record){ .class_ = GW_AUDIT_ACCESS,
								    .module = "gw-vpnauthd",
								    .event = "login.failed",
								    .subject = hostile,
								    .failed = true,
								    .reason = "wrong password" },
					 NULL, NULL),
			 0);
	settle(site);
	trail = trail_of(site);
	assert_string_equal(gw_trail_names(trail)[0], "access");
	assert_int_equal(gw_trail_read(trail, 0, 0, &cursor), 0);
	assert_int_equal(gw_trail_next(cursor, &line), 0);
	assert_int_equal(gw_audit_view_init(&view, line.bytes, line.len), 0);
	assert_int_equal(view.seq, 1);
	assert_string_equal(view.actor, "gw-vpnauthd");
	assert_string_equal(view.result, "failed");
	assert_string_equal(view.reason, "wrong password");
	assert_string_equal(view.subject, "a\"b\\c\n\x01\x7f\xc3\xbf\xc3\xa9\xe2\x80\xae");
	assert_true(gw_audit_view_seconds(&view) > 1700000000);
	gw_audit_view_done(&view);
	gw_trail_cursor_free(cursor);
	gw_trail_close(trail);
}

static void segments_follow_each_other_and_opening_goes_on(void **state)
{
	struct site *site = *state;
	uint64_t total = 0;

	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 1500; i++) /* more than a segment holds */
			append(site, GW_AUDIT_CHANGE, "revision 1");
		settle(site);
		total += 1500;
		assert_int_equal(check_trail(site, 0), total);
		gw_audit_close(site->audit);
		site->audit = opened(site);
		assert_int_equal(check_trail(site, 0), total);
	}
	assert_int_equal(site->last_seq, total);
}

static void a_second_writer_is_refused(void **state)
{
	struct site *site = *state;
	struct gw_audit *other = NULL;

	assert_int_equal(
		gw_audit_open(&(struct gw_audit_options){ .dir = site->dir, .site = "x" }, &other),
		-EBUSY);
}

static int segment_of(const struct site *site, const char *class_name, off_t *ret_end)
{
	char path[128];
	struct gw_log_head heads[GW_AUDIT_CLASS_COUNT];
	char chunk[SEGMENT];
	ssize_t n;
	int fd;

	(void)gw_audit_heads(site->audit, heads);
	(void)snprintf(path, sizeof(path), "%s/%s/%016d.log", site->dir, class_name, 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, chunk, sizeof(chunk));
	assert_true(n > 0);
	*ret_end = (off_t)strnlen(chunk, (size_t)n);
	return fd;
}

static void half_a_line_is_cut_off_and_kept_aside(void **state)
{
	struct site *site = *state;
	char path[128];
	off_t end;
	int fd;

	append(site, GW_AUDIT_CHANGE, "one");
	settle(site);
	gw_audit_close(site->audit);
	site->audit = NULL;
	site->audit = opened(site);
	fd = segment_of(site, "change", &end);
	gw_audit_close(site->audit);
	assert_int_equal(pwrite(fd, "{\"seq\":2,\"t\":\"2", 15, end), 15);
	assert_int_equal(pwrite(fd, "{\"seq\":9}\n", 10, end + 5000), 10); /* beyond a gap */
	(void)close(fd);
	site->audit = opened(site);
	assert_int_equal(check_trail(site, 0), 1);
	append(site, GW_AUDIT_CHANGE, "two");
	settle(site);
	assert_int_equal(check_trail(site, 0), 2);
	(void)snprintf(path, sizeof(path), "%s/change/torn-%016d", site->dir, 1);
	assert_int_equal(access(path, F_OK), 0);
}

static void retention_deletes_whole_segments_and_the_rest_verifies(void **state)
{
	struct site *site = *state;
	struct gw_trail *trail;
	struct gw_forest deleted;
	uint64_t sum = 0;
	int64_t n;

	for (int i = 0; i < 3000; i++)
		append(site, GW_AUDIT_ATTACK, "198.51.100.7");
	settle(site);
	assert_int_equal(gw_audit_expire(site->audit, time(NULL) + 86400 * 900), 0); /* for ever */
	site->classes[GW_AUDIT_ATTACK].retention_s = 86400;
	gw_audit_set_classes(site->audit, site->classes);
	assert_int_equal(gw_audit_expire(site->audit, time(NULL)), 0); /* not yet */
	n = gw_audit_expire(site->audit, time(NULL) + 86401);
	assert_in_range(n, 1, 2999);
	settle(site);
	trail = trail_of(site);
	for (size_t i = 0; i < gw_trail_count(trail); i++) {
		if (strcmp(gw_trail_names(trail)[i], "attack") != 0)
			continue;
		assert_int_equal(gw_trail_deleted(trail, i, &deleted), 0);
		assert_int_equal(deleted.leaves, n);
	}
	gw_trail_close(trail);
	for (uint64_t seq = 1; seq <= (uint64_t)n; seq++)
		sum += seq;
	assert_int_equal(check_trail(site, sum), 3001); /* with the record of it */
	gw_audit_close(site->audit);
	site->audit = opened(site);
	assert_int_equal(check_trail(site, sum), 3001);
}

static void verification_finds_nothing_wrong(void **state)
{
	struct site *site = *state;
	struct gw_attest result = { 0 };
	struct gw_diags diags;
	struct gw_trail *trail;

	for (int i = 0; i < 2000; i++)
		append(site, (enum gw_audit_class)(i % 3), "x");
	settle(site);
	trail = trail_of(site);
	gw_diags_init(&diags);
	assert_int_equal(gw_attest(trail, &(struct gw_attest_options){ 0 }, &result, &diags), 0);
	assert_int_equal(result.first_seq, 1);
	assert_int_equal(result.last_seq, 2000);
	for (size_t i = 0; i < diags.count; i++)
		assert_null(strstr(diags.items[i].message, "record"));
	gw_attest_done(&result);
	gw_diags_done(&diags);
	gw_trail_close(trail);
}

static void the_event_descriptor_tells_of_acknowledgements(void **state)
{
	struct site *site = *state;
	struct pollfd ready = { .fd = gw_audit_fd(site->audit), .events = POLLIN };

	append(site, GW_AUDIT_DEVICE, "00:00:5e:00:53:01");
	assert_int_equal(poll(&ready, 1, 10000), 1);
	while (!site->acknowledged)
		gw_audit_dispatch(site->audit);
	assert_int_equal(site->last_seq, 1);
}

static void a_detail_that_is_too_long_is_refused(void **state)
{
	struct site *site = *state;
	char *detail = gw_zalloc(GW_AUDIT_DETAIL_MAX + 2, 1);

	memset(detail, ' ', GW_AUDIT_DETAIL_MAX + 1);
	assert_int_equal(gw_audit_append(site->audit,
					 &(struct gw_audit_record){ .class_ = GW_AUDIT_SYSTEM,
								    .module = "m",
								    .event = "e",
								    .detail = detail },
					 NULL, NULL),
			 -EMSGSIZE);
	gw_free(detail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(what_is_acknowledged_can_be_read),
		TEST(a_record_says_what_it_was_given),
		TEST(segments_follow_each_other_and_opening_goes_on),
		TEST(a_second_writer_is_refused),
		TEST(half_a_line_is_cut_off_and_kept_aside),
		TEST(retention_deletes_whole_segments_and_the_rest_verifies),
		TEST(verification_finds_nothing_wrong),
		TEST(the_event_descriptor_tells_of_acknowledgements),
		TEST(a_detail_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
