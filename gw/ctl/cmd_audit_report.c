/* audit report: records summed up by day, class, event and actor. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gw/core/mem.h"
#include "gw/core/utf8.h"
#include "gw/ctl/audit.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

enum by { BY_DAY, BY_CLASS, BY_EVENT, BY_ACTOR, BY_COUNT };
/* Actors come from the network, too: no more rows than this; the rest is summed up in one. */
#define ROWS_MAX 10000u

static const char *const by_names[BY_COUNT] = { "day", "class", "event", "actor" };

static const struct words {
	const char *title, *period, *none, *others;
	const char *by[BY_COUNT], *columns[4];
} words[] = {
	{ "Audit report",
	  "Records",
	  "no records",
	  "(others)",
	  { "Day", "Class", "Event", "Actor" },
	  { "Records", "Not ok", "First", "Last" } },
	{ "監査レポート",
	  "記録",
	  "該当する記録はありません",
	  "(その他)",
	  { "日付", "分類", "事象", "操作者" },
	  { "件数", "失敗・拒否", "最初", "最後" } },
};

struct row {
	const char *key;
	uint64_t records, failed;
	int64_t first, last;
};

struct summary {
	struct gw_arena *arena;
	struct row *rows; /* heap, in order of key */
	size_t n, capacity;
	struct row others;
};

/* ---- counting -------------------------------------------------------------------------------- */

static void count(struct row *row, const struct gw_audit_view *view, int64_t time)
{
	row->records++;
	if (*view->result && strcmp(view->result, "ok") != 0)
		row->failed++;
	if (!row->first || time < row->first)
		row->first = time;
	if (time > row->last)
		row->last = time;
}

static struct row *find_row(struct summary *summary, const char *key)
{
	size_t lo = 0, hi = summary->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(summary->rows[mid].key, key);

		if (order == 0)
			return &summary->rows[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (summary->n == ROWS_MAX)
		return &summary->others;
	summary->rows =
		gw_grow(summary->rows, summary->n, &summary->capacity, sizeof(summary->rows[0]));
	memmove(summary->rows + lo + 1, summary->rows + lo,
		(summary->n - lo) * sizeof(summary->rows[0]));
	summary->n++;
	summary->rows[lo] = (struct row){ .key = gw_arena_strdup(summary->arena, key) };
	return &summary->rows[lo];
}

static void add_record(struct summary summaries[BY_COUNT], const struct gw_merge_record *record)
{
	const struct gw_audit_view *view = record->view;
	int64_t seconds = gw_audit_view_seconds(view);
	time_t time = (time_t)seconds;
	char day[16] = "?";
	struct tm parts;
	const char *const keys[BY_COUNT] = { day, record->class_name, view->event, view->actor };

	if (seconds && localtime_r(&time, &parts))
		(void)strftime(day, sizeof(day), "%Y-%m-%d", &parts);
	for (size_t by = 0; by < BY_COUNT; by++)
		count(find_row(&summaries[by], *keys[by] ? keys[by] : "-"), view, seconds);
}

/* ---- printing -------------------------------------------------------------------------------- */

/* One table in one of its forms. */
struct sheet {
	const struct words *words;
	enum by by;
	const struct summary *summary;
};

static size_t count_rows(const struct summary *summary)
{
	return summary->n + (summary->others.records ? 1 : 0);
}

static struct row row_of(const struct sheet *sheet, size_t i)
{
	struct row row = i < sheet->summary->n ? sheet->summary->rows[i] : sheet->summary->others;

