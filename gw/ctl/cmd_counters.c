/* counters: what each policy and each built-in reason has counted. */
#include <errno.h>
#include <string.h>

#include "gw/agent/counts.h"
#include "gw/core/mem.h"
#include "gw/ctl/client.h"
#include "gw/ctl/remote_kernel.h"
#include "gw/policy/section.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

struct counters {
	struct gw_count *items; /* by id */
	size_t n;
	struct gw_refusal *refusals; /* of modules */
	size_t n_refusals;
};

static bool read_count(struct gw_arena *arena, const json_t *item, struct gw_count *ret)
{
	const char *id = gw_ctl_reply_text(item, "id");

	*ret = (struct gw_count){
		.id = gw_arena_strdup(arena, id ? id : ""),
		.builtin = gw_ctl_reply_flag(item, "builtin"),
		.packets = gw_ctl_reply_number(item, "packets"),
		.bytes = gw_ctl_reply_number(item, "bytes"),
	};
	return id != NULL;
}

static bool read_refusal(struct gw_arena *arena, const json_t *item, struct gw_refusal *ret)
{
	const char *reason = gw_ctl_reply_text(item, "reason");
	const char *place = gw_ctl_reply_text(item, "place");
	const char *file = gw_ctl_reply_text(item, "file");
	struct gw_source *source = gw_arena_new_of(arena, struct gw_source);

	source->path = gw_arena_strdup(arena, file ? file : "");
	*ret = (struct gw_refusal){
		.reason = gw_arena_strdup(arena, reason ? reason : ""),
		.place = gw_arena_strdup(arena, place ? place : ""),
		.loc = { .source = file ? source : NULL,
			 .line = (uint32_t)gw_ctl_reply_number(item, "line"),
			 .column = (uint32_t)gw_ctl_reply_number(item, "column") },
		.packets = gw_ctl_reply_number(item, "packets"),
		.bytes = gw_ctl_reply_number(item, "bytes"),
	};
	return reason && place;
}

/* As the agent has counted; sorted by id as gw_counts_collect does. */
static enum gw_exit ask_counters(struct gw_ctl *ctl, struct counters *ret)
{
	gw_auto_free uint8_t *bytes = NULL;
	static const struct gw_loc nowhere;
	const json_t *items, *refusals;
	json_t *root;
	bool fine = true;
	size_t len;
	int err = gw_ctl_read_from_agent(ctl, "counts", &bytes, &len);

	if (err == -EREMOTEIO)
		return GW_EXIT_FAILED;
	root = err ? NULL : json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL);
	items = json_object_get(root, "counts");
	ret->n = json_array_size(items);
	ret->items = gw_arena_array(ctl->arena, ret->n, struct gw_count);
	for (size_t i = 0; i < ret->n && fine; i++)
		fine = read_count(ctl->arena, json_array_get(items, i), &ret->items[i]);
	refusals = json_object_get(root, "refusals");
	ret->n_refusals = json_array_size(refusals);
	ret->refusals = gw_arena_array(ctl->arena, ret->n_refusals, struct gw_refusal);
	for (size_t i = 0; i < ret->n_refusals && fine; i++)
		fine = read_refusal(ctl->arena, json_array_get(refusals, i), &ret->refusals[i]);
	if (!items || !fine)
		gw_diag(&ctl->diags, GW_D_AGENT_ANSWER, nowhere,
			"the counts that gwd has sent cannot be read");
	json_decref(root);
	return ctl->diags.errors ? GW_EXIT_FAILED : GW_EXIT_OK;
}

static enum gw_exit load_counters(struct gw_ctl *ctl, struct counters *ret)
{
	enum gw_exit status = gw_ctl_load_in_force(ctl);
	const struct gw_in_force *in_force = &ctl->in_force;
	struct gw_loc nowhere = { 0 };
	struct gw_carried *carried;
	size_t n;
	int err;

