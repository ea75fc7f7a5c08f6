/*
 * Segments where IPv6 is meant: what hosts may send. Routers and servers are those that are listed;
 * the gateway's own frames go out and are not judged here.
 */
#include <string.h>

#include "gw/core/mem.h"
#include "ipv6guard/compile.h"

#define NETWORK   NFT_PAYLOAD_NETWORK_HEADER
#define TRANSPORT NFT_PAYLOAD_TRANSPORT_HEADER

#define HEADER_FRAGMENT 44u

#define ROUTER_ADVERTISEMENT 134
#define REDIRECT             137
/* Octets behind its header; classify.c has the same limit. */
#define FRAGMENT_LEAST 256u

/* ---- sets ----------------------------------------------------------------------------------- */

/* One element for each device of the segment, or for the one that is named. Patterns cannot stand in a
 * set; a router at such a port must be named with it. */
static void sender_elems(struct ipv6guard_compiler *c, struct gw_set *set, const char *port,
			 const uint8_t *mac, const gw_u128 *addr, struct gw_loc loc)
{
	const struct ipv6guard_segment *segment = c->segment;
	struct gw_origin *origin = gw_arena_new_of(c->arena, struct gw_origin);
	size_t n = port ? 1 : segment->n_interfaces + segment->n_ports;

	*origin = (struct gw_origin){ segment->name, loc };
	for (size_t i = 0; i < n; i++) {
		const char *name = port ? port
				   : i < segment->n_interfaces
					   ? segment->interfaces[i].name
					   : segment->ports[i - segment->n_interfaces].name;
		uint8_t *key = gw_arena_zalloc(c->arena, 1, 16 + 8 + 16);

		if (strchr(name, '*'))
			continue;
		memcpy(key, name, strnlen(name, 15));
		memcpy(key + 16, mac, GW_MAC_LEN);
		if (addr)
			gw_addr_to_bytes(GW_FAMILY_IPV6, *addr, key + 24);
		gw_ruleset_add_elem(c->table, set,
				    (struct gw_elem){ .key = key, .origin = origin });
	}
}

void ipv6guard_sender_set(struct ipv6guard_compiler *c, const char *kind,
			  const struct ipv6guard_server *servers, size_t n)
{
	const struct gw_set definition = { .name = ipv6guard_name(c, kind),
					   .key = { GW_TYPE_IFNAME, GW_TYPE_ETHER },
					   .n_key = 2,
					   .origin = c->origin };
	struct gw_set *set = gw_ruleset_add_set(c->table, &definition);

	for (size_t i = 0; i < n; i++)
		sender_elems(c, set, servers[i].port, servers[i].mac, NULL, servers[i].loc);
}

/* Who a router is, and, of a set of its own, who forwards what others send. One set after the other: a
 * pointer to a set is good until the next is added. */
static void router_sets(struct ipv6guard_compiler *c)
{
	const struct ipv6guard_segment *segment = c->segment;
	const struct gw_set routers = { .name = ipv6guard_name(c, "routers"),
					.key = { GW_TYPE_IFNAME, GW_TYPE_ETHER, GW_TYPE_IPV6 },
					.n_key = 3,
					.origin = c->origin };
	const struct gw_set forwarders = { .name = ipv6guard_name(c, "forwarders"),
					   .key = { GW_TYPE_IFNAME, GW_TYPE_ETHER },
					   .n_key = 2,
					   .origin = c->origin };

	for (int macs = 0; macs < 2; macs++) {
		struct gw_set *set = gw_ruleset_add_set(c->table, macs ? &forwarders : &routers);

		for (size_t i = 0; i < segment->n_routers; i++) {
			const struct ipv6guard_router *router = &segment->routers[i];

			sender_elems(c, set, router->port, router->mac,
				     macs ? NULL : &router->link_local, router->loc);
		}
	}
}

/* ---- addresses and headers ------------------------------------------------------------------ */

static void drop_bytes(struct ipv6guard_compiler *c, const char *chain, uint32_t offset,
		       const void *bytes, uint32_t len, const char *comment)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_bytes(&e, NETWORK, offset, bytes, len);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_SOURCE), comment);
}

