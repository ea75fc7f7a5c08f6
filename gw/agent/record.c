#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "gw/agent/agent.h"
#include "gw/report/json.h"

void gw_agent_record(struct gw_agent *agent, const struct gw_agent_event *event)
{
	json_t *record =
		json_pack("{s:o, s:s, s:s, s:o, s:s, s:o}", "time", gw_json_time(time(NULL)),
			  "event", event->event, "actor", event->actor ? event->actor : "gwd",
			  "subject", gw_json_text(event->subject), "result",
			  event->failed ? "failed" : "ok", "reason", gw_json_text(event->reason));
	char *text;

	if (event->detail)
		json_object_set_new(record, "detail", event->detail);
	text = json_dumps(record, JSON_COMPACT);
	if (text)
		(void)fprintf(stderr, "%s\n", text); /* the journal's */
	free(text);
	if (agent->control)
		gw_ipc_server_event(agent->control, record);
	else
		json_decref(record);
}
