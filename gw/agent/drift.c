#include "gw/agent/drift.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/agent/adoption.h"
#include "gw/agent/device_watch.h"
#include "gw/agent/emergency.h"
#include "gw/agent/expiry.h"
#include "gw/agent/put_right.h"
#include "gw/core/mem.h"
#include "gw/report/change.h"
#include "gw/report/json.h"

/* A program's changes come in several transactions: they are looked at together. */
#define SETTLE_MS 50
/* All is compared soon after the start, when those who waited for the agent have been served. */
#define FIRST_MS 2000
/* Lines of the difference in a record; gwctl drift shows all. */
#define LINES_MAX 20u

struct gw_drift {
	struct gw_agent *agent;
	struct gw_kernel_watch *watch;
	struct gw_device_watch *devices; /* NULL where hooks wait for devices */
	int proc;
	struct event *on_change, *on_settle, *on_interval;
	struct gw_drift_finding finding; /* since the last comparison */
	struct gw_drift_budget budget;
	struct gw_drift_state state;
	bool soon;            /* others have changed something: on_settle is near */
	struct gw_text known; /* the difference that was recorded last and not put right */
	bool alarmed;         /* the limit was reached, and that is on record */
	/* What the kernel held at this generation was right, and what came since was our own or is none
	 * of ours; not right: others have touched it, or events were lost. */
	bool right;
	uint32_t generation;
};

/* ---- limits ---------------------------------------------------------------------------------- */

bool gw_drift_budget_take(struct gw_drift_budget *budget, int64_t now_ms)
{
	if (budget->full && now_ms < gw_drift_budget_next(budget))
		return false;
	budget->times_ms[budget->next] = now_ms;
	budget->next = (budget->next + 1) % GW_DRIFT_REPAIRS;
	budget->full |= budget->next == 0;
	return true;
}

int64_t gw_drift_budget_next(const struct gw_drift_budget *budget)
{
	return budget->full ? budget->times_ms[budget->next] + GW_DRIFT_MINUTE : 0;
}

void gw_drift_add(struct gw_drift_finding *finding, const struct gw_culprit *culprit)
{
	finding->changes++;
	for (size_t i = 0; i < finding->n_culprits; i++) {
		struct gw_culprit *known = &finding->culprits[i];

		if (known->pid == culprit->pid && strcmp(known->process, culprit->process) == 0) {
			known->changes++;
			return;
		}
	}
	if (finding->n_culprits < GW_DRIFT_CULPRITS)
		finding->culprits[finding->n_culprits++] = *culprit;
}

static int64_t steady_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail for this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- records --------------------------------------------------------------------------------- */

/* The first lines of a text as a list. */
static json_t *lines_json(const struct gw_text *text)
{
	json_t *lines = json_array();
	const char *line = text->bytes, *end = line ? line + text->len : line;

	while (line < end && json_array_size(lines) < LINES_MAX) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((newline ? newline : end) - line);
		gw_auto_text struct gw_text copy = { 0 };

		gw_text_add(&copy, line, len);
		gw_json_add(lines, gw_json_text(copy.bytes ? copy.bytes : ""));
		line += len + 1;
	}
	return lines;
}

static json_t *culprits_json(const struct gw_drift_finding *finding)
{
	json_t *list = json_array();

	for (size_t i = 0; i < finding->n_culprits; i++)
		gw_json_add(list, gw_culprit_json(&finding->culprits[i]));
	return list;
}

/* "nft[4711] of op-17 and 2 more"; empty if nobody is known. */
static void print_culprits(const struct gw_drift_finding *finding, struct gw_text *out)
{
	if (finding->n_culprits)
		gw_culprit_print(&finding->culprits[0], out);
	if (finding->n_culprits > 1)
		gw_text_printf(out, " and %zu more", finding->n_culprits - 1);
}

static void note_culprits(struct gw_drift *drift)
{
	gw_auto_text struct gw_text who = { 0 };

	if (!drift->finding.changes)
		return;
	print_culprits(&drift->finding, &who);
	drift->state.last = time(NULL);
	(void)snprintf(drift->state.who, sizeof(drift->state.who), "%s", who.bytes);
}

