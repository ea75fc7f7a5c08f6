/* The verbs that put another config in force; what becomes of a change that waits is in settle.c. */
#include "gw/report/change.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "gw/agent/agent.h"
#include "gw/agent/approvals.h"
#include "gw/agent/archive.h"
#include "gw/conf/conf.h"
#include "gw/core/mem.h"
#include "gw/host/host.h"
#include "gw/report/json.h"

#define CONFIRM_MAX_S  (24 * 60 * 60u)
#define CONFIRM_CONFIG UINT32_MAX /* as the config says */

/* One change on its way. */
struct apply {
	struct gw_agent *agent;
	struct gw_ipc_call *call;
	const char *note, *ticket;
	uint32_t confirm_s;
	const struct gw_plan_file *plan; /* NULL: none was given */
	bool emergency;
	bool undoes; /* goes back to the revision directly before */
	struct gw_approval_result approved;
	struct gw_text approvals; /* names */
	struct gw_transaction transaction;
	struct gw_diags diags;
};

/* ---- approvals ------------------------------------------------------------------------------- */

static void name_approvers(struct apply *apply)
{
	for (size_t i = 0; i < apply->approved.n; i++)
		gw_text_printf(&apply->approvals, "%s%s", i ? ", " : "", apply->approved.names[i]);
}

static enum gw_exit check_approvals(struct apply *apply)
{
	struct gw_approval_request request = { .plan = apply->plan,
					       .applicant = gw_ipc_call_peer(apply->call)->name,
					       .emergency = apply->emergency,
					       .undoes = apply->undoes };
	enum gw_exit status = gw_agent_check_approvals(&apply->transaction, &request,
						       &apply->approved, &apply->diags);

	if (status == GW_EXIT_OK)
		name_approvers(apply);
	return status;
}

/* ---- apply ----------------------------------------------------------------------------------- */

/* The rules that are in force decide over the change that may switch them off. */
static uint32_t confirm_time(const struct apply *apply)
{
	const struct gw_transaction *transaction = &apply->transaction;

	if (apply->confirm_s != CONFIRM_CONFIG)
		return apply->confirm_s;
	return transaction->before && transaction->before->policy
		       ? transaction->before->policy->change.confirm_s
		       : transaction->config->policy->change.confirm_s;
}

/* What can lock somebody out: rules, and settings of the kernel such as forwarding. */
static bool can_lock_out(const struct gw_transaction *transaction)
{
	return transaction->plan->n_ops ||
	       !gw_host_equal(transaction->before ? transaction->before->policy : NULL,
			      transaction->config->policy);
}

static enum gw_exit before_send(void *context, uint32_t number, struct gw_diags *diags)
{
	struct apply *apply = context;
	const struct gw_peer *peer = gw_ipc_call_peer(apply->call);
	uint32_t time_s = confirm_time(apply);
	struct gw_pending pending = {
		.revision = number,
		.fallback = apply->transaction.base,
		.deadline_ms = gw_boottime_ms() + (int64_t)time_s * 1000,
		.until = time(NULL) + time_s,
		.time_s = time_s,
		.pid = peer->pid,
		.session = peer->session,
	};
	int err;

	if (!time_s || !can_lock_out(&apply->transaction))
		return GW_EXIT_OK;
	gw_boot_id(pending.boot_id);
	memcpy(pending.who, peer->name, sizeof(pending.who));
	err = gw_undo_prepare(apply->agent->undo, &pending);
	if (!err)
		return GW_EXIT_OK;
	gw_diag(diags, GW_D_STATE_WRITE, (struct gw_loc){ 0 },
		"the deadline of the change cannot be noted in %s: %s", apply->agent->state_dir,
		strerror(-err));
	return GW_EXIT_FAILED;
}

static void record_change(const struct apply *apply, enum gw_exit status, uint32_t revision,
			  bool made)
{
	const struct gw_peer *peer = gw_ipc_call_peer(apply->call);
	char subject[32];

	(void)snprintf(subject, sizeof(subject), "revision %u", revision);
	gw_agent_record(
		apply->agent,
		&(struct gw_agent_event){
			.event = status != GW_EXIT_OK ? "change.refused"
				 : made               ? "change.applied"
						      : "drift.repaired",
			.actor = peer->name,
			.subject = subject,
			.failed = status != GW_EXIT_OK,
			.reason = apply->note,
			.detail = json_pack(
				"{s:i, s:I, s:s*, s:s*, s:b, s:s, s:o}", "uid", (int)peer->uid,
				"base", (json_int_t)apply->transaction.base, "ticket",
				apply->ticket, "approvals", apply->approvals.bytes, "emergency",
				apply->approved.emergency, "digest", apply->transaction.digest,
				"confirm", gw_pending_json(gw_undo_pending(apply->agent->undo))) });
}

