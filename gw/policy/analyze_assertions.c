/*
 * Assertions are proved over all packets that they speak of and over all times: `never` must hold
 * with every window of an accepting rule open, `always` with all of them closed.
 */
#include "gw/policy/reach.h"
#include "gw/policy/service.h"

/* One pair of zones that an assertion speaks of. */
struct pair {
	const struct gw_policy *policy;
	const struct gw_assertion *assertion;
	const struct gw_zone *from, *to;
	struct gw_rule_list rules;
	int64_t now;
};

static const char *zone_name(const struct gw_zone *zone)
{
	return zone ? zone->name : "gateway";
}

static const char *packet_text(struct gw_arena *arena, const struct gw_packet *packet)
{
	char source[GW_ADDR_TEXT], dest[GW_ADDR_TEXT];
	struct gw_range service = { packet->service, packet->service };

	return gw_arena_printf(arena, "%s -> %s %s",
			       gw_addr_format(packet->family, packet->source, source),
			       gw_addr_format(packet->family, packet->dest, dest),
			       gw_service_text(arena, service));
}

static bool check_never(struct gw_arena *arena, const struct pair *pair,
			const struct gw_space *space, struct gw_diags *diags)
{
	struct gw_reach_list passing = { 0 };
	struct gw_packet packet;
	const struct gw_rule_def *rule;

	gw_reach_within(arena, &pair->rules, pair->from, pair->to, space, GW_REACH_EVER, pair->now,
			&passing);
	if (!passing.n)
		return true;
	packet = gw_region_example(&passing.items[0].region);
	rule = passing.items[0].rule;
	gw_diag(diags, GW_D_ASSERTION_NEVER, pair->assertion->loc,
		"%s never reaches %s: does not hold, %s `%s` lets through %s", pair->from->name,
		zone_name(pair->to), gw_rule_kind_name(rule->kind), rule->id,
		packet_text(arena, &packet));
	gw_diag_related(diags, rule->loc, "`%s` is here", rule->id);
	gw_diag_hint(diags, "narrow `%s`, or the assertion if this packet is meant to pass",
		     rule->id);
	return false;
}

static void report_always(struct gw_arena *arena, const struct pair *pair,
			  const struct gw_packet *packet, struct gw_diags *diags)
{
	struct gw_decision decision =
		gw_decide(pair->policy, pair->from, pair->to, packet, pair->now);
	const char *why;

	if (decision.action == GW_ACTION_ACCEPT)
		why = gw_arena_printf(arena, "`%s` accepts it only for a time",
				      decision.rule ? decision.rule->id : "?");
	else if (decision.rule)
		why = gw_arena_printf(arena, "`%s` refuses it", decision.rule->id);
	else
		why = "no rule accepts it";
	gw_diag(diags, GW_D_ASSERTION_ALWAYS, pair->assertion->loc,
		"%s always reaches %s: does not hold for %s, %s", pair->from->name,
		zone_name(pair->to), packet_text(arena, packet), why);
	if (decision.rule)
		gw_diag_related(diags, decision.loc, "`%s` is here", decision.rule->id);
	gw_diag_hint(diags, "add or widen an accepting rule, or narrow the assertion");
}

static bool check_always(struct gw_arena *arena, const struct pair *pair, struct gw_space *space,
			 struct gw_diags *diags)
{
	struct gw_reach_list passing = { 0 };
	struct gw_packet packet;

	gw_reach_within(arena, &pair->rules, pair->from, pair->to, space, GW_REACH_ALWAYS,
			pair->now, &passing);
	for (size_t i = 0; i < passing.n && space->n; i++)
		gw_space_subtract(arena, space, &passing.items[i].region);
	if (!space->n)
		return true;
	packet = gw_region_example(&space->regions[0]);
	report_always(arena, pair, &packet, diags);
	return false;
}

static bool check_pair(const struct gw_rule_index *index, struct pair *pair, struct gw_diags *diags)
{
	const struct gw_assertion *assertion = pair->assertion;
	struct gw_arena *arena = gw_arena_new();
	struct gw_space space = { 0 };
	bool holds;

	pair->rules = gw_rule_index_pair(arena, index, pair->from, pair->to);
	gw_match_space(arena, &assertion->source, &assertion->dest, assertion->services, pair->from,
		       pair->to, &space);
	holds = assertion->always ? check_always(arena, pair, &space, diags)
				  : check_never(arena, pair, &space, diags);
	gw_arena_free(arena);
	return holds;
}

/* One counter-example for an assertion is enough. */
static bool check_assertion(const struct gw_rule_index *index, const struct gw_policy *policy,
			    const struct gw_assertion *assertion, int64_t now,
			    struct gw_diags *diags)
{
	struct pair pair = { .policy = policy, .assertion = assertion, .now = now };

	for (size_t i = 0; i < policy->n_zones; i++) {
		pair.from = &policy->zones[i];
		pair.to = NULL;
		if (!gw_zone_set_has(&assertion->from, pair.from->index))
			continue;
		if (assertion->to_gateway && !check_pair(index, &pair, diags))
			return false;
		for (size_t k = 0; k < policy->n_zones; k++) {
			pair.to = &policy->zones[k];
			if (gw_zone_sets_cover(&assertion->from, &assertion->to, pair.from,
					       pair.to) &&
			    !check_pair(index, &pair, diags))
				return false;
		}
	}
	return true;
}

size_t gw_analyze_assertions(const struct gw_policy *policy, int64_t now, struct gw_diags *diags)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_rule_index index;
	size_t broken = 0;

	gw_rule_index_build(arena, policy, &index);
	for (size_t i = 0; i < policy->n_assertions; i++)
		broken += !check_assertion(&index, policy, &policy->assertions[i], now, diags);
	gw_arena_free(arena);
	return broken;
}
