/* check: everything that can be known without the gateway. */
#include <time.h>

#include "gw/ctl/ctl.h"
#include "gw/policy/analyze.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

/* Compiles as for a gateway without history, and has a kernel look at it. */
static enum gw_exit check_kernel(struct gw_ctl *ctl, const struct gw_policy *policy)
{
	/* What this kernel lacks is found by loading, not by asking. */
	struct gw_kernel_features features = { .bitwise_or = true };
	struct gw_numbers *numbers = gw_numbers_assign(policy, NULL, NULL, &ctl->diags);
	struct gw_ruleset *ruleset = NULL;
	enum gw_exit status = GW_EXIT_INVALID;

	if (numbers)
		ruleset = gw_compile(policy, numbers, &features, ctl->now, &ctl->diags);
	if (ruleset)
		status = gw_kernel_check(ruleset, &ctl->diags) ? GW_EXIT_FAILED : GW_EXIT_OK;
	gw_ruleset_free(ruleset);
	gw_numbers_free(numbers);
	return status;
}

static double seconds_since(const struct timespec *start)
{
	struct timespec end;

	(void)clock_gettime(CLOCK_MONOTONIC, &end); /* cannot fail with this clock */
	return (double)(end.tv_sec - start->tv_sec) + (double)(end.tv_nsec - start->tv_nsec) / 1e9;
}

static void report(struct gw_ctl *ctl, const struct gw_config *config, enum gw_exit status,
		   double seconds)
{
	bool kernel = gw_ctl_option(ctl, "kernel") != NULL;

	if (ctl->root) {
		gw_json_set(ctl->root, "ok", json_boolean(status == GW_EXIT_OK));
		gw_json_set(ctl->root, "kernel", json_boolean(kernel));
		gw_json_set(ctl->root, "files", gw_json_number(config->conf->n_files));
		gw_json_set(ctl->root, "rules",
			    gw_json_number(config->policy ? config->policy->n_rules : 0));
		gw_json_set(ctl->root, "errors", gw_json_number(ctl->diags.errors));
		gw_json_set(ctl->root, "warnings", gw_json_number(ctl->diags.warnings));
		gw_json_set(ctl->root, "seconds", json_real(seconds));
		return;
	}
	if (status != GW_EXIT_OK)
		return;
	gw_text_printf(&ctl->out, "%s: %s in %s %s right%s (%.2f s)\n", config->policy->site_name,
		       gw_report_count(ctl->arena, config->policy->n_rules, "policy", "policies"),
		       gw_report_count(ctl->arena, config->conf->n_files, "file", "files"),
		       config->policy->n_rules == 1 ? "is" : "are",
		       kernel ? ", and the kernel takes them" : "", seconds);
}

enum gw_exit gw_cmd_check(struct gw_ctl *ctl)
{
	struct gw_config_origin origin = { .dir = ctl->dir };
	struct timespec start;
	enum gw_exit status;

	(void)clock_gettime(CLOCK_MONOTONIC, &start); /* cannot fail with this clock */
	status = gw_config_check(&origin, ctl->now, &ctl->configs[0], &ctl->diags);
	if (status == GW_EXIT_OK && gw_ctl_option(ctl, "kernel"))
		status = check_kernel(ctl, ctl->configs[0]->policy);
	report(ctl, ctl->configs[0], status, seconds_since(&start));
	return status;
}
