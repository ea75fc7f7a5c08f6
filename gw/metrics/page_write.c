#include "gw/metrics/page_write.h"

#include <string.h>
#include <time.h>

#include "gw/core/mem.h"
#include "gw/core/utf8.h"
#include "gw/report/table.h"

/* Of one text of somebody else. */
#define TEXT_COLUMNS_MAX 72u

#define ENTRY(symbol, en, ja) [GW_W_##symbol] = { en, ja },
static const struct {
	const char *en, *ja;
} words[GW_PAGE_WORD_COUNT] = { GW_PAGE_WORDS(ENTRY) };
#undef ENTRY

void gw_page_raw(struct gw_page *page, const char *markup)
{
	gw_text_puts(page->out, markup);
}

static void put_escaped(struct gw_text *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		switch (text[i]) {
		case '&':
			gw_text_puts(out, "&amp;");
			break;
		case '<':
			gw_text_puts(out, "&lt;");
			break;
		case '>':
			gw_text_puts(out, "&gt;");
			break;
		case '"':
			gw_text_puts(out, "&quot;");
			break;
		case '\'':
			gw_text_puts(out, "&#39;");
			break;
		default:
			gw_text_putc(out, text[i]);
		}
	}
}

void gw_page_word(struct gw_page *page, enum gw_page_word word)
{
	const char *text = page->japanese ? words[word].ja : words[word].en;

	put_escaped(page->out, text, strlen(text));
}

void gw_page_text(struct gw_page *page, const char *text)
{
	gw_auto_text struct gw_text shown = { 0 };
	const char *at = text ? text : "", *end = at + strlen(at);
	unsigned int columns = 0;

	while (at < end && columns < TEXT_COLUMNS_MAX)
		columns += gw_text_add_visible(&shown, &at, end);
	gw_page_raw(page, "<bdi>");
	put_escaped(page->out, shown.bytes ? shown.bytes : "", shown.len);
	gw_page_raw(page, at < end ? "…</bdi>" : "</bdi>");
}

void gw_page_number(struct gw_page *page, uint64_t number)
{
	char text[GW_REPORT_TIME];

	gw_text_puts(page->out, gw_report_number(number, text));
}

void gw_page_rate(struct gw_page *page, double rate)
{
	if (rate <= 0)
		gw_text_puts(page->out, "0");
	else if (rate < 9.95)
		gw_text_printf(page->out, "%.1f", rate);
	else if (rate < 9999.5)
		gw_text_printf(page->out, "%.0f", rate);
	else if (rate < 999950)
		gw_text_printf(page->out, "%.1fk", rate / 1e3);
	else
		gw_text_printf(page->out, "%.1fM", rate / 1e6);
}

void gw_page_time(struct gw_page *page, int64_t time)
{
	char text[GW_REPORT_TIME], machine[32] = "";
	time_t when = (time_t)time;
	struct tm utc;

	if (gmtime_r(&when, &utc))
		(void)strftime(machine, sizeof(machine), "%Y-%m-%dT%H:%M:%SZ", &utc);
	gw_text_printf(page->out, "<time datetime=\"%s\">%s</time>", machine,
		       gw_report_time(time, text));
}

void gw_page_begin(struct gw_page *page, const char *id, enum gw_page_word title)
{
	gw_text_printf(page->out, "<section aria-labelledby=\"%s\"><h2 id=\"%s\">", id, id);
	gw_page_word(page, title);
	gw_page_raw(page, "</h2>\n");
}

void gw_page_end(struct gw_page *page)
{
	gw_page_raw(page, "</section>\n");
}

static bool is_of_numbers(enum gw_page_word word)
{
	static const enum gw_page_word of_numbers[] = {
		GW_W_RATE,   GW_W_BITS,     GW_W_PACKETS,     GW_W_COUNT,  GW_W_REVISION,
		GW_W_FRAMES, GW_W_DNS_RATE, GW_W_QUERIES_ALL, GW_W_EVENTS,
	};

	for (size_t i = 0; i < GW_COUNT(of_numbers); i++)
		if (of_numbers[i] == word)
			return true;
	return false;
}

void gw_page_table(struct gw_page *page, const enum gw_page_word *headings)
{
	/* Narrow screens scroll the table and not the page; the keyboard gets there, too. */
	gw_page_raw(page, "<div class=\"t\" tabindex=\"0\" role=\"group\" aria-label=\"");
	gw_page_word(page, headings[0]);
	gw_page_raw(page, "\"><table><thead><tr>");
	for (; *headings != GW_PAGE_WORD_COUNT; headings++) {
		gw_page_raw(page, is_of_numbers(*headings) ? "<th scope=\"col\" class=\"n\">"
							   : "<th scope=\"col\">");
		gw_page_word(page, *headings);
		gw_page_raw(page, "</th>");
	}
	gw_page_raw(page, "</tr></thead><tbody>\n");
}

void gw_page_table_end(struct gw_page *page)
{
	gw_page_raw(page, "</tbody></table></div>\n");
}

void gw_page_cell_text(struct gw_page *page, const char *text)
{
	gw_page_raw(page, "<td>");
	gw_page_text(page, text);
	gw_page_raw(page, "</td>");
}

void gw_page_cell_word(struct gw_page *page, enum gw_page_word word)
{
	gw_page_raw(page, "<td>");
	gw_page_word(page, word);
	gw_page_raw(page, "</td>");
}

void gw_page_cell_number(struct gw_page *page, uint64_t number)
{
	gw_page_raw(page, "<td class=\"n\">");
	gw_page_number(page, number);
	gw_page_raw(page, "</td>");
}

void gw_page_cell_rate(struct gw_page *page, double rate)
{
	gw_page_raw(page, "<td class=\"n\">");
	gw_page_rate(page, rate);
	gw_page_raw(page, "</td>");
}

void gw_page_cell_time(struct gw_page *page, int64_t time)
{
	gw_page_raw(page, "<td>");
	if (time)
		gw_page_time(page, time);
	else
		gw_page_word(page, GW_W_NEVER);
	gw_page_raw(page, "</td>");
}
