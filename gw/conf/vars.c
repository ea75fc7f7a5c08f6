/*
 * Site variables. A variable is a whole scalar and never a part of a text: what it holds is then
 * checked like any other value in its place, and no combination of two texts can mean something
 * that neither of them says.
 */
#include <string.h>

#include "gw/conf/tree.h"
#include "gw/core/mem.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789_-"

struct vars {
	struct gw_arena *arena;
	const struct gw_node *map; /* site.vars, or NULL */
	struct gw_diags *diags;
};

/* A variable that is defined wrongly is reported once, where it is defined. */
static void check_definitions(const struct vars *vars)
{
	for (size_t i = 0; i < vars->map->n; i++) {
		const struct gw_entry *entry = &vars->map->entries[i];

		if (entry->key[strspn(entry->key, NAME_CHARACTERS)])
			gw_diag(vars->diags, GW_D_VARIABLE_NAME, entry->key_loc,
				"`%s` is not a name for a variable: only a-z, 0-9, `_` and `-`",
				entry->key);
		if (entry->value->kind != GW_NODE_SCALAR)
			gw_diag(vars->diags, GW_D_VARIABLE_FORM, entry->value->loc,
				"the variable `%s` is not a single value", entry->key);
		else if (strstr(entry->value->text, "${"))
			gw_diag(vars->diags, GW_D_VARIABLE_NESTED, entry->value->loc,
				"the variable `%s` refers to a variable", entry->key);
	}
}

static void report_unknown(const struct vars *vars, struct gw_loc loc, const char *name)
{
	size_t n = vars->map ? vars->map->n : 0;
	gw_auto_free const char **names = gw_zalloc(n, sizeof(const char *));
	const char *nearest;

	for (size_t i = 0; i < n; i++)
		names[i] = vars->map->entries[i].key;
	gw_diag(vars->diags, GW_D_VARIABLE_UNKNOWN, loc, "there is no variable `%s`", name);
	nearest = gw_nearest_name(name, names, n);
	if (nearest)
		gw_diag_hint(vars->diags, "did you mean `${%s}`?", nearest);
	else
		gw_diag_hint(vars->diags, "variables are defined under `site: {vars: {%s: …}}`",
			     *name ? name : "name");
}

/* The name in a text that is `${name}` and nothing else, in the arena; NULL for any other. */
static const char *whole_variable(struct gw_arena *arena, const char *text)
{
	size_t len = strlen(text);

	if (len < 3 || strncmp(text, "${", 2) != 0 || strcspn(text, "}") != len - 1)
		return NULL;
	return gw_arena_strndup(arena, text + 2, len - 3);
}

/* Asked of every text of the config, almost always in vain: strchr() is the faster first look. */
static bool has_variable(const char *text)
{
	const char *dollar = strchr(text, '$');

	return dollar && strstr(dollar, "${");
}

static void substitute_scalar(const struct vars *vars, struct gw_node *node)
{
	const struct gw_node *value;
	const char *name;

	if (!has_variable(node->text))
		return;
	name = whole_variable(vars->arena, node->text);
	if (!name) {
		gw_diag(vars->diags, GW_D_VARIABLE_IN_TEXT, node->loc,
			"a variable stands for a whole value, not for a part of one");
		gw_diag_hint(vars->diags, "define a variable that holds the whole text");
		return;
	}
	value = vars->map ? gw_node_get(vars->map, name) : NULL;
	if (!value)
		report_unknown(vars, node->loc, name);
	else if (value->kind == GW_NODE_SCALAR)
		node->text = value->text;
}

/* Recursion ends with the depth that the parser permits. */
static void substitute(const struct vars *vars, struct gw_node *node)
{
	if (node == vars->map)
		return;
	switch (node->kind) {
	case GW_NODE_SCALAR:
		substitute_scalar(vars, node);
		return;
	case GW_NODE_LIST:
		for (size_t i = 0; i < node->n; i++)
			substitute(vars, node->items[i]);
		return;
	case GW_NODE_MAP:
		for (size_t i = 0; i < node->n; i++) {
			const struct gw_entry *entry = &node->entries[i];

			if (has_variable(entry->key))
				gw_diag(vars->diags, GW_D_VARIABLE_IN_TEXT, entry->key_loc,
					"a variable cannot be a key");
			substitute(vars, entry->value);
		}
		return;
	}
}

void gw_conf_substitute(struct gw_arena *arena, struct gw_node *root, struct gw_diags *diags)
{
	const struct gw_node *site = gw_node_get(root, "site");
	const struct gw_node *map =
		site && site->kind == GW_NODE_MAP ? gw_node_get(site, "vars") : NULL;
	struct vars vars = { .arena = arena, .diags = diags };

	if (map && map->kind == GW_NODE_MAP) {
		vars.map = map;
		check_definitions(&vars);
	}
	substitute(&vars, root);
}
