/* A prepared change for people and programs: operations, reachability, live connections. */
#ifndef GW_REPORT_CHANGE_H
#define GW_REPORT_CHANGE_H

#include <jansson.h>

#include "gw/agent/transaction.h"
#include "gw/core/text.h"
#include "gw/policy/analyze.h"

/** A rule or translation that came (+), went (-) or means something else (~). */
struct gw_report_item {
	char sign;
	const char *kind, *id;
	const char *text; /* "wan -> dmz tcp/443 accept" */
	struct gw_loc loc;
};

/** What two policies differ in; arrays in the arena. `before` may be NULL: nothing passed. */
struct gw_report_change {
	const struct gw_policy *before, *after;
	struct gw_report_item *items; /* by id */
	size_t n_items;
	struct gw_reach_change *reach;
	size_t n_reach;
};

void gw_report_compare(struct gw_arena *arena, const struct gw_policy *before,
		       const struct gw_policy *after, int64_t now, struct gw_report_change *ret);
/** Rules, then what becomes reachable and what no longer is; at most `max` of each, 0: all. */
void gw_report_change_print(struct gw_arena *arena, const struct gw_report_change *change,
			    size_t max, struct gw_text *out);
/** Sets "rules" and "reachability". */
void gw_report_change_json(struct gw_arena *arena, const struct gw_report_change *change,
			   json_t *root);

/** "3 rules and 17 elements added, 1 rule deleted". */
void gw_report_plan_counts(const struct gw_plan *plan, struct gw_text *out);
json_t *gw_report_plan_json(const struct gw_plan *plan);

/** Of a rule: "wan -> dmz", "mgmt -> gateway". In the arena. */
const char *gw_report_zones(struct gw_arena *arena, const struct gw_policy *policy,
			    const struct gw_rule_def *rule);

#endif
