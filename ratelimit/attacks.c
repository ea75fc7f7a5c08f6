/* Attacks from their start to their end, for gwctl and the audit trail. */
#include <stdio.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/report/json.h"
#include "ratelimit/watch.h"

void ratelimit_tell(struct ratelimit_state *state, const struct gw_daemon_record *record)
{
	if (state->told >= RATELIMIT_TOLD_A_S) {
		state->held++;
		json_decref(record->detail);
		return;
	}
	state->told++;
	gw_daemon_record(state->daemon, record);
}

/* ---- as JSON --------------------------------------------------------------------------------- */

json_t *ratelimit_top_json(const struct ratelimit_heavy *top, size_t n)
{
	json_t *list = json_array();
	char text[GW_ADDR_TEXT];

	for (size_t i = 0; i < n; i++) {
		json_t *object = json_object();

		gw_json_set(
			object, "address",
			json_string(gw_addr_format(top[i].addr.family, top[i].addr.addr, text)));
		gw_json_set(object, "count", gw_json_number(top[i].count));
		gw_json_set(object, "error", gw_json_number(top[i].error));
		gw_json_add(list, object);
	}
	return list;
}

static json_t *vectors_json(uint32_t vectors)
{
	json_t *list = json_array();

	for (int v = 0; v < RATELIMIT_VECTOR_COUNT; v++)
		if (vectors >> v & 1)
			gw_json_add(list,
				    json_string(ratelimit_vector_name((enum ratelimit_vector)v)));
	return list;
}

/* What was done by itself, and what people must do. */
static json_t *done_json(const struct ratelimit_state *state, const struct ratelimit_attack *attack)
{
	json_t *list = json_array();
	char text[96];

	(void)snprintf(text, sizeof(text), "mode of %.40s: %s", attack->target,
		       ratelimit_mode_name(attack->worst));
	gw_json_add(list, gw_json_text(text));
	if (attack->link_full && state->watch && state->watch->contact)
		gw_json_add(list, gw_json_text(state->watch->contact));
	return list;
}

json_t *ratelimit_attack_json(const struct ratelimit_state *state,
			      const struct ratelimit_attack *attack)
{
	json_t *object = json_object();

	gw_json_set(object, "number", gw_json_number(attack->number));
	gw_json_set(object, "target", gw_json_text(attack->target));
	gw_json_set(object, "vector", json_string(ratelimit_vector_name(attack->vector)));
	gw_json_set(object, "text", json_string(ratelimit_vector_text(attack->vector, false)));
	gw_json_set(object, "text_ja", json_string(ratelimit_vector_text(attack->vector, true)));
	gw_json_set(object, "vectors", vectors_json(attack->vectors));
	gw_json_set(object, "start", json_integer(attack->start));
	gw_json_set(object, "end", attack->end ? json_integer(attack->end) : json_null());
	gw_json_set(object, "rate", json_integer((json_int_t)attack->rate));
	gw_json_set(object, "peak", json_integer((json_int_t)attack->peak));
	gw_json_set(object, "peak_time", json_integer(attack->peak_time));
	gw_json_set(object, "threshold", json_real(attack->threshold));
	gw_json_set(object, "proven", json_real(attack->proven));
	gw_json_set(object, "mode", json_string(ratelimit_mode_name(attack->worst)));
	gw_json_set(object, "line_full", json_boolean(attack->link_full));
	gw_json_set(object, "seen", gw_json_number(attack->seen));
	gw_json_set(object, "sources", ratelimit_top_json(attack->sources, attack->n_sources));
	gw_json_set(object, "destinations", ratelimit_top_json(attack->dests, attack->n_dests));
	gw_json_set(object, "done", done_json(state, attack));
	return object;
}

/* ---- from start to end ----------------------------------------------------------------------- */

static void record(struct ratelimit_state *state, const struct ratelimit_attack *attack,
		   const char *event)
{
	ratelimit_tell(state, &(struct gw_daemon_record){
				      .class_ = "attack",
				      .event = event,
				      .subject = attack->target,
				      .reason = ratelimit_vector_text(attack->vector, false),
				      .detail = ratelimit_attack_json(state, attack),
			      });
}

