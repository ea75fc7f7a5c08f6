/*
 * Packet space: exact sets of packets between two zones, as unions of products
 * source x destination x service. Used to prove assertions, to compute what is reachable and to
 * find rules that can never match. Never samples.
 *
 * Subtracting one product from another gives at most three products, whatever the sets hold:
 *	A x B x C  minus  A' x B' x C'  =
 *	(A-A') x B x C  +  (A&A') x (B-B') x C  +  (A&A') x (B&B') x (C-C')
 */
#ifndef GW_POLICY_REGION_H
#define GW_POLICY_REGION_H

#include "gw/core/addr.h"
#include "gw/policy/policy.h"

/** One product, of one family. Empty if any of the three is. */
struct gw_region {
	enum gw_family family;
	struct gw_addrset source, dest, service;
};

/** A union of products; those made by this module are disjoint. Arrays are in the arena given. */
struct gw_space {
	struct gw_region *regions;
	size_t n, capacity;
};

/** A concrete packet out of a region (its lowest address and service): a counter-example. */
struct gw_packet {
	enum gw_family family;
	gw_u128 source, dest;
	uint32_t service; /* gw_service_key */
};

bool gw_region_empty(const struct gw_region *region);
bool gw_region_overlaps(const struct gw_region *a, const struct gw_region *b);
/** True if all of `a` is in `b`. */
bool gw_region_subset(const struct gw_region *a, const struct gw_region *b);
/** What `a` and `b` share; empty if they are of different families. */
struct gw_region gw_region_intersect(struct gw_arena *arena, const struct gw_region *a,
				     const struct gw_region *b);
bool gw_region_contains(const struct gw_region *region, const struct gw_packet *packet);
/** The region must not be empty. */
struct gw_packet gw_region_example(const struct gw_region *region);
void gw_space_add(struct gw_arena *arena, struct gw_space *space, struct gw_region region);
/** space minus region, in place. */
void gw_space_subtract(struct gw_arena *arena, struct gw_space *space,
		       const struct gw_region *region);

/**
 * Adds what source, destination and services can match of the packets that can exist between these
 * zones (anti-spoofing and ipv6: off taken into account): at most one region per family. `to` is
 * NULL for traffic to the gateway, where any destination address may be the gateway's.
 */
void gw_match_space(struct gw_arena *arena, const struct gw_addr_match *source,
		    const struct gw_addr_match *dest, struct gw_addrset services,
		    const struct gw_zone *from, const struct gw_zone *to, struct gw_space *ret);
/** The same for a rule; whether the rule covers the pair is not looked at (gw_rule_covers). */
void gw_rule_space(struct gw_arena *arena, const struct gw_rule_def *rule,
		   const struct gw_zone *from, const struct gw_zone *to, struct gw_space *ret);

#endif
