#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/ipc/ipc.h"

/* Without these the sender could change the bytes while they are read. */
#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len) {
		ssize_t written = write(fd, bytes, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		len -= (size_t)written;
	}
	return 0;
}

int gw_memfd_write(const void *bytes, size_t len)
{
	int fd = memfd_create("gw", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err;

	if (fd < 0)
		return -errno;
	err = write_all(fd, bytes, len);
	if (!err && fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) < 0)
		err = -errno;
	if (!err)
		return fd;
	(void)close(fd);
	return err;
}

int gw_memfd_read(int fd, size_t max, uint8_t **ret, size_t *ret_len)
{
	int seals = fcntl(fd, F_GET_SEALS);
	gw_auto_free uint8_t *bytes = NULL;
	struct stat stat;
	size_t len, done = 0;

	if (seals < 0 || (seals & SEALS) != SEALS)
		return -EPERM; /* no memfd, or one that can still change */
	if (fstat(fd, &stat) < 0)
		return -errno;
	len = (size_t)stat.st_size;
	if (len > max)
		return -EFBIG;
	bytes = gw_zalloc(len + 1, 1);
	while (done < len) {
		ssize_t got = pread(fd, bytes + done, len - done, (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		done += (size_t)got;
	}
	*ret = bytes;
	*ret_len = len;
	bytes = NULL;
	return 0;
}
