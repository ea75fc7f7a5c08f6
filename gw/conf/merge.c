#include <string.h>

#include "gw/conf/entries.h"
#include "gw/conf/tree.h"

struct merge {
	struct gw_arena *arena;
	struct gw_diags *diags;
	const char *section; /* whose keys are being merged; NULL at the top */
};

static void report_twice(struct gw_entry *const *group, size_t n, void *context)
{
	const struct merge *merge = context;

	for (size_t i = 1; i < n; i++) {
		gw_diag(merge->diags, GW_D_DEFINED_TWICE, group[i]->key_loc,
			"`%s%s%s` is defined twice", merge->section ? merge->section : "",
			merge->section ? "." : "", group[i]->key);
		gw_diag_related(merge->diags, group[0]->key_loc, "first defined here");
	}
}

static size_t count_children(struct gw_entry *const *group, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += group[i]->value->n;
	return count;
}

static void merge_lists(struct merge *merge, struct gw_entry *const *group, size_t n)
{
	struct gw_node *node = group[0]->value;
	struct gw_node **items =
		gw_arena_array(merge->arena, count_children(group, n), struct gw_node *);
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		const struct gw_node *part = group[i]->value;

		if (part->n)
			/* An array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
			memcpy(items + done, part->items, part->n * sizeof(*items));
		done += part->n;
	}
	node->items = items;
	node->n = done;
}

static void merge_maps(struct merge *merge, struct gw_entry *const *group, size_t n)
{
	struct gw_node *node = group[0]->value;
	struct gw_entry *entries =
		gw_arena_array(merge->arena, count_children(group, n), struct gw_entry);
	struct merge inner = *merge;
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		const struct gw_node *part = group[i]->value;

		if (part->n)
			memcpy(entries + done, part->entries, part->n * sizeof(*entries));
		done += part->n;
	}
	inner.section = group[0]->key;
	node->entries = entries;
	node->n = gw_entries_group(entries, done, report_twice, &inner);
}

/* True for `gw: 1` in every file: the same word twice is no conflict. */
static bool all_equal(struct gw_entry *const *group, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (strcmp(group[i]->value->text, group[0]->value->text) != 0)
			return false;
	return true;
}

static void merge_section(struct gw_entry *const *group, size_t n, void *context)
{
	struct merge *merge = context;
	enum gw_node_kind kind = group[0]->value->kind;

	for (size_t i = 1; i < n; i++) {
		if (group[i]->value->kind == kind)
			continue;
		report_twice(group, n, merge);
		gw_diag_hint(merge->diags,
			     "a section that stands in several files must be a map in "
			     "all of them, or a list in all of them");
		return;
	}
	switch (kind) {
	case GW_NODE_LIST:
		merge_lists(merge, group, n);
		return;
	case GW_NODE_MAP:
		merge_maps(merge, group, n);
		return;
	case GW_NODE_SCALAR:
		if (!all_equal(group, n))
			report_twice(group, n, merge);
		return;
	}
}

size_t gw_conf_merge(struct gw_arena *arena, struct gw_entry *entries, size_t n,
		     struct gw_diags *diags)
{
	struct merge merge = { .arena = arena, .diags = diags };

	return gw_entries_group(entries, n, merge_section, &merge);
}