/* RFC 4942: group addresses as sources; loopback, and addresses that stand for IPv4, on a wire. */
static void address_rules(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t group = 0xff, zeroes[10];

	drop_bytes(c, chain, IPV6_SOURCE, &group, 1, "a group as the source");
	drop_bytes(c, chain, IPV6_SOURCE, zeroes, sizeof(zeroes), "::/80");
	drop_bytes(c, chain, IPV6_DEST, zeroes, sizeof(zeroes), "::/80");
	ipv6guard_compile_source_guard(c, chain);
}

/* Two octets of the fragment header, offset and flags, under a mask. */
static void offset_and_flags(struct gw_exprs *e, const uint8_t mask[2], uint32_t op,
			     const uint8_t value[2])
{
	static const uint8_t zero[2];
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_HEADER);

	expr->key = HEADER_FRAGMENT;
	expr->dreg = GW_REG(0);
	expr->offset = expr->len = 2;
	expr = gw_expr_add(e, GW_EXPR_BITWISE);
	expr->sreg = expr->dreg = GW_REG(0);
	expr->len = expr->data_len = 2;
	expr->data = gw_arena_memdup(e->arena, mask, 2);
	expr->data_end = zero;
	gw_expr_cmp(e, GW_REG(0), op, value, 2);
}

/* One that is whole says nothing that a packet would not (RFC 8021), and nobody has to send a first one that
 * is so short: all but the last are as long as the path allows. */
static void odd_fragment_rules(struct ipv6guard_compiler *c, const char *chain, const char *drop)
{
	static const uint8_t all[2] = { 0xff, 0xf9 }, zero[2], more[2] = { 0, 1 };
	static const uint8_t least[2] = { (FRAGMENT_LEAST + 8) >> 8, (FRAGMENT_LEAST + 8) & 0xff };
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	offset_and_flags(&e, all, NFT_CMP_EQ, zero);
	ipv6guard_goto(c, chain, &e, drop, "fragments that are whole");
	gw_exprs_start(&e, c->arena);
	offset_and_flags(&e, more, NFT_CMP_EQ, more);
	gw_expr_payload(&e, NETWORK, 4, 2, GW_REG(0));
	gw_expr_cmp(&e, GW_REG(0), NFT_CMP_LT, least, 2);
	ipv6guard_goto(c, chain, &e, drop, "short fragments that are not the last");
}

/*
 * Fragments: none of what hosts say to neighbours (RFC 6980 and 7113; routers and DHCPv6 servers
 * speak from link-local addresses). A first fragment goes on and must show all headers (RFC 7112); later
 * ones pass, since without the first they are nothing.
 */
static void fragments_chain(struct ipv6guard_compiler *c)
{
	static const uint8_t link_groups[2] = { 0xff, 0x02 }, mask[2] = { 0xff, 0xf8 }, first[2];
	const char *chain = ipv6guard_chain(c, "fragments")->name;
	const char *drop = ipv6guard_drop(c, IPV6GUARD_CLASS_FRAGMENT);
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_link_local(&e, IPV6_SOURCE);
	ipv6guard_goto(c, chain, &e, drop, "from a link-local address");
	gw_exprs_start(&e, c->arena);
	ipv6guard_bytes(&e, NETWORK, IPV6_DEST, link_groups, sizeof(link_groups));
	ipv6guard_goto(c, chain, &e, drop, "to a group of the link");
	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_ICMPV6);
	ipv6guard_in(&e, TRANSPORT, 0, 1, "whole", false);
	ipv6guard_goto(c, chain, &e, drop, "neighbour discovery");
	odd_fragment_rules(c, chain, drop);
	gw_exprs_start(&e, c->arena);
	offset_and_flags(&e, mask, NFT_CMP_NEQ, first);
	ipv6guard_accept(c, chain, &e, "later fragments");
}

static void header_rules(struct ipv6guard_compiler *c, const char *chain)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_has_header(&e, HEADER_FRAGMENT);
	gw_expr_verdict(&e, GW_VERDICT_JUMP, ipv6guard_name(c, "fragments"));
	ipv6guard_rule(c, chain, &e, "fragments");
	fragments_chain(c);
	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_L4PROTO, GW_REG(0));
	gw_expr_lookup(&e, "inner", GW_REG(0));
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_TUNNEL), "tunnels");
}

