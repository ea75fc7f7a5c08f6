#include "gw/policy/rule_index.h"

void gw_rule_index_build(struct gw_arena *arena, const struct gw_policy *policy,
			 struct gw_rule_index *ret)
{
	struct gw_rule_list *from = gw_arena_array(arena, policy->n_zones, struct gw_rule_list);

	for (size_t z = 0; z < policy->n_zones; z++) {
		size_t n = 0;

		for (size_t i = 0; i < policy->n_rules; i++)
			n += gw_zone_set_has(&policy->rules[i].from, (unsigned int)z);
		from[z].items = gw_arena_array(arena, n, const struct gw_rule_def *);
	}
	/* The rules are sorted by id, so a pass for each tier gives the order. */
	for (int tier = GW_TIER_LOCKED; tier <= GW_TIER_ACCEPT; tier++) {
		for (size_t i = 0; i < policy->n_rules; i++) {
			const struct gw_rule_def *rule = &policy->rules[i];

			if ((int)gw_rule_tier(rule) != tier)
				continue;
			for (unsigned int z = 0; z < policy->n_zones; z++)
				if (gw_zone_set_has(&rule->from, z))
					from[z].items[from[z].n++] = rule;
		}
	}
	ret->from = from;
}

struct gw_rule_list gw_rule_index_pair(struct gw_arena *arena, const struct gw_rule_index *index,
				       const struct gw_zone *from, const struct gw_zone *to)
{
	const struct gw_rule_list *all = &index->from[from->index];
	struct gw_rule_list list = { 0 };

	for (size_t i = 0; i < all->n; i++)
		list.n += gw_rule_covers(all->items[i], from, to);
	list.items = gw_arena_array(arena, list.n, const struct gw_rule_def *);
	list.n = 0;
	for (size_t i = 0; i < all->n; i++)
		if (gw_rule_covers(all->items[i], from, to))
			list.items[list.n++] = all->items[i];
	return list;
}
