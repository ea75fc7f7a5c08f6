/* `gwctl zone keys`, `roll`, `compromise`, `status`: keys, what happens to them, and when. */
#include <errno.h>
#include <string.h>

#include "dns/zone/commands.h"
#include "gw/core/mem.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

/* ---- timing ----------------------------------------------------------------------------------- */

#define DNSKEY_TTL 3600u

/* As the zone was published last; before, the longest that the config permits. */
static struct gw_zone_timing timing_of(const struct gw_zone_config *zone,
				       const struct gw_zone_history *history)
{
	const struct gw_zone_version *shown = gw_zone_history_shown(history);
	struct gw_zone_timing timing = zone->policy.timing;

	timing.dnskey_ttl = shown->shown.keys.n ? shown->shown.dnskey_ttl : DNSKEY_TTL;
	timing.max_ttl = shown->shown.keys.n ? shown->shown.max_ttl : zone->ttl_max;
	return timing;
}

/* ---- the list of keys ------------------------------------------------------------------------- */

static void put_keys(struct gw_ctl *ctl, const struct gw_zone_history *history, json_t *object)
{
	struct gw_report_table table = { 0 };
	json_t *list = object ? json_array() : NULL;

	if (object)
		gw_json_set(object, "keys", list);
	gw_report_row(&table, "  KEY", "ROLE", "ALGORITHM", "STATE", "MADE", "SUCCESSOR");
	for (size_t i = 0; i < history->n_keys; i++) {
		const struct gw_zone_key_story *key = &history->keys[i];
		enum gw_zone_key_state state = gw_zone_history_state(history, key->dnskey.tag);
		char tag[16], made[GW_REPORT_TIME], successor[16] = "-";

		if (list) {
			json_t *item = json_object();

			gw_json_set(item, "key", gw_json_number(key->dnskey.tag));
			gw_json_set(item, "role", gw_json_text(gw_zone_role_names[key->role]));
			gw_json_set(item, "algorithm",
				    gw_json_text(gw_zone_algorithm_name(key->dnskey.algorithm)));
			gw_json_set(item, "state", gw_json_text(gw_zone_key_state_names[state]));
			gw_json_set(item, "made", gw_json_time(key->generated));
			gw_json_set(item, "compromised", json_boolean(key->compromised != 0));
			if (key->successor)
				gw_json_set(item, "successor", gw_json_number(key->successor));
			gw_json_add(list, item);
			continue;
		}
		(void)snprintf(tag, sizeof(tag), "  %u", key->dnskey.tag);
		if (key->successor)
			(void)snprintf(successor, sizeof(successor), "%u", key->successor);
		gw_report_row(&table, tag, gw_zone_role_names[key->role],
			      gw_zone_algorithm_name(key->dnskey.algorithm),
			      key->compromised ? "compromised" : gw_zone_key_state_names[state],
			      gw_report_time(key->generated, made), successor);
	}
	if (!list && history->n_keys)
		gw_report_table_print(&table, "<<<<<", &ctl->out);
	gw_report_table_done(&table);
}

/* ---- what comes next -------------------------------------------------------------------------- */

static json_t *step_json(const struct gw_zone_step *step)
{
	gw_auto_text struct gw_text text = { 0 }, reason = { 0 };
	json_t *item = json_object();

	gw_zone_step_text(step, false, &text);
	gw_zone_step_reason(step, false, &reason);
	gw_json_set(item, "step", gw_json_text(text.bytes));
	gw_json_set(item, "earliest",
		    step->at == GW_ZONE_NEVER ? json_null() : gw_json_time(step->at));
	gw_json_set(item, "reason", gw_json_text(reason.bytes));
	gw_json_set(item, "forecast", json_boolean(step->forecast));
	return item;
}

