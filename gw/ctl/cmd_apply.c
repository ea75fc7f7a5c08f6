/* apply and rollback: the commands that change the kernel. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "gw/agent/approvals.h"
#include "gw/agent/pending.h"
#include "gw/ctl/client.h"
#include "gw/ctl/live_change.h"
#include "gw/report/change.h"
#include "gw/report/json.h"

static double seconds_since(const struct timespec *start)
{
	struct timespec end;

	(void)clock_gettime(CLOCK_MONOTONIC, &end); /* cannot fail with this clock */
	return (double)(end.tv_sec - start->tv_sec) + (double)(end.tv_nsec - start->tv_nsec) / 1e9;
}

static void report(struct gw_ctl *ctl, uint32_t revision, bool made, double seconds)
{
	const struct gw_transaction *transaction = &ctl->transaction;
	const char *site = transaction->config->policy->site_name;
	bool changed = transaction->sent;

	ctl->done = gw_arena_printf(ctl->arena, "revision %u is in force all the same", revision);
	if (ctl->root) {
		gw_json_set(ctl->root, "site", gw_json_text(site));
		gw_json_set(ctl->root, "revision", gw_json_number(revision));
		gw_json_set(ctl->root, "new_revision", json_boolean(made));
		gw_json_set(ctl->root, "changed", json_boolean(changed));
		gw_json_set(ctl->root, "kernel", gw_report_plan_json(transaction->plan));
		gw_json_set(ctl->root, "seconds", json_real(seconds));
		return;
	}
	if (!changed && !made) {
		gw_text_printf(&ctl->out,
			       "%s: nothing to change, revision %u is what the kernel holds\n",
			       site, revision);
		return;
	}
	gw_text_printf(&ctl->out, "%s: %s revision %u in %.3f s: ", site,
		       made ? "applied" : "repaired", revision, seconds);
	if (changed)
		gw_report_plan_counts(transaction->plan, &ctl->out);
	else
		gw_text_puts(&ctl->out, "the kernel's rules stay as they are");
	gw_text_putc(&ctl->out, '\n');
}

/* Signatures are counted by the agent alone. */
static enum gw_exit refuse_without_agent(struct gw_ctl *ctl)
{
	gw_diag(&ctl->diags, GW_D_APPROVAL_MISSING, (struct gw_loc){ 0 },
		"a change needs approvals, which gwd counts, and gwd does not run");
	gw_diag_hint(&ctl->diags, "start gwd; then `gwctl plan -o FILE`, `gwctl approve FILE`, "
				  "`gwctl apply FILE`");
	return GW_EXIT_REFUSED;
}

static enum gw_exit change(struct gw_ctl *ctl, const struct gw_config_origin *origin,
			   const char *note)
{
	struct timespec start;
	enum gw_exit status;
	uint32_t revision = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &start); /* cannot fail with this clock */
	status = gw_ctl_open_kernel(ctl);
	if (status == GW_EXIT_OK)
		status = gw_transaction_prepare(&ctl->transaction, origin, &ctl->target, ctl->now,
						&ctl->diags);
	if (status == GW_EXIT_OK && gw_config_asks_approvals(ctl->transaction.before))
		return refuse_without_agent(ctl);
	if (status == GW_EXIT_OK)
		status = gw_transaction_commit(
			&ctl->transaction, &ctl->target,
			&(struct gw_change){ .who = gw_ctl_who(ctl->arena), .note = note },
			&revision, &ctl->diags);
	if (status == GW_EXIT_OK)
		gw_ctl_host_enforce(ctl, ctl->transaction.config->policy);
	if (status == GW_EXIT_OK)
		report(ctl, revision, revision != ctl->transaction.base, seconds_since(&start));
	return status;
}

/* ---- without an agent ------------------------------------------------------------------------ */

/* What only the agent keeps watch over must not be promised, nor a promise of its be broken. */
static enum gw_exit stand_alone(struct gw_ctl *ctl)
{
	const char *confirm = gw_ctl_option(ctl, "confirm");
	static const struct gw_loc nowhere;
	struct gw_pending pending;
	enum gw_exit status;