/* ---- DHCPv6 (RFC 7610) ---------------------------------------------------------------------- */

static void dhcp_rules(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t both[4] = { 547 >> 8, 547 & 0xff, 546 >> 8, 546 & 0xff };
	static const uint8_t client[2] = { 546 >> 8, 546 & 0xff },
			     server[2] = { 547 >> 8, 547 & 0xff };
	static const uint8_t relay[2] = { 12, 13 };
	const char *drop = ipv6guard_drop(c, IPV6GUARD_CLASS_DHCPV6);
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_UDP);
	ipv6guard_bytes(&e, TRANSPORT, 0, both, sizeof(both));
	ipv6guard_load_sender(&e, false);
	gw_expr_lookup(&e, ipv6guard_name(c, "servers"), GW_REG(0));
	ipv6guard_accept(c, chain, &e, "listed servers");
	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_UDP);
	ipv6guard_bytes(&e, TRANSPORT, 2, client, sizeof(client));
	ipv6guard_goto(c, chain, &e, drop, "servers");
	for (size_t i = 0; i < GW_COUNT(relay); i++) {
		gw_exprs_start(&e, c->arena);
		ipv6guard_l4proto(&e, IPPROTO_UDP);
		ipv6guard_bytes(&e, TRANSPORT, 2, server, sizeof(server));
		ipv6guard_byte(&e, TRANSPORT, 8, relay[i]);
		ipv6guard_goto(c, chain, &e, drop, "relays");
	}
	ipv6guard_jump_answers(c, chain);
	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_UDP);
	/* Where there is no port, there is no header to judge. */
	gw_expr_payload(&e, TRANSPORT, 2, 2, GW_REG(0));
	ipv6guard_accept(c, chain, &e, "UDP");
}

/* ---- ICMPv6 and the rest -------------------------------------------------------------------- */

static void router_rules(struct ipv6guard_compiler *c, const char *chain)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_ICMPV6);
	ipv6guard_byte(&e, TRANSPORT, 0, ROUTER_ADVERTISEMENT);
	ipv6guard_goto(c, chain, &e, ipv6guard_name(c, "router"), "router advertisements");
	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_ICMPV6);
	ipv6guard_byte(&e, TRANSPORT, 0, REDIRECT);
	ipv6guard_byte(&e, NETWORK, 7, 255);
	ipv6guard_load_sender(&e, true);
	gw_expr_lookup(&e, ipv6guard_name(c, "routers"), GW_REG(0));
	ipv6guard_accept(c, chain, &e, "redirects of a router");
	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_ICMPV6);
	ipv6guard_byte(&e, TRANSPORT, 0, REDIRECT);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_REDIRECT), "redirects");
}

static void transport_rules(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t transports[] = { IPPROTO_ESP, IPPROTO_SCTP, IPPROTO_UDPLITE,
					      IPPROTO_DCCP };
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_ICMPV6);
	ipv6guard_in(&e, TRANSPORT, 0, 1, "messages", false);
	ipv6guard_accept(c, chain, &e, "errors, echo");
	for (size_t i = 0; i < GW_COUNT(transports); i++) {
		gw_exprs_start(&e, c->arena);
		ipv6guard_l4proto(&e, transports[i]);
		gw_expr_payload(&e, TRANSPORT, 0, 4, GW_REG(0));
		ipv6guard_accept(c, chain, &e, "transports");
	}
}

void ipv6guard_compile_guarded(struct ipv6guard_compiler *c, const char *chain)
{
	struct gw_exprs e;

	router_sets(c);
	ipv6guard_sender_set(c, "servers", c->segment->servers, c->segment->n_servers);
	ipv6guard_compile_headers(c, chain);
	ipv6guard_compile_unspecified(c, chain);
	address_rules(c, chain);
	header_rules(c, chain);
	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_TCP);
	gw_expr_payload(&e, TRANSPORT, 0, 4, GW_REG(0));
	ipv6guard_accept(c, chain, &e, "TCP");
	dhcp_rules(c, chain);
	router_rules(c, chain);
	ipv6guard_compile_discovery(c, chain);
	transport_rules(c, chain);
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_HEADER),
		       "nothing that is known");
	ipv6guard_compile_router(c, ipv6guard_chain(c, "router")->name);
}
