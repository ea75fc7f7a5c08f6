/*
 * A sweep over the borders of all ranges. Between two borders the same lists are active, so each
 * stretch belongs to one class, found by its set of active lists in a hash table.
 */
#include "gw/compile/classes.h"

#include <stdlib.h>
#include <string.h>

#include "gw/core/hash.h"
#include "gw/core/mem.h"

struct border {
	gw_u128 at;
	uint32_t list;
	bool ends; /* the list's range ended just before `at` */
};

struct sweep {
	struct gw_arena *arena;
	struct gw_classes *classes;
	uint32_t *active; /* ascending */
	size_t n_active;
	uint32_t *slots; /* hash table: index of the class + 1, 0: free */
	size_t n_slots;  /* a power of two */
	size_t used, limit;
};

static int border_compare(const void *left, const void *right)
{
	const struct border *a = left, *b = right;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return (a->list > b->list) - (a->list < b->list);
}

/* A range that ends with the highest number has no border after it: it stays active. */
static struct border *borders_of(const struct gw_addrset *lists, size_t n, size_t *ret_n)
{
	struct border *borders;
	size_t total = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		total += lists[i].n;
	borders = gw_zalloc(total * 2, sizeof(*borders));
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < lists[i].n; k++) {
			struct gw_range range = lists[i].ranges[k];

			borders[at++] = (struct border){ range.lo, (uint32_t)i, false };
			if (range.hi != ~(gw_u128)0)
				borders[at++] = (struct border){ range.hi + 1, (uint32_t)i, true };
		}
	}
	qsort(borders, at, sizeof(*borders), border_compare);
	*ret_n = at;
	return borders;
}

static void active_toggle(struct sweep *sweep, const struct border *border)
{
	size_t lo = 0, hi = sweep->n_active;

	while (lo < hi) {
		size_t middle = (lo + hi) / 2;

		if (sweep->active[middle] < border->list)
			lo = middle + 1;
		else
			hi = middle;
	}
	if (border->ends) {
		sweep->n_active--;
		memmove(&sweep->active[lo], &sweep->active[lo + 1],
			(sweep->n_active - lo) * sizeof(*sweep->active));
	} else {
		memmove(&sweep->active[lo + 1], &sweep->active[lo],
			(sweep->n_active - lo) * sizeof(*sweep->active));
		sweep->active[lo] = border->list;
		sweep->n_active++;
	}
}

static bool class_is_active(const struct sweep *sweep, const struct gw_class *item)
{
	return item->n_lists == sweep->n_active &&
	       memcmp(item->lists, sweep->active, item->n_lists * sizeof(*item->lists)) == 0;
}

/* The slot of the class of the lists now active, or the free slot where it belongs. */
static uint32_t *slot_now(const struct sweep *sweep)
{
	const struct gw_classes *classes = sweep->classes;
	size_t bytes = sweep->n_active * sizeof(*sweep->active);
	size_t slot = gw_hash_bytes(GW_HASH_START, sweep->active, bytes) & (sweep->n_slots - 1);

	while (sweep->slots[slot] &&
	       !class_is_active(sweep, &classes->items[sweep->slots[slot] - 1]))
		slot = (slot + 1) & (sweep->n_slots - 1);
	return &sweep->slots[slot];
}

/* The class of the lists now active, made if there is none yet. */
static struct gw_class *class_now(struct sweep *sweep)
{
	struct gw_classes *classes = sweep->classes;
	struct gw_class item = { .n_lists = sweep->n_active };
	uint32_t *slot = slot_now(sweep);

	if (*slot)
		return &classes->items[*slot - 1];
	sweep->used += sweep->n_active;
	item.lists = gw_arena_memdup(sweep->arena, sweep->active,
				     sweep->n_active * sizeof(*sweep->active));
	classes->items[classes->n] = item;
	*slot = (uint32_t)++classes->n;
	return &classes->items[classes->n - 1];
}

