/* status and drift: what is in force, and whether the kernel still holds it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gw/agent/pending.h"
#include "gw/agent/revision_review.h"
#include "gw/core/utf8.h"
#include "gw/ctl/client.h"
#include "gw/ctl/ctl.h"
#include "gw/report/change.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

/* How many rules of each kind. */
struct totals {
	size_t policies, exceptions, gateway;
};

static struct totals count_rules(const struct gw_policy *policy)
{
	struct totals totals = { 0 };

	for (size_t i = 0; i < policy->n_rules; i++) {
		switch (policy->rules[i].kind) {
		case GW_RULE_POLICY:
			totals.policies++;
			break;
		case GW_RULE_EXCEPTION:
			totals.exceptions++;
			break;
		case GW_RULE_GATEWAY:
			totals.gateway++;
			break;
		}
	}
	return totals;
}

static bool in_some_zone(const struct gw_policy *policy, const char *interface)
{
	for (size_t i = 0; i < policy->n_zones; i++)
		for (size_t k = 0; k < policy->zones[i].n_interfaces; k++)
			if (strcmp(policy->zones[i].interfaces[k].name, interface) == 0)
				return true;
	return false;
}

/* Exceptions, the one that ends next first. Heap array. */
static int compare_expiry(const void *left, const void *right)
{
	const struct gw_rule_def *a = *(const struct gw_rule_def *const *)left;
	const struct gw_rule_def *b = *(const struct gw_rule_def *const *)right;

	if (a->expires != b->expires)
		return a->expires < b->expires ? -1 : 1;
	return strcmp(a->id, b->id);
}

static const struct gw_rule_def **exceptions_of(struct gw_arena *arena,
						const struct gw_policy *policy, size_t *ret_n)
{
	const struct gw_rule_def **items =
		gw_arena_array(arena, policy->n_rules, const struct gw_rule_def *);
	size_t n = 0;

	for (size_t i = 0; i < policy->n_rules; i++)
		if (policy->rules[i].kind == GW_RULE_EXCEPTION)
			items[n++] = &policy->rules[i];
	if (n)
		qsort(items, n, sizeof(const struct gw_rule_def *), compare_expiry);
	*ret_n = n;
	return items;
}

/* The change that waits to be confirmed, if there is one. */
static bool read_pending(struct gw_ctl *ctl, struct gw_pending *ret)
{
	int err = gw_pending_read(ctl->target.store, ret);
	static const struct gw_loc nowhere;

	if (err && err != -ENOENT)
		gw_diag(&ctl->diags, GW_D_STATE_CORRUPT, nowhere, "pending.json: %s",
			strerror(-err));
	return !err;
}

