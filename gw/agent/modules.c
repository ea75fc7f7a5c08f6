/*
 * The socket of the modules. Each runs under a user of its own, and may ask for what its work needs and for
 * nothing else; which user is which module is decided here, and which verb is for whom stands in the
 * tables of the verbs. What a module has to say for the audit trail comes through `record`.
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "gw/agent/agent.h"
#include "gw/audit/audit.h"
#include "gw/core/mem.h"

static const struct module {
	const char *user;
	unsigned int permission;
} modules[] = {
	{ "gw-ratelimit", GW_AGENT_RATELIMIT }, { "gw-ipv6guard", GW_AGENT_IPV6GUARD },
	{ "gw-vpnauth", GW_AGENT_VPNAUTH },     { "gw-dns", GW_AGENT_DNS },
	{ "gw-metrics", GW_AGENT_METRICS },
};

unsigned int gw_agent_module_permissions(int fd, const struct gw_peer *peer, void *context)
{
	(void)fd;
	(void)context;
	for (size_t i = 0; i < GW_COUNT(modules); i++) {
		const struct passwd *user = getpwnam(modules[i].user);

		if (user && user->pw_uid == peer->uid)
			return modules[i].permission;
	}
	return 0;
}

/* ---- record ---------------------------------------------------------------------------------- */

/* A record on its way; the module waits until it is durable, or has gone. */
struct waiting {
	struct gw_ipc_call *call; /* NULL: gone */
};

static void peer_gone(struct gw_ipc_call *call, void *context)
{
	struct waiting *waiting = context;

	(void)call;
	waiting->call = NULL;
}

static void recorded(uint64_t seq, int error, void *context)
{
	struct waiting *waiting = context;
	struct gw_ipc_call *call = waiting->call;

	gw_free(waiting);
	if (!call)
		return;
	gw_ipc_call_on_close(call, NULL, NULL);
	if (error)
		gw_ipc_call_refuse(call, GW_EXIT_FAILED, "the record was given up: %s",
				   strerror(-error));
	else
		gw_ipc_call_reply(call, GW_EXIT_OK, json_pack("{s:I}", "seq", (json_int_t)seq), -1);
}

static bool class_of(const char *name, enum gw_audit_class *ret)
{
	for (int c = 0; c < GW_AUDIT_CLASS_COUNT; c++) {
		if (strcmp(gw_audit_class_names[c], name) != 0)
			continue;
		*ret = (enum gw_audit_class)c;
		return true;
	}
	return false;
}

static void run_record(struct gw_ipc_call *call, void *context)
{
	struct gw_audit *audit = gw_agent_audit(context);
	const json_t *detail = json_object_get(gw_ipc_call_request(call), "detail");
	struct gw_audit_record record = {
		.module = gw_ipc_call_peer(call)->name,
		.event = gw_ipc_call_text(call, "event"),
		.actor = gw_ipc_call_text(call, "actor"),
		.subject = gw_ipc_call_text(call, "subject"),
		.failed = gw_ipc_call_flag(call, "failed"),
		.reason = gw_ipc_call_text(call, "reason"),
	};
	struct waiting *waiting;
	char *text;
	int err;

	/* What is changed and how the trail itself fares is for the agent to say. */
	if (!class_of(gw_ipc_call_text(call, "class"), &record.class_) ||
	    record.class_ == GW_AUDIT_CHANGE || record.class_ == GW_AUDIT_SYSTEM) {
		gw_ipc_call_refuse(call, GW_EXIT_REFUSED, "no module writes records of this class");
		return;
	}
	if (!audit) {
		gw_ipc_call_refuse(call, GW_EXIT_FAILED, "there is no audit trail");
		return;
	}
	text = detail ? json_dumps(detail, JSON_COMPACT) : NULL;
	record.detail = text;
	waiting = gw_zalloc(1, sizeof(*waiting));
	waiting->call = call;
	gw_ipc_call_on_close(call, peer_gone, waiting);
	err = gw_audit_append(audit, &record, recorded, waiting);
	free(text);
	if (err)
		recorded(0, err, waiting);
}

static const struct gw_ipc_field record_fields[] = {
	{ "class", GW_IPC_TEXT, .required = true, .max = 32,
	  .help = "Of the record: measure, exception, access, attack or device." },
	{ "event", GW_IPC_TEXT, .required = true, .max = 64, .help = "Such as login.failed." },
	{ "actor", GW_IPC_TEXT, .max = 256, .help = "Who; else the module." },
	{ "subject", GW_IPC_TEXT, .max = 256, .help = "To what or whom." },
	{ "failed", GW_IPC_BOOL, .help = "It did not succeed." },
	{ "reason", GW_IPC_TEXT, .max = 1024, .help = "Why." },
	{ "detail", GW_IPC_OBJECT, .help = "Anything else." },
	{ .name = NULL },
};
static const struct gw_ipc_field record_reply[] = {
	{ "seq", GW_IPC_UINT, .help = "Number of the record, which is durable now." },
	{ .name = NULL },
};

const struct gw_verb gw_verbs_modules[] = {
	{ .name = "record",
	  .help = "Puts something on record; answers when that is durable.",
	  .fields = record_fields,
	  .reply = record_reply,
	  .permission = GW_AGENT_MODULES,
	  .run = run_record },
	{ .name = NULL },
};
