/*
 * What gw-metricsd asks for every few seconds: the state of the agent, and the counts of every rule. It must
 * cost little, because the agent does nothing else meanwhile: of the kernel only the sets of numbers are
 * read, a few elements a rule; how many addresses are banned is never counted by listing them.
 *
 * The counts travel as records, big-endian: packets (8 octets), bytes (8), built in (1), length of the id
 * (1), the id.
 */
#include "gw/agent/gauges.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <string.h>

#include "gw/agent/clock.h"
#include "gw/agent/counts.h"
#include "gw/agent/drift.h"
#include "gw/agent/emergency.h"
#include "gw/agent/pairs.h"
#include "gw/audit/audit.h"
#include "gw/core/mem.h"
#include "gw/report/json.h"

/* Changes that are told of. */
#define CHANGES_MAX 5u

/* ---- counts ---------------------------------------------------------------------------------- */

static void put_u64(struct gw_text *out, uint64_t value)
{
	char bytes[8];

	for (int i = 7; i >= 0; i--, value >>= 8)
		bytes[i] = (char)(value & 0xff);
	gw_text_add(out, bytes, sizeof(bytes));
}

void gw_gauges_put_count(const struct gw_count *count, struct gw_text *out)
{
	size_t len = strlen(count->id);
	char head[2] = { (char)count->builtin, (char)len };

	if (len > UINT8_MAX)
		return; /* ids are at most 32 octets */
	put_u64(out, count->packets);
	put_u64(out, count->bytes);
	gw_text_add(out, head, sizeof(head));
	gw_text_add(out, count->id, len);
}

/* The sets of numbers, as the rules of this config have them. */
static int read_numbers(struct gw_agent *agent, struct gw_ruleset *ret)
{
	static const struct {
		const char *name;
		bool timeout, map, optional;
	} sets[] = {
		{ "live", false, false, false },        { "live_timed", true, false, true },
		{ "live_guarded", false, false, true }, { "live_windowed", false, true, true },
		{ "deny", false, false, false },
	};
	struct gw_kernel *kernel = agent->target.kernel;

	ret->sets = gw_zalloc(GW_COUNT(sets), sizeof(*ret->sets));
	for (size_t i = 0; i < GW_COUNT(sets); i++) {
		struct gw_set *set = &ret->sets[ret->n_sets];
		int err;

		*set = (struct gw_set){ .name = sets[i].name,
					.key = { GW_TYPE_MARK },
					.n_key = 1,
					.map = sets[i].map,
					.data = GW_TYPE_VERDICT,
					.timeout = sets[i].timeout,
					.counter = true };
		err = kernel->ops->read_elements(kernel, NFPROTO_INET, ret->arena, set);
		if (err == -ENOENT && sets[i].optional)
			continue;
		ret->n_sets++;
		if (err)
			return err;
	}
	return 0;
}

static void numbers_done(struct gw_ruleset *numbers)
{
	for (size_t i = 0; i < numbers->n_sets; i++)
		gw_free(numbers->sets[i].elems);
	gw_free(numbers->sets);
	gw_arena_free(numbers->arena);
}

/* 0 or -errno of the kernel. */
static int add_counts(struct gw_agent *agent, struct gw_text *out)
{
	struct gw_ruleset numbers = { .arena = gw_arena_new() };
	struct gw_carried *carried = NULL;
	struct gw_count *counts;
	size_t n = 0, n_carried = 0;
	int err = read_numbers(agent, &numbers);

	if (!err) {
		/* Without them counts begin again where their element did. */
		(void)gw_store_carried(agent->target.store, agent->revision, numbers.arena,
				       &carried, &n_carried);
		gw_counts_collect(numbers.arena, &numbers, agent->numbers,
				  agent->config->policy->mark_mask, carried, n_carried, &counts,
				  &n);
		for (size_t i = 0; i < n; i++)
			gw_gauges_put_count(&counts[i], out);
	}
	numbers_done(&numbers);
	return err;
}

/* ---- the state of the agent ------------------------------------------------------------------ */

static json_t *changes_json(struct gw_agent *agent)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_store *store = agent->target.store;
	json_t *changes = json_array();
	struct gw_revision revision;
	uint32_t number = agent->revision;

	/* Revisions are numbered without gaps but for those that failed: a few tries are enough. */
	for (unsigned int tries = 0; number && tries < 2 * CHANGES_MAX; tries++, number--) {
		if (json_array_size(changes) >= CHANGES_MAX)
			break;
		if (gw_store_revision(store, number, arena, &revision) < 0 || revision.damaged)
			continue;
		gw_json_add(changes,
			    json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:b}", "revision",
				      (json_int_t)number, "time", (json_int_t)revision.time, "who",
				      gw_json_text(revision.who), "note",
				      gw_json_text(revision.note), "ticket",
				      gw_json_text(revision.ticket), "approvals",
				      gw_json_text(revision.approvals), "emergency",
				      revision.emergency));
	}
	gw_arena_free(arena);
	return changes;
}

static json_t *drift_json(const struct gw_agent *agent)
{
	const struct gw_drift_state *state = gw_drift_state(agent);

	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:o}", "owned", state->owned, "objects",
			 (json_int_t)state->objects, "found", (json_int_t)state->found, "repaired",
			 (json_int_t)state->repaired, "checked", (json_int_t)state->checked, "last",
			 (json_int_t)state->last, "who", gw_json_text(state->who));
}

static json_t *clock_json(const struct gw_agent *agent)
{
	const struct gw_clock_state *state = gw_clock_state(agent);

	return json_pack("{s:b, s:I, s:I, s:I}", "synchronised", state->last.synchronised,
			 "max_error_ms", (json_int_t)state->last.max_error_ms, "jumps",
			 (json_int_t)state->jumps, "jumped_at", (json_int_t)state->jumped_at);
}

