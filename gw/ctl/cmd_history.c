/* history and diff: revisions that were applied. */
#include <string.h>

#include "gw/agent/pending.h"
#include "gw/ctl/ctl.h"
#include "gw/report/change.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

/* Number of the revision that waits to be confirmed; 0: none does. */
static uint32_t pending_revision(struct gw_store *store)
{
	struct gw_pending pending;

	/* What cannot be read is the agent's to report. */
	return gw_pending_read(store, &pending) == 0 ? pending.revision : 0;
}

static json_t *revision_json(const struct gw_revision *revision, bool current, bool confirmed)
{
	json_t *object = json_object();

	gw_json_set(object, "revision", gw_json_number(revision->number));
	gw_json_set(object, "time", gw_json_time(revision->time));
	gw_json_set(object, "who", gw_json_text(revision->who));
	gw_json_set(object, "note", gw_json_text(revision->note));
	gw_json_set(object, "ticket",
		    revision->ticket ? gw_json_text(revision->ticket) : json_null());
	gw_json_set(object, "approvals",
		    revision->approvals ? gw_json_text(revision->approvals) : json_null());
	gw_json_set(object, "rules", gw_json_number(revision->rules));
	gw_json_set(object, "digest", gw_json_text(revision->digest));
	gw_json_set(object, "current", json_boolean(current));
	gw_json_set(object, "confirmed", json_boolean(confirmed));
	gw_json_set(object, "undoing", json_boolean(revision->undoing));
	gw_json_set(object, "emergency", json_boolean(revision->emergency));
	gw_json_set(object, "lockdown", json_boolean(revision->lockdown));
	gw_json_set(object, "damaged", json_boolean(revision->damaged));
	return object;
}

static void print_history(struct gw_ctl *ctl, const struct gw_revision *items, size_t n)
{
	uint32_t pending = pending_revision(ctl->target.store);
	struct gw_report_table table = { 0 };

	for (size_t i = 0; i < n; i++) {
		char time[GW_REPORT_TIME];

		if (items[i].damaged) {
			gw_report_row(&table, gw_arena_printf(ctl->arena, "%u", items[i].number),
				      "-", "-", "-", "-", "DAMAGED: its meta.json cannot be read");
			continue;
		}
		gw_report_row(&table, gw_arena_printf(ctl->arena, "%u", items[i].number),
			      gw_report_time(items[i].time, time), items[i].who,
			      gw_report_count(ctl->arena, items[i].rules, "policy", "policies"),
			      items[i].number == pending ? "waits to be confirmed"
			      : items[i].lockdown        ? "lockdown"
			      : items[i].emergency       ? "emergency"
							 : "",
			      items[i].ticket
				      ? gw_arena_printf(ctl->arena, "%s%s%s", items[i].ticket,
							*items[i].note ? ": " : "", items[i].note)
				      : items[i].note);
	}
	gw_report_table_print(&table, "><<><<", &ctl->out);
	gw_report_table_done(&table);
}

enum gw_exit gw_cmd_history(struct gw_ctl *ctl)
{
	enum gw_exit status = gw_ctl_open_store(ctl, false);
	struct gw_loc nowhere = { 0 };
	struct gw_revision *items;
	uint32_t current, pending;
	size_t n;
	int err;

	if (status != GW_EXIT_OK)
		return status;
	err = gw_store_history(ctl->target.store, ctl->arena, &items, &n);
	if (err) {
		gw_diag(&ctl->diags, GW_D_STATE_DIR, nowhere, "revisions cannot be listed: %s",
			strerror(-err));
		return GW_EXIT_FAILED;
	}
	if (!ctl->root) {
		print_history(ctl, items, n);
		return GW_EXIT_OK;
	}
	current = gw_store_current(ctl->target.store);
	pending = pending_revision(ctl->target.store);
	gw_json_set(ctl->root, "revisions", json_array());
	for (size_t i = 0; i < n; i++)
		gw_json_add(json_object_get(ctl->root, "revisions"),
			    revision_json(&items[i], items[i].number == current,
					  items[i].number != pending));
	return GW_EXIT_OK;
}

/* A revision by its number, or the files of -C DIR as `.`. */
static enum gw_exit load_side(struct gw_ctl *ctl, const char *arg, const struct gw_config **ret)
{
	enum gw_exit status = GW_EXIT_INVALID;
	uint32_t number;

	if (strcmp(arg, ".") == 0) {
		*ret = gw_ctl_config(ctl);
	} else {
		number = gw_ctl_revision_number(ctl, arg);
		if (!number)
			return GW_EXIT_USAGE;
		*ret = gw_ctl_revision(ctl, number);
		status = GW_EXIT_FAILED;
	}
	return *ret ? GW_EXIT_OK : status;
}

enum gw_exit gw_cmd_diff(struct gw_ctl *ctl)
{
	const char *other = ctl->n_args > 1 ? ctl->args[1] : ".";
	enum gw_exit status = gw_ctl_open_store(ctl, false);
	const struct gw_config *before, *after;
	struct gw_report_change change;

	if (status == GW_EXIT_OK)
		status = load_side(ctl, ctl->args[0], &before);
	if (status == GW_EXIT_OK)
		status = load_side(ctl, other, &after);
	if (status != GW_EXIT_OK)
		return status;
	gw_report_compare(ctl->arena, before->policy, after->policy, ctl->now, &change);
	if (ctl->root) {
		gw_json_set(ctl->root, "a", gw_json_text(ctl->args[0]));
		gw_json_set(ctl->root, "b", gw_json_text(other));
		gw_report_change_json(ctl->arena, &change, ctl->root);
	} else {
		gw_report_change_print(ctl->arena, &change, 0, &ctl->out);
	}
	if (!ctl->root && !change.n_items && !change.n_reach)
		gw_text_printf(&ctl->out, "no difference in policies or reachability\n");
	return change.n_items || change.n_reach ? GW_EXIT_DIFFERENT : GW_EXIT_OK;
}
