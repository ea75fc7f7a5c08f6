/* The sockets that gw-metricsd listens on. */
#ifndef GW_METRICS_LISTEN_H
#define GW_METRICS_LISTEN_H

#include "gw/metrics/metrics.h"

/**
 * A TCP socket that listens; it may be bound to an address that the gateway does not have yet. -errno.
 */
int gw_listen_tcp(const struct gw_metrics_address *address, uint16_t port);
/** A Unix socket at `path`, which anybody may connect to; one that is left there goes. -errno. */
int gw_listen_unix(const char *path);

#endif
