/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/agent/transaction.h"
#include "gw/audit/files.h"
#include "gw/audit/trail.h"
#include "gw/core/mem.h"
#include "tests/support/audit_trail.h"
#include "tests/support/gwctl.h"

#define RECORDS 600u

struct state {
	struct gwctl_site site;
	struct audit_trail trail;
	char key[128], checkpoint[128]; /* of a party elsewhere */
};

/* Every third record is of class access; keys change in between. */
static void fill(struct state *state)
{
	for (unsigned int i = 1; i <= RECORDS; i++) {
		audit_trail_add(&state->trail, i % 3 ? 0 : 1,
				i % 5 ? "change.applied" : "change.refused",
				i % 2 ? "uid:1000(op-17)" : "uid:1001(op-03)");
		if (i % 50 == 0)
			audit_trail_seal(&state->trail);
		if (i % 200 == 0)
			audit_trail_rotate(&state->trail);
		if (i % 150 == 0)
			audit_trail_new_segment(&state->trail, 0);
	}
	audit_trail_seal(&state->trail);
}

static void save(struct state *state, const char *name, const char *text, char path[128])
{
	gwctl_site_write(&state->site, name, text);
	(void)snprintf(path, 128, "%s/%s", state->site.dir, name);
}

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));
	gw_auto_text struct gw_text path = { 0 }, note = { 0 };

	(void)setenv("TZ", "UTC", 1);
	gwctl_site_make(&state->site);
	gw_text_printf(&path, "%s/state/audit", state->site.dir);
	(void)mkdir(gw_store_default_dir(), 0750);
	audit_trail_make(&state->trail, path.bytes, GW_NOTE_ED25519);
	gwctl(&state->site, "audit", "key");
	save(state, "first.key", state->site.out, state->key);
	fill(state);
	assert_int_equal(
		gw_audit_file_read(state->trail.dir, "change/checkpoint", GW_NOTE_MAX, &note), 0);
	save(state, "held.note", note.bytes, state->checkpoint);
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	audit_trail_done(&state->trail);
	gwctl_site_done(&state->site);
	gw_free(state);
	return 0;
}

#define assert_has(text, part)                                                                     \
	do {                                                                                       \
		if (!strstr((text), (part)))                                                       \
			fail_msg("no `%s` in:\n%s", (part), (text));                               \
	} while (0)

static void verify(struct state *state)
{
	gwctl(&state->site, "audit", "verify", "--key", state->key);
}

static void expect(struct state *state, int status, const char *diagnostic)
{
	if (state->site.status != status)
		fail_msg("exit status %d, not %d:\n%s%s", state->site.status, status,
			 state->site.out, state->site.err);
	if (diagnostic)
		assert_has(state->site.err, diagnostic);
}

/* Reads a file of the trail, which is replaced by what `edit` makes of it. */
static void edit(struct state *state, const char *path,
		 void (*change)(struct gw_text *text, void *context), void *context)
{
	gw_auto_text struct gw_text text = { 0 };

	assert_int_equal(gw_audit_file_read(state->trail.dir, path, 1u << 24, &text), 0);
	change(&text, context);
	assert_int_equal(gw_audit_file_replace(state->trail.dir, path, 0640, text.bytes, text.len),
			 0);
}

/* The line with this number, from 0, and its length with the newline. */
static char *line_of(const struct gw_text *text, unsigned int number, size_t *ret_len)
{
	char *at = text->bytes;

	while (number--)
		at = strchr(at, '\n') + 1;
	*ret_len = (size_t)(strchr(at, '\n') + 1 - at);
	return at;
}

/* ---- verify: right --------------------------------------------------------------------------- */

static void an_untouched_trail_is_good(void **ret)
{
	struct state *state = *ret;

	verify(state);
	expect(state, GW_EXIT_OK, NULL);
	assert_has(state->site.out, "everything is as it was signed, with key 1 of 4 on");
	assert_string_equal(state->site.err, "");
	gwctl(&state->site, "audit", "verify", "--key", state->key, "--checkpoint",
	      state->checkpoint, "--json");
	expect(state, GW_EXIT_OK, NULL);
	assert_string_equal(json_string_value(json_object_get(state->site.json, "schema")),
			    "gw.audit-verify/1");
	assert_true(json_is_true(json_object_get(state->site.json, "good")));
	/* Without a key it says what that is worth. */
	gwctl(&state->site, "audit", "verify");
	expect(state, GW_EXIT_OK, "GW1242");
}

