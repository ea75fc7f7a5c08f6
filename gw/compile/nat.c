/*
 * Address translation. Only the first packet of a connection comes here; conntrack does the rest.
 *
 * Translations are few, so each is a kernel rule of its own in the chain of its zone (dnat_<zone>)
 * or pair of zones (snat_<from>_<to>), in order of ids. Its lists are looked up like those of a
 * layer (match.c): a layer that has one rule.
 *
 * Hairpin: a client in the server's own zone that uses the public address is translated to the real
 * one like any other, and its own address is hidden behind the gateway's: otherwise the server
 * would answer it directly, from an address that it never asked.
 */
#include <string.h>

#include "gw/compile/context.h"
#include "gw/core/hash.h"

/* One combination of lists of a translation, as a layer. */
struct nat_layer {
	const struct gw_nat *nat;
	const struct gw_origin *origin;
	struct gw_term term;
	struct gw_layer layer;
};

struct nat_layers {
	struct nat_layer *items;
	size_t n, capacity;
};

static bool id_is_taken(const struct gw_compiler *c, const struct nat_layers *layers, uint32_t id)
{
	if (!id)
		return true;
	for (size_t i = 0; i < c->layers.n; i++)
		if (c->layers.items[i].id == id || c->layers.items[i].icmp_id == id)
			return true;
	for (size_t i = 0; i < layers->n; i++)
		if (layers->items[i].layer.id == id || layers->items[i].layer.icmp_id == id)
			return true;
	return false;
}

static uint32_t free_id(const struct gw_compiler *c, const struct nat_layers *layers, uint64_t wish,
			uint32_t not_this)
{
	uint32_t id = (uint32_t)wish;

	while (id == not_this || id_is_taken(c, layers, id))
		id++;
	return id;
}

static struct gw_addrset nat_list(const struct gw_nat *nat, enum gw_dimension dimension)
{
	switch (dimension) {
	case GW_DIM_SOURCE4:
		return nat->source.addrs[GW_FAMILY_IPV4];
	case GW_DIM_SOURCE6:
		return nat->source.addrs[GW_FAMILY_IPV6];
	case GW_DIM_DEST4:
		return nat->dest.addrs[GW_FAMILY_IPV4];
	case GW_DIM_DEST6:
		return nat->dest.addrs[GW_FAMILY_IPV6];
	case GW_DIM_SERVICE:
		return nat->services;
	case GW_DIM_COUNT:
		break;
	}
	return (struct gw_addrset){ NULL, 0 };
}

static bool is_looked_up(const struct gw_term *term, enum gw_dimension dimension)
{
	if (dimension <= GW_DIM_SOURCE6)
		return term->source == GW_MATCH_LIST;
	if (dimension <= GW_DIM_DEST6)
		return term->dest == GW_MATCH_LIST;
	return term->service == GW_MATCH_LIST;
}

static void classes_build(struct gw_compiler *c, struct nat_layer *item)
{
	for (unsigned int d = 0; d < GW_DIM_COUNT; d++) {
		struct gw_addrset list = nat_list(item->nat, (enum gw_dimension)d);

		if (!is_looked_up(&item->term, (enum gw_dimension)d))
			continue;
		(void)gw_classes_build(c->scratch, &list, 1, SIZE_MAX, &item->layer.classes[d]);
		item->layer.list_of_term[d] = gw_arena_array(c->scratch, 1, uint32_t);
		item->layer.class_ids[d] = gw_arena_array(c->scratch, 1, uint32_t);
		item->layer.class_ids[d][0] = 1; /* all that matters is that there is one */
	}
}

/* Index 0 is the list itself, the others are large lists. False: there is no such part. */
static bool part_of(const struct gw_addr_match *match, size_t index, uint8_t *ret_kind,
		    const struct gw_hosts **ret_large)
{
	*ret_large = NULL;
	if (index > 0) {
		*ret_kind = GW_MATCH_LARGE;
		*ret_large = match->large[index - 1];
		return true;
	}
	*ret_kind = match->any ? GW_MATCH_ANY : GW_MATCH_LIST;
	return match->any || match->addrs[GW_FAMILY_IPV4].n || match->addrs[GW_FAMILY_IPV6].n;
}

static void nat_layer_add(struct gw_compiler *c, struct nat_layers *layers, size_t index,
			  size_t source, size_t dest)
{
	const struct gw_nat *nat = &c->policy->nats[index];
	struct nat_layer *item = &layers->items[layers->n];
	uint64_t name =
		gw_hash_u64(gw_hash_text(GW_HASH_START, nat->id), (uint64_t)source << 32 | dest);

	memset(item, 0, sizeof(*item));
	if (!part_of(&nat->source, source, &item->term.source, &item->term.source_large) ||
	    !part_of(&nat->dest, dest, &item->term.dest, &item->term.dest_large))
		return;
	item->term.service = nat->any_service ? GW_MATCH_ANY : GW_MATCH_LIST;
	item->nat = nat;
	item->origin = &c->nat_origins[index];
	item->layer.terms = &item->term;
	item->layer.n_terms = 1;
	item->layer.id = free_id(c, layers, name, 0);
	item->layer.icmp_id = free_id(c, layers, name + 1, item->layer.id);
	classes_build(c, item);
	gw_compile_layer_classes(c, &item->layer, item->origin);
	layers->n++;
}

