/* review: what somebody has to look at, and that he has. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gw/agent/revision_review.h"
#include "gw/ctl/client.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

#define SOON_S (30 * INT64_C(86400))

static const struct gw_loc nowhere;

/* ---- changes in an emergency ------------------------------------------------------------------- */

static json_t *change_json(const struct gw_revision *revision,
			   const struct gw_revision_review *review)
{
	json_t *object = json_object();

	gw_json_set(object, "revision", gw_json_number(revision->number));
	gw_json_set(object, "time", gw_json_time(revision->time));
	gw_json_set(object, "who", gw_json_text(revision->who));
	gw_json_set(object, "ticket",
		    revision->ticket ? gw_json_text(revision->ticket) : json_null());
	gw_json_set(object, "approvals",
		    revision->approvals ? gw_json_text(revision->approvals) : json_null());
	gw_json_set(object, "reviewed_by", review ? gw_json_text(review->who) : json_null());
	gw_json_set(object, "reviewed", review ? gw_json_time(review->time) : json_null());
	gw_json_set(object, "note", review ? gw_json_text(review->note) : json_null());
	return object;
}

/* Lists those that nobody has looked at, with --json all; how many wait. */
static size_t list_emergencies(struct gw_ctl *ctl, const struct gw_revision *items, size_t n)
{
	struct gw_report_table table = { 0 };
	size_t waiting = 0;

	gw_report_row(&table, "EMERGENCY CHANGE", "APPLIED", "BY", "APPROVED BY", "TICKET");
	for (size_t i = 0; i < n; i++) {
		struct gw_revision_review review;
		char time[GW_REPORT_TIME];
		bool reviewed;

		if (items[i].damaged) {
			gw_diag(&ctl->diags, GW_D_STATE_CORRUPT, nowhere,
				"revision %u: its meta.json cannot be read; whether it was applied "
				"in an emergency cannot be told",
				items[i].number);
			waiting++;
		}
		if (!items[i].emergency)
			continue;
		/* A damaged note of a review is none. */
		reviewed = gw_store_review(ctl->target.store, items[i].number, ctl->arena,
					   &review) == 0;
		if (ctl->root)
			gw_json_add(json_object_get(ctl->root, "emergency_changes"),
				    change_json(&items[i], reviewed ? &review : NULL));
		if (reviewed)
			continue;
		waiting++;
		gw_report_row(&table, gw_arena_printf(ctl->arena, "revision %u", items[i].number),
			      gw_report_time(items[i].time, time), items[i].who,
			      items[i].approvals ? items[i].approvals : "nobody",
			      items[i].ticket ? items[i].ticket : "-");
	}
	if (waiting) {
		gw_report_table_print(&table, "<", &ctl->out);
		gw_text_puts(&ctl->out, "somebody else than who applied one looks at it (`gwctl "
					"diff`), then `gwctl review REVISION -m NOTE`\n\n");
	}
	gw_report_table_done(&table);
	return waiting;
}

/* ---- policies ---------------------------------------------------------------------------------- */

static int compare_due(const void *a, const void *b)
{
	const struct gw_rule_def *const *left = a, *const *right = b;

	if ((*left)->review != (*right)->review)
		return (*left)->review < (*right)->review ? -1 : 1;
	return strcmp((*left)->id, (*right)->id);
}

static json_t *policy_json(struct gw_ctl *ctl, const struct gw_rule_def *rule)
{
	json_t *object = json_object();

	gw_json_set(object, "id", gw_json_text(rule->id));
	gw_json_set(object, "owner", gw_json_text(rule->owner));
	gw_json_set(object, "ticket", gw_json_text(rule->ticket));
	gw_json_set(object, "review", gw_json_time(rule->review));
	gw_json_set(object, "overdue", json_boolean(rule->review <= ctl->now));
	gw_json_set(object, "place", gw_json_text(gw_ctl_place(ctl->arena, rule->loc)));
	return object;
}

