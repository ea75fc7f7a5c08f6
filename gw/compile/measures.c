/*
 * The rules that ask for emergency measures, before any packet of a live connection is let through,
 * so that all of them hold from the next packet on.
 *
 * What is isolated or quarantined keeps its way to and from management zones, as far as policies
 * permit it, so that it can be looked at and repaired; and DHCP and neighbour discovery with the
 * gateway, so that it still has an address then. A host in quarantine also reaches what the config names for it
 * (policy->quarantine_reach), in guard_quarantined, which nothing else is judged in. What is banned or suspended keeps nothing.
 */
#include "gw/compile/measures.h"

#include <string.h>

#include "gw/compile/context.h"
#include "gw/core/hash.h"

// clang-format off
static const struct gw_set definitions[GW_MEASURE_SET_COUNT] = {
	/* One byte: a bitmap in the kernel. */
	[GW_MEASURE_GUARD] = { .name = "rt_guard", .key = { GW_TYPE_PROTO }, .n_key = 1 },
	[GW_MEASURE_ISOLATED] = { .name = "rt_isolated", .key = { GW_TYPE_MARK, GW_TYPE_MARK },
		.n_key = 2, .timeout = true },
	[GW_MEASURE_BANNED4] = { .name = "rt_banned4", .key = { GW_TYPE_IPV4 }, .n_key = 1,
		.timeout = true },
	[GW_MEASURE_BANNED6] = { .name = "rt_banned6", .key = { GW_TYPE_IPV6 }, .n_key = 1,
		.timeout = true },
	/* Two fields, so that the kernel takes the kind of set that can hold ranges with timeouts
	 * and forgets each at its own time. */
	[GW_MEASURE_BANNED_NETS4] = { .name = "rt_banned_nets4",
		.key = { GW_TYPE_PROTO, GW_TYPE_IPV4 }, .n_key = 2, .interval = true,
		.timeout = true },
	[GW_MEASURE_BANNED_NETS6] = { .name = "rt_banned_nets6",
		.key = { GW_TYPE_PROTO, GW_TYPE_IPV6 }, .n_key = 2, .interval = true,
		.timeout = true },
	[GW_MEASURE_QUARANTINED4] = { .name = "rt_quarantined4", .key = { GW_TYPE_IPV4 },
		.n_key = 1, .timeout = true },
	[GW_MEASURE_QUARANTINED6] = { .name = "rt_quarantined6", .key = { GW_TYPE_IPV6 },
		.n_key = 1, .timeout = true },
	[GW_MEASURE_QUARANTINED_MACS] = { .name = "rt_quarantined_macs",
		.key = { GW_TYPE_ETHER }, .n_key = 1, .timeout = true },
	[GW_MEASURE_SUSPENDED4] = { .name = "rt_suspended4", .key = { GW_TYPE_IPV4 }, .n_key = 1,
		.timeout = true },
	[GW_MEASURE_SUSPENDED6] = { .name = "rt_suspended6", .key = { GW_TYPE_IPV6 }, .n_key = 1,
		.timeout = true },
};

/* What hosts in quarantine still reach; there if the config names anything. */
static const struct gw_set reach[GW_FAMILY_COUNT] = {
	{ .name = "quarantine_reach4", .key = { GW_TYPE_IPV4 }, .n_key = 1, .interval = true },
	{ .name = "quarantine_reach6", .key = { GW_TYPE_IPV6 }, .n_key = 1, .interval = true },
};

/* What the rules need to know of zones. Not of the fast path. */
static const struct gw_set zone_sets[] = {
	{ .name = "zone_ids", .key = { GW_TYPE_IFNAME }, .n_key = 1, .map = true,
	  .data = GW_TYPE_MARK },
	{ .name = "managed", .key = { GW_TYPE_IFNAME }, .n_key = 1 },
	{ .name = "untrusted", .key = { GW_TYPE_IFNAME }, .n_key = 1 },
	/* pairs of interfaces of one zone */
	{ .name = "inside", .key = { GW_TYPE_IFNAME, GW_TYPE_IFNAME }, .n_key = 2 },
};
// clang-format on

const struct gw_set *gw_measure_set(enum gw_measure_set which)
{
	return &definitions[which];
}

