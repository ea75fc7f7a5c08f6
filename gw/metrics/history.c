#include "gw/metrics/history.h"

#include <string.h>

static void put_point(struct gw_history *history)
{
	for (int line = 0; line < GW_HISTORY_LINES; line++)
		history->points[line][history->next] =
			(float)(history->sums[line] / history->n_sums);
	history->next = (history->next + 1) % GW_HISTORY_POINTS;
	if (history->n < GW_HISTORY_POINTS)
		history->n++;
	memset(history->sums, 0, sizeof(history->sums));
	history->n_sums = 0;
}

void gw_history_note(struct gw_history *history, const double rates[GW_HISTORY_LINES],
		     int64_t now_ms)
{
	if (!history->point_ms)
		history->point_ms = now_ms + GW_HISTORY_STEP_S * 1000;
	for (int line = 0; line < GW_HISTORY_LINES; line++)
		history->sums[line] += rates[line];
	history->n_sums++;
	if (now_ms < history->point_ms)
		return;
	put_point(history);
	history->point_ms += GW_HISTORY_STEP_S * 1000;
	if (history->point_ms <= now_ms) /* it was asleep: no points are made up */
		history->point_ms = now_ms + GW_HISTORY_STEP_S * 1000;
}

double gw_history_point(const struct gw_history *history, enum gw_history_line line, size_t i)
{
	size_t oldest = (history->next + GW_HISTORY_POINTS - history->n) % GW_HISTORY_POINTS;

	return history->points[line][(oldest + i) % GW_HISTORY_POINTS];
}
