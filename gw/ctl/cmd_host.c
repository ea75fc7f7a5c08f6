/* host: the settings of the kernel that the config declares. */
#include <errno.h>
#include <string.h>

#include "gw/agent/host_settings.h"
#include "gw/core/mem.h"
#include "gw/ctl/ctl.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

#define SETTINGS "/proc/sys"

void gw_ctl_host_enforce(struct gw_ctl *ctl, const struct gw_policy *policy)
{
	gw_auto_close int root = gw_sysctl_open(SETTINGS);
	struct gw_host_report report;
	int err = root < 0 ? root
			   : gw_host_enforce(ctl->target.store, root, policy, GW_HOST_REPAIR,
					     ctl->arena, &report);

	if (err)
		gw_host_diagnose_error(err, &ctl->diags);
	else
		gw_host_diagnose(&report, &ctl->diags);
}

static json_t *item_json(const struct gw_host_item *item)
{
	json_t *object = json_object();

	gw_json_set(object, "setting", gw_json_text(item->path));
	gw_json_set(object, "state", gw_json_text(gw_host_state_name(item->state)));
	gw_json_set(object, "declared", item->wanted ? gw_json_text(item->wanted) : json_null());
	gw_json_set(object, "actual", item->actual ? gw_json_text(item->actual) : json_null());
	gw_json_set(object, "before", item->previous ? gw_json_text(item->previous) : json_null());
	gw_json_add_loc(object, item->loc);
	return object;
}

static void print(struct gw_ctl *ctl, const struct gw_host_report *report)
{
	struct gw_report_table table = { 0 };

	if (ctl->root) {
		gw_json_set(ctl->root, "settings", json_array());
		for (size_t i = 0; i < report->n; i++)
			gw_json_add(json_object_get(ctl->root, "settings"),
				    item_json(&report->items[i]));
		return;
	}
	for (size_t i = 0; i < report->n; i++) {
		const struct gw_host_item *item = &report->items[i];

		gw_report_row(&table, gw_host_state_name(item->state), item->path,
			      item->wanted ? item->wanted : "-",
			      item->actual && item->state != GW_HOST_KEPT
				      ? gw_arena_printf(ctl->arena, "is %s", item->actual)
				      : "",
			      item->previous
				      ? gw_arena_printf(ctl->arena, "before: %s", item->previous)
				      : "");
	}
	gw_report_table_print(&table, "<<<<<", &ctl->out);
	gw_report_table_done(&table);
}

static enum gw_exit restore(struct gw_ctl *ctl, int root)
{
	enum gw_exit status = gw_ctl_open_store(ctl, true);
	struct gw_host_report report;
	int err;

	if (status != GW_EXIT_OK)
		return status;
	err = gw_host_enforce(ctl->target.store, root, NULL, GW_HOST_REPAIR, ctl->arena, &report);
	if (err) {
		gw_host_diagnose_error(err, &ctl->diags);
		return GW_EXIT_FAILED;
	}
	gw_host_diagnose(&report, &ctl->diags);
	print(ctl, &report);
	if (!ctl->root && !report.n)
		gw_text_puts(&ctl->out, "nothing to put back\n");
	return report.differing ? GW_EXIT_FAILED : GW_EXIT_OK;
}

static enum gw_exit compare(struct gw_ctl *ctl, int root)
{
	enum gw_exit status = gw_ctl_open_store(ctl, false);
	const struct gw_config *config = NULL;
	struct gw_host_report report;
	uint32_t number;
	int err;

	if (status != GW_EXIT_OK)
		return status;
	number = gw_store_current(ctl->target.store);
	if (number)
		config = gw_ctl_revision(ctl, number);
	if (number && !config)
		return GW_EXIT_FAILED;
	err = gw_host_compare(ctl->target.store, root, config ? config->policy : NULL, ctl->arena,
			      &report);
	if (err) {
		gw_host_diagnose_error(err, &ctl->diags);
		return GW_EXIT_FAILED;
	}
	gw_host_diagnose(&report, &ctl->diags);
	print(ctl, &report);
	if (!ctl->root && !report.n)
		gw_text_puts(&ctl->out, "the revision in force declares no settings\n");
	return report.differing ? GW_EXIT_DIFFERENT : GW_EXIT_OK;
}

enum gw_exit gw_cmd_host(struct gw_ctl *ctl)
{
	gw_auto_close int root = gw_sysctl_open(SETTINGS);
	static const struct gw_loc nowhere;

	if (root >= 0)
		return gw_ctl_option(ctl, "restore") ? restore(ctl, root) : compare(ctl, root);
	gw_diag(&ctl->diags, GW_D_FILE_ACCESS, nowhere, SETTINGS ": %s", strerror(-root));
	return GW_EXIT_FAILED;
}