	if (i == sheet->summary->n)
		row.key = sheet->words->others;
	return row;
}

static void print_text(const struct sheet *sheet, struct gw_text *out)
{
	const struct words *w = sheet->words;
	struct gw_report_table table = { 0 };

	gw_report_row(&table, w->by[sheet->by], w->columns[0], w->columns[1], w->columns[2],
		      w->columns[3]);
	for (size_t i = 0; i < count_rows(sheet->summary); i++) {
		struct row row = row_of(sheet, i);
		char records[GW_REPORT_TIME], failed[GW_REPORT_TIME], first[GW_REPORT_TIME],
			last[GW_REPORT_TIME];

		gw_report_row(&table, row.key, gw_report_number(row.records, records),
			      gw_report_number(row.failed, failed),
			      gw_report_time(row.first, first), gw_report_time(row.last, last));
	}
	gw_text_putc(out, '\n');
	gw_report_table_print(&table, "<>>", out);
	gw_report_table_done(&table);
}

/* A bar would end the cell. */
static void put_cell(const char *text, struct gw_text *out)
{
	gw_auto_text struct gw_text visible = { 0 };

	gw_text_puts_visible(&visible, text);
	gw_text_putc(out, ' ');
	for (size_t i = 0; i < visible.len; i++) {
		if (strchr("|\\`*_<>[]", visible.bytes[i]))
			gw_text_putc(out, '\\');
		gw_text_putc(out, visible.bytes[i]);
	}
	gw_text_puts(out, " |");
}

static void print_markdown(const struct sheet *sheet, struct gw_text *out)
{
	const struct words *w = sheet->words;

	gw_text_printf(out, "\n| %s | %s | %s | %s | %s |\n|---|---:|---:|---|---|\n",
		       w->by[sheet->by], w->columns[0], w->columns[1], w->columns[2],
		       w->columns[3]);
	for (size_t i = 0; i < count_rows(sheet->summary); i++) {
		struct row row = row_of(sheet, i);
		char first[GW_REPORT_TIME], last[GW_REPORT_TIME];

		gw_text_putc(out, '|');
		put_cell(row.key, out);
		gw_text_printf(out, " %" PRIu64 " | %" PRIu64 " | %s | %s |\n", row.records,
			       row.failed, gw_report_time(row.first, first),
			       gw_report_time(row.last, last));
	}
}

/* A cell that begins like a formula is one to a spreadsheet. */
static void put_csv(const char *text, struct gw_text *out)
{
	gw_auto_text struct gw_text visible = { 0 };

	gw_text_puts_visible(&visible, text);
	gw_text_putc(out, '"');
	if (visible.len && strchr("=+-@", visible.bytes[0]))
		gw_text_putc(out, '\'');
	for (size_t i = 0; i < visible.len; i++) {
		if (visible.bytes[i] == '"')
			gw_text_putc(out, '"');
		gw_text_putc(out, visible.bytes[i]);
	}
	gw_text_putc(out, '"');
}

static void print_csv(const struct sheet *sheet, struct gw_text *out)
{
	for (size_t i = 0; i < count_rows(sheet->summary); i++) {
		struct row row = row_of(sheet, i);
		char first[GW_REPORT_TIME], last[GW_REPORT_TIME];

		gw_text_printf(out, "%s,", by_names[sheet->by]);
		put_csv(row.key, out);
		gw_text_printf(out, ",%" PRIu64 ",%" PRIu64 ",%s,%s\r\n", row.records, row.failed,
			       gw_report_time(row.first, first), gw_report_time(row.last, last));
	}
}

static void add_json(const struct sheet *sheet, json_t *root)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < count_rows(sheet->summary); i++) {
		struct row row = row_of(sheet, i);
		json_t *object = json_object();

		gw_json_set(object, "key", gw_json_text(row.key));
		gw_json_set(object, "records", gw_json_number(row.records));
		gw_json_set(object, "not_ok", gw_json_number(row.failed));
		gw_json_set(object, "first", gw_json_time(row.first));
		gw_json_set(object, "last", gw_json_time(row.last));
		gw_json_add(rows, object);
	}
	gw_json_set(root, by_names[sheet->by], rows);
}

/* ---- the command ----------------------------------------------------------------------------- */

