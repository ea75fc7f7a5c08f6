/*
 * Router advertisements of routers that are listed (RFC 6105, 7113): who sends it, at which port, the
 * fixed fields, and every option with what it holds. nftables has no loop and no offset that a packet
 * chooses, so the options are walked by straight-line rules, 8 octets a step: the packet's mark is the
 * place of the next option, a rule fits if an option of its form stands there, and moves the mark past
 * it. An advertisement passes if the walk ends where the packet ends. Advertisements are few and rules
 * of other places end at their first comparison.
 *
 * An option that is not listed here (PREF64, captive portals, encrypted DNS …) makes the walk stop: the
 * advertisement is refused as a whole.
 */
#include <string.h>

#include "gw/core/mem.h"
#include "ipv6guard/compile.h"

#define NETWORK   NFT_PAYLOAD_NETWORK_HEADER
#define TRANSPORT NFT_PAYLOAD_TRANSPORT_HEADER
#define MARK      GW_REG(12)

#define PLACES  28u /* of 8 octets: options of 224 octets */
#define OPTIONS 16u /* where they begin in the advertisement */

/* Fixed fields. */
#define CODE      1u
#define HOP_LIMIT 4u
#define FLAGS     5u
#define LIFETIME  6u

#define FLAGS_MANAGED    0xc0u
#define FLAGS_PREFERENCE 0x18u
#define PREFERENCE_HIGH  0x08u

/* ---- what may be announced ------------------------------------------------------------------ */

/* MAC . prefix length . prefix: a prefix within one that is listed, and no shorter. */
static void add_prefix(struct ipv6guard_compiler *c, struct gw_set *set, const uint8_t *mac,
		       struct gw_range range, uint8_t shortest)
{
	uint8_t *key = gw_arena_zalloc(c->arena, 2, 8 + 4 + 16), *end = key + 8 + 4 + 16;

	memcpy(key, mac, GW_MAC_LEN);
	memcpy(end, mac, GW_MAC_LEN);
	key[8] = shortest;
	end[8] = 128;
	gw_addr_to_bytes(GW_FAMILY_IPV6, range.lo, key + 12);
	gw_addr_to_bytes(GW_FAMILY_IPV6, range.hi, end + 12);
	gw_ruleset_add_elem(c->table, set,
			    (struct gw_elem){ .key = key, .key_end = end, .origin = c->origin });
}

static uint8_t prefix_length(struct gw_range range)
{
	uint8_t length = 128;

	for (gw_u128 hosts = range.hi - range.lo; hosts; hosts >>= 1)
		length--;
	return length;
}

static const char *prefix_set(struct ipv6guard_compiler *c, const char *kind, bool dns)
{
	struct gw_set definition = { .name = ipv6guard_name(c, kind),
				     .key = { GW_TYPE_ETHER, GW_TYPE_PROTO, GW_TYPE_IPV6 },
				     .n_key = 3,
				     .interval = true,
				     .origin = c->origin };
	struct gw_set *set = gw_ruleset_add_set(c->table, &definition);

	for (size_t i = 0; i < c->segment->n_routers; i++) {
		const struct ipv6guard_router *router = &c->segment->routers[i];
		struct gw_addrset addrs = dns ? router->dns : router->prefixes;

		for (size_t k = 0; k < addrs.n; k++)
			add_prefix(c, set, router->mac, addrs.ranges[k],
				   dns ? 0 : prefix_length(addrs.ranges[k]));
	}
	return definition.name;
}

/* MAC . MAC: a router's own address behind the header must be the one in it. */
static const char *own_set(struct ipv6guard_compiler *c)
{
	struct gw_set definition = { .name = ipv6guard_name(c, "router_macs"),
				     .key = { GW_TYPE_ETHER, GW_TYPE_ETHER },
				     .n_key = 2,
				     .origin = c->origin };
	struct gw_set *set = gw_ruleset_add_set(c->table, &definition);

	for (size_t i = 0; i < c->segment->n_routers; i++) {
		uint8_t *key = gw_arena_zalloc(c->arena, 2, 8);

		memcpy(key, c->segment->routers[i].mac, GW_MAC_LEN);
		memcpy(key + 8, c->segment->routers[i].mac, GW_MAC_LEN);
		gw_ruleset_add_elem(c->table, set,
				    (struct gw_elem){ .key = key, .origin = c->origin });
	}
	return definition.name;
}

/* ---- the walk ------------------------------------------------------------------------------- */

struct walk {
	struct ipv6guard_compiler *c;
	const char *chain;
	const char *own, *prefixes, *dns;
	bool search; /* a router may announce name servers, so also domains to search */
};

