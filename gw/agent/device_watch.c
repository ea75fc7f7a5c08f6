#include "gw/agent/device_watch.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gw/core/mem.h"

struct gw_device_watch {
	int fd;
	struct event *event;
	gw_device_fn *fn;
	void *context;
};

/* What changed does not matter: all is compared. A queue that ran over says that something did. */
static void on_message(evutil_socket_t fd, short what, void *context)
{
	struct gw_device_watch *watch = context;
	char ignored[8192];
	ssize_t len;

	(void)what;
	do
		len = recv(fd, ignored, sizeof(ignored), MSG_DONTWAIT);
	while (len > 0 || (len < 0 && (errno == EINTR || errno == ENOBUFS)));
	watch->fn(watch->context);
}

int gw_device_watch_open(struct event_base *base, gw_device_fn *fn, void *context,
			 struct gw_device_watch **ret)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	struct gw_device_watch *watch = gw_zalloc(1, sizeof(*watch));
	int err = 0;

	watch->fn = fn;
	watch->context = context;
	watch->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (watch->fd < 0 || bind(watch->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		err = -errno;
	} else {
		watch->event = event_new(base, watch->fd, EV_READ | EV_PERSIST, on_message, watch);
		if (!watch->event || event_add(watch->event, NULL) < 0)
			err = -EIO;
	}
	if (err) {
		gw_device_watch_free(watch);
		return err;
	}
	*ret = watch;
	return 0;
}

void gw_device_watch_free(struct gw_device_watch *watch)
{
	if (!watch)
		return;
	if (watch->event)
		event_free(watch->event);
	if (watch->fd >= 0)
		(void)close(watch->fd);
	gw_free(watch);
}
