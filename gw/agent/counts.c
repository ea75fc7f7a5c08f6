#include "gw/agent/counts.h"

#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"

/* Numbers to ids, by number. */
struct index {
	const struct gw_number **items;
	size_t n;
	uint32_t step; /* between numbers that a connection mark can hold */
};

static int compare_numbers(const void *a, const void *b)
{
	uint32_t left = (*(const struct gw_number *const *)a)->number;
	uint32_t right = (*(const struct gw_number *const *)b)->number;

	return (left > right) - (left < right);
}

static struct index index_build(struct gw_arena *arena, const struct gw_numbers *numbers,
				uint32_t mark_mask)
{
	size_t n = numbers ? numbers->n : 0;
	struct index index = { gw_arena_array(arena, n, const struct gw_number *), n,
			       gw_number_step(mark_mask) };

	for (size_t i = 0; i < n; i++)
		index.items[i] = &numbers->items[i];
	if (n)
		qsort(index.items, n, sizeof(const struct gw_number *), compare_numbers);
	return index;
}

/* The id behind an element's key; NULL for a number that nobody has any more. */
static const char *id_of(const struct index *index, uint32_t number, bool *ret_builtin)
{
	struct gw_number wanted = { .number = number };
	const struct gw_number *key = &wanted, **found = NULL;

	*ret_builtin = false;
	if (index->n)
		found = bsearch(&key, index->items, index->n, sizeof(const struct gw_number *),
				compare_numbers);
	if (found)
		return (*found)->id;
	*ret_builtin = true;
	if (number < GW_BUILTIN_COUNT)
		return gw_builtin_name((enum gw_builtin)number);
	if (number == GW_BUILTIN_GATEWAY_OUT * index->step)
		return gw_builtin_name(GW_BUILTIN_GATEWAY_OUT);
	return NULL;
}

bool gw_counts_numbers(const struct gw_set *set)
{
	return set->counter && !set->run_time && set->n_key == 1 && set->key[0] == GW_TYPE_MARK;
}

static int compare_counts(const void *a, const void *b)
{
	const struct gw_count *left = a, *right = b;
	int order = strcmp(left->id, right->id);

	return order ? order : (int)left->builtin - (int)right->builtin;
}

/* Sorts by id and adds up what has the same one. */
static size_t merge(struct gw_count *counts, size_t n)
{
	size_t merged = 0;

	if (n)
		qsort(counts, n, sizeof(*counts), compare_counts);
	for (size_t i = 0; i < n; i++) {
		if (merged && compare_counts(&counts[merged - 1], &counts[i]) == 0) {
			counts[merged - 1].packets += counts[i].packets;
			counts[merged - 1].bytes += counts[i].bytes;
		} else {
			counts[merged++] = counts[i];
		}
	}
	return merged;
}

/* Does the element stay, or come again with its counts (gw/plan carries them in the set)? */
static bool element_stays(const struct gw_ruleset *desired, const struct gw_set *set,
			  const struct gw_elem *elem)
{
	const struct gw_set *wanted = gw_ruleset_set(desired, set->name);
	size_t low = 0, high;

	if (!wanted || !gw_set_definition_equal(wanted, set))
		return false;
	for (high = wanted->n_elems; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (gw_elem_compare(wanted, &wanted->elems[middle], elem) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < wanted->n_elems && gw_elem_compare(wanted, &wanted->elems[low], elem) == 0;
}

/* Builtin ids are told from rules' by a `*` in what is carried, which no id can have. */
static struct gw_count count_of(const struct gw_carried *carried)
{
	bool builtin = carried->id[0] == '*';

	return (struct gw_count){ carried->id + builtin, builtin, carried->packets,
				  carried->bytes };
}

/* Counts of all elements, or, with `desired`, of those that do not stay; carried ones added. */
static size_t collect(struct gw_arena *arena, const struct gw_ruleset *observed,
		      const struct gw_ruleset *desired, const struct gw_numbers *numbers,
		      uint32_t mark_mask, const struct gw_carried *carried, size_t n_carried,
		      struct gw_count **ret)
{
	struct index index = index_build(arena, numbers, mark_mask);
	struct gw_count *counts = NULL;
	size_t n = 0, capacity = 0;

	for (size_t i = 0; i < n_carried; i++)
		gw_push(counts, n, capacity, count_of(&carried[i]));
	for (size_t s = 0; s < observed->n_sets; s++) {
		const struct gw_set *set = &observed->sets[s];

		for (size_t i = 0; gw_counts_numbers(set) && i < set->n_elems; i++) {
			const struct gw_elem *elem = &set->elems[i];
			struct gw_count count = { .packets = elem->packets, .bytes = elem->bytes };
			uint32_t number;

			memcpy(&number, elem->key, sizeof(number));
			count.id = id_of(&index, number, &count.builtin);
			if (count.id && !(desired && element_stays(desired, set, elem)))
				gw_push(counts, n, capacity, count);
		}
	}
	n = merge(counts, n);
	*ret = gw_arena_memdup(arena, counts, n * sizeof(*counts));
	gw_free(counts);
	return n;
}

void gw_counts_collect(struct gw_arena *arena, const struct gw_ruleset *observed,
		       const struct gw_numbers *numbers, uint32_t mark_mask,
		       const struct gw_carried *carried, size_t n_carried, struct gw_count **ret,
		       size_t *ret_n)
{
	*ret_n = collect(arena, observed, NULL, numbers, mark_mask, carried, n_carried, ret);
}

static void carry(struct gw_arena *arena, const struct gw_count *counts, size_t n,
		  struct gw_carried **ret, size_t *ret_n)
{
	struct gw_carried *list = gw_arena_array(arena, n, struct gw_carried);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!counts[i].packets)
			continue;
		list[kept++] =
			(struct gw_carried){ counts[i].builtin
						     ? gw_arena_printf(arena, "*%s", counts[i].id)
						     : counts[i].id,
					     counts[i].packets, counts[i].bytes };
	}
	*ret = list;
	*ret_n = kept;
}

