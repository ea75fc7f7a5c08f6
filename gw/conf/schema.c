#include "gw/conf/schema.h"

#include <assert.h>
#include <string.h>

#include "gw/conf/schema_value.h"
#include "gw/core/text.h"

#define FIELDS_MAX 64u

void gw_schema_suggest(struct gw_diags *diags, const char *name, const char *const *names,
		       size_t count)
{
	const char *nearest = gw_nearest_name(name, names, count);

	if (nearest)
		gw_diag_hint(diags, "did you mean `%s`?", nearest);
}

struct gw_loc gw_schema_loc(const struct gw_node *map, const char *key)
{
	const struct gw_node *value = gw_node_get(map, key);

	return value ? value->loc : map->loc;
}

struct gw_node *const *gw_schema_items(struct gw_node *const *slot, size_t *ret_n)
{
	if (!*slot) {
		*ret_n = 0;
		return slot;
	}
	if ((*slot)->kind == GW_NODE_LIST) {
		*ret_n = (*slot)->n;
		return (*slot)->items;
	}
	*ret_n = 1;
	return slot;
}

static const char *kind_name(enum gw_node_kind kind)
{
	static const char *const names[] = {
		[GW_NODE_SCALAR] = "a single value",
		[GW_NODE_LIST] = "a list",
		[GW_NODE_MAP] = "a map",
	};

	return names[kind];
}

static void report_wrong_kind(struct gw_diags *diags, const struct gw_node *node, const char *what,
			      const char *expected)
{
	gw_diag(diags, GW_D_WRONG_KIND, node->loc, "`%s` is %s, not %s", what, expected,
		kind_name(node->kind));
	if (strcmp(expected, "a list") == 0 && node->kind == GW_NODE_SCALAR)
		gw_diag_hint(diags, "put it in brackets: `[%s]`", node->text);
	else if (strcmp(expected, "a list") == 0)
		gw_diag_hint(diags, "a list has a line `- …` for each item");
	else if (strcmp(expected, "a map") == 0)
		gw_diag_hint(diags,
			     "a map has a line `name: …` for each entry, indented below `%s`",
			     what);
	else
		gw_diag_hint(diags, "write one value behind the colon, without brackets");
}

static bool wrong_kind(struct gw_diags *diags, const struct gw_node *node, const char *what,
		       const char *expected)
{
	if (node->kind == GW_NODE_SCALAR && !node->quoted && !*node->text)
		gw_diag(diags, GW_D_EMPTY_VALUE, node->loc, "`%s` has no value", what);
	else
		report_wrong_kind(diags, node, what, expected);
	return false;
}

static bool stored_as_node(const struct gw_field *field)
{
	return field->shape != GW_SHAPE_ONE || field->type >= GW_FIELD_ZONE;
}

/*
 * The checks below return whether sections can go on with the node: false only where its kind is
 * wrong, so that a slip in one name of a map does not make all its other names unknown. Tables
 * are checked when they are read (gw_schema_read).
 */

/* One value, be it alone or in a list or map. */
static bool check_value(struct gw_diags *diags, const struct gw_field *field,
			const struct gw_node *node, void *member)
{
	if (field->type == GW_FIELD_TABLE)
		return true;
	if (node->kind != GW_NODE_SCALAR)
		return wrong_kind(diags, node, field->key, "a single value");
	(void)gw_schema_read_scalar(diags, field, node, member); /* the text is there anyway */
	return *node->text;
}

static bool check_not_empty(struct gw_diags *diags, const struct gw_field *field,
			    const struct gw_node *node)
{
	if (node->n || field->empty_ok)
		return true;
	gw_diag(diags, GW_D_EMPTY_LIST, node->loc, "`%s` is empty", field->key);
	return false;
}

static bool check_list(struct gw_diags *diags, const struct gw_field *field,
		       const struct gw_node *node)
{
	bool ok = check_not_empty(diags, field, node);

	for (size_t i = 0; i < node->n; i++)
		ok &= check_value(diags, field, node->items[i], NULL);
	return ok;
}

static bool check_one_or_list(struct gw_diags *diags, const struct gw_field *field,
			      const struct gw_node *node)
{
	if (node->kind == GW_NODE_LIST)
		return check_list(diags, field, node);
	return check_value(diags, field, node, NULL);
}

static bool check_map(struct gw_diags *diags, const struct gw_field *field,
		      const struct gw_node *node)
{
	bool ok = check_not_empty(diags, field, node);

	for (size_t i = 0; i < node->n; i++) {
		const struct gw_entry *entry = &node->entries[i];

		if (field->key_max)
			(void)gw_schema_check_name(diags, entry->key_loc, entry->key,
						   field->key_max); /* usable as it is */
		if (field->shape == GW_SHAPE_MAP)
			ok &= check_value(diags, field, entry->value, NULL);
		else if (!field->table || entry->value->kind != GW_NODE_MAP)
			ok &= check_one_or_list(diags, field, entry->value);
	}
	return ok;
}