static void set_place(struct gw_exprs *e, uint32_t place)
{
	gw_expr_imm_u32(e, MARK, place);
	gw_expr_meta_set(e, NFT_META_MARK, MARK);
}

/* Begins a rule for an option of this type and length in units of 8 octets. */
static uint32_t option_start(struct walk *walk, struct gw_exprs *e, uint32_t place, uint8_t type,
			     uint8_t units)
{
	const uint8_t head[2] = { type, units };
	const uint32_t offset = OPTIONS + 8 * (place - 1);

	gw_exprs_start(e, walk->c->arena);
	gw_expr_meta(e, NFT_META_MARK, GW_REG(0));
	gw_expr_cmp(e, GW_REG(0), NFT_CMP_EQ, &place, sizeof(place));
	ipv6guard_bytes(e, TRANSPORT, offset, head, sizeof(head));
	return offset;
}

static void option_end(struct walk *walk, struct gw_exprs *e, uint32_t place, uint8_t units,
		       const char *comment)
{
	set_place(e, place + units);
	ipv6guard_rule(walk->c, walk->chain, e, comment);
}

/* Registers 0 on: MAC . length . prefix. */
static void load_announced(struct gw_exprs *e, uint32_t length_at, uint32_t prefix_at, uint32_t len)
{
	static const uint8_t none[16], whole = 128;

	gw_expr_payload(e, NFT_PAYLOAD_LL_HEADER, 6, 6, GW_REG(0));
	if (length_at)
		gw_expr_payload(e, TRANSPORT, length_at, 1, GW_REG(2));
	else
		gw_expr_imm(e, GW_REG(2), &whole, 1);
	if (len < 16)
		gw_expr_imm(e, GW_REG(3) + len / 4, none, 16 - len);
	gw_expr_payload(e, TRANSPORT, prefix_at, len, GW_REG(3));
}

static void link_options(struct walk *walk, uint32_t place)
{
	static const uint8_t least[4] = { 0, 0, 1280 >> 8, 1280 & 0xff },
			     most[4] = { 0, 0, 0xff, 0xff };
	struct gw_exprs e;
	uint32_t at;

	at = option_start(walk, &e, place, 1, 1);
	gw_expr_payload(&e, NFT_PAYLOAD_LL_HEADER, 6, 6, GW_REG(0));
	gw_expr_payload(&e, TRANSPORT, at + 2, 6, GW_REG(2));
	gw_expr_lookup(&e, walk->own, GW_REG(0));
	option_end(walk, &e, place, 1, "its own link-layer address");
	at = option_start(walk, &e, place, 5, 1);
	gw_expr_payload(&e, TRANSPORT, at + 4, 4, GW_REG(0));
	gw_expr_range(&e, GW_REG(0), least, most, 4);
	option_end(walk, &e, place, 1, "MTU");
}

static void prefix_options(struct walk *walk, uint32_t place)
{
	struct gw_exprs e;
	uint32_t at;

	at = option_start(walk, &e, place, 3, 4);
	load_announced(&e, at + 2, at + 16, 16);
	gw_expr_lookup(&e, walk->prefixes, GW_REG(0));
	option_end(walk, &e, place, 4, "prefix");
	for (uint8_t units = 2; units <= 3; units++) {
		at = option_start(walk, &e, place, 24, units);
		load_announced(&e, at + 2, at + 8, units == 2 ? 8 : 16);
		gw_expr_lookup(&e, walk->prefixes, GW_REG(0));
		option_end(walk, &e, place, units, "route");
	}
}

static void name_options(struct walk *walk, uint32_t place)
{
	struct gw_exprs e;
	uint32_t at;

	for (uint8_t servers = 1; servers <= 3; servers++) {
		uint8_t units = (uint8_t)(1 + 2 * servers);

		at = option_start(walk, &e, place, 25, units);
		for (uint32_t i = 0; i < servers; i++) {
			load_announced(&e, 0, at + 8 + 16 * i, 16);
			gw_expr_lookup(&e, walk->dns, GW_REG(0));
		}
		option_end(walk, &e, place, units, "name servers");
	}
	for (uint8_t units = 2; units <= 5; units++) {
		(void)option_start(walk, &e, place, 31, units);
		option_end(walk, &e, place, units, "domains to search");
	}
}

/* The length of the packet says that all of it was walked. */
static void end_rule(struct walk *walk, uint32_t place)
{
	const uint32_t len = OPTIONS + 8 * (place - 1);
	const uint8_t bytes[2] = { (uint8_t)(len >> 8), (uint8_t)len };
	struct gw_exprs e;

	gw_exprs_start(&e, walk->c->arena);
	gw_expr_meta(&e, NFT_META_MARK, GW_REG(0));
	gw_expr_cmp(&e, GW_REG(0), NFT_CMP_EQ, &place, sizeof(place));
	ipv6guard_bytes(&e, NETWORK, 4, bytes, sizeof(bytes));
	set_place(&e, 0);
	ipv6guard_accept(walk->c, walk->chain, &e, "all of it is permitted");
}

