#include "gw/report/change.h"

#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/analyze.h"
#include "gw/report/json.h"
#include "gw/report/region.h"

#define SERVICES_SHOWN 4u

/* ---- what differs ---------------------------------------------------------------------------- */

const char *gw_report_zones(struct gw_arena *arena, const struct gw_policy *policy,
			    const struct gw_rule_def *rule)
{
	return gw_arena_printf(arena, "%s -> %s", gw_zone_set_text(arena, policy, &rule->from),
			       rule->kind == GW_RULE_GATEWAY
				       ? "gateway"
				       : gw_zone_set_text(arena, policy, &rule->to));
}

static void put_services(struct gw_text *out, struct gw_arena *arena, struct gw_addrset services)
{
	for (size_t i = 0; i < services.n && i < SERVICES_SHOWN; i++)
		gw_text_printf(out, "%s%s", i ? "," : "",
			       gw_service_text(arena, services.ranges[i]));
	if (services.n > SERVICES_SHOWN)
		gw_text_printf(out, ",… (%zu more)", services.n - SERVICES_SHOWN);
}

static const char *describe_rule(struct gw_arena *arena, const struct gw_policy *policy,
				 const struct gw_rule_def *rule)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_text_printf(&text, "%s ", gw_report_zones(arena, policy, rule));
	put_services(&text, arena, rule->services);
	gw_text_printf(&text, " %s", gw_action_name(rule->action));
	return gw_arena_strndup(arena, text.bytes, text.len);
}

static const char *describe_nat(struct gw_arena *arena, const struct gw_policy *policy,
				const struct gw_nat *nat)
{
	static const char *const names[] = {
		[GW_NAT_MASQUERADE] = "masquerade",
		[GW_NAT_SNAT] = "snat",
		[GW_NAT_DNAT] = "dnat",
	};
	char target[2 * GW_ADDR_TEXT];
	const char *from = gw_zone_set_text(arena, policy, &nat->from);
	const char *to = nat->kind == GW_NAT_DNAT ? "" : gw_zone_set_text(arena, policy, &nat->to);

	return gw_arena_printf(arena, "%s%s%s %s%s%s", from, *to ? " -> " : "", to,
			       names[nat->kind], nat->kind == GW_NAT_MASQUERADE ? "" : " ",
			       nat->kind == GW_NAT_MASQUERADE
				       ? ""
				       : gw_range_format(nat->to_family, nat->to_addr, target));
}

static bool same_match(const struct gw_addr_match *a, const struct gw_addr_match *b)
{
	if (a->any != b->any || a->n_large != b->n_large)
		return false;
	for (unsigned int f = 0; f < GW_FAMILY_COUNT; f++) {
		if (!gw_addrset_equal(a->addrs[f], b->addrs[f]))
			return false;
		for (size_t i = 0; i < a->n_large; i++)
			if (!gw_addrset_equal(a->large[i]->addrs[f], b->large[i]->addrs[f]))
				return false;
	}
	return true;
}

static bool same_window(const struct gw_window *a, const struct gw_window *b)
{
	if (!a || !b)
		return a == b;
	if (a->n_parts != b->n_parts)
		return false;
	for (size_t i = 0; i < a->n_parts; i++)
		if (a->parts[i].weekday != b->parts[i].weekday ||
		    a->parts[i].from != b->parts[i].from || a->parts[i].until != b->parts[i].until)
			return false;
	return true;
}

/* Both sides of a comparison; scratch memory for the names of zones. */
struct sides {
	struct gw_arena *arena, *scratch;
	const struct gw_policy *before, *after;
	struct gw_report_item *items;
	size_t n, capacity;
};

static bool same_zones(struct sides *sides, const struct gw_zone_set *a,
		       const struct gw_zone_set *b)
{
	return strcmp(gw_zone_set_text(sides->scratch, sides->before, a),
		      gw_zone_set_text(sides->scratch, sides->after, b)) == 0;
}

static bool same_rule(struct sides *sides, const struct gw_rule_def *a, const struct gw_rule_def *b)
{
	return a->kind == b->kind && a->action == b->action && a->locked == b->locked &&
	       a->log == b->log && a->expires == b->expires &&
	       gw_addrset_equal(a->services, b->services) && same_match(&a->source, &b->source) &&
	       same_match(&a->dest, &b->dest) && same_window(a->window, b->window) &&
	       same_zones(sides, &a->from, &b->from) && same_zones(sides, &a->to, &b->to);
}

