#include "dns/zone/roll.h"

#include <string.h>

#include "dns/zone/roll_internal.h"

/* ---- what is wanted -------------------------------------------------------------------------------- */

static bool is_wanted(const struct gw_zone_key_story *key)
{
	return key->introduced && key->backed_up && !key->withdrawn;
}

struct target {
	struct gw_zone_tags keys, key_signers, zone_signers;
};

static void keep(const struct gw_zone_tags *set, struct gw_zone_tags *signers,
		 struct gw_zone_tags *keys)
{
	*signers = *set;
	for (size_t i = 0; i < set->n; i++)
		(void)gw_zone_tags_add(keys,
				       set->tag[i]); /* they were in a DNSKEY RRset together */
}

static void find_target(const struct gw_zone_history *history, const struct gw_zone_timing *timing,
			struct target *ret)
{
	const struct gw_zone_shown *shown = &gw_zone_history_shown(history)->shown;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < history->n_keys && !timing->unsign; i++) {
		const struct gw_zone_key_story *key = &history->keys[i];

		if (!is_wanted(key) || !gw_zone_tags_add(&ret->keys, key->dnskey.tag))
			continue;
		if (gw_zone_role_signs_keys(key->role))
			(void)gw_zone_tags_add(&ret->key_signers, key->dnskey.tag);
		if (gw_zone_role_signs_zone(key->role))
			(void)gw_zone_tags_add(&ret->zone_signers, key->dnskey.tag);
	}
	if (timing->unsign)
		return;
	/* A key that is to go stays until it has a successor: unsigned by mistake is worse. */
	if (!ret->key_signers.n)
		keep(&shown->key_signers, &ret->key_signers, &ret->keys);
	if (!ret->zone_signers.n)
		keep(&shown->zone_signers, &ret->zone_signers, &ret->keys);
}

/* True if the zone can be signed with what is wanted. */
static bool is_complete(const struct target *target)
{
	return target->key_signers.n && target->zone_signers.n;
}

/* ---- one step after the other ---------------------------------------------------------------------- */

struct examination {
	const struct gw_zone_history *history;
	const struct gw_zone_timing *timing;
	int64_t now;
	struct target target;
	struct scene scene;
	struct gw_zone_shown before; /* what is out */
	struct gw_zone_work *work;
	struct candidates *candidates;
};

static void note(struct examination *x, const struct gw_zone_step *step)
{
	if (x->candidates->n < CANDIDATES_MAX)
		x->candidates->steps[x->candidates->n++] = *step;
}

/* Keys of `a` that are not in `b`. */
static struct gw_zone_tags without(const struct gw_zone_tags *a, const struct gw_zone_tags *b)
{
	struct gw_zone_tags rest = { .n = 0 };

	for (size_t i = 0; i < a->n; i++)
		if (!gw_zone_tags_has(b, a->tag[i]))
			(void)gw_zone_tags_add(&rest, a->tag[i]);
	return rest;
}

static bool is_compromised(const struct examination *x, const struct gw_zone_tags *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct gw_zone_key_story *key = gw_zone_history_key(x->history, set->tag[i]);

		if (key && key->compromised)
			return true;
	}
	return false;
}

/* Notes the step; true if it may be taken now. */
static bool judge(struct examination *x, enum axis axis, const struct view *next,
		  struct gw_zone_step *step)
{
	gw_zone_scene_judge(&x->scene, x->timing, axis, next, is_compromised(x, &step->old), step);
	if (step->at < x->now)
		step->at = x->now;
	note(x, step);
	return step->at == x->now;
}

static void take_keys(struct examination *x, const struct view *next)
{
	x->work->shown.keys = next->set;
	x->work->shown.key_signers = next->signers;
	gw_zone_scene_change(&x->scene, x->timing, AXIS_KEYS, next, &x->before, x->now);
}

