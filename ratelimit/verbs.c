/* What gwctl asks of gw-ratelimitd. */
#include <stdio.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/report/json.h"
#include "ratelimit/watch.h"

/* ---- targets --------------------------------------------------------------------------------- */

static json_t *finding_json(const struct ratelimit_finding *finding)
{
	json_t *object = json_object();
	char text[192];

	ratelimit_finding_text(finding, text, sizeof(text));
	gw_json_set(object, "vector", json_string(ratelimit_vector_name(finding->vector)));
	gw_json_set(object, "level", json_string(ratelimit_level_name(finding->level)));
	gw_json_set(object, "rate", json_real(finding->rate));
	gw_json_set(object, "threshold", json_real(finding->threshold));
	gw_json_set(object, "expected", json_real(finding->expected));
	gw_json_set(object, "proven", json_real(finding->proven));
	gw_json_set(object, "text", gw_json_text(text));
	return object;
}

static json_t *target_json(const struct ratelimit_target *target)
{
	json_t *object = json_object(), *findings = json_array();
	double offered[RATELIMIT_METRIC_COUNT], proven[RATELIMIT_METRIC_COUNT];
	double sum = 0, sum_proven = 0;

	ratelimit_window_rates(&target->window, offered, proven);
	for (int m = 0; m < RATELIMIT_METRIC_COUNT; m++) {
		sum += offered[m];
		sum_proven += proven[m];
	}
	for (size_t i = 0; i < target->n_findings; i++)
		gw_json_add(findings, finding_json(&target->findings[i]));
	gw_json_set(object, "target", gw_json_text(target->name));
	gw_json_set(object, "mode", json_string(ratelimit_mode_name(target->regime.mode)));
	gw_json_set(object, "changes", gw_json_number(target->regime.changes));
	gw_json_set(object, "newcomers", json_integer((json_int_t)sum));
	gw_json_set(object, "proven", json_integer((json_int_t)sum_proven));
	gw_json_set(object, "findings", findings);
	return object;
}

static void run_targets(struct gw_ipc_call *call, void *context)
{
	const struct gw_daemon *daemon = context;
	const struct ratelimit_state *state = daemon->state;
	json_t *list = json_array();

	for (size_t i = 0; i < RATELIMIT_TARGETS; i++)
		if (*state->targets[i].name)
			gw_json_add(list, target_json(&state->targets[i]));
	gw_daemon_reply_list(call, "targets", list);
}

/* ---- attacks --------------------------------------------------------------------------------- */

static void run_attacks(struct gw_ipc_call *call, void *context)
{
	const struct gw_daemon *daemon = context;
	const struct ratelimit_state *state = daemon->state;
	uint64_t first =
		state->n_attacks > RATELIMIT_ATTACKS ? state->n_attacks - RATELIMIT_ATTACKS : 0;
	json_t *list = json_array();

	for (uint64_t n = first + 1; n <= state->n_attacks; n++) {
		const struct ratelimit_attack *attack = ratelimit_attack_find(state, n);

		if (attack)
			gw_json_add(list, ratelimit_attack_json(state, attack));
	}
	gw_daemon_reply_list(call, "attacks", list);
}

static void run_attack(struct gw_ipc_call *call, void *context)
{
	const struct gw_daemon *daemon = context;
	uint64_t number = gw_ipc_call_uint(call, "number", 0);
	const struct ratelimit_attack *attack = ratelimit_attack_find(daemon->state, number);

	if (attack)
		gw_ipc_call_reply(
			call, 0,
			json_pack("{s:o}", "attack", ratelimit_attack_json(daemon->state, attack)),
			-1);
	else
		gw_ipc_call_refuse(call, 1,
				   "no attack %llu is remembered; the audit trail may have it",
				   (unsigned long long)number);
}

