#include "dns/zone/backup_archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dns/zone/vault.h"
#include "gw/audit/files.h"
#include "gw/core/mem.h"

#define PATH_MAX_ (GW_ZONE_NAME_FOLDER + 32)
#define KEY_MAX   4096u

static const struct gw_loc nowhere;

/* ---- writing ----------------------------------------------------------------------------------------- */

static int put(struct gw_tar_writer *writer, const char *path, const char *bytes, size_t len)
{
	struct gw_tar_member member = {
		.path = path, .mode = 0600, .user = "", .group = "", .size = len
	};
	int error = gw_tar_put(writer, &member);

	return error ? error : gw_tar_write(writer, bytes, len);
}

static int put_key(struct gw_tar_writer *writer, const struct gw_zone_ledger *ledger,
		   const struct gw_zone_vault *vault, uint16_t tag, struct gw_diags *diags)
{
	const struct gw_zone_name *zone = gw_zone_ledger_zone(ledger);
	gw_auto_secret struct gw_text der = { 0 };
	struct gw_zone_key *key = NULL;
	char path[PATH_MAX_];
	int error = gw_zone_key_read(gw_zone_ledger_folder(ledger), vault, zone, tag, diags, &key);

	if (!error)
		error = gw_zone_key_export(key, &der);
	gw_zone_key_free(key);
	if (error)
		return error;
	(void)snprintf(path, sizeof(path), "zones/%s/keys/%05u", zone->folder, tag);
	return put(writer, path, der.bytes, der.len);
}

/* A key that nothing depends on any more, and whose file somebody has removed. */
static bool is_left_out(const struct gw_zone_ledger *ledger, uint16_t tag)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "keys/%05u", tag);
	return gw_zone_history_state(gw_zone_ledger_history(ledger), tag) == GW_ZONE_KEY_REMOVED &&
	       faccessat(gw_zone_ledger_folder(ledger), path, F_OK, AT_SYMLINK_NOFOLLOW) < 0;
}

int gw_zone_archive_put(struct gw_tar_writer *writer, const struct gw_zone_ledger *ledger,
			const struct gw_zone_vault *vault, struct gw_diags *diags)
{
	const struct gw_zone_history *history = gw_zone_ledger_history(ledger);
	char path[PATH_MAX_];
	size_t len;
	const char *lines = gw_zone_ledger_lines(ledger, &len);
	int error;

	(void)snprintf(path, sizeof(path), "zones/%s/ledger", gw_zone_ledger_zone(ledger)->folder);
	error = put(writer, path, lines, len);
	for (size_t i = 0; i < history->n_keys && !error; i++)
		if (!is_left_out(ledger, history->keys[i].dnskey.tag))
			error = put_key(writer, ledger, vault, history->keys[i].dnskey.tag, diags);
	return error;
}

/* ---- reading ----------------------------------------------------------------------------------------- */

struct reading {
	const struct gw_zone_archive_reader *reader;
	struct gw_tar_reader tar;
	struct gw_diags *diags;
	struct gw_arena *arena;
	struct gw_zone_archived zone;
	struct gw_text lines;
	bool in_zone;
	bool *found; /* by index of the zone's keys */
};

static int damaged(struct reading *reading, const char *path, const char *what)
{
	gw_diag(reading->diags, GW_D_ZONE_BACKUP, nowhere, "%s: %s", path, what);
	return -EBADMSG;
}