void gw_counts_carry(struct gw_arena *arena, const struct gw_ruleset *observed,
		     const struct gw_ruleset *desired, const struct gw_numbers *numbers,
		     uint32_t mark_mask, const struct gw_carried *carried, size_t n_carried,
		     struct gw_carried **ret, size_t *ret_n)
{
	struct gw_count *counts;
	size_t n =
		collect(arena, observed, desired, numbers, mark_mask, carried, n_carried, &counts);

	carry(arena, counts, n, ret, ret_n);
}

/* ---- what a transaction has ended ------------------------------------------------------------ */

static int compare_finals(const void *a, const void *b)
{
	const struct gw_final *left = a, *right = b;

	if (left->set != right->set)
		return (uintptr_t)left->set < (uintptr_t)right->set ? -1 : 1;
	return (left->number > right->number) - (left->number < right->number);
}

static struct gw_final final_of(const struct gw_set *set, const struct gw_elem *elem)
{
	struct gw_final final = { .set = set, .packets = elem->packets, .bytes = elem->bytes };

	memcpy(&final.number, elem->key, sizeof(final.number));
	return final;
}

static void add_deleted(const struct gw_op *op, const struct gw_final *told, size_t n_told,
			struct gw_finals *gone)
{
	for (size_t i = 0; i < op->count; i++) {
		struct gw_final seen = final_of(op->set, &op->elems[i]), *last = NULL;

		if (n_told)
			last = bsearch(&seen, told, n_told, sizeof(*told), compare_finals);
		gw_push(gone->items, gone->n, gone->capacity, last ? *last : seen);
	}
}

void gw_counts_settle(const struct gw_plan *part, size_t from, struct gw_finals *gone)
{
	struct gw_final *told =
		part->finals && part->finals->n > from ? part->finals->items + from : NULL;
	size_t n_told = told ? part->finals->n - from : 0;

	if (told)
		qsort(told, n_told, sizeof(*told), compare_finals);
	for (size_t i = 0; i < part->n_ops; i++) {
		const struct gw_op *op = &part->ops[i];

		if (!op->set || !gw_counts_numbers(op->set))
			continue;
		if (op->kind == GW_OP_DEL_ELEMS)
			add_deleted(op, told, n_told, gone);
		for (size_t k = 0; op->kind == GW_OP_DEL_SET && k < op->set->n_elems; k++)
			gw_push(gone->items, gone->n, gone->capacity,
				final_of(op->set, &op->set->elems[k]));
		for (size_t k = 0; op->kind == GW_OP_ADD_ELEMS && k < op->count; k++) {
			struct gw_final again = final_of(op->set, &op->elems[k]);

			again.packets = -again.packets;
			again.bytes = -again.bytes;
			if (again.packets)
				gw_push(gone->items, gone->n, gone->capacity, again);
		}
	}
}

void gw_counts_carry_gone(struct gw_arena *arena, const struct gw_finals *gone,
			  const struct gw_numbers *numbers, uint32_t mark_mask,
			  const struct gw_carried *carried, size_t n_carried,
			  struct gw_carried **ret, size_t *ret_n)
{
	struct index index = index_build(arena, numbers, mark_mask);
	struct gw_count *counts = gw_arena_array(arena, n_carried + gone->n, struct gw_count);
	size_t n = 0;

	for (size_t i = 0; i < n_carried; i++)
		counts[n++] = count_of(&carried[i]);
	for (size_t i = 0; i < gone->n; i++) {
		struct gw_count count = { .packets = gone->items[i].packets,
					  .bytes = gone->items[i].bytes };

		count.id = id_of(&index, gone->items[i].number, &count.builtin);
		if (count.id)
			counts[n++] = count;
	}
	carry(arena, counts, merge(counts, n), ret, ret_n);
}

uint32_t gw_counts_highest_number(const struct gw_ruleset *observed)
{
	uint32_t highest = 0;

	for (size_t s = 0; s < observed->n_sets; s++) {
		const struct gw_set *set = &observed->sets[s];

		for (size_t i = 0; gw_counts_numbers(set) && i < set->n_elems; i++) {
			uint32_t number;

			memcpy(&number, set->elems[i].key, sizeof(number));
			if (number > highest)
				highest = number;
		}
	}
	return highest;
}
