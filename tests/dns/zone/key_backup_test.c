#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dns/zone/key_backup.h"
/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "gw/agent/durable.h"
#include "gw/audit/files.h"
#include "gw/core/mem.h"
#include "tests/support/zone_keys.h"

#define SECRET        "what the state is sealed with"
#define BACKUP_SECRET "what the backup is sealed with"

struct fixture {
	char dir[32], path[64];
	int state, other; /* two state directories */
	struct gw_zone_vault vault, other_vault;
	struct gw_diags diags;
	struct gw_zone_backup backup;
	struct gw_zone_backup_counts counts;
};

static int open_state(const struct fixture *fixture, const char *name)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", fixture->dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int set_up(void **state)
{
	struct fixture *fixture = gw_zalloc(1, sizeof(*fixture));

	(void)snprintf(fixture->dir, sizeof(fixture->dir), "/tmp/gw-backup.XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/backup", fixture->dir);
	fixture->state = open_state(fixture, "one");
	fixture->other = open_state(fixture, "two");
	gw_diags_init(&fixture->diags);
	assert_int_equal(gw_zone_vault_open(fixture->state, SECRET, strlen(SECRET), &fixture->diags,
					    &fixture->vault),
			 0);
	fixture->other_vault = (struct gw_zone_vault){ .id = { 9 }, .key = { 8 } };
	fixture->backup = (struct gw_zone_backup){ .path = fixture->path,
						   .secret = BACKUP_SECRET,
						   .secret_len = strlen(BACKUP_SECRET),
						   .actor = "op-03",
						   .now = 100 };
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	gw_diags_done(&fixture->diags);
	(void)close(fixture->state);
	(void)close(fixture->other);
	(void)gw_durable_remove_tree(AT_FDCWD, fixture->dir);
	gw_free(fixture);
	return 0;
}

static struct gw_zone_name name_of(const char *text)
{
	struct gw_zone_name name;

	assert_int_equal(gw_zone_name_parse(text, &name), 0);
	return name;
}

/* A zone with a new key of its own. Returns the key's tag. */
static uint16_t add_zone(struct fixture *fixture, const char *text, int64_t now)
{
	struct gw_zone_name name = name_of(text);
	struct gw_zone_ledger *ledger = NULL;
	struct gw_zone_key *key = NULL;
	struct gw_zone_key_wish wish = {
		.zone = &name, .role = GW_ZONE_CSK, .algorithm = GW_ZONE_ED25519, .now = now
	};
	struct gw_zone_entry entry = { .event = GW_ZONE_GENERATED,
				       .time = now,
				       .role = GW_ZONE_CSK };

	assert_int_equal(gw_zone_ledger_open(fixture->state, &name, &fixture->diags, &ledger), 0);
	assert_int_equal(gw_zone_key_generate(&wish, &fixture->diags, &key), 0);
	assert_int_equal(gw_zone_key_write(gw_zone_ledger_folder(ledger), &fixture->vault, key), 0);
	entry.tag = key->public_.tag;
	entry.dnskey = key->public_;
	assert_int_equal(gw_zone_ledger_append(ledger, &entry, &fixture->diags), 0);
	gw_zone_key_free(key);
	gw_zone_ledger_close(ledger);
	return entry.tag;
}

static int64_t backed_up_at(int state, const char *text, uint16_t tag)
{
	struct gw_zone_name name = name_of(text);
	struct gw_zone_ledger *ledger = NULL;
	struct gw_diags diags;
	int64_t at;

	gw_diags_init(&diags);
	assert_int_equal(gw_zone_ledger_look(state, &name, &diags, &ledger), 0);
	at = gw_zone_history_key(gw_zone_ledger_history(ledger), tag)->backed_up;
	gw_zone_ledger_close(ledger);
	gw_diags_done(&diags);
	return at;
}

