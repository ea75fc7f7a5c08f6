/* The tables as JSON Schema, draft 2020-12: what editors complete and check while one types. */
#include <jansson.h>

#include "gw/conf/schema.h"
#include "gw/core/mem.h"

#define NAME_PATTERN "^[a-z0-9-]{1,%u}$"

static void set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		gw_out_of_memory(); /* the only way to fail with valid UTF-8 and our own objects */
}

static void append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		gw_out_of_memory();
}

static json_t *object_new(void)
{
	json_t *object = json_object();

	if (!object)
		gw_out_of_memory();
	return object;
}

static json_t *string_list(const char *const *words, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		append(array, json_string(words[i]));
	return array;
}

/* Every scalar is text to us, but editors type `2041` and `true` before they look at the schema. */
static json_t *text_schema(const char *pattern, uint32_t max)
{
	static const char *const types[] = { "string", "number", "boolean" };
	json_t *schema = object_new();

	set(schema, "type", string_list(types, GW_COUNT(types)));
	if (pattern)
		set(schema, "pattern", json_string(pattern));
	if (max) {
		set(schema, "minLength", json_integer(1));
		set(schema, "maxLength", json_integer(max));
	}
	return schema;
}

static json_t *name_schema(uint32_t max)
{
	char pattern[64];

	(void)snprintf(pattern, sizeof(pattern), NAME_PATTERN, max);
	return text_schema(pattern, 0);
}

static json_t *bool_schema(void)
{
	static const char *const words[] = { "true", "yes", "on", "false", "no", "off" };
	json_t *schema = object_new(), *values = string_list(words, GW_COUNT(words));

	append(values, json_true());
	append(values, json_false());
	set(schema, "enum", values);
	return schema;
}

static json_t *uint_schema(const struct gw_field *field)
{
	json_t *schema = object_new();

	set(schema, "type", json_string("integer"));
	set(schema, "minimum", json_integer(field->min));
	set(schema, "maximum", json_integer(field->max));
	return schema;
}

static json_t *choice_schema(const struct gw_field *field)
{
	json_t *schema = object_new(), *values = json_array();

	for (const struct gw_choice *choice = field->choices; choice->word; choice++)
		append(values, json_string(choice->word));
	set(schema, "enum", values);
	return schema;
}

static json_t *reference(const char *table)
{
	json_t *schema = object_new();

	set(schema, "$ref", json_sprintf("#/$defs/%s", table));
	return schema;
}

static json_t *any_of(json_t *a, json_t *b)
{
	json_t *schema = object_new(), *array = json_array();

	append(array, a);
	append(array, b);
	set(schema, "anyOf", array);
	return schema;
}

static json_t *scalar_schema(const struct gw_field *field)
{
	switch (field->type) {
	case GW_FIELD_TEXT:
		return text_schema(NULL, field->max ? field->max : GW_TEXT_MAX);
	case GW_FIELD_NAME:
		return name_schema(field->max ? field->max : GW_NAME_MAX);
	case GW_FIELD_BOOL:
		return bool_schema();
	case GW_FIELD_UINT:
		return uint_schema(field);
	case GW_FIELD_CHOICE:
		return choice_schema(field);
	case GW_FIELD_DATE:
		return text_schema("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", 0);
	case GW_FIELD_TIME:
		return text_schema("^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}"
				   "(:[0-9]{2}(\\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
				   0);
	case GW_FIELD_CLOCK:
		return text_schema("^([01][0-9]|2[0-4]):[0-5][0-9]$", 0);
	case GW_FIELD_OFFSET:
		return text_schema("^[+-][0-9]{2}:[0-5][0-9]$", 0);
	case GW_FIELD_DURATION:
		return text_schema("^[0-9]+[smhdy]$", 0);
	case GW_FIELD_ZONE:
		return name_schema(GW_NAME_MAX);
	case GW_FIELD_NET:
		return text_schema("^[0-9a-fA-F:./-]+$", 0);
	case GW_FIELD_ADDRESS:
		return text_schema("^([0-9a-fA-F:./-]+|[a-z0-9-]{1,32})$", 0);
	case GW_FIELD_SERVICE:
		return text_schema("^[a-z0-9-]{1,32}(/[a-z0-9-]+(/[0-9]+)?)?$", 0);
	case GW_FIELD_TABLE:
		return reference(field->table->name);
	case GW_FIELD_RESERVED:
		return json_true();
	}
	return NULL;
}

