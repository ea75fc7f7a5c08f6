#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/host/host.h"

#define VALUE_MAX 4096u /* a page: the kernel prints no more */

int gw_sysctl_open(const char *dir)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Every run of blanks becomes one, none at the ends: what the kernel prints with tabs is written
 * with blanks. */
static void tidy(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (!isspace((unsigned char)*from))
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	if (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

int gw_sysctl_read(int root, const char *path, struct gw_arena *arena, char **ret)
{
	char text[VALUE_MAX + 1];
	gw_auto_close int fd = openat(root, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, text, VALUE_MAX);
	if (len < 0)
		return -errno;
	text[len] = '\0';
	tidy(text);
	*ret = gw_arena_strdup(arena, text);
	return 0;
}

int gw_sysctl_write(int root, const char *path, const char *value)
{
	gw_auto_close int fd = openat(root, path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
	size_t len = strlen(value);
	ssize_t written;

	if (fd < 0)
		return -errno;
	written = write(fd, value, len); /* the kernel wants it in one piece */
	if (written < 0)
		return -errno;
	return (size_t)written == len ? 0 : -EINVAL;
}

bool gw_sysctl_same(const char *value, const char *actual)
{
	char *a = gw_strdup(value), *b = gw_strdup(actual);
	bool same;

	tidy(a);
	tidy(b);
	same = strcmp(a, b) == 0;
	gw_free(a);
	gw_free(b);
	return same;
}
