/*
 * A rule is useless in a pair if other rules, in force whenever it is, take all its packets. Nearly
 * every rule is cleared cheaply: nothing overlaps it, or its first or last packet is its own. For
 * the rest the packets of the others are subtracted, exactly, unless they are too many.
 */
#include "gw/policy/useless.h"

#include "gw/policy/decide.h"
#include "gw/policy/moments.h"

#define OTHERS_MAX 128u /* rules to subtract */
#define PIECES_MAX 256u /* regions on the way */

/* The rules that take a term's packets: first those that shadow it, then those that cover it. */
struct others {
	const struct gw_pair_term *terms[OTHERS_MAX];
	size_t n_shadowing, n;
};

enum effect {
	EFFECT_NONE,
	EFFECT_SHADOWS,
	EFFECT_COVERS,
	EFFECT_UNKNOWN, /* too entangled to judge: the rule is taken for useful */
};

/* What `other` does to packets of `rule` that it matches too. */
static enum effect effect_on(const struct gw_rule_def *rule, const struct gw_rule_def *other)
{
	enum gw_tier tier = gw_rule_tier(rule), by = gw_rule_tier(other);
	bool in_force = gw_window_covers(other->window, rule->window);

	switch (by) {
	case GW_TIER_LOCKED:
		return by < tier && in_force ? EFFECT_SHADOWS : EFFECT_NONE;
	case GW_TIER_DENY:
		if (tier == GW_TIER_EXCEPTION)
			return EFFECT_UNKNOWN; /* what exceptions are for */
		return by < tier && in_force ? EFFECT_SHADOWS : EFFECT_NONE;
	case GW_TIER_EXCEPTION:
		return EFFECT_NONE; /* it ends some day */
	case GW_TIER_ACCEPT:
		if (tier != GW_TIER_ACCEPT && tier != GW_TIER_EXCEPTION)
			return EFFECT_NONE;
		/* A rule that logs what another one accepts without a trace has a use. */
		return in_force && (other->log || !rule->log) ? EFFECT_COVERS : EFFECT_NONE;
	}
	return EFFECT_NONE;
}

static bool others_add(struct others *others, const struct gw_pair_term *term, bool shadows)
{
	if (others->n == OTHERS_MAX)
		return false;
	others->terms[others->n++] = term;
	if (shadows) {
		const struct gw_pair_term *swap = others->terms[others->n_shadowing];

		others->terms[others->n_shadowing++] = term;
		others->terms[others->n - 1] = swap;
	}
	return true;
}

/* False if the term is certainly, or for lack of a proof, useful. */
static bool others_find(struct gw_arena *arena, const struct gw_policy *policy,
			struct gw_pair *pair, size_t index, const bool *ignored,
			struct others *others)
{
	const struct gw_pair_term *term = &pair->terms[index];
	struct gw_candidate_walk walk;
	size_t i;

	others->n = others->n_shadowing = 0;
	gw_candidates_begin(gw_candidates_get(arena, pair), index, &walk);
	while (gw_candidates_next(&walk, &i)) {
		const struct gw_pair_term *other = &pair->terms[i];
		enum effect effect;

		if (ignored[other->rule - policy->rules] || other->rule == term->rule)
			continue;
		effect = effect_on(term->rule, other->rule);
		if (effect == EFFECT_NONE || !gw_region_overlaps(&other->region, &term->region))
			continue;
		if (effect == EFFECT_UNKNOWN ||
		    !others_add(others, other, effect == EFFECT_SHADOWS))
			return false;
	}
	return others->n > 0;
}

static struct gw_packet last_packet(const struct gw_region *region)
{
	return (struct gw_packet){
		.family = region->family,
		.source = region->source.ranges[region->source.n - 1].hi,
		.dest = region->dest.ranges[region->dest.n - 1].hi,
		.service = (uint32_t)region->service.ranges[region->service.n - 1].hi,
	};
}

/* The one of others [begin, end) that takes this packet, or NULL. */
static const struct gw_rule_def *taker(const struct others *others, size_t begin, size_t end,
				       const struct gw_packet *packet)
{
	for (size_t i = begin; i < end; i++)
		if (gw_region_contains(&others->terms[i]->region, packet))
			return others->terms[i]->rule;
	return NULL;
}

/* One that alone takes the whole region, or NULL. */
static const struct gw_rule_def *whole_taker(const struct others *others, size_t begin, size_t end,
					     const struct gw_region *region)
{
	for (size_t i = begin; i < end; i++)
		if (gw_region_subset(region, &others->terms[i]->region))
			return others->terms[i]->rule;
	return NULL;
}

/* False if it became too much work. */
static bool subtract_all(struct gw_arena *arena, const struct others *others, size_t begin,
			 size_t end, struct gw_space *space)
{
	for (size_t i = begin; i < end && space->n; i++) {
		gw_space_subtract(arena, space, &others->terms[i]->region);
		if (space->n > PIECES_MAX)
			return false;
	}
	return true;
}

static enum gw_use judge_exactly(const struct others *others, const struct gw_region *region,
				 struct gw_arena *arena)
{
	struct gw_space rest = { 0 };

	gw_space_add(arena, &rest, *region);
	if (!subtract_all(arena, others, 0, others->n_shadowing, &rest))
		return GW_USE_DECIDES;
	if (!rest.n)
		return GW_USE_SHADOWED;
	if (!subtract_all(arena, others, others->n_shadowing, others->n, &rest))
		return GW_USE_DECIDES;
	return rest.n ? GW_USE_DECIDES : GW_USE_COVERED;
}

static enum gw_use judge_term(const struct others *others, const struct gw_region *region,
			      const struct gw_rule_def **ret_by)
{
	size_t n_shadowing = others->n_shadowing, n = others->n;
	struct gw_packet first = gw_region_example(region), last = last_packet(region);
	struct gw_arena *arena;
	enum gw_use use;

	*ret_by = whole_taker(others, 0, n_shadowing, region);
	if (*ret_by)
		return GW_USE_SHADOWED;
	if (!taker(others, 0, n, &first) || !taker(others, 0, n, &last))
		return GW_USE_DECIDES;
	*ret_by = n_shadowing ? NULL : whole_taker(others, 0, n, region);
	if (*ret_by)
		return GW_USE_COVERED;
	arena = gw_arena_new();
	use = judge_exactly(others, region, arena);
	gw_arena_free(arena);
	if (use == GW_USE_SHADOWED)
		*ret_by = taker(others, 0, n_shadowing, &first);
	else
		*ret_by = taker(others, n_shadowing, n, &first);
	if (!*ret_by)
		*ret_by = others->terms[n - 1]->rule;
	return use;
}

enum gw_use gw_rule_use(struct gw_arena *arena, const struct gw_policy *policy,
			struct gw_pair *pair, const struct gw_rule_def *rule, const bool *ignored,
			const struct gw_rule_def **ret_by)
{
	enum gw_use result = GW_USE_NONE_HERE;

	*ret_by = NULL;
	for (size_t i = gw_pair_find(pair, rule); i < pair->n && pair->terms[i].rule == rule; i++) {
		const struct gw_rule_def *by;
		struct others others;
		enum gw_use use;

		if (!others_find(arena, policy, pair, i, ignored, &others))
			return GW_USE_DECIDES;
		use = judge_term(&others, &pair->terms[i].region, &by);
		if (use == GW_USE_DECIDES)
			return use;
		if (result != GW_USE_COVERED) {
			result = use;
			*ret_by = by;
		}
	}
	return result;
}
