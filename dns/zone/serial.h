/* Serial numbers of zones (RFC 1982): which one is newer, and which one comes next. */
#ifndef DNS_ZONE_SERIAL_H
#define DNS_ZONE_SERIAL_H

#include "dns/zone/config.h"

/** True if `a` is newer than `b`; false also where RFC 1982, 3.2 leaves it open. */
bool gw_zone_serial_after(uint32_t a, uint32_t b);

/**
 * The serial of the version after `published` (NULL: there is none) by the zone's policy; `file` is that of the master
 * file. Dates are of the local time zone. -ERANGE: secondaries would not take it for newer, or it ran ahead of the
 * clock by more than a day, as it does when the clock is behind or the policy has changed.
 */
int gw_zone_serial_next(enum gw_zone_serial policy, const uint32_t *published, uint32_t file,
			int64_t now, uint32_t *ret);

#endif
