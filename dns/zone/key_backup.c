#include "dns/zone/key_backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dns/zone/backup_archive.h"
#include "gw/agent/durable.h"
#include "gw/audit/files.h"
#include "gw/core/mem.h"
#include "gw/ipc/ipc.h"

#define MAGIC "gw.zone-backup/1\n"

static const struct gw_loc nowhere;

static int fail(struct gw_diags *diags, const char *path, int error)
{
	if (error == -EACCES)
		gw_diag(diags, GW_D_ZONE_BACKUP, nowhere,
			"%s: this is not the passphrase of the backup", path);
	else if (error == -EBADMSG)
		gw_diag(diags, GW_D_ZONE_BACKUP, nowhere,
			"%s: no backup of zones' keys, or changed since it was written", path);
	else
		gw_diag(diags, GW_D_ZONE_BACKUP, nowhere, "%s: %s", path, strerror(-error));
	return error;
}

/* ---- the sealed file ---------------------------------------------------------------------------------- */

/* Head and sealed archive; `archive` is a descriptor. */
static int seal(int archive, const struct gw_zone_backup *backup, struct gw_text *file)
{
	struct gw_zone_vault own;
	struct stat stat;
	void *plain;
	int error;

	if (fstat(archive, &stat) < 0)
		return -errno;
	if (stat.st_size > GW_ZONE_BACKUP_MAX)
		return -EFBIG;
	plain = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, archive, 0);
	if (plain == MAP_FAILED)
		return -errno;
	gw_text_puts(file, MAGIC);
	error = gw_zone_vault_make(backup->secret, backup->secret_len, file, &own);
	if (!error)
		error = gw_zone_seal(&own, file->bytes, file->len, plain, (size_t)stat.st_size,
				     file);
	gw_zone_vault_done(&own);
	(void)munmap(plain, (size_t)stat.st_size); /* cannot fail: it was mapped like that */
	return error;
}

/* The archive as a descriptor. -EACCES: another passphrase; -EBADMSG: damaged. */
static int unseal(const struct gw_text *file, const struct gw_zone_backup *backup)
{
	gw_auto_secret struct gw_text plain = { 0 };
	const char *head = file->bytes + strlen(MAGIC), *end;
	struct gw_zone_vault own;
	size_t head_len;
	int error;

	if (file->len < strlen(MAGIC) || memcmp(file->bytes, MAGIC, strlen(MAGIC)) != 0)
		return -EBADMSG;
	end = memchr(head, '\n', file->len - strlen(MAGIC));
	if (!end)
		return -EBADMSG;
	error = gw_zone_vault_unlock(head, (size_t)(end + 1 - head), backup->secret,
				     backup->secret_len, &own);
	if (error)
		return error;
	head_len = (size_t)(end + 1 - file->bytes);
	error = gw_zone_unseal(&own, file->bytes, head_len, end + 1, file->len - head_len, &plain);
	gw_zone_vault_done(&own);
	return error ? error : gw_memfd_write(plain.bytes ? plain.bytes : "", plain.len);
}

/* Reads the file from disk. Its archive as a descriptor, and its digest; with a diagnostic. */
static int open_backup(const struct gw_zone_backup *backup, struct gw_diags *diags,
		       char ret_digest[GW_ZONE_BACKUP_HEX])
{
	gw_auto_text struct gw_text file = { 0 };
	int error = gw_audit_file_read(AT_FDCWD, backup->path, GW_ZONE_BACKUP_MAX + 4096u, &file);
	int archive = error ? error : unseal(&file, backup);

	if (archive < 0)
		return fail(diags, backup->path, archive);
	gw_durable_digest(file.bytes, file.len, ret_digest);
	return archive;
}

/* ---- what the ledgers are told ------------------------------------------------------------------------- */

/* Keys that were proved, and that no ledger says so of yet. */
struct proved {
	struct gw_zone_name zone;
	uint16_t *tags;
	size_t n, capacity;
};

struct proving {
	struct proved *zones;
	size_t n, capacity;
	struct gw_zone_backup_counts counts;
};

static int count_zone(const struct gw_zone_archived *zone, void *context)
{
	struct proving *proving = context;
	struct proved proved = { .zone = zone->zone };

	gw_push(proving->zones, proving->n, proving->capacity, proved);
	proving->counts.zones++;
	return 0;
}

static int count_key(const struct gw_zone_archived *zone, const struct gw_zone_key *key,
		     void *context)
{
	struct proving *proving = context;
	struct proved *proved = &proving->zones[proving->n - 1];

	proving->counts.keys++;
	if (!gw_zone_history_key(&zone->history, key->public_.tag)->backed_up)
		gw_push(proved->tags, proved->n, proved->capacity, key->public_.tag);
	return 0;
}

static void proving_done(struct proving *proving)
{
	for (size_t i = 0; i < proving->n; i++)
		gw_free(proving->zones[i].tags);
	gw_free(proving->zones);
}

