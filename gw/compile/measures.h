/*
 * Emergency measures in the kernel: which sets hold them and what is in their elements. The compiler
 * makes the sets empty and the rules that ask them (measures.c, admission.c); who takes a measure, the
 * agent, writes the elements. Plans leave them alone, because the sets' names begin with "rt_".
 *
 * Every look-up of theirs is behind one: @rt_guard holds the address families that any measure
 * concerns, and the groups of sets that hold something, in a set of so small a key that the kernel keeps
 * it as a bitmap. So while nothing is isolated, banned, quarantined or suspended, a packet pays for one
 * bit, and while something is banned, for a few bits and two look-ups. Whoever adds the first element to
 * any of the sets adds those of @rt_guard in the same transaction; leaving them there for nothing costs
 * time only.
 *
 * Single addresses and networks that are banned are kept apart: the first are a hash, which takes any
 * number of them, and the second are ranges, which must not overlap.
 */
#ifndef GW_COMPILE_MEASURES_H
#define GW_COMPILE_MEASURES_H

#include "gw/policy/policy.h"
#include "gw/ruleset/ruleset.h"

enum gw_measure_set {
	GW_MEASURE_GUARD,    /* proto: NFPROTO_IPV4, NFPROTO_IPV6, enum gw_guard */
	GW_MEASURE_ISOLATED, /* enum gw_isolation . gw_zone_id */
	GW_MEASURE_BANNED4,  /* address */
	GW_MEASURE_BANNED6,
	GW_MEASURE_BANNED_NETS4, /* range of protocols . range of addresses */
	GW_MEASURE_BANNED_NETS6,
	GW_MEASURE_QUARANTINED4, /* address: cut from all but management zones */
	GW_MEASURE_QUARANTINED6,
	GW_MEASURE_QUARANTINED_MACS, /* source address of Ethernet */
	GW_MEASURE_SUSPENDED4,       /* address that a suspended user has */
	GW_MEASURE_SUSPENDED6,
	GW_MEASURE_SET_COUNT
};

/** Groups of sets that hold something: elements of @rt_guard above all families. */
enum gw_guard {
	GW_GUARD_BANNED = 128,
	GW_GUARD_BANNED_NETS,
	GW_GUARD_SUSPENDED,
	GW_GUARD_ISOLATED,
	GW_GUARD_QUARANTINED,
	GW_GUARD_END
};

/** The group of a set; GW_MEASURE_GUARD has none. */
enum gw_guard gw_measure_guard(enum gw_measure_set set);
/** True if elements of the set concern packets of the family. */
bool gw_measure_concerns(enum gw_measure_set set, enum gw_family family);

/** What an isolated zone is cut from. */
enum gw_isolation {
	GW_ISOLATED_ALL = 1,   /* all other zones but management ones, and the gateway */
	GW_ISOLATED_UNTRUSTED, /* other zones that are untrusted */
};

/** Definition of the set, without origin and elements; constant. */
const struct gw_set *gw_measure_set(enum gw_measure_set which);

/**
 * What stands for a zone in the sets: a hash of its name, so that a measure holds for a zone of this name
 * whatever its interfaces become. Two names of one site never share it (the compiler refuses them).
 */
uint32_t gw_zone_id(const char *name);

/** "rt_admitted_hq": MACs admitted to the zone at run time, with timeouts. */
const char *gw_admitted_set_name(struct gw_arena *arena, const struct gw_zone *zone);
/** "rt_seen4_hq", "rt_seen6_hq": MAC . address of devices that were refused; filled by the kernel. */
const char *gw_seen_set_name(struct gw_arena *arena, const struct gw_zone *zone,
			     enum gw_family family);
/** How long a refused device stays in them after its last packet. */
#define GW_SEEN_TIMEOUT_MS (INT64_C(24) * 3600 * 1000)

#endif
