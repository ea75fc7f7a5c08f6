/*
 * What validators may have, as the parts of the rollover see it. Internal.
 *
 * A view is one version of one of the three RRsets that make a chain. `gone` is when the last cache has
 * lost it; GW_ZONE_NEVER for what servers give out still, or may give out any time.
 */
#ifndef DNS_ZONE_ROLL_INTERNAL_H
#define DNS_ZONE_ROLL_INTERNAL_H

#include "dns/zone/roll.h"

enum axis { AXIS_DS, AXIS_KEYS, AXIS_ZONE, AXES };

struct view {
	struct gw_zone_tags set; /* DS; keys; keys that sign the zone */
	/* Of DNSKEY: keys that sign it. Of DS: unused. */
	struct gw_zone_tags signers;
	bool strangers; /* of DS: there are some that match no key */
	int64_t gone;
	int64_t since; /* servers had another from then on; `gone` is that, and ttl, and lag */
	uint32_t ttl, lag;
};

#define VIEWS_MAX 32u

struct scene {
	struct view views[AXES][VIEWS_MAX]; /* all that may be in a cache, or get there */
	size_t n[AXES];
	struct view current[AXES]; /* what servers give out */
	bool overflow;             /* there are more than we can look at: nothing is safe */
};

/** What is visible at `now` or was a short while ago, by the history. */
void gw_zone_scene(const struct gw_zone_history *history, const struct gw_zone_timing *timing,
		   int64_t now, struct scene *ret);
/** Something else is given out from `now` on, in place of `current[axis]`. */
void gw_zone_scene_change(struct scene *scene, const struct gw_zone_timing *timing, enum axis axis,
			  const struct view *next, const struct gw_zone_shown *before, int64_t now);
/** The parent is asked: it may give out `next` any time now, or go on as it does. */
void gw_zone_scene_may(struct scene *scene, const struct view *next);

/**
 * From when on `next` may be given out on this axis, and what hinders it before. A combination that is
 * broken without it already does not count. `waive`: no margins.
 */
void gw_zone_scene_judge(const struct scene *scene, const struct gw_zone_timing *timing,
			 enum axis axis, const struct view *next, bool waive,
			 struct gw_zone_step *ret);

struct view gw_zone_view_of_keys(const struct gw_zone_shown *shown);
struct view gw_zone_view_of_zone(const struct gw_zone_shown *shown);
struct view gw_zone_view_of_ds(const struct gw_zone_parent *parent);

/** The steps that were looked at, possible (`at` not after now) or not yet. */
#define CANDIDATES_MAX 32u
struct candidates {
	struct gw_zone_step steps[CANDIDATES_MAX];
	size_t n;
};

/** gw_zone_roll_next, with the reasons for all that is done and for all that has to wait. */
void gw_zone_roll_examine(const struct gw_zone_history *history,
			  const struct gw_zone_timing *timing, int64_t now,
			  struct gw_zone_work *ret, struct candidates *ret_candidates);

#endif