	if (status != GW_EXIT_OK)
		return status;
	if (ctl->agent)
		return ask_counters(ctl, ret);
	err = gw_store_carried(ctl->target.store, in_force->revision.number, ctl->arena, &carried,
			       &n);
	if (err) {
		gw_diag(&ctl->diags, GW_D_STATE_CORRUPT, nowhere,
			"earlier counts of revision %u cannot be read: %s",
			in_force->revision.number,
			err == -EBADMSG ? "carried.json is damaged" : strerror(-err));
		return GW_EXIT_FAILED;
	}
	gw_counts_collect(ctl->arena, in_force->observed, in_force->numbers,
			  in_force->config->policy->mark_mask, carried, n, &ret->items, &ret->n);
	ret->n_refusals = gw_sections_count(in_force->config->policy, in_force->observed,
					    ctl->arena, &ret->refusals);
	return GW_EXIT_OK;
}

/* The count of a rule or a built-in reason; zeroes if there is none. */
static struct gw_count find(const struct counters *counters, const char *id, bool builtin)
{
	for (size_t i = 0; i < counters->n; i++)
		if (counters->items[i].builtin == builtin && strcmp(counters->items[i].id, id) == 0)
			return counters->items[i];
	return (struct gw_count){ .id = id, .builtin = builtin };
}

/* The counts are sorted by id as the rules are, so one walk finds those of all rules. */
static struct gw_count next_of_rule(const struct counters *counters, size_t *at, const char *id)
{
	while (*at < counters->n &&
	       (counters->items[*at].builtin || strcmp(counters->items[*at].id, id) < 0))
		++*at;
	if (*at < counters->n && strcmp(counters->items[*at].id, id) == 0)
		return counters->items[*at];
	return (struct gw_count){ .id = id };
}

static bool is_drop(enum gw_builtin builtin)
{
	return builtin >= GW_BUILTIN_BETWEEN;
}

static json_t *count_json(const struct gw_count *count)
{
	json_t *object = json_object();

	gw_json_set(object, "id", gw_json_text(count->id));
	gw_json_set(object, "packets", gw_json_number(count->packets));
	gw_json_set(object, "bytes", gw_json_number(count->bytes));
	return object;
}

static void counters_json(struct gw_ctl *ctl, const struct counters *counters)
{
	const struct gw_policy *policy = ctl->in_force.config->policy;
	json_t *rules = json_array(), *builtins = json_array();
	size_t at = 0;

	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct gw_rule_def *rule = &policy->rules[i];
		struct gw_count count = next_of_rule(counters, &at, rule->id);
		json_t *object = count_json(&count);

		gw_json_set(object, "kind", gw_json_text(gw_rule_kind_name(rule->kind)));
		gw_json_set(object, "action", gw_json_text(gw_action_name(rule->action)));
		gw_json_add_loc(object, rule->loc);
		gw_json_add(rules, object);
	}
	for (int b = GW_BUILTIN_NONE + 1; b < GW_BUILTIN_COUNT; b++) {
		struct gw_count count = find(counters, gw_builtin_name((enum gw_builtin)b), true);
		json_t *object = count_json(&count);

		gw_json_set(object, "dropped", json_boolean(is_drop((enum gw_builtin)b)));
		gw_json_add(builtins, object);
	}
	gw_json_set(ctl->root, "revision", gw_json_number(ctl->in_force.revision.number));
	gw_json_set(ctl->root, "policies", rules);
	gw_json_set(ctl->root, "builtins", builtins);
}

static void print_counters(struct gw_ctl *ctl, const struct counters *counters)
{
	const struct gw_policy *policy = ctl->in_force.config->policy;
	struct gw_report_table table = { 0 };
	char packets[GW_REPORT_TIME], bytes[GW_REPORT_TIME];
	size_t at = 0;

	gw_report_row(&table, "POLICY", "ACTION", "PACKETS", "BYTES", "WHERE");
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct gw_rule_def *rule = &policy->rules[i];
		struct gw_count count = next_of_rule(counters, &at, rule->id);

		gw_report_row(&table, rule->id, gw_action_name(rule->action),
			      gw_report_number(count.packets, packets),
			      gw_report_number(count.bytes, bytes),
			      gw_ctl_place(ctl->arena, rule->loc));
	}
	for (int b = GW_BUILTIN_NONE + 1; b < GW_BUILTIN_COUNT; b++) {
		struct gw_count count = find(counters, gw_builtin_name((enum gw_builtin)b), true);

		gw_report_row(&table, count.id, is_drop((enum gw_builtin)b) ? "drop" : "accept",
			      gw_report_number(count.packets, packets),
			      gw_report_number(count.bytes, bytes), "built in");
	}
	gw_report_table_print(&table, "<<>><", &ctl->out);
	gw_report_table_done(&table);
}