/* A typed value may also be written as a variable. */
static json_t *value_schema(const struct gw_field *field)
{
	if (field->type == GW_FIELD_TEXT || field->type == GW_FIELD_TABLE ||
	    field->type == GW_FIELD_RESERVED)
		return scalar_schema(field);
	return any_of(scalar_schema(field), reference("variable"));
}

static json_t *list_schema(const struct gw_field *field)
{
	json_t *schema = object_new();

	set(schema, "type", json_string("array"));
	set(schema, "items", value_schema(field));
	if (!field->empty_ok)
		set(schema, "minItems", json_integer(1));
	return schema;
}

static json_t *one_or_list_schema(const struct gw_field *field)
{
	return any_of(value_schema(field), list_schema(field));
}

static json_t *map_schema(const struct gw_field *field, json_t *values)
{
	json_t *schema = object_new();

	set(schema, "type", json_string("object"));
	if (field->key_max) {
		char pattern[64];
		json_t *names = object_new();

		(void)snprintf(pattern, sizeof(pattern), NAME_PATTERN, field->key_max);
		set(names, "pattern", json_string(pattern));
		set(schema, "propertyNames", names);
	}
	set(schema, "additionalProperties", values);
	if (!field->empty_ok)
		set(schema, "minProperties", json_integer(1));
	return schema;
}

/* An item of a map of lists: without the bounds and names of the map itself. */
static json_t *map_item_schema(const struct gw_field *field)
{
	struct gw_field item = *field;
	json_t *lists;

	item.empty_ok = false;
	lists = one_or_list_schema(&item);
	return field->table ? any_of(lists, reference(field->table->name)) : lists;
}

static json_t *shape_schema(const struct gw_field *field)
{
	switch (field->shape) {
	case GW_SHAPE_ONE:
		return value_schema(field);
	case GW_SHAPE_LIST:
		return list_schema(field);
	case GW_SHAPE_ONE_OR_LIST:
		return one_or_list_schema(field);
	case GW_SHAPE_MAP:
		return map_schema(field, value_schema(field));
	case GW_SHAPE_MAP_OF_LISTS:
		return map_schema(field, map_item_schema(field));
	}
	return NULL;
}

static json_t *field_schema(const struct gw_field *field)
{
	json_t *schema = field->type == GW_FIELD_RESERVED ? object_new() : shape_schema(field);

	set(schema, "description", json_sprintf("%s\n%s", field->en, field->ja));
	if (field->fallback)
		set(schema, "default", json_string(field->fallback));
	return schema;
}

static json_t *table_schema(const struct gw_table *table)
{
	json_t *schema = object_new(), *properties = object_new(), *required = json_array();

	for (size_t i = 0; i < table->n_fields; i++) {
		set(properties, table->fields[i].key, field_schema(&table->fields[i]));
		/* A file alone need not be complete: others are included, or include it. */
		if (table->fields[i].required && !table->whole)
			append(required, json_string(table->fields[i].key));
	}
	set(schema, "description", json_sprintf("%s\n%s", table->en, table->ja));
	set(schema, "type", json_string("object"));
	set(schema, "additionalProperties", json_false());
	set(schema, "properties", properties);
	set(schema, "required", required);
	return schema;
}

/* Adds the tables below `table` that are not there yet. Tables nest a few levels at most. */
static void add_definitions(json_t *definitions, const struct gw_table *table)
{
	for (size_t i = 0; i < table->n_fields; i++) {
		const struct gw_table *below = table->fields[i].table;

		if (!below || json_object_get(definitions, below->name))
			continue;
		set(definitions, below->name, table_schema(below));
		add_definitions(definitions, below);
	}
}

static int print_to_text(const char *bytes, size_t len, void *out)
{
	gw_text_add(out, bytes, len);
	return 0;
}

void gw_schema_json(const struct gw_table *root, struct gw_text *out)
{
	json_t *schema = object_new(), *definitions = object_new(), *body = table_schema(root);

	set(schema, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
	set(schema, "title", json_string(root->name));
	set(definitions, "variable", text_schema("^\\$\\{[A-Za-z0-9_-]+\\}$", 0));
	add_definitions(definitions, root);
	if (json_object_update(schema, body) < 0)
		gw_out_of_memory();
	set(schema, "$defs", definitions);
	if (json_dump_callback(schema, print_to_text, out, JSON_INDENT(2)) < 0)
		gw_out_of_memory();
	gw_text_putc(out, '\n');
	json_decref(body);
	json_decref(schema);
}
