/* The verbs that settle a change that waits to be confirmed, and those that tell how things stand. */
#include <string.h>

#include "gw/agent/agent.h"
#include "gw/report/json.h"

/* ---- confirm and abort ----------------------------------------------------------------------- */

/* The change that waits, if it is the one that is meant; else answers the call. */
static const struct gw_pending *find_pending(struct gw_agent *agent, struct gw_ipc_call *call)
{
	const struct gw_pending *pending = gw_undo_pending(agent->undo);
	uint64_t wanted = gw_ipc_call_uint(call, "revision", 0);

	if (pending && (!wanted || wanted == pending->revision))
		return pending;
	if (pending)
		gw_ipc_call_refuse(call, GW_EXIT_REFUSED,
				   "revision %u waits to be confirmed, not revision %u",
				   pending->revision, (unsigned int)wanted);
	else
		gw_ipc_call_refuse(call, GW_EXIT_FAILED,
				   "no change waits to be confirmed; revision %u is in force",
				   agent->revision);
	return NULL;
}

static void run_confirm(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	const struct gw_peer *peer = gw_ipc_call_peer(call);
	const struct gw_pending *pending = find_pending(agent, call); /* may end the call */
	uint32_t revision;
	bool same_session;
	int err;

	if (!pending)
		return;
	/* Whoever was cut off must not confirm from where he was before. */
	if (gw_ipc_call_connection(call) == gw_undo_connection(agent->undo) ||
	    peer->pid == pending->pid) {
		gw_ipc_call_refuse(call, GW_EXIT_REFUSED,
				   "revision %u must be confirmed from another connection than the "
				   "one that applied it",
				   pending->revision);
		return;
	}
	revision = pending->revision;
	same_session = peer->session && peer->session == pending->session;
	err = gw_undo_confirm(agent->undo, peer);
	if (err)
		gw_ipc_call_refuse(call, GW_EXIT_FAILED,
				   "the confirmation of revision %u cannot be noted in %s: %s",
				   revision, agent->state_dir, strerror(-err));
	else
		gw_ipc_call_reply(call, GW_EXIT_OK,
				  json_pack("{s:I, s:b}", "revision", (json_int_t)revision,
					    "same_session", same_session),
				  -1);
}

static void run_abort(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	const struct gw_pending *pending = find_pending(agent, call);
	struct gw_diags diags;
	enum gw_exit status;
	uint32_t revision;
	json_t *fields;

	if (!pending)
		return;
	revision = pending->revision;
	gw_diags_init(&diags);
	status = gw_undo_now(agent->undo, gw_ipc_call_peer(call)->name, "it was aborted", &diags);
	fields = json_pack("{s:I, s:I, s:o}", "aborted", (json_int_t)revision, "revision",
			   (json_int_t)agent->revision, "diagnostics", gw_json_diags(&diags));
	gw_diags_done(&diags);
	gw_ipc_call_reply(call, (int)status, fields, -1);
}

static void run_wait(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	const struct gw_pending *pending = gw_undo_pending(agent->undo);
	uint64_t wanted = gw_ipc_call_uint(call, "revision", 0);

	if (pending && pending->revision == wanted)
		gw_undo_wait(agent->undo, call);
	else
		gw_ipc_call_reply(
			call, agent->revision == wanted ? GW_EXIT_OK : GW_EXIT_ROLLED_BACK,
			json_pack("{s:I, s:s}", "revision", (json_int_t)agent->revision, "outcome",
				  agent->revision == wanted ? "confirmed" : "rolled back"),
			-1);
}

/* ---- what is going on ------------------------------------------------------------------------ */

static void run_status(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;

	gw_ipc_call_reply(
		call, GW_EXIT_OK,
		json_pack("{s:s, s:I, s:I, s:I, s:o, s:s?}", "version", GW_VERSION, "started",
			  (json_int_t)agent->started, "revision", (json_int_t)agent->revision,
			  "rollbacks", (json_int_t)agent->rollbacks, "confirm",
			  gw_pending_json(gw_undo_pending(agent->undo)), "site",
			  agent->config && agent->config->policy ? agent->config->policy->site_name
								 : NULL),
		-1);
}

static void run_subscribe(struct gw_ipc_call *call, void *context)
{
	(void)context;
	gw_ipc_call_subscribe(call);
	gw_ipc_call_reply(call, GW_EXIT_OK, NULL, -1);
}

static const struct gw_ipc_field which_fields[] = {
	{ "revision", GW_IPC_UINT, .max = UINT32_MAX,
	  .help = "The change that is meant; refused if another one waits." },
	{ .name = NULL },
};
static const struct gw_ipc_field wait_fields[] = {
	{ "revision", GW_IPC_UINT, .required = true, .max = UINT32_MAX, .help = "Which change." },
	{ .name = NULL },
};
static const struct gw_ipc_field confirm_reply[] = {
	{ "revision", GW_IPC_UINT, .help = "That was confirmed." },
	{ "same_session", GW_IPC_BOOL,
	  .help = "It came from the login session that applied: whether new sessions get in is not "
		  "shown by that." },
	{ .name = NULL },
};
static const struct gw_ipc_field wait_reply[] = {
	{ "revision", GW_IPC_UINT, .help = "In force now." },
	{ "outcome", GW_IPC_TEXT, .help = "`confirmed` or `rolled back`." },
	{ .name = NULL },
};

const struct gw_verb gw_verbs_settle[] = {
	{ .name = "confirm",
	  .help = "Keeps the change that waits. Refused from the connection or the process that "
		  "asked "
		  "for the change.",
	  .fields = which_fields,
	  .reply = confirm_reply,
	  .permission = GW_AGENT_OPERATE,
	  .run = run_confirm },
	{ .name = "abort",
	  .help = "Takes the change that waits back at once.",
	  .fields = which_fields,
	  .permission = GW_AGENT_OPERATE,
	  .run = run_abort },
	{ .name = "wait",
	  .help = "Answers when the change is confirmed (status 0) or undone (status 5).",
	  .fields = wait_fields,
	  .reply = wait_reply,
	  .permission = GW_AGENT_OPERATE,
	  .run = run_wait },
	{ .name = "status",
	  .help = "What the agent is doing.",
	  .permission = GW_AGENT_OPERATE,
	  .run = run_status },
	{ .name = "subscribe",
	  .help = "From now on events come over this connection as they happen; modules are told "
		  "of a "
		  "new config alone: config.changed.",
	  .permission = GW_AGENT_OPERATE | GW_AGENT_MODULES,
	  .run = run_subscribe },
	{ .name = NULL },
};
