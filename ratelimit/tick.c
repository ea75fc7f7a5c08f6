/* Ten times a second: what was found of each target, what mode that means, and why. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gw/core/mem.h"
#include "ratelimit/watch.h"

#define SECOND_MS    1000
#define MINUTE_TICKS (60000 / RATELIMIT_TICK_MS)
#define CLEAR_TICKS  100u /* top lists of calm times are those of the last ten seconds */

/* ---- words ----------------------------------------------------------------------------------- */

void ratelimit_finding_text(const struct ratelimit_finding *finding, char *ret, size_t size)
{
	const char *name = ratelimit_vector_name(finding->vector);

	switch (finding->vector) {
	case RATELIMIT_VECTOR_SYN:
	case RATELIMIT_VECTOR_UDP:
	case RATELIMIT_VECTOR_ICMP:
		(void)snprintf(
			ret, size,
			"%s: %.0f newcomers a second prove nothing, more than %.0f; %.0f %% do, "
			"and %.0f a second usually",
			name, finding->rate, finding->threshold, finding->proven * 100,
			finding->expected);
		return;
	case RATELIMIT_VECTOR_FRAGMENT:
	case RATELIMIT_VECTOR_REFLECTION:
		(void)snprintf(ret, size, "%s: %.0f a second, more than %.0f; usual are %.0f", name,
			       finding->rate, finding->threshold, finding->expected);
		return;
	case RATELIMIT_VECTOR_CARPET:
		(void)snprintf(ret, size,
			       "%s: %.0f newcomers a second prove nothing, more than %.0f, at %.0f "
			       "addresses at once",
			       name, finding->rate, finding->threshold, finding->expected);
		return;
	case RATELIMIT_VECTOR_SLOW:
		(void)snprintf(ret, size,
			       "%s: %.0f connections are open for long, more than %.0f; usual are "
			       "%.0f",
			       name, finding->rate, finding->threshold, finding->expected);
		return;
	case RATELIMIT_VECTOR_EXHAUSTION:
		(void)snprintf(ret, size, "%s: the connection table is %.0f %% full", name,
			       finding->rate);
		return;
	case RATELIMIT_VECTOR_PULSE:
		(void)snprintf(ret, size, "%s: three attacks within a minute, each soon over",
			       name);
		return;
	case RATELIMIT_VECTOR_COUNT:
		break;
	}
	*ret = '\0';
}

void ratelimit_reason_text(const struct ratelimit_reason *reason, char *ret, size_t size)
{
	char found[192] = "it was quiet for long enough";

	if (reason->found)
		ratelimit_finding_text(&reason->finding, found, sizeof(found));
	(void)snprintf(ret, size, "%s -> %s: %s%s", ratelimit_mode_name(reason->from),
		       ratelimit_mode_name(reason->to), found,
		       reason->link_full ? "; the line is full" : "");
}

/* ---- what is usual --------------------------------------------------------------------------- */

/* By the clock of the site, so that nine o'clock stays nine o'clock. */
static unsigned int hour_of(int64_t now)
{
	time_t time = (time_t)now;
	struct tm tm;

	return localtime_r(&time, &tm) ? (unsigned int)(tm.tm_wday * 24 + tm.tm_hour) : 0;
}

static uint32_t lingering_of(const struct ratelimit_target *target)
{
	/* Completed before half a minute, less those that have gone since: at least so many are old. */
	uint64_t before = target->completed[(target->second + 1) % (RATELIMIT_LINGER_S + 1)];

	return before > target->gone ? (uint32_t)(before - target->gone) : 0;
}

static void turn_second(struct ratelimit_target *target)
{
	unsigned int next = (target->second + 1) % (RATELIMIT_LINGER_S + 1);

	target->completed[next] = target->completed[target->second];
	target->second = next;
	memcpy(target->destinations[1], target->destinations[0], sizeof(target->destinations[0]));
	memset(target->destinations[0], 0, sizeof(target->destinations[0]));
}

/* Of what can be proven the proven part is learned; fragments and answers of amplifiers have none. */
static void learn(struct ratelimit_target *target, enum ratelimit_level worst, unsigned int hour)
{
	double offered[RATELIMIT_METRIC_COUNT], proven[RATELIMIT_METRIC_COUNT];

	ratelimit_window_rates(&target->window, offered, proven);
	for (size_t m = 0; m < RATELIMIT_METRIC_COUNT; m++) {
		bool provable = m < RATELIMIT_METRIC_FRAGMENT;

		target->minute[m] += provable ? proven[m] : offered[m];
	}
	target->minute[RATELIMIT_METRIC_COUNT] += lingering_of(target);
	target->minute_suspicious |=
		worst >= RATELIMIT_SUSPECT || target->regime.mode != RATELIMIT_PEACE;
	if (++target->minute_ticks < MINUTE_TICKS)
		return;
	for (size_t m = 0; m < RATELIMIT_LEARNED; m++)
		ratelimit_baseline_minute(&target->usual[m], hour,
					  target->minute[m] / target->minute_ticks,
					  target->minute_suspicious);
	memset(target->minute, 0, sizeof(target->minute));
	target->minute_ticks = 0;
	target->minute_suspicious = false;
}

