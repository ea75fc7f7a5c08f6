#include "gw/report/json.h"

#include <stdlib.h>
#include <time.h>

#include "gw/core/mem.h"
#include "gw/core/utf8.h"

void gw_json_set(json_t *object, const char *key, json_t *value)
{
	if (!value || json_object_set_new(object, key, value) < 0)
		gw_out_of_memory();
}

void gw_json_add(json_t *array, json_t *value)
{
	if (!value || json_array_append_new(array, value) < 0)
		gw_out_of_memory();
}

json_t *gw_json_text(const char *text)
{
	gw_auto_text struct gw_text clean = { 0 };

	if (!text)
		return json_null();
	gw_text_puts_visible(&clean, text);
	return json_stringn(clean.bytes ? clean.bytes : "", clean.len);
}

json_t *gw_json_number(uint64_t number)
{
	/* JSON numbers above 2^53 are not exact for most readers, and counters never get there. */
	return json_integer(number > INT64_MAX ? INT64_MAX : (json_int_t)number);
}

json_t *gw_json_time(int64_t time)
{
	time_t seconds = (time_t)time;
	struct tm parts;
	char text[48];

	if (!gmtime_r(&seconds, &parts) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts))
		return json_null();
	return json_string(text);
}

void gw_json_add_loc(json_t *object, struct gw_loc loc)
{
	if (!loc.source)
		return;
	gw_json_set(object, "file", gw_json_text(loc.source->path));
	gw_json_set(object, "line", gw_json_number(loc.line));
	gw_json_set(object, "column", gw_json_number(loc.column));
}

static json_t *diagnostic(const struct gw_diagnostic *item)
{
	const struct gw_diag_kind *kind = gw_diag_kind(item->id);
	json_t *object = json_object();

	gw_json_set(object, "id", gw_json_text(kind->number));
	gw_json_set(object, "severity",
		    gw_json_text(item->severity == GW_SEVERITY_ERROR ? "error" : "warning"));
	gw_json_set(object, "message", gw_json_text(item->message));
	gw_json_add_loc(object, item->loc);
	if (item->hint)
		gw_json_set(object, "hint", gw_json_text(item->hint));
	if (item->related.source) {
		json_t *related = json_object();

		gw_json_set(related, "message", gw_json_text(item->related_text));
		gw_json_add_loc(related, item->related);
		gw_json_set(object, "related", related);
	}
	return object;
}

json_t *gw_json_diags(const struct gw_diags *diags)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diags->count; i++)
		gw_json_add(array, diagnostic(&diags->items[i]));
	return array;
}

void gw_json_print(const json_t *root, struct gw_text *out)
{
	char *text = json_dumps(root, JSON_INDENT(2));

	if (!text)
		gw_out_of_memory();
	gw_text_puts(out, text);
	gw_text_putc(out, '\n');
	free(text);
}
