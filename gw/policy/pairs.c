#include "gw/policy/pairs.h"

/* A rule for more pairs than this is looked for in every pair instead of being listed in each. */
#define NARROW_PAIRS 16u

/* The gateway stands behind the zones in the numbering of pairs. */
static size_t slot_of(const struct gw_pairs *pairs, const struct gw_zone *from,
		      const struct gw_zone *to)
{
	size_t n_zones = pairs->policy->n_zones;

	return from->index * (n_zones + 1) + (to ? to->index : n_zones);
}

static unsigned int zone_count(const struct gw_zone_set *set)
{
	unsigned int n = 0;

	for (size_t i = 0; i < GW_ZONES_MAX / 64; i++)
		n += (unsigned int)__builtin_popcountll(set->bits[i]);
	return n;
}

static void list_add(struct gw_arena *arena, struct gw_rule_list *list,
		     const struct gw_rule_def *rule)
{
	if (list->n == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 4;
		const struct gw_rule_def **grown =
			gw_arena_array(arena, capacity, const struct gw_rule_def *);

		for (size_t i = 0; i < list->n; i++)
			grown[i] = list->rules[i];
		list->rules = grown;
		list->capacity = capacity;
	}
	list->rules[list->n++] = rule;
}

static void list_narrow(struct gw_pairs *pairs, const struct gw_rule_def *rule)
{
	const struct gw_policy *policy = pairs->policy;

	for (size_t f = 0; f < policy->n_zones; f++) {
		const struct gw_zone *from = &policy->zones[f];

		if (!gw_zone_set_has(&rule->from, from->index))
			continue;
		/* One place more than there are zones: the gateway. */
		for (size_t t = 0; t <= policy->n_zones; t++) {
			const struct gw_zone *to = t < policy->n_zones ? &policy->zones[t] : NULL;

			if (gw_rule_covers(rule, from, to))
				list_add(pairs->arena, &pairs->narrow[slot_of(pairs, from, to)],
					 rule);
		}
	}
}

void gw_pairs_init(struct gw_pairs *pairs, struct gw_arena *arena, const struct gw_policy *policy)
{
	size_t n_slots = policy->n_zones * (policy->n_zones + 1);

	*pairs = (struct gw_pairs){
		.policy = policy,
		.arena = arena,
		.pairs = gw_arena_array(arena, n_slots, struct gw_pair *),
		.narrow = gw_arena_array(arena, n_slots, struct gw_rule_list),
		.wide_from = gw_arena_array(arena, policy->n_zones, struct gw_rule_list),
		.wide_known = gw_arena_array(arena, policy->n_zones, bool),
		.clipped = gw_arena_array(arena, policy->n_hosts, struct gw_addrset *),
	};
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct gw_rule_def *rule = &policy->rules[i];
		unsigned int n = zone_count(&rule->from);

		if (rule->kind != GW_RULE_GATEWAY)
			n *= zone_count(&rule->to);
		if (n > NARROW_PAIRS)
			list_add(arena, &pairs->wide, rule);
		else
			list_narrow(pairs, rule);
	}
}

/* What of a large host list is in the zone. Kept: a list of 100,000 addresses that stands in a rule
 * for all pairs of zones is cut once for each zone instead of once for each pair. */
static struct gw_addrset clip_list(struct gw_pairs *pairs, const struct gw_hosts *hosts,
				   enum gw_family family, const struct gw_zone *zone)
{
	struct gw_addrset **row, *known;

	if (!zone)
		return hosts->addrs[family];
	row = &pairs->clipped[hosts - pairs->policy->hosts];
	if (!*row)
		*row = gw_arena_array(pairs->arena, pairs->policy->n_zones * GW_FAMILY_COUNT,
				      struct gw_addrset);
	known = &(*row)[zone->index * GW_FAMILY_COUNT + family];
	/* `ranges` is NULL only if it was never computed, or costs nothing to compute again. */
	if (!known->ranges)
		*known = gw_addrset_intersect(pairs->arena, hosts->addrs[family],
					      zone->space[family]);
	return *known;
}

/* The addresses of the zone (NULL: all) that a match names. */
static struct gw_addrset match_in_zone(struct gw_pairs *pairs, const struct gw_addr_match *match,
				       enum gw_family family, const struct gw_zone *zone)
{
	struct gw_addrset space = zone ? zone->space[family] : gw_addrset_all(family);
	struct gw_addrset result;