/* ---- judging --------------------------------------------------------------------------------- */

static void look_around(const struct ratelimit_state *state, const struct ratelimit_target *target,
			unsigned int hour, struct ratelimit_circumstances *ret)
{
	const struct ratelimit_watch *watch = state->watch;
	const struct ratelimit_machine *machine = &state->machine;

	*ret = (struct ratelimit_circumstances){ .lingering = lingering_of(target) };
	memcpy(ret->floors, watch->floors, sizeof(ret->floors));
	for (size_t m = 0; m < RATELIMIT_METRIC_COUNT; m++)
		ret->expected[m] = ratelimit_baseline_expect(&target->usual[m], hour);
	ret->lingering_expected =
		ratelimit_baseline_expect(&target->usual[RATELIMIT_METRIC_COUNT], hour);
	if (target->kind == RATELIMIT_TARGET_POLICY)
		ret->lingering_floor = watch->lingering;
	if (target->kind == RATELIMIT_TARGET_GATEWAY && machine->connections_max)
		ret->occupancy = (double)machine->connections / (double)machine->connections_max;
	if (target->kind == RATELIMIT_TARGET_PREFIX) {
		ret->destinations_floor = watch->destinations;
		for (size_t i = 0; i < 4; i++)
			ret->destinations += (uint32_t)__builtin_popcountll(
				target->destinations[0][i] | target->destinations[1][i]);
	}
}

/* A prefix is judged as a whole alone: its services are targets of their own. */
static size_t keep_carpets(struct ratelimit_finding *findings, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (findings[i].vector == RATELIMIT_VECTOR_CARPET)
			findings[kept++] = findings[i];
	return kept;
}

static const struct ratelimit_finding *worst_of(const struct ratelimit_target *target)
{
	const struct ratelimit_finding *worst = NULL;

	for (size_t i = 0; i < target->n_findings; i++)
		if (!worst || target->findings[i].level > worst->level)
			worst = &target->findings[i];
	return worst;
}

static void note_reason(struct ratelimit_state *state, struct ratelimit_target *target,
			enum ratelimit_mode from, int64_t now)
{
	const struct ratelimit_finding *worst = worst_of(target);
	bool rises = target->regime.mode > from;

	target->reasons[target->n_reasons++ % RATELIMIT_REASONS] = (struct ratelimit_reason){
		.time = now,
		.from = from,
		.to = target->regime.mode,
		.found = rises && worst,
		.finding = worst ? *worst : (struct ratelimit_finding){ .level = RATELIMIT_CALM },
		.link_full = rises && state->machine.line_full,
	};
}

static void judge(struct ratelimit_state *state, struct ratelimit_target *target, int64_t now_ms,
		  int64_t now, unsigned int hour)
{
	enum ratelimit_mode before = target->regime.mode;
	struct ratelimit_circumstances about;
	const struct ratelimit_finding *worst;
	enum ratelimit_level level;
	size_t n;

	ratelimit_window_turn(&target->window);
	look_around(state, target, hour, &about);
	n = ratelimit_judge(&target->window, &about, target->findings);
	target->n_findings =
		target->kind == RATELIMIT_TARGET_PREFIX ? keep_carpets(target->findings, n) : n;
	worst = worst_of(target);
	level = worst ? worst->level : RATELIMIT_CALM;
	if (ratelimit_pulse_see(&target->pulse, level == RATELIMIT_ATTACK, now_ms) &&
	    target->n_findings < RATELIMIT_VECTOR_COUNT)
		target->findings[target->n_findings++] =
			(struct ratelimit_finding){ .vector = RATELIMIT_VECTOR_PULSE,
						    .level = RATELIMIT_SUSPECT };
	learn(target, level, hour);
	target->regime.quiet_ms = state->watch->quiet_s * 1000;
	if (ratelimit_regime_tick(&target->regime, level, state->machine.line_full, now_ms)) {
		note_reason(state, target, before, now);
		state->changed = true;
	}
	ratelimit_attack_follow(state, target, now);
	if (target->regime.mode == RATELIMIT_PEACE && target->minute_ticks % CLEAR_TICKS == 0) {
		ratelimit_sketch_clear(target->sources);
		ratelimit_sketch_clear(target->dests);
	}
}

void ratelimit_tick(struct ratelimit_state *state, int64_t now_ms, int64_t now)
{
	unsigned int hour = hour_of(now);
	bool second = now_ms - state->second_ms >= SECOND_MS;
	uint32_t fragments = ratelimit_machine_read(&state->machine, state->watch, "/proc", now_ms);

	ratelimit_window_now(&ratelimit_target_gateway(state)->window)
		->offered[RATELIMIT_METRIC_FRAGMENT] += fragments;
	if (second) {
		state->second_ms = now_ms;
		state->told = 0;
	}
	for (size_t i = 0; i < RATELIMIT_TARGETS; i++) {
		struct ratelimit_target *target = &state->targets[i];

		if (!*target->name)
			continue;
		judge(state, target, now_ms, now, hour);
		if (second)
			turn_second(target);
	}
	ratelimit_stones_turn(state, now_ms, now);
}
