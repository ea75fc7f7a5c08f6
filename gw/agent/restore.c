/* Putting a backup in the place of the state directory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/agent/backup.h"
#include "gw/agent/backup_internal.h"
#include "gw/agent/durable.h"
#include "gw/agent/store_internal.h"
#include "gw/core/mem.h"

#define REVISIONS_LOOKED_AT 1000u

static const struct gw_loc nowhere;

/* ---- the state beside the present one -------------------------------------------------------- */

/* The number to go on with after all revisions of a store: whatever is damaged counts for nothing. */
static uint32_t next_number(struct gw_store *store)
{
	uint32_t next = 0, highest = gw_store_highest(store);

	for (uint32_t n = highest; n && n + REVISIONS_LOOKED_AT > highest; n--) {
		struct gw_numbers *numbers = gw_store_numbers(store, n);

		if (numbers && numbers->next > next)
			next = numbers->next;
		gw_numbers_free(numbers);
	}
	return next;
}

/* Numbers of rules that were given out since the backup may still be on connections. */
static int keep_numbers(struct gw_store *staged, struct gw_store *present, struct gw_arena *arena)
{
	struct gw_numbers *numbers = gw_store_numbers(staged, staged->current);
	uint32_t next = next_number(present);
	gw_auto_text struct gw_text text = { 0 };
	char name[GW_REVISION_NAME_SIZE];
	int err = 0;

	if (!numbers)
		return staged->current ? -EBADMSG : 0;
	if (next > numbers->next) {
		numbers->next = next;
		gw_numbers_print(numbers, &text);
		err = gw_durable_replace(staged->revisions,
					 gw_arena_printf(arena, "%s/numbers.json",
							 gw_revision_name(staged->current, name)),
					 text.bytes, text.len);
	}
	gw_numbers_free(numbers);
	return err;
}

/* What was unpacked is a state that gwctl and gwd can work with. */
static int check_staged(const struct gw_restore *restore, const char *dir, struct gw_store *present,
			struct gw_diags *diags)
{
	struct gw_store *staged;
	const char *damage = NULL;
	int err = gw_store_look(dir, &staged, diags);

	if (err)
		return err;
	restore->report->revision = gw_store_current(staged);
	if (restore->report->revision)
		damage = gw_store_damage(staged, restore->report->revision, restore->arena);
	if (damage)
		err = gw_restore_damaged(restore,
					 gw_arena_printf(restore->arena,
							 "the revision in force is damaged: %s",
							 damage),
					 diags);
	if (!err) {
		err = keep_numbers(staged, present, restore->arena);
		if (err)
			(void)gw_backup_failed(GW_D_STATE_WRITE, "numbers.json", err, diags);
	}
	gw_store_close(staged);
	return err;
}

/* A lock of the new directory is held before it has its name: nobody comes in between. */
static int lock_staged(int staging)
{
	int fd = openat(staging, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	if (gw_durable_inherit(staging, fd) < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int err = -errno;

		(void)close(fd); /* nothing was written to it */
		return err;
	}
	return fd;
}

static int exchange(const char *a, const char *b)
{
	return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) < 0 ? -errno : 0;
}

