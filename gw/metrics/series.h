/*
 * A counter that never goes back, over readings that may: a table that another program has flushed counts
 * from nothing again, and what an exception has counted is away for the moment between its end and its
 * being carried over. A reading that is lower is therefore believed when the next one says so too; then
 * the series goes on from where it was.
 */
#ifndef GW_METRICS_SERIES_H
#define GW_METRICS_SERIES_H

#include <stdbool.h>
#include <stdint.h>

struct gw_series {
	uint64_t shown; /* what is told */
	uint64_t base;  /* shown = base + reading, since it last started anew */
	uint64_t last;  /* the reading before */
	bool begun, fell;
	double rate; /* a second, over the last interval */
};

/** Takes a reading, `elapsed_ms` after the one before. */
void gw_series_note(struct gw_series *series, uint64_t reading, int64_t elapsed_ms);

#endif
