/* Records of a module on their way to the audit trail. */
#include <unistd.h>

#include "gw/daemon/daemon.h"
#include "gw/report/json.h"

static void recorded(struct gw_link *link, const json_t *reply, int file, void *context)
{
	struct gw_daemon *daemon = context;

	(void)link;
	if (file >= 0)
		(void)close(file); /* this verb attaches nothing */
	if (!reply) {
		daemon->records_given_up++;
	} else if (gw_link_is_ok(reply)) {
		daemon->recorded++;
	} else {
		daemon->records_refused++;
		gw_daemon_say(daemon, "gwd does not take a record: %s", gw_link_complaint(reply));
	}
}

static void add_text(json_t *fields, const char *key, const char *text)
{
	if (text)
		gw_json_set(fields, key, gw_json_text(text));
}

void gw_daemon_record(struct gw_daemon *daemon, const struct gw_daemon_record *record)
{
	json_t *fields = json_object();

	add_text(fields, "class", record->class_);
	add_text(fields, "event", record->event);
	add_text(fields, "actor", record->actor);
	add_text(fields, "subject", record->subject);
	add_text(fields, "reason", record->reason);
	if (record->failed)
		gw_json_set(fields, "failed", json_true());
	if (record->detail)
		gw_json_set(fields, "detail", record->detail);
	if (!gw_link_ask(daemon->link, "record", fields, GW_LINK_KEEP, recorded, daemon))
		daemon->records_given_up++;
}
