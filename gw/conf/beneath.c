#include "gw/conf/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gw/core/mem.h"

/* A FIFO without a writer must not hang us, a terminal must not adopt us. */
#define SAFE_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

#define RETRIES 16 /* openat2(2): -EAGAIN when something was renamed in the middle */

static int open_step(int dir, const char *name, int flags)
{
	int fd = openat(dir, name, SAFE_FLAGS | O_NOFOLLOW | flags);
	struct stat info;
	int err = errno;

	if (fd >= 0)
		return fd;
	/* O_DIRECTORY turns the -ELOOP of a link into -ENOTDIR: look what it is. */
	if ((err == ELOOP || err == ENOTDIR) &&
	    fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode))
		return -EXDEV;
	return -err;
}

int gw_open_beneath_by_steps(int root, const char *path, int flags)
{
	gw_auto_free char *copy = gw_strdup(path);
	char *name = copy, *slash;
	int dir = root, fd;

	for (;;) {
		slash = strchr(name, '/');
		if (slash)
			*slash = '\0';
		fd = *name && strcmp(name, "..") != 0
			     ? open_step(dir, name, slash ? O_DIRECTORY : flags)
			     : -EXDEV;
		if (dir != root)
			(void)close(dir); /* only looked through */
		if (fd < 0 || !slash)
			return fd;
		dir = fd;
		name = slash + 1;
	}
}

int gw_open_beneath(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)(SAFE_FLAGS | flags),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	for (int i = 0; i < RETRIES; i++) {
		long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

		if (fd >= 0)
			return (int)fd;
		/* EPERM: what older container runtimes answer for calls that they do not know. */
		if (errno == ENOSYS || errno == EPERM)
			return gw_open_beneath_by_steps(root, path, flags);
		if (errno != EAGAIN)
			return -errno;
	}
	return -EAGAIN;
}
