/*
 * The difference of two policies in what can pass. Rules are told apart by id and content; only
 * pairs of zones for which something differs are looked at, and of those, only the packets that
 * the differing rules match: elsewhere both policies decide alike.
 */
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/reach.h"

/* With more rules changed in one pair, cutting the space into what each of them matches costs
 * more than looking at all of it. */
#define CHANGED_RULES_MAX 16u

/* A zone as both policies see it; NULL where one does not have it. */
struct zone_pairing {
	const struct gw_zone *a, *b;
};

struct rule_pairing {
	const struct gw_rule_def *a, *b;
};

struct comparison {
	const struct gw_policy *a, *b;
	struct gw_arena *arena;
	struct gw_pairs pairs_a, pairs_b;
	int64_t now;
	struct zone_pairing *zones; /* by name */
	size_t n_zones;
	bool same_zones;              /* the same names at the same places */
	struct rule_pairing *changed; /* rules that differ or that one policy only has */
	size_t n_changed;
	struct gw_reach_change *changes; /* heap */
	size_t n_changes, capacity;
};

/* ---- what differs --------------------------------------------------------------------------- */

static void pair_zones(struct comparison *c)
{
	size_t i = 0, k = 0;

	c->zones = gw_arena_array(c->arena, c->a->n_zones + c->b->n_zones, struct zone_pairing);
	while (i < c->a->n_zones || k < c->b->n_zones) {
		struct zone_pairing *zone = &c->zones[c->n_zones++];
		int order;

		if (i == c->a->n_zones)
			order = 1;
		else if (k == c->b->n_zones)
			order = -1;
		else
			order = strcmp(c->a->zones[i].name, c->b->zones[k].name);
		if (order <= 0)
			zone->a = &c->a->zones[i++];
		if (order >= 0)
			zone->b = &c->b->zones[k++];
	}
	c->same_zones = c->n_zones == c->a->n_zones && c->n_zones == c->b->n_zones;
}

static bool spaces_equal(const struct gw_addrset *a, const struct gw_addrset *b)
{
	for (int f = 0; f < GW_FAMILY_COUNT; f++)
		if (!gw_addrset_equal(a[f], b[f]))
			return false;
	return true;
}

static bool matches_equal(const struct gw_addr_match *a, const struct gw_addr_match *b)
{
	if (a->any || b->any)
		return a->any == b->any;
	if (!spaces_equal(a->addrs, b->addrs) || a->n_large != b->n_large)
		return false;
	for (size_t i = 0; i < a->n_large; i++)
		if (!spaces_equal(a->large[i]->addrs, b->large[i]->addrs))
			return false;
	return true;
}

static bool windows_equal(const struct gw_window *a, const struct gw_window *b)
{
	return gw_window_covers(a, b) && gw_window_covers(b, a);
}

/* True if both mean the same zones of those that both policies have; pairs with other zones
 * are looked at anyway. */
static bool zone_sets_equal(const struct comparison *c, const struct gw_zone_set *a,
			    const struct gw_zone_set *b)
{
	if (a->any != b->any)
		return false;
	if (c->same_zones)
		return memcmp(a->bits, b->bits, sizeof(a->bits)) == 0;
	for (size_t i = 0; i < c->n_zones; i++) {
		const struct zone_pairing *zone = &c->zones[i];

		if (zone->a && zone->b &&
		    gw_zone_set_has(a, zone->a->index) != gw_zone_set_has(b, zone->b->index))
			return false;
	}
	return true;
}

static bool rule_live(const struct comparison *c, const struct gw_rule_def *rule)
{
	return rule->kind != GW_RULE_EXCEPTION || c->now < rule->expires;
}

/* True if the two let the same pass, as far as they decide. */
static bool rules_equal(const struct comparison *c, const struct gw_rule_def *a,
			const struct gw_rule_def *b)
{
	if (a->kind != b->kind || gw_rule_tier(a) != gw_rule_tier(b) ||
	    rule_live(c, a) != rule_live(c, b))
		return false;
	return gw_addrset_equal(a->services, b->services) && matches_equal(&a->dest, &b->dest) &&
	       matches_equal(&a->source, &b->source) && windows_equal(a->window, b->window) &&
	       zone_sets_equal(c, &a->from, &b->from) && zone_sets_equal(c, &a->to, &b->to);
}

static void pair_rules(struct comparison *c)
{
	size_t i = 0, k = 0;

	c->changed = gw_arena_array(c->arena, c->a->n_rules + c->b->n_rules, struct rule_pairing);
	while (i < c->a->n_rules || k < c->b->n_rules) {
		struct rule_pairing pairing = { NULL, NULL };
		int order;

		if (i == c->a->n_rules)
			order = 1;
		else if (k == c->b->n_rules)
			order = -1;
		else
			order = strcmp(c->a->rules[i].id, c->b->rules[k].id);
		if (order <= 0)
			pairing.a = &c->a->rules[i++];
		if (order >= 0)
			pairing.b = &c->b->rules[k++];
		if (order != 0 || !rules_equal(c, pairing.a, pairing.b))
			c->changed[c->n_changed++] = pairing;
	}
}

/* ---- one pair of zones ---------------------------------------------------------------------- */

/* A pair of zones in both policies; NULL where one of them lacks a zone. */
struct pair_pairing {
	struct gw_pair *a, *b;
	const char *from, *to;
};