static void records_after_the_last_checkpoint_are_no_finding(void **ret)
{
	struct state *state = *ret;

	audit_trail_add(&state->trail, 0, "change.applied", "op-17");
	verify(state);
	expect(state, GW_EXIT_OK, NULL);
	audit_trail_seal(&state->trail);
	gwctl(&state->site, "audit", "verify", "--key", state->key, "--checkpoint",
	      state->checkpoint);
	expect(state, GW_EXIT_OK, NULL);
}

static void a_later_key_will_do(void **ret)
{
	struct state *state = *ret;
	char path[128];

	gwctl(&state->site, "audit", "key");
	save(state, "last.key", state->site.out, path);
	gwctl(&state->site, "audit", "verify", "--key", path);
	expect(state, GW_EXIT_OK, NULL);
	assert_has(state->site.out, "with key 4 of 4 on");
}

/* ---- verify: wrong --------------------------------------------------------------------------- */

static void change_letter(struct gw_text *text, void *context)
{
	size_t len;
	char *line = line_of(text, *(unsigned int *)context, &len);

	*strstr(line, "op-") = 'q';
}

static void remove_line(struct gw_text *text, void *context)
{
	size_t len;
	char *line = line_of(text, *(unsigned int *)context, &len);

	memmove(line, line + len, (size_t)(text->bytes + text->len - line) - len);
	text->len -= len;
}

static void insert_line(struct gw_text *text, void *context)
{
	size_t len, before;
	char *line = line_of(text, *(unsigned int *)context, &len);
	gw_auto_text struct gw_text copy = { 0 };

	before = (size_t)(line - text->bytes);
	gw_text_add(&copy, text->bytes, text->len);
	text->len = before + len;
	gw_text_add(text, copy.bytes + before, copy.len - before);
}

static void swap_lines(struct gw_text *text, void *context)
{
	size_t len, other;
	char *line = line_of(text, *(unsigned int *)context, &len);
	char *next = line_of(text, *(unsigned int *)context + 1, &other);
	gw_auto_text struct gw_text copy = { 0 };

	gw_text_add(&copy, line, len);
	memmove(line, next, other);
	memcpy(line + other, copy.bytes, len);
}

static void cut_end(struct gw_text *text, void *context)
{
	size_t len;

	text->len = (size_t)(line_of(text, *(unsigned int *)context, &len) - text->bytes);
}

static void every_tampering_with_records_is_found(void **ret)
{
	static const struct {
		const char *name;
		void (*change)(struct gw_text *text, void *context);
	} tamperings[] = {
		{ "changed", change_letter }, { "removed", remove_line },
		{ "inserted", insert_line },  { "reordered", swap_lines },
		{ "cut off", cut_end },
	};
	struct state *state = *ret;

	for (size_t i = 0; i < GW_COUNT(tamperings); i++) {
		for (unsigned int line = 1; line < 99; line += 32) {
			gw_auto_text struct gw_text before = { 0 };
			static const char path[] = "change/0000000000000200.log";

			assert_int_equal(
				gw_audit_file_read(state->trail.dir, path, 1u << 24, &before), 0);
			edit(state, path, tamperings[i].change, &line);
			verify(state);
			if (state->site.status != GW_EXIT_DIFFERENT)
				fail_msg("%s, line %u: exit status %d", tamperings[i].name, line,
					 state->site.status);
			assert_has(state->site.err, "class change");
			assert_int_equal(gw_audit_file_replace(state->trail.dir, path, 0640,
							       before.bytes, before.len),
					 0);
		}
	}
	verify(state);
	expect(state, GW_EXIT_OK, NULL);
}

static void the_first_bad_records_are_named(void **ret)
{
	struct state *state = *ret;
	unsigned int line = 10; /* record 210; checkpoints are of 200 and 234 */

	edit(state, "change/0000000000000200.log", change_letter, &line);
	verify(state);
	expect(state, GW_EXIT_DIFFERENT, "GW1234");
	assert_has(state->site.err, "class change: the records 200 to 233 are not what");
	assert_has(state->site.err, "the first 200 records are as they were signed");
	assert_has(state->site.out, "BAD");
}

