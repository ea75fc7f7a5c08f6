/* Emergency measures: what is done is said, with the way back and whom to call. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw/core/duration.h"
#include "gw/core/mem.h"
#include "gw/ctl/client.h"
#include "gw/ctl/measures.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

#define LIST_MAX (256u << 20)

/* The address of the operator's own session, so that the agent can keep him from cutting it off. */
static const char *session_address(struct gw_arena *arena)
{
	const char *ssh = getenv("SSH_CONNECTION");
	size_t len = ssh ? strcspn(ssh, " ") : 0;

	return len && len < 64 ? gw_arena_strndup(arena, ssh, len) : NULL;
}

static bool read_time(struct gw_ctl *ctl, json_t *fields)
{
	const char *text = gw_ctl_option(ctl, "for");
	uint32_t seconds;

	if (!text)
		return true;
	if (!gw_duration_parse(text, &seconds) || !seconds) {
		(void)gw_ctl_usage(ctl, "`%s` is no time such as 30m, 8h or 7d", text);
		return false;
	}
	gw_json_set(fields, "for_s", gw_json_number(seconds));
	return true;
}

json_t *gw_ctl_measure_fields(struct gw_ctl *ctl)
{
	json_t *fields = json_object();
	const char *reason = gw_ctl_option(ctl, "message");
	const char *session = session_address(ctl->arena);

	if (!read_time(ctl, fields)) {
		json_decref(fields);
		return NULL;
	}
	if (reason)
		gw_json_set(fields, "reason", gw_json_text(reason));
	if (session)
		gw_json_set(fields, "session", gw_json_text(session));
	if (gw_ctl_option(ctl, "force"))
		gw_json_set(fields, "force", json_true());
	return fields;
}

/* ---- what was done -------------------------------------------------------------------------- */

static const char *fact_of(const json_t *measure)
{
	const char *fact = gw_ctl_reply_text(measure, "address");

	if (!fact)
		fact = gw_ctl_reply_text(measure, "mac");
	return fact ? fact : gw_ctl_reply_text(measure, "subject");
}

static void print_contacts(struct gw_ctl *ctl, const json_t *contacts)
{
	struct gw_report_table table = { 0 };
	const json_t *contact;
	size_t i;

	if (!json_array_size(contacts))
		return;
	gw_text_puts(&ctl->out, "Whom to call:\n");
	json_array_foreach(contacts, i, contact)
	{
		static const char *const keys[] = { "name", "role", "phone", "mail", "when" };
		const char *cells[1 + GW_COUNT(keys)] = { " " };

		for (size_t k = 0; k < GW_COUNT(keys); k++) {
			const char *text = gw_ctl_reply_text(contact, keys[k]);

			cells[k + 1] = text ? text : "";
		}
		gw_report_add_row(&table, cells, GW_COUNT(cells));
	}
	gw_report_table_print(&table, "", &ctl->out);
	gw_report_table_done(&table);
}

static void print_facts(struct gw_ctl *ctl, const json_t *measures, const char *target)
{
	const json_t *measure;
	size_t i, printed = 0;

	json_array_foreach(measures, i, measure)
	{
		const char *fact = fact_of(measure);

		if (!fact || strcmp(fact, target) == 0)
			continue;
		gw_text_printf(&ctl->out, "%s%s", printed++ ? ", " : " (", fact);
	}
	if (printed)
		gw_text_putc(&ctl->out, ')');
}

static void print_end(struct gw_ctl *ctl, const json_t *measures)
{
	uint64_t until = gw_ctl_reply_number(json_array_get(measures, 0), "until");
	char time[GW_REPORT_TIME];

	if (until)
		gw_text_printf(&ctl->out, ", until %s", gw_report_time((int64_t)until, time));
}