enum gw_exit gw_cmd_counters(struct gw_ctl *ctl)
{
	struct counters counters = { 0 };
	enum gw_exit status = load_counters(ctl, &counters);

	if (status != GW_EXIT_OK)
		return status;
	if (ctl->root)
		counters_json(ctl, &counters);
	else
		print_counters(ctl, &counters);
	return GW_EXIT_OK;
}

/* ---- drops without -f ------------------------------------------------------------------------ */

static void add_refusal(struct gw_ctl *ctl, const struct gw_refusal *refusal,
			struct gw_report_table *table, json_t *drops)
{
	char packets[GW_REPORT_TIME], bytes[GW_REPORT_TIME];
	json_t *object = json_object();

	gw_json_set(object, "id", gw_json_text(refusal->reason));
	gw_json_set(object, "packets", gw_json_number(refusal->packets));
	gw_json_set(object, "bytes", gw_json_number(refusal->bytes));
	gw_json_set(object, "segment", gw_json_text(refusal->place));
	gw_json_add_loc(object, refusal->loc);
	gw_json_add(drops, object);
	gw_report_row(table, refusal->reason, gw_report_number(refusal->packets, packets),
		      gw_report_number(refusal->bytes, bytes),
		      gw_arena_printf(ctl->arena, "segment %s, %s", refusal->place,
				      gw_ctl_place(ctl->arena, refusal->loc)));
}

enum gw_exit gw_ctl_drop_counters(struct gw_ctl *ctl)
{
	struct counters counters = { 0 };
	enum gw_exit status = load_counters(ctl, &counters);
	struct gw_report_table table = { 0 };
	json_t *drops = json_array();
	char packets[GW_REPORT_TIME], bytes[GW_REPORT_TIME];
	const struct gw_policy *policy;

	if (status != GW_EXIT_OK) {
		json_decref(drops);
		return status;
	}
	policy = ctl->in_force.config->policy;
	gw_report_row(&table, "REASON", "PACKETS", "BYTES", "WHERE");
	for (size_t i = 0; i < counters.n; i++) {
		const struct gw_count *count = &counters.items[i];
		const struct gw_rule_def *rule =
			count->builtin ? NULL : gw_policy_rule(policy, count->id);
		json_t *object;

		if (!count->packets || (rule && rule->action == GW_ACTION_ACCEPT) ||
		    (!rule && !count->builtin) ||
		    (count->builtin &&
		     (strcmp(count->id, gw_builtin_name(GW_BUILTIN_GATEWAY_OUT)) == 0 ||
		      strcmp(count->id, gw_builtin_name(GW_BUILTIN_ICMPV6)) == 0)))
			continue;
		object = count_json(count);
		if (rule)
			gw_json_add_loc(object, rule->loc);
		gw_json_add(drops, object);
		gw_report_row(&table, count->id, gw_report_number(count->packets, packets),
			      gw_report_number(count->bytes, bytes),
			      rule ? gw_ctl_place(ctl->arena, rule->loc) : "built in");
	}
	for (size_t i = 0; i < counters.n_refusals; i++)
		add_refusal(ctl, &counters.refusals[i], &table, drops);
	if (ctl->root)
		gw_json_set(ctl->root, "drops", json_incref(drops));
	else
		gw_report_table_print(&table, "<>><", &ctl->out);
	json_decref(drops);
	gw_report_table_done(&table);
	return GW_EXIT_OK;
}
