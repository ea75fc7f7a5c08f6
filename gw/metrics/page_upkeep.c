/* What an auditor, and whoever is responsible, asks for: changes, exceptions, reviews, records, drift. */
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/metrics/page_write.h"
#include "gw/policy/policy.h"

#define ROWS_MAX 10u
#define SOON_S   (30 * 86400)

/* ---- changes --------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void put_changes(struct gw_page *page)
{
	static const enum gw_page_word headings[] = { GW_W_REVISION,     GW_W_TIME,   GW_W_WHO,
						      GW_W_WHY,          GW_W_TICKET, GW_W_APPROVED,
						      GW_PAGE_WORD_COUNT };
	const json_t *changes = json_object_get(page->view->agent, "changes");

	gw_page_begin(page, "changes", GW_W_CHANGES);
	gw_page_table(page, headings);
	for (size_t i = 0; i < json_array_size(changes) && i < ROWS_MAX; i++) {
		const json_t *change = json_array_get(changes, i);
		json_int_t revision = json_integer_value(json_object_get(change, "revision"));
		json_int_t time = json_integer_value(json_object_get(change, "time"));

		gw_page_raw(page, "<tr>");
		gw_page_cell_number(page, (uint64_t)revision);
		gw_page_cell_time(page, (int64_t)time);
		gw_page_cell_text(page, text_of(change, "who"));
		gw_page_cell_text(page, text_of(change, "note"));
		gw_page_cell_text(page, text_of(change, "ticket"));
		gw_page_cell_text(page, text_of(change, "approvals"));
		gw_page_raw(page, "</tr>\n");
	}
	gw_page_table_end(page);
	gw_page_end(page);
}

/* ---- exceptions and reviews ------------------------------------------------------------------ */

static void put_none(struct gw_page *page)
{
	gw_page_raw(page, "<p>");
	gw_page_word(page, GW_W_NO_EXCEPTIONS);
	gw_page_raw(page, "</p>\n");
}

static void put_exceptions(struct gw_page *page)
{
	static const enum gw_page_word headings[] = { GW_W_EXCEPTION, GW_W_ENDS, GW_W_TICKET,
						      GW_W_WHY, GW_PAGE_WORD_COUNT };
	const struct gw_rule_def **items;
	size_t n = gw_view_exceptions(page->view, &items);

	gw_page_begin(page, "exceptions", GW_W_EXCEPTIONS);
	if (n)
		gw_page_table(page, headings);
	for (size_t i = 0; i < n && i < ROWS_MAX; i++) {
		gw_page_raw(page, "<tr>");
		gw_page_cell_text(page, items[i]->id);
		gw_page_cell_time(page, items[i]->expires);
		gw_page_cell_text(page, items[i]->ticket);
		gw_page_cell_text(page, items[i]->reason);
		gw_page_raw(page, "</tr>\n");
	}
	if (n)
		gw_page_table_end(page);
	else
		put_none(page);
	gw_page_end(page);
	gw_free(items);
}

static int compare_review(const void *left, const void *right)
{
	const struct gw_rule_def *a = *(const struct gw_rule_def *const *)left;
	const struct gw_rule_def *b = *(const struct gw_rule_def *const *)right;

	if (a->review != b->review)
		return a->review < b->review ? -1 : 1;
	return strcmp(a->id, b->id);
}

static void put_review(struct gw_page *page, const struct gw_rule_def *rule)
{
	gw_page_raw(page, "<tr>");
	gw_page_cell_text(page, rule->id);
	gw_page_cell_text(page, rule->owner);
	gw_page_cell_time(page, rule->review);
	if (rule->review <= page->view->now)
		gw_page_cell_word(page, GW_W_OVERDUE);
	else
		gw_page_cell_text(page, "");
	gw_page_raw(page, "</tr>\n");
}

static void put_reviews(struct gw_page *page)
{
	static const enum gw_page_word headings[] = { GW_W_POLICY, GW_W_OWNER, GW_W_DUE, GW_W_STATE,
						      GW_PAGE_WORD_COUNT };
	const struct gw_policy *policy = page->view->policy;
	const struct gw_rule_def **items = NULL;
	size_t n = 0, capacity = 0;

	for (size_t i = 0; i < policy->n_rules; i++)
		if (policy->rules[i].review && policy->rules[i].review - page->view->now <= SOON_S)
			gw_push(items, n, capacity, &policy->rules[i]);
	if (n)
		qsort(items, n, sizeof(const struct gw_rule_def *), compare_review);
	gw_page_begin(page, "reviews", GW_W_REVIEWS);
	if (n)
		gw_page_table(page, headings);
	for (size_t i = 0; i < n && i < ROWS_MAX; i++)
		put_review(page, items[i]);
	if (n)
		gw_page_table_end(page);
	else
		put_none(page);
	gw_page_end(page);
	gw_free(items);
}

