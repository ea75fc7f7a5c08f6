/* `gwctl zone compare`. */
#include "dns/zone/commands.h"
#include "dns/zone/compare.h"
#include "gw/core/duration.h"
#include "gw/report/json.h"

#define TIMEOUT_S     20u
#define TIMEOUT_MAX_S 3600u

enum gw_exit gw_cmd_zone_compare(struct gw_ctl *ctl)
{
	struct gw_zone_compare_options options = { .now = ctl->now,
						   .timeout_s = TIMEOUT_S,
						   .dir = ctl->dir };
	const char *timeout = gw_ctl_option(ctl, "timeout");
	const struct gw_zone_config *const *zones;
	json_t *list = ctl->root ? json_array() : NULL;
	enum gw_exit status;
	size_t n = 0, findings = 0;

	if (list)
		gw_json_set(ctl->root, "zones", list);
	if (timeout && (!gw_duration_parse(timeout, &options.timeout_s) || !options.timeout_s ||
			options.timeout_s > TIMEOUT_MAX_S))
		return gw_ctl_usage(ctl, "`%s` is not a time such as 20s, up to an hour", timeout);
	status = gw_zone_ctl_zones(ctl, &zones, &n);
	for (size_t i = 0; i < n && status == GW_EXIT_OK; i++) {
		struct gw_zone_compared compared;

		if (!gw_zone_compare(zones[i], &options, ctl->arena, &ctl->diags, &compared)) {
			status = GW_EXIT_INVALID;
			break;
		}
		findings += compared.judgement.n;
		if (list)
			gw_json_add(list, gw_zone_compare_json(&compared));
		else
			gw_zone_compare_text(&compared, gw_locale_is_japanese(), ctl->arena,
					     &ctl->out);
	}
	if (status != GW_EXIT_OK)
		return status;
	return findings ? GW_EXIT_DIFFERENT : GW_EXIT_OK;
}