#ifndef __clang__
#pragma GCC diagnostic push
/* gcc 12 takes a struct that a function returns for one that nobody has written. */
#pragma GCC diagnostic ignored "-Wanalyzer-use-of-uninitialized-value"
#endif
static json_t *audit_json(const struct gw_agent *agent)
{
	struct gw_audit *audit = gw_agent_audit(agent);
	struct gw_agent_trail_state state = gw_agent_trail_state(agent);
	struct gw_log_head heads[GW_AUDIT_CLASS_COUNT];
	json_t *object = json_object(), *records = json_object();
	const struct gw_audit_counts counts =
		audit ? gw_audit_counts(audit) : (struct gw_audit_counts){ 0 };
	size_t n = 0;

	if (audit)
		n = gw_audit_heads(audit, heads);
	for (size_t i = 0; i < n && i < GW_AUDIT_CLASS_COUNT; i++)
		gw_json_set(records, gw_audit_class_names[i], gw_json_number(heads[i].size));
	gw_json_set(object, "records", records);
	gw_json_set(object, "open", json_boolean(audit != NULL));
	gw_json_set(object, "failing", json_boolean(counts.failing));
	gw_json_set(object, "queued", gw_json_number(counts.queued));
	gw_json_set(object, "lost", gw_json_number(counts.lost));
	gw_json_set(object, "sealed", json_boolean(state.sealed));
	gw_json_set(object, "intact", json_boolean(audit && !state.tampered));
	gw_json_set(object, "forwarding", json_boolean(state.forwarding));
	gw_json_set(object, "collector_away", json_boolean(state.collector_away));
	gw_json_set(object, "collector_waiting", gw_json_number(state.collector_waiting));
	return object;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

static json_t *measures_json(const struct gw_agent *agent)
{
	const struct gw_measures *measures = &agent->emergency->measures;
	json_t *object = json_object();
	size_t counts[GW_MEASURE_KIND_COUNT];

	gw_measures_count_all(measures, counts);
	for (int k = 0; k < GW_MEASURE_KIND_COUNT; k++)
		gw_json_set(object, gw_measure_kind_name((enum gw_measure_kind)k),
			    gw_json_number(counts[k]));
	gw_json_set(object, "device", gw_json_number(gw_agent_pairs_count(agent)));
	return object;
}

static json_t *fields(struct gw_agent *agent)
{
	json_t *object = json_pack(
		"{s:s, s:I, s:I, s:I, s:o, s:b}", "version", GW_VERSION, "started",
		(json_int_t)agent->started, "revision", (json_int_t)agent->revision, "rollbacks",
		(json_int_t)agent->rollbacks, "confirm",
		gw_pending_json(gw_undo_pending(agent->undo)), "apply_failed", agent->apply_failed);

	gw_json_set(object, "changes", changes_json(agent));
	gw_json_set(object, "drift", drift_json(agent));
	gw_json_set(object, "clock", clock_json(agent));
	gw_json_set(object, "audit", audit_json(agent));
	gw_json_set(object, "measures", measures_json(agent));
	return object;
}

/* ---- the verb -------------------------------------------------------------------------------- */

static void run_gauges(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	gw_auto_text struct gw_text counts = { 0 };
	json_t *object = fields(agent);
	int err = 0, file = -1;

	if (agent->config && agent->numbers) {
		err = add_counts(agent, &counts);
		if (!err)
			file = gw_memfd_write(counts.bytes ? counts.bytes : "", counts.len);
		if (file < 0 && !err)
			err = file;
	}
	/* Everything else is worth telling, and that the kernel says nothing is, too. */
	if (err)
		gw_json_set(object, "kernel_error", json_string(strerror(-err)));
	gw_ipc_call_reply(call, GW_EXIT_OK, object, file);
}

// clang-format off
static const struct gw_ipc_field gauges_reply[] = {
	{ "version", GW_IPC_TEXT, .help = "Of gwd." },
	{ "started", GW_IPC_UINT, .help = "Unix time." },
	{ "revision", GW_IPC_UINT, .help = "In force; 0: none." },
	{ "rollbacks", GW_IPC_UINT, .help = "Changes that were undone because nobody confirmed them, ever." },
	{ "confirm", GW_IPC_OBJECT, .help = "The change that waits, as for `status`; null: none." },
	{ "apply_failed", GW_IPC_BOOL, .help = "The last change that was asked for was not made." },
	{ "changes", GW_IPC_LIST, .help = "The last few: revision, time, who, note, ticket, approvals, emergency." },
	{ "drift", GW_IPC_OBJECT, .help = "As for `drift`." },
	{ "clock", GW_IPC_OBJECT, .help = "As for `clock`." },
	{ "audit", GW_IPC_OBJECT, .help = "How the audit trail fares; records by class." },
	{ "measures", GW_IPC_OBJECT, .help = "How many are in force, by kind; device: quarantined at a port." },
	{ "kernel_error", GW_IPC_TEXT, .help = "Why no counts are attached." },
	{ .name = NULL },
};

const struct gw_verb gw_verbs_gauges[] = {
	{ "gauges", "What is to be seen of the gateway, for gw-metricsd.", NULL, gauges_reply, NULL,
	  "counts, big-endian: packets (8 octets), bytes (8), built in (1), length of the id (1), id",
	  GW_AGENT_OPERATE | GW_AGENT_METRICS, run_gauges },
	{ .name = NULL },
};
// clang-format on
