/* The keys of `limits:` that gw-ratelimitd goes by. */
#ifndef RATELIMIT_WATCH_CONFIG_H
#define RATELIMIT_WATCH_CONFIG_H

#include "gw/policy/loader.h"
#include "ratelimit/ratelimit.h"

extern const struct gw_table ratelimit_table_stones, ratelimit_table_detection,
	ratelimit_table_upstream, ratelimit_table_feed;

/** What stands under these keys; NULL where nothing does. */
struct ratelimit_watch_nodes {
	struct gw_node *stones, *detection, *upstream, *feeds, *never_ban;
};
/** Reads them; adds diagnostics and goes on. */
void ratelimit_watch_load(struct gw_loader *loader, const struct ratelimit_watch_nodes *nodes,
			  struct ratelimit_watch *ret);

#endif
