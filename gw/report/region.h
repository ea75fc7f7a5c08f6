/* What can pass between two zones, for people and programs. */
#ifndef GW_REPORT_REGION_H
#define GW_REPORT_REGION_H

#include <jansson.h>

#include "gw/policy/region.h"

/**
 * "wan -> 203.0.113.6 tcp/80,tcp/443": all addresses of a zone are its name, and services that the
 * family does not have are left out. Zones may be NULL. In the arena.
 */
const char *gw_report_region(struct gw_arena *arena, const struct gw_region *region,
			     const struct gw_zone *from, const struct gw_zone *to);
/** "family", "sources", "destinations" and "services", complete. */
json_t *gw_report_region_json(struct gw_arena *arena, const struct gw_region *region);

#endif