static void options_chain(struct ipv6guard_compiler *c)
{
	struct walk walk = { .c = c,
			     .chain = ipv6guard_chain(c, "options")->name,
			     .own = own_set(c),
			     .prefixes = prefix_set(c, "prefixes", false),
			     .dns = prefix_set(c, "dns", true) };
	struct gw_exprs e;

	for (size_t i = 0; i < c->segment->n_routers; i++)
		walk.search |= c->segment->routers[i].dns.n > 0;
	gw_exprs_start(&e, c->arena);
	set_place(&e, 1);
	ipv6guard_rule(c, walk.chain, &e, "the first option");
	for (uint32_t place = 1; place <= PLACES; place++) {
		end_rule(&walk, place);
		link_options(&walk, place);
		prefix_options(&walk, place);
		if (walk.search)
			name_options(&walk, place);
	}
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, walk.chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_ROUTER),
		       "an option that is not permitted");
}

/* ---- the fixed fields ----------------------------------------------------------------------- */

static void refuse_masked(struct ipv6guard_compiler *c, const char *chain, uint8_t mask,
			  uint8_t value, uint32_t op, const char *comment)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_masked(&e, TRANSPORT, FLAGS, &mask, &value, 1, op);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_ROUTER), comment);
}

static void router_chain(struct ipv6guard_compiler *c, const char *chain,
			 const struct ipv6guard_router *router)
{
	const uint8_t lifetime[2] = { (uint8_t)(router->lifetime_max >> 8),
				      (uint8_t)router->lifetime_max };
	static const uint8_t low = 1, high = 31;
	struct gw_exprs e;

	if (!router->managed)
		refuse_masked(c, chain, FLAGS_MANAGED, 0, NFT_CMP_NEQ, "flags M and O");
	if (!router->preference_high)
		refuse_masked(c, chain, FLAGS_PREFERENCE, PREFERENCE_HIGH, NFT_CMP_EQ,
			      "preference high");
	gw_exprs_start(&e, c->arena);
	gw_expr_payload(&e, TRANSPORT, HOP_LIMIT, 1, GW_REG(0));
	gw_expr_range(&e, GW_REG(0), &low, &high, 1);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_ROUTER), "a low hop limit");
	gw_exprs_start(&e, c->arena);
	gw_expr_payload(&e, TRANSPORT, LIFETIME, 2, GW_REG(0));
	gw_expr_cmp(&e, GW_REG(0), NFT_CMP_LTE, lifetime, sizeof(lifetime));
	ipv6guard_goto(c, chain, &e, ipv6guard_name(c, "options"), "lifetime");
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_ROUTER), "lifetime");
}

/* What it sends must be a plain advertisement: offsets are good for no other. */
static void sender_rule(struct ipv6guard_compiler *c, const char *chain,
			const struct ipv6guard_router *router, const char *target)
{
	uint8_t addr[16];
	struct gw_exprs e;

	gw_addr_to_bytes(GW_FAMILY_IPV6, router->link_local, addr);
	gw_exprs_start(&e, c->arena);
	ipv6guard_bytes(&e, NFT_PAYLOAD_LL_HEADER, 6, router->mac, GW_MAC_LEN);
	ipv6guard_bytes(&e, NETWORK, IPV6_SOURCE, addr, sizeof(addr));
	ipv6guard_byte(&e, NETWORK, 6, IPPROTO_ICMPV6);
	ipv6guard_byte(&e, NETWORK, 7, 255);
	ipv6guard_byte(&e, TRANSPORT, CODE, 0);
	ipv6guard_load_sender(&e, true);
	gw_expr_lookup(&e, ipv6guard_name(c, "routers"), GW_REG(0));
	ipv6guard_goto(c, chain, &e, target, "a listed router");
}

void ipv6guard_compile_router(struct ipv6guard_compiler *c, const char *chain)
{
	struct gw_exprs e;

	for (size_t i = 0; i < c->segment->n_routers; i++) {
		const char *kind = gw_arena_printf(c->arena, "router%zu", i + 1);

		sender_rule(c, chain, &c->segment->routers[i], ipv6guard_name(c, kind));
		router_chain(c, ipv6guard_chain(c, kind)->name, &c->segment->routers[i]);
	}
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_ROUTER),
		       "not a listed router");
	if (c->segment->n_routers)
		options_chain(c);
}
