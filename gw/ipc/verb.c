/* What a request may hold: the table of its verb decides. */
#include <stdio.h>
#include <string.h>

#include "gw/core/diag.h"
#include "gw/core/utf8.h"
#include "gw/ipc/ipc.h"

#define TEXT_MAX  1024u
#define TEXTS_MAX 64u

const struct gw_verb *gw_verb_find(const struct gw_verb *const *tables, const char *name)
{
	for (; *tables; tables++)
		for (const struct gw_verb *verb = *tables; verb->name; verb++)
			if (strcmp(verb->name, name) == 0)
				return verb;
	return NULL;
}

#define NAMES_MAX 128u

const char *gw_verb_nearest(const struct gw_verb *const *tables, const char *name)
{
	const char *names[NAMES_MAX];
	size_t n = 0;

	for (; *tables; tables++)
		for (const struct gw_verb *verb = *tables; verb->name && n < NAMES_MAX; verb++)
			names[n++] = verb->name;
	return gw_nearest_name(name, names, n);
}

/* " (did you mean `text`?)" for a field's name, or nothing. */
static void suggest_field(const struct gw_verb *verb, const char *name, char *ret, size_t size)
{
	const char *names[NAMES_MAX], *nearest;
	size_t n = 0;

	for (const struct gw_ipc_field *field = verb->fields; field && field->name && n < NAMES_MAX;
	     field++)
		names[n++] = field->name;
	nearest = gw_nearest_name(name, names, n);
	ret[0] = '\0';
	if (nearest)
		(void)snprintf(ret, size, " (did you mean `%s`?)", nearest);
}

static const char *wrong_text(const json_t *value, uint64_t max)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (!text)
		return "is no text";
	if (len > (max ? max : TEXT_MAX))
		return "is too long";
	/* Records and terminals show it: nothing in it may steer them. */
	for (const char *at = text, *end = text + len; at < end;) {
		uint32_t c = gw_utf8_next(&at, end);

		if ((c < ' ' && c != '\n') || (c >= 0x7f && c < 0xa0) || gw_char_is_hidden(c))
			return "holds a control character";
	}
	return NULL;
}

static const char *wrong_texts(const json_t *value, uint64_t max)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(value))
		return "is no list";
	if (json_array_size(value) > (max ? max : TEXTS_MAX))
		return "has too many items";
	json_array_foreach(value, i, item)
	{
		const char *wrong = wrong_text(item, 0);

		if (wrong)
			return wrong;
	}
	return NULL;
}

static const char *wrong_uint(const json_t *value, uint64_t max)
{
	if (!json_is_integer(value))
		return "is no whole number";
	if (json_integer_value(value) < 0)
		return "is negative";
	return (uint64_t)json_integer_value(value) > max ? "is too large" : NULL;
}

static const char *wrong_value(const struct gw_ipc_field *field, const json_t *value)
{
	switch (field->type) {
	case GW_IPC_TEXT:
		return wrong_text(value, field->max);
	case GW_IPC_UINT:
		return wrong_uint(value, field->max);
	case GW_IPC_BOOL:
		return json_is_boolean(value) ? NULL : "is neither true nor false";
	case GW_IPC_TEXTS:
		return wrong_texts(value, field->max);
	case GW_IPC_OBJECT:
		return json_is_object(value) ? NULL : "is no object";
	case GW_IPC_LIST:
		return json_is_array(value) ? NULL : "is no list";
	}
	return "has an unknown type";
}

static const struct gw_ipc_field *find_field(const struct gw_verb *verb, const char *name)
{
	for (const struct gw_ipc_field *field = verb->fields; field && field->name; field++)
		if (strcmp(field->name, name) == 0)
			return field;
	return NULL;
}

const char *gw_verb_check(const struct gw_verb *verb, const json_t *request, char *text,
			  size_t text_size)
{
	const char *name, *wrong;
	const json_t *value;

	/* The iterator does not change the object, whatever its type says. */
	json_object_foreach((json_t *)(uintptr_t)request, name, value)
	{
		const struct gw_ipc_field *field = find_field(verb, name);

		if (strcmp(name, "schema") == 0 || strcmp(name, "id") == 0)
			continue;
		wrong = field ? wrong_value(field, value) : "is not known";
		if (wrong) {
			char hint[96] = "";

			if (!field)
				suggest_field(verb, name, hint, sizeof(hint));
			(void)snprintf(text, text_size, "%s: field `%.64s` %s%s", verb->name, name,
				       wrong, hint);
			return text;
		}
	}
	for (const struct gw_ipc_field *field = verb->fields; field && field->name; field++)
		if (field->required && !json_object_get(request, field->name)) {
			(void)snprintf(text, text_size, "%s: field `%s` is missing", verb->name,
				       field->name);
			return text;
		}
	return NULL;
}
