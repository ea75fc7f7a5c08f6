/* The digest over a whole zone (RFC 8976): scheme SIMPLE, SHA-384 or SHA-512. */
#ifndef DNS_ZONE_ZONEMD_H
#define DNS_ZONE_ZONEMD_H

#include "dns/zone/zone.h"

#define GW_ZONE_ZONEMD_HEAD   6u /* serial, scheme, algorithm */
#define GW_ZONE_ZONEMD_LEN    (GW_ZONE_ZONEMD_HEAD + 48u)
#define GW_ZONE_ZONEMD_SIMPLE 1u
#define GW_ZONE_ZONEMD_SHA384 1u
#define GW_ZONE_ZONEMD_SHA512 2u

/**
 * The digest of a sorted zone by that algorithm. Returns its length; 0: an algorithm that is not known.
 */
size_t gw_zone_zonemd(const struct gw_zone_store *zone, uint8_t algorithm, uint8_t ret[64]);

#endif
