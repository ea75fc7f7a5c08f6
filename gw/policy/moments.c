#include "gw/policy/moments.h"

#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/decide.h"

#define DAY_SECONDS  INT64_C(86400)
#define WEEK_SECONDS (7 * DAY_SECONDS)
#define FIRST_SUNDAY (3 * DAY_SECONDS) /* Unix time 0 was a Thursday */

/* A time and which windows are open then, a byte for each. */
struct moment {
	int64_t time;
	const unsigned char *open;
	size_t n_windows;
};

static int compare_moments(const void *a, const void *b)
{
	const struct moment *left = a, *right = b;
	int order = memcmp(left->open, right->open, left->n_windows);

	if (order)
		return order;
	return (left->time > right->time) - (left->time < right->time);
}

static size_t windows_of_pair(const struct gw_pair *pair, const struct gw_window **windows)
{
	size_t n = 0;

	for (size_t i = 0; i < pair->n; i++) {
		const struct gw_window *window = pair->terms[i].rule->window;
		size_t k = 0;

		while (k < n && windows[k] != window)
			k++;
		if (window && k == n)
			windows[n++] = window;
	}
	return n;
}

static struct moment moment_at(struct gw_arena *arena, int64_t second,
			       const struct gw_window *const *windows, size_t n)
{
	unsigned char *open = gw_arena_array(arena, n, unsigned char);
	int64_t time = FIRST_SUNDAY + second % WEEK_SECONDS;

	for (size_t i = 0; i < n; i++)
		open[i] = gw_window_open(windows[i], time);
	return (struct moment){ time, open, n };
}

/* A combination of open windows begins where a window opens, or right after one closed. */
static struct gw_moments moments_of(struct gw_arena *arena, const struct gw_window *const *windows,
				    size_t n)
{
	size_t n_moments = 0, n_different = 0, n_edges = 0;
	struct moment *moments;
	int64_t *times;

	for (size_t i = 0; i < n; i++)
		n_edges += 2 * windows[i]->n_parts;
	moments = gw_arena_array(arena, n_edges + 1, struct moment);
	moments[n_moments++] = moment_at(arena, 0, windows, n);
	for (size_t i = 0; i < n; i++) {
		for (size_t p = 0; p < windows[i]->n_parts; p++) {
			const struct gw_window_part *part = &windows[i]->parts[p];
			int64_t day = (int64_t)part->weekday * DAY_SECONDS;

			moments[n_moments++] = moment_at(arena, day + part->from, windows, n);
			moments[n_moments++] = moment_at(arena, day + part->until + 1, windows, n);
		}
	}
	qsort(moments, n_moments, sizeof(*moments), compare_moments);
	times = gw_arena_array(arena, n_moments, int64_t);
	for (size_t i = 0; i < n_moments; i++)
		if (!i || memcmp(moments[i - 1].open, moments[i].open, n) != 0)
			times[n_different++] = moments[i].time;
	return (struct gw_moments){ times, n_different };
}

struct gw_moments gw_moments_of_pair(struct gw_arena *arena, const struct gw_pair *pair)
{
	static const int64_t any_time = FIRST_SUNDAY;
	const struct gw_window **windows;
	size_t n_windowed = 0, n;

	for (size_t i = 0; i < pair->n; i++)
		n_windowed += pair->terms[i].rule->window != NULL;
	if (!n_windowed)
		return (struct gw_moments){ &any_time, 1 };
	windows = gw_arena_array(arena, n_windowed, const struct gw_window *);
	n = windows_of_pair(pair, windows);
	return moments_of(arena, windows, n);
}

static bool part_covered(const struct gw_window *outer, const struct gw_window_part *part)
{
	for (size_t i = 0; i < outer->n_parts; i++)
		if (outer->parts[i].weekday == part->weekday &&
		    outer->parts[i].from <= part->from && outer->parts[i].until >= part->until)
			return true;
	return false;
}

bool gw_window_covers(const struct gw_window *outer, const struct gw_window *inner)
{
	if (!outer || outer == inner)
		return true;
	if (!inner)
		return false;
	for (size_t i = 0; i < inner->n_parts; i++)
		if (!part_covered(outer, &inner->parts[i]))
			return false;
	return true;
}

const char *gw_moment_text(struct gw_arena *arena, int64_t moment)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	int64_t second = (moment - FIRST_SUNDAY) % WEEK_SECONDS;

	return gw_arena_printf(arena, "%s %02d:%02d UTC", days[second / DAY_SECONDS],
			       (int)(second % DAY_SECONDS / 3600), (int)(second % 3600 / 60));
}
