/*
 * What a zone answers for (RFC 4035, 2.2): a zone's names in order, each with its standing. Below a delegation and below
 * DNAME nothing is served as the zone's own: such names follow the cut in canonical order.
 */
#ifndef DNS_ZONE_AUTHORITY_H
#define DNS_ZONE_AUTHORITY_H

#include "dns/zone/zone.h"

enum gw_zone_standing {
	GW_ZONE_OWN,        /* all RRsets are signed */
	GW_ZONE_DELEGATION, /* DS and the denial are; NS is the child's */
	GW_ZONE_OCCLUDED,   /* glue, or what DNAME hides: nothing is signed */
};

/** A name: its records, and how it stands. */
struct gw_zone_owner {
	uint32_t from, to;
	uint32_t cut; /* of an occluded name: where the records of what hides it begin */
	enum gw_zone_standing standing;
};

/** The names of a sorted zone, on the heap. */
size_t gw_zone_owners(const struct gw_zone_store *zone, struct gw_zone_owner **ret);

bool gw_zone_owner_has(const struct gw_zone_store *zone, const struct gw_zone_owner *owner,
		       uint16_t type);
/** True if the RRset carries signatures. */
bool gw_zone_is_signed(enum gw_zone_standing standing, uint16_t type);

#endif
