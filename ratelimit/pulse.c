/* Attacks that come and go: each is over before a mode that was left in time would be entered again. */
#include <string.h>

#include "ratelimit/judge.h"

#define WITHIN_MS 60000

bool ratelimit_pulse_see(struct ratelimit_pulse *pulse, bool attack, int64_t now_ms)
{
	if (attack && !pulse->above) {
		memmove(&pulse->edges[1], &pulse->edges[0],
			(RATELIMIT_PULSES - 1) * sizeof(pulse->edges[0]));
		pulse->edges[0] = now_ms;
	}
	pulse->above = attack;
	return pulse->edges[RATELIMIT_PULSES - 1] &&
	       now_ms - pulse->edges[RATELIMIT_PULSES - 1] < WITHIN_MS;
}