	if ((confirm && strcmp(confirm, "0") != 0) || gw_ctl_option(ctl, "wait"))
		return gw_ctl_need_agent(ctl);
	status = gw_ctl_open_store(ctl, true);
	if (status != GW_EXIT_OK || gw_pending_read(ctl->target.store, &pending) == -ENOENT)
		return status;
	gw_diag(&ctl->diags, GW_D_AGENT_NEEDED, nowhere,
		"a change waits to be confirmed, and gwd, which would undo it, does not run");
	gw_diag_hint(&ctl->diags, "start gwd: it settles the change");
	return GW_EXIT_REFUSED;
}

enum gw_exit gw_cmd_apply(struct gw_ctl *ctl)
{
	struct gw_config_origin origin = { .dir = ctl->dir };
	const char *note = gw_ctl_option(ctl, "message");
	json_t *fields;
	enum gw_exit status = gw_ctl_find_agent(ctl);

	if (status == GW_EXIT_OK && ctl->agent) {
		status = gw_ctl_change_fields(ctl, &fields);
		return status == GW_EXIT_OK ? gw_ctl_apply_by_agent(ctl, fields) : status;
	}
	/* Only the agent judges plans and who has signed them. */
	if (status == GW_EXIT_OK && (ctl->n_args || gw_ctl_option(ctl, "emergency")))
		return gw_ctl_need_agent(ctl);
	if (status == GW_EXIT_OK)
		status = stand_alone(ctl);
	return status == GW_EXIT_OK ? change(ctl, &origin, note ? note : "") : status;
}

/* ---- rollback -------------------------------------------------------------------------------- */

/* The revision before the one in force; 0 after adding a diagnostic. */
static uint32_t previous_revision(struct gw_ctl *ctl)
{
	struct gw_loc nowhere = { 0 };
	struct gw_revision *items;
	size_t n;

	if (gw_store_history(ctl->target.store, ctl->arena, &items, &n) == 0 && n >= 2)
		return items[1].number;
	gw_diag(&ctl->diags, GW_D_REVISION_UNKNOWN, nowhere,
		"there is no revision before the present one");
	return 0;
}

static enum gw_exit rollback_by_agent(struct gw_ctl *ctl, uint32_t number)
{
	json_t *fields;
	enum gw_exit status = GW_EXIT_OK;

	if (!number)
		status = gw_ctl_open_store(ctl, false);
	if (status == GW_EXIT_OK && !number)
		number = previous_revision(ctl);
	if (!number)
		return GW_EXIT_FAILED;
	status = gw_ctl_change_fields(ctl, &fields);
	if (status != GW_EXIT_OK)
		return status;
	gw_json_set(fields, "revision", gw_json_number(number));
	return gw_ctl_change_by_agent(ctl, "rollback", fields, -1);
}

static enum gw_exit rollback_here(struct gw_ctl *ctl, uint32_t number)
{
	const char *note = gw_ctl_option(ctl, "message");
	struct gw_config_origin origin = { 0 };
	enum gw_exit status = stand_alone(ctl);

	if (status != GW_EXIT_OK)
		return status;
	if (!number)
		number = previous_revision(ctl);
	if (!number)
		return GW_EXIT_FAILED;
	status = gw_ctl_revision_files(ctl, number, &origin);
	if (status != GW_EXIT_OK)
		return status;
	return change(ctl, &origin,
		      note ? note : gw_arena_printf(ctl->arena, "rollback to %u", number));
}

enum gw_exit gw_cmd_rollback(struct gw_ctl *ctl)
{
	enum gw_exit status;
	uint32_t number = 0;

	if (ctl->n_args) {
		number = gw_ctl_revision_number(ctl, ctl->args[0]);
		if (!number)
			return GW_EXIT_USAGE;
	}
	status = gw_ctl_find_agent(ctl);
	if (status != GW_EXIT_OK)
		return status;
	return ctl->agent ? rollback_by_agent(ctl, number) : rollback_here(ctl, number);
}
