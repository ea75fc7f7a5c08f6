/* What a daemon tells the service manager: the datagrams of sd_notify(3), without its library. */
#ifndef GW_CORE_NOTIFY_H
#define GW_CORE_NOTIFY_H

#include <stdint.h>

/**
 * Sends "READY=1", "STATUS=…", "WATCHDOG=1" or several of them, a line each, to $NOTIFY_SOCKET.
 * 0 also where no service manager listens; -errno.
 */
int gw_notify(const char *state);
/** How often "WATCHDOG=1" is due: half of what the service manager allows. 0: never. */
uint64_t gw_notify_watchdog_us(void);
/** A socket that the service manager listens on (socket activation), by its name; -1: none. */
int gw_notify_listen_fd(const char *name);

#endif