static void (*const printers[])(const struct sheet *sheet,
				struct gw_text *out) = { print_text, print_markdown, print_csv };
static const char *const forms[] = { "text", "markdown", "csv" };
enum form { FORM_TEXT, FORM_MARKDOWN, FORM_CSV };

/* The place of an option's value in a list; `fallback` where it was not given, -1 where it is none. */
static int choose(const struct gw_ctl *ctl, const char *option, const char *const *names, size_t n,
		  int fallback)
{
	const char *value = gw_ctl_option(ctl, option);

	for (size_t i = 0; i < n && value; i++)
		if (strcmp(names[i], value) == 0)
			return (int)i;
	return value ? -1 : fallback;
}

static void put_title(struct gw_ctl *ctl, const struct words *w, enum form form,
		      const struct summary *classes)
{
	uint64_t records = classes->others.records;
	char number[GW_REPORT_TIME];

	if (form == FORM_CSV) {
		gw_text_puts(&ctl->out, "by,key,records,not_ok,first,last\r\n");
		return;
	}
	for (size_t i = 0; i < classes->n; i++)
		records += classes->rows[i].records;
	gw_text_printf(&ctl->out, "%s%s\n\n%s: %s\n", form == FORM_MARKDOWN ? "# " : "", w->title,
		       w->period, records ? gw_report_number(records, number) : w->none);
}

static void report(struct gw_ctl *ctl, const struct summary summaries[BY_COUNT], int by,
		   enum form form)
{
	const struct words *w = &words[gw_locale_is_japanese() ? 1 : 0];

	if (!ctl->root)
		put_title(ctl, w, form, &summaries[BY_CLASS]);
	for (enum by i = 0; i < BY_COUNT; i++) {
		const struct sheet sheet = { .words = w, .by = i, .summary = &summaries[i] };

		if (by != BY_COUNT && (int)i != by)
			continue;
		if (ctl->root)
			add_json(&sheet, ctl->root);
		else if (summaries[i].n)
			printers[form](&sheet, &ctl->out);
	}
}

static enum gw_exit read_records(struct gw_ctl *ctl, const struct gw_trail *trail,
				 const struct gw_audit_filter *filter,
				 struct summary summaries[BY_COUNT])
{
	struct gw_merge *merge = NULL;
	struct gw_merge_record record;
	enum gw_exit status;
	int err = gw_merge_new(trail, filter->class_name, &merge);

	while (!err && (err = gw_merge_next(merge, &record)) == 0)
		if (gw_audit_ctl_matches(filter, &record))
			add_record(summaries, &record);
	status = gw_audit_ctl_ended(ctl, merge, err);
	gw_merge_free(merge);
	return status;
}

enum gw_exit gw_cmd_audit_report(struct gw_ctl *ctl)
{
	int form = choose(ctl, "as", forms, GW_COUNT(forms), FORM_TEXT);
	int by = choose(ctl, "by", by_names, BY_COUNT, BY_COUNT);
	struct summary summaries[BY_COUNT] = { 0 };
	struct gw_audit_filter filter;
	struct gw_trail *trail = NULL;
	enum gw_exit status;

	if (form < 0)
		return gw_ctl_usage(ctl, "--as: text, markdown or csv");
	if (by < 0)
		return gw_ctl_usage(ctl, "--by: day, class, event or actor");
	status = gw_audit_ctl_open(ctl, &trail);
	if (status == GW_EXIT_OK)
		status = gw_audit_ctl_filter(ctl, trail, &filter);
	for (size_t i = 0; i < BY_COUNT; i++)
		summaries[i].arena = ctl->arena;
	if (status == GW_EXIT_OK)
		status = read_records(ctl, trail, &filter, summaries);
	if (status == GW_EXIT_OK)
		report(ctl, summaries, by, (enum form)form);
	for (size_t i = 0; i < BY_COUNT; i++)
		gw_free(summaries[i].rows);
	gw_trail_close(trail);
	return status;
}
