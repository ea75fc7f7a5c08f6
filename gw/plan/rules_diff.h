/* Which rules of a chain can stay where they are. */
#ifndef GW_PLAN_RULES_DIFF_H
#define GW_PLAN_RULES_DIFF_H

#include "gw/ruleset/ruleset.h"

#define GW_NO_PARTNER SIZE_MAX

/**
 * A common subsequence of the rules of both chains: common start, common end and, between them, the
 * longest one if both sides are short (GW_RULES_LCS_MAX), else none. A rule for which `may_stay`
 * says no is never part of it. Returns, for each rule of `was`, whether it stays; if `ret_partner`
 * is not NULL, it gets for each rule of `wanted` its place in `was` or GW_NO_PARTNER. Both
 * arrays are from the heap and the caller's.
 */
#define GW_RULES_LCS_MAX 200u
bool *gw_rules_common(const struct gw_chain *was, const struct gw_chain *wanted,
		      bool (*may_stay)(const struct gw_rule *rule, const void *context),
		      const void *context, size_t **ret_partner);

#endif