/* "hq is isolated …"; `undo` NULL: it was lifted. */
static void report(struct gw_ctl *ctl, const json_t *reply, const char *target, const char *what,
		   const char *undo)
{
	static const char *const keys[] = { "measures", "n", "effective", "contacts" };
	const json_t *measures = json_object_get(reply, "measures");

	if (ctl->root) {
		for (size_t i = 0; i < GW_COUNT(keys); i++)
			gw_json_set(ctl->root, keys[i],
				    json_deep_copy(json_object_get(reply, keys[i])));
		return;
	}
	gw_text_printf(&ctl->out, "%s", target);
	print_facts(ctl, measures, target);
	gw_text_printf(&ctl->out, " %s", what);
	if (undo)
		print_end(ctl, measures);
	gw_text_putc(&ctl->out, '\n');
	if (!gw_ctl_reply_flag(reply, "effective"))
		gw_text_puts(&ctl->out,
			     "The kernel holds no rules yet: it comes into force with the "
			     "first apply.\n");
	if (undo) {
		gw_text_printf(&ctl->out, "Undo it with: gwctl %s %s\n", undo, target);
		print_contacts(ctl, json_object_get(reply, "contacts"));
	}
}

enum gw_exit gw_ctl_measure(struct gw_ctl *ctl, const char *verb, json_t *fields,
			    const char *target, const char *what, const char *undo)
{
	enum gw_exit status = gw_ctl_need_agent(ctl);
	json_t *reply = NULL;

	if (status == GW_EXIT_OK)
		status = gw_ctl_call(ctl, verb, fields, -1, &reply, NULL);
	else
		json_decref(fields);
	if (status == GW_EXIT_OK)
		report(ctl, reply, target, what, undo);
	json_decref(reply);
	return status;
}

static enum gw_exit with_target(struct gw_ctl *ctl, const char *verb, const char *key,
				const char *what, const char *undo)
{
	json_t *fields = gw_ctl_measure_fields(ctl);

	if (!fields)
		return GW_EXIT_USAGE;
	gw_json_set(fields, key, gw_json_text(ctl->args[0]));
	return gw_ctl_measure(ctl, verb, fields, ctl->args[0], what, undo);
}

/* ---- commands ------------------------------------------------------------------------------- */

enum gw_exit gw_cmd_isolate(struct gw_ctl *ctl)
{
	bool untrusted = gw_ctl_option(ctl, "untrusted") != NULL;
	json_t *fields = gw_ctl_measure_fields(ctl);

	if (!fields)
		return GW_EXIT_USAGE;
	gw_json_set(fields, "zone", gw_json_text(ctl->args[0]));
	if (untrusted)
		gw_json_set(fields, "untrusted_only", json_true());
	return gw_ctl_measure(ctl, "isolate", fields, ctl->args[0],
			      untrusted
				      ? "is cut off from all untrusted zones"
				      : "is cut off from the gateway and all zones but management",
			      "release");
}

enum gw_exit gw_cmd_quarantine(struct gw_ctl *ctl)
{
	return with_target(ctl, "quarantine", "target",
			   "is in quarantine: only management zones reach it", "release");
}

enum gw_exit gw_cmd_release(struct gw_ctl *ctl)
{
	return with_target(ctl, "release", "target",
			   "is released: what policies permit passes again", NULL);
}

enum gw_exit gw_cmd_ban(struct gw_ctl *ctl)
{
	return with_target(ctl, "ban", "target", "is banned: nothing from or to it passes",
			   "unban");
}

enum gw_exit gw_cmd_unban(struct gw_ctl *ctl)
{
	return with_target(ctl, "unban", "target",
			   "is no longer banned: what policies permit passes again", NULL);
}

enum gw_exit gw_cmd_suspend(struct gw_ctl *ctl)
{
	json_t *fields = gw_ctl_measure_fields(ctl), *addresses;

	if (!fields)
		return GW_EXIT_USAGE;
	addresses = json_array();
	for (int i = 1; i < ctl->n_args; i++)
		gw_json_add(addresses, gw_json_text(ctl->args[i]));
	gw_json_set(fields, "user", gw_json_text(ctl->args[0]));
	gw_json_set(fields, "addresses", addresses);
	return gw_ctl_measure(ctl, "suspend", fields, ctl->args[0],
			      ctl->n_args > 1 ? "is suspended: nothing from or to these addresses "
						"passes"
					      : "is suspended; no address of this user is known",
			      "resume");
}

