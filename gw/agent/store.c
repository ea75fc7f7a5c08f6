#include "gw/agent/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/agent/durable.h"
#include "gw/agent/revision_review.h"
#include "gw/agent/store_internal.h"
#include "gw/core/mem.h"

#define SPARED_MAX 256u

static const struct gw_loc nowhere;

/* ---- revisions that there are -------------------------------------------------------------- */

const char *gw_revision_name(uint32_t number, char ret[GW_REVISION_NAME_SIZE])
{
	(void)snprintf(ret, GW_REVISION_NAME_SIZE, "%06u", number);
	return ret;
}

/* The number of a folder of ours; 0 for anything else. */
static uint32_t parse_number(const char *text)
{
	unsigned long number;
	char *end;

	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	number = strtoul(text, &end, 10);
	return errno || *end || number > UINT32_MAX - 1 ? 0 : (uint32_t)number;
}

static int compare_descending(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a < *b) - (*a > *b);
}

struct list {
	uint32_t *numbers; /* heap, newest first */
	size_t n, capacity;
};

static int list_revisions(const struct gw_store *store, struct list *ret)
{
	struct dirent *entry;
	DIR *stream;
	int fd;

	*ret = (struct list){ 0 };
	if (store->revisions < 0)
		return 0; /* see gw_store_look */
	fd = openat(store->revisions, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	stream = fdopendir(fd);
	if (!stream) {
		(void)close(fd); /* read from only */
		return -ENOMEM;
	}
	while ((entry = readdir(stream))) {
		uint32_t number = parse_number(entry->d_name);

		if (number)
			gw_push(ret->numbers, ret->n, ret->capacity, number);
	}
	(void)closedir(stream); /* read from only */
	if (ret->n)
		qsort(ret->numbers, ret->n, sizeof(*ret->numbers), compare_descending);
	return 0;
}

uint32_t gw_store_highest(const struct gw_store *store)
{
	struct list list;
	uint32_t highest = 0;

	if (list_revisions(store, &list) == 0 && list.n)
		highest = list.numbers[0];
	gw_free(list.numbers);
	return highest;
}

uint32_t gw_store_pending(struct gw_store *store)
{
	uint32_t highest = gw_store_highest(store);

	return highest > store->current ? highest : 0;
}

uint32_t gw_store_current(struct gw_store *store)
{
	return store->current;
}

int gw_store_history(struct gw_store *store, struct gw_arena *arena, struct gw_revision **ret,
		     size_t *ret_n)
{
	struct list list;
	int err = list_revisions(store, &list);
	struct gw_revision *items;
	size_t n = 0;

	if (err)
		return err;
	items = gw_arena_array(arena, list.n, struct gw_revision);
	for (size_t i = 0; i < list.n; i++) {
		if (list.numbers[i] > store->current)
			continue;
		if (gw_store_revision(store, list.numbers[i], arena, &items[n]) < 0)
			items[n] = (struct gw_revision){ .number = list.numbers[i],
							 .who = "",
							 .note = "",
							 .digest = "",
							 .damaged = true };
		n++;
	}
	gw_free(list.numbers);
	*ret = items;
	*ret_n = n;
	return 0;
}

int gw_store_discard(struct gw_store *store, uint32_t number)
{
	char name[GW_REVISION_NAME_SIZE], gone[GW_REVISION_NAME_SIZE + 8];

	/* Out of the way in one step first: half a revision must never be seen under its name. */
	(void)snprintf(gone, sizeof(gone), ".gone-%s", gw_revision_name(number, name));
	if (renameat(store->revisions, name, store->revisions, gone) < 0)
		return -errno;
	return gw_durable_remove_tree(store->revisions, gone);
}

void gw_store_prune(struct gw_store *store, size_t keep)
{
	struct list list;
	size_t spared = 0;

	/* What cannot be deleted today is tried again after the next change. */
	if (list_revisions(store, &list) == 0)
		for (size_t i = keep; i < list.n; i++) {
			if (list.numbers[i] == store->current)
				continue;
			/* Changes that followed it must not take it off the list of `review`. */
			if (spared < SPARED_MAX &&
			    gw_store_waits_for_review(store, list.numbers[i]))
				spared++;
			else
				(void)gw_store_discard(store, list.numbers[i]);
		}
	gw_free(list.numbers);
}

/* ---- current -------------------------------------------------------------------------------- */

/*
 * There is none before the first apply of all; the one revision that there may be is then pending. With
 * more revisions the file has been lost, and guessing which one holds could let old numbers loose.
 */
static int read_current(struct gw_store *store, struct gw_diags *diags)
{
	struct gw_arena *arena = gw_arena_new();
	uint32_t number = 0;
	struct list list = { 0 };
	char *text;
	size_t len;
	int err = gw_durable_read(store->dir, "current", 64, arena, &text, &len);

	if (!err && len > 1 && text[len - 1] == '\n')
		number = parse_number(gw_arena_strndup(arena, text, len - 1));
	gw_arena_free(arena);
	store->current = number;
	if (err == -ENOENT && list_revisions(store, &list) == 0 && list.n <= 1)
		err = 0;
	else if (!number)
		err = -EBADMSG;
	gw_free(list.numbers);
	if (!err)
		return 0;
	gw_diag(diags, GW_D_STATE_CORRUPT, nowhere, "%s/current does not name a revision",
		store->path);
	gw_diag_hint(diags, "write the number of the newest revision in %s/revisions to it",
		     store->path);
	return err;
}

int gw_store_stage_current(const struct gw_store *store, uint32_t number)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u\n", number);

	(void)unlinkat(store->dir, "current.new", 0); /* left by a run that was killed */
	return gw_durable_write_shared(store->dir, "current.new", text, (size_t)len);
}

