/* Groups of terms become layers with classes; see layers.h. */
#include <stdlib.h>
#include <string.h>

#include "gw/compile/layers_internal.h"
#include "gw/core/hash.h"
#include "gw/core/mem.h"

/* A layer may have this many cells and class memberships, plus so many per term, before it is
 * split. */
#define CELLS_FREE     1024u
#define CELLS_PER_TERM 8u

struct builder {
	struct gw_arena *arena;
	struct gw_layers *layers;
	size_t capacity; /* of layers->items, on the heap until all are there */
};

static int compare_text(const char *a, const char *b)
{
	return a == b ? 0 : strcmp(a ? a : "", b ? b : "");
}

static int compare_hosts(const struct gw_hosts *a, const struct gw_hosts *b)
{
	return compare_text(a ? a->name : NULL, b ? b->name : NULL);
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static uint64_t window_number(const struct gw_term *term)
{
	return term->rule->window ? (uint64_t)term->rule->window->index + 1 : 0;
}

/* What makes a group, hash first; the rest only tells apart groups whose hashes collide. */
static int compare_groups(const struct gw_term *a, const struct gw_term *b)
{
	int order = compare_u64(a->group_hash, b->group_hash);

	if (!order)
		order = compare_u64(a->scope, b->scope);
	if (!order)
		order = compare_u64(window_number(a), window_number(b));
	if (!order)
		order = compare_u64((uint64_t)a->source << 16 | (uint64_t)a->dest << 8 | a->service,
				    (uint64_t)b->source << 16 | (uint64_t)b->dest << 8 |
					    b->service);
	if (!order)
		order = compare_u64(
			(uint64_t)a->rule->action << 2 | (uint64_t)a->logged << 1 | a->guarded,
			(uint64_t)b->rule->action << 2 | (uint64_t)b->logged << 1 | b->guarded);
	if (!order)
		order = compare_hosts(a->source_large, b->source_large);
	return order ? order : compare_hosts(a->dest_large, b->dest_large);
}

/* The order in which layers are asked. */
static int compare_layers(const struct gw_term *a, const struct gw_term *b)
{
	int order = compare_u64(a->tier, b->tier);

	if (!order)
		order = compare_u64(a->level, b->level);
	return order ? order : compare_groups(a, b);
}

static int compare_terms(const void *left, const void *right)
{
	const struct gw_term *a = left, *b = right;
	int order = compare_layers(a, b);

	return order ? order : compare_u64(a->rule_index, b->rule_index);
}

bool gw_term_same_group(const struct gw_term *a, const struct gw_term *b)
{
	return a->tier == b->tier && compare_groups(a, b) == 0;
}

static enum gw_match_kind kind_of(const struct gw_term *term, enum gw_dimension dimension)
{
	switch (dimension) {
	case GW_DIM_SOURCE4:
	case GW_DIM_SOURCE6:
		return (enum gw_match_kind)term->source;
	case GW_DIM_DEST4:
	case GW_DIM_DEST6:
		return (enum gw_match_kind)term->dest;
	case GW_DIM_SERVICE:
		return (enum gw_match_kind)term->service;
	case GW_DIM_COUNT:
		break;
	}
	return GW_MATCH_ANY;
}

static struct gw_addrset list_of(const struct gw_rule_def *rule, enum gw_dimension dimension)
{
	switch (dimension) {
	case GW_DIM_SOURCE4:
		return rule->source.addrs[GW_FAMILY_IPV4];
	case GW_DIM_SOURCE6:
		return rule->source.addrs[GW_FAMILY_IPV6];
	case GW_DIM_DEST4:
		return rule->dest.addrs[GW_FAMILY_IPV4];
	case GW_DIM_DEST6:
		return rule->dest.addrs[GW_FAMILY_IPV6];
	case GW_DIM_SERVICE:
		return rule->services;
	case GW_DIM_COUNT:
		break;
	}
	return (struct gw_addrset){ NULL, 0 };
}

static uint64_t addrset_hash(struct gw_addrset set)
{
	return gw_hash_bytes(GW_HASH_START, set.ranges, set.n * sizeof(*set.ranges));
}

/* Equal lists are one list: `ret_lists` gets the distinct ones, `of_term` which one a term has. */
static size_t distinct_lists(const struct gw_layer *layer, enum gw_dimension dimension,
			     struct gw_addrset *ret_lists, uint32_t *of_term)
{
	size_t n = 0, n_slots = 4;
	gw_auto_free uint32_t *slots = NULL;

	while (n_slots < layer->n_terms * 2)
		n_slots *= 2;
	slots = gw_zalloc(n_slots, sizeof(*slots));
	for (size_t i = 0; i < layer->n_terms; i++) {
		struct gw_addrset list = list_of(layer->terms[i].rule, dimension);
		size_t slot = addrset_hash(list) & (n_slots - 1);

		while (slots[slot] && !gw_addrset_equal(ret_lists[slots[slot] - 1], list))
			slot = (slot + 1) & (n_slots - 1);
		if (!slots[slot]) {
			ret_lists[n++] = list;
			slots[slot] = (uint32_t)n;
		}
		of_term[i] = slots[slot] - 1;
	}
	return n;
}

static bool classes_build(struct gw_arena *arena, struct gw_layer *layer, size_t limit)
{
	gw_auto_free void *memory = gw_zalloc(layer->n_terms, sizeof(struct gw_addrset));
	struct gw_addrset *lists = memory;

	for (unsigned int d = 0; d < GW_DIM_COUNT; d++) {
		size_t n;

		if (kind_of(layer->terms, (enum gw_dimension)d) != GW_MATCH_LIST)
			continue;
		layer->list_of_term[d] = gw_arena_array(arena, layer->n_terms, uint32_t);
		n = distinct_lists(layer, (enum gw_dimension)d, lists, layer->list_of_term[d]);
		if (!gw_classes_build(arena, lists, n, limit, &layer->classes[d]))
			return false;
	}
	return true;
}

static size_t n_classes_of_term(const struct gw_layer *layer, size_t term, enum gw_dimension d)
{
	if (kind_of(layer->terms, d) != GW_MATCH_LIST)
		return 1;
	return layer->classes[d].n_of_list[layer->list_of_term[d][term]];
}

static size_t cells_of(const struct gw_layer *layer, size_t limit)
{
	size_t cells = 0;

	for (size_t i = 0; i < layer->n_terms && cells <= limit; i++) {
		size_t v4 = n_classes_of_term(layer, i, GW_DIM_SOURCE4) *
			    n_classes_of_term(layer, i, GW_DIM_DEST4);
		size_t v6 = n_classes_of_term(layer, i, GW_DIM_SOURCE6) *
			    n_classes_of_term(layer, i, GW_DIM_DEST6);

		cells += (v4 + v6) * n_classes_of_term(layer, i, GW_DIM_SERVICE);
	}
	return cells;
}

static bool is_wide_list(struct gw_addrset list, unsigned int bits)
{
	for (size_t i = 0; i < list.n; i++)
		if ((list.ranges[i].hi - list.ranges[i].lo) >> bits)
			return true;
	return false;
}

static bool is_wide(const struct gw_term *term)
{
	const struct gw_rule_def *rule = term->rule;

	return is_wide_list(rule->source.addrs[GW_FAMILY_IPV4], 8) ||
	       is_wide_list(rule->source.addrs[GW_FAMILY_IPV6], 64) ||
	       is_wide_list(rule->dest.addrs[GW_FAMILY_IPV4], 8) ||
	       is_wide_list(rule->dest.addrs[GW_FAMILY_IPV6], 64) ||
	       (term->service == GW_MATCH_LIST && is_wide_list(rule->services, 10));
}

/* Which half term `i` of `n` goes to when its layer is split for the `depth`th time. */
static bool is_second_half(const struct gw_term *term, size_t i, size_t n, unsigned int depth)
{
	bool ordered = term->tier == GW_TIER_LOCKED || term->tier == GW_TIER_DENY;

	if (ordered)
		return i >= n / 2;
	if (depth == 0)
		return is_wide(term);
	return gw_hash_text(GW_HASH_START, term->rule->id) >> (depth - 1) % 64 & 1;
}

static void layer_add(struct builder *b, const struct gw_term *terms, size_t n, uint64_t name,
		      unsigned int depth);

static void layer_split(struct builder *b, const struct gw_term *terms, size_t n, uint64_t name,
			unsigned int depth)
{
	for (uint64_t half = 0; half < 2; half++) {
		struct gw_term *part = gw_arena_array(b->arena, n, struct gw_term);
		size_t n_part = 0;

		for (size_t i = 0; i < n; i++)
			if (is_second_half(&terms[i], i, n, depth) == (half == 1))
				part[n_part++] = terms[i];
		if (n_part)
			layer_add(b, part, n_part, gw_hash_u64(name, half + 2), depth + 1);
	}
}

/* One layer of these terms, or more if it would be too large. */
static void layer_add(struct builder *b, const struct gw_term *terms, size_t n, uint64_t name,
		      unsigned int depth)
{
	struct gw_layer layer = { .terms = terms, .n_terms = n, .name = name };
	size_t limit = CELLS_FREE + CELLS_PER_TERM * n;

	/* A rule alone is never split: it has one class in each dimension. The depth is bounded
	 * for rules whose ids' hashes are equal. */
	if (n == 1 || depth > 64)
		limit = SIZE_MAX;
	if (!classes_build(b->arena, &layer, limit) || cells_of(&layer, limit) > limit) {
		layer_split(b, terms, n, name, depth);
		return;
	}
	gw_push(b->layers->items, b->layers->n, b->capacity, layer);
}

/* Distinct numbers, near to what was wished for; 0 is never given. */
struct id_set {
	uint32_t *slots;
	size_t n_slots;
};

static struct id_set id_set_new(size_t n)
{
	struct id_set set = { .n_slots = 16 };

	while (set.n_slots < n * 2)
		set.n_slots *= 2;
	set.slots = gw_zalloc(set.n_slots, sizeof(*set.slots));
	return set;
}

static uint32_t id_set_take(struct id_set *set, uint64_t wish)
{
	uint32_t id = (uint32_t)wish;

	for (;; id++) {
		size_t slot = id & (set->n_slots - 1);

		if (!id)
			continue;
		while (set->slots[slot] && set->slots[slot] != id)
			slot = (slot + 1) & (set->n_slots - 1);
		if (!set->slots[slot]) {
			set->slots[slot] = id;
			return id;
		}
	}
}

/*
 * A class is named by its lowest value. When a new list cuts a class in two, the part with the
 * lowest value keeps the name, and with it the cells of all its rules.
 */
static void name_classes(struct gw_arena *arena, struct gw_layer *layer, enum gw_dimension first,
			 enum gw_dimension last)
{
	size_t n = 0;
	struct id_set ids;

	for (unsigned int d = first; d <= last; d++)
		n += layer->classes[d].n;
	ids = id_set_new(n);
	for (unsigned int d = first; d <= last; d++) {
		const struct gw_classes *classes = &layer->classes[d];

		layer->class_ids[d] = gw_arena_array(arena, classes->n, uint32_t);
		for (size_t i = 0; i < classes->n; i++) {
			uint64_t wish =
				gw_hash_bytes(d, &classes->items[i].ranges[0].lo, sizeof(gw_u128));

			layer->class_ids[d][i] = id_set_take(&ids, wish);
		}
	}
	gw_free(ids.slots);
}

/* The name of the only zone that the packets of a scope come from, or NULL. */
static const char *only_zone(const struct gw_policy *policy, const struct gw_scope *scope)
{
	const char *name = NULL;

	for (unsigned int z = 0; z < policy->n_zones; z++) {
		if (!gw_zone_set_has(&scope->from, z))
			continue;
		if (name)
			return NULL;
		name = policy->zones[z].name;
	}
	return name;
}

static void name_layers(struct gw_arena *arena, const struct gw_policy *policy,
			struct gw_layers *layers)
{
	struct id_set ids = id_set_new(layers->n * 2);

	for (size_t i = 0; i < layers->n; i++) {
		struct gw_layer *layer = &layers->items[i];

		layer->zone = only_zone(policy, &layers->scopes[layer->terms[0].scope]);
		layer->id = id_set_take(&ids, layer->name);
		layer->icmp_id = id_set_take(&ids, gw_hash_text(layer->name, "icmp"));
		/* Both families of a dimension meet in one key of @match. */
		name_classes(arena, layer, GW_DIM_SOURCE4, GW_DIM_SOURCE6);
		name_classes(arena, layer, GW_DIM_DEST4, GW_DIM_DEST6);
		name_classes(arena, layer, GW_DIM_SERVICE, GW_DIM_SERVICE);
	}
	gw_free(ids.slots);
}

void gw_layers_build(struct gw_arena *arena, const struct gw_layer_input *input,
		     struct gw_layers *ret)
{
	struct builder b = { .arena = arena, .layers = ret };
	struct gw_layer *items;
	struct gw_term *terms;
	size_t n;

	memset(ret, 0, sizeof(*ret));
	gw_terms_build(arena, input, ret, &terms, &n);
	gw_terms_level(arena, terms, n);
	if (n)
		qsort(terms, n, sizeof(*terms), compare_terms);
	for (size_t i = 0, end; i < n; i = end) {
		uint64_t name = gw_hash_u64(terms[i].group_hash, terms[i].level);

		for (end = i + 1; end < n && compare_layers(&terms[i], &terms[end]) == 0;)
			end++;
		layer_add(&b, &terms[i], end - i, name, 0);
	}
	items = gw_arena_memdup(arena, ret->items, ret->n * sizeof(*items));
	gw_free(ret->items);
	ret->items = items;
	name_layers(arena, input->policy, ret);
}