static json_t *reply_fields(const struct apply *apply, uint32_t revision, bool made)
{
	const struct gw_transaction *transaction = &apply->transaction;

	return json_pack("{s:s, s:I, s:b, s:b, s:o, s:o}", "site",
			 transaction->config->policy->site_name, "revision", (json_int_t)revision,
			 "new_revision", made, "changed", transaction->sent, "kernel",
			 gw_report_plan_json(transaction->plan), "confirm",
			 gw_pending_json(gw_undo_pending(apply->agent->undo)));
}

static enum gw_exit commit(struct apply *apply, uint32_t *ret_revision)
{
	struct gw_agent *agent = apply->agent;
	struct gw_transaction *transaction = &apply->transaction;
	struct gw_change change = {
		.who = gw_ipc_call_peer(apply->call)->name,
		.note = apply->note,
		.ticket = apply->ticket,
		.approvals = apply->approvals.bytes,
		.undoing = apply->undoes,
		.emergency = apply->approved.emergency,
		.before_send = before_send,
		.context = apply,
	};
	enum gw_exit status = gw_transaction_commit(transaction, &agent->target, &change,
						    ret_revision, &apply->diags);
	struct gw_pending pending;
	bool noted = gw_pending_read(agent->target.store, &pending) == 0;

	/* What reached the kernel, if only in part, can cut somebody off: then the clock runs. */
	if (noted && (transaction->sent || status == GW_EXIT_OK))
		gw_undo_arm(agent->undo, gw_ipc_call_connection(apply->call));
	else if (noted)
		gw_undo_forget(agent->undo);
	return status;
}

/* Runs a change from `origin` and answers the call. */
static void run_change(struct apply *apply, const struct gw_config_origin *origin)
{
	struct gw_agent *agent = apply->agent;
	const struct gw_pending *waits = gw_undo_pending(agent->undo);
	json_t *fields = NULL;
	enum gw_exit status;
	uint32_t revision = 0;
	bool made = false;

	if (waits) {
		gw_ipc_call_refuse(apply->call, GW_EXIT_REFUSED,
				   "revision %u by %s waits to be confirmed: `gwctl confirm` keeps "
				   "it, `gwctl abort` takes it back",
				   waits->revision, waits->who);
		return;
	}
	if (gw_agent_must_refuse(agent)) {
		gw_ipc_call_refuse(apply->call, GW_EXIT_REFUSED,
				   "the audit trail cannot be written, and `audit: {on_failure: "
				   "refuse-grants}` allows no change until it can");
		return;
	}
	gw_diags_init(&apply->diags);
	status = gw_transaction_prepare(&apply->transaction, origin, &agent->target, time(NULL),
					&apply->diags);
	if (status == GW_EXIT_OK) {
		revision = apply->transaction.base;
		status = check_approvals(apply);
		if (status == GW_EXIT_OK)
			status = commit(apply, &revision);
		made = revision != apply->transaction.base;
		record_change(apply, status, revision, made);
	}
	if (status == GW_EXIT_OK)
		fields = reply_fields(apply, revision, made);
	apply->agent->apply_failed = status != GW_EXIT_OK;
	if (!fields)
		fields = json_object();
	json_object_set_new(fields, "diagnostics", gw_json_diags(&apply->diags));
	/* Diagnostics may name places in the config that the agent takes over. */
	if (status == GW_EXIT_OK || apply->transaction.sent)
		gw_agent_adopt(agent, &apply->transaction, revision);
	gw_diags_done(&apply->diags);
	gw_text_done(&apply->approvals);
	if (apply->transaction.arena)
		gw_transaction_done(&apply->transaction);
	gw_ipc_call_reply(apply->call, (int)status, fields, -1);
}

static struct apply apply_of(struct gw_ipc_call *call, struct gw_agent *agent)
{
	const char *note = gw_ipc_call_text(call, "note");

	return (struct apply){
		.agent = agent,
		.call = call,
		.note = note ? note : "",
		.ticket = gw_ipc_call_text(call, "ticket"),
		.confirm_s = (uint32_t)gw_ipc_call_uint(call, "confirm_s", CONFIRM_CONFIG),
		.emergency = gw_ipc_call_flag(call, "emergency"),
	};
}

/* The files that are to be applied: attached as they are, or within a plan. */
static const char *take_files(struct apply *apply, struct gw_arena *arena, const uint8_t *bytes,
			      size_t len, struct gw_plan_file *plan, struct gw_config_origin *ret)
{
	struct gw_conf_file *files;
	const char *why;

	if (gw_ipc_call_flag(apply->call, "plan")) {
		if (gw_plan_file_parse((const char *)bytes, len, arena, plan, &why) < 0)
			return why;
		apply->plan = plan;
		if (*plan->statement.ticket)
			apply->ticket = plan->statement.ticket;
		bytes = plan->files;
		len = plan->files_len;
	}
	if (gw_archive_read(bytes, len, arena, &files, &ret->n_files) < 0)
		return "it is no archive of config files";
	ret->files = files;
	return NULL;
}