static int move_audit(const char *from, const char *to)
{
	gw_auto_close int source = open(from, O_PATH | O_DIRECTORY | O_CLOEXEC);
	gw_auto_close int target = open(to, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (source < 0 || target < 0 || renameat(source, "audit", target, "audit") < 0)
		return -errno;
	return 0;
}

/* After it `*ret_other` is what `staging` holds: true for the old state. */
static int swap(const char *staging, const char *dir, const struct gw_restore *restore,
		bool *ret_old, struct gw_diags *diags)
{
	int err = exchange(staging, dir);

	*ret_old = !err;
	if (err) {
		(void)gw_backup_failed(GW_D_STATE_WRITE, dir, err, diags);
		if (err == -EBUSY || err == -EXDEV)
			gw_diag_hint(diags, "a mount point cannot be swapped: keep the state in a "
					    "folder below it");
		return err;
	}
	if (restore->report->audit_kept)
		err = move_audit(staging, dir);
	if (!err)
		return 0;
	(void)gw_backup_failed(GW_D_STATE_WRITE, "audit", err, diags);
	*ret_old = exchange(staging, dir) < 0;
	return err;
}

/*
 * A restore that was interrupted between its two renames has left the trail behind: it goes back to
 * where it belongs before anything else happens.
 */
static int finish_interrupted(const char *replaced, int state)
{
	gw_auto_close int left = open(replaced, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (left < 0 || faccessat(state, "audit", F_OK, 0) == 0)
		return 0;
	if (renameat(left, "audit", state, "audit") < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

static int unpack(struct gw_restore *restore, const char *staging, struct gw_store *present,
		  struct gw_diags *diags)
{
	struct stat stat;
	int err;

	if (fstat(present->dir, &stat) < 0 || mkdir(staging, 0700) < 0)
		return gw_backup_failed(GW_D_STATE_WRITE, staging, -errno, diags);
	restore->uid = stat.st_uid;
	restore->gid = stat.st_gid;
	restore->staging = open(staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (restore->staging < 0)
		return gw_backup_failed(GW_D_STATE_WRITE, staging, -errno, diags);
	err = gw_restore_read(restore, diags);
	if (err)
		return err;
	if (fchmod(restore->staging, stat.st_mode & 0777) < 0 ||
	    (geteuid() == 0 && fchown(restore->staging, stat.st_uid, stat.st_gid) < 0))
		return gw_backup_failed(GW_D_STATE_WRITE, staging, -errno, diags);
	err = check_staged(restore, staging, present, diags);
	if (err)
		return err;
	err = gw_durable_sync_tree(AT_FDCWD, staging);
	return err ? gw_backup_failed(GW_D_STATE_WRITE, staging, err, diags) : 0;
}

/* With the lock of the present state held. */
static int replace_state(struct gw_restore *restore, const char *dir, struct gw_store *present,
			 struct gw_diags *diags)
{
	const char *replaced = gw_arena_printf(restore->arena, "%s.replaced", dir);
	gw_auto_close int lock = -1;
	bool is_old = false;
	int err = finish_interrupted(replaced, present->dir);

	restore->report->audit_kept = faccessat(present->dir, "audit", F_OK, 0) == 0;
	restore->with_audit = !restore->report->audit_kept;
	if (!err)
		err = gw_durable_remove_tree(AT_FDCWD, replaced);
	if (err)
		return gw_backup_failed(GW_D_STATE_WRITE, replaced, err, diags);
	/* It becomes the old state by the swap. */
	err = unpack(restore, replaced, present, diags);
	if (!err) {
		lock = lock_staged(restore->staging);
		err = lock < 0 ? gw_backup_failed(GW_D_STATE_WRITE, replaced, lock, diags) : 0;
	}
	if (!err)
		err = swap(replaced, dir, restore, &is_old, diags);
	if (is_old)
		restore->report->replaced = replaced;
	else
		(void)gw_durable_remove_tree(AT_FDCWD, replaced); /* or the next restore does */
	if (restore->staging >= 0)
		(void)close(restore->staging); /* synced before */
	return err;
}

/* The present state may be damaged: that is what backups are for. Only its lock must be free. */
static int open_present(const char *dir, struct gw_store *ret, struct gw_diags *diags)
{
	int err;

	*ret = (struct gw_store){ .dir = -1, .revisions = -1, .lock = -1 };
	if (mkdir(dir, 0750) < 0 && errno != EEXIST)
		return gw_backup_failed(GW_D_STATE_DIR, dir, -errno, diags);
	ret->path = gw_strdup(dir);
	ret->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->dir < 0)
		return gw_backup_failed(GW_D_STATE_DIR, dir, -errno, diags);
	ret->revisions = openat(ret->dir, "revisions", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ret->lock = openat(ret->dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (ret->lock >= 0 && flock(ret->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	err = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (err != -EBUSY)
		return gw_backup_failed(GW_D_STATE_DIR, dir, err, diags);
	gw_diag(diags, GW_D_STATE_LOCKED, nowhere, "gwd or another gwctl is using %s", dir);
	gw_diag_hint(diags, "stop it first: `systemctl stop gwd`; the kernel goes on enforcing");
	return err;
}

static void close_present(struct gw_store *present)
{
	/* Nothing is written through them. */
	if (present->lock >= 0)
		(void)close(present->lock);
	if (present->revisions >= 0)
		(void)close(present->revisions);
	if (present->dir >= 0)
		(void)close(present->dir);
	gw_free(present->path);
}

int gw_backup_restore(const char *dir, const char *path, struct gw_arena *arena,
		      struct gw_backup_report *ret, struct gw_diags *diags)
{
	struct gw_restore restore = { .path = path, .arena = arena, .report = ret };
	gw_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct gw_store present;
	int err;

	if (fd < 0)
		return gw_backup_failed(GW_D_FILE_ACCESS, path, -errno, diags);
	err = gw_backup_verify(fd, path, arena, ret, diags);
	if (err)
		return err;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return gw_backup_failed(GW_D_FILE_ACCESS, path, -errno, diags);
	err = open_present(dir, &present, diags);
	*ret = (struct gw_backup_report){ 0 };
	gw_restore_init(&restore, fd);
	if (!err)
		err = replace_state(&restore, dir, &present, diags);
	gw_restore_done(&restore);
	close_present(&present);
	return err;
}
