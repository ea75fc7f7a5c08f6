/* The page as a whole. */
#include "gw/metrics/page.h"

#include "gw/metrics/page_write.h"
#include "gw/policy/policy.h"

static const char *site_of(const struct gw_view *view)
{
	return view->policy && view->policy->site_name ? view->policy->site_name : "gw";
}

static void put_head(struct gw_page *page)
{
	gw_page_raw(page, page->japanese ? "<!DOCTYPE html>\n<html lang=\"ja\">"
					 : "<!DOCTYPE html>\n<html lang=\"en\">");
	gw_page_raw(page, "<head><meta charset=\"utf-8\">"
			  "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
			  "<title>");
	/* No markup can stand in a title: names of sites are [a-z0-9-]. */
	gw_text_puts(page->out, site_of(page->view));
	gw_page_raw(page, " – ");
	gw_page_word(page, GW_W_TITLE);
	gw_page_raw(page, "</title><style>");
	gw_page_raw(page, gw_page_style);
	gw_page_raw(page, "</style></head>\n<body><a class=\"skip\" href=\"#main\">");
	gw_page_word(page, GW_W_SKIP);
	gw_page_raw(page, "</a>\n");
}

static void put_header(struct gw_page *page)
{
	const struct gw_view *view = page->view;

	gw_page_raw(page, "<header><h1>");
	gw_page_text(page, site_of(view));
	gw_page_raw(page, "</h1><p>");
	if (view->agent) {
		gw_page_word(page, GW_W_REVISION);
		gw_page_raw(page, " ");
		gw_page_number(page, gw_view_number(view, NULL, "revision"));
		gw_page_raw(page, ", ");
		gw_page_word(page, GW_W_READ);
		gw_page_raw(page, " ");
		gw_page_time(page, view->read_at);
	} else {
		gw_page_word(page, GW_W_NO_AGENT_YET);
	}
	gw_page_raw(page, "</p></header>\n");
}

static void put_footer(struct gw_page *page)
{
	gw_page_raw(page, page->japanese ? "<footer><nav><a href=\"/?lang=en\" lang=\"en\">"
					 : "<footer><nav><a href=\"/?lang=ja\" lang=\"ja\">");
	gw_page_word(page, GW_W_OTHER_LANGUAGE);
	gw_page_raw(page, page->japanese ? "</a> <a href=\"/?lang=ja&amp;refresh=10\">"
					 : "</a> <a href=\"/?lang=en&amp;refresh=10\">");
	gw_page_word(page, GW_W_REFRESH);
	gw_page_raw(page, "</a> <a href=\"/metrics\">");
	gw_page_word(page, GW_W_METRICS);
	gw_page_raw(page, "</a></nav></footer></body></html>\n");
}

void gw_view_page(const struct gw_view *view, bool japanese, struct gw_text *out)
{
	struct gw_page page = { .view = view, .out = out, .japanese = japanese };

	put_head(&page);
	put_header(&page);
	gw_page_raw(&page, "<main id=\"main\">\n");
	gw_page_attention(&page);
	if (view->policy) {
		gw_page_charts(&page);
		gw_page_matrix(&page);
		gw_page_traffic(&page);
	}
	if (view->agent) {
		gw_page_modules(&page);
		gw_page_upkeep(&page);
	}
	gw_page_raw(&page, "</main>\n");
	put_footer(&page);
}
