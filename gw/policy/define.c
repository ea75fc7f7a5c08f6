#include "gw/policy/define.h"

#include <stdlib.h>
#include <string.h>

#define HEIGHT_MAX 32u

static int compare_names(const void *a, const void *b)
{
	const struct gw_definition *left = a, *right = b;

	return strcmp(left->name, right->name);
}

void gw_definitions_init(struct gw_definitions *definitions, const struct gw_node *map)
{
	size_t n = map ? map->n : 0;

	definitions->n = n;
	definitions->items = gw_arena_array(definitions->loader->arena, n, struct gw_definition);
	for (size_t i = 0; i < n; i++) {
		const struct gw_entry *entry = &map->entries[i];

		definitions->items[i] = (struct gw_definition){
			.name = entry->key,
			.loc = entry->key_loc,
			.value = entry->value,
		};
		if (strcmp(entry->key, "any") == 0 || strcmp(entry->key, "gateway") == 0)
			gw_diag(definitions->loader->diags, GW_D_RESERVED_NAME, entry->key_loc,
				"`%s` has a meaning of its own and cannot be defined", entry->key);
	}
	if (n)
		qsort(definitions->items, n, sizeof(*definitions->items), compare_names);
}

size_t gw_definitions_find(const struct gw_definitions *definitions, const char *name)
{
	const struct gw_definition key = { .name = name };
	const struct gw_definition *found = NULL;

	if (definitions->n)
		found = bsearch(&key, definitions->items, definitions->n,
				sizeof(*definitions->items), compare_names);
	return found ? (size_t)(found - definitions->items) : definitions->n;
}

static bool visit(struct gw_definitions *definitions, size_t index, unsigned int depth);

/* A name inside definition `parent`: visits what it names. */
static bool visit_name(struct gw_definitions *definitions, struct gw_definition *parent,
		       const struct gw_node *item, unsigned int depth)
{
	struct gw_diags *diags = definitions->loader->diags;
	size_t child = gw_definitions_find(definitions, item->text);
	struct gw_definition *definition;

	if (child == definitions->n) {
		definitions->report_unknown(definitions->loader, item->loc, item->text);
		return false;
	}
	definition = &definitions->items[child];
	if (definition->visiting) {
		gw_diag(diags, definitions->cycle, item->loc,
			"`%s` contains `%s`, which contains it", parent->name, definition->name);
		gw_diag_related(diags, definition->loc, "`%s` is defined here", definition->name);
		return false;
	}
	if (!definition->height && !visit(definitions, child, depth + 1))
		return false;
	if (parent->height <= definition->height)
		parent->height = definition->height + 1;
	if (parent->height > HEIGHT_MAX || depth > HEIGHT_MAX) {
		gw_diag(diags, GW_D_NESTED_TOO_DEEP, item->loc,
			"`%s` is more than %u levels of names deep", parent->name, HEIGHT_MAX);
		return false;
	}
	return true;
}

/* Depth first. False if it, or what it names, could not be built: then one diagnostic says why,
 * and what depends on it is not reported again. */
static bool visit(struct gw_definitions *definitions, size_t index, unsigned int depth)
{
	struct gw_definition *definition = &definitions->items[index];
	struct gw_node *const *items;
	size_t n;
	bool ok = true;

	definition->height = 1;
	if (depth > HEIGHT_MAX) {
		gw_diag(definitions->loader->diags, GW_D_NESTED_TOO_DEEP, definition->loc,
			"`%s` is more than %u levels of names deep", definition->name, HEIGHT_MAX);
		return false;
	}
	if (definition->value->kind == GW_NODE_MAP) {
		definitions->build(definitions, index);
		return true;
	}
	definition->visiting = true;
	items = gw_schema_items(&definition->value, &n);
	for (size_t i = 0; ok && i < n; i++)
		if (definitions->is_name(items[i]->text))
			ok = visit_name(definitions, definition, items[i], depth);
	definition->visiting = false;
	if (ok)
		definitions->build(definitions, index);
	return ok;
}

void gw_definitions_build(struct gw_definitions *definitions)
{
	for (size_t i = 0; i < definitions->n; i++)
		if (!definitions->items[i].height)
			(void)visit(definitions, i, 1); /* it has reported what is wrong */
}