/* True if gw_store_add prepared the file for this very revision. */
static bool is_staged(const struct gw_store *store, uint32_t number)
{
	struct gw_arena *arena = gw_arena_new();
	char wanted[16], *text;
	size_t len;
	bool staged;

	(void)snprintf(wanted, sizeof(wanted), "%u\n", number);
	staged = gw_durable_read(store->dir, "current.new", sizeof(wanted), arena, &text, &len) ==
			 0 &&
		 strcmp(text, wanted) == 0;
	gw_arena_free(arena);
	return staged;
}

int gw_store_set_current(struct gw_store *store, uint32_t number, struct gw_diags *diags)
{
	/* After the commit only a rename is left to do: a full disk cannot come between. */
	int err = is_staged(store, number) ? 0 : gw_store_stage_current(store, number);

	if (!err && renameat(store->dir, "current.new", store->dir, "current") < 0)
		err = -errno;
	if (!err)
		err = gw_durable_sync_dir(store->dir, ".");
	if (err) {
		gw_diag(diags, GW_D_STATE_WRITE, nowhere,
			"the kernel has revision %u, but it cannot be noted in %s/current: %s",
			number, store->path, strerror(-err));
		return err;
	}
	store->current = number;
	return 0;
}

/* ---- opening and locking -------------------------------------------------------------------- */

static int open_dir(int at, const char *path, bool make, int *ret)
{
	int fd;

	fd = make ? gw_durable_mkdir(at, path, 0750) : 0;
	if (fd < 0)
		return fd;
	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret = fd;
	return 0;
}

const char *gw_store_default_dir(void)
{
	const char *dir = getenv("GW_STATE_DIR");

	return dir && *dir ? dir : "/var/lib/gw";
}

static int open_store(const char *dir, bool make, struct gw_store **ret, struct gw_diags *diags)
{
	struct gw_store *store = gw_zalloc(1, sizeof(*store));
	int err;

	store->path = gw_strdup(dir);
	store->dir = store->revisions = store->lock = -1;
	err = open_dir(AT_FDCWD, store->path, make, &store->dir);
	if (!err)
		err = open_dir(store->dir, "revisions", make, &store->revisions);
	if (err == -ENOENT && !make) {
		err = 0; /* nothing was ever applied */
	} else if (err) {
		gw_diag(diags, GW_D_STATE_DIR, nowhere, "the state directory %s: %s", store->path,
			strerror(-err));
		if (err == -EACCES || err == -EPERM)
			gw_diag_hint(diags, "run the command as root");
	} else {
		err = read_current(store, diags);
	}
	if (err) {
		gw_store_close(store);
		return err;
	}
	*ret = store;
	return 0;
}

int gw_store_open(const char *dir, struct gw_store **ret, struct gw_diags *diags)
{
	return open_store(dir, true, ret, diags);
}

int gw_store_look(const char *dir, struct gw_store **ret, struct gw_diags *diags)
{
	return open_store(dir, false, ret, diags);
}

void gw_store_close(struct gw_store *store)
{
	if (!store)
		return;
	/* Nothing written through them is still pending. */
	if (store->lock >= 0)
		(void)close(store->lock);
	if (store->revisions >= 0)
		(void)close(store->revisions);
	if (store->dir >= 0)
		(void)close(store->dir);
	gw_free(store->path);
	gw_free(store);
}

static void diagnose_locked(const struct gw_store *store, int fd, struct gw_diags *diags)
{
	char text[32] = "";
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
	uint32_t pid;

	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0';
	pid = parse_number(text);
	if (pid)
		gw_diag(diags, GW_D_STATE_LOCKED, nowhere,
			"process %u holds the lock %s/lock: it is changing this gateway", pid,
			store->path);
	else
		gw_diag(diags, GW_D_STATE_LOCKED, nowhere, "another process holds the lock %s/lock",
			store->path);
	gw_diag_hint(diags, "run the command again when it is done");
}

int gw_store_lock(struct gw_store *store, struct gw_diags *diags)
{
	char text[16];
	int len;

	store->lock = openat(store->dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store->lock < 0)
		return gw_store_write_error(store, "opening the lock", -errno, diags);
	/* It works without: then the agent cannot open it, and says so. */
	(void)gw_durable_inherit(store->dir, store->lock);
	if (flock(store->lock, LOCK_EX | LOCK_NB) < 0) {
		int err = errno == EWOULDBLOCK ? -EBUSY : -errno;

		if (err == -EBUSY)
			diagnose_locked(store, store->lock, diags);
		else
			(void)gw_store_write_error(store, "locking", err, diags);
		(void)close(store->lock); /* nothing was written to it */
		store->lock = -1;
		return err;
	}
	/* For the message above only; on a full disk the lock holds without it. */
	len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(store->lock, 0) == 0)
		(void)!pwrite(store->lock, text, (size_t)len, 0);
	/* Another writer may have been at work since the store was opened. */
	return read_current(store, diags);
}

int gw_store_write_error(const struct gw_store *store, const char *what, int err,
			 struct gw_diags *diags)
{
	gw_diag(diags, GW_D_STATE_WRITE, nowhere, "%s in %s: %s", what, store->path,
		strerror(-err));
	if (err == -ENOSPC || err == -EDQUOT)
		gw_diag_hint(diags, "free some space there; nothing was changed");
	else if (err == -EACCES || err == -EPERM)
		gw_diag_hint(diags, "run the command as root");
	return err;
}