/* As an older copy of the state directory would look. */
static void what_was_cut_off_with_its_checkpoint_is_found_by_who_holds_one(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text history = { 0 };
	const char *at, *note, *older = NULL;
	size_t len = 0;
	unsigned int keep = 90;

	assert_int_equal(
		gw_audit_file_read(state->trail.dir, "change/checkpoints", 1u << 24, &history), 0);
	at = history.bytes;
	while ((note = gw_note_next(&at, history.bytes + history.len, &len)) &&
	       !strstr(older ? "" : note, "\n367\n"))
		older = NULL;
	assert_non_null(note);
	assert_int_equal(gw_audit_file_replace(state->trail.dir, "change/checkpoints", 0640,
					       history.bytes, (size_t)(note - history.bytes) + len),
			 0);
	assert_int_equal(
		gw_audit_file_replace(state->trail.dir, "change/checkpoint", 0640, note, len), 0);
	edit(state, "change/0000000000000300.log", cut_end, &keep);
	/* The keys' chain, which ended with 400 records, still tells. */
	verify(state);
	expect(state, GW_EXIT_DIFFERENT, "GW1235");
	gwctl(&state->site, "audit", "verify", "--key", state->key, "--checkpoint",
	      state->checkpoint);
	expect(state, GW_EXIT_DIFFERENT, "GW1235");
	assert_has(state->site.err, "10 records are missing at the end");
}