static void run_stones(struct gw_ipc_call *call, void *context)
{
	const struct gw_daemon *daemon = context;
	const struct ratelimit_state *state = daemon->state;
	uint64_t first =
		state->n_stones > RATELIMIT_STONES ? state->n_stones - RATELIMIT_STONES : 0;
	json_t *list = json_array();

	for (uint64_t n = first; n < state->n_stones; n++)
		gw_json_add(list, ratelimit_stone_json(&state->stones[n % RATELIMIT_STONES]));
	gw_daemon_reply_list(call, "hosts", list);
}

static void run_feeds(struct gw_ipc_call *call, void *context)
{
	const struct gw_daemon *daemon = context;
	const struct ratelimit_state *state = daemon->state;
	json_t *list = json_array();

	for (size_t i = 0; i < RATELIMIT_FEEDS; i++)
		if (*state->feeds[i].name)
			gw_json_add(list, ratelimit_feed_json(&state->feeds[i]));
	gw_daemon_reply_list(call, "feeds", list);
}

/* ---- top and why ----------------------------------------------------------------------------- */

/* The one that is named, or else the one that most strangers come to. False after a refusal. */
static bool find_target(struct gw_ipc_call *call, struct ratelimit_state *state,
			struct ratelimit_target **ret)
{
	const char *name = gw_ipc_call_text(call, "target");
	uint64_t most = 0;

	*ret = name ? ratelimit_target_called(state, name) : ratelimit_target_gateway(state);
	if (name && !*ret)
		gw_ipc_call_refuse(call, 64,
				   "there is no target `%s`; `gwctl limit status` lists "
				   "those that strangers have come to",
				   name);
	for (size_t i = 0; !name && i < RATELIMIT_TARGETS; i++) {
		struct ratelimit_target *target = &state->targets[i];
		uint64_t total = *target->name ? ratelimit_sketch_total(target->sources) : 0;

		if (total > most) {
			most = total;
			*ret = target;
		}
	}
	return *ret;
}

static void run_top(struct gw_ipc_call *call, void *context)
{
	const struct gw_daemon *daemon = context;
	struct ratelimit_heavy sources[RATELIMIT_TOP], dests[RATELIMIT_TOP];
	struct ratelimit_target *target;
	size_t n_sources, n_dests;

	if (!find_target(call, daemon->state, &target))
		return;
	n_sources = ratelimit_sketch_top(target->sources, sources, RATELIMIT_TOP);
	n_dests = ratelimit_sketch_top(target->dests, dests, RATELIMIT_TOP);
	gw_ipc_call_reply(call, 0,
			  json_pack("{s:o, s:I, s:o, s:o}", "about", target_json(target), "seen",
				    (json_int_t)ratelimit_sketch_total(target->sources), "sources",
				    ratelimit_top_json(sources, n_sources), "destinations",
				    ratelimit_top_json(dests, n_dests)),
			  -1);
}

static json_t *reasons_json(const struct ratelimit_target *target)
{
	uint64_t first =
		target->n_reasons > RATELIMIT_REASONS ? target->n_reasons - RATELIMIT_REASONS : 0;
	json_t *list = json_array();

	for (uint64_t n = first; n < target->n_reasons; n++) {
		const struct ratelimit_reason *reason = &target->reasons[n % RATELIMIT_REASONS];
		json_t *object = json_object();
		char text[320];

		ratelimit_reason_text(reason, text, sizeof(text));
		gw_json_set(object, "time", json_integer(reason->time));
		gw_json_set(object, "from", json_string(ratelimit_mode_name(reason->from)));
		gw_json_set(object, "to", json_string(ratelimit_mode_name(reason->to)));
		gw_json_set(object, "text", gw_json_text(text));
		if (reason->found)
			gw_json_set(object, "finding", finding_json(&reason->finding));
		gw_json_add(list, object);
	}
	return list;
}

