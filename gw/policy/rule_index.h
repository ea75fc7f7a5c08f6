/* The rules by the zone that they come from, in the order in which they decide (tier, then id):
 * what every walk over pairs of zones starts with. */
#ifndef GW_POLICY_RULE_INDEX_H
#define GW_POLICY_RULE_INDEX_H

#include "gw/policy/decide.h"

struct gw_rule_list {
	const struct gw_rule_def **items;
	size_t n;
};

/** Parallel to policy->zones; memory is the arena's. */
struct gw_rule_index {
	const struct gw_rule_list *from;
};

void gw_rule_index_build(struct gw_arena *arena, const struct gw_policy *policy,
			 struct gw_rule_index *ret);

/** The rules that cover the pair (`to` NULL: the gateway), in order. */
struct gw_rule_list gw_rule_index_pair(struct gw_arena *arena, const struct gw_rule_index *index,
				       const struct gw_zone *from, const struct gw_zone *to);

#endif
