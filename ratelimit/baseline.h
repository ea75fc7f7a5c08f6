/*
 * What is usual at an hour of the week: of the 168 hours the value that 95 of 100 minutes stayed below, in the
 * weeks before. Three things keep an attacker from teaching it: minutes that are suspicious are left out, an
 * hour of which too few minutes remain teaches nothing, and an hour's value grows by a quarter a week at most.
 * (And what is learned of traffic that can prove its source is the proven part alone: see judge.h.)
 */
#ifndef RATELIMIT_BASELINE_H
#define RATELIMIT_BASELINE_H

#include <stdbool.h>
#include <stdint.h>

#define RATELIMIT_HOURS 168u /* of a week, from Sunday, 0:00 */

struct ratelimit_baseline {
	float hours[RATELIMIT_HOURS]; /* negative: not learned yet */
	/* The hour that is being learned. */
	float minutes[60];
	uint8_t n_minutes;
	uint8_t hour;
	uint32_t frozen; /* minutes that were left out, ever */
};

void ratelimit_baseline_init(struct ratelimit_baseline *baseline);
/** A minute is over; `value` is its rate. */
void ratelimit_baseline_minute(struct ratelimit_baseline *baseline, unsigned int hour, double value,
			       bool suspicious);
/** What is usual at this hour; 0: nothing was learned yet. */
double ratelimit_baseline_expect(const struct ratelimit_baseline *baseline, unsigned int hour);

#endif
