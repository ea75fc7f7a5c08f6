/*
 * The mode of a target: what is done about what was found. It rises at once and falls a step at a time, after
 * a quiet while; a target that was left too early takes longer the next time, so that pulses do not make it
 * flap.
 *
 *	peace      limits of single sources; nothing is refused for want of proof
 *	guarded    shorter patience: something may begin
 *	attack     the unproven compete for what is left
 *	upstream   the line itself is full: no one behind it can help, the carrier must
 */
#ifndef RATELIMIT_MODE_H
#define RATELIMIT_MODE_H

#include "ratelimit/judge.h"

enum ratelimit_mode {
	RATELIMIT_PEACE,
	RATELIMIT_GUARDED,
	RATELIMIT_UNDER_ATTACK,
	RATELIMIT_UPSTREAM,
	RATELIMIT_MODE_COUNT
};
const char *ratelimit_mode_name(enum ratelimit_mode mode);

struct ratelimit_regime {
	enum ratelimit_mode mode;
	int64_t since_ms;  /* when this mode was entered */
	int64_t reason_ms; /* when there was last a reason for it, or a worse one */
	int64_t left_ms;   /* when it last fell below `attack`; 0: never */
	int64_t full_ms;   /* since when the line is full; 0: it is not */
	int64_t quiet_ms;  /* the usual while; may be changed at any time */
	int64_t hold_ms;   /* how long it must be quiet to fall a step */
	unsigned int seen; /* ticks in a row that were at least suspicious */
	uint64_t changes;
};

void ratelimit_regime_init(struct ratelimit_regime *regime, int64_t quiet_ms, int64_t now_ms);
/** A tick: the worst that was found, and whether the line is full. True: the mode is another now. */
bool ratelimit_regime_tick(struct ratelimit_regime *regime, enum ratelimit_level worst,
			   bool link_full, int64_t now_ms);

#endif
