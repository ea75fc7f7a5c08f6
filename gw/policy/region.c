#include "gw/policy/region.h"

#include "gw/core/mem.h"

bool gw_region_empty(const struct gw_region *region)
{
	return !region->source.n || !region->dest.n || !region->service.n;
}

bool gw_region_overlaps(const struct gw_region *a, const struct gw_region *b)
{
	/* Services and destinations tell rules apart most often: look at them first. */
	return a->family == b->family && gw_addrset_overlaps(a->service, b->service) &&
	       gw_addrset_overlaps(a->dest, b->dest) && gw_addrset_overlaps(a->source, b->source);
}

bool gw_region_subset(const struct gw_region *a, const struct gw_region *b)
{
	if (gw_region_empty(a))
		return true;
	return a->family == b->family && gw_addrset_subset(a->service, b->service) &&
	       gw_addrset_subset(a->dest, b->dest) && gw_addrset_subset(a->source, b->source);
}

struct gw_region gw_region_intersect(struct gw_arena *arena, const struct gw_region *a,
				     const struct gw_region *b)
{
	struct gw_region common = { .family = a->family };

	if (!gw_region_overlaps(a, b))
		return common;
	common.source = gw_addrset_intersect(arena, a->source, b->source);
	common.dest = gw_addrset_intersect(arena, a->dest, b->dest);
	common.service = gw_addrset_intersect(arena, a->service, b->service);
	return common;
}

bool gw_region_contains(const struct gw_region *region, const struct gw_packet *packet)
{
	return region->family == packet->family &&
	       gw_addrset_contains(region->source, packet->source) &&
	       gw_addrset_contains(region->dest, packet->dest) &&
	       gw_addrset_contains(region->service, packet->service);
}

struct gw_packet gw_region_example(const struct gw_region *region)
{
	return (struct gw_packet){
		.family = region->family,
		.source = region->source.ranges[0].lo,
		.dest = region->dest.ranges[0].lo,
		.service = (uint32_t)region->service.ranges[0].lo,
	};
}

void gw_space_add(struct gw_arena *arena, struct gw_space *space, struct gw_region region)
{
	if (gw_region_empty(&region))
		return;
	if (space->n == space->capacity) {
		size_t capacity = space->capacity ? 2 * space->capacity : 4;
		struct gw_region *grown = gw_arena_array(arena, capacity, struct gw_region);

		for (size_t i = 0; i < space->n; i++)
			grown[i] = space->regions[i];
		space->regions = grown;
		space->capacity = capacity;
	}
	space->regions[space->n++] = region;
}

/* The at most three products of header and comment, added to `out`. */
static void subtract_one(struct gw_arena *arena, struct gw_space *out, struct gw_region from,
			 const struct gw_region *taken)
{
	struct gw_region piece = from;

	piece.source = gw_addrset_subtract(arena, from.source, taken->source);
	gw_space_add(arena, out, piece);
	from.source = gw_addrset_intersect(arena, from.source, taken->source);

	piece = from;
	piece.dest = gw_addrset_subtract(arena, from.dest, taken->dest);
	gw_space_add(arena, out, piece);
	from.dest = gw_addrset_intersect(arena, from.dest, taken->dest);

	piece = from;
	piece.service = gw_addrset_subtract(arena, from.service, taken->service);
	gw_space_add(arena, out, piece);
}

void gw_space_subtract(struct gw_arena *arena, struct gw_space *space,
		       const struct gw_region *region)
{
	struct gw_space rest = { 0 };
	bool touched = false;

	for (size_t i = 0; i < space->n && !touched; i++)
		touched = gw_region_overlaps(&space->regions[i], region);
	if (!touched)
		return;
	for (size_t i = 0; i < space->n; i++) {
		if (gw_region_overlaps(&space->regions[i], region))
			subtract_one(arena, &rest, space->regions[i], region);
		else
			gw_space_add(arena, &rest, space->regions[i]);
	}
	*space = rest;
}

/* The addresses that a match names, within `limits`. */
static struct gw_addrset match_within(struct gw_arena *arena, const struct gw_addr_match *match,
				      enum gw_family family, struct gw_addrset limits)
{
	struct gw_addrset named = match->addrs[family];

	if (match->any)
		return limits;
	for (size_t i = 0; i < match->n_large; i++)
		named = gw_addrset_union(arena, named, match->large[i]->addrs[family]);
	return gw_addrset_intersect(arena, named, limits);
}

void gw_match_space(struct gw_arena *arena, const struct gw_addr_match *source,
		    const struct gw_addr_match *dest, struct gw_addrset services,
		    const struct gw_zone *from, const struct gw_zone *to, struct gw_space *ret)
{
	for (int f = 0; f < GW_FAMILY_COUNT; f++) {
		enum gw_family family = (enum gw_family)f;
		struct gw_addrset to_space = to ? to->space[family] : gw_addrset_all(family);
		struct gw_region region = {
			.family = family,
			.source = match_within(arena, source, family, from->space[family]),
			.dest = match_within(arena, dest, family, to_space),
			.service = services,
		};

		gw_space_add(arena, ret, region);
	}
}

void gw_rule_space(struct gw_arena *arena, const struct gw_rule_def *rule,
		   const struct gw_zone *from, const struct gw_zone *to, struct gw_space *ret)
{
	gw_match_space(arena, &rule->source, &rule->dest, rule->services, from, to, ret);
}
