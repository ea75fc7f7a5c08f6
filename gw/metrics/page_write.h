/* How the page is written: words, numbers, and texts of others, escaped. Internal to the page. */
#ifndef GW_METRICS_PAGE_WRITE_H
#define GW_METRICS_PAGE_WRITE_H

#include "gw/metrics/page_words.h"
#include "gw/metrics/view.h"

struct gw_page {
	const struct gw_view *view;
	struct gw_text *out;
	bool japanese;
};

/** Markup of our own, as it is. */
void gw_page_raw(struct gw_page *page, const char *markup);
/** A word of the page's language. */
void gw_page_word(struct gw_page *page, enum gw_page_word word);
/**
 * Text of somebody else: escaped, cut, apart from the direction of what is around, and with what cannot be
 * seen made visible.
 */
void gw_page_text(struct gw_page *page, const char *text);
void gw_page_number(struct gw_page *page, uint64_t number);
/** "0.4", "950", "12.3k". */
void gw_page_rate(struct gw_page *page, double rate);
/** A time, machine-readable as well. */
void gw_page_time(struct gw_page *page, int64_t time);

/** <section><h2>…</h2>, and its end. */
void gw_page_begin(struct gw_page *page, const char *id, enum gw_page_word title);
void gw_page_end(struct gw_page *page);
/** <table> with a row of headings; ends with GW_PAGE_WORD_COUNT. Words whose cells hold numbers stand right. */
void gw_page_table(struct gw_page *page, const enum gw_page_word *headings);
void gw_page_table_end(struct gw_page *page);
/** Cells. */
void gw_page_cell_text(struct gw_page *page, const char *text);
void gw_page_cell_word(struct gw_page *page, enum gw_page_word word);
void gw_page_cell_number(struct gw_page *page, uint64_t number);
void gw_page_cell_rate(struct gw_page *page, double rate);
void gw_page_cell_time(struct gw_page *page, int64_t time);

/* The parts, each a file. */
void gw_page_attention(struct gw_page *page);
void gw_page_charts(struct gw_page *page);
void gw_page_matrix(struct gw_page *page);
void gw_page_traffic(struct gw_page *page);
void gw_page_modules(struct gw_page *page);
void gw_page_upkeep(struct gw_page *page);

extern const char gw_page_style[];

#endif
