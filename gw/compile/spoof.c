/*
 * Which addresses can be where. `prerouting_raw` asks of every packet whether its source can be in
 * the zone that it comes from, before connection tracking knows of it; chains dest_… ask of first
 * packets whether their destination can be in the zone that they leave to.
 *
 * A zone's addresses (gw_zone.space) are few ranges as a rule, which are compared directly: half
 * the price of a look-up. From RANGES_COMPARED on the zone has sets of its own, space4_<zone> and
 * space6_<zone>: of one field each, which the kernel searches faster than concatenations.
 */
#include <string.h>

#include "gw/compile/context.h"

#define RANGES_COMPARED 6u

/* Where the addresses are in the header, and their type in sets. */
struct family_facts {
	uint8_t nfproto;
	uint32_t len, saddr, daddr;
	enum gw_type type;
};
static const struct family_facts families[GW_FAMILY_COUNT] = {
	[GW_FAMILY_IPV4] = { NFPROTO_IPV4, 4, 12, 16, GW_TYPE_IPV4 },
	[GW_FAMILY_IPV6] = { NFPROTO_IPV6, 16, 8, 24, GW_TYPE_IPV6 },
};

static void match_family(struct gw_exprs *e, enum gw_family family)
{
	gw_expr_meta(e, NFT_META_NFPROTO, REG_KEY);
	gw_expr_cmp_u8(e, REG_KEY, NFT_CMP_EQ, families[family].nfproto);
}

static void load_address(struct gw_exprs *e, enum gw_family family, bool source, uint32_t reg)
{
	const struct family_facts *facts = &families[family];

	gw_expr_payload(e, NFT_PAYLOAD_NETWORK_HEADER, source ? facts->saddr : facts->daddr,
			facts->len, reg);
}

static void match_range(struct gw_exprs *e, enum gw_family family, bool source,
			struct gw_range range)
{
	uint8_t lo[16], hi[16];

	match_family(e, family);
	load_address(e, family, source, REG_KEY);
	gw_addr_to_bytes(family, range.lo, lo);
	gw_addr_to_bytes(family, range.hi, hi);
	gw_expr_range(e, REG_KEY, lo, hi, families[family].len);
}

static bool is_everything(struct gw_addrset set, enum gw_family family)
{
	return set.n == 1 && set.ranges[0].lo == 0 && set.ranges[0].hi == gw_family_max(family);
}

static bool is_looked_up(const struct gw_zone *zone, enum gw_family family)
{
	return zone->space[family].n >= RANGES_COMPARED;
}

static const char *space_set_name(struct gw_compiler *c, const struct gw_zone *zone,
				  enum gw_family family)
{
	return family == GW_FAMILY_IPV4 ? gw_arena_printf(c->arena, "space4_%s", zone->name)
					: gw_arena_printf(c->arena, "space6_%s", zone->name);
}

static void space_set(struct gw_compiler *c, const struct gw_zone *zone, enum gw_family family)
{
	const struct gw_origin *origin = &c->zone_origins[zone->index];
	struct gw_set definition = { .name = space_set_name(c, zone, family),
				     .key = { families[family].type },
				     .n_key = 1,
				     .interval = true,
				     .origin = origin };

	gw_compile_interval_set(c, &definition, zone->space[family], family);
}

/* Rules with `verdict` for addresses of one family that can be in the zone. */
static void space_rules(struct gw_compiler *c, struct gw_chain *chain, const struct gw_zone *zone,
			enum gw_family family, bool source, enum gw_verdict_code verdict,
			const char *target)
{
	const struct gw_origin *origin = &c->zone_origins[zone->index];
	struct gw_addrset space = zone->space[family];
	struct gw_exprs e;

	if (is_everything(space, family) || is_looked_up(zone, family)) {
		gw_exprs_start(&e, c->arena);
		match_family(&e, family);
		if (!is_everything(space, family)) {
			load_address(&e, family, source, REG_KEY);
			gw_expr_lookup(&e, space_set_name(c, zone, family), REG_KEY);
		}
		gw_expr_verdict(&e, verdict, target);
		gw_compile_rule(c, chain, &e, origin, zone->name);
		return;
	}
	for (size_t i = 0; i < space.n; i++) {
		gw_exprs_start(&e, c->arena);
		match_range(&e, family, source, space.ranges[i]);
		gw_expr_verdict(&e, verdict, target);
		gw_compile_rule(c, chain, &e, origin, zone->name);
	}
}

