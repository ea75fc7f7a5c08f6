/* Who sends most, and what is dropped for which reason. */
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/metrics/page_write.h"
#include "gw/policy/policy.h"

#define TOP_MAX 10u

/* Faster now, else more in all, else by id. */
static bool busier(const struct gw_rule_view *a, const struct gw_rule_view *b)
{
	if (a->packets.rate != b->packets.rate)
		return a->packets.rate > b->packets.rate;
	if (a->packets.shown != b->packets.shown)
		return a->packets.shown > b->packets.shown;
	return strcmp(a->rule->id, b->rule->id) < 0;
}

/* The busiest that have counted anything, in order; how many. */
static size_t find_top(const struct gw_view *view, const struct gw_rule_view *top[TOP_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < view->policy->n_rules; i++) {
		const struct gw_rule_view *rule = &view->rules[i];
		size_t at = n;

		if (!rule->packets.shown)
			continue;
		while (at > 0 && busier(rule, top[at - 1]))
			at--;
		if (at == TOP_MAX)
			continue;
		if (n < TOP_MAX)
			n++;
		memmove(&top[at + 1], &top[at], (n - 1 - at) * sizeof(const struct gw_rule_view *));
		top[at] = rule;
	}
	return n;
}

static void put_top(struct gw_page *page)
{
	static const enum gw_page_word headings[] = {
		GW_W_POLICY, GW_W_FROM,    GW_W_TO,       GW_W_ACTION,       GW_W_RATE,
		GW_W_BITS,   GW_W_PACKETS, GW_W_LAST_HIT, GW_PAGE_WORD_COUNT
	};
	const struct gw_rule_view *top[TOP_MAX];
	size_t n = find_top(page->view, top);

	gw_page_begin(page, "policies", GW_W_TOP);
	gw_page_table(page, headings);
	for (size_t i = 0; i < n; i++) {
		gw_page_raw(page, "<tr>");
		gw_page_cell_text(page, top[i]->rule->id);
		gw_page_cell_text(page, top[i]->from);
		gw_page_cell_text(page, top[i]->to);
		gw_page_cell_text(page, gw_action_name(top[i]->rule->action));
		gw_page_cell_rate(page, top[i]->packets.rate);
		gw_page_cell_rate(page, top[i]->bytes.rate * 8 / 1e6);
		gw_page_cell_number(page, top[i]->packets.shown);
		gw_page_cell_time(page, top[i]->last_hit);
		gw_page_raw(page, "</tr>\n");
	}
	gw_page_table_end(page);
	gw_page_end(page);
}

static void put_drops(struct gw_page *page)
{
	static const enum gw_page_word headings[] = { GW_W_REASON, GW_W_RATE, GW_W_PACKETS,
						      GW_PAGE_WORD_COUNT };
	const struct gw_view *view = page->view;

	gw_page_begin(page, "drops", GW_W_DROPS);
	gw_page_table(page, headings);
	for (int b = 0; b < GW_BUILTIN_COUNT; b++) {
		if (!gw_builtin_drops((enum gw_builtin)b) || !view->drops[b].shown)
			continue;
		gw_page_raw(page, "<tr>");
		gw_page_cell_text(page, gw_builtin_name((enum gw_builtin)b));
		gw_page_cell_rate(page, view->drops[b].rate);
		gw_page_cell_number(page, view->drops[b].shown);
		gw_page_raw(page, "</tr>\n");
	}
	gw_page_table_end(page);
	gw_page_end(page);
}

void gw_page_traffic(struct gw_page *page)
{
	put_top(page);
	put_drops(page);
}
