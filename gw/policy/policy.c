#include "gw/policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "gw/core/text.h"

static int compare_zone(const void *name, const void *zone)
{
	return strcmp(name, ((const struct gw_zone *)zone)->name);
}

const struct gw_zone *gw_policy_zone(const struct gw_policy *policy, const char *name)
{
	if (!policy->n_zones)
		return NULL;
	return bsearch(name, policy->zones, policy->n_zones, sizeof(*policy->zones), compare_zone);
}

static int compare_rule(const void *id, const void *rule)
{
	return strcmp(id, ((const struct gw_rule_def *)rule)->id);
}

const struct gw_rule_def *gw_policy_rule(const struct gw_policy *policy, const char *id)
{
	if (!policy->n_rules)
		return NULL;
	return bsearch(id, policy->rules, policy->n_rules, sizeof(*policy->rules), compare_rule);
}

bool gw_zone_sets_cover(const struct gw_zone_set *from_set, const struct gw_zone_set *to_set,
			const struct gw_zone *from, const struct gw_zone *to)
{
	if (!gw_zone_set_has(from_set, from->index) || !gw_zone_set_has(to_set, to->index))
		return false;
	return from->index != to->index || (!from_set->any && !to_set->any);
}

bool gw_rule_covers(const struct gw_rule_def *rule, const struct gw_zone *from,
		    const struct gw_zone *to)
{
	if (rule->kind == GW_RULE_GATEWAY)
		return !to && gw_zone_set_has(&rule->from, from->index);
	return to && gw_zone_sets_cover(&rule->from, &rule->to, from, to);
}

const char *gw_zone_set_text(struct gw_arena *arena, const struct gw_policy *policy,
			     const struct gw_zone_set *set)
{
	gw_auto_text struct gw_text text = { 0 };

	if (set->any)
		return "any";
	for (size_t i = 0; i < policy->n_zones; i++)
		if (gw_zone_set_has(set, (unsigned int)i))
			gw_text_printf(&text, "%s%s", text.len ? "," : "", policy->zones[i].name);
	return gw_arena_strndup(arena, text.len ? text.bytes : "", text.len);
}

const char *gw_action_name(enum gw_action action)
{
	static const char *const names[] = {
		[GW_ACTION_ACCEPT] = "accept",
		[GW_ACTION_DROP] = "drop",
		[GW_ACTION_REJECT] = "reject",
	};

	return names[action];
}

const char *gw_rule_kind_name(enum gw_rule_kind kind)
{
	static const char *const names[] = {
		[GW_RULE_POLICY] = "policy",
		[GW_RULE_EXCEPTION] = "exception",
		[GW_RULE_GATEWAY] = "gateway rule",
	};

	return names[kind];
}
