/*
 * Ways to damage a signed zone, each of which a proof must find: with the zone's keys, so that signatures are right and
 * the zone is not, and without.
 */
#ifndef TESTS_SUPPORT_ZONE_DAMAGE_H
#define TESTS_SUPPORT_ZONE_DAMAGE_H

#include "tests/support/zone_lab.h"

/** A zone to be damaged. */
struct zone_patient {
	const struct zone_lab *lab;
	uint64_t *random;
	struct gw_zone_store zone; /* a copy; sorted again by the caller */
	bool zonemd, opt_out;      /* what it has */
};

struct zone_damage {
	const char *name;
	bool (*damage)(struct zone_patient *patient); /* false: it cannot be done here */
};
#define ZONE_DAMAGES 23u
extern const struct zone_damage zone_damages[ZONE_DAMAGES];

/** A number below `n`. */
size_t zone_pick(uint64_t *random, size_t n);

#endif
