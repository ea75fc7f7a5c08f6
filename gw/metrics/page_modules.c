/* What the modules see: a part for each that is there, and none for those that are not. */
#include <string.h>

#include "gw/metrics/page_write.h"

#define ROWS_MAX 16u

/* ---- attacks and measures -------------------------------------------------------------------- */

static void put_attacks(struct gw_page *page)
{
	static const enum gw_page_word headings[] = { GW_W_ATTACK, GW_W_COUNT, GW_PAGE_WORD_COUNT };
	const struct gw_family_view *family = gw_view_family(page->view, "gw_attack_active");
	unsigned int n = 0;

	for (size_t i = 0; family && i < family->n_samples && n < ROWS_MAX; i++) {
		const struct gw_sample_view *sample = &family->samples[i];

		if (!sample->series.shown)
			continue;
		if (!n++)
			gw_page_table(page, headings);
		gw_page_raw(page, "<tr>");
		gw_page_cell_text(page, gw_sample_label(sample, "vector"));
		gw_page_cell_number(page, sample->series.shown);
		gw_page_raw(page, "</tr>\n");
	}
	if (n) {
		gw_page_table_end(page);
	} else if (family) {
		gw_page_raw(page, "<p class=\"good\">");
		gw_page_word(page, GW_W_QUIET);
		gw_page_raw(page, "</p>\n");
	}
}

static void put_measures(struct gw_page *page)
{
	static const enum gw_page_word headings[] = { GW_W_KIND, GW_W_COUNT, GW_PAGE_WORD_COUNT };
	json_t *measures = json_object_get(page->view->agent, "measures");
	void *at;

	gw_page_begin(page, "measures", GW_W_MEASURES);
	put_attacks(page);
	gw_page_table(page, headings);
	for (at = json_object_iter(measures); at; at = json_object_iter_next(measures, at)) {
		gw_page_raw(page, "<tr>");
		gw_page_cell_text(page, json_object_iter_key(at));
		gw_page_cell_number(page, (uint64_t)json_integer_value(json_object_iter_value(at)));
		gw_page_raw(page, "</tr>\n");
	}
	gw_page_table_end(page);
	gw_page_end(page);
}

/* ---- families of modules, a row for each sample ------------------------------------------------ */

static const struct part {
	const char *family, *id;
	enum gw_page_word title;
	const char *labels[2];
	enum gw_page_word headings[5];
} parts[] = {
	{ "gw_ipv6guard_frames",
	  "ipv6",
	  GW_W_IPV6,
	  { "segment", "class" },
	  { GW_W_SEGMENT, GW_W_CLASS, GW_W_RATE, GW_W_FRAMES, GW_PAGE_WORD_COUNT } },
	{ "gw_dns_queries",
	  "dns",
	  GW_W_DNS,
	  { "zone", "result" },
	  { GW_W_CLIENT_ZONE, GW_W_RESULT, GW_W_DNS_RATE, GW_W_QUERIES_ALL, GW_PAGE_WORD_COUNT } },
	/* Who it was is for the audit trail: the page counts, and names nobody. */
	{ "gw_auth_events",
	  "sessions",
	  GW_W_SESSIONS,
	  { "source", "result" },
	  { GW_W_SOURCE, GW_W_RESULT, GW_W_RATE, GW_W_EVENTS, GW_PAGE_WORD_COUNT } },
};

static void put_part(struct gw_page *page, const struct part *part)
{
	const struct gw_family_view *family = gw_view_family(page->view, part->family);

	if (!family)
		return;
	gw_page_begin(page, part->id, part->title);
	gw_page_table(page, part->headings);
	for (size_t i = 0; i < family->n_samples && i < ROWS_MAX; i++) {
		const struct gw_sample_view *sample = &family->samples[i];

		gw_page_raw(page, "<tr>");
		gw_page_cell_text(page, gw_sample_label(sample, part->labels[0]));
		gw_page_cell_text(page, gw_sample_label(sample, part->labels[1]));
		gw_page_cell_rate(page, sample->series.rate);
		gw_page_cell_number(page, sample->series.shown);
		gw_page_raw(page, "</tr>\n");
	}
	gw_page_table_end(page);
	gw_page_end(page);
}

void gw_page_modules(struct gw_page *page)
{
	put_measures(page);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		put_part(page, &parts[i]);
}