enum gw_guard gw_measure_guard(enum gw_measure_set set)
{
	switch (set) {
	case GW_MEASURE_BANNED4:
	case GW_MEASURE_BANNED6:
		return GW_GUARD_BANNED;
	case GW_MEASURE_BANNED_NETS4:
	case GW_MEASURE_BANNED_NETS6:
		return GW_GUARD_BANNED_NETS;
	case GW_MEASURE_SUSPENDED4:
	case GW_MEASURE_SUSPENDED6:
		return GW_GUARD_SUSPENDED;
	case GW_MEASURE_ISOLATED:
		return GW_GUARD_ISOLATED;
	case GW_MEASURE_QUARANTINED4:
	case GW_MEASURE_QUARANTINED6:
	case GW_MEASURE_QUARANTINED_MACS:
		return GW_GUARD_QUARANTINED;
	case GW_MEASURE_GUARD:
	case GW_MEASURE_SET_COUNT:
		break;
	}
	return GW_GUARD_END;
}

bool gw_measure_concerns(enum gw_measure_set set, enum gw_family family)
{
	const struct gw_set *definition = &definitions[set];
	enum gw_type last = definition->key[definition->n_key - 1];

	return last == GW_TYPE_IPV4   ? family == GW_FAMILY_IPV4
	       : last == GW_TYPE_IPV6 ? family == GW_FAMILY_IPV6
				      : true;
}

static const char *set_name(enum gw_measure_set which)
{
	return definitions[which].name;
}

uint32_t gw_zone_id(const char *name)
{
	return (uint32_t)gw_hash_text(GW_HASH_START, name);
}

/* ---- sets ----------------------------------------------------------------------------------- */

static void zone_id_elem(struct gw_compiler *c, const struct gw_zone *zone, const char *interface)
{
	uint8_t *key = gw_arena_zalloc(c->arena, 1, 16 + sizeof(uint32_t));
	uint32_t id = gw_zone_id(zone->name);
	struct gw_elem elem = { .key = key,
				.data = key + 16,
				.origin = &c->zone_origins[zone->index] };

	memcpy(key, interface, strnlen(interface, 15));
	memcpy(key + 16, &id, sizeof(id));
	gw_ruleset_add_elem(c->ruleset, gw_compile_set(c, "zone_ids"), elem);
}

static void zone_elems(struct gw_compiler *c, const struct gw_zone *zone)
{
	for (size_t i = 0; i < zone->n_interfaces; i++)
		zone_id_elem(c, zone, zone->interfaces[i].name);
	if (zone->management)
		gw_compile_zone_elems(c, "managed", zone, NULL);
	if (zone->untrusted)
		gw_compile_zone_elems(c, "untrusted", zone, NULL);
	gw_compile_pair_elems(c, "inside", zone, zone, NULL);
}

void gw_compile_measure_sets(struct gw_compiler *c)
{
	for (size_t i = 0; i < GW_MEASURE_SET_COUNT; i++) {
		struct gw_set definition = definitions[i];

		definition.origin = c->gw;
		(void)gw_ruleset_add_set(c->ruleset, &definition);
	}
	for (size_t i = 0; i < sizeof(zone_sets) / sizeof(zone_sets[0]); i++) {
		struct gw_set definition = zone_sets[i];

		definition.origin = c->gw;
		(void)gw_ruleset_add_set(c->ruleset, &definition);
	}
	for (size_t i = 0; i < c->policy->n_zones; i++)
		zone_elems(c, &c->policy->zones[i]);
	for (int f = 0; f < GW_FAMILY_COUNT; f++) {
		struct gw_set definition = reach[f];

		definition.origin = c->gw;
		if (c->policy->quarantine_reach[f].n)
			gw_compile_interval_set(c, &definition, c->policy->quarantine_reach[f],
						(enum gw_family)f);
	}
}

bool gw_compile_zone_ids_differ(const struct gw_policy *policy, struct gw_diags *diags)
{
	for (size_t i = 0; i < policy->n_zones; i++) {
		for (size_t k = 0; k < i; k++) {
			if (gw_zone_id(policy->zones[i].name) != gw_zone_id(policy->zones[k].name))
				continue;
			gw_diag(diags, GW_D_ZONE_IDS_ALIKE, policy->zones[i].loc,
				"the names `%s` and `%s` give the same number",
				policy->zones[k].name, policy->zones[i].name);
			gw_diag_related(diags, policy->zones[k].loc, "the other zone");
			return false;
		}
	}
	return true;
}