/* With double-DS a KSK waits outside of the DNSKEY RRset until its DS is everywhere. */
static bool enters_by_swap(const struct examination *x, uint16_t tag)
{
	const struct gw_zone_key_story *key = gw_zone_history_key(x->history, tag);

	return x->timing->style == GW_ZONE_DOUBLE_DS && key->role == GW_ZONE_KSK &&
	       x->scene.current[AXIS_DS].set.n && x->work->shown.key_signers.n;
}

static void publish_keys(struct examination *x)
{
	struct gw_zone_step step = { .kind = GW_ZONE_STEP_PUBLISH };
	struct view next = gw_zone_view_of_keys(&x->work->shown);

	for (size_t i = 0; i < x->target.keys.n; i++) {
		uint16_t tag = x->target.keys.tag[i];

		if (gw_zone_tags_has(&next.set, tag) || enters_by_swap(x, tag) ||
		    !gw_zone_tags_add(&next.set, tag))
			continue;
		(void)gw_zone_tags_add(&step.keys, tag);
		if (gw_zone_tags_has(&x->target.key_signers, tag))
			(void)gw_zone_tags_add(&next.signers, tag);
	}
	if (step.keys.n && judge(x, AXIS_KEYS, &next, &step))
		take_keys(x, &next);
}

static void swap_keys(struct examination *x)
{
	struct gw_zone_step step = { .kind = GW_ZONE_STEP_SWAP };
	struct view next = gw_zone_view_of_keys(&x->work->shown);

	for (size_t i = 0; i < x->target.key_signers.n; i++)
		if (!gw_zone_tags_has(&next.set, x->target.key_signers.tag[i]) &&
		    enters_by_swap(x, x->target.key_signers.tag[i]))
			(void)gw_zone_tags_add(&step.keys, x->target.key_signers.tag[i]);
	if (!step.keys.n)
		return;
	step.old = without(&next.signers, &x->target.key_signers);
	/* A CSK that goes still has signatures of the zone in caches: it leaves by itself. */
	for (size_t i = step.old.n; i-- > 0;)
		if (gw_zone_history_key(x->history, step.old.tag[i])->role == GW_ZONE_CSK)
			gw_zone_tags_remove(&step.old, step.old.tag[i]);
	for (size_t i = 0; i < step.old.n; i++) {
		gw_zone_tags_remove(&next.set, step.old.tag[i]);
		gw_zone_tags_remove(&next.signers, step.old.tag[i]);
	}
	for (size_t i = 0; i < step.keys.n; i++)
		if (!gw_zone_tags_add(&next.set, step.keys.tag[i]) ||
		    !gw_zone_tags_add(&next.signers, step.keys.tag[i]))
			return;
	if (judge(x, AXIS_KEYS, &next, &step))
		take_keys(x, &next);
}

static void sign_zone(struct examination *x)
{
	struct gw_zone_step step = { .kind = GW_ZONE_STEP_SIGN, .keys = x->target.zone_signers };
	struct view next = { .set = x->target.zone_signers, .gone = GW_ZONE_NEVER };

	if (gw_zone_tags_equal(&x->work->shown.zone_signers, &next.set) ||
	    !gw_zone_tags_within(&next.set, &x->work->shown.keys))
		return;
	step.old = without(&x->work->shown.zone_signers, &next.set);
	if (!judge(x, AXIS_ZONE, &next, &step))
		return;
	x->work->shown.zone_signers = next.set;
	gw_zone_scene_change(&x->scene, x->timing, AXIS_ZONE, &next, &x->before, x->now);
}

/* ---- the parent ------------------------------------------------------------------------------------- */

/* The DS set that is next on the way to the wanted one. */
static struct gw_zone_tags next_ds(const struct examination *x)
{
	const struct gw_zone_tags *seen = &x->scene.current[AXIS_DS].set;
	struct gw_zone_tags both = x->target.key_signers;

	if (x->timing->style == GW_ZONE_DOUBLE_KSK || !seen->n || x->timing->unsign ||
	    gw_zone_tags_within(&x->target.key_signers, seen))
		return x->target.key_signers;
	for (size_t i = 0; i < seen->n; i++)
		(void)gw_zone_tags_add(&both, seen->tag[i]);
	return both;
}

