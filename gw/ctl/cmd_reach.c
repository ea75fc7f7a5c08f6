/* reach: the exact list of what can pass between two zones. */
#include <string.h>

#include "gw/ctl/ctl.h"
#include "gw/policy/analyze.h"
#include "gw/report/json.h"
#include "gw/report/region.h"
#include "gw/report/table.h"

static void print_reach(struct gw_ctl *ctl, const struct gw_zone *from, const struct gw_zone *to,
			const struct gw_reach *items, size_t n)
{
	struct gw_report_table table = { 0 };

	for (size_t i = 0; i < n; i++)
		gw_report_row(&table, gw_report_region(ctl->arena, &items[i].region, from, to),
			      items[i].rule->id, gw_ctl_place(ctl->arena, items[i].rule->loc));
	gw_report_table_print(&table, "<<<", &ctl->out);
	gw_report_table_done(&table);
	if (!n)
		gw_text_puts(&ctl->out, "nothing can pass\n");
}

static void reach_json(struct gw_ctl *ctl, const struct gw_reach *items, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *object = gw_report_region_json(ctl->arena, &items[i].region);

		gw_json_set(object, "policy", gw_json_text(items[i].rule->id));
		gw_json_add_loc(object, items[i].rule->loc);
		gw_json_add(array, object);
	}
	gw_json_set(ctl->root, "from", gw_json_text(gw_ctl_option(ctl, "from")));
	gw_json_set(ctl->root, "to", gw_json_text(gw_ctl_option(ctl, "to")));
	gw_json_set(ctl->root, "reachable", array);
}

enum gw_exit gw_cmd_reach(struct gw_ctl *ctl)
{
	const char *from_name = gw_ctl_option(ctl, "from"), *to_name = gw_ctl_option(ctl, "to");
	const struct gw_zone *from, *to = NULL;
	const struct gw_config *config;
	struct gw_reach *items;
	size_t n;

	if (!from_name || !to_name)
		return gw_ctl_usage(ctl, "reach needs --from ZONE and --to ZONE (or gateway)");
	config = gw_ctl_config(ctl);
	if (!config)
		return GW_EXIT_INVALID;
	from = gw_ctl_zone(ctl, config->policy, from_name);
	if (from && strcmp(to_name, "gateway") != 0) {
		to = gw_ctl_zone(ctl, config->policy, to_name);
		if (!to)
			return GW_EXIT_USAGE;
	}
	if (!from)
		return GW_EXIT_USAGE;
	gw_analyze_reach(ctl->arena, config->policy, from, to, ctl->now,
			 gw_ctl_option(ctl, "any-time") != NULL, &items, &n);
	if (ctl->root)
		reach_json(ctl, items, n);
	else
		print_reach(ctl, from, to, items, n);
	return GW_EXIT_OK;
}
