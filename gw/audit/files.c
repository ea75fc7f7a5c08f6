#include "gw/audit/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/core/mem.h"

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

int gw_audit_folder(int dir, const char *path, mode_t mode)
{
	int fd;

	if (mkdirat(dir, path, mode) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* New names are on disk only when their folder is. */
static int sync_folder_of(int dir, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[512] = ".";
	gw_auto_close int fd = -1;

	if (slash && (size_t)(slash - path) >= sizeof(folder))
		return -ENAMETOOLONG;
	if (slash)
		(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	fd = openat(dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int gw_audit_file_replace(int dir, const char *path, mode_t mode, const void *bytes, size_t len)
{
	char temporary[512];
	int err, fd;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
		return -ENAMETOOLONG;
	(void)unlinkat(dir, temporary, 0); /* left by a run that was killed */
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	err = write_all(fd, bytes, len);
	/* A full disk may show only here. */
	if (!err && fsync(fd) < 0)
		err = -errno;
	(void)close(fd);
	if (!err && renameat(dir, temporary, dir, path) < 0)
		err = -errno;
	if (err)
		(void)unlinkat(dir, temporary, 0);
	return err ? err : sync_folder_of(dir, path);
}

int gw_audit_file_append(int dir, const char *path, mode_t mode, const void *bytes, size_t len)
{
	gw_auto_close int fd =
		openat(dir, path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode);
	struct stat before;
	int err;

	if (fd < 0 || fstat(fd, &before) < 0)
		return -errno;
	err = write_all(fd, bytes, len);
	if (!err && fdatasync(fd) < 0)
		err = -errno;
	if (err) {
		/* Half of it may be there; a reader would stumble over it, or over what comes next. */
		if (ftruncate(fd, before.st_size) < 0)
			return -errno;
		return err;
	}
	return before.st_size ? 0 : sync_folder_of(dir, path);
}

int gw_audit_file_read(int dir, const char *path, size_t limit, struct gw_text *out)
{
	gw_auto_close int fd = openat(dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat stat;
	gw_auto_free char *bytes = NULL;
	size_t done = 0;

	if (fd < 0 || fstat(fd, &stat) < 0)
		return -errno;
	if (!S_ISREG(stat.st_mode))
		return -EBADMSG;
	if ((size_t)stat.st_size > limit)
		return -EFBIG;
	bytes = gw_zalloc((size_t)stat.st_size + 1, 1);
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
	gw_text_add(out, bytes, done);
	explicit_bzero(bytes, done); /* it may be a key */
	return 0;
}

void gw_audit_text_wipe(struct gw_text *text)
{
	if (text->bytes)
		explicit_bzero(text->bytes, text->capacity);
	gw_text_done(text);
}