static void run_apply(struct gw_ipc_call *call, void *context)
{
	struct apply apply = apply_of(call, context);
	struct gw_config_origin origin = { 0 };
	struct gw_plan_file plan;
	struct gw_arena *arena;
	const char *wrong;
	uint8_t *bytes;
	size_t len;
	int err = gw_memfd_read(gw_ipc_call_file(call), GW_IPC_ATTACHMENT_MAX, &bytes, &len);

	if (err) {
		gw_ipc_call_refuse(call, GW_EXIT_USAGE, "the attached file cannot be read: %s",
				   strerror(-err));
		return;
	}
	arena = gw_arena_new();
	wrong = take_files(&apply, arena, bytes, len, &plan, &origin);
	if (wrong)
		gw_ipc_call_refuse(call, GW_EXIT_USAGE, "the attached file cannot be used: %s",
				   wrong);
	else
		run_change(&apply, &origin);
	gw_arena_free(arena);
	gw_free(bytes);
}

/* The revision directly before the one in force. */
static uint32_t revision_before(struct gw_agent *agent, struct gw_arena *arena)
{
	struct gw_revision *items;
	size_t n;

	return gw_store_history(agent->target.store, arena, &items, &n) == 0 && n >= 2
		       ? items[1].number
		       : 0;
}

static void run_rollback(struct gw_ipc_call *call, void *context)
{
	struct apply apply = apply_of(call, context);
	struct gw_store *store = apply.agent->target.store;
	uint32_t number = (uint32_t)gw_ipc_call_uint(call, "revision", 0);
	struct gw_arena *arena = gw_arena_new();
	struct gw_config_origin origin = { 0 };
	struct gw_revision revision;
	struct gw_conf_file *files;
	int err = gw_store_revision(store, number, arena, &revision);

	if (!err)
		err = gw_store_files(store, number, arena, &files, &origin.n_files);
	if (err) {
		gw_ipc_call_refuse(call, GW_EXIT_FAILED, "revision %u cannot be read: %s", number,
				   err == -ENOENT ? "there is none" : strerror(-err));
	} else {
		origin.files = files;
		origin.lockdown = revision.lockdown;
		apply.undoes = number == revision_before(apply.agent, arena);
		if (!*apply.note)
			apply.note = gw_arena_printf(arena, "rollback to %u", number);
		run_change(&apply, &origin);
	}
	gw_arena_free(arena);
}

/* ---- the verbs -------------------------------------------------------------------------------- */

static const struct gw_ipc_field apply_fields[] = {
	{ "plan", GW_IPC_BOOL, .help = "The attached file is a plan of `gwctl plan -o`." },
	{ "emergency", GW_IPC_BOOL,
	  .help = "As few approvals are enough as `change: {approvals: {emergency: …}}` says." },
	{ "note", GW_IPC_TEXT, .max = 1024, .help = "Why, for the history." },
	{ "ticket", GW_IPC_TEXT, .max = 64, .help = "Ticket of the change." },
	{ "confirm_s", GW_IPC_UINT, .max = CONFIRM_MAX_S,
	  .help = "Seconds until the change is undone unless it is confirmed; 0: never. Else what "
		  "the config in force says." },
	{ .name = NULL },
};
static const struct gw_ipc_field rollback_fields[] = {
	{ "revision", GW_IPC_UINT, .required = true, .max = UINT32_MAX,
	  .help = "Number of the revision whose config is put in force." },
	{ "note", GW_IPC_TEXT, .max = 1024, .help = "Why, for the history." },
	{ "ticket", GW_IPC_TEXT, .max = 64, .help = "Ticket of the change." },
	{ "confirm_s", GW_IPC_UINT, .max = CONFIRM_MAX_S, .help = "As for `apply`." },
	{ .name = NULL },
};
static const struct gw_ipc_field apply_reply[] = {
	{ "site", GW_IPC_TEXT, .help = "Name of the site." },
	{ "revision", GW_IPC_UINT, .help = "In force now." },
	{ "new_revision", GW_IPC_BOOL, .help = "It was made by this change." },
	{ "changed", GW_IPC_BOOL, .help = "The kernel was changed." },
	{ "kernel", GW_IPC_OBJECT, .help = "What was sent, by kind." },
	{ "confirm", GW_IPC_OBJECT,
	  .help = "The change that waits: revision, fallback, until "
		  "(Unix time), left_ms, who; null: none." },
	{ "diagnostics", GW_IPC_LIST, .help = "Errors and warnings, as in `gwctl check --json`." },
	{ .name = NULL },
};
const struct gw_verb gw_verbs_change[] = {
	{ .name = "apply",
	  .help = "Puts a config in force. It is checked again; exit status 5 never comes from "
		  "here, "
		  "see `wait`.",
	  .fields = apply_fields,
	  .reply = apply_reply,
	  .takes_file = "archive of the config files (gw/agent/archive.h), or a plan "
			"(gw/approval/plan_file.h)",
	  .permission = GW_AGENT_OPERATE,
	  .run = run_apply },
	{ .name = "rollback",
	  .help = "Puts the config of an earlier revision in force, as a new revision.",
	  .fields = rollback_fields,
	  .reply = apply_reply,
	  .permission = GW_AGENT_OPERATE,
	  .run = run_rollback },
	{ .name = NULL },
};
