/*
 * When windows are open. Internal to the analysis in gw/policy.
 *
 * A proof for all times looks at finitely many of them: between two edges of windows nothing
 * changes, and times at which the same windows are open are alike. Moments are one time for each
 * combination of open windows that ever holds.
 */
#ifndef GW_POLICY_MOMENTS_H
#define GW_POLICY_MOMENTS_H

#include "gw/policy/pairs.h"

/** Times as gw_window_open takes them (seconds of some week; exceptions are judged apart). */
struct gw_moments {
	const int64_t *times;
	size_t n; /* at least 1 */
};

/** The moments of the windows of these rules. */
struct gw_moments gw_moments_of_pair(struct gw_arena *arena, const struct gw_pair *pair);

/** True if `outer` (NULL: always) is open whenever `inner` is. */
bool gw_window_covers(const struct gw_window *outer, const struct gw_window *inner);

/** "Mon 08:00 UTC". */
const char *gw_moment_text(struct gw_arena *arena, int64_t moment);

#endif
