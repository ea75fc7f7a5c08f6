/*
 * What a change of policy opens and closes. Only pairs of zones whose rules differ are computed;
 * two rules are the same if they mean the same, whatever their owner, ticket or place.
 */
#include <string.h>

#include "gw/policy/reach.h"

struct change {
	struct gw_arena *arena;
	const struct gw_policy *a, *b;
	struct gw_rule_index index_a, index_b;
	int64_t now;
	struct gw_reach_change *items;
	size_t n, capacity;
};

static bool windows_equal(const struct gw_window *a, const struct gw_window *b)
{
	if (!a || !b)
		return a == b;
	if (a->n_parts != b->n_parts)
		return false;
	for (size_t i = 0; i < a->n_parts; i++)
		if (a->parts[i].weekday != b->parts[i].weekday ||
		    a->parts[i].from != b->parts[i].from || a->parts[i].until != b->parts[i].until)
			return false;
	return true;
}

static bool matches_equal(const struct gw_addr_match *a, const struct gw_addr_match *b)
{
	if (a->any != b->any || a->n_large != b->n_large)
		return false;
	for (int f = 0; f < GW_FAMILY_COUNT; f++) {
		if (!gw_addrset_equal(a->addrs[f], b->addrs[f]))
			return false;
		for (size_t i = 0; i < a->n_large; i++)
			if (!gw_addrset_equal(a->large[i]->addrs[f], b->large[i]->addrs[f]))
				return false;
	}
	return true;
}

static bool rules_equal(const struct change *change, const struct gw_rule_def *a,
			const struct gw_rule_def *b)
{
	bool live_a = a->kind != GW_RULE_EXCEPTION || change->now < a->expires;
	bool live_b = b->kind != GW_RULE_EXCEPTION || change->now < b->expires;

	return strcmp(a->id, b->id) == 0 && gw_rule_tier(a) == gw_rule_tier(b) &&
	       a->action == b->action && live_a == live_b &&
	       gw_addrset_equal(a->services, b->services) &&
	       matches_equal(&a->source, &b->source) && matches_equal(&a->dest, &b->dest) &&
	       windows_equal(a->window, b->window);
}

static bool zones_equal(const struct gw_zone *a, const struct gw_zone *b)
{
	if (!a || !b)
		return a == b;
	return gw_addrset_equal(a->space[GW_FAMILY_IPV4], b->space[GW_FAMILY_IPV4]) &&
	       gw_addrset_equal(a->space[GW_FAMILY_IPV6], b->space[GW_FAMILY_IPV6]);
}

static bool pairs_equal(const struct change *change, const struct gw_rule_list *a,
			const struct gw_rule_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!rules_equal(change, a->items[i], b->items[i]))
			return false;
	return true;
}

/* One side of a pair: its zones in its policy (NULL if it has no such zone) and what passes. */
struct side {
	const struct gw_zone *from, *to;
	struct gw_rule_list rules;
	struct gw_reach_list passing;
};

static void side_reach(struct change *change, struct side *side, bool exists)
{
	struct gw_space all = { 0 };

	if (!exists)
		return;
	gw_pair_space(change->arena, side->from, side->to, &all);
	gw_reach_within(change->arena, &side->rules, side->from, side->to, &all, GW_REACH_EVER,
			change->now, &side->passing);
}

/* What `has` lets pass and `lacks` does not. */
static void add_difference(struct change *change, const struct side *has, const struct side *lacks,
			   bool gained, const char *from, const char *to)
{
	for (size_t i = 0; i < has->passing.n; i++) {
		struct gw_space rest = { 0 };

		gw_space_add(change->arena, &rest, has->passing.items[i].region);
		for (size_t k = 0; k < lacks->passing.n && rest.n; k++)
			gw_space_subtract(change->arena, &rest, &lacks->passing.items[k].region);
		for (size_t k = 0; k < rest.n; k++) {
			if (change->n == change->capacity) {
				size_t capacity = change->capacity ? 2 * change->capacity : 16;
				struct gw_reach_change *grown = gw_arena_array(
					change->arena, capacity, struct gw_reach_change);

				for (size_t m = 0; m < change->n; m++)
					grown[m] = change->items[m];
				change->items = grown;
				change->capacity = capacity;
			}
			change->items[change->n++] = (struct gw_reach_change){
				from, to, gained, has->passing.items[i].rule, rest.regions[k]
			};
		}
	}
}

static void compare_pair(struct change *change, const char *from, const char *to)
{
	bool gateway = strcmp(to, "gateway") == 0;
	struct side a = { .from = gw_policy_zone(change->a, from) };
	struct side b = { .from = gw_policy_zone(change->b, from) };
	bool in_a, in_b;

	a.to = gateway ? NULL : gw_policy_zone(change->a, to);
	b.to = gateway ? NULL : gw_policy_zone(change->b, to);
	in_a = a.from && (gateway || a.to);
	in_b = b.from && (gateway || b.to);
	if (in_a)
		a.rules = gw_rule_index_pair(change->arena, &change->index_a, a.from, a.to);
	if (in_b)
		b.rules = gw_rule_index_pair(change->arena, &change->index_b, b.from, b.to);
	if (in_a == in_b && pairs_equal(change, &a.rules, &b.rules) &&
	    (!in_a || (zones_equal(a.from, b.from) && zones_equal(a.to, b.to))))
		return;
	side_reach(change, &a, in_a);
	side_reach(change, &b, in_b);
	add_difference(change, &b, &a, true, from, to);
	add_difference(change, &a, &b, false, from, to);
}

/* The names of all zones of both policies, sorted, each once. */
static const char **zone_names(struct change *change, size_t *ret_n)
{
	const char **names = gw_arena_array(change->arena, change->a->n_zones + change->b->n_zones,
					    const char *);
	size_t i = 0, k = 0, n = 0;

	while (i < change->a->n_zones || k < change->b->n_zones) {
		const char *a = i < change->a->n_zones ? change->a->zones[i].name : NULL;
		const char *b = k < change->b->n_zones ? change->b->zones[k].name : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a, b);

		names[n++] = order <= 0 ? a : b;
		i += order <= 0;
		k += order >= 0;
	}
	*ret_n = n;
	return names;
}

void gw_analyze_change(struct gw_arena *arena, const struct gw_policy *a, const struct gw_policy *b,
		       int64_t now, struct gw_reach_change **ret, size_t *ret_n)
{
	struct change change = { .arena = arena, .a = a, .b = b, .now = now };
	const char **names;
	size_t n;

	gw_rule_index_build(arena, a, &change.index_a);
	gw_rule_index_build(arena, b, &change.index_b);
	names = zone_names(&change, &n);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++)
			compare_pair(&change, names[i], names[k]);
		compare_pair(&change, names[i], "gateway");
	}
	*ret = change.items;
	*ret_n = change.n;
}
