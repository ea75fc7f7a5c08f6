/*
 * Whether a rule ever decides anything in a pair of zones. Internal to the analysis in gw/policy.
 */
#ifndef GW_POLICY_USELESS_H
#define GW_POLICY_USELESS_H

#include "gw/policy/candidates.h"

enum gw_use {
	GW_USE_NONE_HERE, /* no packet between these zones can match the rule */
	GW_USE_DECIDES,   /* it makes a difference, or no proof was found that it does not */
	GW_USE_SHADOWED,  /* denies of stronger tiers always decide first */
	GW_USE_COVERED,   /* what they leave is accepted by other rules all the same */
};

/**
 * Judges `rule` in `pair`. Rules marked in `ignored` (by index in the policy) do not count. In
 * `*ret_by` the rule that takes most of its place (NULL where none does).
 */
enum gw_use gw_rule_use(struct gw_arena *arena, const struct gw_policy *policy,
			struct gw_pair *pair, const struct gw_rule_def *rule, const bool *ignored,
			const struct gw_rule_def **ret_by);

#endif
