/*
 * Addresses, and sets of them as sorted, disjoint, non-adjacent closed ranges: the one form in which
 * model, analysis and compiler handle "who". IPv4 and IPv6 are numbers in 128 bits; the family
 * is kept beside them, never guessed.
 */
#ifndef GW_CORE_ADDR_H
#define GW_CORE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/arena.h"

typedef unsigned __int128 gw_u128;

enum gw_family {
	GW_FAMILY_IPV4,
	GW_FAMILY_IPV6,
};
#define GW_FAMILY_COUNT 2

/** 0.0.0.0/0 is [0, 2^32-1]; ::/0 is [0, 2^128-1]. */
gw_u128 gw_family_max(enum gw_family family);
/** 32 or 128. */
unsigned int gw_family_bits(enum gw_family family);

struct gw_range {
	gw_u128 lo, hi; /* both included */
};

/** An immutable set of addresses of one family. n = 0 is the empty set. */
struct gw_addrset {
	const struct gw_range *ranges;
	size_t n;
};

enum gw_addr_error {
	GW_ADDR_OK,
	GW_ADDR_SYNTAX,
	GW_ADDR_HOST_BITS, /* a prefix such as 10.0.0.5/24 */
	GW_ADDR_PREFIX_LENGTH,
	GW_ADDR_RANGE_ORDER, /* 10.0.0.9-10.0.0.1 */
	GW_ADDR_RANGE_FAMILY,
};

/**
 * Parses "192.0.2.1", "192.0.2.0/24", "192.0.2.1-192.0.2.9" or the same in IPv6 (no zone index;
 * IPv4-mapped IPv6 is a syntax error). On GW_ADDR_HOST_BITS the range is the one of the prefix
 * with the host bits cleared, for the hint.
 */
enum gw_addr_error gw_addr_parse(const char *text, enum gw_family *ret_family,
				 struct gw_range *ret_range);

/** "192.0.2.1" in RFC 5952 form for IPv6. `out` has room for GW_ADDR_TEXT bytes; returns it. */
#define GW_ADDR_TEXT 64
const char *gw_addr_format(enum gw_family family, gw_u128 addr, char out[GW_ADDR_TEXT]);

/** "192.0.2.1", "192.0.2.0/24" or "192.0.2.1-192.0.2.9", the shortest. Room for 2*GW_ADDR_TEXT. */
const char *gw_range_format(enum gw_family family, struct gw_range range,
			    char out[2 * GW_ADDR_TEXT]);

/** Big-endian bytes: 4 or 16. */
void gw_addr_to_bytes(enum gw_family family, gw_u128 addr, uint8_t *out);
gw_u128 gw_addr_from_bytes(enum gw_family family, const uint8_t *bytes);

/** Sorts and merges `n` ranges of any order (the input array is reordered). */
struct gw_addrset gw_addrset_from_ranges(struct gw_arena *arena, struct gw_range *ranges, size_t n);
struct gw_addrset gw_addrset_all(enum gw_family family); /* constant memory */
struct gw_addrset gw_addrset_union(struct gw_arena *arena, struct gw_addrset a,
				   struct gw_addrset b);
struct gw_addrset gw_addrset_intersect(struct gw_arena *arena, struct gw_addrset a,
				       struct gw_addrset b);
/** a minus b. */
struct gw_addrset gw_addrset_subtract(struct gw_arena *arena, struct gw_addrset a,
				      struct gw_addrset b);
bool gw_addrset_equal(struct gw_addrset a, struct gw_addrset b);
bool gw_addrset_contains(struct gw_addrset set, gw_u128 addr);
/** True if the two share an address; allocates nothing. */
bool gw_addrset_overlaps(struct gw_addrset a, struct gw_addrset b);
/** True if every address of a is in b; allocates nothing. */
bool gw_addrset_subset(struct gw_addrset a, struct gw_addrset b);

/*
 * Services use the same ranges over a 24-bit number: protocol << 16 | port. For TCP, UDP, SCTP (and
 * DCCP, UDP-Lite) the port is the destination port; for ICMP and ICMPv6 it is type << 8 | code;
 * any other protocol covers all 65536 values. "Any service" is [0, 0xffffff].
 */
#define GW_SERVICE_MAX 0xffffffu
static inline uint32_t gw_service_key(uint8_t protocol, uint16_t port)
{
	return (uint32_t)protocol << 16 | port;
}

#endif
