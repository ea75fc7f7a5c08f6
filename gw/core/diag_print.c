/*
 * Diagnostics as text.
 *
 *	error[GW0212]: unknown zone `dmx`
 *	  --> policies/web.yaml:14:34
 *	   |
 *	14 |   - {id: web-in, from: wan, to: dmx, services: [web]}
 *	   |                                 ^^^
 *	   = help: did you mean `dmz`? (`dmz` is defined at site.yaml:9:3)
 *
 * Everything that comes from files goes through gw_text_add_visible, so that no byte of a hostile
 * repository reaches the terminal as a command. A column is a character of the file; the carets are
 * placed by the columns that the characters before them take on the screen.
 */
#include <stdlib.h>
#include <string.h>

#include "gw/core/diag.h"
#include "gw/core/mem.h"
#include "gw/core/text.h"
#include "gw/core/utf8.h"

#define SCREEN_COLUMNS 96u /* of the source line; longer lines are cut around the place */
#define COLUMNS_BEFORE 48u /* kept before the place when a line is cut */

struct printer {
	struct gw_text text;
	bool colour, japanese;
};

#define RED    "\033[1;31m"
#define YELLOW "\033[1;33m"
#define BLUE   "\033[1;34m"
#define BOLD   "\033[1m"
#define PLAIN  "\033[0m"

static void style(struct printer *printer, const char *code)
{
	if (printer->colour)
		gw_text_puts(&printer->text, code);
}

static void print_title(struct printer *printer, const struct gw_diagnostic *item)
{
	const struct gw_diag_kind *kind = gw_diag_kind(item->id);
	bool is_error = item->severity == GW_SEVERITY_ERROR;

	style(printer, is_error ? RED : YELLOW);
	gw_text_printf(&printer->text, "%s[%s]", is_error ? "error" : "warning", kind->number);
	style(printer, PLAIN);
	style(printer, BOLD);
	gw_text_puts(&printer->text, ": ");
	if (printer->japanese)
		gw_text_printf(&printer->text, "%s: ", kind->title_ja);
	gw_text_puts_visible(&printer->text, item->message);
	style(printer, PLAIN);
	gw_text_putc(&printer->text, '\n');
}

static void print_place(struct printer *printer, struct gw_loc loc)
{
	gw_text_puts_visible(&printer->text, loc.source->path);
	if (loc.line)
		gw_text_printf(&printer->text, ":%u:%u", loc.line, loc.column);
}

/* The line without its end; false if the source has no such line. */
static bool find_line(struct gw_loc loc, const char **ret_start, const char **ret_end)
{
	const char *at = loc.source->text, *end, *newline;

	if (!at || !loc.line)
		return false;
	end = at + loc.source->len;
	for (uint32_t line = 1; line < loc.line; line++) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (!at)
			return false;
		at++;
	}
	newline = memchr(at, '\n', (size_t)(end - at));
	if (newline)
		end = newline;
	if (end > at && end[-1] == '\r')
		end--;
	*ret_start = at;
	*ret_end = end;
	return true;
}

/* The screen columns of up to `count` characters; `*at` moves behind them. */
static size_t measure(const char **at, const char *end, size_t count)
{
	gw_auto_text struct gw_text scratch = { 0 };
	size_t columns = 0;

	for (; count && *at < end; count--) {
		columns += gw_text_add_visible(&scratch, at, end);
		scratch.len = 0;
	}
	return columns;
}

/* Where to start showing a line so that the place is on the screen; the columns skipped. */
static const char *cut_start(const char *start, const char *end, size_t before, size_t *ret_skipped)
{
	size_t skipped = 0;

	while (before - skipped > COLUMNS_BEFORE)
		skipped += measure(&start, end, 1);
	*ret_skipped = skipped;
	return start;
}

static void print_carets(struct printer *printer, size_t columns, size_t len)
{
	for (size_t i = 0; i < columns; i++)
		gw_text_putc(&printer->text, ' ');
	for (size_t i = 0; i < len; i++)
		gw_text_putc(&printer->text, '^');
	gw_text_putc(&printer->text, '\n');
}

/* Shows the line from `at` and returns the columns used, at most SCREEN_COLUMNS. */
static size_t print_line(struct printer *printer, const char *at, const char *end)
{
	size_t used = 0;

	while (at < end) {
		const char *next = at;
		size_t width = measure(&next, end, 1);

		if (used + width > SCREEN_COLUMNS) {
			gw_text_puts(&printer->text, "…");
			break;
		}
		used += gw_text_add_visible(&printer->text, &at, end);
	}
	gw_text_putc(&printer->text, '\n');
	return used;
}

static void print_gutter(struct printer *printer, int width, const char *line_number)
{
	style(printer, BLUE);
	gw_text_printf(&printer->text, "%*s |", width, line_number);
	style(printer, PLAIN);
}