static void put_step(struct gw_ctl *ctl, const struct gw_zone_step *step, int64_t now,
		     bool japanese)
{
	char when[GW_REPORT_TIME];

	if (step->at <= now)
		gw_text_printf(&ctl->out, "  %-25s  ", japanese ? "今" : "now");
	else if (step->at == GW_ZONE_NEVER)
		gw_text_printf(&ctl->out, "  %-25s  ", japanese ? "未定" : "not before that");
	else
		gw_text_printf(&ctl->out, "%s%-25s  ", step->forecast ? "~ " : "  ",
			       gw_report_time(step->at, when));
	gw_zone_step_text(step, japanese, &ctl->out);
	gw_text_putc(&ctl->out, '\n');
	if (step->why == GW_ZONE_WHY_NOW)
		return;
	gw_text_printf(&ctl->out, "  %-25s    ", "");
	gw_zone_step_reason(step, japanese, &ctl->out);
	gw_text_putc(&ctl->out, '\n');
}

static void put_plan(struct gw_ctl *ctl, const struct gw_zone_config *zone,
		     const struct gw_zone_history *history, json_t *object)
{
	gw_auto_free struct gw_zone_plan *plan = gw_zalloc(1, sizeof(*plan));
	struct gw_zone_timing timing = timing_of(zone, history);
	gw_auto_text struct gw_text sentence = { 0 };
	bool japanese = gw_locale_is_japanese();
	json_t *list;

	gw_zone_roll_plan(history, &timing, ctl->now, plan);
	gw_zone_plan_now(plan, zone->name->text, object ? false : japanese, &sentence);
	if (!object) {
		for (size_t i = 0; i < plan->n; i++)
			put_step(ctl, &plan->steps[i], ctl->now, japanese);
		gw_text_printf(&ctl->out, "%s\n", sentence.bytes);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < plan->n; i++)
		gw_json_add(list, step_json(&plan->steps[i]));
	gw_json_set(object, "steps", list);
	gw_json_set(object, "chain_holds", json_boolean(!plan->broken));
	gw_json_set(object, "now", gw_json_text(sentence.bytes));
}

/* ---- status ----------------------------------------------------------------------------------- */

static void put_zone(struct gw_ctl *ctl, const struct gw_zone_config *zone,
		     const struct gw_zone_history *history, json_t *list)
{
	const struct gw_zone_version *shown = history ? gw_zone_history_shown(history) : NULL;
	json_t *object = list ? json_object() : NULL;
	char when[GW_REPORT_TIME];

	if (object) {
		gw_json_set(object, "zone", gw_json_text(zone->name->text));
		gw_json_set(object, "owner", gw_json_text(zone->owner));
		gw_json_set(object, "review", gw_json_time(zone->review));
		gw_json_set(object, "published",
			    shown && shown->out ? gw_json_time(shown->out) : json_null());
		gw_json_add(list, object);
	} else {
		gw_text_printf(&ctl->out, "%s  %s, %s\n", zone->name->text, zone->owner,
			       shown && shown->out ? "published with these keys since"
						   : "not published yet");
		if (shown && shown->out)
			gw_text_printf(&ctl->out, "  %s\n", gw_report_time(shown->out, when));
	}
	if (history) {
		put_keys(ctl, history, object);
		put_plan(ctl, zone, history, object);
	} else if (!object) {
		gw_text_puts(&ctl->out,
			     zone->policy.sign ? "  It has no keys: `gwctl zone keys --make` makes "
						 "them.\n"
					       : "  It is not signed.\n");
	}
}

enum gw_exit gw_cmd_zone_status(struct gw_ctl *ctl)
{
	const struct gw_zone_config *const *zones;
	json_t *list = ctl->root ? json_array() : NULL;
	struct gw_zone_desk desk = { 0 };
	enum gw_exit status;
	size_t n = 0;

	if (list)
		gw_json_set(ctl->root, "zones", list);
	status = gw_zone_ctl_zones(ctl, &zones, &n);
	if (status == GW_EXIT_OK)
		status = gw_zone_desk_open(ctl, false, &desk);
	for (size_t i = 0; i < n && status == GW_EXIT_OK; i++) {
		status = gw_zone_desk_look(&desk, zones[i]->name);
		if (status == GW_EXIT_OK)
			put_zone(ctl, zones[i],
				 desk.ledger ? gw_zone_ledger_history(desk.ledger) : NULL, list);
	}
	gw_zone_desk_done(&desk);
	return status;
}

