/* `gwctl zone lint`. */
#include "dns/zone/commands.h"
#include "dns/zone/lint.h"
#include "gw/report/json.h"

#define FINDINGS_MAX 500u

static void lint_zone(struct gw_ctl *ctl, const struct gw_zone_config *zone, json_t *list)
{
	size_t errors = ctl->diags.errors, warnings = ctl->diags.warnings;
	struct gw_zone_data data;
	size_t records;

	(void)gw_zone_read(ctl->dir, zone, ctl->arena, &ctl->diags,
			   &data); /* the rest is looked at all the same */
	records = data.n;
	if (data.n)
		gw_zone_lint(zone, ctl->configs[0]->policy, &data, ctl->now, &ctl->diags);
	errors = ctl->diags.errors - errors;
	warnings = ctl->diags.warnings - warnings;
	gw_zone_data_free(&data);
	if (list) {
		json_t *item = json_object();

		gw_json_set(item, "zone", gw_json_text(zone->name->text));
		gw_json_set(item, "records", gw_json_number(records));
		gw_json_set(item, "errors", gw_json_number(errors));
		gw_json_set(item, "warnings", gw_json_number(warnings));
		gw_json_add(list, item);
		return;
	}
	gw_text_printf(&ctl->out, "%s  %zu record%s, %zu error%s, %zu warning%s\n",
		       zone->name->text, records, records == 1 ? "" : "s", errors,
		       errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
}

enum gw_exit gw_cmd_zone_lint(struct gw_ctl *ctl)
{
	const struct gw_zone_config *const *zones;
	json_t *list = ctl->root ? json_array() : NULL;
	enum gw_exit status;
	size_t n = 0;

	if (list)
		gw_json_set(ctl->root, "zones", list);
	status = gw_zone_ctl_zones(ctl, &zones, &n);
	if (status != GW_EXIT_OK)
		return status;
	ctl->diags.limit = FINDINGS_MAX;
	for (size_t i = 0; i < n; i++)
		lint_zone(ctl, zones[i], list);
	return ctl->diags.errors || ctl->diags.warnings ? GW_EXIT_DIFFERENT : GW_EXIT_OK;
}
