/* A zone as a master file: a record a line, names in full (RFC 1035, 5; RFC 3597 for types without a form). */
#ifndef DNS_ZONE_ZONE_PRINT_H
#define DNS_ZONE_ZONE_PRINT_H

#include "dns/zone/zone.h"

/** Appends all records in their order. -EBADMSG: one cannot be written, and `out` is of no use. */
int gw_zone_print(const struct gw_zone_store *zone, struct gw_text *out);

#endif
