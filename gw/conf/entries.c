#include "gw/conf/entries.h"

#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"

#define SMALL 16u /* up to here comparing all pairs is faster than sorting */

static bool has_duplicates(const struct gw_entry *entries, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(entries[i].key, entries[j].key) == 0)
				return true;
	return false;
}

static int compare_entries(const void *left, const void *right)
{
	const struct gw_entry *a = *(struct gw_entry *const *)left;
	const struct gw_entry *b = *(struct gw_entry *const *)right;
	int order = strcmp(a->key, b->key);

	if (order)
		return order;
	return a < b ? -1 : a > b; /* one array: as written */
}

static size_t drop_marked(struct gw_entry *entries, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (entries[i].key)
			entries[kept++] = entries[i];
	return kept;
}

size_t gw_entries_group(struct gw_entry *entries, size_t n, gw_group_fn *fn, void *context)
{
	gw_auto_free struct gw_entry **order = NULL;
	size_t end;

	if (n < 2 || (n <= SMALL && !has_duplicates(entries, n)))
		return n;
	order = gw_zalloc(n, sizeof(struct gw_entry *));
	for (size_t i = 0; i < n; i++)
		order[i] = &entries[i];
	qsort(order, n, sizeof(struct gw_entry *), compare_entries);
	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && strcmp(order[end]->key, order[i]->key) == 0;)
			end++;
		if (end - i < 2)
			continue;
		fn(order + i, end - i, context);
		for (size_t j = i + 1; j < end; j++)
			order[j]->key = NULL;
	}
	return drop_marked(entries, n);
}