/* All that is remembered of an inside host. */
static json_t *host_json(const struct ratelimit_state *state, struct ratelimit_addr host)
{
	json_t *list = json_array();

	for (size_t i = 0; i < RATELIMIT_STONES; i++)
		if (state->stones[i].time &&
		    ratelimit_addr_equal(state->stones[i].finding.host, host))
			gw_json_add(list, ratelimit_stone_json(&state->stones[i]));
	return list;
}

static void run_why(struct gw_ipc_call *call, void *context)
{
	const struct gw_daemon *daemon = context;
	struct ratelimit_state *state = daemon->state;
	const char *name = gw_ipc_call_text(call, "target");
	struct ratelimit_target *target;
	struct ratelimit_addr host;
	struct gw_range range;

	if (name && gw_addr_parse(name, &host.family, &range) == GW_ADDR_OK &&
	    range.lo == range.hi && !ratelimit_target_called(state, name)) {
		host.addr = range.lo;
		gw_ipc_call_reply(call, 0, json_pack("{s:o}", "host", host_json(state, host)), -1);
		return;
	}
	if (!find_target(call, state, &target))
		return;
	gw_ipc_call_reply(call, 0,
			  json_pack("{s:o, s:o}", "about", target_json(target), "reasons",
				    reasons_json(target)),
			  -1);
}

// clang-format off
static const struct gw_ipc_field attack_fields[] = {
	{ "number", GW_IPC_UINT, .required = true, .max = UINT32_MAX, .help = "As `attacks` lists it." },
	{ .name = NULL },
};
static const struct gw_ipc_field target_fields[] = {
	{ "target", GW_IPC_TEXT, .max = RATELIMIT_NAME - 1,
	  .help = "Id of a policy, prefix, `gateway`, or of `why` an inside host; left out: the busiest." },
	{ .name = NULL },
};
static const struct gw_ipc_field attack_reply[] = {
	{ "attack", GW_IPC_OBJECT, .help = "All that is known of it." },
	{ .name = NULL },
};
static const struct gw_ipc_field top_reply[] = {
	{ "about", GW_IPC_OBJECT, .help = "The target." },
	{ "seen", GW_IPC_UINT, .help = "Newcomers that were counted." },
	{ "sources", GW_IPC_LIST, .help = "The heaviest; the true count is at most `error` below `count`." },
	{ "destinations", GW_IPC_LIST, .help = "Likewise." },
	{ .name = NULL },
};
static const struct gw_ipc_field why_reply[] = {
	{ "about", GW_IPC_OBJECT, .help = "The target." },
	{ "reasons", GW_IPC_LIST, .help = "Why its mode has changed, the latest last." },
	{ "host", GW_IPC_LIST, .help = "Of an inside host: what it did and what was done." },
	{ .name = NULL },
};

#define LIST(key) "JSON: {\"" key "\": […]}, if the reply has no field of this name"

const struct gw_verb ratelimit_verbs[] = {
	{ "targets", "What strangers come to, and its mode.", NULL, NULL, NULL, LIST("targets"), GW_DAEMON_READ, run_targets },
	{ "attacks", "Attacks that are remembered.", NULL, NULL, NULL, LIST("attacks"), GW_DAEMON_READ, run_attacks },
	{ "attack", "An attack.", attack_fields, attack_reply, NULL, NULL, GW_DAEMON_READ, run_attack },
	{ "hosts", "Inside hosts that did harm.", NULL, NULL, NULL, LIST("hosts"), GW_DAEMON_READ, run_stones },
	{ "feeds", "Block lists, as they were read last.", NULL, NULL, NULL, LIST("feeds"), GW_DAEMON_READ, run_feeds },
	{ "top", "Who comes most, and where to.", target_fields, top_reply, NULL, NULL, GW_DAEMON_READ, run_top },
	{ "why", "Why a target is in its mode, or a host in quarantine.", target_fields, why_reply, NULL, NULL,
	  GW_DAEMON_READ, run_why },
	{ .name = NULL },
};
// clang-format on
