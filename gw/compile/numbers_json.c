/* Numbers as JSON, for the state directory:
 *	{"schema": "gw.numbers/1", "next": 117, "translates": true, "numbers": [{"id": "web-in", "number": 16,
 *	 "content": "00f1…"}, …]} */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "gw/compile/numbers.h"

#define SCHEMA "gw.numbers/1"

void gw_numbers_print(const struct gw_numbers *numbers, struct gw_text *out)
{
	/* Ids are [a-z0-9-] only, so nothing has to be escaped. */
	gw_text_printf(out,
		       "{\"schema\": \"%s\", \"next\": %u, \"translates\": %s, "
		       "\"numbers\": [",
		       SCHEMA, numbers->next, numbers->translates ? "true" : "false");
	for (size_t i = 0; i < numbers->n; i++)
		gw_text_printf(out,
			       "%s\n{\"id\": \"%s\", \"number\": %u, \"content\": \"%016llx\"}",
			       i ? "," : "", numbers->items[i].id, numbers->items[i].number,
			       (unsigned long long)numbers->items[i].content);
	gw_text_puts(out, "]}\n");
}

static bool get_u32(const json_t *object, const char *key, uint32_t *ret)
{
	const json_t *value = json_object_get(object, key);
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 0 || number > UINT32_MAX)
		return false;
	*ret = (uint32_t)number;
	return true;
}

static bool get_hash(const json_t *object, const char *key, uint64_t *ret)
{
	const char *text = json_string_value(json_object_get(object, key));
	char *end;

	if (!text || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
		return false;
	*ret = strtoull(text, &end, 16);
	return true;
}

static bool item_parse(struct gw_numbers *numbers, const json_t *object)
{
	const char *id = json_string_value(json_object_get(object, "id"));
	struct gw_number item = { 0 };

	if (!id || !get_u32(object, "number", &item.number) || item.number < GW_NUMBER_FIRST ||
	    !get_hash(object, "content", &item.content))
		return false;
	if (numbers->n && strcmp(numbers->items[numbers->n - 1].id, id) >= 0)
		return false; /* not sorted: not written by us */
	item.id = gw_arena_strdup(numbers->arena, id);
	numbers->items[numbers->n++] = item;
	return true;
}

static bool numbers_parse(struct gw_numbers *numbers, const json_t *root)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	const json_t *items = json_object_get(root, "numbers");

	if (!schema || strcmp(schema, SCHEMA) != 0 || !json_is_array(items) ||
	    !get_u32(root, "next", &numbers->next))
		return false;
	/* Files of versions that did not say: those always translated. */
	numbers->translates = !json_is_false(json_object_get(root, "translates"));
	numbers->items = gw_arena_array(numbers->arena, json_array_size(items), struct gw_number);
	for (size_t i = 0; i < json_array_size(items); i++)
		if (!item_parse(numbers, json_array_get(items, i)))
			return false;
	return true;
}

struct gw_numbers *gw_numbers_parse(const char *json, size_t len)
{
	json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	struct gw_arena *arena = gw_arena_new();
	struct gw_numbers *numbers = gw_arena_new_of(arena, struct gw_numbers);

	numbers->arena = arena;
	if (!numbers_parse(numbers, root)) {
		gw_arena_free(arena);
		numbers = NULL;
	}
	json_decref(root);
	return numbers;
}