static void signatures_that_are_not_ours_are_findings(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text note = { 0 };
	char path[128];

	gwctl(&state->site, "audit", "verify", "--key",
	      "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
	expect(state, GW_EXIT_DIFFERENT, "GW1232");
	save(state, "bad.note", "hello\n", path);
	gwctl(&state->site, "audit", "verify", "--key", state->key, "--checkpoint", path);
	expect(state, GW_EXIT_DIFFERENT, "GW1233");
	/* Of this class, but in the place of the other's. */
	assert_int_equal(
		gw_audit_file_read(state->trail.dir, "access/checkpoint", GW_NOTE_MAX, &note), 0);
	assert_int_equal(gw_audit_file_replace(state->trail.dir, "change/checkpoint", 0640,
					       note.bytes, note.len),
			 0);
	verify(state);
	expect(state, GW_EXIT_DIFFERENT, "GW1233");
	assert_int_equal(unlinkat(state->trail.dir, "change/checkpoint", 0), 0);
	verify(state);
	expect(state, GW_EXIT_DIFFERENT, "GW1236");
	assert_int_equal(unlinkat(state->trail.dir, "keys/chain", 0), 0);
	verify(state);
	expect(state, GW_EXIT_DIFFERENT, "GW1231");
}

static void without_a_trail_it_is_a_failure(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text away = { 0 };
	static const char *const commands[] = { "tail",   "search", "verify",
						"report", "export", "key" };

	gw_text_printf(&away, "%s.away", state->trail.path);
	assert_int_equal(rename(state->trail.path, away.bytes), 0);
	for (size_t i = 0; i < GW_COUNT(commands); i++) {
		gwctl(&state->site, "audit", commands[i]);
		expect(state, GW_EXIT_FAILED, "GW1230");
	}
	assert_int_equal(rename(away.bytes, state->trail.path), 0);
	gwctl(&state->site, "audit", "verify", "--key", "/nonexistent");
	expect(state, GW_EXIT_FAILED, "GW0910");
}

/* ---- proofs ---------------------------------------------------------------------------------- */

static void one_record_is_proved_without_the_others(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text changed = { 0 };
	char key[128], proof[128], bad[128];

	gwctl(&state->site, "audit", "key");
	save(state, "last.key", state->site.out, key);
	gwctl(&state->site, "audit", "prove", "212");
	expect(state, GW_EXIT_OK, NULL);
	assert_has(state->site.out, "c2sp.org/tlog-proof@v1\nextra ");
	save(state, "212.tlog-proof", state->site.out, proof);
	gwctl(&state->site, "audit", "verify", "--key", key, "--proof", proof);
	expect(state, GW_EXIT_OK, NULL);
	assert_has(state->site.out, "of gw/tokyo-01/audit/change, as it was signed");
	assert_has(state->site.out, "{\"seq\":212,");
	/* An older key does not reach that far without the chain. */
	gwctl(&state->site, "audit", "verify", "--key", state->key, "--proof", proof);
	expect(state, GW_EXIT_DIFFERENT, "GW1233");
	gwctl(&state->site, "audit", "verify", "--proof", proof);
	expect(state, GW_EXIT_USAGE, NULL);
	gwctl(&state->site, "audit", "prove", "212");
	gw_text_puts(&changed, state->site.out);
	strstr(changed.bytes, "extra ")[12] ^= 1;
	save(state, "bad.tlog-proof", changed.bytes, bad);
	gwctl(&state->site, "audit", "verify", "--key", key, "--proof", bad);
	expect(state, GW_EXIT_DIFFERENT, NULL);
	gwctl(&state->site, "audit", "prove", "9999");
	expect(state, GW_EXIT_FAILED, "GW1239");
	gwctl(&state->site, "audit", "prove", "x");
	expect(state, GW_EXIT_USAGE, NULL);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void tail_shows_the_last_records_of_all_classes_in_order(void **ret)
{
	struct state *state = *ret;

	gwctl(&state->site, "audit", "tail", "-n", "2");
	expect(state, GW_EXIT_OK, NULL);
	assert_string_equal(state->site.out, "     599  2026-11-23 00:09:59 +0000  change.applied  "
					     "ok  uid:1000(op-17)  revision 599\n"
					     "     600  2026-11-23 00:10:00 +0000  change.refused  "
					     "ok  uid:1001(op-03)  revision 600\n");
	gwctl(&state->site, "audit", "tail", "-n", "3", "-c", "access", "--json");
	expect(state, GW_EXIT_OK, NULL);
	assert_int_equal(json_array_size(json_object_get(state->site.json, "records")), 3);
	gwctl(&state->site, "audit", "tail", "-c", "acess");
	expect(state, GW_EXIT_USAGE, "did you mean `access`?");
	gwctl(&state->site, "audit", "tail", "-n", "0");
	expect(state, GW_EXIT_USAGE, NULL);
}

static void search_finds_by_every_field(void **ret)
{
	struct state *state = *ret;

	gwctl(&state->site, "audit", "search", "-e", "*.refused", "-a", "*(op-17)", "-s",
	      "2026-11-23T00:09:30+00:00", "-u", "2026-11-23T00:09:40+00:00");
	expect(state, GW_EXIT_OK, NULL);
	assert_has(state->site.out, "575  2026-11-23 00:09:35 +0000");
	assert_null(strchr(strchr(state->site.out, '\n') + 1, '\n'));
	gwctl(&state->site, "audit", "search", "-t", "\"seq\":77,", "--json");
	expect(state, GW_EXIT_OK, NULL);
	assert_int_equal(json_array_size(json_object_get(state->site.json, "records")), 1);
	gwctl(&state->site, "audit", "search", "-o", "nothing");
	expect(state, GW_EXIT_DIFFERENT, NULL);
	gwctl(&state->site, "audit", "search", "-s", "yesterday");
	expect(state, GW_EXIT_USAGE, NULL);
}

static void hostile_names_do_nothing_to_who_reads_them(void **ret)
{
	struct state *state = *ret;

	audit_trail_add_line(&state->trail, 0,
			     "{\"seq\":601,\"t\":\"2026-11-23T01:00:00.000000000Z\","
			     "\"event\":\"vpn.login\",\"class\":\"change\","
			     "\"actor\":\"=cmd|' /C calc'!A0\xe2\x80\xae\\u001b[2J\\n|x=\","
			     "\"result\":\"refused\"}");
	gwctl(&state->site, "audit", "tail", "-n", "1");
	assert_has(state->site.out, "A0\\u202e\\x1b[2J\\n|x=");
	gwctl(&state->site, "audit", "export", "--as", "csv");
	assert_has(state->site.out, "\"'=cmd|' /C calc'!A0\\u202e\\x1b[2J\\n|x=\"");
	gwctl(&state->site, "audit", "export", "--as", "cef");
	assert_has(state->site.out, "suser=\\=cmd|' /C calc'!A0\\\\u202e\\\\x1b[2J\\\\n|x\\=");
	gwctl(&state->site, "audit", "export", "--as", "json");
	assert_has(state->site.out, "A0\\u202E\\u001B[2J\\n|x=");
	gwctl(&state->site, "audit", "report", "--as", "markdown");
	assert_has(state->site.out, "=cmd\\|' /C calc'!A0\\\\u202e");
}

/* ---- report and export ----------------------------------------------------------------------- */

static void a_report_sums_up(void **ret)
{
	struct state *state = *ret;

	gwctl(&state->site, "audit", "report");
	expect(state, GW_EXIT_OK, NULL);
	assert_has(state->site.out, "Audit report\n\nRecords: 600\n");
	assert_has(state->site.out, "Event");
	gwctl(&state->site, "audit", "report", "--by", "event", "--as", "csv");
	assert_string_equal(state->site.out,
			    "by,key,records,not_ok,first,last\r\n"
			    "event,\"change.applied\",480,0,2026-11-23 00:00:01 +0000,"
			    "2026-11-23 00:09:59 +0000\r\n"
			    "event,\"change.refused\",120,0,2026-11-23 00:00:05 +0000,"
			    "2026-11-23 00:10:00 +0000\r\n");
	gwctl(&state->site, "audit", "report", "--json", "--by", "class");
	assert_int_equal(json_array_size(json_object_get(state->site.json, "class")), 2);
	assert_int_equal(setenv("LC_ALL", "ja_JP.UTF-8", 1), 0);
	gwctl(&state->site, "audit", "report", "--as", "markdown");
	assert_int_equal(unsetenv("LC_ALL"), 0);
	assert_has(state->site.out, "# 監査レポート");
	assert_has(state->site.out, "| 操作者 | 件数 |");
	gwctl(&state->site, "audit", "report", "--by", "colour");
	expect(state, GW_EXIT_USAGE, NULL);
}

static void exports_have_every_record_once(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text path = { 0 };
	size_t lines = 0;

	gwctl(&state->site, "audit", "export", "--as", "cef");
	expect(state, GW_EXIT_OK, NULL);
	for (const char *at = state->site.out; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, RECORDS);
	assert_has(state->site.out,
		   "CEF:0|gw|gw|" GW_VERSION "|change.applied|change.applied|3|rt=1795392001000 "
		   "externalId=1 dvchost=tokyo-01 cat=change deviceProcessName=gwd "
		   "suser=uid:1000(op-17) outcome=ok cs1Label=subject cs1=revision 1 "
		   "cs2Label=detail cs2={\"n\":1}\n");
	gw_text_printf(&path, "%s/export.csv", state->site.dir);
	gwctl(&state->site, "audit", "export", "--as", "csv", "-c", "access", "-o", path.bytes);
	expect(state, GW_EXIT_OK, NULL);
	/* What is there is not overwritten. */
	gwctl(&state->site, "audit", "export", "--as", "csv", "-o", path.bytes);
	expect(state, GW_EXIT_FAILED, "GW1240");
	gwctl(&state->site, "audit", "export", "--as", "xml");
	expect(state, GW_EXIT_USAGE, NULL);
}

static void a_log_is_written_as_static_files(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text dir = { 0 }, tile = { 0 };
	unsigned int line = 3;
	struct stat stat;
	int top;

	gw_text_printf(&dir, "%s/tlog", state->site.dir);
	gwctl(&state->site, "audit", "export", "--tlog", dir.bytes);
	expect(state, GW_EXIT_OK, NULL);
	top = open(dir.bytes, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(top >= 0);
	/* 400 records of class change: a full tile, a part of one, and one hash above. */
	assert_int_equal(fstatat(top, "change/tile/0/000", &stat, 0), 0);
	assert_int_equal(stat.st_size, 8192);
	assert_int_equal(fstatat(top, "change/tile/0/001.p/144", &stat, 0), 0);
	assert_int_equal(stat.st_size, 144 * 32);
	assert_int_equal(gw_audit_file_read(top, "change/tile/1/000.p/1", 64, &tile), 0);
	assert_int_equal(tile.len, 32);
	assert_int_equal(fstatat(top, "change/tile/entries/001.p/144", &stat, 0), 0);
	assert_int_equal(fstatat(top, "change/checkpoint", &stat, 0), 0);
	(void)close(top);
	/* Not a second time into the same folder, and not what was tampered with. */
	gwctl(&state->site, "audit", "export", "--tlog", dir.bytes);
	expect(state, GW_EXIT_FAILED, "GW1240");
	gw_text_puts(&dir, "2");
	edit(state, "change/0000000000000200.log", change_letter, &line);
	gwctl(&state->site, "audit", "export", "--tlog", dir.bytes);
	expect(state, GW_EXIT_FAILED, "not those that were signed");
}

static void keys_are_printed_for_every_class(void **ret)
{
	struct state *state = *ret;

	gwctl(&state->site, "audit", "key");
	assert_has(state->site.out, "gw/tokyo-01/audit/keys+");
	assert_has(state->site.out, "\ngw/tokyo-01/audit/access+");
	assert_has(state->site.out, "\ngw/tokyo-01/audit/change+");
	gwctl(&state->site, "audit", "key", "--all", "--json");
	assert_int_equal(json_array_size(json_object_get(state->site.json, "keys")), 4);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(an_untouched_trail_is_good),
		CASE(records_after_the_last_checkpoint_are_no_finding),
		CASE(a_later_key_will_do),
		CASE(every_tampering_with_records_is_found),
		CASE(the_first_bad_records_are_named),
		CASE(what_was_cut_off_with_its_checkpoint_is_found_by_who_holds_one),
		CASE(signatures_that_are_not_ours_are_findings),
		CASE(without_a_trail_it_is_a_failure),
		CASE(one_record_is_proved_without_the_others),
		CASE(tail_shows_the_last_records_of_all_classes_in_order),
		CASE(search_finds_by_every_field),
		CASE(hostile_names_do_nothing_to_who_reads_them),
		CASE(a_report_sums_up),
		CASE(exports_have_every_record_once),
		CASE(a_log_is_written_as_static_files),
		CASE(keys_are_printed_for_every_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
