/*
 * The clock of the wall: does it jump, and does anything keep it right? Records, expiries and time windows
 * are only as good as it is. Jumps are told by the kernel (TFD_TIMER_CANCEL_ON_SET) and measured
 * against a clock that nobody can set; after one, exceptions are given the time to live anew that
 * makes them end at the right moment. Whether the clock is synchronised is what adjtimex() says.
 */
#ifndef GW_AGENT_CLOCK_H
#define GW_AGENT_CLOCK_H

#include "gw/agent/agent.h"

/* Corrections below this are slewing and measurement, not a jump. */
#define GW_CLOCK_JUMP_MS 1000

struct gw_clock_sample {
	int64_t real_ms, boot_ms; /* of the same moment */
	bool synchronised;
	int64_t max_error_ms; /* that the kernel believes in */
};

struct gw_clock_state {
	struct gw_clock_sample last;
	bool sampled;
	uint64_t jumps;    /* since the start */
	int64_t jumped_ms; /* by how much the last time; negative: back */
	int64_t jumped_at; /* Unix time after it; 0: never */
};

#define GW_CLOCK_JUMPED         1u
#define GW_CLOCK_UNSYNCHRONISED 2u /* it was not before, or at the start */
#define GW_CLOCK_SYNCHRONISED   4u /* it was not before */

/** Takes a sample in; what is new, as bits. Pure. */
unsigned int gw_clock_note(struct gw_clock_state *state, const struct gw_clock_sample *sample);
/** The clock of this machine now. */
void gw_clock_sample(struct gw_clock_sample *ret);
/** For status and records. */
const struct gw_clock_state *gw_clock_state(const struct gw_agent *agent);

#endif