static void set_cds(struct examination *x, const struct gw_zone_tags *ds)
{
	x->work->shown.cds = *ds;
	x->work->shown.cds_delete = !ds->n && x->timing->unsign && x->work->shown.keys.n;
}

static void wait_for_parent(struct examination *x, const struct gw_zone_ds_version *asked)
{
	struct gw_zone_step step = {
		.kind = GW_ZONE_STEP_WAIT_PARENT,
		.keys = asked->parent.ds,
		.why = GW_ZONE_WHY_PARENT,
		.since = asked->begun,
		.at = GW_ZONE_NEVER,
	};

	x->work->wait = true;
	x->work->ds = asked->parent.ds;
	note(x, &step);
}

static void ask_parent(struct examination *x)
{
	const struct gw_zone_ds_version *asked = gw_zone_history_asked(x->history);
	const struct gw_zone_ds_version *seen = gw_zone_history_seen(x->history);
	const struct gw_zone_parent *last = asked ? &asked->parent : &seen->parent;
	struct gw_zone_tags ds = next_ds(x);
	struct gw_zone_step step = { .kind = GW_ZONE_STEP_ASK_PARENT, .keys = ds };
	struct view next = { .set = ds, .gone = GW_ZONE_NEVER };

	set_cds(x, &last->ds);
	if (asked && gw_zone_tags_equal(&asked->parent.ds, &ds)) {
		wait_for_parent(x, asked);
		return;
	}
	if (!asked && gw_zone_tags_equal(&seen->parent.ds, &ds) && !seen->parent.strangers)
		return;
	step.old = without(&seen->parent.ds, &ds);
	if (!judge(x, AXIS_DS, &next, &step))
		return;
	x->work->ask = true;
	x->work->ds = ds;
	set_cds(x, &ds);
	gw_zone_scene_may(&x->scene, &next);
}

/* ---- out --------------------------------------------------------------------------------------------- */

static void remove_key(struct examination *x, uint16_t tag)
{
	struct gw_zone_step step = { .kind = GW_ZONE_STEP_REMOVE };
	struct view next = gw_zone_view_of_keys(&x->work->shown);

	(void)gw_zone_tags_add(&step.old, tag);
	gw_zone_tags_remove(&next.set, tag);
	gw_zone_tags_remove(&next.signers, tag);
	/* Whatever happened, a zone that is to be signed keeps keys that sign it. */
	if (!next.signers.n || gw_zone_tags_has(&x->work->shown.zone_signers, tag))
		return;
	if (judge(x, AXIS_KEYS, &next, &step))
		take_keys(x, &next);
}

static void remove_keys(struct examination *x)
{
	struct gw_zone_tags unwanted = without(&x->work->shown.keys, &x->target.keys);

	for (size_t i = 0; i < unwanted.n; i++)
		remove_key(x, unwanted.tag[i]);
}

/* Keys and signatures go at once: without a DS in any cache nobody looks at either. */
static void unsign(struct examination *x)
{
	static const struct view nothing = { .gone = GW_ZONE_NEVER };
	struct gw_zone_step step = { .kind = GW_ZONE_STEP_UNSIGN, .old = x->work->shown.keys };
	struct gw_zone_step keys = step;

	if (!x->work->shown.keys.n)
		return;
	gw_zone_scene_judge(&x->scene, x->timing, AXIS_ZONE, &nothing, false, &step);
	gw_zone_scene_judge(&x->scene, x->timing, AXIS_KEYS, &nothing, false, &keys);
	if (keys.at > step.at)
		step = keys;
	if (step.at < x->now)
		step.at = x->now;
	note(x, &step);
	if (step.at > x->now)
		return;
	x->work->shown.zone_signers = x->work->shown.cds = nothing.set;
	x->work->shown.cds_delete = false;
	take_keys(x, &nothing);
	gw_zone_scene_change(&x->scene, x->timing, AXIS_ZONE, &nothing, &x->before, x->now);
}

/* ---- what only people can do ------------------------------------------------------------------------- */

