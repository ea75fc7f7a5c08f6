/* confirm and abort: the end of a change that waits. */
#include "gw/ctl/client.h"
#include "gw/report/json.h"

/* Asks the agent for `verb` on the change that waits, or on the revision that is named. */
static enum gw_exit settle(struct gw_ctl *ctl, const char *verb, json_t **ret_reply)
{
	json_t *fields = json_object();
	enum gw_exit status;

	*ret_reply = NULL;
	if (ctl->n_args) {
		uint32_t number = gw_ctl_revision_number(ctl, ctl->args[0]);

		if (!number) {
			json_decref(fields);
			return GW_EXIT_USAGE;
		}
		gw_json_set(fields, "revision", gw_json_number(number));
	}
	status = gw_ctl_need_agent(ctl);
	if (status == GW_EXIT_OK)
		return gw_ctl_call(ctl, verb, fields, -1, ret_reply, NULL);
	json_decref(fields);
	return status;
}

enum gw_exit gw_cmd_confirm(struct gw_ctl *ctl)
{
	json_t *reply;
	enum gw_exit status = settle(ctl, "confirm", &reply);
	unsigned int revision = (unsigned int)gw_ctl_reply_number(reply, "revision");
	bool same = gw_ctl_reply_flag(reply, "same_session");

	if (status == GW_EXIT_OK && ctl->root) {
		gw_json_set(ctl->root, "revision", gw_json_number(revision));
		gw_json_set(ctl->root, "same_session", json_boolean(same));
	} else if (status == GW_EXIT_OK) {
		gw_text_printf(&ctl->out, "revision %u is confirmed\n", revision);
		if (same)
			gw_text_puts(&ctl->out,
				     "This is the session that applied it: that a new one gets in "
				     "has not been shown.\n");
	}
	json_decref(reply);
	return status;
}

enum gw_exit gw_cmd_abort(struct gw_ctl *ctl)
{
	json_t *reply;
	enum gw_exit status = settle(ctl, "abort", &reply);
	unsigned int aborted = (unsigned int)gw_ctl_reply_number(reply, "aborted");
	unsigned int revision = (unsigned int)gw_ctl_reply_number(reply, "revision");

	if (status == GW_EXIT_OK && ctl->root) {
		gw_json_set(ctl->root, "aborted", gw_json_number(aborted));
		gw_json_set(ctl->root, "revision", gw_json_number(revision));
	} else if (status == GW_EXIT_OK) {
		gw_text_printf(&ctl->out, "revision %u is undone; revision %u is in force\n",
			       aborted, revision);
	}
	json_decref(reply);
	return status;
}
