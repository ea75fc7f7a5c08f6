#include "gw/core/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gw/core/mem.h"

#define LIMIT 20u

static const struct gw_diag_kind kinds[] = {
#define GW_DIAG(number, severity, symbol, title_en, title_ja, explanation)                         \
	[GW_D_##symbol] = { number, GW_SEVERITY_##severity, title_en, title_ja, explanation },
#include "gw/core/diag/all.def"
#undef GW_DIAG
};

const struct gw_diag_kind *gw_diag_kind(enum gw_diag_id id)
{
	return &kinds[id];
}

const struct gw_diag_kind *gw_diag_kind_by_number(const char *number)
{
	for (size_t i = 0; i < GW_COUNT(kinds); i++)
		if (strcasecmp(kinds[i].number, number) == 0)
			return &kinds[i];
	return NULL;
}

void gw_diags_init(struct gw_diags *diags)
{
	*diags = (struct gw_diags){ .arena = gw_arena_new(), .limit = LIMIT };
}

void gw_diags_done(struct gw_diags *diags)
{
	gw_arena_free(diags->arena);
	gw_free(diags->items);
	*diags = (struct gw_diags){ 0 };
}

/* Makes room for an error by dropping the last warning; false if there are errors only. */
static bool drop_last_warning(struct gw_diags *diags)
{
	size_t i = diags->count;

	while (i && diags->items[i - 1].severity != GW_SEVERITY_WARNING)
		i--;
	if (!i)
		return false;
	memmove(&diags->items[i - 1], &diags->items[i],
		(diags->count - i) * sizeof(diags->items[0]));
	diags->count--;
	return true;
}

void gw_diag(struct gw_diags *diags, enum gw_diag_id id, struct gw_loc loc, const char *format, ...)
{
	struct gw_diagnostic item = { .id = id, .severity = kinds[id].severity, .loc = loc };
	bool is_error = kinds[id].severity == GW_SEVERITY_ERROR;
	va_list args;

	if (is_error)
		diags->errors++;
	else
		diags->warnings++;
	diags->kept_last = diags->count < diags->limit || (is_error && drop_last_warning(diags));
	if (!diags->kept_last)
		return;
	va_start(args, format);
	item.message = gw_arena_vprintf(diags->arena, format, args);
	va_end(args);
	gw_push(diags->items, diags->count, diags->capacity, item);
}

void gw_diag_hint(struct gw_diags *diags, const char *format, ...)
{
	va_list args;

	if (!diags->kept_last)
		return;
	va_start(args, format);
	diags->items[diags->count - 1].hint = gw_arena_vprintf(diags->arena, format, args);
	va_end(args);
}

void gw_diag_weigh(struct gw_diags *diags, enum gw_severity severity)
{
	if (!diags->kept_last || diags->items[diags->count - 1].severity == severity)
		return;
	diags->items[diags->count - 1].severity = severity;
	if (severity == GW_SEVERITY_ERROR) {
		diags->errors++;
		diags->warnings--;
	} else {
		diags->errors--;
		diags->warnings++;
	}
}

void gw_diag_related(struct gw_diags *diags, struct gw_loc loc, const char *format, ...)
{
	struct gw_diagnostic *last;
	va_list args;

	if (!diags->kept_last)
		return;
	last = &diags->items[diags->count - 1];
	last->related = loc;
	va_start(args, format);
	last->related_text = gw_arena_vprintf(diags->arena, format, args);
	va_end(args);
}

bool gw_locale_is_japanese(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	for (size_t i = 0; i < GW_COUNT(variables); i++) {
		/* Programs read the locale before they start threads. */
		const char *value = getenv(variables[i]); /* NOLINT(concurrency-mt-unsafe) */

		/* The first one that is set decides, as in setlocale(3). */
		if (value && *value)
			return strncmp(value, "ja", 2) == 0 && strchr("_.@", value[2]);
	}
	return false;
}

const char *gw_loc_text(struct gw_arena *arena, struct gw_loc loc)
{
	if (!loc.source)
		return "-";
	if (!loc.line)
		return gw_arena_strdup(arena, loc.source->path);
	return gw_arena_printf(arena, "%s:%u:%u", loc.source->path, loc.line, loc.column);
}
