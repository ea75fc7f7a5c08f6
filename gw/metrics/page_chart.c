/* Charts of the last hour: lines of SVG, with what they show in words beside them. */
#include "gw/metrics/page_write.h"

#define WIDTH  240.0
#define HEIGHT 48.0

static double highest(const struct gw_history *history, enum gw_history_line line)
{
	double most = 0;

	for (size_t i = 0; i < history->n; i++)
		if (gw_history_point(history, line, i) > most)
			most = gw_history_point(history, line, i);
	return most;
}

static void put_line(struct gw_page *page, enum gw_history_line line, double most)
{
	const struct gw_history *history = page->view->history;
	double step = WIDTH / (GW_HISTORY_POINTS - 1);

	gw_page_raw(page, "<polyline points=\"");
	for (size_t i = 0; i < history->n; i++) {
		double value = gw_history_point(history, line, i);
		size_t from_right = history->n - 1 - i;

		gw_text_printf(page->out, "%.0f,%.1f ", WIDTH - step * (double)from_right,
			       HEIGHT - 1 - (most > 0 ? value / most * (HEIGHT - 2) : 0));
	}
	gw_page_raw(page, "\"/>");
}

static void put_chart(struct gw_page *page, enum gw_history_line line, enum gw_page_word title)
{
	const struct gw_history *history = page->view->history;
	double most = highest(history, line);

	gw_page_raw(page, "<figure><figcaption>");
	gw_page_word(page, title);
	gw_page_raw(page, ": ");
	if (history->n) {
		gw_page_rate(page, gw_history_point(history, line, history->n - 1));
		gw_page_raw(page, " ");
		gw_page_word(page, GW_W_NOW);
		gw_page_raw(page, ", ");
		gw_page_word(page, GW_W_MOST);
		gw_page_raw(page, " ");
		gw_page_rate(page, most);
	} else {
		gw_page_word(page, GW_W_NO_POINTS);
	}
	gw_page_raw(page, "</figcaption><svg viewBox=\"0 0 240 48\" preserveAspectRatio=\"none\" "
			  "aria-hidden=\"true\" focusable=\"false\">");
	if (history->n)
		put_line(page, line, most);
	gw_page_raw(page, "</svg></figure>\n");
}

void gw_page_charts(struct gw_page *page)
{
	gw_page_begin(page, "hour", GW_W_TRAFFIC);
	gw_page_raw(page, "<div class=\"charts\">\n");
	put_chart(page, GW_HISTORY_PASSED, GW_W_PASSED);
	put_chart(page, GW_HISTORY_DROPPED, GW_W_DROPPED);
	if (gw_view_family(page->view, "gw_dns_queries"))
		put_chart(page, GW_HISTORY_QUERIES, GW_W_QUERIES);
	if (gw_view_family(page->view, "gw_ipv6guard_frames"))
		put_chart(page, GW_HISTORY_IPV6, GW_W_IPV6_REFUSED);
	gw_page_raw(page, "</div>\n");
	gw_page_end(page);
}
