#include "gw/report/table.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gw/core/mem.h"
#include "gw/core/utf8.h"

#define GAP 2u /* blanks between columns */

void gw_report_add_row(struct gw_report_table *table, const char *const *cells, size_t n)
{
	if (!table->arena)
		table->arena = gw_arena_new();
	if (!table->n_columns)
		table->n_columns = n < GW_REPORT_COLUMNS_MAX ? n : GW_REPORT_COLUMNS_MAX;
	for (size_t i = 0; i < table->n_columns; i++)
		gw_push(table->cells, table->n_cells, table->capacity,
			gw_arena_strdup(table->arena, i < n ? cells[i] : ""));
}

static unsigned int put_cell(struct gw_text *out, const char *cell)
{
	const char *at = cell, *end = cell + strlen(cell);
	unsigned int width = 0;

	while (at < end)
		width += gw_text_add_visible(out, &at, end);
	return width;
}

static unsigned int cell_width(const char *cell)
{
	gw_auto_text struct gw_text shown = { 0 };

	return put_cell(&shown, cell);
}

static void pad(struct gw_text *out, unsigned int blanks)
{
	for (; blanks; blanks--)
		gw_text_putc(out, ' ');
}

void gw_report_table_print(const struct gw_report_table *table, const char *align,
			   struct gw_text *out)
{
	unsigned int widths[GW_REPORT_COLUMNS_MAX] = { 0 };
	unsigned int owed = 0; /* blanks before the next cell that is not empty */

	for (size_t i = 0; i < table->n_cells; i++) {
		unsigned int width = cell_width(table->cells[i]);

		if (width > widths[i % table->n_columns])
			widths[i % table->n_columns] = width;
	}
	for (size_t i = 0; i < table->n_cells; i++) {
		size_t column = i % table->n_columns;
		unsigned int blanks = widths[column] - cell_width(table->cells[i]);
		bool right = column < strlen(align) && align[column] == '>';

		if (*table->cells[i]) {
			pad(out, owed + (right ? blanks : 0));
			(void)put_cell(out, table->cells[i]);
			owed = right ? 0 : blanks;
		} else {
			owed += blanks;
		}
		owed += GAP;
		if (column + 1 == table->n_columns) {
			gw_text_putc(out, '\n');
			owed = 0;
		}
	}
}

void gw_report_table_done(struct gw_report_table *table)
{
	gw_arena_free(table->arena);
	gw_free(table->cells);
	*table = (struct gw_report_table){ 0 };
}

const char *gw_report_time(int64_t time, char out[GW_REPORT_TIME])
{
	time_t seconds = (time_t)time;
	struct tm parts;

	if (!localtime_r(&seconds, &parts) ||
	    !strftime(out, GW_REPORT_TIME, "%Y-%m-%d %H:%M:%S %z", &parts))
		(void)snprintf(out, GW_REPORT_TIME, "%lld", (long long)time);
	return out;
}

const char *gw_report_span(int64_t from, int64_t until, char out[GW_REPORT_TIME])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
	int64_t span = until > from ? until - from : from - until;
	size_t i = 0;

	if (!span) {
		(void)snprintf(out, GW_REPORT_TIME, "now");
		return out;
	}
	while (i + 1 < GW_COUNT(units) && span < units[i].seconds)
		i++;
	span /= units[i].seconds;
	(void)snprintf(out, GW_REPORT_TIME, "%s%lld %s%s%s", until > from ? "in " : "",
		       (long long)span, units[i].name, span == 1 ? "" : "s",
		       until > from ? "" : " ago");
	return out;
}

const char *gw_report_number(uint64_t number, char out[GW_REPORT_TIME])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
	size_t n = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			out[n++] = ' ';
		out[n++] = digits[i];
	}
	out[n] = '\0';
	return out;
}

const char *gw_report_count(struct gw_arena *arena, uint64_t n, const char *one, const char *many)
{
	char digits[GW_REPORT_TIME];

	return gw_arena_printf(arena, "%s %s", gw_report_number(n, digits), n == 1 ? one : many);
}
