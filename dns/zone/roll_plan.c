/* The future, if everything is done when it may be, and the parent acts as it does as a rule. */
#include <string.h>

#include "dns/zone/roll_internal.h"
#include "gw/core/mem.h"

/* ---- a history to play with ------------------------------------------------------------------------- */

static void *copy_of(const void *array, size_t n, size_t size, size_t *capacity)
{
	void *copy = gw_zalloc(n + 1, size);

	if (n)
		memcpy(copy, array, n * size);
	*capacity = n + 1;
	return copy;
}

static void copy_history(const struct gw_zone_history *from, struct gw_zone_history *ret)
{
	*ret = *from;
	ret->keys = copy_of(from->keys, from->n_keys, sizeof(*from->keys), &ret->keys_capacity);
	ret->versions = copy_of(from->versions, from->n_versions, sizeof(*from->versions),
				&ret->versions_capacity);
	ret->parents = copy_of(from->parents, from->n_parents, sizeof(*from->parents),
			       &ret->parents_capacity);
}

struct play {
	const struct gw_zone_timing *timing;
	struct gw_zone_history history;
	int64_t now;
	bool forecast;
	struct candidates before; /* what was waited for, with its reasons */
	struct candidates candidates;
	struct gw_zone_work work;
	struct gw_zone_plan *plan;
};

/* What cannot follow would be a mistake of ours; the plan then ends early. */
static bool happen(struct play *play, struct gw_zone_entry entry)
{
	entry.time = play->now > play->history.last ? play->now : play->history.last;
	return gw_zone_history_add(&play->history, &entry) == NULL;
}

/* ---- steps of the plan -------------------------------------------------------------------------------- */

static bool same_step(const struct gw_zone_step *a, const struct gw_zone_step *b)
{
	return a->kind == b->kind && gw_zone_tags_equal(&a->keys, &b->keys) &&
	       gw_zone_tags_equal(&a->old, &b->old);
}

static void add_step(struct play *play, const struct gw_zone_step *step, int64_t at)
{
	struct gw_zone_plan *plan = play->plan;

	if (plan->n == GW_ZONE_PLAN_MAX)
		return;
	plan->steps[plan->n] = *step;
	plan->steps[plan->n].at = at;
	plan->steps[plan->n++].forecast = play->forecast;
}

/* A step that is due, with the reason that it had to wait for. */
static void add_due(struct play *play, const struct gw_zone_step *step)
{
	struct gw_zone_step with_reason = *step;

	for (size_t i = 0; i < play->before.n && step->why == GW_ZONE_WHY_NOW; i++)
		if (same_step(&play->before.steps[i], step))
			with_reason = play->before.steps[i];
	add_step(play, &with_reason, play->now);
}

static bool is_planned(const struct play *play, const struct gw_zone_step *step)
{
	for (size_t i = 0; i < play->plan->n; i++)
		if (same_step(&play->plan->steps[i], step))
			return true;
	return false;
}

/* ---- time goes on --------------------------------------------------------------------------------------- */

/* When the parent can be expected to have done what it was asked for. */
static int64_t parent_acts(const struct play *play)
{
	const struct gw_zone_ds_version *asked = gw_zone_history_asked(&play->history);
	int64_t at = asked ? asked->begun + play->timing->registration : GW_ZONE_NEVER;

	return at < play->now ? play->now : at;
}

/* Does all that is due. False if that leads nowhere. */
static bool do_all(struct play *play)
{
	const struct gw_zone_work *work = &play->work;
	struct gw_zone_entry backed_up = { .event = GW_ZONE_BACKED_UP,
					   .tags = work->unbacked,
					   .backup = "forecast" };
	bool possible = true;

	for (size_t i = 0; i < play->candidates.n; i++) {
		const struct gw_zone_step *step = &play->candidates.steps[i];

		if (step->at == play->now &&
		    !(step->kind == GW_ZONE_STEP_GENERATE && is_planned(play, step)))
			add_due(play, step);
	}
	if (work->unbacked.n)
		possible = happen(play, backed_up);
	if (possible && work->ask)
		possible = happen(play, (struct gw_zone_entry){ .event = GW_ZONE_ASKED,
								.parent.ds = work->ds });
	if (possible && work->publish)
		possible = happen(play, (struct gw_zone_entry){ .event = GW_ZONE_PUBLISH,
								.shown = work->shown }) &&
			   happen(play, (struct gw_zone_entry){ .event = GW_ZONE_PUBLISHED });
	return possible;
}

/* The parent shows what it was asked for. */
static bool parent_answers(struct play *play)
{
	const struct gw_zone_ds_version *asked = gw_zone_history_asked(&play->history);
	struct gw_zone_step step = { .kind = GW_ZONE_STEP_WAIT_PARENT,
				     .why = GW_ZONE_WHY_PARENT,
				     .keys = asked->parent.ds,
				     .since = asked->begun };
	struct gw_zone_entry seen = {
		.event = GW_ZONE_SEEN,
		.parent = { .ds = asked->parent.ds,
			    .ttl = gw_zone_history_seen(&play->history)->parent.ttl }
	};

	if (!seen.parent.ttl)
		seen.parent.ttl = play->timing->ds_ttl;
	play->forecast = true;
	add_step(play, &step, play->now);
	return happen(play, seen);
}

/* The next moment at which something may be done. */
static int64_t next_moment(const struct play *play)
{
	int64_t next = parent_acts(play);

	for (size_t i = 0; i < play->candidates.n; i++) {
		const struct gw_zone_step *step = &play->candidates.steps[i];

		if (step->kind != GW_ZONE_STEP_GENERATE && step->at > play->now && step->at < next)
			next = step->at;
	}
	return next;
}

/* True if what was just done makes something else possible at once. */
static bool did_something(const struct gw_zone_work *work)
{
	return work->publish || work->ask || work->unbacked.n;
}

static void play_forward(struct play *play)
{
	for (size_t rounds = 0; rounds < 4 * GW_ZONE_PLAN_MAX; rounds++) {
		int64_t next;

		gw_zone_roll_examine(&play->history, play->timing, play->now, &play->work,
				     &play->candidates);
		if (!do_all(play))
			return;
		if (did_something(&play->work)) {
			play->before = play->candidates;
			continue;
		}
		next = next_moment(play);
		if (next == GW_ZONE_NEVER)
			return;
		play->now = next;
		if (next == parent_acts(play) && !parent_answers(play))
			return;
		play->before = play->candidates;
	}
}

void gw_zone_roll_plan(const struct gw_zone_history *history, const struct gw_zone_timing *timing,
		       int64_t now, struct gw_zone_plan *ret)
{
	struct play play = { .timing = timing, .now = now, .plan = ret };

	memset(ret, 0, sizeof(*ret));
	ret->now = now;
	ret->broken = !gw_zone_roll_holds(history, timing, now, &ret->broken_until);
	copy_history(history, &play.history);
	play_forward(&play);
	/* What is left is the age of keys, the new ones' too. */
	for (size_t i = 0; i < play.candidates.n; i++) {
		const struct gw_zone_step *step = &play.candidates.steps[i];

		if (step->kind == GW_ZONE_STEP_GENERATE && step->at > play.now)
			add_step(&play, step, step->at);
	}
	gw_zone_history_done(&play.history);
}
