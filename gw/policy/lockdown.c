#include "gw/policy/lockdown.h"

#include <netinet/in.h>

#include "gw/policy/region.h"

static struct gw_zone_set management_zones(const struct gw_policy *policy)
{
	struct gw_zone_set zones = { 0 };

	for (size_t i = 0; i < policy->n_zones; i++)
		if (policy->zones[i].management)
			gw_zone_set_add(&zones, policy->zones[i].index);
	return zones;
}

/* False: nothing is left. */
static bool narrow(struct gw_zone_set *set, const struct gw_zone_set *to)
{
	uint64_t left = 0;

	for (size_t i = 0; i < sizeof(set->bits) / sizeof(set->bits[0]); i++) {
		set->bits[i] &= to->bits[i];
		left |= set->bits[i];
	}
	set->any = false; /* what is left are some of the zones, each by its name */
	return left != 0;
}

struct gw_policy *gw_policy_lockdown(struct gw_arena *arena, const struct gw_policy *policy)
{
	struct gw_zone_set management = management_zones(policy);
	struct gw_policy *lockdown = gw_arena_new_of(arena, struct gw_policy);
	struct gw_rule_def *rules = gw_arena_array(arena, policy->n_rules, struct gw_rule_def);

	*lockdown = *policy;
	lockdown->arena = arena;
	lockdown->rules = rules;
	lockdown->n_rules = 0;
	lockdown->nats = NULL;
	lockdown->n_nats = 0;
	lockdown->assertions = NULL;
	lockdown->n_assertions = 0;
	for (size_t i = 0; i < policy->n_rules; i++) {
		struct gw_rule_def *rule = &rules[lockdown->n_rules];

		*rule = policy->rules[i];
		if (rule->kind == GW_RULE_GATEWAY && narrow(&rule->from, &management))
			lockdown->n_rules++;
	}
	return lockdown;
}

static bool is_way_in(const struct gw_rule_def *rule)
{
	struct gw_range tcp = { gw_service_key(IPPROTO_TCP, 0),
				gw_service_key(IPPROTO_TCP, UINT16_MAX) };
	struct gw_range udp = { gw_service_key(IPPROTO_UDP, 0),
				gw_service_key(IPPROTO_UDP, UINT16_MAX) };

	return rule->kind == GW_RULE_GATEWAY && rule->action == GW_ACTION_ACCEPT &&
	       (rule->any_service ||
		gw_addrset_overlaps(rule->services, (struct gw_addrset){ &tcp, 1 }) ||
		gw_addrset_overlaps(rule->services, (struct gw_addrset){ &udp, 1 }));
}

bool gw_policy_has_way_in(const struct gw_policy *policy)
{
	struct gw_zone_set management = management_zones(policy);

	for (size_t i = 0; i < policy->n_rules; i++) {
		struct gw_zone_set from = policy->rules[i].from;

		if (is_way_in(&policy->rules[i]) && narrow(&from, &management))
			return true;
	}
	return false;
}