static struct nat_layers nat_layers_build(struct gw_compiler *c)
{
	struct nat_layers layers = { 0 };

	for (size_t i = 0; i < c->policy->n_nats; i++)
		layers.capacity += (c->policy->nats[i].source.n_large + 1) *
				   (c->policy->nats[i].dest.n_large + 1);
	layers.items = gw_arena_array(c->scratch, layers.capacity, struct nat_layer);
	for (size_t i = 0; i < c->policy->n_nats; i++)
		for (size_t s = 0; s <= c->policy->nats[i].source.n_large; s++)
			for (size_t d = 0; d <= c->policy->nats[i].dest.n_large; d++)
				nat_layer_add(c, &layers, i, s, d);
	return layers;
}

static struct gw_expr *nat_expr(struct gw_exprs *e, uint32_t kind, enum gw_family family)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_NAT);

	expr->key = kind;
	expr->family = family == GW_FAMILY_IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	return expr;
}

static void imm_address(struct gw_exprs *e, uint32_t reg, enum gw_family family, gw_u128 addr)
{
	uint8_t bytes[16];

	gw_addr_to_bytes(family, addr, bytes);
	gw_expr_imm(e, reg, bytes, family == GW_FAMILY_IPV4 ? 4 : 16);
}

static void target_exprs(struct gw_exprs *e, const struct gw_nat *nat)
{
	uint8_t port[2] = { (uint8_t)(nat->to_port >> 8), (uint8_t)nat->to_port };
	bool pool = nat->to_addr.lo != nat->to_addr.hi;
	struct gw_expr *expr;

	switch (nat->kind) {
	case GW_NAT_MASQUERADE:
		(void)gw_expr_add(e, GW_EXPR_MASQ);
		return;
	case GW_NAT_SNAT:
		imm_address(e, GW_REG(0), nat->to_family, nat->to_addr.lo);
		if (pool)
			imm_address(e, GW_REG(4), nat->to_family, nat->to_addr.hi);
		expr = nat_expr(e, NFT_NAT_SNAT, nat->to_family);
		expr->addr_min = GW_REG(0);
		expr->addr_max = pool ? GW_REG(4) : 0;
		return;
	case GW_NAT_DNAT:
		imm_address(e, GW_REG(0), nat->to_family, nat->to_addr.lo);
		if (nat->to_port)
			gw_expr_imm(e, GW_REG(4), port, 2);
		expr = nat_expr(e, NFT_NAT_DNAT, nat->to_family);
		expr->addr_min = GW_REG(0);
		expr->port_min = nat->to_port ? GW_REG(4) : 0;
		return;
	}
}

static bool translates(const struct gw_nat *nat, enum gw_family family)
{
	return nat->families[family] &&
	       (nat->kind == GW_NAT_MASQUERADE || nat->to_family == family);
}

static void nat_rule(struct gw_compiler *c, struct gw_chain *chain, const struct nat_layer *item,
		     const struct gw_layer_case *condition)
{
	struct gw_exprs e;

	if (!translates(item->nat, condition->family))
		return;
	gw_exprs_start(&e, c->arena);
	gw_compile_layer_match(c, &e, &item->layer, condition);
	target_exprs(&e, item->nat);
	gw_compile_rule(c, chain, &e, item->origin, item->nat->id);
}

static void nat_rules(struct gw_compiler *c, struct gw_chain *chain, const struct nat_layer *item)
{
	struct gw_layer_case cases[4];
	size_t n = gw_layer_cases(&item->layer, cases);

	for (size_t i = 0; i < n; i++) {
		if (cases[i].family_matters) {
			nat_rule(c, chain, item, &cases[i]);
			continue;
		}
		/* A translation is always of one family. */
		cases[i].family_matters = true;
		for (unsigned int f = 0; f < GW_FAMILY_COUNT; f++) {
			cases[i].family = (enum gw_family)f;
			nat_rule(c, chain, item, &cases[i]);
		}
	}
}

static bool is_hairpin(const struct gw_nat *nat, const struct gw_zone *zone)
{
	return nat->kind == GW_NAT_DNAT && nat->hairpin &&
	       gw_zone_set_has(&nat->hairpin_zones, zone->index);
}

static bool dnats_from(const struct gw_nat *nat, const struct gw_zone *zone)
{
	return nat->kind == GW_NAT_DNAT &&
	       (gw_zone_set_has(&nat->from, zone->index) || is_hairpin(nat, zone));
}