static void record(struct gw_drift *drift, const char *event, const struct gw_text *lines,
		   const char *reason, bool failed)
{
	const struct gw_drift_finding *finding = &drift->finding;
	gw_auto_text struct gw_text who = { 0 };
	struct gw_agent_event found = {
		.event = event, .subject = "table inet gw", .failed = failed, .reason = reason
	};

	print_culprits(finding, &who);
	found.actor = who.bytes;
	found.detail =
		json_pack("{s:I, s:o, s:I, s:b, s:o}", "objects", (json_int_t)drift->state.objects,
			  "by", culprits_json(finding), "changes", (json_int_t)finding->changes,
			  "events_lost", finding->lost, "to_put_right", lines_json(lines));
	gw_agent_record(drift->agent, &found);
}

/* ---- what is known of the kernel ------------------------------------------------------------- */

static void note_right(struct gw_drift *drift, uint32_t generation)
{
	drift->right = true;
	drift->generation = generation;
	if (drift->agent->emergency && !drift->agent->emergency->behind)
		gw_adoption_note(drift->agent->adoption, generation);
}

/* Each transaction is told of once and in order; those before the last comparison are in it. */
static void follow(struct gw_drift *drift, const struct gw_kernel_change *change, bool foreign)
{
	if (!drift->right || (int32_t)(change->generation - drift->generation) <= 0)
		return;
	if (foreign || change->generation != drift->generation + 1)
		drift->right = false;
	else
		note_right(drift, change->generation);
}

/* ---- comparing ------------------------------------------------------------------------------- */

static uint64_t count_objects(const struct gw_plan *plan)
{
	return plan->rules_added + plan->rules_deleted + plan->elems_added + plan->elems_deleted +
	       plan->sets_added + plan->sets_deleted + plan->chains_added + plan->chains_deleted +
	       (plan->n_ops && plan->ops[0].kind == GW_OP_ADD_TABLE);
}

/* Another program does again what was put right: people must end this. */
static void raise_alarm(struct gw_drift *drift, const struct gw_text *lines)
{
	if (drift->alarmed)
		return;
	drift->alarmed = true;
	record(drift, "drift.alarm", lines,
	       "another program keeps changing the table; it is put right less often now", true);
	gw_announce("gw: another program keeps changing the firewall's table, see `gwctl drift`");
}

static void repair(struct gw_drift *drift, struct gw_transaction *transaction,
		   const struct gw_text *lines)
{
	struct gw_diags diags;
	enum gw_exit status;

	gw_diags_init(&diags);
	status = gw_agent_put_right(drift->agent, transaction, &diags);
	if (status == GW_EXIT_OK) {
		drift->state.repaired++;
		drift->state.objects = 0;
		gw_text_done(&drift->known);
	}
	record(drift, "drift.repaired", lines, diags.count ? diags.items[0].message : NULL,
	       status != GW_EXIT_OK);
	gw_diags_done(&diags);
}

static void found(struct gw_drift *drift, struct gw_transaction *transaction)
{
	const struct gw_change_settings *settings = gw_agent_change_settings(drift->agent);
	gw_auto_text struct gw_text lines = { 0 };
	bool known;

	gw_plan_print(transaction->plan, &lines);
	known = drift->known.bytes && lines.bytes && strcmp(drift->known.bytes, lines.bytes) == 0;
	if (!known || drift->finding.changes) {
		drift->state.found++;
		record(drift, "drift.found", &lines, NULL, false);
		gw_text_done(&drift->known);
		gw_text_puts(&drift->known, lines.bytes ? lines.bytes : "");
	}
	if (settings->drift == GW_DRIFT_REPORT)
		return;
	if (gw_drift_budget_take(&drift->budget, steady_ms()))
		repair(drift, transaction, &lines);
	else
		raise_alarm(drift, &lines);
}

/* The plan finds nothing, but somebody was there. */
static void found_nothing(struct gw_drift *drift)
{
	const struct gw_text none = { 0 };

	drift->state.objects = 0;
	gw_text_done(&drift->known);
	if (!drift->finding.changes)
		return;
	drift->state.found++;
	record(drift, "drift.found", &none,
	       "nothing differs from the config any more; what measures have put in force was "
	       "compared, too",
	       false);
}

