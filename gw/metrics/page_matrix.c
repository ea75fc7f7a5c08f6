/*
 * The matrix of zones: what is open between which of them, and what goes through now. Rules of one pair count
 * there; those of several pairs cannot be told apart by pair, and are summed below. A rule is looked
 * at once, so that ten thousand of them cost little.
 */
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/metrics/page_write.h"
#include "gw/policy/policy.h"

/* Shown: a page has room for so many columns. */
#define ZONES_MAX 10u

struct cell {
	bool open, exception;
	double rate;
};

struct matrix {
	const struct gw_policy *policy;
	size_t n;
	const struct gw_zone *zones[ZONES_MAX];
	int shown[GW_ZONES_MAX];                     /* place among those, by index; -1: none */
	struct cell cells[ZONES_MAX][ZONES_MAX + 1]; /* the last column: the gateway */
	double shared;
};

/* The only zone of a set; NULL if it has several. */
static const struct gw_zone *only_zone(const struct gw_policy *policy,
				       const struct gw_zone_set *set)
{
	const struct gw_zone *found = NULL;

	for (size_t w = 0; w < GW_ZONES_MAX / 64; w++) {
		uint64_t bits = set->bits[w];

		if (!bits)
			continue;
		if (found || (bits & (bits - 1)))
			return NULL;
		found = &policy->zones[w * 64 + (size_t)__builtin_ctzll(bits)];
	}
	return found;
}

/* ---- which zones ----------------------------------------------------------------------------- */

struct weight {
	const struct gw_zone *zone;
	uint64_t packets;
};

static int compare_weights(const void *left, const void *right)
{
	const struct weight *a = left, *b = right;

	if (a->packets != b->packets)
		return a->packets > b->packets ? -1 : 1;
	return strcmp(a->zone->name, b->zone->name);
}

static int compare_names(const void *left, const void *right)
{
	const struct gw_zone *a = *(const struct gw_zone *const *)left;
	const struct gw_zone *b = *(const struct gw_zone *const *)right;

	return strcmp(a->name, b->name);
}

static void choose_zones(const struct gw_view *view, struct matrix *matrix)
{
	const struct gw_policy *policy = view->policy;
	struct weight weights[GW_ZONES_MAX] = { 0 };

	for (size_t i = 0; i < policy->n_zones; i++)
		weights[i].zone = &policy->zones[i];
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct gw_zone *from = only_zone(policy, &view->rules[i].rule->from);
		const struct gw_zone *to = only_zone(policy, &view->rules[i].rule->to);

		if (from)
			weights[from->index].packets += view->rules[i].packets.shown;
		if (to)
			weights[to->index].packets += view->rules[i].packets.shown;
	}
	matrix->n = policy->n_zones < ZONES_MAX ? policy->n_zones : ZONES_MAX;
	if (policy->n_zones > ZONES_MAX)
		qsort(weights, policy->n_zones, sizeof(*weights), compare_weights);
	for (size_t i = 0; i < matrix->n; i++)
		matrix->zones[i] = weights[i].zone;
	if (matrix->n)
		qsort(matrix->zones, matrix->n, sizeof(const struct gw_zone *), compare_names);
	memset(matrix->shown, -1, sizeof(matrix->shown));
	for (size_t i = 0; i < matrix->n; i++)
		matrix->shown[matrix->zones[i]->index] = (int)i;
}

/* ---- what is open ---------------------------------------------------------------------------- */

static void mark(struct cell *cell, const struct gw_rule_view *rule, double rate)
{
	if (rule->rule->action != GW_ACTION_ACCEPT)
		return;
	if (rule->rule->kind == GW_RULE_EXCEPTION)
		cell->exception = true;
	else
		cell->open = true;
	cell->rate += rate;
}

static void mark_all(struct matrix *matrix, const struct gw_rule_view *rule)
{
	bool gateway = rule->rule->kind == GW_RULE_GATEWAY;

	for (size_t f = 0; f < matrix->n; f++) {
		if (gateway && gw_rule_covers(rule->rule, matrix->zones[f], NULL))
			mark(&matrix->cells[f][matrix->n], rule, 0);
		for (size_t t = 0; !gateway && t < matrix->n; t++)
			if (gw_rule_covers(rule->rule, matrix->zones[f], matrix->zones[t]))
				mark(&matrix->cells[f][t], rule, 0);
	}
	if (rule->rule->action == GW_ACTION_ACCEPT)
		matrix->shared += rule->packets.rate;
}