static bool same_nat(struct sides *sides, const struct gw_nat *a, const struct gw_nat *b)
{
	return a->kind == b->kind && a->families[0] == b->families[0] &&
	       a->families[1] == b->families[1] && a->to_family == b->to_family &&
	       a->to_addr.lo == b->to_addr.lo && a->to_addr.hi == b->to_addr.hi &&
	       a->to_port == b->to_port && a->hairpin == b->hairpin &&
	       gw_addrset_equal(a->services, b->services) && same_match(&a->source, &b->source) &&
	       same_match(&a->dest, &b->dest) && same_zones(sides, &a->from, &b->from) &&
	       same_zones(sides, &a->to, &b->to);
}

static void add_rule(struct sides *sides, char sign, const struct gw_policy *policy,
		     const struct gw_rule_def *rule)
{
	gw_push(sides->items, sides->n, sides->capacity,
		((struct gw_report_item){ sign, gw_rule_kind_name(rule->kind), rule->id,
					  describe_rule(sides->arena, policy, rule), rule->loc }));
}

static void add_nat(struct sides *sides, char sign, const struct gw_policy *policy,
		    const struct gw_nat *nat)
{
	gw_push(sides->items, sides->n, sides->capacity,
		((struct gw_report_item){ sign, "nat", nat->id,
					  describe_nat(sides->arena, policy, nat), nat->loc }));
}

static void compare_rules(struct sides *sides)
{
	const struct gw_rule_def *was = sides->before->rules,
				 *was_end = was + sides->before->n_rules;
	const struct gw_rule_def *is = sides->after->rules, *is_end = is + sides->after->n_rules;

	while (was < was_end || is < is_end) {
		int order = was == was_end ? 1 : is == is_end ? -1 : strcmp(was->id, is->id);

		if (order < 0)
			add_rule(sides, '-', sides->before, was);
		else if (order > 0)
			add_rule(sides, '+', sides->after, is);
		else if (!same_rule(sides, was, is))
			add_rule(sides, '~', sides->after, is);
		was += order <= 0;
		is += order >= 0;
	}
}

static void compare_nats(struct sides *sides)
{
	const struct gw_nat *was = sides->before->nats, *was_end = was + sides->before->n_nats;
	const struct gw_nat *is = sides->after->nats, *is_end = is + sides->after->n_nats;

	while (was < was_end || is < is_end) {
		int order = was == was_end ? 1 : is == is_end ? -1 : strcmp(was->id, is->id);

		if (order < 0)
			add_nat(sides, '-', sides->before, was);
		else if (order > 0)
			add_nat(sides, '+', sides->after, is);
		else if (!same_nat(sides, was, is))
			add_nat(sides, '~', sides->after, is);
		was += order <= 0;
		is += order >= 0;
	}
}

