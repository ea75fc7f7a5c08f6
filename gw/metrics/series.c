#include "gw/metrics/series.h"

void gw_series_note(struct gw_series *series, uint64_t reading, int64_t elapsed_ms)
{
	uint64_t before = series->shown;
	bool fresh = !series->begun;

	if (series->begun && reading < series->last && !series->fell) {
		series->fell = true;
		series->rate = 0;
		return;
	}
	if (series->fell && reading < series->last)
		series->base = series->shown;
	series->begun = true;
	series->fell = false;
	series->last = reading;
	series->shown = series->base + reading;
	series->rate = fresh || elapsed_ms <= 0
			       ? 0
			       : (double)(series->shown - before) * 1000.0 / (double)elapsed_ms;
}