static void print_source(struct printer *printer, const struct gw_diagnostic *item, int width)
{
	const char *start, *end, *at;
	size_t before, carets, skipped = 0, used;
	char number[16];

	if (!find_line(item->loc, &start, &end))
		return;
	at = start;
	before = measure(&at, end, item->loc.column ? item->loc.column - 1 : 0);
	carets = measure(&at, end, item->loc.len);
	if (before + carets > SCREEN_COLUMNS)
		start = cut_start(start, end, before, &skipped);

	print_gutter(printer, width, "");
	gw_text_putc(&printer->text, '\n');
	(void)snprintf(number, sizeof(number), "%u", item->loc.line);
	print_gutter(printer, width, number);
	gw_text_puts(&printer->text, skipped ? " …" : " ");
	used = print_line(printer, start, end);

	before -= skipped;
	if (before + carets > used)
		carets = used > before ? used - before : 0;
	print_gutter(printer, width, "");
	style(printer, RED);
	print_carets(printer, before + (skipped ? 2 : 1), carets ? carets : 1);
	style(printer, PLAIN);
}

/* "first defined here" becomes "first defined at site.yaml:9:3". */
static void print_related(struct printer *printer, const struct gw_diagnostic *item)
{
	static const char here[] = " here";
	gw_auto_free char *text = gw_strdup(item->related_text);
	size_t len = strlen(text), tail = sizeof(here) - 1;
	bool ends_here = len > tail && strcmp(text + len - tail, here) == 0;

	if (ends_here)
		text[len - tail] = '\0';
	gw_text_puts_visible(&printer->text, text);
	gw_text_puts(&printer->text, ends_here ? " at " : ": ");
	print_place(printer, item->related);
}

static void print_help(struct printer *printer, const struct gw_diagnostic *item, int width)
{
	bool related = item->related.source && item->related_text;

	if (!item->hint && !related)
		return;
	gw_text_printf(&printer->text, "%*s = %s: ", width, "", item->hint ? "help" : "note");
	if (item->hint)
		gw_text_puts_visible(&printer->text, item->hint);
	if (item->hint && related)
		gw_text_puts(&printer->text, " (");
	if (related)
		print_related(printer, item);
	gw_text_puts(&printer->text, item->hint && related ? ")\n" : "\n");
}

static void print_item(struct printer *printer, const struct gw_diagnostic *item)
{
	int width = 1;

	print_title(printer, item);
	if (item->loc.source) {
		for (uint32_t line = item->loc.line; line >= 10; line /= 10)
			width++;
		gw_text_printf(&printer->text, "%*s--> ", width, "");
		print_place(printer, item->loc);
		gw_text_putc(&printer->text, '\n');
		print_source(printer, item, width);
	}
	print_help(printer, item, width);
}

static int compare_number(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

/* Errors first, then by file and place; what has no place comes first among its kind. */
static int compare_items(const void *left, const void *right)
{
	const struct gw_diagnostic *a = *(const struct gw_diagnostic *const *)left;
	const struct gw_diagnostic *b = *(const struct gw_diagnostic *const *)right;
	int order = compare_number(a->severity, b->severity);

	if (!order)
		order = strcmp(a->loc.source ? a->loc.source->path : "",
			       b->loc.source ? b->loc.source->path : "");
	if (!order)
		order = compare_number(a->loc.line, b->loc.line);
	if (!order)
		order = compare_number(a->loc.column, b->loc.column);
	if (!order)
		order = a < b ? -1 : a > b; /* as they were added */
	return order;
}

static void print_counts(struct printer *printer, const struct gw_diags *diags)
{
	size_t hidden = diags->errors + diags->warnings - diags->count;

	if (diags->errors)
		gw_text_printf(&printer->text, "%zu error%s", diags->errors,
			       diags->errors == 1 ? "" : "s");
	if (diags->errors && diags->warnings)
		gw_text_puts(&printer->text, ", ");
	if (diags->warnings)
		gw_text_printf(&printer->text, "%zu warning%s", diags->warnings,
			       diags->warnings == 1 ? "" : "s");
	if (hidden)
		gw_text_printf(&printer->text, " (%zu not shown)", hidden);
	gw_text_putc(&printer->text, '\n');
}

void gw_diags_print(const struct gw_diags *diags, FILE *out, bool colour)
{
	struct printer printer = { .colour = colour, .japanese = gw_locale_is_japanese() };
	gw_auto_free const struct gw_diagnostic **order = NULL;

	if (!diags->errors && !diags->warnings)
		return;
	order = gw_zalloc(diags->count, sizeof(const struct gw_diagnostic *));
	for (size_t i = 0; i < diags->count; i++)
		order[i] = &diags->items[i];
	qsort(order, diags->count, sizeof(const struct gw_diagnostic *), compare_items);
	for (size_t i = 0; i < diags->count; i++)
		print_item(&printer, order[i]);
	print_counts(&printer, diags);
	/* A program that cannot write its messages has no other place to say so. */
	(void)fwrite(printer.text.bytes, 1, printer.text.len, out);
	gw_text_done(&printer.text);
}
