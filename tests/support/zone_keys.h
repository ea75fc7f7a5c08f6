/* Keys of zones without a private half, and entries of ledgers about them. */
#ifndef TESTS_SUPPORT_ZONE_KEYS_H
#define TESTS_SUPPORT_ZONE_KEYS_H

#include "dns/zone/history.h"

/** A P-256 key with this tag; its point is on no curve. */
struct gw_zone_dnskey zone_dnskey(uint16_t tag, enum gw_zone_role role);
/** A set of `n` tags. */
struct gw_zone_tags zone_tags(size_t n, ...);

struct gw_zone_entry zone_generated(int64_t time, uint16_t tag, enum gw_zone_role role);
struct gw_zone_entry zone_backed_up(int64_t time, uint16_t tag);
struct gw_zone_entry zone_introduced(int64_t time, uint16_t tag, uint16_t other);

#endif