static int prove(int archive, struct proving *proving, struct gw_diags *diags)
{
	const struct gw_zone_archive_reader reader = { count_zone, count_key, proving };

	return gw_zone_archive_read(archive, &reader, diags);
}

/* The ledger in place may know more than the backup's. */
static void add_unbacked(const struct gw_zone_ledger *ledger, uint16_t tag,
			 struct gw_zone_tags *set)
{
	const struct gw_zone_key_story *key =
		gw_zone_history_key(gw_zone_ledger_history(ledger), tag);

	if (key && !key->backed_up)
		(void)gw_zone_tags_add(set, tag); /* the caller has made room */
}

static int tell_zone(int state, const struct proved *proved, const struct gw_zone_backup *backup,
		     const char *digest, struct gw_diags *diags)
{
	struct gw_zone_ledger *ledger = NULL;
	int error = gw_zone_ledger_open(state, &proved->zone, diags, &ledger);

	for (size_t i = 0; i < proved->n && !error;) {
		struct gw_zone_entry entry = { .event = GW_ZONE_BACKED_UP, .time = backup->now };

		(void)snprintf(entry.actor, sizeof(entry.actor), "%s", backup->actor);
		(void)snprintf(entry.backup, sizeof(entry.backup), "%s", digest);
		for (; i < proved->n && entry.tags.n < GW_ZONE_LIVE_MAX; i++)
			add_unbacked(ledger, proved->tags[i], &entry.tags);
		if (entry.tags.n)
			error = gw_zone_ledger_append(ledger, &entry, diags);
	}
	gw_zone_ledger_close(ledger);
	return error;
}

static int tell_ledgers(int state, const struct proving *proving,
			const struct gw_zone_backup *backup, const char *digest,
			struct gw_diags *diags)
{
	int error = 0;

	for (size_t i = 0; i < proving->n && !error; i++)
		if (proving->zones[i].n)
			error = tell_zone(state, &proving->zones[i], backup, digest, diags);
	return error;
}

/* ---- writing --------------------------------------------------------------------------------------------- */

static int put_zone(struct gw_tar_writer *writer, int state, const struct gw_zone_name *zone,
		    const struct gw_zone_vault *vault, struct gw_diags *diags)
{
	struct gw_zone_ledger *ledger = NULL;
	int error = gw_zone_ledger_look(state, zone, diags, &ledger);

	/* A folder without a ledger: nothing was put on record, so there is no key in use. */
	if (error == -ENOENT)
		return 0;
	if (!error)
		error = gw_zone_archive_put(writer, ledger, vault, diags);
	gw_zone_ledger_close(ledger);
	return error;
}

static int put_zones(struct gw_tar_writer *writer, int state, const struct gw_zone_vault *vault,
		     struct gw_diags *diags)
{
	int fd = openat(state, "zones", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int error = 0;

	if (!stream)
		return fd < 0 && errno == ENOENT ? 0 : -errno;
	while (!error && (entry = readdir(stream)) != NULL) {
		struct gw_zone_name zone;

		if (entry->d_name[0] != '.' && gw_zone_name_of_folder(entry->d_name, &zone) == 0)
			error = put_zone(writer, state, &zone, vault, diags);
	}
	(void)closedir(stream);
	return error ? error : gw_tar_finish(writer);
}

static int write_backup(int state, const struct gw_zone_vault *vault,
			const struct gw_zone_backup *backup, struct gw_diags *diags)
{
	gw_auto_text struct gw_text file = { 0 };
	gw_auto_close int archive = memfd_create("gw-zone-backup", MFD_CLOEXEC);
	struct gw_tar_writer writer = { .fd = archive };
	size_t before = diags->count;
	int error = archive < 0 ? -errno : put_zones(&writer, state, vault, diags);

	if (!error)
		error = seal(archive, backup, &file);
	if (!error)
		error = gw_audit_file_replace(AT_FDCWD, backup->path, 0600, file.bytes, file.len);
	return error && diags->count == before ? fail(diags, backup->path, error) : error;
}

int gw_zone_backup_write(int state, const struct gw_zone_vault *vault,
			 const struct gw_zone_backup *backup, struct gw_diags *diags,
			 struct gw_zone_backup_counts *ret)
{
	struct proving proving = { .n = 0 };
	char digest[GW_ZONE_BACKUP_HEX];
	gw_auto_close int archive = -1;
	int error = write_backup(state, vault, backup, diags);