static void mark_rule(struct matrix *matrix, const struct gw_rule_view *rule)
{
	const struct gw_zone *from = only_zone(matrix->policy, &rule->rule->from);
	const struct gw_zone *to = only_zone(matrix->policy, &rule->rule->to);
	bool gateway = rule->rule->kind == GW_RULE_GATEWAY;
	int f = from ? matrix->shown[from->index] : -1;
	int t = gateway ? (int)matrix->n : to ? matrix->shown[to->index] : -1;

	if (!from || (!to && !gateway))
		mark_all(matrix, rule);
	else if (f >= 0 && t >= 0)
		mark(&matrix->cells[f][t], rule, rule->packets.rate);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void put_cell(struct gw_page *page, const struct cell *cell)
{
	if (!cell->open && !cell->exception) {
		gw_page_raw(page, "<td class=\"c\">");
		gw_page_word(page, GW_W_CLOSED);
	} else {
		gw_page_raw(page, cell->rate > 0 ? "<td class=\"o b\">" : "<td class=\"o\">");
		gw_page_rate(page, cell->rate);
		if (cell->exception) {
			gw_page_raw(page, " + ");
			gw_page_word(page, GW_W_EXCEPTION);
		}
	}
	gw_page_raw(page, "</td>");
}

static void put_head(struct gw_page *page, const struct matrix *matrix)
{
	gw_page_raw(page, "<div class=\"t\" tabindex=\"0\" role=\"group\" aria-label=\"");
	gw_page_word(page, GW_W_MATRIX);
	gw_page_raw(page, "\"><table class=\"m\"><thead><tr><th scope=\"col\">");
	gw_page_word(page, GW_W_FROM_TO);
	gw_page_raw(page, "</th>");
	for (size_t t = 0; t < matrix->n; t++) {
		gw_page_raw(page, "<th scope=\"col\">");
		gw_page_text(page, matrix->zones[t]->name);
		gw_page_raw(page, "</th>");
	}
	gw_page_raw(page, "<th scope=\"col\">");
	gw_page_word(page, GW_W_GATEWAY);
	gw_page_raw(page, "</th></tr></thead><tbody>\n");
}

static void put_row(struct gw_page *page, const struct matrix *matrix, size_t f)
{
	gw_page_raw(page, "<tr><th scope=\"row\">");
	gw_page_text(page, matrix->zones[f]->name);
	if (matrix->zones[f]->untrusted) {
		gw_page_raw(page, " (");
		gw_page_word(page, GW_W_UNTRUSTED);
		gw_page_raw(page, ")");
	}
	gw_page_raw(page, "</th>");
	for (size_t t = 0; t <= matrix->n; t++)
		put_cell(page, &matrix->cells[f][t]);
	gw_page_raw(page, "</tr>\n");
}

void gw_page_matrix(struct gw_page *page)
{
	const struct gw_view *view = page->view;
	struct matrix matrix = { .policy = view->policy };

	choose_zones(view, &matrix);
	for (size_t i = 0; i < view->policy->n_rules; i++)
		if (view->rules[i].rule->kind != GW_RULE_EXCEPTION ||
		    view->rules[i].rule->expires > view->now)
			mark_rule(&matrix, &view->rules[i]);
	gw_page_begin(page, "zones", GW_W_MATRIX);
	gw_page_raw(page, "<p>");
	gw_page_word(page, GW_W_MATRIX_ABOUT);
	gw_page_raw(page, "</p>\n");
	put_head(page, &matrix);
	for (size_t f = 0; f < matrix.n; f++)
		put_row(page, &matrix, f);
	gw_page_table_end(page);
	gw_page_raw(page, "<p>");
	gw_page_word(page, GW_W_SHARED);
	gw_page_rate(page, matrix.shared);
	gw_page_raw(page, "</p>\n");
	if (view->policy->n_zones > matrix.n) {
		gw_page_raw(page, "<p>");
		gw_page_word(page, GW_W_MORE_ZONES);
		gw_page_number(page, view->policy->n_zones - matrix.n);
		gw_page_raw(page, "</p>\n");
	}
	gw_page_end(page);
}
