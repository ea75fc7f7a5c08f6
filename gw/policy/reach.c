/*
 * What passes is what rules accept, less what rules of stronger tiers deny, less what an earlier
 * answer has named already. A windowed deny is in force at some moments only, so what a rule lets
 * through is computed for each moment at which different denies hold, and joined.
 */
#include "gw/policy/reach.h"

#include "gw/core/mem.h"
#include "gw/policy/candidates.h"

static void passings_add(struct gw_arena *arena, struct gw_passings *list,
			 struct gw_passing passing)
{
	if (list->n == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 8;
		struct gw_passing *grown = gw_arena_array(arena, capacity, struct gw_passing);

		for (size_t i = 0; i < list->n; i++)
			grown[i] = list->items[i];
		list->items = grown;
		list->capacity = capacity;
	}
	list->items[list->n++] = passing;
}

static bool denies(const struct gw_rule_def *rule)
{
	return rule->action != GW_ACTION_ACCEPT;
}

/* The state of one gw_reach_find. */
struct search {
	const struct gw_reach_query *query;
	struct gw_passings *found;
	bool windowed_denies;
	struct answers *answers; /* by term */
};

/* Where in `found` the answers of a term are. */
struct answers {
	size_t begin, end;
};

static bool full(const struct search *search)
{
	return search->query->max && search->found->n >= search->query->max;
}

/* Subtracts what another term has already answered, or denies to the term's tier at `moment`. */
static void subtract_other(const struct search *search, size_t term, size_t other, int64_t moment,
			   struct gw_space *space)
{
	const struct gw_pair_term *terms = search->query->pair->terms;
	const struct gw_rule_def *rule = terms[other].rule;
	const struct answers *answers = &search->answers[other];

	if (denies(rule)) {
		if (gw_rule_tier(rule) < gw_rule_tier(terms[term].rule) &&
		    gw_window_open(rule->window, moment))
			gw_space_subtract(search->query->arena, space, &terms[other].region);
		return;
	}
	for (size_t i = answers->begin; i < answers->end && space->n; i++)
		gw_space_subtract(search->query->arena, space, &search->found->items[i].region);
}

/* The first moment is as good as any other if no deny has a window; later ones add to it. */
static void find_at(struct search *search, size_t term, struct gw_region region, int64_t moment)
{
	struct gw_arena *arena = search->query->arena;
	struct gw_pair *pair = search->query->pair;
	struct answers *own = &search->answers[term];
	struct gw_candidate_walk walk;
	struct gw_space space = { 0 };
	size_t other;

	gw_space_add(arena, &space, region);
	gw_candidates_begin(gw_candidates_get(arena, pair), term, &walk);
	while (space.n && gw_candidates_next(&walk, &other))
		subtract_other(search, term, other, moment, &space);
	for (size_t i = own->begin; i < own->end && space.n; i++)
		gw_space_subtract(arena, &space, &search->found->items[i].region);
	for (size_t i = 0; i < space.n && !full(search); i++)
		passings_add(
			arena, search->found,
			(struct gw_passing){ pair->terms[term].rule, space.regions[i], moment });
	own->end = search->found->n;
}

static void find_term(struct search *search, size_t term)
{
	const struct gw_reach_query *query = search->query;
	const struct gw_pair_term *asked = &query->pair->terms[term];
	struct gw_region region = asked->region;

	if (query->within)
		region = gw_region_intersect(query->arena, &asked->region, query->within);
	if (gw_region_empty(&region))
		return;
	search->answers[term] = (struct answers){ search->found->n, search->found->n };
	for (size_t i = 0; i < query->moments.n && !full(search); i++) {
		if (!gw_window_open(asked->rule->window, query->moments.times[i]))
			continue;
		find_at(search, term, region, query->moments.times[i]);
		if (!search->windowed_denies)
			return; /* the same at every other moment */
	}
}

void gw_reach_find(const struct gw_reach_query *query, struct gw_passings *ret)
{
	static const enum gw_tier tiers[] = { GW_TIER_EXCEPTION, GW_TIER_ACCEPT };
	const struct gw_pair *pair = query->pair;
	struct search search = {
		.query = query,
		.found = ret,
		.answers = gw_zalloc(pair->n, sizeof(struct answers)),
	};

	for (size_t i = 0; i < pair->n && !search.windowed_denies; i++)
		search.windowed_denies = pair->terms[i].rule->window && denies(pair->terms[i].rule);
	for (size_t k = 0; k < GW_COUNT(tiers); k++) {
		for (size_t i = 0; i < pair->n && !full(&search); i++) {
			const struct gw_rule_def *rule = pair->terms[i].rule;

			if (gw_rule_tier(rule) == tiers[k] &&
			    (rule->kind != GW_RULE_EXCEPTION || query->now < rule->expires))
				find_term(&search, i);
		}
	}
	gw_free(search.answers);
}

const struct gw_rule_def *gw_reach_denier(const struct gw_pair *pair,
					  const struct gw_packet *packet, int64_t moment)
{
	const struct gw_rule_def *best = NULL;

	/* Terms are in order of ids: within a tier the first one decides. */
	for (size_t i = 0; i < pair->n; i++) {
		const struct gw_rule_def *rule = pair->terms[i].rule;

		if (denies(rule) && gw_window_open(rule->window, moment) &&
		    gw_region_contains(&pair->terms[i].region, packet) &&
		    (!best || gw_rule_tier(rule) < gw_rule_tier(best)))
			best = rule;
	}
	return best;
}

void gw_analyze_reach(struct gw_arena *arena, const struct gw_policy *policy,
		      const struct gw_zone *from, const struct gw_zone *to, int64_t now,
		      bool any_time, struct gw_reach **ret, size_t *ret_n)
{
	struct gw_passings found = { 0 };
	struct gw_reach_query query = { .arena = arena, .moments = { &now, 1 }, .now = now };
	struct gw_pairs pairs;

	gw_pairs_init(&pairs, arena, policy);
	query.pair = gw_pairs_get(&pairs, from, to);
	if (any_time)
		query.moments = gw_moments_of_pair(arena, query.pair);
	gw_reach_find(&query, &found);
	*ret = gw_arena_array(arena, found.n, struct gw_reach);
	for (size_t i = 0; i < found.n; i++)
		(*ret)[i] = (struct gw_reach){ found.items[i].rule, found.items[i].region };
	*ret_n = found.n;
}
