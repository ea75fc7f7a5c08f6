/*
 * Is a target under attack? Pure: counts of the last second and a half in, findings out.
 *
 * A rate alone says nothing: a crowd is a rate, too. What tells them apart is proof: newcomers who complete
 * the handshake, or are answered, have shown where they are, and how many do not is what is judged. They
 * are given time for it, so a newcomer is judged when he is 200 ms old; and what a target is used to is
 * learned of proven newcomers alone, so that nobody teaches it an attack, however slowly.
 */
#ifndef RATELIMIT_JUDGE_H
#define RATELIMIT_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATELIMIT_TICK_MS 100u
#define RATELIMIT_TICKS   16u

enum ratelimit_vector {
	RATELIMIT_VECTOR_SYN,
	RATELIMIT_VECTOR_UDP,
	RATELIMIT_VECTOR_ICMP,
	RATELIMIT_VECTOR_FRAGMENT,
	RATELIMIT_VECTOR_REFLECTION,
	RATELIMIT_VECTOR_CARPET,
	RATELIMIT_VECTOR_SLOW,
	RATELIMIT_VECTOR_EXHAUSTION,
	RATELIMIT_VECTOR_PULSE,
	RATELIMIT_VECTOR_COUNT
};
const char *ratelimit_vector_name(enum ratelimit_vector vector);
/** For operators: "a flood of SYNs whose senders do not complete the handshake". */
const char *ratelimit_vector_text(enum ratelimit_vector vector, bool japanese);

/** What newcomers are counted by; each is the metric of the vector with the same number. */
enum ratelimit_metric {
	RATELIMIT_METRIC_TCP,
	RATELIMIT_METRIC_UDP,
	RATELIMIT_METRIC_ICMP,
	RATELIMIT_METRIC_FRAGMENT,
	RATELIMIT_METRIC_REFLECTED, /* from ports of amplifiers, unasked */
	RATELIMIT_METRIC_COUNT
};

struct ratelimit_counts {
	uint32_t offered[RATELIMIT_METRIC_COUNT]; /* newcomers, refused ones included */
	uint32_t proven[RATELIMIT_METRIC_COUNT];  /* that have shown where they are */
};

/** The latest ticks of a target. Zeroed memory is an empty one. */
struct ratelimit_window {
	struct ratelimit_counts ticks[RATELIMIT_TICKS];
	unsigned int now; /* the tick that is being counted */
};
static inline struct ratelimit_counts *ratelimit_window_now(struct ratelimit_window *window)
{
	return &window->ticks[window->now];
}
/** The tick is over. */
void ratelimit_window_turn(struct ratelimit_window *window);

enum ratelimit_level {
	RATELIMIT_CALM,
	RATELIMIT_CROWD, /* many, but they prove themselves */
	RATELIMIT_SUSPECT,
	RATELIMIT_ATTACK,
};
const char *ratelimit_level_name(enum ratelimit_level level);

/** What is known of the target beside the window. */
struct ratelimit_circumstances {
	uint32_t floors
		[RATELIMIT_METRIC_COUNT]; /* unproven newcomers a second that are never an attack */
	double expected
		[RATELIMIT_METRIC_COUNT]; /* proven ones a second; fragments and reflected: all */
	uint32_t lingering, lingering_floor; /* connections that are open for long */
	double lingering_expected;
	double occupancy; /* of the connection table, or of the target's own limit: 0 to 1 */
	uint32_t destinations,
		destinations_floor; /* of a prefix, that unproven newcomers went to */
};

struct ratelimit_finding {
	enum ratelimit_vector vector;
	enum ratelimit_level level;
	double rate;      /* unproven newcomers a second, or what the vector counts */
	double threshold; /* that it was compared with */
	double expected;
	double proven; /* share of the newcomers; 1 if there were none */
};

/** The worst first in time of the table: one for each vector that is not calm. How many. */
size_t ratelimit_judge(const struct ratelimit_window *window,
		       const struct ratelimit_circumstances *circumstances,
		       struct ratelimit_finding ret[RATELIMIT_VECTOR_COUNT]);
/** Newcomers of the last second. */
void ratelimit_window_rates(const struct ratelimit_window *window,
			    double offered[RATELIMIT_METRIC_COUNT],
			    double proven[RATELIMIT_METRIC_COUNT]);

/* ---- pulse.c --------------------------------------------------------------------------------- */

#define RATELIMIT_PULSES 3u

/** Attacks that come and go faster than anybody reacts. Zeroed memory is an empty one. */
struct ratelimit_pulse {
	int64_t edges[RATELIMIT_PULSES]; /* when the latest attacks began */
	bool above;
};
/** True while three attacks have begun within a minute. */
bool ratelimit_pulse_see(struct ratelimit_pulse *pulse, bool attack, int64_t now_ms);

#endif