/* ---- records, clock, drift ------------------------------------------------------------------- */

static void put_term(struct gw_page *page, enum gw_page_word word)
{
	gw_page_raw(page, "<dt>");
	gw_page_word(page, word);
	gw_page_raw(page, "</dt>");
}

static void put_state(struct gw_page *page, enum gw_page_word term, bool good,
		      enum gw_page_word if_good, enum gw_page_word if_bad)
{
	put_term(page, term);
	gw_page_raw(page, good ? "<dd class=\"good\">" : "<dd class=\"bad\">");
	gw_page_word(page, good ? if_good : if_bad);
	gw_page_raw(page, "</dd>\n");
}

static void put_count(struct gw_page *page, enum gw_page_word term, uint64_t number)
{
	put_term(page, term);
	gw_page_raw(page, "<dd>");
	gw_page_number(page, number);
	gw_page_raw(page, "</dd>\n");
}

static void put_audit(struct gw_page *page)
{
	const struct gw_view *view = page->view;
	json_t *records = json_object_get(json_object_get(view->agent, "audit"), "records");
	uint64_t all = 0;
	void *at;

	for (at = json_object_iter(records); at; at = json_object_iter_next(records, at))
		all += (uint64_t)json_integer_value(json_object_iter_value(at));
	gw_page_begin(page, "audit", GW_W_AUDIT);
	gw_page_raw(page, "<dl>\n");
	put_state(page, GW_W_STATE,
		  gw_view_flag(view, "audit", "open") && !gw_view_flag(view, "audit", "failing"),
		  GW_W_WRITTEN, GW_W_NOT_WRITTEN);
	put_count(page, GW_W_RECORDS, all);
	put_state(page, GW_W_CHECKPOINTS, gw_view_flag(view, "audit", "sealed"), GW_W_SIGNED,
		  GW_W_NOT_SIGNED);
	if (gw_view_flag(view, "audit", "forwarding")) {
		put_state(page, GW_W_COLLECTOR, !gw_view_flag(view, "audit", "collector_away"),
			  GW_W_CONNECTED, GW_W_AWAY);
	} else {
		put_term(page, GW_W_COLLECTOR);
		gw_page_raw(page, "<dd>");
		gw_page_word(page, GW_W_NOT_CONFIGURED);
		gw_page_raw(page, "</dd>\n");
	}
	put_state(page, GW_W_CLOCK, gw_view_flag(view, "clock", "synchronised"), GW_W_SYNCHRONISED,
		  GW_W_NOT_SYNCHRONISED);
	gw_page_raw(page, "</dl>\n");
	gw_page_end(page);
}

static void put_drift(struct gw_page *page)
{
	const struct gw_view *view = page->view;
	int64_t last = (int64_t)gw_view_number(view, "drift", "last");

	gw_page_begin(page, "drift", GW_W_DRIFT);
	gw_page_raw(page, "<dl>\n");
	put_count(page, GW_W_OBJECTS, gw_view_number(view, "drift", "objects"));
	put_count(page, GW_W_REPAIRED, view->agent_counters[GW_COUNTER_DRIFT_REPAIRED].shown);
	put_state(page, GW_W_TABLE, gw_view_flag(view, "drift", "owned"), GW_W_OWNED,
		  GW_W_NOT_OWNED);
	put_term(page, GW_W_LAST_OTHER);
	gw_page_raw(page, "<dd>");
	if (last) {
		gw_page_time(page, last);
		gw_page_raw(page, " ");
		gw_page_text(page, gw_view_text(view, "drift", "who"));
	} else {
		gw_page_word(page, GW_W_NEVER);
	}
	gw_page_raw(page, "</dd>\n</dl>\n");
	gw_page_end(page);
}

void gw_page_upkeep(struct gw_page *page)
{
	put_changes(page);
	if (page->view->policy) {
		put_exceptions(page);
		put_reviews(page);
	}
	put_audit(page);
	put_drift(page);
}