/* ---- rules ---------------------------------------------------------------------------------- */

/* One side of a packet. */
struct side {
	uint32_t interface; /* meta key */
	bool source;        /* whose address */
};
static const struct side from = { NFT_META_IIFNAME, true };
static const struct side to = { NFT_META_OIFNAME, false };

static void in_set(struct gw_exprs *e, uint32_t meta_key, const char *set, bool in)
{
	gw_expr_meta(e, meta_key, REG_KEY);
	if (in)
		gw_expr_lookup(e, set, REG_KEY);
	else
		gw_expr_not_in(e, set, REG_KEY);
}

/* The key begins as a constant of its whole length, because nft cannot print a look-up of what came
 * out of a map alone. */
static void zone_is_isolated(struct gw_exprs *e, uint32_t meta_key, enum gw_isolation how)
{
	uint32_t key[2] = { how, 0 };

	gw_expr_meta(e, meta_key, REG_KEY);
	gw_expr_imm(e, REG_NUMBER, key, sizeof(key));
	gw_expr_map(e, "zone_ids", REG_KEY, REG_SPARE); /* the register behind */
	gw_expr_lookup(e, set_name(GW_MEASURE_ISOLATED), REG_NUMBER);
}

static void finish(struct gw_compiler *c, struct gw_chain *chain, struct gw_exprs *e,
		   enum gw_builtin reason, const char *comment)
{
	gw_expr_verdict(e, GW_VERDICT_GOTO, gw_compile_drop_chain(reason));
	gw_compile_rule(c, chain, e, c->gw, comment);
}

static void not_inside(struct gw_exprs *e)
{
	gw_expr_meta(e, NFT_META_IIFNAME, REG_KEY);
	gw_expr_meta(e, NFT_META_OIFNAME, GW_REG(4));
	gw_expr_not_in(e, "inside", REG_KEY);
}

static void isolation_rules(struct gw_compiler *c, struct gw_chain *chain)
{
	const struct side *const sides[] = { &from, &to };
	struct gw_exprs e;

	for (size_t i = 0; i < 2; i++) {
		uint32_t other = sides[!i]->interface;

		gw_exprs_start(&e, c->arena);
		zone_is_isolated(&e, sides[i]->interface, GW_ISOLATED_ALL);
		in_set(&e, other, "managed", false);
		not_inside(&e);
		finish(c, chain, &e, GW_BUILTIN_ISOLATED, "isolated from all other zones");
		gw_exprs_start(&e, c->arena);
		zone_is_isolated(&e, sides[i]->interface, GW_ISOLATED_UNTRUSTED);
		in_set(&e, other, "untrusted", true);
		not_inside(&e);
		finish(c, chain, &e, GW_BUILTIN_ISOLATED, "isolated from untrusted zones");
	}
}

static void zone_cut_rule(struct gw_compiler *c, struct gw_chain *chain, const struct side *side)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	zone_is_isolated(&e, side->interface, GW_ISOLATED_ALL);
	finish(c, chain, &e, GW_BUILTIN_ISOLATED, "isolated zone and the gateway");
}

static void of_protocol(struct gw_exprs *e, enum gw_family family)
{
	gw_expr_meta(e, NFT_META_NFPROTO, REG_KEY);
	gw_expr_cmp_u8(e, REG_KEY, NFT_CMP_EQ,
		       family == GW_FAMILY_IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
}

static void address_of(struct gw_exprs *e, enum gw_family family, bool source, uint32_t reg)
{
	bool ipv4 = family == GW_FAMILY_IPV4;

	gw_expr_payload(e, NFT_PAYLOAD_NETWORK_HEADER,
			ipv4 ? (source ? 12 : 16) : (source ? 8 : 24), ipv4 ? 4 : 16, reg);
}

/* The address of this side to REG_KEY; behind the protocol where the set's key has two fields. */
static void load_address(struct gw_exprs *e, enum gw_family family, const struct side *side,
			 bool with_protocol)
{
	of_protocol(e, family);
	if (with_protocol)
		gw_expr_meta(e, NFT_META_L4PROTO, REG_KEY);
	address_of(e, family, side->source, with_protocol ? GW_REG(1) : REG_KEY);
}

/* `other`: this interface's zone is spared if it is for management; 0: none is. */
static void address_rule(struct gw_compiler *c, struct gw_chain *chain, enum gw_family family,
			 const struct side *side, enum gw_measure_set set, uint32_t other,
			 enum gw_builtin reason, const char *comment)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	load_address(&e, family, side, definitions[set].n_key == 2);
	gw_expr_lookup(&e, set_name(set), REG_KEY);
	if (other)
		in_set(&e, other, "managed", false);
	finish(c, chain, &e, reason, comment);
}

