/* What somebody should look at, first of all: each a sentence. */
#include <string.h>

#include "gw/metrics/page_write.h"
#include "gw/policy/policy.h"

struct attention {
	struct gw_page *page;
	unsigned int n;
};

static void item(struct attention *attention, enum gw_page_word word)
{
	gw_page_raw(attention->page, attention->n++ ? "<li>" : "<ul class=\"attention\">\n<li>");
	gw_page_word(attention->page, word);
}

static void plain(struct attention *attention, bool holds, enum gw_page_word word)
{
	if (!holds)
		return;
	item(attention, word);
	gw_page_raw(attention->page, "</li>\n");
}

static void counted(struct attention *attention, uint64_t n, enum gw_page_word word)
{
	if (!n)
		return;
	item(attention, word);
	gw_page_number(attention->page, n);
	gw_page_raw(attention->page, "</li>\n");
}

static void named(struct attention *attention, const char *name, enum gw_page_word word)
{
	item(attention, word);
	gw_page_text(attention->page, name);
	gw_page_raw(attention->page, "</li>\n");
}

static uint64_t overdue(const struct gw_view *view)
{
	uint64_t n = 0;

	for (size_t i = 0; view->policy && i < view->policy->n_rules; i++)
		n += view->policy->rules[i].review && view->policy->rules[i].review <= view->now;
	return n;
}

static void of_changes(struct attention *attention)
{
	const struct gw_view *view = attention->page->view;
	const json_t *last = json_array_get(json_object_get(view->agent, "changes"), 0);

	if (json_is_object(json_object_get(view->agent, "confirm"))) {
		item(attention, GW_W_A_CONFIRM);
		gw_page_time(attention->page, (int64_t)gw_view_number(view, "confirm", "until"));
		gw_page_raw(attention->page, " (");
		gw_page_text(attention->page, gw_view_text(view, "confirm", "who"));
		gw_page_raw(attention->page, ")</li>\n");
	}
	plain(attention, gw_view_flag(view, NULL, "apply_failed"), GW_W_A_APPLY_FAILED);
	plain(attention, json_is_true(json_object_get(last, "emergency")), GW_W_A_EMERGENCY);
	counted(attention, gw_view_number(view, "drift", "objects"), GW_W_A_DRIFT);
	counted(attention, gw_view_number(view, "measures", "isolate"), GW_W_A_MEASURES);
}

static void of_records(struct attention *attention)
{
	const struct gw_view *view = attention->page->view;
	bool open = gw_view_flag(view, "audit", "open");

	plain(attention, !open || gw_view_flag(view, "audit", "failing"), GW_W_A_AUDIT);
	plain(attention, open && !gw_view_flag(view, "audit", "intact"), GW_W_A_CHAIN);
	plain(attention, open && !gw_view_flag(view, "audit", "sealed"), GW_W_A_SEAL);
	if (gw_view_flag(view, "audit", "collector_away"))
		counted(attention, gw_view_number(view, "audit", "collector_waiting") + 1,
			GW_W_A_COLLECTOR);
	plain(attention, !gw_view_flag(view, "clock", "synchronised"), GW_W_A_CLOCK);
}

static void of_modules(struct attention *attention)
{
	const struct gw_view *view = attention->page->view;
	const struct gw_family_view *attacks = gw_view_family(view, "gw_attack_active");

	for (size_t i = 0; i < GW_MODULES_MAX; i++)
		if (view->modules[i].expected && !view->modules[i].up)
			named(attention, view->modules[i].name, GW_W_A_MODULE);
	for (size_t i = 0; attacks && i < attacks->n_samples && i < 8; i++)
		if (attacks->samples[i].series.shown)
			named(attention, gw_sample_label(&attacks->samples[i], "vector"),
			      GW_W_A_ATTACK);
}

void gw_page_attention(struct gw_page *page)
{
	struct attention attention = { .page = page };
	const struct gw_view *view = page->view;

	gw_page_begin(page, "attention", GW_W_ATTENTION);
	plain(&attention, !view->agent_up, GW_W_A_NO_AGENT);
	if (*gw_view_text(view, NULL, "kernel_error"))
		named(&attention, gw_view_text(view, NULL, "kernel_error"), GW_W_A_KERNEL);
	of_modules(&attention);
	if (view->agent) {
		of_changes(&attention);
		of_records(&attention);
	}
	counted(&attention, overdue(view), GW_W_A_REVIEWS);
	if (attention.n) {
		gw_page_raw(page, "</ul>\n");
	} else {
		gw_page_raw(page, "<p class=\"good\">");
		gw_page_word(page, GW_W_ALL_WELL);
		gw_page_raw(page, "</p>\n");
	}
	gw_page_end(page);
}
