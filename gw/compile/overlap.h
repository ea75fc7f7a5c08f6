/* Do two rules match a packet in common? Answered on the lists as written: a common packet that
 * anti-spoofing excludes anyway counts, which only costs a little where the answer is used. */
#ifndef GW_COMPILE_OVERLAP_H
#define GW_COMPILE_OVERLAP_H

#include "gw/policy/decide.h"

bool gw_rules_overlap(const struct gw_rule_def *a, const struct gw_rule_def *b);

/** Rules that drop or reject, by id, and the same by the zones that they come from. */
struct gw_deny_list {
	const struct gw_rule_def **items;
	size_t n, capacity;
};
struct gw_deny_index {
	struct gw_deny_list all;
	struct gw_deny_list of_zone[GW_ZONES_MAX];
};

/** All rules of the policy that drop or reject; those with a window alone if `windowed_only`. */
void gw_deny_index_build(struct gw_arena *arena, const struct gw_policy *policy, bool windowed_only,
			 struct gw_deny_index *ret);

/** Called for a rule of the index; false ends the search. */
typedef bool gw_overlap_fn(const struct gw_rule_def *deny, void *context);

/** Calls `fn` in order of ids for each rule in the index that overlaps `rule`, which accepts, and
 * is of a tier that decides before it. */
void gw_deny_index_overlaps(const struct gw_deny_index *index, const struct gw_rule_def *rule,
			    gw_overlap_fn *fn, void *context);

#endif
