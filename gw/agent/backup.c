/* Writing a backup. */
#include "gw/agent/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/agent/backup_internal.h"
#include "gw/agent/durable.h"
#include "gw/agent/store_internal.h"
#include "gw/core/mem.h"

#define ATTEMPTS  5   /* a revision may be pruned while it is read */
#define DEPTH_MAX 32u /* of folders: a config's own are below 32 includes */

static const struct gw_loc nowhere;

struct backup {
	const char *dir;
	const struct gw_backup_options *options;
	struct gw_arena *arena;
	struct gw_backup_report report;
	struct gw_tar_writer tar;
	struct gw_text manifest;
	EVP_MD_CTX *context;
	int64_t now;
	const char *failed; /* which file */
	char *chunk;
};

int gw_backup_failed(enum gw_diag_id id, const char *path, int err, struct gw_diags *diags)
{
	gw_diag(diags, id, nowhere, "%s: %s", path, strerror(-err));
	return err;
}

void gw_backup_manifest_add(struct gw_text *manifest, EVP_MD_CTX *context, const char *path)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len;

	if (EVP_DigestFinal_ex(context, digest, &len) != 1)
		gw_out_of_memory(); /* nothing else can fail here */
	for (unsigned int i = 0; i < len; i++)
		gw_text_printf(manifest, "%02x", digest[i]);
	gw_text_printf(manifest, "  %s\n", path);
}

/* ---- what goes in ---------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Left behind by writers that were killed, and the lock, which belongs to who runs now. */
static bool is_passing(const char *path)
{
	return strcmp(path, "lock") == 0 || ends_with(path, ".new") || strstr(path, "/.gone-");
}

static bool is_left_out(struct backup *backup, const char *path)
{
	if (is_passing(path))
		return true;
	if (backup->options->no_audit && strcmp(path, "audit") == 0)
		return true;
	if (backup->options->keys || !ends_with(path, ".pem"))
		return false;
	backup->report.keys_left_out++;
	return true;
}

static const char *user_name(uid_t uid)
{
	const struct passwd *user = getpwuid(uid);

	return user ? user->pw_name : "";
}

static const char *group_name(gid_t gid)
{
	const struct group *group = getgrgid(gid);

	return group ? group->gr_name : "";
}

static int put(struct backup *backup, const char *path, const struct stat *stat)
{
	struct gw_tar_member member = {
		.path = path,
		.folder = S_ISDIR(stat->st_mode),
		.mode = stat->st_mode & 0777,
		.uid = stat->st_uid,
		.gid = stat->st_gid,
		.user = user_name(stat->st_uid),
		.group = group_name(stat->st_gid),
		.mtime = stat->st_mtime < 0 ? 0 : stat->st_mtime,
		.size = (uint64_t)stat->st_size,
	};

	return gw_tar_put(&backup->tar, &member);
}

/* A file of ours with its bytes at hand: ABOUT and MANIFEST. */
static int put_text(struct backup *backup, const char *path, const struct gw_text *text)
{
	struct stat stat = { .st_mode = S_IFREG | 0600,
			     .st_uid = geteuid(),
			     .st_gid = getegid(),
			     .st_mtime = backup->now,
			     .st_size = (off_t)text->len };
	int err = put(backup, path, &stat);

	return err ? err : gw_tar_write(&backup->tar, text->bytes, text->len);
}

/* As many bytes as the file had when it was opened: a log may grow meanwhile. */
static int put_bytes(struct backup *backup, int fd, uint64_t size)
{
	while (size) {
		size_t want = size < GW_BACKUP_CHUNK ? (size_t)size : GW_BACKUP_CHUNK;
		ssize_t len = read(fd, backup->chunk, want);
		int err;

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return len ? -errno : -EAGAIN; /* it was cut short: begin anew */
		if (EVP_DigestUpdate(backup->context, backup->chunk, (size_t)len) != 1)
			gw_out_of_memory();
		err = gw_tar_write(&backup->tar, backup->chunk, (size_t)len);
		if (err)
			return err;
		size -= (uint64_t)len;
	}
	return 0;
}

static int put_file(struct backup *backup, int fd, const char *path, const struct stat *stat)
{
	int err;

	if (EVP_DigestInit_ex(backup->context, EVP_sha256(), NULL) != 1)
		gw_out_of_memory();
	err = put(backup, path, stat);
	if (!err)
		err = put_bytes(backup, fd, (uint64_t)stat->st_size);
	if (err)
		return err;
	gw_backup_manifest_add(&backup->manifest, backup->context, path);
	backup->report.files++;
	backup->report.bytes += (uint64_t)stat->st_size;
	return 0;
}

static int put_folder(struct backup *backup, int fd, const char *path, unsigned int depth);

