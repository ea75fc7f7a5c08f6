#include "gw/agent/durable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/core/mem.h"

#define PATH_LEN 4096u

static int write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int gw_durable_inherit(int dir, int fd)
{
	struct stat owner;

	if (geteuid() != 0)
		return 0;
	if (fstat(dir, &owner) < 0)
		return -errno;
	if (owner.st_uid == 0 && owner.st_gid == 0)
		return 0;
	return fchown(fd, owner.st_uid, owner.st_gid) < 0 ? -errno : 0;
}

int gw_durable_mkdir(int dir, const char *path, mode_t mode)
{
	gw_auto_close int fd = -1;

	if (mkdirat(dir, path, mode) < 0)
		return errno == EEXIST ? 0 : -errno;
	if (dir == AT_FDCWD)
		return 0; /* nobody's folder */
	fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : gw_durable_inherit(dir, fd);
}

static int write_new(int dir, const char *path, const void *bytes, size_t len, mode_t mode)
{
	gw_auto_close int fd =
		openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	int error;

	if (fd < 0)
		return -errno;
	error = dir == AT_FDCWD ? 0 : gw_durable_inherit(dir, fd);
	if (!error)
		error = write_all(fd, bytes, len);
	/* A full disk may show only here. */
	if (!error && fsync(fd) < 0)
		error = -errno;
	if (error)
		(void)unlinkat(dir, path, 0); /* half a file helps nobody */
	return error;
}

int gw_durable_write(int dir, const char *path, const void *bytes, size_t len)
{
	return write_new(dir, path, bytes, len, 0600);
}

int gw_durable_write_shared(int dir, const char *path, const void *bytes, size_t len)
{
	return write_new(dir, path, bytes, len, 0640);
}

int gw_durable_sync_dir(int dir, const char *path)
{
	gw_auto_close int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int gw_durable_replace(int dir, const char *path, const void *bytes, size_t len)
{
	char temporary[PATH_LEN];
	int error;

	(void)snprintf(temporary, sizeof(temporary), "%s.new", path);
	(void)unlinkat(dir, temporary, 0); /* left by a run that was killed */
	error = gw_durable_write_shared(dir, temporary, bytes, len);
	if (error)
		return error;
	if (renameat(dir, temporary, dir, path) < 0)
		return -errno;
	return gw_durable_sync_dir(dir, ".");
}

int gw_durable_mkdirs(int dir, const char *path)
{
	char part[PATH_LEN];
	size_t len = strlen(path);
	int error;

	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		error = gw_durable_mkdir(dir, part, 0750);
		if (error)
			return error;
	}
	return 0;
}

static int remove_entries(int fd)
{
	/* The directory stream owns its descriptor. */
	DIR *stream = fdopendir(fd);
	const struct dirent *entry;
	int error = 0;

	if (!stream) {
		error = -errno;
		(void)close(fd);
		return error;
	}
	while (!error && (entry = readdir(stream)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(stream), entry->d_name, 0) == 0)
			continue;
		if (errno == EISDIR || errno == EPERM)
			error = gw_durable_remove_tree(dirfd(stream), entry->d_name);
		else
			error = -errno;
	}
	(void)closedir(stream);
	return error;
}

int gw_durable_remove_tree(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int error;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	error = remove_entries(fd);
	if (!error && unlinkat(dir, path, AT_REMOVEDIR) < 0)
		error = -errno;
	return error;
}

int gw_durable_read(int dir, const char *path, size_t limit, struct gw_arena *arena, char **ret,
		    size_t *ret_len)
{
	gw_auto_close int fd = openat(dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat stat;
	size_t done = 0;
	char *bytes;

	if (fd < 0 || fstat(fd, &stat) < 0)
		return -errno;
	if (!S_ISREG(stat.st_mode) || (size_t)stat.st_size > limit)
		return -EBADMSG;
	bytes = gw_arena_zalloc(arena, (size_t)stat.st_size + 1, 1);
	while (done < (size_t)stat.st_size) {
		ssize_t n = read(fd, bytes + done, (size_t)stat.st_size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	*ret = bytes;
	*ret_len = done;
	return 0;
}

static int sync_folders(int fd)
{
	/* The directory stream owns its descriptor. */
	DIR *stream = fdopendir(fd);
	const struct dirent *entry;
	int error = 0;

	if (!stream) {
		error = -errno;
		(void)close(fd);
		return error;
	}
	while (!error && (entry = readdir(stream)) != NULL) {
		struct stat stat;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(stream), entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
			error = -errno;
		else if (S_ISDIR(stat.st_mode))
			error = gw_durable_sync_tree(dirfd(stream), entry->d_name);
	}
	if (!error && fsync(dirfd(stream)) < 0)
		error = -errno;
	(void)closedir(stream);
	return error;
}

int gw_durable_sync_tree(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : sync_folders(fd);
}

void gw_durable_digest(const void *bytes, size_t len, char ret_hex[65])
{
	uint8_t digest[32];

	if (EVP_Digest(bytes, len, digest, NULL, EVP_sha256(), NULL) != 1)
		gw_out_of_memory();
	for (size_t i = 0; i < sizeof(digest); i++) {
		ret_hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		ret_hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	ret_hex[64] = '\0';
}