	if (match->any)
		return space;
	result = gw_addrset_intersect(pairs->arena, match->addrs[family], space);
	for (size_t i = 0; i < match->n_large; i++)
		result = gw_addrset_union(pairs->arena, result,
					  clip_list(pairs, match->large[i], family, zone));
	return result;
}

static void term_add(struct gw_arena *arena, struct gw_pair *pair, struct gw_pair_term term)
{
	if (pair->n == pair->capacity) {
		size_t capacity = pair->capacity ? 2 * pair->capacity : 4;
		struct gw_pair_term *grown = gw_arena_array(arena, capacity, struct gw_pair_term);

		for (size_t i = 0; i < pair->n; i++)
			grown[i] = pair->terms[i];
		pair->terms = grown;
		pair->capacity = capacity;
	}
	pair->terms[pair->n++] = term;
}

static void add_terms(struct gw_pairs *pairs, struct gw_pair *pair, const struct gw_rule_def *rule)
{
	for (int f = 0; f < GW_FAMILY_COUNT; f++) {
		enum gw_family family = (enum gw_family)f;
		struct gw_region region = {
			.family = family,
			.source = match_in_zone(pairs, &rule->source, family, pair->from),
			.dest = { 0 },
			.service = rule->services,
		};

		if (!region.source.n)
			continue;
		region.dest = match_in_zone(pairs, &rule->dest, family, pair->to);
		if (!gw_region_empty(&region))
			term_add(pairs->arena, pair, (struct gw_pair_term){ rule, region });
	}
}

static const struct gw_rule_list *wide_from(struct gw_pairs *pairs, const struct gw_zone *zone)
{
	struct gw_rule_list *list = &pairs->wide_from[zone->index];

	if (pairs->wide_known[zone->index])
		return list;
	for (size_t i = 0; i < pairs->wide.n; i++) {
		const struct gw_rule_def *rule = pairs->wide.rules[i];
		bool has_source = false;

		for (int f = 0; f < GW_FAMILY_COUNT && !has_source; f++)
			has_source = match_in_zone(pairs, &rule->source, (enum gw_family)f, zone).n;
		if (has_source && gw_zone_set_has(&rule->from, zone->index))
			list_add(pairs->arena, list, rule);
	}
	pairs->work += pairs->wide.n;
	pairs->wide_known[zone->index] = true;
	return list;
}

static void make_terms(struct gw_pairs *pairs, struct gw_pair *pair,
		       const struct gw_rule_list *narrow, const struct gw_rule_list *wide)
{
	size_t i = 0, k = 0;

	/* Both lists are in order of ids, which is the order of the rules in memory. */
	while (i < narrow->n || k < wide->n) {
		if (k == wide->n || (i < narrow->n && narrow->rules[i] < wide->rules[k]))
			add_terms(pairs, pair, narrow->rules[i++]);
		else if (gw_rule_covers(wide->rules[k], pair->from, pair->to))
			add_terms(pairs, pair, wide->rules[k++]);
		else
			k++;
	}
	pairs->work += narrow->n + wide->n;
}

struct gw_pair *gw_pairs_get(struct gw_pairs *pairs, const struct gw_zone *from,
			     const struct gw_zone *to)
{
	size_t slot = slot_of(pairs, from, to);
	struct gw_pair *pair = pairs->pairs[slot];

	if (pair)
		return pair;
	pair = gw_arena_new_of(pairs->arena, struct gw_pair);
	pair->from = from;
	pair->to = to;
	make_terms(pairs, pair, &pairs->narrow[slot], wide_from(pairs, from));
	pairs->pairs[slot] = pair;
	return pair;
}

bool gw_pairs_has(const struct gw_pairs *pairs, const struct gw_zone *from,
		  const struct gw_zone *to)
{
	return pairs->pairs[slot_of(pairs, from, to)];
}

size_t gw_pair_find(const struct gw_pair *pair, const struct gw_rule_def *rule)
{
	size_t low = 0, high = pair->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pair->terms[middle].rule < rule)
			low = middle + 1;
		else
			high = middle;
	}
	return low < pair->n && pair->terms[low].rule == rule ? low : pair->n;
}