/* `path` is the archive's; what is neither file nor folder is none of ours. */
static int put_entry(struct backup *backup, int at, const char *name, const char *path,
		     unsigned int depth)
{
	gw_auto_close int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat stat;
	int err = 0;

	backup->failed = path;
	if (fd < 0 && errno == ELOOP)
		return 0;
	if (fd < 0)
		return errno == ENOENT ? -EAGAIN : -errno; /* pruned, or replaced */
	if (fstat(fd, &stat) < 0)
		return -errno;
	if (S_ISREG(stat.st_mode))
		return put_file(backup, fd, path, &stat);
	if (!S_ISDIR(stat.st_mode))
		return 0;
	err = put(backup, path, &stat);
	return err ? err : put_folder(backup, fd, path, depth + 1);
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

struct names {
	char **items; /* heap array; names in the arena */
	size_t n, capacity;
};

/* In the order of their names, so that equal states make equal archives. */
static int list_names(struct backup *backup, int fd, struct names *ret)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!stream) {
		int err = -errno;

		if (copy >= 0)
			(void)close(copy); /* read from only */
		return err;
	}
	while ((entry = readdir(stream)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			gw_push(ret->items, ret->n, ret->capacity,
				gw_arena_strdup(backup->arena, entry->d_name));
	(void)closedir(stream); /* likewise */
	if (ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare_names);
	return 0;
}

/* Recursion is bounded by DEPTH_MAX. */
static int put_folder(struct backup *backup, int fd, const char *path, unsigned int depth)
{
	struct names names = { 0 };
	int err = depth > DEPTH_MAX ? -ELOOP : list_names(backup, fd, &names);

	for (size_t i = 0; i < names.n && !err; i++) {
		const char *below = gw_arena_printf(backup->arena, "%s/%s", path, names.items[i]);

		if (!is_left_out(backup, below + strlen(GW_BACKUP_STATE) + 1))
			err = put_entry(backup, fd, names.items[i], below, depth);
	}
	gw_free(names.items);
	return err;
}

/* ---- the archive ----------------------------------------------------------------------------- */

static int put_about(struct backup *backup)
{
	gw_auto_text struct gw_text about = { 0 };
	char host[65] = "";

	(void)gethostname(host, sizeof(host) - 1); /* "" says as much */
	gw_text_printf(&about, "gw.backup/1\nhost %s\ntime %lld\nrevision %u\nkeys %s\naudit %s\n",
		       host, (long long)backup->now, backup->report.revision,
		       backup->options->keys ? "yes" : "no",
		       backup->options->no_audit ? "no" : "yes");
	return put_text(backup, GW_BACKUP_ABOUT, &about);
}

static int put_all(struct backup *backup, int state)
{
	struct stat stat;
	int err = fstat(state, &stat) < 0 ? -errno : put_about(backup);

	if (!err)
		err = put(backup, GW_BACKUP_STATE, &stat);
	if (!err)
		err = put_folder(backup, state, GW_BACKUP_STATE, 0);
	if (err)
		return err;
	gw_text_puts(&backup->manifest, ""); /* an empty state has an empty manifest */
	backup->failed = NULL;
	err = put_text(backup, GW_BACKUP_MANIFEST, &backup->manifest);
	if (!err)
		err = gw_tar_finish(&backup->tar);
	return !err && fsync(backup->tar.fd) < 0 ? -errno : err;
}

/* Begins anew as long as files vanish below it. */
static int put_state(struct backup *backup, int state)
{
	int err = -EAGAIN;

	for (int attempt = 0; attempt < ATTEMPTS && err == -EAGAIN; attempt++) {
		uint32_t revision = backup->report.revision;

		if (lseek(backup->tar.fd, 0, SEEK_SET) < 0 || ftruncate(backup->tar.fd, 0) < 0)
			return -errno;
		gw_text_done(&backup->manifest);
		backup->tar = (struct gw_tar_writer){ .fd = backup->tar.fd };
		backup->report = (struct gw_backup_report){ .revision = revision };
		err = put_all(backup, state);
	}
	return err;
}

/* The file gets its name when it is complete; its folder is synced, so that it keeps it. */
static int finish_file(const char *temporary, const char *path, struct gw_arena *arena)
{
	char *folder = gw_arena_strdup(arena, path), *slash = strrchr(folder, '/');

	if (rename(temporary, path) < 0)
		return -errno;
	if (slash && slash != folder)
		*slash = '\0';
	return gw_durable_sync_dir(AT_FDCWD, slash ? folder : ".");
}

static int write_file(struct backup *backup, int state, const char *path, struct gw_diags *diags)
{
	const char *temporary = gw_arena_printf(backup->arena, "%s.new", path);
	gw_auto_close int fd = -1;
	int err;

	(void)unlink(temporary); /* left by a run that was killed */
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return gw_backup_failed(GW_D_FILE_ACCESS, temporary, -errno, diags);
	backup->tar.fd = fd;
	err = put_state(backup, state);
	if (!err)
		err = finish_file(temporary, path, backup->arena);
	if (err) {
		(void)unlink(temporary); /* half a backup is none */
		(void)gw_backup_failed(GW_D_BACKUP_WRITE, backup->failed ? backup->failed : path,
				       err, diags);
	}
	return err;
}

int gw_backup_write(const char *dir, const char *path, const struct gw_backup_options *options,
		    int64_t now, struct gw_arena *arena, struct gw_backup_report *ret,
		    struct gw_diags *diags)
{
	struct backup backup = { .dir = dir, .options = options, .arena = arena, .now = now };
	struct gw_store *store;
	int err = gw_store_look(dir, &store, diags);

	if (err)
		return err;
	if (store->dir < 0) {
		gw_store_close(store);
		return gw_backup_failed(GW_D_STATE_DIR, dir, -ENOENT, diags);
	}
	backup.report.revision = gw_store_current(store);
	backup.context = EVP_MD_CTX_new();
	backup.chunk = gw_zalloc(1, GW_BACKUP_CHUNK);
	if (!backup.context)
		gw_out_of_memory();
	err = write_file(&backup, store->dir, path, diags);
	*ret = backup.report;
	EVP_MD_CTX_free(backup.context);
	gw_free(backup.chunk);
	gw_text_done(&backup.manifest);
	gw_store_close(store);
	return err;
}
