#include "ratelimit/mode.h"

#define HOLD_MAX   12   /* times the usual while */
#define AGAIN      6    /* so many whiles: rising again so soon means that it fell too early */
#define FULL_MS    3000 /* bursts fill a line for a moment, too */
#define SUSPICIONS 3u   /* ticks in a row, before anything is done about a suspicion */

const char *ratelimit_mode_name(enum ratelimit_mode mode)
{
	static const char *const names[RATELIMIT_MODE_COUNT] = {
		[RATELIMIT_PEACE] = "peace",
		[RATELIMIT_GUARDED] = "guarded",
		[RATELIMIT_UNDER_ATTACK] = "attack",
		[RATELIMIT_UPSTREAM] = "upstream",
	};

	return names[mode];
}

void ratelimit_regime_init(struct ratelimit_regime *regime, int64_t quiet_ms, int64_t now_ms)
{
	*regime = (struct ratelimit_regime){ .since_ms = now_ms,
					     .quiet_ms = quiet_ms,
					     .hold_ms = quiet_ms };
}

/* The mode that there is a reason for now. */
static enum ratelimit_mode called_for(const struct ratelimit_regime *regime,
				      enum ratelimit_level worst, int64_t now_ms)
{
	bool full = regime->full_ms && now_ms - regime->full_ms >= FULL_MS;

	switch (worst) {
	case RATELIMIT_ATTACK:
		return full ? RATELIMIT_UPSTREAM : RATELIMIT_UNDER_ATTACK;
	case RATELIMIT_SUSPECT:
		return regime->seen >= SUSPICIONS ? RATELIMIT_GUARDED : RATELIMIT_PEACE;
	case RATELIMIT_CROWD:
	case RATELIMIT_CALM:
		break;
	}
	return RATELIMIT_PEACE;
}

static void enter(struct ratelimit_regime *regime, enum ratelimit_mode mode, int64_t now_ms)
{
	regime->mode = mode;
	regime->since_ms = regime->reason_ms = now_ms;
	regime->changes++;
}

static void rise(struct ratelimit_regime *regime, enum ratelimit_mode mode, int64_t now_ms)
{
	if (regime->mode < RATELIMIT_UNDER_ATTACK && mode >= RATELIMIT_UNDER_ATTACK) {
		int64_t most = HOLD_MAX * regime->quiet_ms;
		bool again = regime->left_ms && now_ms - regime->left_ms < AGAIN * regime->quiet_ms;

		regime->hold_ms = again ? regime->hold_ms * 2 : regime->quiet_ms;
		if (regime->hold_ms > most)
			regime->hold_ms = most;
	}
	enter(regime, mode, now_ms);
}

bool ratelimit_regime_tick(struct ratelimit_regime *regime, enum ratelimit_level worst,
			   bool link_full, int64_t now_ms)
{
	enum ratelimit_mode wanted;

	regime->seen = worst >= RATELIMIT_SUSPECT ? regime->seen + (regime->seen < SUSPICIONS) : 0;
	if (!link_full)
		regime->full_ms = 0;
	else if (!regime->full_ms)
		regime->full_ms = now_ms;
	wanted = called_for(regime, worst, now_ms);
	if (wanted > regime->mode) {
		rise(regime, wanted, now_ms);
		return true;
	}
	if (wanted == regime->mode) {
		regime->reason_ms = now_ms;
		return false;
	}
	if (now_ms - regime->reason_ms < regime->hold_ms)
		return false;
	if (regime->mode == RATELIMIT_UNDER_ATTACK)
		regime->left_ms = now_ms;
	enter(regime, (enum ratelimit_mode)(regime->mode - 1), now_ms);
	return true;
}
