/* Levels keep the order of rules that must not be judged in any other; see layers.h. */
#include <string.h>

#include "gw/compile/layers_internal.h"
#include "gw/compile/overlap.h"
#include "gw/core/mem.h"

/* Terms already seen, by the zone that they come from. */
struct seen {
	uint32_t *items;
	size_t n, capacity;
};

struct levels {
	struct gw_term *terms;
	struct seen all, of_zone[GW_ZONES_MAX];
};

static unsigned int only_zone(const struct gw_zone_set *zones, bool *ret_one)
{
	unsigned int zone = 0, n = 0;

	for (unsigned int i = 0; i < GW_COUNT(zones->bits); i++) {
		n += (unsigned int)__builtin_popcountll(zones->bits[i]);
		if (zones->bits[i])
			zone = i * 64 + (unsigned int)__builtin_ctzll(zones->bits[i]);
	}
	*ret_one = n == 1;
	return zone;
}

static const struct seen *seen_by(const struct levels *levels, const struct gw_term *term)
{
	bool one;
	unsigned int zone = only_zone(&term->rule->from, &one);

	return one ? &levels->of_zone[zone] : &levels->all;
}

static void seen_add(struct levels *levels, uint32_t index)
{
	const struct gw_zone_set *from = &levels->terms[index].rule->from;

	gw_push(levels->all.items, levels->all.n, levels->all.capacity, index);
	for (unsigned int z = 0; z < GW_ZONES_MAX; z++) {
		struct seen *seen = &levels->of_zone[z];

		if (gw_zone_set_has(from, z))
			gw_push(seen->items, seen->n, seen->capacity, index);
	}
}

static uint32_t deny_level(const struct levels *levels, const struct gw_term *term)
{
	const struct seen *seen = seen_by(levels, term);
	uint32_t level = 0;

	for (size_t i = 0; i < seen->n; i++) {
		const struct gw_term *earlier = &levels->terms[seen->items[i]];
		uint32_t needed = earlier->level;

		if (earlier->rule->action == term->rule->action || earlier->tier != term->tier)
			continue;
		needed += gw_term_same_group(earlier, term) ? 0 : 1;
		if (needed > level && gw_rules_overlap(earlier->rule, term->rule))
			level = needed;
	}
	return level;
}

/* The lowest level at which no exception of the group overlaps this one. */
static uint32_t exception_level(const struct levels *levels, const struct gw_term *term)
{
	const struct seen *seen = seen_by(levels, term);
	gw_auto_free bool *taken = gw_zalloc(seen->n + 1, sizeof(*taken));
	uint32_t level = 0;

	for (size_t i = 0; i < seen->n; i++) {
		const struct gw_term *earlier = &levels->terms[seen->items[i]];

		if (earlier->tier == term->tier && earlier->rule != term->rule &&
		    earlier->level <= seen->n && gw_term_same_group(earlier, term) &&
		    gw_rules_overlap(earlier->rule, term->rule))
			taken[earlier->level] = true;
	}
	while (taken[level])
		level++;
	return level;
}

void gw_terms_level(struct gw_arena *arena, struct gw_term *terms, size_t n)
{
	struct levels *levels = gw_arena_new_of(arena, struct levels);

	levels->terms = terms;
	for (size_t i = 0; i < n; i++) {
		switch ((enum gw_tier)terms[i].tier) {
		case GW_TIER_LOCKED:
		case GW_TIER_DENY:
			terms[i].level = deny_level(levels, &terms[i]);
			seen_add(levels, (uint32_t)i);
			break;
		case GW_TIER_EXCEPTION:
			terms[i].level = exception_level(levels, &terms[i]);
			seen_add(levels, (uint32_t)i);
			break;
		case GW_TIER_ACCEPT:
			break; /* any of those that match will do */
		}
	}
	gw_free(levels->all.items);
	for (size_t z = 0; z < GW_ZONES_MAX; z++)
		gw_free(levels->of_zone[z].items);
}
