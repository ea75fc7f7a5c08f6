/*
 * What the parent shows, as the ledger wants to know it: one DS set that all its servers agree on. Pure; what the
 * servers said are facts of observe.h.
 */
#ifndef DNS_ZONE_PARENT_H
#define DNS_ZONE_PARENT_H

#include "dns/zone/observe.h"

/**
 * The DS set of the parent, by the keys that it is of. False: a server did not answer, or differs from the others, so
 * that nothing may rely on it yet.
 */
bool gw_zone_parent_agrees(const struct gw_zone_name *zone, const struct gw_zone_history *history,
			   const struct gw_zone_seen *seen, size_t n, struct gw_zone_parent *ret);

/** True if that is news: it differs from what was seen last, or answers what the parent was asked for. */
bool gw_zone_parent_is_news(const struct gw_zone_history *history,
			    const struct gw_zone_parent *parent);

#endif
