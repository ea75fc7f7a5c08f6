/* The canonical order of names and records (RFC 4034, 6). */
#ifndef DNS_ZONE_CANONICAL_H
#define DNS_ZONE_CANONICAL_H

#include "dns/zone/lint.h"

/** Orders names from their last label on; both in lower case. */
int gw_dns_name_compare(const struct gw_dns_name *a, const struct gw_dns_name *b);
/** Orders by name, type and RDATA, whose names are in lower case. */
int gw_zone_record_compare(const struct gw_zone_record *a, const struct gw_zone_record *b);
/** Sorts the records so, and leaves of equal ones the first. */
void gw_zone_data_sort(struct gw_zone_data *data);

#endif