static void add_changes(struct comparison *c, const struct pair_pairing *pair, bool gained,
			const struct gw_passing *passing, const struct gw_passings *other)
{
	struct gw_space rest = { 0 };

	gw_space_add(c->arena, &rest, passing->region);
	for (size_t i = 0; i < other->n && rest.n; i++)
		gw_space_subtract(c->arena, &rest, &other->items[i].region);
	for (size_t i = 0; i < rest.n; i++) {
		struct gw_reach_change change = {
			.from = pair->from,
			.to = pair->to,
			.gained = gained,
			.rule = passing->rule,
			.region = rest.regions[i],
		};

		gw_push(c->changes, c->n_changes, c->capacity, change);
	}
}

static struct gw_passings passings_of(struct comparison *c, struct gw_pair *pair,
				      const struct gw_space *within)
{
	struct gw_passings found = { 0 };
	struct gw_reach_query query = { .arena = c->arena, .pair = pair, .now = c->now };

	if (!pair)
		return found;
	query.moments = gw_moments_of_pair(c->arena, pair);
	if (!within)
		gw_reach_find(&query, &found);
	for (size_t i = 0; within && i < within->n; i++) {
		query.within = &within->regions[i];
		gw_reach_find(&query, &found);
	}
	return found;
}

/* `within`: disjoint regions outside of which nothing changed; NULL: anything may have. */
static void compare_pair(struct comparison *c, const struct pair_pairing *pair,
			 const struct gw_space *within)
{
	struct gw_passings a = passings_of(c, pair->a, within);
	struct gw_passings b = passings_of(c, pair->b, within);

	for (size_t i = 0; i < b.n; i++)
		add_changes(c, pair, true, &b.items[i], &a);
	for (size_t i = 0; i < a.n; i++)
		add_changes(c, pair, false, &a.items[i], &b);
}

static void add_disjoint(struct gw_arena *arena, struct gw_space *space,
			 const struct gw_region *region)
{
	struct gw_space fresh = { 0 };

	gw_space_add(arena, &fresh, *region);
	for (size_t i = 0; i < space->n && fresh.n; i++)
		gw_space_subtract(arena, &fresh, &space->regions[i]);
	for (size_t i = 0; i < fresh.n; i++)
		gw_space_add(arena, space, fresh.regions[i]);
}

static void add_rule_space(struct comparison *c, const struct gw_pair *pair,
			   const struct gw_rule_def *rule, struct gw_space *space)
{
	if (!rule)
		return;
	for (size_t i = gw_pair_find(pair, rule); i < pair->n && pair->terms[i].rule == rule; i++)
		add_disjoint(c->arena, space, &pair->terms[i].region);
}

static bool covers(const struct gw_rule_def *rule, const struct gw_zone *from,
		   const struct gw_zone *to)
{
	return rule && gw_rule_covers(rule, from, to);
}

/* The changed rules that speak about the pair; how many there are. */
static size_t changed_rules(const struct comparison *c, const struct zone_pairing *from,
			    const struct zone_pairing *to,
			    struct rule_pairing ret[CHANGED_RULES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_changed; i++) {
		const struct rule_pairing *rule = &c->changed[i];

		if (!covers(rule->a, from->a, to ? to->a : NULL) &&
		    !covers(rule->b, from->b, to ? to->b : NULL))
			continue;
		if (n < CHANGED_RULES_MAX)
			ret[n] = *rule;
		n++;
		if (n > CHANGED_RULES_MAX)
			break;
	}
	return n;
}

static bool zone_changed(const struct zone_pairing *zone)
{
	return !zone->a || !zone->b || !spaces_equal(zone->a->space, zone->b->space);
}

/* `to` is NULL for the gateway. */
static void compare_zones(struct comparison *c, const struct zone_pairing *from,
			  const struct zone_pairing *to)
{
	struct pair_pairing pair = {
		.from = from->a ? from->a->name : from->b->name,
		.to = "gateway",
	};
	struct rule_pairing rules[CHANGED_RULES_MAX];
	struct gw_space within = { 0 };
	bool all = zone_changed(from) || (to && zone_changed(to));
	size_t n = 0;

	if (!all) {
		n = changed_rules(c, from, to, rules);
		if (!n)
			return;
		all = n > CHANGED_RULES_MAX;
	}
	if (to)
		pair.to = to->a ? to->a->name : to->b->name;
	if (from->a && (!to || to->a))
		pair.a = gw_pairs_get(&c->pairs_a, from->a, to ? to->a : NULL);
	if (from->b && (!to || to->b))
		pair.b = gw_pairs_get(&c->pairs_b, from->b, to ? to->b : NULL);
	for (size_t i = 0; !all && i < n; i++) {
		add_rule_space(c, pair.a, rules[i].a, &within);
		add_rule_space(c, pair.b, rules[i].b, &within);
	}
	compare_pair(c, &pair, all ? NULL : &within);
}

void gw_analyze_change(struct gw_arena *arena, const struct gw_policy *a, const struct gw_policy *b,
		       int64_t now, struct gw_reach_change **ret, size_t *ret_n)
{
	struct comparison c = { .a = a, .b = b, .arena = arena, .now = now };
	bool zones_changed = false;

	pair_zones(&c);
	pair_rules(&c);
	for (size_t i = 0; i < c.n_zones; i++)
		zones_changed = zones_changed || zone_changed(&c.zones[i]);
	if (zones_changed || c.n_changed) {
		gw_pairs_init(&c.pairs_a, arena, a);
		gw_pairs_init(&c.pairs_b, arena, b);
		for (size_t f = 0; f < c.n_zones; f++) {
			for (size_t t = 0; t < c.n_zones; t++)
				compare_zones(&c, &c.zones[f], &c.zones[t]);
			compare_zones(&c, &c.zones[f], NULL);
		}
	}
	*ret = gw_arena_memdup(arena, c.changes, c.n_changes * sizeof(*c.changes));
	*ret_n = c.n_changes;
	gw_free(c.changes);
}
