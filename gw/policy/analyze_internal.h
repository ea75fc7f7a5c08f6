/* Parts of gw_analyze_rules. Internal to the analysis in gw/policy. */
#ifndef GW_POLICY_ANALYZE_INTERNAL_H
#define GW_POLICY_ANALYZE_INTERNAL_H

#include "gw/policy/pairs.h"

/** Says why no packet can match the rule. `no_pair`: it means no pair of zones at all. */
void gw_report_empty_rule(const struct gw_policy *policy, const struct gw_rule_def *rule,
			  bool no_pair, struct gw_diags *diags);

/** Warns if the rule lets everything in from an untrusted zone. */
void gw_report_wide_rule(const struct gw_policy *policy, const struct gw_rule_def *rule,
			 struct gw_diags *diags);

/** Warns about dnat rules whose packets, once rewritten, no rule accepts. */
void gw_analyze_nats(struct gw_pairs *pairs, struct gw_diags *diags);

/** Warns about hosts and services that nothing names. */
void gw_analyze_names(const struct gw_policy *policy, struct gw_diags *diags);

#endif
