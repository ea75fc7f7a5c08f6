/*
 * What is done to zones of the DNS, on record. Operators sign and publish zones with gwctl, which holds the
 * keys and needs no capability; the trail has one writer, which is here.
 */
#include <string.h>

#include "gw/agent/agent.h"

#define EVENTS "zone."

static void run_record(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	const char *event = gw_ipc_call_text(call, "event");
	json_t *detail = json_object_get(gw_ipc_call_request(call), "detail");

	if (strncmp(event, EVENTS, strlen(EVENTS)) != 0) {
		gw_ipc_call_refuse(call, GW_EXIT_REFUSED,
				   "events of zones begin with `" EVENTS "`");
		return;
	}
	if (gw_agent_must_refuse(agent)) {
		gw_ipc_call_refuse(call, GW_EXIT_REFUSED, "records cannot be written");
		return;
	}
	gw_agent_record(agent, &(struct gw_agent_event){ .event = event,
							 .actor = gw_ipc_call_peer(call)->name,
							 .subject = gw_ipc_call_text(call, "zone"),
							 .failed = gw_ipc_call_flag(call, "failed"),
							 .reason = gw_ipc_call_text(call, "reason"),
							 .detail = json_incref(detail) });
	gw_ipc_call_reply(call, GW_EXIT_OK, NULL, -1);
}

static const struct gw_ipc_field record_fields[] = {
	{ "event", GW_IPC_TEXT, .required = true, .max = 64, .help = "Such as zone.published." },
	{ "zone", GW_IPC_TEXT, .required = true, .max = 1024, .help = "The zone's name." },
	{ "failed", GW_IPC_BOOL, .help = "It did not succeed." },
	{ "reason", GW_IPC_TEXT, .max = 1024, .help = "Why." },
	{ "detail", GW_IPC_OBJECT, .help = "Anything else." },
	{ .name = NULL },
};

const struct gw_verb gw_verbs_zone[] = {
	{ .name = "zone-record",
	  .help = "Puts on record what was done to a zone; refused while records cannot be "
		  "written.",
	  .fields = record_fields,
	  .permission = GW_AGENT_OPERATE,
	  .run = run_record },
	{ .name = NULL },
};