int gw_drift_check(struct gw_agent *agent)
{
	struct gw_drift *drift = agent->drift;
	struct gw_transaction transaction;
	int err;

	gw_expiry_settle(agent); /* what ends by itself is nobody's change */
	err = gw_agent_compare(agent, &transaction);
	if (err)
		return err;
	drift->state.checked = time(NULL);
	drift->state.objects = count_objects(transaction.plan);
	note_culprits(drift);
	if (transaction.plan->n_ops)
		found(drift, &transaction);
	else
		found_nothing(drift);
	drift->right = false;
	if (!transaction.plan->n_ops)
		note_right(drift, transaction.observed->generation);
	gw_agent_compare_done(&transaction);
	(void)malloc_trim(0); /* both sides of a large config are tens of megabytes */
	/* Their elements are no part of a plan. */
	if (drift->finding.changes && agent->emergency &&
	    gw_agent_change_settings(agent)->drift == GW_DRIFT_REPAIR)
		(void)gw_part_emergency.start(agent); /* it records what it cannot do */
	drift->finding = (struct gw_drift_finding){ 0 };
	if (!drift->state.objects && steady_ms() >= gw_drift_budget_next(&drift->budget))
		drift->alarmed = false;
	return 0;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void compare_in(struct gw_drift *drift, int64_t ms)
{
	struct timeval wait = { ms / 1000, ms % 1000 * 1000 };

	(void)event_add(drift->on_settle, &wait); /* moves one that waits already */
}

/* Soon, or when the next repair may be made. */
static void compare_soon(struct gw_drift *drift)
{
	if (drift->on_settle && !drift->soon)
		compare_in(drift, SETTLE_MS);
	drift->soon = true;
}

static void set_interval(struct gw_drift *drift)
{
	int64_t wait_ms = (int64_t)gw_agent_change_settings(drift->agent)->drift_interval_s * 1000;
	int64_t next_ms = gw_drift_budget_next(&drift->budget) - steady_ms();
	struct timeval wait;

	if (drift->state.objects && next_ms > 0 && next_ms < wait_ms)
		wait_ms = next_ms;
	wait = (struct timeval){ wait_ms / 1000, wait_ms % 1000 * 1000 };
	(void)event_add(drift->on_interval, &wait);
}

static void on_device(void *context)
{
	struct gw_drift *drift = context;

	drift->right = false;
	compare_soon(drift);
}

/*
 * A device that appears wants its hook, and one that went took the hook along. Watched from just before the
 * first comparison on, which finds those that came before: to ask the kernel whether that is necessary
 * takes tens of milliseconds, for which nobody has to wait.
 */
static void watch_devices(struct gw_drift *drift)
{
	struct gw_kernel *kernel = drift->agent->target.kernel;
	struct gw_kernel_features features = { 0 };

	if (drift->devices || !kernel->ops->fit || kernel->ops->features(kernel, &features) < 0 ||
	    features.hooks_wait)
		return;
	/* Else the next interval finds them. */
	(void)gw_device_watch_open(drift->agent->base, on_device, drift, &drift->devices);
}

static void on_time(evutil_socket_t fd, short what, void *context)
{
	struct gw_drift *drift = context;

	(void)fd;
	(void)what;
	drift->soon = false;
	watch_devices(drift);
	/* A kernel that cannot be read now is read again at the next interval. */
	(void)gw_drift_check(drift->agent);
	set_interval(drift);
}

static void on_change(evutil_socket_t fd, short what, void *context)
{
	struct gw_drift *drift = context;
	struct gw_kernel_change change;
	int err;

	(void)fd;
	(void)what;
	while ((err = gw_kernel_watch_read(drift->watch, &change)) == 0 || err == -ENOBUFS) {
		struct gw_culprit culprit;
		bool foreign;

		if (err == -ENOBUFS) {
			drift->finding.lost = true;
			drift->right = false;
			compare_soon(drift);
			continue;
		}
		foreign = change.ours && change.portid != drift->agent->target.kernel->port;
		follow(drift, &change, foreign);
		if (!foreign)
			continue;
		gw_culprit_read(drift->proc, &change, &culprit);
		gw_drift_add(&drift->finding, &culprit);
		compare_soon(drift);
	}
}

/* ---- the part -------------------------------------------------------------------------------- */

const struct gw_drift_state *gw_drift_state(const struct gw_agent *agent)
{
	return &agent->drift->state;
}

static int drift_open(struct gw_agent *agent)
{
	struct gw_drift *drift = gw_zalloc(1, sizeof(*drift));
	struct gw_kernel *kernel = agent->target.kernel;
	int err = -EOPNOTSUPP;

	agent->drift = drift;
	drift->agent = agent;
	drift->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	agent->adoption = gw_adoption_open(agent);
	if (kernel->ops->own && !agent->shared)
		err = kernel->ops->own(kernel);
	if (err > 0)
		gw_adoption_passed(agent->adoption, (unsigned int)err);
	drift->state.owned = err >= 0;
	if (err < 0 && !agent->shared)
		gw_agent_record(agent, &(struct gw_agent_event){
					       .event = "drift.unprotected",
					       .subject = "table inet gw",
					       .failed = true,
					       .reason = err == -EOPNOTSUPP
								 ? "the kernel cannot keep others "
								   "from the table; their changes "
								   "are found and put right"
								 : strerror(-err) });
	return 0;
}

static void drift_stop(struct gw_agent *agent)
{
	struct gw_drift *drift = agent->drift;

	if (!drift)
		return;
	if (drift->on_change)
		event_free(drift->on_change);
	if (drift->on_settle)
		event_free(drift->on_settle);
	if (drift->on_interval)
		event_free(drift->on_interval);
	gw_kernel_watch_free(drift->watch);
	gw_device_watch_free(drift->devices);
	if (drift->proc >= 0)
		(void)close(drift->proc);
	gw_text_done(&drift->known);
	gw_adoption_close(agent->adoption);
	agent->adoption = NULL;
	gw_free(drift);
	agent->drift = NULL;
}

static int drift_start(struct gw_agent *agent)
{
	struct gw_drift *drift = agent->drift;
	int err = gw_kernel_watch_open(&drift->watch);

	if (!err) {
		drift->on_change = event_new(agent->base, gw_kernel_watch_fd(drift->watch),
					     EV_READ | EV_PERSIST, on_change, drift);
		drift->on_settle = evtimer_new(agent->base, on_time, drift);
		drift->on_interval = evtimer_new(agent->base, on_time, drift);
	}
	if (!drift->on_change || !drift->on_settle || !drift->on_interval ||
	    event_add(drift->on_change, NULL) < 0)
		return err ? err : -EIO;
	set_interval(drift);
	compare_in(drift, FIRST_MS);
	if (gw_adoption_holds(agent->adoption, agent->revision))
		note_right(drift, gw_adoption_generation(agent->adoption));
	return 0;
}

static void drift_applied(struct gw_agent *agent)
{
	struct gw_drift *drift = agent->drift;

	if (!drift || !drift->on_interval)
		return; /* while the agent starts */
	drift->state.objects = 0;
	gw_text_done(&drift->known);
	set_interval(drift);
}

const struct gw_agent_part gw_part_drift = {
	.name = "drift",
	.open = drift_open,
	.start = drift_start,
	.stop = drift_stop,
	.applied = drift_applied,
};

/* ---- the verb -------------------------------------------------------------------------------- */

static void run_drift(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	const struct gw_drift_state *state = gw_drift_state(agent);

	gw_ipc_call_reply(
		call, GW_EXIT_OK,
		json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:s, s:s}", "owned", state->owned,
			  "objects", (json_int_t)state->objects, "found", (json_int_t)state->found,
			  "repaired", (json_int_t)state->repaired, "checked",
			  (json_int_t)state->checked, "last", (json_int_t)state->last, "who",
			  state->who, "response",
			  gw_agent_change_settings(agent)->drift == GW_DRIFT_REPORT ? "report"
										    : "repair"),
		-1);
}

static const struct gw_ipc_field drift_reply[] = {
	{ "owned", GW_IPC_BOOL, .help = "Others cannot change the table while the agent runs." },
	{ "objects", GW_IPC_UINT, .help = "That differed at the last comparison and still do." },
	{ "found", GW_IPC_UINT, .help = "Times that something differed, since the start." },
	{ "repaired", GW_IPC_UINT, .help = "Times that it was put right, since the start." },
	{ "checked", GW_IPC_UINT, .help = "Unix time of the last comparison." },
	{ "last", GW_IPC_UINT, .help = "Unix time of the last change by others; 0: none." },
	{ "who", GW_IPC_TEXT, .help = "The processes that made it, as far as they are known." },
	{ "response", GW_IPC_TEXT, .help = "What follows: repair or report." },
	{ .name = NULL },
};

const struct gw_verb gw_verbs_drift[] = {
	{ .name = "drift",
	  .help = "What others have changed in the kernel; the difference itself is `observe`'s.",
	  .reply = drift_reply,
	  .permission = GW_AGENT_OPERATE,
	  .run = run_drift },
	{ .name = NULL },
};
