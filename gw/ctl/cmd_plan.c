/* plan: what an apply would change, without changing it. */
#include <string.h>

#include "gw/ctl/plans.h"
#include "gw/report/change.h"
#include "gw/report/json.h"

#define SHOWN_MAX 20u /* of each kind, without -v */

static void print_impact(struct gw_ctl *ctl, int err, size_t tracked, size_t ending)
{
	if (err)
		gw_text_printf(&ctl->out, "Connections: cannot be read: %s\n", strerror(-err));
	else
		gw_text_printf(&ctl->out, "Connections: %zu of %zu would end\n", ending, tracked);
}

static void print_plan(struct gw_ctl *ctl, const struct gw_report_change *change, bool verbose)
{
	const struct gw_transaction *transaction = &ctl->transaction;
	size_t tracked = 0, ending = 0;
	int err;

	gw_text_printf(&ctl->out, "%s: revision %u against the files in %s\n",
		       transaction->config->policy->site_name, transaction->base, ctl->dir);
	gw_report_change_print(ctl->arena, change, verbose ? 0 : SHOWN_MAX, &ctl->out);
	err = gw_transaction_impact(transaction, ctl->target.kernel, &tracked, &ending);
	print_impact(ctl, err, tracked, ending);
	gw_text_puts(&ctl->out, "Kernel: ");
	gw_report_plan_counts(transaction->plan, &ctl->out);
	gw_text_putc(&ctl->out, '\n');
	if (verbose)
		gw_plan_print(transaction->plan, &ctl->out);
}

static void plan_json(struct gw_ctl *ctl, const struct gw_report_change *change, bool different)
{
	const struct gw_transaction *transaction = &ctl->transaction;
	json_t *impact = json_object();
	size_t tracked = 0, ending = 0;
	bool known = gw_transaction_impact(transaction, ctl->target.kernel, &tracked, &ending) == 0;

	gw_json_set(ctl->root, "site", gw_json_text(transaction->config->policy->site_name));
	gw_json_set(ctl->root, "base", gw_json_number(transaction->base));
	gw_json_set(ctl->root, "different", json_boolean(different));
	gw_report_change_json(ctl->arena, change, ctl->root);
	gw_json_set(impact, "tracked", known ? gw_json_number(tracked) : json_null());
	gw_json_set(impact, "ending", known ? gw_json_number(ending) : json_null());
	gw_json_set(ctl->root, "connections", impact);
	gw_json_set(ctl->root, "kernel", gw_report_plan_json(transaction->plan));
}

enum gw_exit gw_cmd_plan(struct gw_ctl *ctl)
{
	struct gw_transaction *transaction = &ctl->transaction;
	struct gw_config_origin origin = { .dir = ctl->dir };
	const char *output = gw_ctl_option(ctl, "output");
	struct gw_report_change change = { 0 };
	enum gw_exit status = gw_ctl_open_store(ctl, false);
	bool different;

	if (status == GW_EXIT_OK)
		status = gw_ctl_open_kernel(ctl);
	if (status == GW_EXIT_OK)
		status = gw_transaction_prepare(transaction, &origin, &ctl->target, ctl->now,
						&ctl->diags);
	if (status != GW_EXIT_OK)
		return status;
	different = transaction->plan->n_ops > 0;
	/* Without a difference in the kernel nothing can have become reachable. */
	if (different)
		gw_report_compare(ctl->arena,
				  transaction->before ? transaction->before->policy : NULL,
				  transaction->config->policy, ctl->now, &change);
	if (ctl->root)
		plan_json(ctl, &change, different);
	else if (different)
		print_plan(ctl, &change, gw_ctl_option(ctl, "verbose") != NULL);
	else
		gw_text_printf(&ctl->out,
			       "%s: nothing to change, revision %u is what the kernel holds\n",
			       transaction->config->policy->site_name, transaction->base);
	if (output)
		status = gw_ctl_save_plan(ctl, output);
	if (status != GW_EXIT_OK)
		return status;
	return different ? GW_EXIT_DIFFERENT : GW_EXIT_OK;
}
