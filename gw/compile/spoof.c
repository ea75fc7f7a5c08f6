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

/* The length in bytes if the range is a prefix that ends at a byte, else 0. */
static uint32_t prefix_bytes(enum gw_family family, struct gw_range range)
{
	gw_u128 hosts = range.hi - range.lo;
	uint32_t bytes = families[family].len;

	if ((hosts & (hosts + 1)) != 0 || (range.lo & hosts) != 0)
		return 0;
	for (; (hosts & 0xff) == 0xff; hosts >>= 8)
		bytes--;
	return hosts ? 0 : bytes;
}

/* Every packet is asked this. A prefix such as 10.20.0.0/16 is two bytes of the header to compare,
 * for which the kernel has a short cut; other ranges take a call. */
static void match_range(struct gw_exprs *e, enum gw_family family, bool source,
			struct gw_range range)
{
	const struct family_facts *facts = &families[family];
	uint32_t prefix = prefix_bytes(family, range);
	uint8_t lo[16], hi[16];

	match_family(e, family);
	gw_addr_to_bytes(family, range.lo, lo);
	gw_addr_to_bytes(family, range.hi, hi);
	if (prefix) {
		gw_expr_payload(e, NFT_PAYLOAD_NETWORK_HEADER, source ? facts->saddr : facts->daddr,
				prefix, REG_KEY);
		gw_expr_cmp(e, REG_KEY, NFT_CMP_EQ, lo, prefix);
		return;
	}
	load_address(e, family, source, REG_KEY);
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

/* Ends a rule for an address that can be in the zone. A source must also have a way back, in the
 * same rule, because a chain of its own would cost every packet a jump. */
static void finish_space_rule(struct gw_exprs *e, const struct gw_zone *zone, bool source)
{
	uint32_t flags = NFTA_FIB_F_SADDR;

	if (!source) {
		gw_expr_verdict(e, GW_VERDICT_RETURN, NULL);
		return;
	}
	if (zone->anti_spoof == GW_ANTI_SPOOF_STRICT)
		flags |= NFTA_FIB_F_IIF;
	if (zone->anti_spoof == GW_ANTI_SPOOF_STRICT || zone->anti_spoof == GW_ANTI_SPOOF_LOOSE) {
		gw_expr_fib_present(e, flags, REG_KEY);
		gw_expr_cmp_u8(e, REG_KEY, NFT_CMP_EQ, 1);
	}
	gw_expr_verdict(e, GW_VERDICT_ACCEPT, NULL);
}

/* Rules for addresses of one family that can be in the zone. */
static void space_rules(struct gw_compiler *c, struct gw_chain *chain, const struct gw_zone *zone,
			enum gw_family family, bool source)
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
		finish_space_rule(&e, zone, source);
		gw_compile_rule(c, chain, &e, origin, zone->name);
		return;
	}
	for (size_t i = 0; i < space.n; i++) {
		gw_exprs_start(&e, c->arena);
		match_range(&e, family, source, space.ranges[i]);
		finish_space_rule(&e, zone, source);
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

static void source_chain(struct gw_compiler *c, const struct gw_zone *zone)
{
	const char *name = gw_arena_printf(c->arena, "source_%s", zone->name);
	struct gw_chain *chain = gw_compile_chain(c, name, &c->zone_origins[zone->index]);

	chain = gw_compile_admission(c, zone, chain);
	space_rules(c, chain, zone, GW_FAMILY_IPV4, true);
	ipv6_off_rule(c, chain, zone); /* behind, where it costs IPv4 nothing */
	space_rules(c, chain, zone, GW_FAMILY_IPV6, true);
	gw_compile_verdict(c, chain, GW_VERDICT_GOTO, "source_none", c->gw, "not of this zone");
	gw_compile_zone_elems(c, "ingress", zone, name);
}

static void dest_chain(struct gw_compiler *c, const struct gw_zone *zone)
{
	const char *name = gw_arena_printf(c->arena, "dest_%s", zone->name);
	struct gw_chain *chain = gw_compile_chain(c, name, &c->zone_origins[zone->index]);

	ipv6_off_rule(c, chain, zone);
	space_rules(c, chain, zone, GW_FAMILY_IPV4, false);
	space_rules(c, chain, zone, GW_FAMILY_IPV6, false);
	gw_compile_verdict(c, chain, GW_VERDICT_GOTO, gw_compile_drop_chain(GW_BUILTIN_MISROUTED),
			   c->gw, "not of this zone");
	gw_compile_zone_elems(c, "egress", zone, name);
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
	raw_chain(c);
}
