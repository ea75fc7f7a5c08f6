/*
 * Tables of text: columns as wide as their widest cell, on a terminal that may show wide
 * characters. Cells are escaped for display; a cell that ends a row is not padded.
 *
 *	struct gw_report_table table = { 0 };
 *	gw_report_row(&table, "POLICY", "PACKETS");
 *	gw_report_row(&table, "web-in", "17");
 *	gw_report_table_print(&table, "<>", &out);
 *	gw_report_table_done(&table);
 */
#ifndef GW_REPORT_TABLE_H
#define GW_REPORT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "gw/core/arena.h"
#include "gw/core/text.h"

#define GW_REPORT_COLUMNS_MAX 12u

/** Starts as all zeroes. */
struct gw_report_table {
	struct gw_arena *arena; /* of the cells' text; made with the first row */
	const char **cells;     /* rows of `n_columns`, heap */
	size_t n_cells, capacity, n_columns;
};

/** Adds a row of `n` cells, which are copied. All rows have as many as the first. */
void gw_report_add_row(struct gw_report_table *table, const char *const *cells, size_t n);
#define gw_report_row(table, ...)                                                                  \
	gw_report_add_row((table), (const char *const[]){ __VA_ARGS__ },                           \
			  sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))
/**
 * Prints all rows. `align` has one character per column: `<` left, `>` right; missing ones are left.
 */
void gw_report_table_print(const struct gw_report_table *table, const char *align,
			   struct gw_text *out);
void gw_report_table_done(struct gw_report_table *table);

/** "2026-11-23 10:57:01 +0900" in the local time zone. `out` has room for GW_REPORT_TIME bytes. */
#define GW_REPORT_TIME 48
const char *gw_report_time(int64_t time, char out[GW_REPORT_TIME]);
/** "in 3 days", "2 hours ago"; the largest unit that fits. */
const char *gw_report_span(int64_t from, int64_t until, char out[GW_REPORT_TIME]);
/** "1 policy", "46 policies", in the arena. */
const char *gw_report_count(struct gw_arena *arena, uint64_t n, const char *one, const char *many);
/** Digits in groups of three: "81 240". */
const char *gw_report_number(uint64_t number, char out[GW_REPORT_TIME]);

#endif
