#include "gw/compile/overlap.h"

#include <string.h>

#include "gw/core/mem.h"

static bool zone_sets_meet(const struct gw_zone_set *a, const struct gw_zone_set *b)
{
	for (size_t i = 0; i < GW_COUNT(a->bits); i++)
		if (a->bits[i] & b->bits[i])
			return true;
	return false;
}

static bool lists_meet(const struct gw_addr_match *a, const struct gw_addr_match *b,
		       enum gw_family family)
{
	if (gw_addrset_overlaps(a->addrs[family], b->addrs[family]))
		return true;
	for (size_t i = 0; i < a->n_large; i++)
		if (gw_addrset_overlaps(a->large[i]->addrs[family], b->addrs[family]))
			return true;
	for (size_t k = 0; k < b->n_large; k++) {
		if (gw_addrset_overlaps(a->addrs[family], b->large[k]->addrs[family]))
			return true;
		for (size_t i = 0; i < a->n_large; i++)
			if (a->large[i] == b->large[k] ||
			    gw_addrset_overlaps(a->large[i]->addrs[family],
						b->large[k]->addrs[family]))
				return true;
	}
	return false;
}

static bool list_is_empty(const struct gw_addr_match *match, enum gw_family family)
{
	size_t n = match->addrs[family].n;

	for (size_t i = 0; i < match->n_large; i++)
		n += match->large[i]->addrs[family].n;
	return n == 0;
}

static bool matches_meet(const struct gw_addr_match *a, const struct gw_addr_match *b,
			 enum gw_family family)
{
	if (a->any)
		return b->any || !list_is_empty(b, family);
	if (b->any)
		return !list_is_empty(a, family);
	return lists_meet(a, b, family);
}

bool gw_rules_overlap(const struct gw_rule_def *a, const struct gw_rule_def *b)
{
	bool gateway = a->kind == GW_RULE_GATEWAY;

	if (gateway != (b->kind == GW_RULE_GATEWAY) || !zone_sets_meet(&a->from, &b->from) ||
	    (!gateway && !zone_sets_meet(&a->to, &b->to)) ||
	    !gw_addrset_overlaps(a->services, b->services))
		return false;
	for (unsigned int family = 0; family < GW_FAMILY_COUNT; family++)
		if (matches_meet(&a->dest, &b->dest, (enum gw_family)family) &&
		    matches_meet(&a->source, &b->source, (enum gw_family)family))
			return true;
	return false;
}

static void list_add(struct gw_arena *arena, struct gw_deny_list *list,
		     const struct gw_rule_def *rule)
{
	if (list->n == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 8;
		const struct gw_rule_def **items =
			gw_arena_array(arena, capacity, const struct gw_rule_def *);

		if (list->n)
			memcpy(items, list->items, list->n * sizeof(*items));
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->n++] = rule;
}

void gw_deny_index_build(struct gw_arena *arena, const struct gw_policy *policy, bool windowed_only,
			 struct gw_deny_index *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct gw_rule_def *rule = &policy->rules[i];

		if (rule->action == GW_ACTION_ACCEPT || (windowed_only && !rule->window))
			continue;
		list_add(arena, &ret->all, rule);
		for (unsigned int z = 0; z < policy->n_zones; z++)
			if (gw_zone_set_has(&rule->from, z))
				list_add(arena, &ret->of_zone[z], rule);
	}
}

/* The list to search: that of the rule's zone, or all if it comes from several. */
static const struct gw_deny_list *list_for(const struct gw_deny_index *index,
					   const struct gw_rule_def *rule)
{
	const struct gw_deny_list *list = NULL;

	for (size_t i = 0; i < GW_COUNT(rule->from.bits); i++) {
		uint64_t bits = rule->from.bits[i];

		if (!bits)
			continue;
		if (list || (bits & (bits - 1)))
			return &index->all;
		list = &index->of_zone[i * 64 + (size_t)__builtin_ctzll(bits)];
	}
	return list ? list : &index->all;
}

void gw_deny_index_overlaps(const struct gw_deny_index *index, const struct gw_rule_def *rule,
			    gw_overlap_fn *fn, void *context)
{
	const struct gw_deny_list *list = list_for(index, rule);
	enum gw_tier tier = gw_rule_tier(rule);

	for (size_t i = 0; i < list->n; i++)
		if (gw_rule_tier(list->items[i]) < tier && gw_rules_overlap(list->items[i], rule) &&
		    !fn(list->items[i], context))
			return;
}
