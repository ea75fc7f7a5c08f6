#include "gw/policy/reach.h"

static const struct gw_range every_service = { 0, GW_SERVICE_MAX };

void gw_pair_space(struct gw_arena *arena, const struct gw_zone *from, const struct gw_zone *to,
		   struct gw_space *ret)
{
	static const struct gw_addr_match any = { .any = true };

	gw_match_space(arena, &any, &any, (struct gw_addrset){ &every_service, 1 }, from, to, ret);
}

/* Does the rule count at the moments that are asked for? */
static bool takes_part(const struct gw_rule_def *rule, enum gw_reach_time time, int64_t now)
{
	bool accepts = rule->action == GW_ACTION_ACCEPT;

	if (rule->kind == GW_RULE_EXCEPTION && (now >= rule->expires || time == GW_REACH_ALWAYS))
		return false;
	if (!rule->window)
		return true;
	switch (time) {
	case GW_REACH_NOW:
		return gw_window_open(rule->window, now);
	case GW_REACH_EVER:
		return accepts;
	case GW_REACH_ALWAYS:
		return !accepts;
	}
	return false;
}

static void intersect(struct gw_arena *arena, const struct gw_region *a, const struct gw_region *b,
		      struct gw_space *ret)
{
	struct gw_region region = { .family = a->family };

	if (!gw_region_overlaps(a, b))
		return;
	region.source = gw_addrset_intersect(arena, a->source, b->source);
	region.dest = gw_addrset_intersect(arena, a->dest, b->dest);
	region.service = gw_addrset_intersect(arena, a->service, b->service);
	gw_space_add(arena, ret, region);
}

static void add_reach(struct gw_arena *arena, struct gw_reach_list *list,
		      const struct gw_rule_def *rule, struct gw_region region)
{
	if (list->n == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 16;
		struct gw_reach *grown = gw_arena_array(arena, capacity, struct gw_reach);

		for (size_t i = 0; i < list->n; i++)
			grown[i] = list->items[i];
		list->items = grown;
		list->capacity = capacity;
	}
	list->items[list->n++] = (struct gw_reach){ rule, region };
}

void gw_reach_within(struct gw_arena *arena, const struct gw_rule_list *rules,
		     const struct gw_zone *from, const struct gw_zone *to,
		     const struct gw_space *limit, enum gw_reach_time time, int64_t now,
		     struct gw_reach_list *ret)
{
	struct gw_space decided = { 0 }; /* by the rules before */

	for (size_t i = 0; i < rules->n; i++) {
		const struct gw_rule_def *rule = rules->items[i];
		struct gw_space matched = { 0 }, own = { 0 };

		if (!takes_part(rule, time, now))
			continue;
		gw_rule_space(arena, rule, from, to, &matched);
		for (size_t k = 0; k < matched.n; k++)
			for (size_t m = 0; m < limit->n; m++)
				intersect(arena, &matched.regions[k], &limit->regions[m], &own);
		matched = own;
		for (size_t k = 0; k < decided.n && own.n; k++)
			gw_space_subtract(arena, &own, &decided.regions[k]);
		if (rule->action == GW_ACTION_ACCEPT)
			for (size_t k = 0; k < own.n; k++)
				add_reach(arena, ret, rule, own.regions[k]);
		/* What is left of it is enough: the rest was decided already. */
		for (size_t k = 0; k < own.n; k++)
			gw_space_add(arena, &decided, own.regions[k]);
	}
}

void gw_analyze_reach(struct gw_arena *arena, const struct gw_policy *policy,
		      const struct gw_zone *from, const struct gw_zone *to, int64_t now,
		      bool any_time, struct gw_reach **ret, size_t *ret_n)
{
	struct gw_reach_list list = { 0 };
	struct gw_rule_index index;
	struct gw_rule_list rules;
	struct gw_space all = { 0 };

	gw_rule_index_build(arena, policy, &index);
	rules = gw_rule_index_pair(arena, &index, from, to);
	gw_pair_space(arena, from, to, &all);
	gw_reach_within(arena, &rules, from, to, &all, any_time ? GW_REACH_EVER : GW_REACH_NOW, now,
			&list);
	*ret = list.items;
	*ret_n = list.n;
}
