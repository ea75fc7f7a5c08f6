/* doctor: what is wrong with the machine around the firewall. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/core/utf8.h"
#include "gw/ctl/ctl.h"
#include "gw/doctor/doctor.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

static const char *verdict_name(enum gw_verdict verdict)
{
	static const char *const names[] = {
		[GW_VERDICT_SOUND] = "sound",
		[GW_VERDICT_FINDING] = "finding",
		[GW_VERDICT_UNKNOWN] = "not-looked-at",
	};

	return names[verdict];
}

static size_t count(const struct gw_doctor *doctor, enum gw_verdict verdict)
{
	size_t n = 0;

	for (size_t i = 0; i < doctor->n; i++)
		n += doctor->items[i].verdict == verdict;
	return n;
}

static void to_json(struct gw_ctl *ctl, const struct gw_doctor *doctor, bool japanese)
{
	json_t *checks = json_array();

	for (size_t i = 0; i < doctor->n; i++) {
		const struct gw_check_result *item = &doctor->items[i];
		const struct gw_check_kind *kind = gw_check_kind(item->check);
		json_t *object = json_object();

		gw_json_set(object, "check", gw_json_text(kind->name));
		gw_json_set(object, "verdict", gw_json_text(verdict_name(item->verdict)));
		gw_json_set(object, "what", gw_json_text(item->text));
		if (item->verdict == GW_VERDICT_FINDING) {
			gw_json_set(object, "cost",
				    gw_json_text(japanese ? kind->cost_ja : kind->cost_en));
			gw_json_set(object, "remedy",
				    gw_json_text(japanese ? kind->remedy_ja : kind->remedy_en));
		}
		gw_json_add(checks, object);
	}
	gw_json_set(ctl->root, "findings", gw_json_number(count(doctor, GW_VERDICT_FINDING)));
	gw_json_set(ctl->root, "checks", checks);
}

static void print_findings(struct gw_ctl *ctl, const struct gw_doctor *doctor, bool japanese)
{
	for (size_t i = 0; i < doctor->n; i++) {
		const struct gw_check_result *item = &doctor->items[i];
		const struct gw_check_kind *kind = gw_check_kind(item->check);

		if (item->verdict != GW_VERDICT_FINDING)
			continue;
		gw_text_printf(&ctl->out, "%s: ", kind->name);
		gw_text_puts_visible(&ctl->out, item->text);
		gw_text_printf(&ctl->out, "\n  %s\n  = %s\n\n",
			       japanese ? kind->cost_ja : kind->cost_en,
			       japanese ? kind->remedy_ja : kind->remedy_en);
	}
}

static void print_rest(struct gw_ctl *ctl, const struct gw_doctor *doctor, bool verbose)
{
	struct gw_report_table table = { 0 };

	for (size_t i = 0; i < doctor->n; i++) {
		const struct gw_check_result *item = &doctor->items[i];

		if (item->verdict == GW_VERDICT_UNKNOWN ||
		    (verbose && item->verdict == GW_VERDICT_SOUND))
			gw_report_row(&table, verdict_name(item->verdict),
				      gw_check_kind(item->check)->name, item->text);
	}
	if (table.n_cells)
		gw_report_table_print(&table, "<<<", &ctl->out);
	gw_report_table_done(&table);
	gw_text_printf(&ctl->out, "%s, %zu sound, %zu not looked at\n",
		       gw_report_count(ctl->arena, count(doctor, GW_VERDICT_FINDING), "finding",
				       "findings"),
		       count(doctor, GW_VERDICT_SOUND), count(doctor, GW_VERDICT_UNKNOWN));
}

/* The config in force; NULL after noting what is wrong with the state directory. */
static const struct gw_policy *policy_in_force(struct gw_ctl *ctl, struct gw_doctor_site *site)
{
	const struct gw_config *config = NULL;
	uint32_t number = 0;
	int err = gw_store_look(site->state_dir, &ctl->target.store, &ctl->diags);

	if (!err) {
		site->store = ctl->target.store;
		number = gw_store_current(site->store);
	}
	if (number)
		config = gw_ctl_revision(ctl, number);
	/* A problem of the gateway is a finding, none of this run. */
	if (ctl->diags.errors && err != -EACCES && err != -EPERM)
		site->problem = gw_arena_strdup(ctl->arena, ctl->diags.items[0].message);
	gw_diags_done(&ctl->diags);
	gw_diags_init(&ctl->diags);
	return config ? config->policy : NULL;
}

/* What can be had of the gateway; what cannot is left out. */
static struct gw_doctor_site open_site(struct gw_ctl *ctl, struct gw_links *links)
{
	const char *run_dir = getenv("GW_RUN_DIR");
	struct gw_doctor_site site = {
		.state_dir = gw_store_default_dir(),
		.config_dir = ctl->dir,
		.run_dir = run_dir && *run_dir ? run_dir : "/run/gw",
	};

	site.kernel_error = gw_kernel_open(&ctl->target.kernel);
	site.kernel = ctl->target.kernel;
	if (gw_links_read(ctl->arena, links) == 0)
		site.links = links;
	site.policy = policy_in_force(ctl, &site);
	return site;
}

enum gw_exit gw_cmd_doctor(struct gw_ctl *ctl)
{
	struct gw_doctor doctor = { .arena = ctl->arena, .root = "" };
	bool japanese = gw_locale_is_japanese();
	struct gw_links links;
	struct gw_doctor_site site = open_site(ctl, &links);
	enum gw_exit status;

	gw_doctor_look(&doctor, &site);
	if (ctl->root) {
		to_json(ctl, &doctor, japanese);
	} else {
		print_findings(ctl, &doctor, japanese);
		print_rest(ctl, &doctor, gw_ctl_option(ctl, "verbose") != NULL);
	}
	status = count(&doctor, GW_VERDICT_FINDING) ? GW_EXIT_DIFFERENT : GW_EXIT_OK;
	gw_doctor_done(&doctor);
	return status;
}