/* Sets of the two families stand side by side, IPv4 first. */
static enum gw_measure_set of_family(enum gw_measure_set ipv4, enum gw_family family)
{
	return (enum gw_measure_set)(ipv4 + (family == GW_FAMILY_IPV6));
}

/* What spares nobody: the pair of sets that begins with `ipv4`. */
static void ban_rules(struct gw_compiler *c, struct gw_chain *chain, const struct side *side,
		      enum gw_measure_set ipv4, enum gw_builtin reason, const char *comment)
{
	for (int f = 0; f < GW_FAMILY_COUNT; f++)
		address_rule(c, chain, (enum gw_family)f, side, of_family(ipv4, (enum gw_family)f),
			     0, reason, comment);
}

void gw_compile_ether_source(struct gw_exprs *e)
{
	gw_expr_payload(e, NFT_PAYLOAD_LL_HEADER, 6, 6, REG_KEY);
}

/* What the config lets hosts in quarantine reach goes on to the policies, both ways. */
static void reach_rules(struct gw_compiler *c, struct gw_chain *chain, bool source)
{
	struct gw_exprs e;

	for (int f = 0; f < GW_FAMILY_COUNT; f++) {
		if (!c->policy->quarantine_reach[f].n)
			continue;
		gw_exprs_start(&e, c->arena);
		of_protocol(&e, (enum gw_family)f);
		address_of(&e, (enum gw_family)f, source, REG_KEY);
		gw_expr_lookup(&e, reach[f].name, REG_KEY);
		gw_expr_verdict(&e, GW_VERDICT_RETURN, NULL);
		gw_compile_rule(c, chain, &e, c->gw, "reached from quarantine");
	}
}

static void quarantine_rules(struct gw_compiler *c, struct gw_chain *chain, const struct side *side,
			     uint32_t other)
{
	struct gw_exprs e;

	for (int f = 0; f < GW_FAMILY_COUNT; f++)
		address_rule(c, chain, (enum gw_family)f, side,
			     of_family(GW_MEASURE_QUARANTINED4, (enum gw_family)f), other,
			     GW_BUILTIN_QUARANTINED, "quarantined address");
	if (!side->source)
		return; /* which device a packet goes to is not known yet */
	gw_exprs_start(&e, c->arena);
	gw_compile_ether_source(&e);
	gw_expr_lookup(&e, set_name(GW_MEASURE_QUARANTINED_MACS), REG_KEY);
	if (other)
		in_set(&e, other, "managed", false);
	finish(c, chain, &e, GW_BUILTIN_QUARANTINED, "quarantined device");
}

/* DHCP with the gateway, and neighbour discovery; see the top of the file. */
static void keep_rules(struct gw_compiler *c, struct gw_chain *chain, bool input)
{
	/* server's port: of requests to the gateway and of its answers */
	static const uint8_t dhcp[] = { 0, 67 }, dhcpv6[2] = { 547 >> 8, 547 & 0xff };
	static const uint8_t solicitation = 133, advertisement = 136;
	struct gw_exprs e;

	for (size_t i = 0; i < 2; i++) {
		gw_exprs_start(&e, c->arena);
		gw_expr_meta(&e, NFT_META_L4PROTO, REG_KEY);
		gw_expr_cmp_u8(&e, REG_KEY, NFT_CMP_EQ, IPPROTO_UDP);
		gw_expr_payload(&e, NFT_PAYLOAD_TRANSPORT_HEADER, input ? 2 : 0, 2, REG_KEY);
		gw_expr_cmp(&e, REG_KEY, NFT_CMP_EQ, i ? dhcpv6 : dhcp, 2);
		gw_expr_verdict(&e, GW_VERDICT_RETURN, NULL);
		gw_compile_rule(c, chain, &e, c->gw, i ? "DHCPv6" : "DHCP");
	}
	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_L4PROTO, REG_KEY);
	gw_expr_cmp_u8(&e, REG_KEY, NFT_CMP_EQ, IPPROTO_ICMPV6);
	gw_expr_payload(&e, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, REG_KEY);
	gw_expr_range(&e, REG_KEY, &solicitation, &advertisement, 1);
	gw_expr_verdict(&e, GW_VERDICT_RETURN, NULL);
	gw_compile_rule(c, chain, &e, c->gw, "neighbour discovery");
}

