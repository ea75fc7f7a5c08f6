#include "gw/metrics/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/core/mem.h"

/* Hidden from the collector, which reads all *.prom. */
#define NEW_NAME ".gw.prom.new"
#define NAME     "gw.prom"

const char *gw_textfile_dir(void)
{
	const char *dir = getenv("GW_TEXTFILE_DIR");

	return dir && *dir ? dir : GW_TEXTFILE_DIR;
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

int gw_textfile_write(const char *dir, const char *bytes, size_t len)
{
	gw_auto_close int folder = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd, err;

	if (folder < 0)
		return -errno;
	fd = openat(folder, NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	/* Whoever reads it is another user, whatever the umask. */
	err = fchmod(fd, 0644) < 0 ? -errno : write_all(fd, bytes, len);
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err && renameat(folder, NEW_NAME, folder, NAME) < 0)
		err = -errno;
	if (err)
		(void)unlinkat(folder, NEW_NAME, 0);
	return err;
}
