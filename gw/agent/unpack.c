/* Reading a backup: proving it, and unpacking it below a folder. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/agent/backup_internal.h"
#include "gw/core/mem.h"

#define MEMBERS_MAX 1000000u

static const struct gw_loc nowhere;

int gw_restore_damaged(const struct gw_restore *restore, const char *what, struct gw_diags *diags)
{
	gw_diag(diags, GW_D_BACKUP_DAMAGED, nowhere, "%s: %s", restore->path, what);
	return -EBADMSG;
}

void gw_restore_init(struct gw_restore *restore, int fd)
{
	restore->tar = (struct gw_tar_reader){ .fd = fd };
	restore->context = EVP_MD_CTX_new();
	restore->chunk = gw_zalloc(1, GW_BACKUP_CHUNK);
	restore->staging = -1;
	if (!restore->context)
		gw_out_of_memory();
}

void gw_restore_done(struct gw_restore *restore)
{
	EVP_MD_CTX_free(restore->context);
	gw_free(restore->chunk);
	gw_text_done(&restore->manifest);
}

/* ---- members --------------------------------------------------------------------------------- */

/*
 * Where a member belongs below the state directory; NULL for one that is not unpacked. A trail without its
 * private key cannot be continued: it is put aside, to be read, and a new one begins.
 */
static const char *place_of(const struct gw_restore *restore, const struct gw_tar_member *member)
{
	const char *path = member->path + strlen(GW_BACKUP_STATE "/");

	if (strncmp(path, "audit", 5) != 0 || (path[5] && path[5] != '/'))
		return path;
	if (!restore->with_audit)
		return NULL;
	if (restore->keys)
		return path;
	return gw_arena_printf(restore->arena, "audit-until-%s%s", restore->time, path + 5);
}

/* The group may have another number on this machine. */
static gid_t group_of(const struct gw_restore *restore, const struct gw_tar_member *member)
{
	const struct group *group = *member->group ? getgrnam(member->group) : NULL;

	return group ? group->gr_gid : restore->gid;
}

static int set_owner(const struct gw_restore *restore, int fd, const struct gw_tar_member *member)
{
	if (fchmod(fd, member->mode) < 0)
		return -errno;
	if (geteuid() == 0 && fchown(fd, restore->uid, group_of(restore, member)) < 0)
		return -errno;
	return 0;
}