/* Those whose day has come or comes within 30 days; how many are overdue. */
static size_t list_policies(struct gw_ctl *ctl, const struct gw_policy *policy)
{
	const struct gw_rule_def **due =
		gw_arena_array(ctl->arena, policy->n_rules, const struct gw_rule_def *);
	struct gw_report_table table = { 0 };
	size_t n = 0, overdue = 0;

	for (size_t i = 0; i < policy->n_rules; i++)
		if (policy->rules[i].review && policy->rules[i].review <= ctl->now + SOON_S)
			due[n++] = &policy->rules[i];
	if (n) /* An array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
		qsort(due, n, sizeof(*due), compare_due);
	gw_report_row(&table, "POLICY", "REVIEW", "OWNER", "TICKET", "AT");
	for (size_t i = 0; i < n; i++) {
		bool is_over = due[i]->review <= ctl->now;
		char span[GW_REPORT_TIME];

		overdue += is_over;
		if (ctl->root)
			gw_json_add(json_object_get(ctl->root, "policies"),
				    policy_json(ctl, due[i]));
		gw_report_row(&table, due[i]->id,
			      gw_arena_printf(ctl->arena, "%s%s", is_over ? "OVERDUE, " : "",
					      gw_report_span(ctl->now, due[i]->review, span)),
			      due[i]->owner, due[i]->ticket, gw_ctl_place(ctl->arena, due[i]->loc));
	}
	if (n) {
		gw_report_table_print(&table, "<", &ctl->out);
		gw_text_puts(&ctl->out,
			     "its owner looks at a policy, and sets its next day in `review:`\n");
	}
	gw_report_table_done(&table);
	return overdue;
}

/* ---- the command --------------------------------------------------------------------------------- */

static enum gw_exit list(struct gw_ctl *ctl)
{
	enum gw_exit status = gw_ctl_open_store(ctl, false);
	const struct gw_config *config;
	struct gw_revision *items;
	size_t n, waiting;
	uint32_t current;
	int err;

	if (status != GW_EXIT_OK)
		return status;
	err = gw_store_history(ctl->target.store, ctl->arena, &items, &n);
	if (err) {
		gw_diag(&ctl->diags, GW_D_STATE_DIR, nowhere, "revisions cannot be listed: %s",
			strerror(-err));
		return GW_EXIT_FAILED;
	}
	current = gw_store_current(ctl->target.store);
	if (!current) {
		gw_diag(&ctl->diags, GW_D_NOTHING_APPLIED, nowhere,
			"nothing has been applied on this gateway yet");
		gw_diag_hint(&ctl->diags, "`gwctl apply` makes the first revision");
		return GW_EXIT_FAILED;
	}
	config = gw_ctl_revision(ctl, current);
	if (!config)
		return GW_EXIT_FAILED;
	if (ctl->root) {
		gw_json_set(ctl->root, "emergency_changes", json_array());
		gw_json_set(ctl->root, "policies", json_array());
	}
	waiting = list_emergencies(ctl, items, n);
	waiting += list_policies(ctl, config->policy);
	if (!ctl->out.len)
		gw_text_puts(&ctl->out, "nothing has to be reviewed within 30 days\n");
	return waiting ? GW_EXIT_DIFFERENT : GW_EXIT_OK;
}

static enum gw_exit note(struct gw_ctl *ctl, uint32_t number, const char *text)
{
	enum gw_exit status = gw_ctl_need_agent(ctl);
	json_t *reply = NULL;

	if (status == GW_EXIT_OK)
		status = gw_ctl_call(ctl, "review",
				     json_pack("{s:I, s:o}", "revision", (json_int_t)number, "note",
					       gw_json_text(text)),
				     -1, &reply, NULL);
	json_decref(reply);
	if (status != GW_EXIT_OK)
		return status;
	if (ctl->root)
		gw_json_set(ctl->root, "revision", gw_json_number(number));
	else
		gw_text_printf(&ctl->out, "revision %u is reviewed; that is on record\n", number);
	return GW_EXIT_OK;
}

enum gw_exit gw_cmd_review(struct gw_ctl *ctl)
{
	const char *text = gw_ctl_option(ctl, "message");
	uint32_t number;

	if (!ctl->n_args)
		return text ? gw_ctl_usage(ctl, "which revision is it about?") : list(ctl);
	number = gw_ctl_revision_number(ctl, ctl->args[0]);
	if (!number)
		return GW_EXIT_USAGE;
	if (!text || !*text)
		return gw_ctl_usage(ctl, "`-m NOTE` says what came of looking at it");
	return note(ctl, number, text);
}