	if (error)
		return error;
	archive = open_backup(backup, diags, digest);
	if (archive < 0)
		return archive;
	error = prove(archive, &proving, diags);
	if (!error)
		error = tell_ledgers(state, &proving, backup, digest, diags);
	if (!error)
		*ret = proving.counts;
	proving_done(&proving);
	return error;
}

/* ---- reading ---------------------------------------------------------------------------------------------- */

int gw_zone_backup_check(const struct gw_zone_backup *backup, struct gw_diags *diags,
			 struct gw_zone_backup_counts *ret)
{
	struct proving proving = { .n = 0 };
	char digest[GW_ZONE_BACKUP_HEX];
	gw_auto_close int archive = open_backup(backup, diags, digest);
	int error = archive < 0 ? archive : prove(archive, &proving, diags);

	if (!error)
		*ret = proving.counts;
	proving_done(&proving);
	return error;
}

struct restoring {
	int state;
	const struct gw_zone_vault *vault;
	struct gw_diags *diags;
	int folder; /* of the present zone */
};

enum in_place {
	IN_PLACE_LESS, /* nothing, or a part of the backup's: it is replaced */
	IN_PLACE_MORE, /* it goes on from the backup's: it stays */
	IN_PLACE_PARTED,
};

/* What the ledger in place is to the one in the backup. One that is damaged is as good as none. */
static enum in_place find_in_place(int state, const struct gw_zone_archived *zone)
{
	struct gw_zone_ledger *ledger = NULL;
	enum in_place in_place = IN_PLACE_LESS;
	struct gw_diags none;
	size_t len;
	const char *lines;

	gw_diags_init(&none);
	if (gw_zone_ledger_look(state, &zone->zone, &none, &ledger) == 0) {
		lines = gw_zone_ledger_lines(ledger, &len);
		if (memcmp(lines, zone->lines, len < zone->len ? len : zone->len) != 0)
			in_place = IN_PLACE_PARTED;
		else if (len >= zone->len)
			in_place = IN_PLACE_MORE;
	}
	gw_zone_ledger_close(ledger);
	gw_diags_done(&none);
	return in_place;
}

static int compare_zone(const struct gw_zone_archived *zone, void *context)
{
	struct restoring *restoring = context;

	if (find_in_place(restoring->state, zone) != IN_PLACE_PARTED)
		return 0;
	gw_diag(restoring->diags, GW_D_ZONE_BACKUP, nowhere,
		"the ledger of %s in place and the backup's contradict each other",
		zone->zone.text);
	gw_diag_hint(restoring->diags,
		     "nothing was restored; move zones/%s away if the backup is right",
		     zone->zone.folder);
	return -EEXIST;
}

static int restore_zone(const struct gw_zone_archived *zone, void *context)
{
	struct restoring *restoring = context;
	gw_auto_close int zones = gw_audit_folder(restoring->state, "zones", 0750);

	if (restoring->folder >= 0)
		(void)close(restoring->folder); /* of the zone before; all is on disk */
	restoring->folder = zones < 0 ? zones : gw_audit_folder(zones, zone->zone.folder, 0750);
	return restoring->folder < 0 ? restoring->folder : 0;
}

static int restore_key(const struct gw_zone_archived *zone, const struct gw_zone_key *key,
		       void *context)
{
	struct restoring *restoring = context;

	(void)zone;
	return gw_zone_key_write(restoring->folder, restoring->vault, key);
}

static int restore_ledger(const struct gw_zone_archived *zone, void *context)
{
	struct restoring *restoring = context;

	if (find_in_place(restoring->state, zone) == IN_PLACE_MORE)
		return 0;
	return gw_zone_ledger_replace(restoring->state, &zone->zone, zone->lines, zone->len);
}

/* Keys first: a ledger never knows a key that is not there. */
static int restore_all(int archive, struct restoring *restoring)
{
	const struct gw_zone_archive_reader passes[] = {
		{ compare_zone, NULL, restoring },
		{ restore_zone, restore_key, restoring },
		{ restore_ledger, NULL, restoring },
	};
	int error = 0;

	for (size_t i = 0; i < GW_COUNT(passes) && !error; i++)
		error = gw_zone_archive_read(archive, &passes[i], restoring->diags);
	if (restoring->folder >= 0)
		(void)close(restoring->folder); /* as above */
	return error;
}

int gw_zone_backup_restore(int state, const struct gw_zone_vault *vault,
			   const struct gw_zone_backup *backup, struct gw_diags *diags,
			   struct gw_zone_backup_counts *ret)
{
	struct restoring restoring = {
		.state = state, .vault = vault, .diags = diags, .folder = -1
	};
	struct proving proving = { .n = 0 };
	char digest[GW_ZONE_BACKUP_HEX];
	gw_auto_close int archive = open_backup(backup, diags, digest);
	size_t before = diags->count;
	int error = archive < 0 ? archive : prove(archive, &proving, diags);

	if (!error)
		error = restore_all(archive, &restoring);
	if (!error)
		error = tell_ledgers(state, &proving, backup, digest, diags);
	if (!error)
		*ret = proving.counts;
	else if (diags->count == before && archive >= 0)
		(void)fail(diags, backup->path, error);
	proving_done(&proving);
	return error;
}
