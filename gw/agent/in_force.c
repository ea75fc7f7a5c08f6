/*
 * Which revision the kernel should hold, where a change was interrupted. A pending revision was made if
 * the kernel holds its ruleset. A change goes in two transactions (gw/plan/withdraw.c); in between, the
 * kernel holds the new ruleset and numbers of the old one that are about to go. Those do not count
 * here: what is left to do is in the next plan.
 */
#include <stdlib.h>
#include <string.h>

#include "gw/agent/counts.h"
#include "gw/agent/transaction.h"

static int compare_u32(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* Numbers, sorted. */
struct list {
	uint32_t *items;
	size_t n;
};

static bool has(const struct list *list, uint32_t number)
{
	return list->n && bsearch(&number, list->items, list->n, sizeof(number), compare_u32);
}

static struct list list_numbers(struct gw_arena *arena, const struct gw_numbers *numbers)
{
	struct list list = { 0 };

	if (!numbers)
		return list;
	list.items = gw_arena_array(arena, numbers->n, uint32_t);
	for (size_t i = 0; i < numbers->n; i++)
		list.items[list.n++] = numbers->items[i].number;
	if (list.n)
		qsort(list.items, list.n, sizeof(*list.items), compare_u32);
	return list;
}

/* The set without numbers that only the old revision has. */
static void drop_withdrawn(struct gw_arena *arena, struct gw_set *set, const struct list *old,
			   const struct list *new)
{
	struct gw_elem *elems = gw_arena_array(arena, set->n_elems, struct gw_elem);
	size_t n = 0;

	for (size_t i = 0; i < set->n_elems; i++) {
		uint32_t number;

		memcpy(&number, set->elems[i].key, sizeof(number));
		if (has(new, number) || !has(old, number))
			elems[n++] = set->elems[i];
	}
	set->elems = elems;
	set->n_elems = n;
}

static bool was_made(struct gw_store *store, uint32_t pending, const struct gw_ruleset *observed)
{
	struct gw_numbers *before = gw_store_numbers(store, gw_store_current(store));
	struct gw_numbers *after = gw_store_numbers(store, pending);
	struct gw_arena *arena = gw_arena_new();
	struct list old = list_numbers(arena, before), new = list_numbers(arena, after);
	struct gw_ruleset seen = *observed;
	struct gw_revision revision;
	char digest[65];
	bool made;

	if (gw_store_revision(store, pending, arena, &revision) < 0)
		revision.digest = "unknown";
	seen.sets =
		gw_arena_memdup(arena, observed->sets, observed->n_sets * sizeof(*observed->sets));
	for (size_t i = 0; i < seen.n_sets; i++)
		if (gw_counts_numbers(&seen.sets[i]))
			drop_withdrawn(arena, &seen.sets[i], &old, &new);
	gw_ruleset_digest(&seen, digest);
	gw_numbers_free(before);
	gw_numbers_free(after);
	made = strcmp(digest, revision.digest) == 0;
	gw_arena_free(arena);
	return made;
}

uint32_t gw_revision_in_force(struct gw_store *store, const struct gw_ruleset *observed)
{
	uint32_t pending = gw_store_pending(store);

	if (pending && was_made(store, pending, observed))
		return pending;
	return gw_store_current(store);
}
