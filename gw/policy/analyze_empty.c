/* Why a rule can match no packet, and rules that match far too many. */
#include "gw/policy/analyze_internal.h"

static bool match_has(const struct gw_addr_match *match, enum gw_family family)
{
	if (match->any || match->addrs[family].n)
		return true;
	for (size_t i = 0; i < match->n_large; i++)
		if (match->large[i]->addrs[family].n)
			return true;
	return false;
}

static bool match_overlaps(const struct gw_addr_match *match, enum gw_family family,
			   struct gw_addrset set)
{
	if (match->any)
		return set.n > 0;
	if (gw_addrset_overlaps(match->addrs[family], set))
		return true;
	for (size_t i = 0; i < match->n_large; i++)
		if (gw_addrset_overlaps(match->large[i]->addrs[family], set))
			return true;
	return false;
}

static bool family_possible(const struct gw_rule_def *rule, enum gw_family family)
{
	return match_has(&rule->source, family) && match_has(&rule->dest, family);
}

/* True if the match holds an address that one of the zones can have, in a family that the rule can
 * be about. */
static bool inside(const struct gw_policy *policy, const struct gw_rule_def *rule,
		   const struct gw_addr_match *match, const struct gw_zone_set *zones)
{
	for (size_t i = 0; i < policy->n_zones; i++) {
		const struct gw_zone *zone = &policy->zones[i];

		if (!gw_zone_set_has(zones, zone->index))
			continue;
		for (int f = 0; f < GW_FAMILY_COUNT; f++)
			if (family_possible(rule, (enum gw_family)f) &&
			    match_overlaps(match, (enum gw_family)f, zone->space[f]))
				return true;
	}
	return false;
}

static bool any_ipv6(const struct gw_policy *policy, const struct gw_zone_set *zones)
{
	for (size_t i = 0; i < policy->n_zones; i++)
		if (gw_zone_set_has(zones, (unsigned int)i) && policy->zones[i].ipv6)
			return true;
	return false;
}

void gw_report_empty_rule(const struct gw_policy *policy, const struct gw_rule_def *rule,
			  bool no_pair, struct gw_diags *diags)
{
	const char *kind = gw_rule_kind_name(rule->kind), *id = rule->id;
	bool ipv4 = family_possible(rule, GW_FAMILY_IPV4);
	bool ipv6 = family_possible(rule, GW_FAMILY_IPV6);
	bool gateway = rule->kind == GW_RULE_GATEWAY;

	if (no_pair) {
		gw_diag(diags, GW_D_RULE_NOWHERE, rule->loc, "%s `%s` is about no pair of zones",
			kind, id);
		gw_diag_hint(diags,
			     "`any` does not mean a zone with itself: name it on both sides");
	} else if (!ipv4 && !ipv6) {
		gw_diag(diags, GW_D_RULE_FAMILIES, rule->loc,
			"%s `%s` matches nothing: source and destination have no address family "
			"in common",
			kind, id);
	} else if (!ipv4 &&
		   (!any_ipv6(policy, &rule->from) || (!gateway && !any_ipv6(policy, &rule->to)))) {
		gw_diag(diags, GW_D_RULE_IPV6_OFF, rule->loc,
			"%s `%s` is about IPv6 only, which its zones have switched off", kind, id);
	} else if (!inside(policy, rule, &rule->source, &rule->from)) {
		gw_diag(diags, GW_D_RULE_SOURCE_OUTSIDE, rule->loc,
			"%s `%s` matches nothing: none of its sources can be in `from`", kind, id);
		gw_diag_hint(diags, "anti-spoofing drops what comes from outside a zone's `nets`");
	} else if (!gateway && !inside(policy, rule, &rule->dest, &rule->to)) {
		gw_diag(diags, GW_D_RULE_DEST_OUTSIDE, rule->loc,
			"%s `%s` matches nothing: none of its destinations can be in `to`", kind,
			id);
		gw_diag_hint(diags, "is the public address meant instead of the real one behind "
				    "a translation, or another zone?");
	} else {
		gw_diag(diags, GW_D_RULE_NO_MATCH, rule->loc,
			"%s `%s` matches nothing: in no pair of its zones can both source and "
			"destination be",
			kind, id);
	}
}

void gw_report_wide_rule(const struct gw_policy *policy, const struct gw_rule_def *rule,
			 struct gw_diags *diags)
{
	if (rule->action != GW_ACTION_ACCEPT || !rule->any_service || !rule->dest.any)
		return;
	for (size_t f = 0; f < policy->n_zones; f++) {
		const struct gw_zone *from = &policy->zones[f];

		if (!from->untrusted)
			continue;
		/* One place more than there are zones: the gateway. */
		for (size_t t = 0; t <= policy->n_zones; t++) {
			const struct gw_zone *to = t < policy->n_zones ? &policy->zones[t] : NULL;

			if ((to && to->untrusted) || !gw_rule_covers(rule, from, to))
				continue;
			gw_diag(diags, GW_D_RULE_TOO_WIDE, rule->loc,
				"%s `%s` opens all of `%s` to the untrusted zone `%s`",
				gw_rule_kind_name(rule->kind), rule->id, to ? to->name : "gateway",
				from->name);
			gw_diag_hint(diags, "say which `services`, and which `dest`, are meant");
			return;
		}
	}
}