static void class_add(struct gw_arena *arena, struct gw_class *item, gw_u128 lo, gw_u128 hi)
{
	if (item->n_ranges == item->capacity) {
		size_t capacity = item->capacity ? item->capacity * 2 : 1;
		struct gw_range *ranges = gw_arena_array(arena, capacity, struct gw_range);

		if (item->n_ranges)
			memcpy(ranges, item->ranges, item->n_ranges * sizeof(*ranges));
		item->ranges = ranges;
		item->capacity = capacity;
	}
	item->ranges[item->n_ranges++] = (struct gw_range){ lo, hi };
}

static bool sweep_run(struct sweep *sweep, const struct border *borders, size_t n)
{
	for (size_t i = 0; i < n;) {
		gw_u128 at = borders[i].at, end = ~(gw_u128)0;

		for (; i < n && borders[i].at == at; i++)
			active_toggle(sweep, &borders[i]);
		if (!sweep->n_active)
			continue;
		if (i < n)
			end = borders[i].at - 1;
		class_add(sweep->arena, class_now(sweep), at, end);
		if (sweep->used > sweep->limit)
			return false;
	}
	return true;
}

static void classes_of_lists(struct gw_arena *arena, struct gw_classes *classes, size_t n)
{
	classes->n_of_list = gw_arena_array(arena, n, size_t);
	classes->of_list = gw_arena_array(arena, n, uint32_t *);
	for (size_t i = 0; i < classes->n; i++)
		for (size_t k = 0; k < classes->items[i].n_lists; k++)
			classes->n_of_list[classes->items[i].lists[k]]++;
	for (size_t i = 0; i < n; i++) {
		classes->of_list[i] = gw_arena_array(arena, classes->n_of_list[i], uint32_t);
		classes->n_of_list[i] = 0;
	}
	for (size_t i = 0; i < classes->n; i++) {
		for (size_t k = 0; k < classes->items[i].n_lists; k++) {
			uint32_t list = classes->items[i].lists[k];

			classes->of_list[list][classes->n_of_list[list]++] = (uint32_t)i;
		}
	}
}

/* Most layers have one list only: it is the class. */
static void single_list(struct gw_arena *arena, struct gw_addrset list, struct gw_classes *ret)
{
	struct gw_class item = { .n_ranges = list.n, .capacity = list.n };

	ret->of_list = gw_arena_array(arena, 1, uint32_t *);
	ret->n_of_list = gw_arena_array(arena, 1, size_t);
	if (!list.n)
		return;
	item.ranges = gw_arena_memdup(arena, list.ranges, list.n * sizeof(*list.ranges));
	item.lists = gw_arena_array(arena, 1, uint32_t);
	item.n_lists = 1;
	ret->items = gw_arena_memdup(arena, &item, sizeof(item));
	ret->n = 1;
	ret->of_list[0] = gw_arena_array(arena, 1, uint32_t);
	ret->n_of_list[0] = 1;
}

bool gw_classes_build(struct gw_arena *arena, const struct gw_addrset *lists, size_t n,
		      size_t limit, struct gw_classes *ret)
{
	struct sweep sweep = { .arena = arena, .classes = ret, .n_slots = 16, .limit = limit };
	gw_auto_free void *borders = NULL, *active = NULL, *slots = NULL;
	size_t n_borders;
	bool done;

	memset(ret, 0, sizeof(*ret));
	if (n == 1) {
		single_list(arena, lists[0], ret);
		return true;
	}
	borders = borders_of(lists, n, &n_borders);
	/* There are fewer stretches, and so classes, than borders. */
	while (sweep.n_slots < n_borders * 2)
		sweep.n_slots *= 2;
	active = gw_zalloc(n + 1, sizeof(*sweep.active));
	slots = gw_zalloc(sweep.n_slots, sizeof(*sweep.slots));
	sweep.active = active;
	sweep.slots = slots;
	ret->items = gw_arena_array(arena, n_borders, struct gw_class);
	done = sweep_run(&sweep, borders, n_borders);
	if (done)
		classes_of_lists(arena, ret, n);
	return done;
}