void gw_report_compare(struct gw_arena *arena, const struct gw_policy *before,
		       const struct gw_policy *after, int64_t now, struct gw_report_change *ret)
{
	static const struct gw_policy nothing;
	struct sides sides = {
		.arena = arena,
		.scratch = gw_arena_new(),
		.before = before ? before : &nothing,
		.after = after,
	};

	compare_rules(&sides);
	compare_nats(&sides);
	ret->items = gw_arena_memdup(arena, sides.items, sides.n * sizeof(*sides.items));
	ret->n_items = sides.n;
	gw_free(sides.items);
	gw_arena_free(sides.scratch);
	gw_analyze_change(arena, sides.before, after, now, &ret->reach, &ret->n_reach);
	ret->before = sides.before;
	ret->after = after;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void print_more(struct gw_text *out, size_t n, size_t max)
{
	if (max && n > max)
		gw_text_printf(out, "  … %zu more; -v shows all\n", n - max);
}

static void print_items(struct gw_arena *arena, const struct gw_report_change *change, size_t max,
			struct gw_text *out)
{
	for (size_t i = 0; i < change->n_items && (!max || i < max); i++) {
		const struct gw_report_item *item = &change->items[i];

		gw_text_printf(out, "  %c %s %s  %s  %s\n", item->sign, item->kind, item->id,
			       item->text, gw_loc_text(arena, item->loc));
	}
	print_more(out, change->n_items, max);
}

static void print_one(struct gw_arena *arena, const struct gw_report_change *change,
		      const struct gw_reach_change *reach, struct gw_text *out)
{
	/* The zone as it was where something is lost. */
	const struct gw_policy *policy = reach->gained ? change->after : change->before;

	gw_text_printf(out, "  %s -> %s: %s  (%s)\n", reach->from, reach->to,
		       gw_report_region(arena, &reach->region, gw_policy_zone(policy, reach->from),
					gw_policy_zone(policy, reach->to)),
		       reach->rule->id);
}

static void print_reach(struct gw_arena *arena, const struct gw_report_change *change, bool gained,
			size_t max, struct gw_text *out)
{
	size_t n = 0;

	for (size_t i = 0; i < change->n_reach; i++) {
		const struct gw_reach_change *reach = &change->reach[i];

		if (reach->gained != gained)
			continue;
		if (n == 0)
			gw_text_puts(out, gained ? "Newly reachable:\n" : "No longer reachable:\n");
		if (!max || n < max)
			print_one(arena, change, reach, out);
		n++;
	}
	print_more(out, n, max);
}

void gw_report_change_print(struct gw_arena *arena, const struct gw_report_change *change,
			    size_t max, struct gw_text *out)
{
	print_items(arena, change, max, out);
	print_reach(arena, change, true, max, out);
	print_reach(arena, change, false, max, out);
}

static void put_count(struct gw_text *out, size_t n, const char *what, const char *done,
		      bool *first)
{
	if (!n)
		return;
	gw_text_printf(out, "%s%zu %s%s %s", *first ? "" : ", ", n, what, n == 1 ? "" : "s", done);
	*first = false;
}

void gw_report_plan_counts(const struct gw_plan *plan, struct gw_text *out)
{
	bool first = true;

	put_count(out, plan->chains_added, "chain", "added", &first);
	put_count(out, plan->chains_deleted, "chain", "deleted", &first);
	put_count(out, plan->sets_added, "set", "added", &first);
	put_count(out, plan->sets_deleted, "set", "deleted", &first);
	put_count(out, plan->rules_added, "rule", "added", &first);
	put_count(out, plan->rules_deleted, "rule", "deleted", &first);
	put_count(out, plan->elems_added, "element", "added", &first);
	put_count(out, plan->elems_deleted, "element", "deleted", &first);
	if (first)
		gw_text_puts(out, plan->n_ops ? "the table only" : "nothing");
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static const char *sign_name(char sign)
{
	return sign == '+' ? "added" : sign == '-' ? "removed" : "changed";
}

void gw_report_change_json(struct gw_arena *arena, const struct gw_report_change *change,
			   json_t *root)
{
	json_t *items = json_array(), *reach = json_array();

	for (size_t i = 0; i < change->n_items; i++) {
		json_t *item = json_object();

		gw_json_set(item, "change", gw_json_text(sign_name(change->items[i].sign)));
		gw_json_set(item, "kind", gw_json_text(change->items[i].kind));
		gw_json_set(item, "id", gw_json_text(change->items[i].id));
		gw_json_set(item, "text", gw_json_text(change->items[i].text));
		gw_json_add_loc(item, change->items[i].loc);
		gw_json_add(items, item);
	}
	for (size_t i = 0; i < change->n_reach; i++) {
		json_t *item = gw_report_region_json(arena, &change->reach[i].region);

		gw_json_set(item, "change",
			    gw_json_text(change->reach[i].gained ? "gained" : "lost"));
		gw_json_set(item, "from", gw_json_text(change->reach[i].from));
		gw_json_set(item, "to", gw_json_text(change->reach[i].to));
		gw_json_set(item, "policy", gw_json_text(change->reach[i].rule->id));
		gw_json_add(reach, item);
	}
	gw_json_set(root, "rules", items);
	gw_json_set(root, "reachability", reach);
}

json_t *gw_report_plan_json(const struct gw_plan *plan)
{
	const struct {
		const char *name;
		size_t n;
	} counts[] = {
		{ "operations", plan->n_ops },
		{ "rules_added", plan->rules_added },
		{ "rules_deleted", plan->rules_deleted },
		{ "elements_added", plan->elems_added },
		{ "elements_deleted", plan->elems_deleted },
		{ "sets_added", plan->sets_added },
		{ "sets_deleted", plan->sets_deleted },
		{ "chains_added", plan->chains_added },
		{ "chains_deleted", plan->chains_deleted },
	};
	json_t *object = json_object();

	for (size_t i = 0; i < GW_COUNT(counts); i++)
		gw_json_set(object, counts[i].name, gw_json_number(counts[i].n));
	return object;
}
