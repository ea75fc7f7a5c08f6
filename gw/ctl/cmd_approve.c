/*
 * approve: sign a plan. What it says and what it would change is shown first, so that nobody signs
 * something that he has not seen; on a terminal he is asked.
 */
#include <string.h>
#include <unistd.h>

#include "gw/agent/archive.h"
#include "gw/approval/approval.h"
#include "gw/core/mem.h"
#include "gw/ctl/plans.h"
#include "gw/ctl/sign.h"
#include "gw/report/change.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

#define SHOWN_MAX 40u /* of each kind of change */

static const struct gw_loc nowhere;

static enum gw_exit failed(struct gw_ctl *ctl, const char *what, const char *why)
{
	gw_diag(&ctl->diags, GW_D_PLAN_FILE, nowhere, "%s: %s", what, why);
	return GW_EXIT_FAILED;
}

/* ---- what is to be signed -------------------------------------------------------------------- */

static void show_statement(struct gw_ctl *ctl, const struct gw_plan_file *plan)
{
	const struct gw_plan_statement *statement = &plan->statement;
	char time[GW_REPORT_TIME];

	gw_text_printf(&ctl->out,
		       "Site       %s\nBase       revision %u\nAuthor     %s%s\nTicket     %s\n",
		       statement->site, statement->base, statement->author,
		       plan->author_signature ? "" : " (who has not signed it)",
		       *statement->ticket ? statement->ticket : "none");
	gw_text_printf(&ctl->out, "Made       %s\n", gw_report_time(statement->created, time));
	gw_text_printf(&ctl->out, "Holds till %s\n", gw_report_time(statement->expires, time));
	gw_text_printf(&ctl->out, "Signatures %zu\n", plan->n_signatures);
}

/* Against the base revision, which only the gateway has. */
static enum gw_exit show_change(struct gw_ctl *ctl, const struct gw_plan_file *plan)
{
	const struct gw_config *before = NULL;
	struct gw_report_change change;
	struct gw_conf_file *files;
	struct gw_config *after;
	size_t n;

	if (gw_archive_read(plan->files, plan->files_len, ctl->arena, &files, &n) < 0)
		return failed(ctl, ctl->args[0], "its config files are not readable");
	if (plan->statement.base && gw_ctl_open_store(ctl, false) == GW_EXIT_OK)
		before = gw_ctl_revision(ctl, plan->statement.base);
	if (plan->statement.base && !before) {
		gw_diags_done(&ctl->diags); /* it is no fault of the plan */
		gw_diags_init(&ctl->diags);
		gw_text_printf(&ctl->out,
			       "Revision %u is not known on this machine: what the plan changes is "
			       "shown on the gateway alone.\n",
			       plan->statement.base);
		return GW_EXIT_OK;
	}
	after = gw_config_load_files(files, n, ctl->now, &ctl->diags);
	if (after->policy) {
		gw_report_compare(ctl->arena, before ? before->policy : NULL, after->policy,
				  ctl->now, &change);
		gw_report_change_print(ctl->arena, &change, SHOWN_MAX, &ctl->out);
	}
	gw_config_free(after);
	return ctl->diags.errors ? GW_EXIT_INVALID : GW_EXIT_OK;
}

/* Shows what was gathered and waits for a yes. Without a terminal, or with --yes, it is one. */
static bool agreed(struct gw_ctl *ctl)
{
	char answer[16] = "";

	if (ctl->root || gw_ctl_option(ctl, "yes") || !isatty(STDIN_FILENO) ||
	    !isatty(STDERR_FILENO))
		return true;
	(void)fprintf(stderr, "%sSign this? [y/N] ", ctl->out.bytes ? ctl->out.bytes : "");
	ctl->out.len = 0;
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

/* ---- the command ----------------------------------------------------------------------------- */

static void describe(struct gw_ctl *ctl, const struct gw_plan_file *plan)
{
	const struct gw_plan_statement *statement = &plan->statement;

	if (ctl->root) {
		gw_json_set(ctl->root, "site", gw_json_text(statement->site));
		gw_json_set(ctl->root, "base", gw_json_number(statement->base));
		gw_json_set(ctl->root, "author", gw_json_text(statement->author));
		gw_json_set(ctl->root, "signatures", gw_json_number(plan->n_signatures));
		return;
	}
	gw_text_printf(&ctl->out, "%s: %s's plan from revision %u on now has %zu signature%s\n",
		       statement->site, statement->author, statement->base, plan->n_signatures,
		       plan->n_signatures == 1 ? "" : "s");
}

enum gw_exit gw_cmd_approve(struct gw_ctl *ctl)
{
	const char *path = ctl->args[0], *key = gw_ctl_sign_key(ctl), *signature;
	struct gw_plan_file plan;
	enum gw_exit status = gw_ctl_read_plan(ctl, path, &plan);
	const char **signatures;

	if (status != GW_EXIT_OK)
		return status;
	if (!key) {
		gw_diag(&ctl->diags, GW_D_PLAN_FILE, nowhere, "no key to sign with was found");
		gw_diag_hint(&ctl->diags,
			     "name one with `--key FILE`; the public half is enough if an "
			     "agent holds the private one");
		return GW_EXIT_FAILED;
	}
	if (plan.n_signatures == GW_PLAN_SIGNATURES_MAX)
		return failed(ctl, path, "it has as many signatures as there can be");
	if (!ctl->root) {
		show_statement(ctl, &plan);
		status = show_change(ctl, &plan);
	}
	if (status != GW_EXIT_OK)
		return status;
	if (!agreed(ctl))
		return failed(ctl, path, "not signed");
	signature = gw_ctl_sign(ctl, key, GW_PLAN_NAMESPACE, plan.text);
	if (!signature)
		return GW_EXIT_FAILED;
	signatures = gw_arena_array(ctl->arena, plan.n_signatures + 1, const char *);
	memcpy(signatures, plan.signatures, plan.n_signatures * sizeof(*signatures));
	signatures[plan.n_signatures++] = signature;
	plan.signatures = signatures;
	status = gw_ctl_write_plan(ctl, path, &plan);
	if (status == GW_EXIT_OK)
		describe(ctl, &plan);
	return status;
}
