/*
 * The meaning of the language, as plainly as it can be put: all rules are looked at, one by one.
 * Speed does not matter here; being obviously right does, because this is what the kernel is tested
 * against.
 */
#include "gw/policy/decide.h"

#include <string.h>

#define SECONDS_PER_DAY 86400

bool gw_window_open(const struct gw_window *window, int64_t now)
{
	int64_t second = ((now % SECONDS_PER_DAY) + SECONDS_PER_DAY) % SECONDS_PER_DAY;
	int64_t day = (now - second) / SECONDS_PER_DAY;
	int64_t weekday = ((day + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */

	if (!window)
		return true;
	for (size_t i = 0; i < window->n_parts; i++) {
		const struct gw_window_part *part = &window->parts[i];

		if (part->weekday == weekday && second >= part->from && second <= part->until)
			return true;
	}
	return false;
}

static bool match_contains(const struct gw_addr_match *match, enum gw_family family, gw_u128 addr)
{
	if (match->any || gw_addrset_contains(match->addrs[family], addr))
		return true;
	for (size_t i = 0; i < match->n_large; i++)
		if (gw_addrset_contains(match->large[i]->addrs[family], addr))
			return true;
	return false;
}

static bool is_live(const struct gw_rule_def *rule, int64_t now)
{
	if (rule->kind == GW_RULE_EXCEPTION && now >= rule->expires)
		return false;
	return gw_window_open(rule->window, now);
}

bool gw_rule_matches(const struct gw_rule_def *rule, const struct gw_zone *from,
		     const struct gw_zone *to, const struct gw_packet *packet, int64_t now)
{
	return gw_rule_covers(rule, from, to) && is_live(rule, now) &&
	       match_contains(&rule->source, packet->family, packet->source) &&
	       match_contains(&rule->dest, packet->family, packet->dest) &&
	       gw_addrset_contains(rule->services, packet->service);
}

enum gw_tier gw_rule_tier(const struct gw_rule_def *rule)
{
	if (rule->kind == GW_RULE_EXCEPTION)
		return GW_TIER_EXCEPTION;
	if (rule->action == GW_ACTION_ACCEPT)
		return GW_TIER_ACCEPT;
	return rule->locked ? GW_TIER_LOCKED : GW_TIER_DENY;
}

bool gw_rule_before(const struct gw_rule_def *a, const struct gw_rule_def *b)
{
	return strcmp(a->id, b->id) < 0;
}

static struct gw_decision refuse(enum gw_verdict_cause cause, struct gw_loc loc)
{
	return (struct gw_decision){ .action = GW_ACTION_DROP, .cause = cause, .loc = loc };
}

/* What modules refuse as it comes in, or as it goes out. */
static bool decide_modules(const struct gw_policy *policy, const struct gw_zone *zone, bool inward,
			   const struct gw_packet *packet, struct gw_decision *ret)
{
	struct gw_refusal refusal;

	if (!gw_sections_judge(policy, zone, inward, packet, &refusal))
		return false;
	*ret = refuse(GW_CAUSE_REFUSED, refusal.loc);
	ret->refusal = refusal;
	return true;
}

/* What modules, anti-spoofing and `ipv6: off` say before any rule is looked at; false: nothing. */
static bool decide_zones(const struct gw_policy *policy, const struct gw_zone *from,
			 const struct gw_zone *to, const struct gw_packet *packet,
			 struct gw_decision *ret)
{
	bool ipv6 = packet->family == GW_FAMILY_IPV6;

	if (ipv6 && !from->ipv6)
		*ret = refuse(GW_CAUSE_IPV6_OFF, from->loc);
	else if (decide_modules(policy, from, true, packet, ret))
		return true;
	else if (!gw_addrset_contains(from->space[packet->family], packet->source))
		*ret = refuse(GW_CAUSE_SPOOF, from->loc);
	else if (ipv6 && to && !to->ipv6)
		*ret = refuse(GW_CAUSE_IPV6_OFF, to->loc);
	else if (to && !gw_addrset_contains(to->space[packet->family], packet->dest))
		*ret = refuse(GW_CAUSE_MISROUTED, to->loc);
	else
		return false;
	return true;
}

struct gw_decision gw_decide(const struct gw_policy *policy, const struct gw_zone *from,
			     const struct gw_zone *to, const struct gw_packet *packet, int64_t now)
{
	const struct gw_rule_def *best = NULL;
	struct gw_decision decision;

	if (decide_zones(policy, from, to, packet, &decision))
		return decision;
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct gw_rule_def *rule = &policy->rules[i];

		if (best && gw_rule_tier(rule) > gw_rule_tier(best))
			continue;
		if (!gw_rule_matches(rule, from, to, packet, now))
			continue;
		if (!best || gw_rule_tier(rule) < gw_rule_tier(best) || gw_rule_before(rule, best))
			best = rule;
	}
	decision = refuse(GW_CAUSE_BETWEEN, policy->between_loc);
	if (best)
		decision = (struct gw_decision){ .action = best->action,
						 .cause = GW_CAUSE_RULE,
						 .rule = best,
						 .loc = best->loc };
	else if (to)
		decision.action = policy->between_default;
	if (to && decision.action == GW_ACTION_ACCEPT)
		(void)decide_modules(policy, to, false, packet, &decision);
	return decision;
}

static bool nat_matches(const struct gw_nat *nat, const struct gw_packet *packet)
{
	return nat->families[packet->family] &&
	       match_contains(&nat->source, packet->family, packet->source) &&
	       match_contains(&nat->dest, packet->family, packet->dest) &&
	       gw_addrset_contains(nat->services, packet->service);
}

const struct gw_nat *gw_decide_dnat(const struct gw_policy *policy, const struct gw_zone *from,
				    const struct gw_packet *packet)
{
	for (size_t i = 0; i < policy->n_nats; i++) {
		const struct gw_nat *nat = &policy->nats[i];
		bool from_zone =
			gw_zone_set_has(&nat->from, from->index) ||
			(nat->hairpin && gw_zone_set_has(&nat->hairpin_zones, from->index));

		if (nat->kind == GW_NAT_DNAT && from_zone && nat_matches(nat, packet))
			return nat;
	}
	return NULL;
}

const struct gw_nat *gw_decide_snat(const struct gw_policy *policy, const struct gw_zone *from,
				    const struct gw_zone *to, const struct gw_packet *packet)
{
	for (size_t i = 0; i < policy->n_nats; i++) {
		const struct gw_nat *nat = &policy->nats[i];

		if (nat->kind != GW_NAT_DNAT &&
		    gw_zone_sets_cover(&nat->from, &nat->to, from, to) && nat_matches(nat, packet))
			return nat;
	}
	return NULL;
}

const struct gw_zone *gw_zone_of_address(const struct gw_policy *policy, enum gw_family family,
					 gw_u128 addr)
{
	const struct gw_zone *found = NULL;

	for (size_t i = 0; i < policy->n_zones; i++) {
		if (!gw_addrset_contains(policy->zones[i].space[family], addr))
			continue;
		if (found)
			return NULL; /* two zones without nets: the address does not tell */
		found = &policy->zones[i];
	}
	return found;
}

/* How many of the parts of `rule` do not fit the packet. */
static unsigned int misfit(const struct gw_rule_def *rule, const struct gw_packet *packet,
			   int64_t now)
{
	return (unsigned int)!match_contains(&rule->source, packet->family, packet->source) +
	       (unsigned int)!match_contains(&rule->dest, packet->family, packet->dest) +
	       (unsigned int)!gw_addrset_contains(rule->services, packet->service) +
	       (unsigned int)!is_live(rule, now);
}

const struct gw_rule_def *gw_decide_nearest(const struct gw_policy *policy,
					    const struct gw_zone *from, const struct gw_zone *to,
					    const struct gw_packet *packet, int64_t now)
{
	const struct gw_rule_def *nearest = NULL;
	unsigned int least = 4; /* if nothing at all fits, naming the rule helps nobody */

	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct gw_rule_def *rule = &policy->rules[i];
		unsigned int parts;

		if (rule->action != GW_ACTION_ACCEPT || !gw_rule_covers(rule, from, to))
			continue;
		parts = misfit(rule, packet, now);
		if (parts < least) {
			least = parts;
			nearest = rule;
		}
	}
	return nearest;
}