/* ---- keys that are made ----------------------------------------------------------------------- */

/* Opens all that a change of keys needs. */
static enum gw_exit open_zone(struct gw_ctl *ctl, const char *name, struct gw_zone_desk *desk,
			      const struct gw_zone_config **ret)
{
	const struct gw_zones_config *zones = gw_zone_ctl_config(ctl);
	enum gw_exit status;

	if (!zones)
		return GW_EXIT_INVALID;
	*ret = gw_zone_ctl_find(ctl, zones, name);
	if (!*ret)
		return GW_EXIT_USAGE;
	status = gw_zone_desk_open(ctl, true, desk);
	if (status == GW_EXIT_OK)
		status = gw_zone_desk_vault(desk, zones);
	if (status == GW_EXIT_OK)
		status = gw_zone_desk_ledger(desk, (*ret)->name);
	return status;
}

/* The keys as they are now, and what to do next. */
static void put_result(struct gw_ctl *ctl, const struct gw_zone_desk *desk,
		       const struct gw_zone_config *zone)
{
	const struct gw_zone_history *history = gw_zone_ledger_history(desk->ledger);

	if (ctl->root)
		gw_json_set(ctl->root, "zone", gw_json_text(zone->name->text));
	else
		gw_text_printf(&ctl->out, "%s\n", zone->name->text);
	put_keys(ctl, history, ctl->root);
	put_plan(ctl, zone, history, ctl->root);
	gw_zone_desk_say_untold(desk);
}

enum gw_exit gw_cmd_zone_keys(struct gw_ctl *ctl)
{
	const struct gw_zone_config *zone;
	struct gw_zone_desk desk = { 0 };
	struct gw_zone_key_ops ops;
	enum gw_exit status;
	int err;

	if (!gw_ctl_option(ctl, "make"))
		return gw_cmd_zone_status(ctl);
	if (ctl->n_args != 1)
		return gw_ctl_usage(ctl, "`--make` takes one zone");
	status = open_zone(ctl, ctl->args[0], &desk, &zone);
	if (status == GW_EXIT_OK) {
		ops = gw_zone_desk_ops(&desk, zone, gw_ctl_option(ctl, "message"));
		err = gw_zone_keys_begin(&ops, zone->policy.combined, &ctl->diags);
		if (err)
			status = err == -EEXIST ? GW_EXIT_REFUSED : GW_EXIT_FAILED;
		else
			put_result(ctl, &desk, zone);
	}
	gw_zone_desk_done(&desk);
	return status;
}

typedef int key_op(const struct gw_zone_key_ops *ops, uint16_t tag, struct gw_diags *diags,
		   uint16_t *ret_successor);

static enum gw_exit with_key(struct gw_ctl *ctl, key_op *op)
{
	const struct gw_zone_config *zone;
	struct gw_zone_desk desk = { 0 };
	struct gw_zone_key_ops ops;
	uint16_t tag, successor;
	enum gw_exit status;
	int err;

	if (!gw_zone_ctl_tag(ctl, ctl->args[1], &tag))
		return GW_EXIT_USAGE;
	status = open_zone(ctl, ctl->args[0], &desk, &zone);
	if (status == GW_EXIT_OK) {
		ops = gw_zone_desk_ops(&desk, zone, gw_ctl_option(ctl, "message"));
		err = op(&ops, tag, &ctl->diags, &successor);
		if (err)
			status = err == -EINVAL ? GW_EXIT_REFUSED : GW_EXIT_FAILED;
		else
			put_result(ctl, &desk, zone);
	}
	gw_zone_desk_done(&desk);
	return status;
}

enum gw_exit gw_cmd_zone_roll(struct gw_ctl *ctl)
{
	return with_key(ctl, gw_zone_key_roll);
}

enum gw_exit gw_cmd_zone_compromise(struct gw_ctl *ctl)
{
	return with_key(ctl, gw_zone_key_compromise);
}