static int unpack_folder(struct gw_restore *restore, const struct gw_tar_member *member)
{
	const char *path = place_of(restore, member);
	gw_auto_close int fd = -1;

	if (restore->staging < 0 || !path)
		return 0;
	if (mkdirat(restore->staging, path, 0700) < 0)
		return errno == EEXIST ? -EBADMSG : -errno;
	fd = openat(restore->staging, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : set_owner(restore, fd, member);
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Reads the member through; `fd` is where its bytes go, or -1. */
static int copy(struct gw_restore *restore, int fd)
{
	ssize_t len;
	int err = 0;

	while ((len = gw_tar_read(&restore->tar, restore->chunk, GW_BACKUP_CHUNK)) > 0 && !err) {
		if (EVP_DigestUpdate(restore->context, restore->chunk, (size_t)len) != 1)
			gw_out_of_memory();
		restore->report->bytes += (uint64_t)len;
		if (fd >= 0)
			err = write_all(fd, restore->chunk, (size_t)len);
	}
	return len < 0 ? (int)len : err;
}

static int unpack_file(struct gw_restore *restore, const struct gw_tar_member *member)
{
	const char *path = place_of(restore, member);
	gw_auto_close int fd = -1;
	int err;

	if (EVP_DigestInit_ex(restore->context, EVP_sha256(), NULL) != 1)
		gw_out_of_memory();
	if (restore->staging >= 0 && path) {
		fd = openat(restore->staging, path,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			return errno == EEXIST || errno == ENOENT ? -EBADMSG : -errno;
	}
	err = copy(restore, fd);
	if (!err && fd >= 0)
		err = set_owner(restore, fd, member);
	if (!err && fd >= 0 && fsync(fd) < 0)
		err = -errno;
	if (err)
		return err;
	gw_backup_manifest_add(&restore->manifest, restore->context, member->path);
	restore->report->files++;
	return 0;
}

/* A line "key value" of ABOUT; "" where there is none. */
static const char *about_value(struct gw_restore *restore, const char *about, const char *key)
{
	const char *line = strstr(about, gw_arena_printf(restore->arena, "\n%s ", key));

	if (!line)
		return "";
	line += strlen(key) + 2;
	return gw_arena_strndup(restore->arena, line, strcspn(line, "\n"));
}

/* The first member: another version of the format is another format. */
static int read_about(struct gw_restore *restore, struct gw_diags *diags)
{
	static const char wanted[] = "gw.backup/1\n";
	struct gw_tar_member member;
	const char *time;
	ssize_t len = -1;

	if (gw_tar_next(&restore->tar, restore->arena, &member) == 1 && !member.folder &&
	    strcmp(member.path, GW_BACKUP_ABOUT) == 0)
		len = gw_tar_read(&restore->tar, restore->chunk, GW_BACKUP_CHUNK - 1);
	if (len < (ssize_t)strlen(wanted) || memcmp(restore->chunk, wanted, strlen(wanted)) != 0)
		return gw_restore_damaged(restore, "this is no backup made by gwctl", diags);
	restore->chunk[len] = '\0';
	restore->keys = strcmp(about_value(restore, restore->chunk, "keys"), "yes") == 0;
	time = about_value(restore, restore->chunk, "time");
	if (!*time || strlen(time) >= sizeof(restore->time) ||
	    time[strspn(time, "0123456789")] != '\0')
		return gw_restore_damaged(restore, "its first file is damaged", diags);
	memcpy(restore->time, time, strlen(time) + 1);
	return 0;
}

/* The manifest must be what was computed on the way, and the end. */
static int check_manifest(struct gw_restore *restore, const struct gw_tar_member *member,
			  struct gw_diags *diags)
{
	gw_auto_free char *bytes = NULL;
	struct gw_tar_member behind;
	size_t done = 0;
	ssize_t len;

	if (member->size != restore->manifest.len)
		return gw_restore_damaged(restore, "its files are not those of its manifest",
					  diags);
	bytes = gw_zalloc(1, (size_t)member->size + 1);
	while ((len = gw_tar_read(&restore->tar, bytes + done, (size_t)member->size - done)) > 0)
		done += (size_t)len;
	if (len < 0)
		return gw_restore_damaged(restore, "it is cut short", diags);
	if (done && memcmp(bytes, restore->manifest.bytes, done) != 0)
		return gw_restore_damaged(restore, "its files are not those of its manifest",
					  diags);
	if (gw_tar_next(&restore->tar, restore->arena, &behind) != 0)
		return gw_restore_damaged(restore, "there is more behind its manifest", diags);
	return 0;
}

static int read_member(struct gw_restore *restore, const struct gw_tar_member *member)
{
	if (++restore->members > MEMBERS_MAX)
		return -EBADMSG;
	if (strcmp(member->path, GW_BACKUP_STATE) == 0)
		return member->folder ? 0 : -EBADMSG;
	if (strncmp(member->path, GW_BACKUP_STATE "/", strlen(GW_BACKUP_STATE "/")) != 0)
		return -EBADMSG;
	return member->folder ? unpack_folder(restore, member) : unpack_file(restore, member);
}

int gw_restore_read(struct gw_restore *restore, struct gw_diags *diags)
{
	struct gw_tar_member member;
	int err = read_about(restore, diags);

	while (!err) {
		err = gw_tar_next(&restore->tar, restore->arena, &member);
		if (err <= 0)
			break;
		if (!member.folder && strcmp(member.path, GW_BACKUP_MANIFEST) == 0)
			return check_manifest(restore, &member, diags);
		err = read_member(restore, &member);
		if (err && err != -EBADMSG)
			return gw_backup_failed(GW_D_STATE_WRITE, member.path, err, diags);
	}
	if (diags->errors)
		return err;
	return gw_restore_damaged(restore,
				  err ? "it is damaged or cut short" : "it has no manifest", diags);
}

int gw_backup_verify(int fd, const char *path, struct gw_arena *arena, struct gw_backup_report *ret,
		     struct gw_diags *diags)
{
	struct gw_restore restore = { .path = path, .arena = arena, .report = ret };
	int err;

	*ret = (struct gw_backup_report){ 0 };
	gw_restore_init(&restore, fd);
	err = gw_restore_read(&restore, diags);
	gw_restore_done(&restore);
	return err;
}