static void find_unbacked(struct examination *x)
{
	struct gw_zone_step step = { .kind = GW_ZONE_STEP_BACK_UP,
				     .why = GW_ZONE_WHY_BACKUP,
				     .at = x->now };

	for (size_t i = 0; i < x->history->n_keys; i++) {
		const struct gw_zone_key_story *key = &x->history->keys[i];

		if (key->introduced && !key->backed_up && !key->withdrawn)
			(void)gw_zone_tags_add(&step.keys, key->dnskey.tag);
	}
	x->work->unbacked = step.keys;
	if (step.keys.n)
		note(x, &step);
}

static uint32_t life_of(const struct gw_zone_key_story *key, const struct gw_zone_timing *timing)
{
	return gw_zone_role_signs_keys(key->role) ? timing->ksk_life : timing->zsk_life;
}

/* True if another key, that is wanted or waits for its backup only, does what this one does. */
static bool is_replaced(const struct examination *x, const struct gw_zone_key_story *key)
{
	bool keys = !gw_zone_role_signs_keys(key->role), zone = !gw_zone_role_signs_zone(key->role);

	for (size_t i = 0; i < x->history->n_keys; i++) {
		const struct gw_zone_key_story *other = &x->history->keys[i];

		if (other == key || !other->introduced || other->withdrawn)
			continue;
		keys |= gw_zone_role_signs_keys(other->role);
		zone |= gw_zone_role_signs_zone(other->role);
	}
	return keys && zone;
}

static void find_due(struct examination *x)
{
	for (size_t i = 0; i < x->history->n_keys && !x->timing->unsign; i++) {
		const struct gw_zone_key_story *key = &x->history->keys[i];
		enum gw_zone_key_state state = gw_zone_history_state(x->history, key->dnskey.tag);
		struct gw_zone_step step = { .kind = GW_ZONE_STEP_GENERATE,
					     .why = key->withdrawn ? GW_ZONE_WHY_WITHDRAWN
								   : GW_ZONE_WHY_AGE,
					     .at = x->now };
		uint32_t life = life_of(key, x->timing);

		if (state == GW_ZONE_KEY_REMOVED || !key->introduced || key->successor)
			continue;
		if (key->withdrawn ? is_replaced(x, key) : !life || !key->active)
			continue;
		if (!key->withdrawn && key->active + life > x->now)
			step.at = key->active + life;
		(void)gw_zone_tags_add(&step.old, key->dnskey.tag);
		if (step.at == x->now)
			(void)gw_zone_tags_add(&x->work->due, key->dnskey.tag);
		note(x, &step);
	}
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

void gw_zone_roll_examine(const struct gw_zone_history *history,
			  const struct gw_zone_timing *timing, int64_t now,
			  struct gw_zone_work *ret, struct candidates *ret_candidates)
{
	struct examination x = {
		.history = history,
		.timing = timing,
		.now = now,
		.before = gw_zone_history_shown(history)->shown,
		.work = ret,
		.candidates = ret_candidates,
	};

	memset(ret, 0, sizeof(*ret));
	ret_candidates->n = 0;
	find_target(history, timing, &x.target);
	gw_zone_scene(history, timing, now, &x.scene);
	ret->shown = x.before;
	find_due(&x);
	find_unbacked(&x);
	if (is_complete(&x.target)) {
		publish_keys(&x);
		swap_keys(&x);
		sign_zone(&x);
		ask_parent(&x);
		remove_keys(&x);
	} else if (timing->unsign) {
		ask_parent(&x);
		unsign(&x);
	}
	if (ret->shown.keys.n) {
		ret->shown.dnskey_ttl = timing->dnskey_ttl;
		ret->shown.max_ttl = timing->max_ttl;
	}
	ret->publish = !gw_zone_shown_equal(&ret->shown, &x.before) ||
		       !gw_zone_history_shown(history)->out;
}

void gw_zone_roll_next(const struct gw_zone_history *history, const struct gw_zone_timing *timing,
		       int64_t now, struct gw_zone_work *ret)
{
	struct candidates candidates;

	gw_zone_roll_examine(history, timing, now, ret, &candidates);
}