static int write_backup(struct fixture *fixture)
{
	return gw_zone_backup_write(fixture->state, &fixture->vault, &fixture->backup,
				    &fixture->diags, &fixture->counts);
}

static int check(struct fixture *fixture)
{
	return gw_zone_backup_check(&fixture->backup, &fixture->diags, &fixture->counts);
}

static int restore(struct fixture *fixture)
{
	return gw_zone_backup_restore(fixture->other, &fixture->other_vault, &fixture->backup,
				      &fixture->diags, &fixture->counts);
}

static void assert_says(const struct fixture *fixture, const char *text)
{
	const struct gw_diags *diags = &fixture->diags;

	assert_true(diags->count > 0);
	if (!strstr(diags->items[diags->count - 1].message, text))
		fail_msg("\"%s\" does not say \"%s\"", diags->items[diags->count - 1].message,
			 text);
}

static void a_backup_brings_everything_back_elsewhere(void **state)
{
	struct fixture *fixture = *state;
	uint16_t one = add_zone(fixture, "example.go.jp", 10);
	uint16_t two = add_zone(fixture, "0/26.2.0.192.in-addr.arpa", 10);
	struct gw_zone_name name = name_of("example.go.jp");
	struct gw_zone_key *key = NULL;
	gw_auto_close int folder = -1;

	assert_int_equal(write_backup(fixture), 0);
	assert_int_equal(fixture->counts.zones, 2);
	assert_int_equal(fixture->counts.keys, 2);
	assert_int_equal(backed_up_at(fixture->state, "example.go.jp", one), 100);
	assert_int_equal(check(fixture), 0);
	assert_int_equal(restore(fixture), 0);
	assert_int_equal(fixture->counts.keys, 2);
	assert_int_equal(backed_up_at(fixture->other, "example.go.jp", one), 100);
	assert_int_equal(backed_up_at(fixture->other, "0/26.2.0.192.in-addr.arpa", two), 100);
	folder = openat(fixture->other, "zones/example.go.jp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(
		gw_zone_key_read(folder, &fixture->other_vault, &name, one, &fixture->diags, &key),
		0);
	assert_int_equal(key->created, 10);
	gw_zone_key_free(key);
	/* A second time it changes nothing. */
	fixture->backup.now = 200;
	assert_int_equal(write_backup(fixture), 0);
	assert_int_equal(backed_up_at(fixture->state, "example.go.jp", one), 100);
}

static void a_drill_changes_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct stat before, after;

	(void)add_zone(fixture, "example.go.jp", 10);
	assert_int_equal(write_backup(fixture), 0);
	assert_int_equal(stat(fixture->path, &before), 0);
	assert_int_equal(before.st_mode & 0777, 0600);
	assert_int_equal(check(fixture), 0);
	assert_int_equal(stat(fixture->path, &after), 0);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	assert_true(faccessat(fixture->other, "zones", F_OK, 0) < 0);
}

static void another_passphrase_and_other_bytes_are_refused(void **state)
{
	struct fixture *fixture = *state;
	gw_auto_text struct gw_text file = { 0 };

	(void)add_zone(fixture, "example.go.jp", 10);
	assert_int_equal(write_backup(fixture), 0);
	fixture->backup.secret = "something else entirely";
	fixture->backup.secret_len = 23;
	assert_int_equal(check(fixture), -EACCES);
	assert_says(fixture, "not the passphrase of the backup");
	fixture->backup.secret = BACKUP_SECRET;
	fixture->backup.secret_len = strlen(BACKUP_SECRET);
	assert_int_equal(gw_audit_file_read(AT_FDCWD, fixture->path, 1 << 20, &file), 0);
	for (size_t cut = 0; cut < file.len; cut += 1 + file.len / 3) {
		assert_int_equal(
			gw_audit_file_replace(AT_FDCWD, fixture->path, 0600, file.bytes, cut), 0);
		assert_int_equal(restore(fixture), -EBADMSG);
	}
	file.bytes[file.len / 2] ^= 1;
	assert_int_equal(gw_audit_file_replace(AT_FDCWD, fixture->path, 0600, file.bytes, file.len),
			 0);
	assert_int_equal(restore(fixture), -EBADMSG);
	assert_says(fixture, "changed since it was written");
	assert_true(faccessat(fixture->other, "zones", F_OK, 0) < 0);
}

