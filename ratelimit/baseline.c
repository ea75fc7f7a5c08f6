#include "ratelimit/baseline.h"

#include <stdlib.h>

#define MINUTES_MIN  20u   /* fewer teach nothing */
#define GROWTH       1.25f /* of an hour of the week, from one week to the next */
#define GROWTH_FRESH 4.0f  /* of one that was never seen, over the largest that was */
#define WEIGHT       0.3f  /* of the latest week */

void ratelimit_baseline_init(struct ratelimit_baseline *baseline)
{
	*baseline = (struct ratelimit_baseline){ .n_minutes = 0 };
	for (unsigned int i = 0; i < RATELIMIT_HOURS; i++)
		baseline->hours[i] = -1;
}

static float largest(const struct ratelimit_baseline *baseline)
{
	float max = -1;

	for (unsigned int i = 0; i < RATELIMIT_HOURS; i++)
		if (baseline->hours[i] > max)
			max = baseline->hours[i];
	return max;
}

static int compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return x < y ? -1 : x > y;
}

static void close_hour(struct ratelimit_baseline *baseline)
{
	float *known = &baseline->hours[baseline->hour], max = largest(baseline), value;
	unsigned int n = baseline->n_minutes;

	baseline->n_minutes = 0;
	if (n < MINUTES_MIN)
		return;
	qsort(baseline->minutes, n, sizeof(baseline->minutes[0]), compare);
	value = baseline->minutes[n - 1 - n / 20];
	if (*known < 0) {
		/* The very first hour has nothing to be compared with. One of nothing cannot grow by a
		 * factor, so that a rate of one is where growth begins. */
		float cap = max < 0 ? value : (max < 1 ? 1 : max) * GROWTH_FRESH;

		*known = value < cap ? value : cap;
	} else {
		float next = *known + WEIGHT * (value - *known);
		float cap = (*known < 1 ? 1 : *known) * GROWTH;

		*known = next < cap ? next : cap;
	}
}

void ratelimit_baseline_minute(struct ratelimit_baseline *baseline, unsigned int hour, double value,
			       bool suspicious)
{
	hour %= RATELIMIT_HOURS;
	if (hour != baseline->hour) {
		close_hour(baseline);
		baseline->hour = (uint8_t)hour;
	}
	if (suspicious)
		baseline->frozen++;
	else if (baseline->n_minutes < 60)
		baseline->minutes[baseline->n_minutes++] = (float)value;
}

double ratelimit_baseline_expect(const struct ratelimit_baseline *baseline, unsigned int hour)
{
	float max = -1;

	/* People come a little earlier or later than last week. */
	for (unsigned int i = 0; i < 3; i++) {
		float value = baseline->hours[(hour + RATELIMIT_HOURS - 1 + i) % RATELIMIT_HOURS];

		if (value > max)
			max = value;
	}
	if (baseline->hours[hour % RATELIMIT_HOURS] < 0)
		max = largest(baseline);
	return max < 0 ? 0 : (double)max;
}
