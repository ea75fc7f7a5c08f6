/*
 * What is different between two versions of a zone, record by record: what a plan shows, and what an incremental
 * transfer would carry.
 *
 *	gw_zone_diff(&before, &after, GW_ZONE_DIFF_DATA, &diff);
 *	for (size_t i = 0; i < diff.n; i++)
 *		… diff.items[i].added, diff.items[i].rr …
 *	gw_zone_diff_done(&diff);
 */
#ifndef DNS_ZONE_ZONE_DIFF_H
#define DNS_ZONE_ZONE_DIFF_H

#include "dns/zone/zone.h"

enum gw_zone_diff_of {
	GW_ZONE_DIFF_ALL,
	/* What people write: without RRSIG, NSEC and NSEC3; at the apex without NSEC3PARAM, DNSKEY, CDS, CDNSKEY and
	 * ZONEMD, and without SOA records that differ in their serial alone. */
	GW_ZONE_DIFF_DATA,
};

struct gw_zone_difference {
	const struct gw_zone_rr *rr; /* of either zone; another TTL is one removed and one added */
	bool added;
};
struct gw_zone_diff {
	struct gw_zone_difference
		*items; /* heap; in canonical order, of an RRset what is removed first */
	size_t n, capacity;
	size_t added, removed;
};

/** Both are sorted, and outlive the result. */
void gw_zone_diff(const struct gw_zone_store *before, const struct gw_zone_store *after,
		  enum gw_zone_diff_of of, struct gw_zone_diff *ret);
void gw_zone_diff_done(struct gw_zone_diff *diff);

#endif
