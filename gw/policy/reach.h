/* What can pass between two zones, exactly: the engine behind `reach`, assertions and plans. */
#ifndef GW_POLICY_REACH_H
#define GW_POLICY_REACH_H

#include "gw/policy/analyze.h"
#include "gw/policy/rule_index.h"

/** For which moments the answer holds. */
enum gw_reach_time {
	GW_REACH_NOW,    /* windows and exceptions as they are at `now` */
	GW_REACH_EVER,   /* what may pass at some time: windows of accepts open, of denies closed */
	GW_REACH_ALWAYS, /* what passes at all times: the other way round, no exceptions */
};

/** A list of what passes; in the arena. */
struct gw_reach_list {
	struct gw_reach *items;
	size_t n, capacity;
};

/**
 * Adds what the rules in `rules` (those of the pair, in order) let pass of `limit`, as disjoint
 * regions that name their rule. `limit` must lie within the spaces of the zones.
 */
void gw_reach_within(struct gw_arena *arena, const struct gw_rule_list *rules,
		     const struct gw_zone *from, const struct gw_zone *to,
		     const struct gw_space *limit, enum gw_reach_time time, int64_t now,
		     struct gw_reach_list *ret);

/** All packets that can exist between the zones. */
void gw_pair_space(struct gw_arena *arena, const struct gw_zone *from, const struct gw_zone *to,
		   struct gw_space *ret);

#endif
