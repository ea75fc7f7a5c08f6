#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gw/agent/agent.h"
#include "gw/audit/audit.h"
#include "gw/core/mem.h"
#include "gw/report/json.h"

/* The first part of an event's name decides how long its record is kept. */
static enum gw_audit_class class_of(const char *event)
{
	static const struct {
		const char *prefix;
		enum gw_audit_class class_;
	} classes[] = {
		{ "change.", GW_AUDIT_CHANGE },   { "approval.", GW_AUDIT_CHANGE },
		{ "drift.", GW_AUDIT_CHANGE },    { "zone.", GW_AUDIT_CHANGE },
		{ "measure.", GW_AUDIT_MEASURE }, { "exception.", GW_AUDIT_EXCEPTION },
		{ "login.", GW_AUDIT_ACCESS },    { "session.", GW_AUDIT_ACCESS },
		{ "attack.", GW_AUDIT_ATTACK },   { "device.", GW_AUDIT_DEVICE },
	};

	for (size_t i = 0; i < GW_COUNT(classes); i++)
		if (strncmp(event, classes[i].prefix, strlen(classes[i].prefix)) == 0)
			return classes[i].class_;
	return GW_AUDIT_SYSTEM;
}

/* What cannot be written is in the queue still, and the trail's alarm says so. */
static void append(struct gw_audit *audit, const struct gw_agent_event *event)
{
	char *detail = event->detail ? json_dumps(event->detail, JSON_COMPACT) : NULL;
	struct gw_audit_record record = {
		.class_ = class_of(event->event),
		.module = "gwd",
		.event = event->event,
		.actor = event->actor,
		.subject = event->subject,
		.failed = event->failed,
		.reason = event->reason,
		.detail = detail,
	};

	if (gw_audit_append(audit, &record, NULL, NULL) < 0) {
		record.detail = "{\"left_out\":\"too long\"}";
		(void)gw_audit_append(audit, &record, NULL, NULL); /* short enough now */
	}
	(void)gw_audit_flush(audit);
	free(detail);
}

static json_t *event_json(const struct gw_agent_event *event)
{
	json_t *record =
		json_pack("{s:o, s:s, s:s, s:o, s:s, s:o}", "time", gw_json_time(time(NULL)),
			  "event", event->event, "actor", event->actor ? event->actor : "gwd",
			  "subject", gw_json_text(event->subject), "result",
			  event->failed ? "failed" : "ok", "reason", gw_json_text(event->reason));

	if (event->detail)
		json_object_set(record, "detail", event->detail);
	return record;
}

void gw_agent_record(struct gw_agent *agent, const struct gw_agent_event *event)
{
	struct gw_audit *audit = gw_agent_audit(agent);
	json_t *record = event_json(event);
	char *text = json_dumps(record, JSON_COMPACT);

	if (audit)
		append(audit, event);
	if (text)
		(void)fprintf(stderr, "%s\n", text); /* the journal's */
	free(text);
	json_decref(event->detail);
	if (agent->control)
		gw_ipc_server_event(agent->control, record);
	else
		json_decref(record);
}

bool gw_agent_must_refuse(const struct gw_agent *agent)
{
	struct gw_audit *audit = gw_agent_audit(agent);

	return audit && gw_audit_refuses(audit, GW_AUDIT_CHANGE);
}
