/*
 * Devices that come and go: calls back soon after any did. Needed on kernels that take hooks only on
 * devices that are there (gw/nft/hooks.c), where a device that appears wants its hook.
 */
#ifndef GW_AGENT_DEVICE_WATCH_H
#define GW_AGENT_DEVICE_WATCH_H

#include <event2/event.h>

struct gw_device_watch;
typedef void gw_device_fn(void *context);

/** Watches the devices of this process's network namespace. -errno. */
int gw_device_watch_open(struct event_base *base, gw_device_fn *fn, void *context,
			 struct gw_device_watch **ret);
/** Accepts NULL. */
void gw_device_watch_free(struct gw_device_watch *watch);

#endif