enum gw_exit gw_cmd_resume(struct gw_ctl *ctl)
{
	return with_target(ctl, "resume", "user", "is no longer suspended", NULL);
}

/* ---- lists ---------------------------------------------------------------------------------- */

enum gw_exit gw_ctl_list(struct gw_ctl *ctl, const char *verb, json_t *fields, json_t **ret)
{
	enum gw_exit status = gw_ctl_need_agent(ctl);
	json_t *reply = NULL;
	uint8_t *bytes;
	size_t len;
	int file = -1;

	*ret = NULL;
	if (status == GW_EXIT_OK)
		status = gw_ctl_call(ctl, verb, fields, -1, &reply, &file);
	else
		json_decref(fields);
	json_decref(reply);
	if (status == GW_EXIT_OK && gw_memfd_read(file, LIST_MAX, &bytes, &len) == 0) {
		*ret = json_loadb((const char *)bytes, len, 0, NULL);
		gw_free(bytes);
	}
	if (file >= 0)
		(void)close(file);
	if (status == GW_EXIT_OK && !*ret) {
		gw_diag(&ctl->diags, GW_D_MEASURE_LIST, (struct gw_loc){ 0 },
			"the list that gwd has sent cannot be read");
		status = GW_EXIT_FAILED;
	}
	return status;
}

static void add_row(struct gw_ctl *ctl, struct gw_report_table *table, const json_t *measure)
{
	uint64_t until = gw_ctl_reply_number(measure, "until");
	const char *subject = gw_ctl_reply_text(measure, "subject");
	const char *fact = fact_of(measure), *reason = gw_ctl_reply_text(measure, "reason");
	const char *from = gw_ctl_reply_text(measure, "from");
	char span[GW_REPORT_TIME], since[GW_REPORT_TIME];

	if (subject && *subject && fact && strcmp(subject, fact) != 0)
		fact = gw_arena_printf(ctl->arena, "%s: %s", subject, fact);
	else if (from && strcmp(from, "untrusted") == 0)
		fact = gw_arena_printf(ctl->arena, "%s, from untrusted zones", fact);
	gw_report_row(table, gw_ctl_reply_text(measure, "kind"), fact ? fact : "",
		      until ? gw_report_span(ctl->now, (int64_t)until, span) : "until lifted",
		      gw_report_time((int64_t)gw_ctl_reply_number(measure, "since"), since),
		      gw_ctl_reply_text(measure, "actor"), reason ? reason : "");
}

static bool is_listed(const json_t *measure, const char *kind)
{
	const char *of = gw_ctl_reply_text(measure, "kind");

	return of && (!kind || strcmp(of, kind) == 0);
}

static enum gw_exit list(struct gw_ctl *ctl, const char *kind, const char *nothing)
{
	json_t *fields = kind ? json_pack("{s:s}", "kind", kind) : NULL, *root;
	enum gw_exit status = gw_ctl_list(ctl, "measures", fields, &root);
	const json_t *measures = json_object_get(root, "measures"), *measure;
	struct gw_report_table table = { 0 };
	size_t i, n = 0;

	if (status != GW_EXIT_OK)
		return status;
	if (ctl->root) {
		gw_json_set(ctl->root, "measures", json_deep_copy(measures));
		json_decref(root);
		return GW_EXIT_OK;
	}
	gw_report_row(&table, "MEASURE", "OF", "ENDS", "SINCE", "BY", "REASON");
	json_array_foreach(measures, i, measure)
	{
		if (is_listed(measure, kind)) {
			add_row(ctl, &table, measure);
			n++;
		}
	}
	if (n)
		gw_report_table_print(&table, "", &ctl->out);
	else
		gw_text_printf(&ctl->out, "%s\n", nothing);
	gw_report_table_done(&table);
	json_decref(root);
	return GW_EXIT_OK;
}

enum gw_exit gw_cmd_measures(struct gw_ctl *ctl)
{
	return list(ctl, NULL, "no measure is in force");
}

enum gw_exit gw_cmd_bans(struct gw_ctl *ctl)
{
	return list(ctl, "ban", "nothing is banned");
}