static void ipv6_off_rule(struct gw_compiler *c, struct gw_chain *chain, const struct gw_zone *zone)
{
	struct gw_exprs e;

	if (zone->ipv6)
		return;
	gw_exprs_start(&e, c->arena);
	match_family(&e, GW_FAMILY_IPV6);
	gw_expr_verdict(&e, GW_VERDICT_GOTO, gw_compile_drop_chain(GW_BUILTIN_IPV6_OFF));
	gw_compile_rule(c, chain, &e, &c->zone_origins[zone->index], "ipv6: off");
}

/* What a source that can be in the zone has to pass next. */
static void source_verdict(const struct gw_zone *zone, enum gw_verdict_code *ret_verdict,
			   const char **ret_target)
{
	*ret_verdict = GW_VERDICT_GOTO;
	switch (zone->anti_spoof) {
	case GW_ANTI_SPOOF_STRICT:
		*ret_target = "way_back_strict";
		return;
	case GW_ANTI_SPOOF_LOOSE:
		*ret_target = "way_back_loose";
		return;
	case GW_ANTI_SPOOF_NETS:
	case GW_ANTI_SPOOF_OFF:
		break;
	}
	*ret_verdict = GW_VERDICT_ACCEPT;
	*ret_target = NULL;
}

static void source_chain(struct gw_compiler *c, const struct gw_zone *zone)
{
	const char *name = gw_arena_printf(c->arena, "source_%s", zone->name);
	struct gw_chain *chain = gw_compile_chain(c, name, &c->zone_origins[zone->index]);
	enum gw_verdict_code verdict;
	const char *target;

	source_verdict(zone, &verdict, &target);
	ipv6_off_rule(c, chain, zone);
	space_rules(c, chain, zone, GW_FAMILY_IPV4, true, verdict, target);
	space_rules(c, chain, zone, GW_FAMILY_IPV6, true, verdict, target);
	gw_compile_verdict(c, chain, GW_VERDICT_GOTO, "source_none", c->gw, "not of this zone");
	gw_compile_zone_elems(c, "ingress", zone, name);
}

static void dest_chain(struct gw_compiler *c, const struct gw_zone *zone)
{
	const char *name = gw_arena_printf(c->arena, "dest_%s", zone->name);
	struct gw_chain *chain = gw_compile_chain(c, name, &c->zone_origins[zone->index]);

	ipv6_off_rule(c, chain, zone);
	space_rules(c, chain, zone, GW_FAMILY_IPV4, false, GW_VERDICT_RETURN, NULL);
	space_rules(c, chain, zone, GW_FAMILY_IPV6, false, GW_VERDICT_RETURN, NULL);
	gw_compile_verdict(c, chain, GW_VERDICT_GOTO, gw_compile_drop_chain(GW_BUILTIN_MISROUTED),
			   c->gw, "not of this zone");
	gw_compile_zone_elems(c, "egress", zone, name);
}

static void way_back_chain(struct gw_compiler *c, const char *name, uint32_t flags)
{
	struct gw_chain *chain = gw_compile_chain(c, name, c->gw);
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_fib_present(&e, flags, REG_KEY);
	gw_expr_cmp_u8(&e, REG_KEY, NFT_CMP_EQ, 0);
	gw_expr_verdict(&e, GW_VERDICT_GOTO, gw_compile_drop_chain(GW_BUILTIN_SPOOF));
	gw_compile_rule(c, chain, &e, c->gw, "no way back");
	gw_compile_verdict(c, chain, GW_VERDICT_ACCEPT, NULL, c->gw, "there is a way back");
}

