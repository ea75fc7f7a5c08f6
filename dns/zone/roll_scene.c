/* What validators may have in their caches, and which chains can be made of it. */
#include <string.h>

#include "dns/zone/roll_internal.h"

struct view gw_zone_view_of_keys(const struct gw_zone_shown *shown)
{
	return (struct view){ .set = shown->keys,
			      .signers = shown->key_signers,
			      .gone = GW_ZONE_NEVER };
}

struct view gw_zone_view_of_zone(const struct gw_zone_shown *shown)
{
	return (struct view){ .set = shown->zone_signers, .gone = GW_ZONE_NEVER };
}

struct view gw_zone_view_of_ds(const struct gw_zone_parent *parent)
{
	return (struct view){ .set = parent->ds,
			      .strangers = parent->strangers != 0,
			      .gone = GW_ZONE_NEVER };
}

/* ---- what is visible ------------------------------------------------------------------------------ */

/* Two versions that do not differ on this axis are one, which is gone when the later of them is. */
static void add_view(struct scene *scene, enum axis axis, const struct view *view)
{
	for (size_t i = 0; i < scene->n[axis]; i++) {
		struct view *other = &scene->views[axis][i];

		if (!gw_zone_tags_equal(&other->set, &view->set) ||
		    !gw_zone_tags_equal(&other->signers, &view->signers) ||
		    other->strangers != view->strangers)
			continue;
		if (view->gone > other->gone)
			*other = *view;
		return;
	}
	if (scene->n[axis] == VIEWS_MAX)
		scene->overflow = true;
	else
		scene->views[axis][scene->n[axis]++] = *view;
}

/* Servers gave it out until `ended`, some of them for `lag` longer. */
static void end_view(struct view *view, int64_t ended, uint32_t lag, uint32_t ttl)
{
	if (!ended)
		return; /* they still do */
	view->since = ended;
	view->lag = lag;
	view->ttl = ttl;
	view->gone = ended + lag + ttl;
}

/* A zone that was never ours to publish: its TTLs are taken for what they are to be. */
static uint32_t keys_ttl(const struct gw_zone_shown *shown, const struct gw_zone_timing *timing)
{
	uint32_t negative =
		timing->max_ttl > timing->dnskey_ttl ? timing->max_ttl : timing->dnskey_ttl;

	return shown->dnskey_ttl ? shown->dnskey_ttl : negative;
}

static uint32_t zone_ttl(const struct gw_zone_shown *shown, const struct gw_zone_timing *timing)
{
	return shown->max_ttl ? shown->max_ttl : timing->max_ttl;
}

static void add_version(struct scene *scene, const struct gw_zone_timing *timing,
			const struct gw_zone_version *version)
{
	struct view keys = gw_zone_view_of_keys(&version->shown);
	struct view zone = gw_zone_view_of_zone(&version->shown);

	end_view(&keys, version->ended, timing->propagation, keys_ttl(&version->shown, timing));
	/* While the zone is signed anew, it holds old signatures. */
	end_view(&zone, version->ended, timing->propagation + timing->signing,
		 zone_ttl(&version->shown, timing));
	add_view(scene, AXIS_KEYS, &keys);
	add_view(scene, AXIS_ZONE, &zone);
}

static void add_parent(struct scene *scene, const struct gw_zone_timing *timing,
		       const struct gw_zone_ds_version *version)
{
	struct view view = gw_zone_view_of_ds(&version->parent);
	uint32_t ttl = version->parent.ttl ? version->parent.ttl : timing->ds_ttl;

	end_view(&view, version->ended, timing->parent_propagation, ttl);
	add_view(scene, AXIS_DS, &view);
}

/* True if it matters still, with the longest margin that a step may ask for. */
static bool matters(int64_t ended, uint64_t lag, const struct gw_zone_timing *timing, int64_t now)
{
	uint64_t most = lag + timing->publish_margin + timing->retire_margin;

	return !ended || ended + (int64_t)most > now;
}

void gw_zone_scene(const struct gw_zone_history *history, const struct gw_zone_timing *timing,
		   int64_t now, struct scene *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < history->n_versions; i++) {
		const struct gw_zone_version *version = &history->versions[i];
		uint64_t lag = (uint64_t)timing->propagation + timing->signing +
			       keys_ttl(&version->shown, timing) +
			       zone_ttl(&version->shown, timing);

		if (matters(version->ended, lag, timing, now))
			add_version(ret, timing, version);
	}
	for (size_t i = 0; i < history->n_parents; i++) {
		const struct gw_zone_ds_version *version = &history->parents[i];
		uint64_t lag =
			(uint64_t)timing->parent_propagation + version->parent.ttl + timing->ds_ttl;

		if (matters(version->ended, lag, timing, now))
			add_parent(ret, timing, version);
	}
	ret->current[AXIS_KEYS] = gw_zone_view_of_keys(&gw_zone_history_shown(history)->shown);
	ret->current[AXIS_ZONE] = gw_zone_view_of_zone(&gw_zone_history_shown(history)->shown);
	ret->current[AXIS_DS] = gw_zone_view_of_ds(&gw_zone_history_seen(history)->parent);
}

void gw_zone_scene_may(struct scene *scene, const struct view *next)
{
	add_view(scene, AXIS_DS, next);
}