/* A key file that is damaged is found when the backup is written, not when it is needed. */
static void a_damaged_key_makes_no_backup(void **state)
{
	struct fixture *fixture = *state;
	uint16_t tag = add_zone(fixture, "example.go.jp", 10);
	char path[64];

	(void)snprintf(path, sizeof(path), "zones/example.go.jp/keys/%05u", tag);
	assert_int_equal(gw_audit_file_append(fixture->state, path, 0600, "x", 1), 0);
	assert_int_equal(write_backup(fixture), -EBADMSG);
	assert_says(fixture, "not a key file of ours");
	assert_int_equal(backed_up_at(fixture->state, "example.go.jp", tag), 0);
	assert_true(access(fixture->path, F_OK) < 0);
}

static void append_introduced(struct fixture *fixture, int state, uint16_t tag, int64_t now)
{
	struct gw_zone_ledger *ledger = NULL;
	struct gw_zone_name name = name_of("example.go.jp");
	struct gw_zone_entry entry = zone_introduced(now, tag, 0);

	assert_int_equal(gw_zone_ledger_open(state, &name, &fixture->diags, &ledger), 0);
	assert_int_equal(gw_zone_ledger_append(ledger, &entry, &fixture->diags), 0);
	gw_zone_ledger_close(ledger);
}

static uint64_t entries_of(int state)
{
	struct gw_zone_ledger *ledger = NULL;
	struct gw_zone_name name = name_of("example.go.jp");
	struct gw_diags diags;
	uint64_t n;

	gw_diags_init(&diags);
	assert_int_equal(gw_zone_ledger_look(state, &name, &diags, &ledger), 0);
	n = gw_zone_ledger_history(ledger)->n_entries;
	gw_zone_ledger_close(ledger);
	gw_diags_done(&diags);
	return n;
}

static void a_restore_forgets_nothing(void **state)
{
	struct fixture *fixture = *state;
	uint16_t tag = add_zone(fixture, "example.go.jp", 10);
	char path[64];

	assert_int_equal(write_backup(fixture), 0);
	assert_int_equal(restore(fixture), 0);
	assert_int_equal(entries_of(fixture->other), 2);
	append_introduced(fixture, fixture->other, tag, 300);
	/* A key file that was lost comes back, and what was recorded since stays. */
	(void)snprintf(path, sizeof(path), "zones/example.go.jp/keys/%05u", tag);
	assert_int_equal(unlinkat(fixture->other, path, 0), 0);
	assert_int_equal(restore(fixture), 0);
	assert_int_equal(entries_of(fixture->other), 3);
	assert_int_equal(faccessat(fixture->other, path, F_OK, 0), 0);
	/* A damaged ledger is as good as none. */
	assert_int_equal(gw_audit_file_replace(fixture->other, "zones/example.go.jp/ledger", 0640,
					       "{}\n", 3),
			 0);
	assert_int_equal(restore(fixture), 0);
	assert_int_equal(entries_of(fixture->other), 2);
	/* Two that went different ways. */
	append_introduced(fixture, fixture->other, tag, 300);
	append_introduced(fixture, fixture->state, tag, 301);
	assert_int_equal(write_backup(fixture), 0);
	assert_int_equal(restore(fixture), -EEXIST);
	assert_says(fixture, "contradict each other");
	assert_int_equal(entries_of(fixture->other), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_backup_brings_everything_back_elsewhere, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_drill_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_passphrase_and_other_bytes_are_refused,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_damaged_key_makes_no_backup, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_restore_forgets_nothing, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
