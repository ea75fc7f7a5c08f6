/* The rules of a view, from config to config. */
#ifndef GW_METRICS_RULES_H
#define GW_METRICS_RULES_H

#include "gw/agent/counts.h"
#include "gw/metrics/view.h"

/**
 * The rules of a policy, in the arena, with the series that rules of the same id had before (`before`: n of
 * them, sorted by id).
 */
struct gw_rule_view *gw_rules_follow(struct gw_arena *arena, const struct gw_policy *policy,
				     const struct gw_rule_view *before, size_t n);
/** Takes a reading of all counts, sorted as gw_reading_parse has them. */
void gw_rules_note(struct gw_view *view, const struct gw_count *counts, size_t n,
		   int64_t elapsed_ms);
/** What passes and what is dropped now, in packets a second. */
double gw_rules_passed(const struct gw_view *view);
double gw_rules_dropped(const struct gw_view *view);

#endif