static const struct ratelimit_finding *attack_of(const struct ratelimit_target *target)
{
	for (size_t i = 0; i < target->n_findings; i++)
		if (target->findings[i].level == RATELIMIT_ATTACK)
			return &target->findings[i];
	return NULL;
}

static void take_tops(struct ratelimit_attack *attack, const struct ratelimit_target *target)
{
	attack->n_sources = ratelimit_sketch_top(target->sources, attack->sources, RATELIMIT_TOP);
	attack->n_dests = ratelimit_sketch_top(target->dests, attack->dests, RATELIMIT_TOP);
	attack->seen = ratelimit_sketch_total(target->sources);
}

static struct ratelimit_attack *begin(struct ratelimit_state *state,
				      struct ratelimit_target *target,
				      const struct ratelimit_finding *finding, int64_t now)
{
	size_t place = state->n_attacks++ % RATELIMIT_ATTACKS;
	struct ratelimit_attack *attack = &state->attacks[place];

	*attack = (struct ratelimit_attack){ .number = state->n_attacks,
					     .vector = finding->vector,
					     .start = now };
	memcpy(attack->target, target->name, sizeof(attack->target));
	target->attack = (int)place;
	return attack;
}

static void go_on(struct ratelimit_state *state, struct ratelimit_attack *attack,
		  const struct ratelimit_target *target, const struct ratelimit_finding *finding,
		  int64_t now)
{
	bool full = target->regime.mode == RATELIMIT_UPSTREAM && !attack->link_full;

	attack->rate = finding ? finding->rate : 0;
	for (size_t i = 0; i < target->n_findings; i++)
		if (target->findings[i].level >= RATELIMIT_SUSPECT)
			attack->vectors |= 1u << target->findings[i].vector;
	if (finding && finding->rate > attack->peak) {
		attack->peak = finding->rate;
		attack->peak_time = now;
		attack->threshold = finding->threshold;
		attack->proven = finding->proven;
	}
	if (target->regime.mode > attack->worst)
		attack->worst = target->regime.mode;
	if (full) {
		attack->link_full = true;
		record(state, attack, "attack.line_full");
	}
}

/* The attack that goes on; NULL: none. Its place may have been taken by one of many others meanwhile. */
static struct ratelimit_attack *current(struct ratelimit_state *state,
					const struct ratelimit_target *target)
{
	if (target->attack < 0 || state->attacks[target->attack].end ||
	    strcmp(state->attacks[target->attack].target, target->name) != 0)
		return NULL;
	return &state->attacks[target->attack];
}

void ratelimit_attack_follow(struct ratelimit_state *state, struct ratelimit_target *target,
			     int64_t now)
{
	const struct ratelimit_finding *finding = attack_of(target);
	struct ratelimit_attack *attack = current(state, target);
	bool fresh = false;

	if (!attack && target->regime.mode >= RATELIMIT_UNDER_ATTACK && finding) {
		attack = begin(state, target, finding, now);
		fresh = true;
	}
	if (!attack)
		return;
	go_on(state, attack, target, finding, now);
	if (fresh) {
		take_tops(attack, target);
		record(state, attack, "attack.started");
	} else if (target->regime.mode < RATELIMIT_UNDER_ATTACK) {
		take_tops(attack, target);
		attack->end = now;
		target->attack = -1;
		record(state, attack, "attack.ended");
	} else if (finding) {
		take_tops(attack, target);
	}
}

const struct ratelimit_attack *ratelimit_attack_find(const struct ratelimit_state *state,
						     uint64_t number)
{
	const struct ratelimit_attack *attack;

	if (!number || number > state->n_attacks)
		return NULL;
	attack = &state->attacks[(number - 1) % RATELIMIT_ATTACKS];
	return attack->number == number ? attack : NULL;
}
