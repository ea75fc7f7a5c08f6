#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dns/zone/ledger.h"
/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "gw/agent/durable.h"
#include "gw/audit/files.h"
#include "gw/core/mem.h"
#include "tests/support/zone_keys.h"

#define KSK 1000
#define ZSK 2000

struct fixture {
	char dir[32];
	int state;
	struct gw_zone_name zone;
	struct gw_diags diags;
	struct gw_zone_ledger *ledger;
};

static int set_up(void **state)
{
	struct fixture *fixture = gw_zalloc(1, sizeof(*fixture));

	(void)snprintf(fixture->dir, sizeof(fixture->dir), "/tmp/gw-ledger.XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	fixture->state = open(fixture->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	gw_diags_init(&fixture->diags);
	assert_int_equal(gw_zone_name_parse("example.go.jp", &fixture->zone), 0);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	gw_zone_ledger_close(fixture->ledger);
	gw_diags_done(&fixture->diags);
	(void)close(fixture->state);
	(void)gw_durable_remove_tree(AT_FDCWD, fixture->dir);
	gw_free(fixture);
	return 0;
}

static int reopen(struct fixture *fixture)
{
	gw_zone_ledger_close(fixture->ledger);
	fixture->ledger = NULL;
	return gw_zone_ledger_open(fixture->state, &fixture->zone, &fixture->diags,
				   &fixture->ledger);
}

static void append(struct fixture *fixture, struct gw_zone_entry entry)
{
	(void)snprintf(entry.actor, sizeof(entry.actor), "op-03");
	assert_int_equal(gw_zone_ledger_append(fixture->ledger, &entry, &fixture->diags), 0);
}

static struct gw_zone_entry publish(int64_t time)
{
	return (struct gw_zone_entry){ .event = GW_ZONE_PUBLISH,
				       .time = time,
				       .reason = "first keys",
				       .shown = { .keys = zone_tags(2, KSK, ZSK),
						  .key_signers = zone_tags(1, KSK),
						  .zone_signers = zone_tags(1, ZSK),
						  .cds = zone_tags(1, KSK),
						  .dnskey_ttl = 3600,
						  .max_ttl = 7200 } };
}

/* One entry of each kind. */
static void fill(struct fixture *fixture)
{
	assert_int_equal(reopen(fixture), 0);
	append(fixture, zone_generated(10, KSK, GW_ZONE_KSK));
	append(fixture, zone_generated(11, ZSK, GW_ZONE_ZSK));
	append(fixture, zone_backed_up(20, KSK));
	append(fixture, zone_backed_up(20, ZSK));
	append(fixture, zone_introduced(30, KSK, 0));
	append(fixture, zone_introduced(30, ZSK, 0));
	append(fixture, publish(40));
	append(fixture, (struct gw_zone_entry){ .event = GW_ZONE_PUBLISHED, .time = 41 });
	append(fixture, (struct gw_zone_entry){ .event = GW_ZONE_ASKED,
						.time = 50,
						.parent = { .ds = zone_tags(1, KSK) } });
	append(fixture, (struct gw_zone_entry){
				.event = GW_ZONE_SEEN,
				.time = 60,
				.parent = { .ds = zone_tags(1, KSK), .strangers = 1, .ttl = 60 } });
	append(fixture,
	       (struct gw_zone_entry){ .event = GW_ZONE_WITHDRAWN, .time = 70, .tag = ZSK });
	append(fixture,
	       (struct gw_zone_entry){ .event = GW_ZONE_COMPROMISED, .time = 71, .tag = KSK });
}

#define ENTRIES 12

#define LEDGER "zones/example.go.jp/ledger"

static void read_file(struct fixture *fixture, const char *path, struct gw_text *out)
{
	assert_int_equal(gw_audit_file_read(fixture->state, path, 1 << 20, out), 0);
}

static void write_file(struct fixture *fixture, const char *bytes, size_t len)
{
	gw_zone_ledger_close(fixture->ledger);
	fixture->ledger = NULL;
	assert_int_equal(gw_audit_file_replace(fixture->state, LEDGER, 0640, bytes, len), 0);
}

static void what_was_appended_is_there_after_opening_again(void **state)
{
	struct fixture *fixture = *state;
	const struct gw_zone_history *history;

	fill(fixture);
	assert_int_equal(reopen(fixture), 0);
	history = gw_zone_ledger_history(fixture->ledger);
	assert_int_equal(history->n_entries, ENTRIES);
	assert_int_equal(history->last, 71);
	assert_int_equal(gw_zone_history_key(history, KSK)->compromised, 71);
	assert_int_equal(gw_zone_history_key(history, ZSK)->withdrawn, 70);
	assert_int_equal(gw_zone_history_shown(history)->shown.max_ttl, 7200);
	assert_int_equal(gw_zone_history_shown(history)->out, 41);
	assert_int_equal(gw_zone_history_seen(history)->parent.strangers, 1);
}

static void assert_goes_on(struct fixture *fixture, const char *bytes, size_t len, size_t lines)
{
	write_file(fixture, bytes, len);
	assert_int_equal(reopen(fixture), 0);
	assert_int_equal(gw_zone_ledger_history(fixture->ledger)->n_entries, lines);
	append(fixture, zone_generated(80, 4000, GW_ZONE_ZSK));
	assert_int_equal(reopen(fixture), 0);
	assert_int_equal(gw_zone_ledger_history(fixture->ledger)->n_entries, lines + 1);
}

/* Cut at any octet, it has the lines that are whole; and goes on behind them, of which some are tried. */
static void a_cut_ledger_goes_on_behind_its_last_whole_line(void **state)
{
	struct fixture *fixture = *state;
	gw_auto_text struct gw_text file = { 0 };
	size_t lines = 0, whole = 0;

	fill(fixture);
	read_file(fixture, LEDGER, &file);
	for (size_t cut = 0; cut <= file.len; cut++) {
		struct gw_zone_history history;
		struct gw_zone_chain chain;

		if (cut && file.bytes[cut - 1] == '\n') {
			lines++;
			whole = cut;
		}
		gw_zone_history_init(&history);
		assert_int_equal(gw_zone_ledger_read(&fixture->zone, "ledger", file.bytes, cut,
						     &fixture->diags, &chain, &history),
				 whole);
		assert_int_equal(history.n_entries, lines);
		gw_zone_history_done(&history);
		if (cut % 149 == 0 || cut == file.len)
			assert_goes_on(fixture, file.bytes, cut, lines);
	}
	assert_int_equal(lines, ENTRIES);
}

static void a_changed_octet_is_found(void **state)
{
	struct fixture *fixture = *state;
	gw_auto_text struct gw_text file = { 0 };
	struct gw_zone_chain chain;
	size_t last;

	fill(fixture);
	read_file(fixture, LEDGER, &file);
	last = file.len - 1;
	for (size_t i = 0; i < last; i++) {
		struct gw_zone_history history;
		int64_t whole;

		file.bytes[i] ^= 0x04;
		gw_zone_history_init(&history);
		whole = gw_zone_ledger_read(&fixture->zone, "ledger", file.bytes, file.len,
					    &fixture->diags, &chain, &history);
		gw_zone_history_done(&history);
		file.bytes[i] ^= 0x04;
		if (whole != -EBADMSG)
			fail_msg("a change of octet %zu was not found: %jd", i, (intmax_t)whole);
	}
	file.bytes[60] ^= 0x04;
	write_file(fixture, file.bytes, file.len);
	gw_diags_done(&fixture->diags);
	gw_diags_init(&fixture->diags);
	assert_int_equal(reopen(fixture), -EBADMSG);
	assert_non_null(strstr(fixture->diags.items[0].message, "line 1"));
}

static void missing_and_moved_lines_are_found(void **state)
{
	struct fixture *fixture = *state;
	gw_auto_text struct gw_text file = { 0 };
	gw_auto_text struct gw_text other = { 0 };
	const char *second, *third;

	fill(fixture);
	read_file(fixture, LEDGER, &file);
	second = strchr(file.bytes, '\n') + 1;
	third = strchr(second, '\n') + 1;
	write_file(fixture, second, file.len - (size_t)(second - file.bytes));
	assert_int_equal(reopen(fixture), -EBADMSG);
	gw_text_add(&other, second, (size_t)(third - second));
	gw_text_add(&other, file.bytes, (size_t)(second - file.bytes));
	gw_text_puts(&other, third);
	write_file(fixture, other.bytes, other.len);
	assert_int_equal(reopen(fixture), -EBADMSG);
	/* The ledger of another zone. */
	assert_int_equal(gw_zone_name_parse("example.co.jp", &fixture->zone), 0);
	assert_int_equal(
		gw_zone_ledger_replace(fixture->state, &fixture->zone, file.bytes, file.len), 0);
	assert_int_equal(reopen(fixture), -EBADMSG);
}

static void one_process_at_a_time_has_it(void **state)
{
	struct fixture *fixture = *state;
	struct gw_zone_ledger *second = NULL;
	struct gw_zone_entry entry = zone_generated(90, 5000, GW_ZONE_ZSK);

	fill(fixture);
	assert_int_equal(
		gw_zone_ledger_open(fixture->state, &fixture->zone, &fixture->diags, &second),
		-EBUSY);
	assert_int_equal(
		gw_zone_ledger_look(fixture->state, &fixture->zone, &fixture->diags, &second), 0);
	assert_int_equal(gw_zone_ledger_append(second, &entry, &fixture->diags), -EROFS);
	assert_int_equal(gw_zone_ledger_history(second)->n_entries, ENTRIES);
	gw_zone_ledger_close(second);
}

/* No room for another octet: the entry is refused, and goes in when there is room again. */
static void a_full_disk_leaves_the_ledger_as_it_was(void **state)
{
	struct fixture *fixture = *state;
	struct gw_zone_entry entry = zone_generated(90, 5000, GW_ZONE_ZSK);
	gw_auto_text struct gw_text before = { 0 };
	gw_auto_text struct gw_text after = { 0 };
	struct rlimit unlimited, limit;

	fill(fixture);
	read_file(fixture, LEDGER, &before);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
	limit = unlimited;
	limit.rlim_cur = before.len + 100; /* half of the line goes in */
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_true(gw_zone_ledger_append(fixture->ledger, &entry, &fixture->diags) < 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
	assert_int_equal(gw_zone_ledger_history(fixture->ledger)->n_entries, ENTRIES);
	read_file(fixture, LEDGER, &after);
	assert_string_equal(before.bytes, after.bytes);
	append(fixture, entry);
	assert_int_equal(reopen(fixture), 0);
	assert_int_equal(gw_zone_ledger_history(fixture->ledger)->n_entries, ENTRIES + 1);
}

/* Appends for as long as it lives, and says so after each. */
_Noreturn static void append_for_ever(const struct fixture *fixture, int acknowledged)
{
	struct gw_zone_ledger *ledger = NULL;
	struct gw_diags diags;

	gw_diags_init(&diags);
	if (gw_zone_ledger_open(fixture->state, &fixture->zone, &diags, &ledger) < 0)
		_exit(1);
	for (;;) {
		struct gw_zone_entry entry = { .event = GW_ZONE_SEEN,
					       .time = 100,
					       .parent = { .ds = zone_tags(1, KSK) } };

		if (gw_zone_ledger_append(ledger, &entry, &diags) < 0 ||
		    write(acknowledged, "", 1) != 1)
			_exit(1);
	}
}

/* kill -9 at any moment: what was acknowledged is there, and the ledger goes on. */
static void nothing_acknowledged_is_lost_by_a_kill(void **state)
{
	struct fixture *fixture = *state;
	uint64_t least = ENTRIES;

	fill(fixture);
	gw_zone_ledger_close(fixture->ledger);
	fixture->ledger = NULL;
	for (int i = 0; i < 20; i++) {
		int acknowledged[2], status;
		char octet[64];
		ssize_t n;
		pid_t child;

		assert_int_equal(pipe2(acknowledged, O_CLOEXEC), 0);
		child = fork();
		assert_true(child >= 0);
		if (!child)
			append_for_ever(fixture, acknowledged[1]);
		(void)close(acknowledged[1]);
		least += (uint64_t)read(acknowledged[0], octet, 1); /* it is at work */
		(void)usleep(137u * (unsigned int)i);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		while ((n = read(acknowledged[0], octet, sizeof(octet))) > 0)
			least += (uint64_t)n;
		(void)close(acknowledged[0]);
		assert_int_equal(reopen(fixture), 0);
		assert_true(gw_zone_ledger_history(fixture->ledger)->n_entries >= least);
		least = gw_zone_ledger_history(fixture->ledger)->n_entries;
		gw_zone_ledger_close(fixture->ledger);
		fixture->ledger = NULL;
	}
}

/* ---- the audit trail ------------------------------------------------------------------------------ */

struct sink {
	char *lines[64];
	size_t n, room;
};

static int take(const struct gw_zone_name *zone, const struct gw_zone_entry *entry,
		const char *line, size_t len, void *context)
{
	struct sink *sink = context;

	assert_string_equal(zone->text, "example.go.jp.");
	assert_true(entry->time > 0);
	if (sink->n == sink->room)
		return -ENOSPC;
	sink->lines[sink->n++] = strndup(line, len);
	return 0;
}

static void drop(struct sink *sink)
{
	for (size_t i = 0; i < sink->n; i++)
		free(sink->lines[i]);
	sink->n = 0;
}

static void the_audit_trail_misses_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct sink sink = { .room = 5 };

	fill(fixture);
	assert_int_equal(gw_zone_ledger_tell(fixture->ledger, take, &sink), -ENOSPC);
	assert_int_equal(sink.n, 5);
	sink.room = 64;
	assert_int_equal(reopen(fixture), 0);
	assert_int_equal(gw_zone_ledger_tell(fixture->ledger, take, &sink), 0);
	assert_int_equal(sink.n, ENTRIES);
	append(fixture, zone_generated(90, 5000, GW_ZONE_ZSK));
	assert_int_equal(sink.n, ENTRIES + 1);
	assert_int_equal(reopen(fixture), 0);
	assert_int_equal(gw_zone_ledger_tell(fixture->ledger, take, &sink), 0);
	assert_int_equal(sink.n, ENTRIES + 1);
	drop(&sink);
}

static void a_ledger_can_be_rebuilt_from_the_audit_trail(void **state)
{
	struct fixture *fixture = *state;
	struct sink sink = { .room = 64 };
	gw_auto_text struct gw_text before = { 0 };
	gw_auto_text struct gw_text after = { 0 };
	const char *lines[2 * ENTRIES];

	fill(fixture);
	read_file(fixture, LEDGER, &before);
	assert_int_equal(gw_zone_ledger_tell(fixture->ledger, take, &sink), 0);
	for (size_t i = 0; i < ENTRIES; i++) {
		lines[i] = sink.lines[ENTRIES - 1 - i];
		lines[ENTRIES + i] = sink.lines[i];
	}
	assert_int_equal(gw_zone_ledger_rebuild(fixture->state, &fixture->zone, lines, 2 * ENTRIES,
						&fixture->diags),
			 -EEXIST);
	write_file(fixture, "{}\n", 3);
	assert_int_equal(gw_zone_ledger_rebuild(fixture->state, &fixture->zone, lines + 1,
						ENTRIES - 1, &fixture->diags),
			 0); /* the last one is missing, which nobody can see */
	assert_int_equal(gw_zone_ledger_rebuild(fixture->state, &fixture->zone, lines, ENTRIES - 1,
						&fixture->diags),
			 -EBADMSG);
	assert_int_equal(gw_zone_ledger_rebuild(fixture->state, &fixture->zone, lines, 2 * ENTRIES,
						&fixture->diags),
			 0);
	read_file(fixture, LEDGER, &after);
	assert_string_equal(before.bytes, after.bytes);
	drop(&sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_appended_is_there_after_opening_again,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_cut_ledger_goes_on_behind_its_last_whole_line,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_changed_octet_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(missing_and_moved_lines_are_found, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(one_process_at_a_time_has_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_disk_leaves_the_ledger_as_it_was, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(nothing_acknowledged_is_lost_by_a_kill, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_audit_trail_misses_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_ledger_can_be_rebuilt_from_the_audit_trail,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
