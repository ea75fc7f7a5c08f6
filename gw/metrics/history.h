/* The last hour, for the charts of the page: one point every half minute, in memory only. */
#ifndef GW_METRICS_HISTORY_H
#define GW_METRICS_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#define GW_HISTORY_POINTS 120u
#define GW_HISTORY_STEP_S 30

enum gw_history_line {
	GW_HISTORY_PASSED,  /* packets a second of accepting rules */
	GW_HISTORY_DROPPED, /* packets a second that were dropped */
	GW_HISTORY_QUERIES, /* of the resolver */
	GW_HISTORY_IPV6,    /* frames that the IPv6 guard has refused */
	GW_HISTORY_LINES
};

struct gw_history {
	float points[GW_HISTORY_LINES][GW_HISTORY_POINTS]; /* rates, a ring */
	size_t n, next;
	/* What the next point is the mean of. */
	double sums[GW_HISTORY_LINES];
	unsigned int n_sums;
	int64_t point_ms; /* when it is due */
};

/** Takes in the rates of now. */
void gw_history_note(struct gw_history *history, const double rates[GW_HISTORY_LINES],
		     int64_t now_ms);
/** The `i`th point of a line, the oldest first. */
double gw_history_point(const struct gw_history *history, enum gw_history_line line, size_t i);

#endif
