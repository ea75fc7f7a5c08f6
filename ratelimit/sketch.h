/*
 * The heaviest of any number of addresses in bounded memory (space-saving, Metwally et al. 2005): a fixed
 * number of counters; an address without one takes over the smallest, with what that had counted, and
 * remembers as its error how much of it may be another's. So the true count of an entry lies between
 * count - error and count, and whatever has more than total / capacity is among them, also when an
 * attacker invents sources by the million.
 */
#ifndef RATELIMIT_SKETCH_H
#define RATELIMIT_SKETCH_H

#include <stdbool.h>

#include "gw/core/addr.h"

/** An address, as a key of tables. */
struct ratelimit_addr {
	enum gw_family family;
	gw_u128 addr;
};

static inline bool ratelimit_addr_equal(struct ratelimit_addr a, struct ratelimit_addr b)
{
	return a.family == b.family && a.addr == b.addr;
}

struct ratelimit_heavy {
	struct ratelimit_addr addr;
	uint64_t count, error; /* the true count is at least count - error, and at most count */
};

struct ratelimit_sketch;

/** With `capacity` counters; `seed`: so that nobody can choose addresses that share a chain. */
struct ratelimit_sketch *ratelimit_sketch_new(uint32_t capacity, uint64_t seed);
void ratelimit_sketch_free(struct ratelimit_sketch *sketch);
void ratelimit_sketch_clear(struct ratelimit_sketch *sketch);
void ratelimit_sketch_add(struct ratelimit_sketch *sketch, struct ratelimit_addr addr,
			  uint64_t weight);
uint64_t ratelimit_sketch_total(const struct ratelimit_sketch *sketch);
/** The heaviest first; how many were written. */
size_t ratelimit_sketch_top(const struct ratelimit_sketch *sketch, struct ratelimit_heavy *ret,
			    size_t max);

#endif