static bool check_shape(struct gw_diags *diags, const struct gw_field *field,
			const struct gw_node *node, void *member)
{
	switch (field->shape) {
	case GW_SHAPE_ONE:
		return check_value(diags, field, node, member);
	case GW_SHAPE_LIST:
		if (node->kind != GW_NODE_LIST)
			return wrong_kind(diags, node, field->key, "a list");
		return check_list(diags, field, node);
	case GW_SHAPE_ONE_OR_LIST:
		return check_one_or_list(diags, field, node);
	case GW_SHAPE_MAP:
	case GW_SHAPE_MAP_OF_LISTS:
		if (node->kind != GW_NODE_MAP)
			return wrong_kind(diags, node, field->key, "a map");
		return check_map(diags, field, node);
	}
	return false;
}

static void read_field(struct gw_diags *diags, const struct gw_field *field,
		       const struct gw_entry *entry, void *form)
{
	char *member = (char *)form + field->offset;

	if (field->type == GW_FIELD_RESERVED) {
		gw_diag(diags, GW_D_SECTION_UNSUPPORTED, entry->key_loc,
			"`%s` is not supported by this version and is ignored", field->key);
		return;
	}
	if (field->check && !field->check(diags, entry->value))
		return;
	if (!check_shape(diags, field, entry->value, stored_as_node(field) ? NULL : member))
		return;
	if (stored_as_node(field))
		memcpy(member, &entry->value, sizeof(entry->value));
}

static const struct gw_field *find_field(const struct gw_table *table, const char *key)
{
	for (size_t i = 0; i < table->n_fields; i++)
		if (strcmp(table->fields[i].key, key) == 0)
			return &table->fields[i];
	return NULL;
}

static void report_unknown_key(struct gw_diags *diags, const struct gw_table *table,
			       const struct gw_entry *entry)
{
	gw_auto_text struct gw_text known = { 0 };
	const char *keys[FIELDS_MAX];

	for (size_t i = 0; i < table->n_fields; i++)
		keys[i] = table->fields[i].key;
	/* The config as a whole consists of many files: which one this is in, the place says. */
	if (table->whole)
		gw_diag(diags, GW_D_UNKNOWN_KEY, entry->key_loc, "unknown section `%s`",
			entry->key);
	else
		gw_diag(diags, GW_D_UNKNOWN_KEY, entry->key_loc, "unknown key `%s` in `%s`",
			entry->key, table->name);
	if (gw_nearest_name(entry->key, keys, table->n_fields)) {
		gw_schema_suggest(diags, entry->key, keys, table->n_fields);
		return;
	}
	for (size_t i = 0; i < table->n_fields; i++)
		gw_text_printf(&known, "%s%s", i ? ", " : "", keys[i]);
	gw_diag_hint(diags, "the %s are %s", table->whole ? "sections" : "keys here", known.bytes);
}

static void set_defaults(const struct gw_table *table, void *form)
{
	memset(form, 0, table->size);
	for (size_t i = 0; i < table->n_fields; i++) {
		const struct gw_field *field = &table->fields[i];
		struct gw_node node = { .kind = GW_NODE_SCALAR, .text = field->fallback };
		bool ok;

		/* Where a node is stored, its absence says "default" and `fallback` documents it.
		 */
		if (!field->fallback || stored_as_node(field))
			continue;
		ok = gw_schema_read_scalar(NULL, field, &node, (char *)form + field->offset);
		assert(ok);
		(void)ok; /* without assertions */
	}
}

static void report_missing(struct gw_diags *diags, const struct gw_table *table,
			   const struct gw_field *field, const struct gw_node *node)
{
	gw_diag(diags, field->missing ? field->missing : GW_D_MISSING_KEY, node->loc,
		"`%s` is missing in `%s`", field->key, table->name);
	gw_diag_hint(diags, "%s: %s", field->key, field->en);
}

bool gw_schema_read(struct gw_diags *diags, const struct gw_table *table,
		    const struct gw_node *node, void *form)
{
	uint64_t seen = 0;
	size_t errors;

	assert(table->n_fields <= FIELDS_MAX);
	set_defaults(table, form);
	if (!node)
		return true;
	if (node->kind != GW_NODE_MAP)
		return wrong_kind(diags, node, table->name, "a map");
	errors = diags->errors;
	for (size_t i = 0; i < node->n; i++) {
		const struct gw_field *field = find_field(table, node->entries[i].key);

		if (!field) {
			report_unknown_key(diags, table, &node->entries[i]);
			continue;
		}
		seen |= UINT64_C(1) << (field - table->fields);
		read_field(diags, field, &node->entries[i], form);
	}
	for (size_t i = 0; i < table->n_fields; i++)
		if (table->fields[i].required && !(seen >> i & 1))
			report_missing(diags, table, &table->fields[i], node);
	return diags->errors == errors;
}
