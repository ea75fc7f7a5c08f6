#include "gw/metrics/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

static int fail(int fd)
{
	int err = -errno;

	(void)close(fd);
	return err;
}

static socklen_t fill(const struct gw_metrics_address *address, uint16_t port,
		      struct sockaddr_storage *ret)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (address->family == GW_FAMILY_IPV4) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		gw_addr_to_bytes(address->family, address->addr, (uint8_t *)&in->sin_addr);
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	gw_addr_to_bytes(address->family, address->addr, in6->sin6_addr.s6_addr);
	return sizeof(*in6);
}

int gw_listen_tcp(const struct gw_metrics_address *address, uint16_t port)
{
	bool v6 = address->family == GW_FAMILY_IPV6;
	struct sockaddr_storage name;
	socklen_t len = fill(address, port, &name);
	int on = 1, err;
	int fd = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	err = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* An interface may come up after this program. */
	if (!err)
		err = setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
				 v6 ? IPV6_FREEBIND : IP_FREEBIND, &on, sizeof(on));
	if (!err && v6)
		err = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (!err)
		err = bind(fd, (const struct sockaddr *)&name, len);
	if (!err)
		err = listen(fd, BACKLOG);
	return err < 0 ? fail(fd) : fd;
}

int gw_listen_unix(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(name.sun_path))
		return -ENAMETOOLONG;
	memcpy(name.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	(void)unlink(path);
	if (bind(fd, (const struct sockaddr *)&name, sizeof(name)) < 0 || chmod(path, 0666) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return fail(fd);
	return fd;
}
