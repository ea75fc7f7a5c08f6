/* Translations that lead nowhere. */
#include "gw/core/mem.h"
#include "gw/policy/analyze_internal.h"
#include "gw/policy/decide.h"
#include "gw/policy/moments.h"

/* The services of a dnat rule as policies see them: with `to_port`, one port for each protocol. */
static struct gw_addrset services_after(struct gw_arena *arena, const struct gw_nat *nat)
{
	struct gw_range *ranges;

	if (!nat->to_port)
		return nat->services;
	ranges = gw_arena_array(arena, nat->services.n, struct gw_range);
	for (size_t i = 0; i < nat->services.n; i++) {
		uint8_t protocol = (uint8_t)(nat->services.ranges[i].lo >> 16);

		ranges[i].lo = ranges[i].hi = gw_service_key(protocol, nat->to_port);
	}
	return gw_addrset_from_ranges(arena, ranges, nat->services.n);
}

/* True if `term` lets part of the region through at some time. */
static bool lets_through(struct gw_arena *arena, const struct gw_pair *pair,
			 const struct gw_pair_term *term, const struct gw_region *region)
{
	struct gw_space space = { 0 };

	gw_space_add(arena, &space, gw_region_intersect(arena, &term->region, region));
	for (size_t i = 0; i < pair->n && space.n; i++) {
		const struct gw_rule_def *rule = pair->terms[i].rule;

		if (rule->action != GW_ACTION_ACCEPT &&
		    gw_rule_tier(rule) < gw_rule_tier(term->rule) &&
		    gw_window_covers(rule->window, term->rule->window))
			gw_space_subtract(arena, &space, &pair->terms[i].region);
	}
	return space.n > 0;
}

static bool accepted(struct gw_arena *arena, const struct gw_pair *pair,
		     const struct gw_region *region)
{
	for (size_t i = 0; i < pair->n; i++)
		if (pair->terms[i].rule->action == GW_ACTION_ACCEPT &&
		    lets_through(arena, pair, &pair->terms[i], region))
			return true;
	return false;
}

/* True if something of the rule gets from this zone to the server. */
static bool reaches_server(struct gw_pairs *pairs, struct gw_arena *arena, const struct gw_nat *nat,
			   const struct gw_zone *from, const struct gw_zone *to)
{
	struct gw_addr_match server = { .any = false };
	struct gw_space space = { 0 };

	server.addrs[nat->to_family] = (struct gw_addrset){ &nat->to_addr, 1 };
	gw_match_space(arena, &nat->source, &server, services_after(arena, nat), from, to, &space);
	return space.n && accepted(arena, gw_pairs_get(pairs, from, to), &space.regions[0]);
}

static bool dnat_works(struct gw_pairs *pairs, struct gw_arena *arena, const struct gw_nat *nat,
		       const struct gw_zone **ret_server)
{
	const struct gw_policy *policy = pairs->policy;

	*ret_server = NULL;
	for (size_t t = 0; t < policy->n_zones; t++) {
		const struct gw_zone *to = &policy->zones[t];

		if (!gw_addrset_contains(to->space[nat->to_family], nat->to_addr.lo))
			continue;
		*ret_server = to;
		for (size_t f = 0; f < policy->n_zones; f++) {
			const struct gw_zone *from = &policy->zones[f];

			if ((gw_zone_set_has(&nat->from, from->index) ||
			     (nat->hairpin && gw_zone_set_has(&nat->hairpin_zones, from->index))) &&
			    reaches_server(pairs, arena, nat, from, to))
				return true;
		}
	}
	return false;
}

void gw_analyze_nats(struct gw_pairs *pairs, struct gw_diags *diags)
{
	const struct gw_policy *policy = pairs->policy;
	struct gw_arena *arena = gw_arena_new();

	for (size_t i = 0; i < policy->n_nats; i++) {
		const struct gw_nat *nat = &policy->nats[i];
		const struct gw_zone *server;
		char text[GW_ADDR_TEXT];

		/* A server that is in no zone at all is the loader's business. */
		if (nat->kind != GW_NAT_DNAT || dnat_works(pairs, arena, nat, &server) || !server)
			continue;
		gw_diag(diags, GW_D_DNAT_CLOSED, nat->loc,
			"no policy lets the packets of `%s` through to %s in `%s`", nat->id,
			gw_addr_format(nat->to_family, nat->to_addr.lo, text), server->name);
		gw_diag_hint(diags,
			     "policies see the server's own address and port, after the "
			     "translation: accept from `%s` to `%s` with `dest: [%s]`",
			     gw_zone_set_text(arena, policy, &nat->from), server->name, text);
	}
	gw_arena_free(arena);
}