/* The present member's bytes. */
static int take(struct reading *reading, const struct gw_tar_member *member, struct gw_text *out)
{
	gw_auto_free char *bytes = gw_zalloc(member->size + 1, 1);
	size_t done = 0;

	while (done < member->size) {
		ssize_t n = gw_tar_read(&reading->tar, bytes + done, member->size - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	gw_text_add(out, bytes, done);
	explicit_bzero(bytes, done);
	return done == member->size ? 0 : damaged(reading, member->path, "cut short");
}

/* Every key that is of use must have been there. */
static int end_zone(struct reading *reading)
{
	const struct gw_zone_history *history = &reading->zone.history;
	int error = 0;

	for (size_t i = 0; reading->in_zone && i < history->n_keys && !error; i++) {
		uint16_t tag = history->keys[i].dnskey.tag;

		if (reading->found[i] || gw_zone_history_state(history, tag) == GW_ZONE_KEY_REMOVED)
			continue;
		gw_diag(reading->diags, GW_D_ZONE_BACKUP, nowhere, "key %u of %s is missing", tag,
			reading->zone.zone.text);
		error = -EBADMSG;
	}
	if (reading->in_zone)
		gw_zone_history_done(&reading->zone.history);
	gw_free(reading->found);
	reading->found = NULL;
	reading->in_zone = false;
	return error;
}

static int begin_zone(struct reading *reading, const struct gw_tar_member *member,
		      const char *folder)
{
	struct gw_zone_archived *zone = &reading->zone;
	struct gw_zone_chain chain;
	int64_t whole;
	int error = end_zone(reading);

	if (error)
		return error;
	if (gw_zone_name_of_folder(folder, &zone->zone) < 0 || member->size > GW_ZONE_LEDGER_MAX)
		return damaged(reading, member->path, "not a zone's ledger");
	reading->lines.len = 0;
	error = take(reading, member, &reading->lines);
	if (error)
		return error;
	zone->lines = reading->lines.bytes ? reading->lines.bytes : "";
	zone->len = reading->lines.len;
	gw_zone_history_init(&zone->history);
	reading->in_zone = true;
	whole = gw_zone_ledger_read(&zone->zone, member->path, zone->lines, zone->len,
				    reading->diags, &chain, &zone->history);
	reading->found = gw_zalloc(zone->history.n_keys + 1, sizeof(*reading->found));
	if (whole < 0)
		return (int)whole;
	if ((size_t)whole != zone->len)
		return damaged(reading, member->path, "cut short");
	return reading->reader->zone ? reading->reader->zone(zone, reading->reader->context) : 0;
}

static int read_key(struct reading *reading, const struct gw_tar_member *member, uint16_t tag)
{
	const struct gw_zone_archived *zone = &reading->zone;
	const struct gw_zone_key_story *story = gw_zone_history_key(&zone->history, tag);
	gw_auto_secret struct gw_text der = { 0 };
	struct gw_zone_key *key = NULL;
	int error;

	if (!story || member->size > KEY_MAX)
		return damaged(reading, member->path, "not a key that the ledger has");
	reading->found[story - zone->history.keys] = true;
	if (!reading->reader->key)
		return 0; /* OpenSSL takes a millisecond to read a key: only where it is asked for */
	error = take(reading, member, &der);
	if (error)
		return error;
	if (gw_zone_key_import(&(struct gw_zone_key){ .zone = zone->zone,
						      .role = story->role,
						      .created = story->generated,
						      .public_ = story->dnskey },
			       der.bytes, der.len, &key) < 0)
		return damaged(reading, member->path, "not the key that the ledger has");
	error = reading->reader->key(zone, key, reading->reader->context);
	gw_zone_key_free(key);
	return error;
}

/* The tag of "keys/12345"; -1 for anything else. */
static long tag_of(const char *name)
{
	static const char keys[] = "keys/";
	const char *digits = name + strlen(keys);

	if (strncmp(name, keys, strlen(keys)) != 0 || strlen(digits) != 5 ||
	    strspn(digits, "0123456789") != 5)
		return -1;
	return strtol(digits, NULL, 10);
}

/* zones/FOLDER/ledger, or zones/FOLDER/keys/TAG of the zone whose ledger came before. */
static int read_member(struct reading *reading, const struct gw_tar_member *member)
{
	static const char zones[] = "zones/";
	const char *name, *path = member->path + strlen(zones);
	char folder[GW_ZONE_NAME_FOLDER];

	if (member->folder || strncmp(member->path, zones, strlen(zones)) != 0)
		return damaged(reading, member->path, "nothing that belongs into a backup");
	name = strchr(path, '/');
	if (!name || (size_t)(name - path) >= sizeof(folder))
		return damaged(reading, member->path, "nothing that belongs into a backup");
	memcpy(folder, path, (size_t)(name - path));
	folder[name - path] = '\0';
	name++;
	if (strcmp(name, "ledger") == 0)
		return begin_zone(reading, member, folder);
	if (reading->in_zone && strcmp(folder, reading->zone.zone.folder) == 0 &&
	    tag_of(name) >= 0 && tag_of(name) <= UINT16_MAX)
		return read_key(reading, member, (uint16_t)tag_of(name));
	return damaged(reading, member->path, "nothing that belongs into a backup");
}

int gw_zone_archive_read(int fd, const struct gw_zone_archive_reader *reader,
			 struct gw_diags *diags)
{
	struct reading reading = {
		.reader = reader, .tar = { .fd = fd }, .diags = diags, .arena = gw_arena_new()
	};
	struct gw_tar_member member;
	int more = lseek(fd, 0, SEEK_SET) < 0 ? -errno : 1, error = 0;

	while (more > 0 && !error) {
		more = gw_tar_next(&reading.tar, reading.arena, &member);
		if (more > 0)
			error = read_member(&reading, &member);
	}
	if (!error && more < 0)
		error = damaged(&reading, "the archive", strerror(-more));
	if (!error) {
		error = end_zone(&reading);
	} else if (reading.in_zone) {
		gw_zone_history_done(&reading.zone.history);
		gw_free(reading.found);
	}
	gw_text_done(&reading.lines);
	gw_arena_free(reading.arena);
	return error;
}