static void dnat_chain(struct gw_compiler *c, const struct nat_layers *layers,
		       const struct gw_zone *zone)
{
	struct gw_chain *chain = NULL;
	const char *name = gw_arena_printf(c->arena, "dnat_%s", zone->name);

	for (size_t i = 0; i < layers->n; i++) {
		if (!dnats_from(layers->items[i].nat, zone))
			continue;
		if (!chain)
			chain = gw_compile_chain(c, name, &c->zone_origins[zone->index]);
		nat_rules(c, chain, &layers->items[i]);
	}
	if (chain)
		gw_compile_zone_elems(c, "dnats", zone, name);
}

static bool snats_between(const struct gw_nat *nat, const struct gw_zone *from,
			  const struct gw_zone *to)
{
	return nat->kind != GW_NAT_DNAT && gw_zone_sets_cover(&nat->from, &nat->to, from, to);
}

/* Connections that dnat turned back into the zone that they come from. */
static void hairpin_rule(struct gw_compiler *c, struct gw_chain *chain,
			 const struct nat_layer *item)
{
	const struct gw_nat *nat = item->nat;
	bool ipv4 = nat->to_family == GW_FAMILY_IPV4;
	uint8_t nfproto = ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6, addr[16];
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_NFPROTO, REG_KEY);
	gw_expr_cmp_u8(&e, REG_KEY, NFT_CMP_EQ, nfproto);
	gw_expr_ct(&e, NFT_CT_STATUS, GW_CT_NO_DIR, REG_KEY);
	gw_expr_any_bit_u32(&e, REG_KEY, IPS_DST_NAT);
	gw_expr_ct(&e, ipv4 ? NFT_CT_SRC_IP : NFT_CT_SRC_IP6, IP_CT_DIR_REPLY, REG_KEY);
	gw_addr_to_bytes(nat->to_family, nat->to_addr.lo, addr);
	gw_expr_cmp(&e, REG_KEY, NFT_CMP_EQ, addr, ipv4 ? 4 : 16);
	(void)gw_expr_add(&e, GW_EXPR_MASQ);
	gw_compile_rule(c, chain, &e, item->origin, "hairpin");
}

static bool chain_is_needed(const struct nat_layers *layers, const struct gw_zone *from,
			    const struct gw_zone *to)
{
	for (size_t i = 0; i < layers->n; i++)
		if (snats_between(layers->items[i].nat, from, to) ||
		    (from == to && is_hairpin(layers->items[i].nat, from)))
			return true;
	return false;
}

static void snat_chain(struct gw_compiler *c, const struct nat_layers *layers,
		       const struct gw_zone *from, const struct gw_zone *to)
{
	const char *name;
	struct gw_chain *chain;

	if (!chain_is_needed(layers, from, to))
		return;
	name = gw_arena_printf(c->arena, "snat_%s_%s", from->name, to->name);
	chain = gw_compile_chain(c, name, &c->zone_origins[from->index]);
	for (size_t i = 0; i < layers->n; i++) {
		const struct nat_layer *item = &layers->items[i];
		bool first = i == 0 || layers->items[i - 1].nat != item->nat;

		if (from == to && first && is_hairpin(item->nat, from))
			hairpin_rule(c, chain, item);
	}
	for (size_t i = 0; i < layers->n; i++)
		if (snats_between(layers->items[i].nat, from, to))
			nat_rules(c, chain, &layers->items[i]);
	gw_compile_pair_elems(c, "snats", from, to, name);
}

static void base_chains(struct gw_compiler *c)
{
	struct gw_chain *chain;
	struct gw_exprs e;

	chain = gw_compile_base_chain(c, "nat_prerouting", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST,
				      "nat", false);
	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_IIFNAME, REG_KEY);
	gw_expr_vmap(&e, "dnats", REG_KEY);
	gw_compile_rule(c, chain, &e, c->gw, "destination translation");
	chain = gw_compile_base_chain(c, GW_NAT_CHAIN, NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC,
				      "nat", false);
	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_IIFNAME, REG_KEY);
	gw_expr_meta(&e, NFT_META_OIFNAME, GW_REG(4));
	gw_expr_vmap(&e, "snats", REG_KEY);
	gw_compile_rule(c, chain, &e, c->gw, "source translation");
}

void gw_compile_nat(struct gw_compiler *c)
{
	const struct gw_policy *policy = c->policy;
	struct nat_layers layers = nat_layers_build(c);

	for (size_t i = 0; i < policy->n_zones; i++)
		dnat_chain(c, &layers, &policy->zones[i]);
	for (size_t i = 0; i < policy->n_zones; i++)
		for (size_t k = 0; k < policy->n_zones; k++)
			snat_chain(c, &layers, &policy->zones[i], &policy->zones[k]);
	if (c->translates)
		base_chains(c);
}
