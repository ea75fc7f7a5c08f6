/*
 * A zone's records in memory: wire form, canonical order (RFC 4034, 6), 32 octets a record beside its name
 * and RDATA. Signing, verifying and comparing zones work over it.
 *
 *	gw_zone_init(&zone, apex, apex_len);
 *	gw_zone_add(&zone, &(struct gw_zone_rr){ .name = …, .rdata = …, … });
 *	gw_zone_sort(&zone);
 *	…
 *	gw_zone_done(&zone);
 *
 * Records borrow their octets: those made for the zone live in its arena, those that were taken over from
 * another zone live there, and that zone must outlive this one.
 */
#ifndef DNS_ZONE_ZONE_H
#define DNS_ZONE_ZONE_H

#include <string.h>

#include "dns/zone/message.h"
#include "gw/core/arena.h"

#define GW_ZONE_NO_FILE 255u

/** Owner and RDATA in lower case where RFC 4034, 6.2 and RFC 6840, 5.1 say so. */
struct gw_zone_rr {
	const uint8_t *name; /* ends with the root label; neighbours share it */
	const uint8_t *rdata;
	uint32_t ttl;
	uint16_t type, len; /* of RDATA */
	uint8_t name_len;
	uint8_t file; /* GW_ZONE_NO_FILE: signing has made it */
	uint16_t column;
	uint32_t line;
};

struct gw_zone_store {
	struct gw_arena *arena;
	const uint8_t *apex;
	uint8_t apex_len;
	struct gw_zone_rr *rrs; /* heap */
	size_t n, capacity;
};

/** An empty zone with a copy of that name. */
void gw_zone_init(struct gw_zone_store *zone, const uint8_t *apex, size_t apex_len);
/** Accepts a zone that is all zeroes. */
void gw_zone_done(struct gw_zone_store *zone);

/** Makes room for `n` records in all, so that adding them costs neither copies nor page faults. */
void gw_zone_reserve(struct gw_zone_store *zone, size_t n);
void gw_zone_add(struct gw_zone_store *zone, const struct gw_zone_rr *rr);
/** Adds many, in their order. */
void gw_zone_append(struct gw_zone_store *zone, const struct gw_zone_rr *rrs, size_t n);
/** Puts the records in order, and leaves of equal ones the first. Cheap if they are in order. */
void gw_zone_sort(struct gw_zone_store *zone);

/** The canonical order of names in wire form and lower case. */
int gw_zone_name_cmp(const uint8_t *a, const uint8_t *b);
/** True if `name` is `of` or below it. */
bool gw_zone_name_within(const uint8_t *name, size_t len, const uint8_t *of, size_t of_len);
/** The order of records: name, type, RDATA. */
int gw_zone_rr_cmp(const struct gw_zone_rr *a, const struct gw_zone_rr *b);

static inline bool gw_zone_same_name(const struct gw_zone_rr *a, const struct gw_zone_rr *b)
{
	return a->name == b->name ||
	       (a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0);
}
/** The same RRset or record, but for the TTL. */
static inline bool gw_zone_same_rdata(const struct gw_zone_rr *a, const struct gw_zone_rr *b)
{
	return a->len == b->len &&
	       (a->rdata == b->rdata || memcmp(a->rdata, b->rdata, a->len) == 0);
}
static inline bool gw_zone_is_apex(const struct gw_zone_store *zone, const struct gw_zone_rr *rr)
{
	return rr->name_len == zone->apex_len && memcmp(rr->name, zone->apex, rr->name_len) == 0;
}

/** The end of the records of this name, or of the RRset within `end`, that begins at `i`. */
size_t gw_zone_name_end(const struct gw_zone_store *zone, size_t i);
size_t gw_zone_set_end(const struct gw_zone_store *zone, size_t i, size_t end);

/** The first record whose name is not before `name`. */
size_t gw_zone_find(const struct gw_zone_store *zone, const uint8_t *name);
/** The RRset of that name and type; NULL: none. `ret_n` may be NULL. */
const struct gw_zone_rr *gw_zone_get(const struct gw_zone_store *zone, const uint8_t *name,
				     uint16_t type, size_t *ret_n);

#endif