static int64_t seconds_left(const struct gw_pending *pending)
{
	char boot_id[40];

	gw_boot_id(boot_id);
	return (gw_pending_left_ms(pending, boot_id, gw_boottime_ms()) + 999) / 1000;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *zones_json(const struct gw_policy *policy, const struct gw_links *links)
{
	json_t *zones = json_array();

	for (size_t i = 0; i < policy->n_zones; i++) {
		const struct gw_zone *zone = &policy->zones[i];
		json_t *object = json_object(), *interfaces = json_array();

		for (size_t k = 0; k < zone->n_interfaces; k++) {
			const struct gw_link *link = gw_links_find(links, zone->interfaces[k].name);
			json_t *item = json_object();

			gw_json_set(item, "name", gw_json_text(zone->interfaces[k].name));
			gw_json_set(item, "present", json_boolean(link != NULL));
			gw_json_set(item, "up", json_boolean(link && link->up));
			gw_json_add(interfaces, item);
		}
		gw_json_set(object, "name", gw_json_text(zone->name));
		gw_json_set(object, "untrusted", json_boolean(zone->untrusted));
		gw_json_set(object, "interfaces", interfaces);
		gw_json_add(zones, object);
	}
	return zones;
}

static json_t *exceptions_json(struct gw_ctl *ctl, const struct gw_policy *policy)
{
	json_t *array = json_array();
	size_t n;
	const struct gw_rule_def **items = exceptions_of(ctl->arena, policy, &n);

	for (size_t i = 0; i < n; i++) {
		json_t *object = json_object();

		gw_json_set(object, "id", gw_json_text(items[i]->id));
		gw_json_set(object, "expires", gw_json_time(items[i]->expires));
		gw_json_set(object, "live", json_boolean(items[i]->expires > ctl->now));
		gw_json_set(object, "reason", gw_json_text(items[i]->reason));
		gw_json_add_loc(object, items[i]->loc);
		gw_json_add(array, object);
	}
	return array;
}

static json_t *pending_json(struct gw_ctl *ctl)
{
	struct gw_pending pending;
	json_t *object;

	if (!read_pending(ctl, &pending))
		return json_null();
	object = json_object();
	gw_json_set(object, "revision", gw_json_number(pending.revision));
	gw_json_set(object, "fallback", gw_json_number(pending.fallback));
	gw_json_set(object, "until", gw_json_time(pending.until));
	gw_json_set(object, "seconds_left", gw_json_number((uint64_t)seconds_left(&pending)));
	gw_json_set(object, "who", gw_json_text(pending.who));
	return object;
}

static void status_json(struct gw_ctl *ctl, const struct gw_links *links)
{
	const struct gw_in_force *in_force = &ctl->in_force;
	const struct gw_policy *policy = in_force->config->policy;
	struct totals totals = count_rules(policy);
	json_t *counts = json_object(), *unzoned = json_array();

	for (size_t i = 0; i < links->n; i++)
		if (strcmp(links->items[i].name, "lo") != 0 &&
		    !in_some_zone(policy, links->items[i].name))
			gw_json_add(unzoned, gw_json_text(links->items[i].name));
	gw_json_set(counts, "policies", gw_json_number(totals.policies));
	gw_json_set(counts, "exceptions", gw_json_number(totals.exceptions));
	gw_json_set(counts, "gateway", gw_json_number(totals.gateway));
	gw_json_set(counts, "nat", gw_json_number(policy->n_nats));
	gw_json_set(ctl->root, "site", gw_json_text(policy->site_name));
	gw_json_set(ctl->root, "revision", gw_json_number(in_force->revision.number));
	gw_json_set(ctl->root, "time", gw_json_time(in_force->revision.time));
	gw_json_set(ctl->root, "who", gw_json_text(in_force->revision.who));
	gw_json_set(ctl->root, "note", gw_json_text(in_force->revision.note));
	gw_json_set(ctl->root, "digest", gw_json_text(in_force->revision.digest));
	gw_json_set(ctl->root, "emergency", json_boolean(in_force->revision.emergency));
	gw_json_set(ctl->root, "confirm", pending_json(ctl));
	gw_json_set(ctl->root, "drift", json_boolean(in_force->plan->n_ops > 0));
	gw_json_set(ctl->root, "zones", zones_json(policy, links));
	gw_json_set(ctl->root, "counts", counts);
	gw_json_set(ctl->root, "exceptions", exceptions_json(ctl, policy));
	gw_json_set(ctl->root, "interfaces_in_no_zone", unzoned);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void add_zones(struct gw_report_table *table, const struct gw_policy *policy,
		      const struct gw_links *links)
{
	for (size_t i = 0; i < policy->n_zones; i++) {
		const struct gw_zone *zone = &policy->zones[i];
		gw_auto_text struct gw_text text = { 0 };

		for (size_t k = 0; k < zone->n_interfaces; k++) {
			const struct gw_link *link = gw_links_find(links, zone->interfaces[k].name);

			gw_text_printf(&text, "%s%s%s", k ? ", " : "", zone->interfaces[k].name,
				       !link       ? " (missing)"
				       : !link->up ? " (down)"
						   : "");
		}
		gw_report_row(table, i ? "" : "zones", zone->name, text.len ? text.bytes : "-",
			      zone->untrusted ? "untrusted" : "");
	}
	for (size_t i = 0; i < links->n; i++)
		if (strcmp(links->items[i].name, "lo") != 0 &&
		    !in_some_zone(policy, links->items[i].name))
			gw_report_row(table, "", "(no zone)", links->items[i].name, "");
}

static void add_exceptions(struct gw_ctl *ctl, struct gw_report_table *table,
			   const struct gw_policy *policy)
{
	size_t n;
	const struct gw_rule_def **items = exceptions_of(ctl->arena, policy, &n);

	for (size_t i = 0; i < n; i++) {
		char span[GW_REPORT_TIME];

		gw_report_row(table, i ? "" : "exceptions", items[i]->id,
			      gw_arena_printf(ctl->arena, "%s %s",
					      items[i]->expires > ctl->now ? "ends" : "ended",
					      gw_report_span(ctl->now, items[i]->expires, span)),
			      gw_ctl_place(ctl->arena, items[i]->loc));
	}
}

static void print_pending(struct gw_ctl *ctl)
{
	struct gw_pending pending;
	char until[GW_REPORT_TIME];

	if (!read_pending(ctl, &pending))
		return;
	gw_text_printf(&ctl->out, "revision %u by ", pending.revision);
	gw_text_puts_visible(&ctl->out, pending.who);
	gw_text_printf(
		&ctl->out,
		" waits to be confirmed: undone in %lld s, at %s; `gwctl confirm` keeps it\n",
		(long long)seconds_left(&pending), gw_report_time(pending.until, until));
}

/* A clock that cannot be trusted, if an agent watches it. */
static void print_clock(struct gw_ctl *ctl)
{
	json_t *reply = NULL;
	char when[GW_REPORT_TIME];
	uint64_t jumped;

	gw_ctl_try_agent(ctl);
	if (ctl->agent && gw_ctl_call(ctl, "clock", NULL, -1, &reply, NULL) == GW_EXIT_OK) {
		jumped = gw_ctl_reply_number(reply, "jumped_at");
		if (!gw_ctl_reply_flag(reply, "synchronised"))
			gw_text_puts(&ctl->out, "CLOCK: nothing keeps it right; expiries and times "
						"on record may be off\n");
		if (jumped)
			gw_text_printf(&ctl->out, "the clock was set, last at %s\n",
				       gw_report_time((int64_t)jumped, when));
	}
	json_decref(reply);
}

static void print_emergency(struct gw_ctl *ctl, const struct gw_revision *revision)
{
	struct gw_revision_review review;
	bool reviewed =
		gw_store_review(ctl->target.store, revision->number, ctl->arena, &review) == 0;

	gw_text_printf(&ctl->out,
		       "  applied in an emergency, with fewer approvals than usual (%s): %s%s\n",
		       revision->approvals ? revision->approvals : "none",
		       reviewed ? "reviewed by " : "to be reviewed, see `gwctl review`",
		       reviewed ? review.who : "");
}

static void print_status(struct gw_ctl *ctl, const struct gw_links *links)
{
	const struct gw_in_force *in_force = &ctl->in_force;
	const struct gw_revision *revision = &in_force->revision;
	const struct gw_policy *policy = in_force->config->policy;
	struct totals totals = count_rules(policy);
	struct gw_report_table table = { 0 };
	char time[GW_REPORT_TIME], span[GW_REPORT_TIME];

	gw_text_printf(&ctl->out, "%s  revision %u, applied %s (%s) by %s%s%s\n", policy->site_name,
		       revision->number, gw_report_time(revision->time, time),
		       gw_report_span(ctl->now, revision->time, span), revision->who,
		       *revision->note ? ": " : "", revision->note);
	if (revision->emergency)
		print_emergency(ctl, revision);
	gw_text_printf(&ctl->out, "%s, %s, %zu to the gateway, %s; %s\n",
		       gw_report_count(ctl->arena, totals.policies, "policy", "policies"),
		       gw_report_count(ctl->arena, totals.exceptions, "exception", "exceptions"),
		       totals.gateway,
		       gw_report_count(ctl->arena, policy->n_nats, "translation", "translations"),
		       in_force->plan->n_ops
			       ? "DRIFT: the kernel holds something else, see `gwctl drift`"
			       : "no drift");
	print_pending(ctl);
	print_clock(ctl);
	gw_text_putc(&ctl->out, '\n');
	add_zones(&table, policy, links);
	add_exceptions(ctl, &table, policy);
	gw_report_table_print(&table, "<<<<", &ctl->out);
	gw_report_table_done(&table);
}

enum gw_exit gw_cmd_status(struct gw_ctl *ctl)
{
	enum gw_exit status = gw_ctl_load_in_force(ctl);
	struct gw_links links = { 0 };

	if (status == GW_EXIT_OK)
		status = gw_ctl_compare_in_force(ctl);
	if (status == GW_EXIT_OK)
		status = gw_ctl_links(ctl, &links);
	if (status != GW_EXIT_OK)
		return status;
	if (ctl->root)
		status_json(ctl, &links);
	else
		print_status(ctl, &links);
	return GW_EXIT_OK;
}

/* ---- drift ----------------------------------------------------------------------------------- */

/* What the agent knows of those who changed something; nothing without an agent. */
static void add_agents_view(struct gw_ctl *ctl)
{
	json_t *reply = NULL;
	const char *who;
	uint64_t last;
	char when[GW_REPORT_TIME];

	gw_ctl_try_agent(ctl);
	if (!ctl->agent || gw_ctl_call(ctl, "drift", NULL, -1, &reply, NULL) != GW_EXIT_OK)
		goto out;
	who = gw_ctl_reply_text(reply, "who");
	last = gw_ctl_reply_number(reply, "last");
	if (ctl->root) {
		gw_json_set(ctl->root, "table_owned",
			    json_boolean(gw_ctl_reply_flag(reply, "owned")));
		gw_json_set(ctl->root, "last_change_by_others",
			    last ? gw_json_time((int64_t)last) : json_null());
		gw_json_set(ctl->root, "by", gw_json_text(last ? who : NULL));
		goto out;
	}
	gw_text_puts(&ctl->out, gw_ctl_reply_flag(reply, "owned")
					? "The table is the agent's: nobody else can change it.\n"
					: "Others can change the table; the agent watches it.\n");
	if (last) {
		gw_text_printf(&ctl->out, "Last change by others: %s, ",
			       gw_report_time((int64_t)last, when));
		gw_text_puts_visible(&ctl->out, who && *who ? who : "nobody knows who");
		gw_text_puts(&ctl->out, "\n");
	}
out:
	json_decref(reply);
}

enum gw_exit gw_cmd_drift(struct gw_ctl *ctl)
{
	enum gw_exit status = gw_ctl_load_in_force(ctl);
	gw_auto_text struct gw_text lines = { 0 };
	const struct gw_plan *plan;

	if (status == GW_EXIT_OK)
		status = gw_ctl_compare_in_force(ctl);
	if (status != GW_EXIT_OK)
		return status;
	plan = ctl->in_force.plan;
	gw_plan_print(plan, &lines);
	if (ctl->root) {
		gw_json_set(ctl->root, "revision", gw_json_number(ctl->in_force.revision.number));
		gw_json_set(ctl->root, "drift", json_boolean(plan->n_ops > 0));
		gw_json_set(ctl->root, "repair", gw_report_plan_json(plan));
		gw_json_set(ctl->root, "text", gw_json_text(lines.bytes ? lines.bytes : ""));
	} else if (plan->n_ops) {
		gw_text_printf(&ctl->out,
			       "The kernel does not hold revision %u. An apply would put it right "
			       "(+ missing, - foreign):\n%s",
			       ctl->in_force.revision.number, lines.bytes);
	} else {
		gw_text_printf(&ctl->out, "no drift: the kernel holds revision %u\n",
			       ctl->in_force.revision.number);
	}
	add_agents_view(ctl);
	return plan->n_ops ? GW_EXIT_DIFFERENT : GW_EXIT_OK;
}