/* The pairs of sets that spare nobody. */
static const struct {
	enum gw_measure_set ipv4;
	enum gw_builtin reason;
	const char *chain, *comment;
} bans[] = {
	{ GW_MEASURE_BANNED4, GW_BUILTIN_BANNED, "guard_banned", "banned address" },
	{ GW_MEASURE_BANNED_NETS4, GW_BUILTIN_BANNED, "guard_banned_nets", "banned network" },
	{ GW_MEASURE_SUSPENDED4, GW_BUILTIN_SUSPENDED, "guard_suspended", "suspended user" },
};

/* A rule that asks the rules of a group while there is something in its sets. */
static void group_rule(struct gw_compiler *c, struct gw_chain *chain, enum gw_guard group,
		       const char *target)
{
	uint8_t key = (uint8_t)group;
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_imm(&e, REG_KEY, &key, sizeof(key));
	gw_expr_lookup(&e, set_name(GW_MEASURE_GUARD), REG_KEY);
	gw_expr_verdict(&e, GW_VERDICT_JUMP, target);
	gw_compile_rule(c, chain, &e, c->gw, target);
}

static void guard_groups(struct gw_compiler *c)
{
	struct gw_chain *chain;

	for (size_t i = 0; i < sizeof(bans) / sizeof(bans[0]); i++) {
		chain = gw_compile_chain(c, bans[i].chain, c->gw);
		ban_rules(c, chain, &from, bans[i].ipv4, bans[i].reason, bans[i].comment);
		ban_rules(c, chain, &to, bans[i].ipv4, bans[i].reason, bans[i].comment);
	}
	chain = gw_compile_chain(c, "guard_isolated", c->gw);
	isolation_rules(c, chain);
	chain = gw_compile_chain(c, "guard_quarantined", c->gw);
	reach_rules(c, chain, false);
	reach_rules(c, chain, true);
	quarantine_rules(c, chain, &from, to.interface);
	quarantine_rules(c, chain, &to, from.interface);
}

/* Forwarding is what has to be fast. */
static void guard_forward(struct gw_compiler *c)
{
	struct gw_chain *chain = gw_compile_chain(c, "guard_forward", c->gw);

	for (size_t i = 0; i < sizeof(bans) / sizeof(bans[0]); i++)
		group_rule(c, chain, gw_measure_guard(bans[i].ipv4), bans[i].chain);
	group_rule(c, chain, GW_GUARD_ISOLATED, "guard_isolated");
	group_rule(c, chain, GW_GUARD_QUARANTINED, "guard_quarantined");
}

static void guard_gateway(struct gw_compiler *c, const char *name, const struct side *side)
{
	struct gw_chain *chain = gw_compile_chain(c, name, c->gw);

	for (size_t i = 0; i < sizeof(bans) / sizeof(bans[0]); i++)
		ban_rules(c, chain, side, bans[i].ipv4, bans[i].reason, bans[i].comment);
	keep_rules(c, chain, side->source);
	zone_cut_rule(c, chain, side);
	reach_rules(c, chain, !side->source);
	quarantine_rules(c, chain, side, 0);
}

void gw_compile_measures(struct gw_compiler *c)
{
	guard_groups(c);
	guard_forward(c);
	guard_gateway(c, "guard_input", &from);
	guard_gateway(c, "guard_output", &to);
}

void gw_compile_guard(struct gw_compiler *c, struct gw_chain *chain, const char *guard)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_NFPROTO, REG_KEY);
	gw_expr_lookup(&e, set_name(GW_MEASURE_GUARD), REG_KEY);
	gw_expr_verdict(&e, GW_VERDICT_JUMP, guard);
	gw_compile_rule(c, chain, &e, c->gw, "emergency measures are in force");
}
