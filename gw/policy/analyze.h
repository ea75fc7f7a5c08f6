/*
 * Questions about the whole policy, answered exactly: useless rules, assertions, reachability.
 */
#ifndef GW_POLICY_ANALYZE_H
#define GW_POLICY_ANALYZE_H

#include "gw/policy/decide.h"

/**
 * Adds warnings for rules that can never decide: shadowed by a deny, duplicate of another rule,
 * covered by others, empty (no family in which source and destination meet), excluded by
 * anti-spoofing, exceptions that open nothing, dnat that no rule lets through, hosts and services
 * that nothing uses; and for rules that open far more than anybody can mean. Never warns wrongly:
 * removing all rules that are called useless changes nothing. Where a proof would take too long,
 * there is no warning.
 */
void gw_analyze_rules(const struct gw_policy *policy, struct gw_diags *diags);

/**
 * Adds an error with a counter-example for every assertion that does not hold, and returns how many
 * those are. Proved for all times: windows are taken as they open and close over the week; for
 * `never`, exceptions live at `now` count; for `always` none does, because they end. An assertion about no packet at all gets a warning.
 */
size_t gw_analyze_assertions(const struct gw_policy *policy, int64_t now, struct gw_diags *diags);

/** One thing that can pass: what `rule` lets through beyond what an earlier one decided. Rules
 * come in the order in which gw_decide names them: exceptions first, then by id. */
struct gw_reach {
	const struct gw_rule_def *rule;
	struct gw_region region;
};

/**
 * All that can pass from `from` to `to` (NULL: the gateway) at `now`, exactly, as disjoint regions
 * in rule order. With `any_time`, all that can pass at some time of the week (exceptions as at
 * `now` all the same).
 */
void gw_analyze_reach(struct gw_arena *arena, const struct gw_policy *policy,
		      const struct gw_zone *from, const struct gw_zone *to, int64_t now,
		      bool any_time, struct gw_reach **ret, size_t *ret_n);

/** Per pair of zones, what `b` lets pass and `a` did not, or the other way round, at some time of
 * the week; exceptions as at `now`. */
struct gw_reach_change {
	const char *from, *to;          /* zone names; "gateway" */
	bool gained;                    /* false: no longer reachable */
	const struct gw_rule_def *rule; /* of b if gained, of a if lost */
	struct gw_region region;
};
void gw_analyze_change(struct gw_arena *arena, const struct gw_policy *a, const struct gw_policy *b,
		       int64_t now, struct gw_reach_change **ret, size_t *ret_n);

/** "any -> 203.0.113.5 tcp/443,udp/443" and the like, shortened after a few entries: for people. */
const char *gw_region_text(struct gw_arena *arena, const struct gw_region *region);
/** "198.51.100.1 -> 10.20.0.1 tcp/80". */
const char *gw_packet_text(struct gw_arena *arena, const struct gw_packet *packet);
/** "tcp/80" for one key or range, "icmp/echo-request", "gre", "any". */
const char *gw_service_text(struct gw_arena *arena, struct gw_range keys);

#endif