void gw_zone_scene_change(struct scene *scene, const struct gw_zone_timing *timing, enum axis axis,
			  const struct view *next, const struct gw_zone_shown *before, int64_t now)
{
	for (size_t i = 0; i < scene->n[axis]; i++) {
		struct view *view = &scene->views[axis][i];

		if (view->gone != GW_ZONE_NEVER)
			continue;
		if (axis == AXIS_KEYS)
			end_view(view, now, timing->propagation, keys_ttl(before, timing));
		else
			end_view(view, now, timing->propagation + timing->signing,
				 zone_ttl(before, timing));
	}
	add_view(scene, axis, next);
	scene->current[axis] = *next;
}

/* ---- chains ---------------------------------------------------------------------------------------- */

/* RFC 4035, section 5: an unsigned delegation is not checked at all. */
static bool is_chain(const struct view *const parts[AXES])
{
	const struct view *ds = parts[AXIS_DS], *keys = parts[AXIS_KEYS];
	bool anchored = false, signed_ = false;

	if (!ds->set.n && !ds->strangers)
		return true;
	for (size_t i = 0; i < ds->set.n; i++)
		anchored |= gw_zone_tags_has(&keys->set, ds->set.tag[i]) &&
			    gw_zone_tags_has(&keys->signers, ds->set.tag[i]);
	for (size_t i = 0; i < parts[AXIS_ZONE]->set.n; i++)
		signed_ |= gw_zone_tags_has(&keys->set, parts[AXIS_ZONE]->set.tag[i]);
	return anchored && signed_;
}

static uint32_t margin_of(enum axis axis, const struct gw_zone_timing *timing)
{
	return axis == AXIS_KEYS ? timing->publish_margin : timing->retire_margin;
}

static int64_t plus_margin(const struct view *view, uint32_t margin)
{
	return view->gone == GW_ZONE_NEVER ? GW_ZONE_NEVER : view->gone + margin;
}

static enum gw_zone_why why_of(enum axis axis, const struct view *view)
{
	if (axis == AXIS_DS)
		return view->gone == GW_ZONE_NEVER ? GW_ZONE_WHY_PARENT : GW_ZONE_WHY_OLD_DS;
	return axis == AXIS_KEYS ? GW_ZONE_WHY_OLD_KEYS : GW_ZONE_WHY_OLD_SIGNED;
}

/* A broken combination is possible until the first of its two old parts is gone. */
static void hinder(const struct gw_zone_timing *timing, const enum axis axes[2],
		   const struct view *const old[2], bool waive, struct gw_zone_step *ret)
{
	uint32_t margins[2] = { waive ? 0 : margin_of(axes[0], timing),
				waive ? 0 : margin_of(axes[1], timing) };
	size_t first = plus_margin(old[1], margins[1]) < plus_margin(old[0], margins[0]);
	int64_t until = plus_margin(old[first], margins[first]);

	if (until <= ret->at)
		return;
	ret->at = until;
	ret->why = why_of(axes[first], old[first]);
	ret->since = old[first]->since;
	ret->ttl = old[first]->ttl;
	ret->lag = old[first]->lag;
	ret->margin = margins[first];
}

void gw_zone_scene_judge(const struct scene *scene, const struct gw_zone_timing *timing,
			 enum axis axis, const struct view *next, bool waive,
			 struct gw_zone_step *ret)
{
	const enum axis others[2] = { axis == AXIS_DS ? AXIS_KEYS : AXIS_DS,
				      axis == AXIS_ZONE ? AXIS_KEYS : AXIS_ZONE };

	ret->at = scene->overflow ? GW_ZONE_NEVER : 0;
	ret->why = GW_ZONE_WHY_NOW;
	for (size_t i = 0; i < scene->n[others[0]]; i++) {
		for (size_t j = 0; j < scene->n[others[1]]; j++) {
			const struct view *old[2] = { &scene->views[others[0]][i],
						      &scene->views[others[1]][j] };
			const struct view *parts[AXES];

			parts[others[0]] = old[0];
			parts[others[1]] = old[1];
			parts[axis] = next;
			if (is_chain(parts))
				continue;
			parts[axis] = &scene->current[axis];
			if (is_chain(parts))
				hinder(timing, others, old, waive, ret);
		}
	}
}

bool gw_zone_roll_holds(const struct gw_zone_history *history, const struct gw_zone_timing *timing,
			int64_t now, int64_t *ret_until)
{
	struct scene scene;
	int64_t until = now;

	gw_zone_scene(history, timing, now, &scene);
	for (size_t d = 0; d < scene.n[AXIS_DS]; d++) {
		for (size_t k = 0; k < scene.n[AXIS_KEYS]; k++) {
			for (size_t z = 0; z < scene.n[AXIS_ZONE]; z++) {
				const struct view *parts[AXES] = { &scene.views[AXIS_DS][d],
								   &scene.views[AXIS_KEYS][k],
								   &scene.views[AXIS_ZONE][z] };
				int64_t first = GW_ZONE_NEVER;

				for (size_t i = 0; i < AXES; i++)
					first = parts[i]->gone < first ? parts[i]->gone : first;
				if (first > until && !is_chain(parts))
					until = first;
			}
		}
	}
	*ret_until = until;
	return until == now && !scene.overflow;
}