/* 0.0.0.0 as source: a DHCP client that asks for an address. */
static void allow_dhcp_client(struct gw_compiler *c, struct gw_chain *chain)
{
	static const uint8_t none[4], all[4] = { 255, 255, 255, 255 };
	static const uint8_t ports[4] = { 0, 68, 0, 67 };
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	match_family(&e, GW_FAMILY_IPV4);
	load_address(&e, GW_FAMILY_IPV4, true, REG_KEY);
	gw_expr_cmp(&e, REG_KEY, NFT_CMP_EQ, none, 4);
	load_address(&e, GW_FAMILY_IPV4, false, REG_KEY);
	gw_expr_cmp(&e, REG_KEY, NFT_CMP_EQ, all, 4);
	gw_expr_meta(&e, NFT_META_L4PROTO, REG_KEY);
	gw_expr_cmp_u8(&e, REG_KEY, NFT_CMP_EQ, IPPROTO_UDP);
	gw_expr_payload(&e, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 4, REG_KEY);
	gw_expr_cmp(&e, REG_KEY, NFT_CMP_EQ, ports, 4);
	gw_expr_verdict(&e, GW_VERDICT_ACCEPT, NULL);
	gw_compile_rule(c, chain, &e, c->gw, "DHCP client without an address");
}

/* Link-local sources never pass the gateway (the kernel forwards none); neighbour discovery, MLD
 * and DHCPv6 towards the gateway need them, and the unspecified one before an address is checked.
 */
static void allow_ipv6_link(struct gw_compiler *c, struct gw_chain *chain)
{
	static const uint8_t unspecified[16];
	struct gw_range link_local = { .lo = (gw_u128)0xfe80 << 112 };
	struct gw_exprs e;

	link_local.hi = link_local.lo | (((gw_u128)1 << 118) - 1);
	gw_exprs_start(&e, c->arena);
	match_range(&e, GW_FAMILY_IPV6, true, link_local);
	gw_expr_verdict(&e, GW_VERDICT_ACCEPT, NULL);
	gw_compile_rule(c, chain, &e, c->gw, "link-local");
	gw_exprs_start(&e, c->arena);
	match_family(&e, GW_FAMILY_IPV6);
	load_address(&e, GW_FAMILY_IPV6, true, REG_KEY);
	gw_expr_cmp(&e, REG_KEY, NFT_CMP_EQ, unspecified, 16);
	gw_expr_meta(&e, NFT_META_L4PROTO, REG_KEY);
	gw_expr_cmp_u8(&e, REG_KEY, NFT_CMP_EQ, IPPROTO_ICMPV6);
	gw_expr_verdict(&e, GW_VERDICT_ACCEPT, NULL);
	gw_compile_rule(c, chain, &e, c->gw, "duplicate address detection, MLD");
}

static void no_source_chain(struct gw_compiler *c)
{
	struct gw_chain *chain = gw_compile_chain(c, "source_none", c->gw);

	allow_dhcp_client(c, chain);
	allow_ipv6_link(c, chain);
	gw_compile_verdict(c, chain, GW_VERDICT_GOTO, gw_compile_drop_chain(GW_BUILTIN_SPOOF),
			   c->gw, "spoofed");
}

static void raw_chain(struct gw_compiler *c)
{
	struct gw_chain *chain = gw_compile_base_chain(c, "prerouting_raw", NF_INET_PRE_ROUTING,
						       NF_IP_PRI_RAW, "filter", false);
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_IIFNAME, REG_KEY);
	gw_expr_vmap(&e, "ingress", REG_KEY);
	gw_compile_rule(c, chain, &e, c->gw, "is the source of its zone?");
	gw_compile_verdict(c, chain, GW_VERDICT_GOTO, gw_compile_drop_chain(GW_BUILTIN_NO_ZONE),
			   c->gw, "interface in no zone");
}

void gw_compile_spoof(struct gw_compiler *c)
{
	gw_compile_interface_elem(c, "ingress", "lo", NULL, NULL, c->gw);
	for (size_t i = 0; i < c->policy->n_zones; i++) {
		const struct gw_zone *zone = &c->policy->zones[i];

		for (unsigned int f = 0; f < GW_FAMILY_COUNT; f++)
			if (is_looked_up(zone, (enum gw_family)f))
				space_set(c, zone, (enum gw_family)f);
		source_chain(c, zone);
		dest_chain(c, zone);
	}
	no_source_chain(c);
	way_back_chain(c, "way_back_strict", NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF);
	way_back_chain(c, "way_back_loose", NFTA_FIB_F_SADDR);
	raw_chain(c);
}
