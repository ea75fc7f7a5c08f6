/* render: what the config comes down to, each line with the place that it comes from. */
#include <string.h>

#include "gw/ctl/ctl.h"
#include "gw/report/json.h"
#include "gw/report/yaml.h"

static enum gw_exit render_nft(struct gw_ctl *ctl, const struct gw_policy *policy,
			       struct gw_text *out)
{
	struct gw_kernel_features features = { .bitwise_or = true };
	struct gw_numbers *numbers = gw_numbers_assign(policy, NULL, NULL, &ctl->diags);
	struct gw_ruleset *ruleset = NULL;

	if (numbers)
		ruleset = gw_compile(policy, numbers, &features, ctl->now, &ctl->diags);
	if (ruleset)
		gw_ruleset_print(ruleset, out);
	gw_numbers_free(numbers);
	gw_ruleset_free(ruleset);
	return ruleset ? GW_EXIT_OK : GW_EXIT_INVALID;
}

enum gw_exit gw_cmd_render(struct gw_ctl *ctl)
{
	const char *as = gw_ctl_option(ctl, "as");
	const struct gw_config *config;
	enum gw_exit status = GW_EXIT_OK;

	if (!as)
		as = "yaml";
	if (strcmp(as, "yaml") != 0 && strcmp(as, "nft") != 0)
		return gw_ctl_usage(ctl, "--as %s: it is `yaml` or `nft`", as);
	config = gw_ctl_config(ctl);
	if (!config)
		return GW_EXIT_INVALID;
	if (strcmp(as, "nft") == 0)
		status = render_nft(ctl, config->policy, &ctl->out);
	else
		gw_report_yaml(config->conf->root, &ctl->out);
	if (ctl->root && status == GW_EXIT_OK) {
		gw_json_set(ctl->root, "as", gw_json_text(as));
		gw_json_set(ctl->root, "text", json_stringn(ctl->out.bytes, ctl->out.len));
	}
	return status;
}
