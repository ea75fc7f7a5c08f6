#include "gw/core/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_FDS_START 3 /* sd_listen_fds(3) */

int gw_notify(const char *state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	int fd, err = 0;

	if (!len)
		return 0;
	if (len >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, len);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0'; /* abstract */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		err = -errno;
	(void)close(fd);
	return err;
}

/* A number from the environment that is meant for this process. */
static unsigned long long own_number(const char *pid_variable, const char *variable)
{
	const char *pid = getenv(pid_variable), *number = getenv(variable);

	if (!number || (pid && strtoull(pid, NULL, 10) != (unsigned long long)getpid()))
		return 0;
	return strtoull(number, NULL, 10);
}

uint64_t gw_notify_watchdog_us(void)
{
	return own_number("WATCHDOG_PID", "WATCHDOG_USEC") / 2;
}

int gw_notify_listen_fd(const char *name)
{
	unsigned long long n = own_number("LISTEN_PID", "LISTEN_FDS");
	const char *names = getenv("LISTEN_FDNAMES");

	for (unsigned long long i = 0; names && i < n; i++) {
		size_t len = strcspn(names, ":");

		if (strlen(name) == len && strncmp(names, name, len) == 0)
			return LISTEN_FDS_START + (int)i;
		names = names[len] ? names + len + 1 : NULL;
	}
	return -1;
}
