/*
 * IPv4, which nearly all frames of a segment without IPv6 are, and the tunnels in it.
 *
 * The way of an ordinary packet is one rule: comparisons of one to four octets of a header, for which the
 * kernel has short cuts (2 to 3 ns each), and one look-up, for quarantine (15 to 20 ns); no jump and no range. The
 * hook itself is 30 to 50 ns. What is not sure to be ordinary at first sight goes on to the longer way.
 */
#include <string.h>

#include "gw/core/mem.h"
#include "ipv6guard/compile.h"

#define LINK      NFT_PAYLOAD_LL_HEADER
#define NETWORK   NFT_PAYLOAD_NETWORK_HEADER
#define TRANSPORT NFT_PAYLOAD_TRANSPORT_HEADER

#define FRAGMENT_OFFSET 6u
#define PORT_AT         2u /* of the destination, in UDP and TCP */
#define IPV4_DEST       16u
#define UDP_PAYLOAD     8u

/* ---- tunnels over IPv4 ---------------------------------------------------------------------- */

/* Sets of one and two octets: bitmaps in the kernel. */
static void tunnel_sets(struct ipv6guard_compiler *c)
{
	uint16_t protocols[IPV6GUARD_TUNNEL_PROTOCOLS], ports[IPV6GUARD_TUNNEL_PORTS];
	size_t n = ipv6guard_refused_protocols(c->segment, protocols);

	ipv6guard_number_set(c, ipv6guard_name(c, "tunnels"), GW_TYPE_PROTO, protocols, n);
	n = ipv6guard_refused_ports(c->segment, ports);
	ipv6guard_number_set(c, ipv6guard_name(c, "tunnel_ports"), GW_TYPE_PORT, ports, n);
	n = ipv6guard_refused_tcp_ports(c->segment, ports);
	if (n)
		ipv6guard_number_set(c, ipv6guard_name(c, "tunnel_tcp_ports"), GW_TYPE_PORT, ports,
				     n);
}

/*
 * Teredo on any port (RFC 4380): an IPv6 header behind UDP, with or without the 8 octets of an origin
 * indication and the 13 of an authentication without names, that has a next header of the few that hosts send, and a source or destination of
 * 2001::/32. Random octets look like that once in 2^40.
 */
static void teredo_chain(struct ipv6guard_compiler *c, const char *kind, uint32_t inner)
{
	static const uint8_t mask[1] = { 0xf0 }, version[1] = { 0x60 };
	static const uint8_t prefix[4] = { 0x20, 0x01, 0, 0 };
	const char *chain = ipv6guard_chain(c, kind)->name;
	struct gw_exprs e;

	for (int dest = 0; dest < 2; dest++) {
		gw_exprs_start(&e, c->arena);
		ipv6guard_masked(&e, TRANSPORT, inner, mask, version, 1, NFT_CMP_EQ);
		ipv6guard_bytes(&e, TRANSPORT, inner + (dest ? IPV6_DEST : IPV6_SOURCE), prefix,
				sizeof(prefix));
		ipv6guard_in(&e, TRANSPORT, inner + 6, 1, "inside", false);
		ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_TUNNEL),
			       "Teredo by what is inside");
	}
}

/* What stands before the IPv6 header, if anything. The longer first: both begin with zeroes. */
static void teredo_rules(struct ipv6guard_compiler *c, const char *chain)
{
	static const struct {
		const char *kind;
		uint8_t begin[4], mask[4];
		uint32_t inner;
	} forms[] = {
		{ "teredo_auth", { 0, 1, 0, 0 }, { 0xff, 0xff, 0xff, 0xff }, 21 },
		{ "teredo_both", { 0, 1, 0, 0 }, { 0xff, 0xff, 0xff, 0xff }, 29 },
		{ "teredo_origin", { 0, 0 }, { 0xff, 0xff }, 16 },
		{ "teredo", { 0x60 }, { 0xf0 }, 8 },
	};
	struct gw_exprs e;

	for (size_t i = 0; i < GW_COUNT(forms); i++) {
		teredo_chain(c, forms[i].kind, forms[i].inner);
		gw_exprs_start(&e, c->arena);
		ipv6guard_masked(&e, TRANSPORT, UDP_PAYLOAD, forms[i].mask, forms[i].begin, 4,
				 NFT_CMP_EQ);
		gw_expr_verdict(&e, GW_VERDICT_JUMP, ipv6guard_name(c, forms[i].kind));
		ipv6guard_rule(c, chain, &e, "may be IPv6 in UDP");
	}
}

/* Drops what the rules before have not accepted, but later fragments: without the first, which has the ports,
 * they are nothing. */
static void ports_end(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t offset_mask[2] = { 0x1f, 0xff }, first[2] = { 0, 0 };
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_masked(&e, NETWORK, FRAGMENT_OFFSET, offset_mask, first, 2, NFT_CMP_NEQ);
	ipv6guard_accept(c, chain, &e, "later fragments");
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_TUNNEL), "tunnels by port");
}

/* Ports of destination only: clients may have any, and these among them. */
static void udp_chain(struct ipv6guard_compiler *c)
{
	static const uint8_t discovery[4] = { 224, 0, 0, 253 };
	const char *chain = ipv6guard_chain(c, "udp")->name;
	struct gw_exprs e;

	if (ipv6guard_refuses_tunnel(c->segment, IPV6GUARD_TEREDO)) {
		teredo_rules(c, chain);
		gw_exprs_start(&e, c->arena);
		ipv6guard_bytes(&e, NETWORK, IPV4_DEST, discovery, sizeof(discovery));
		ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_TUNNEL),
			       "neighbours with Teredo");
	}
	ipv6guard_compile_takeover(c, chain);
	gw_exprs_start(&e, c->arena);
	ipv6guard_in(&e, TRANSPORT, PORT_AT, 2, ipv6guard_name(c, "tunnel_ports"), true);
	ipv6guard_accept(c, chain, &e, "UDP");
	ports_end(c, chain);
}

static void tcp_chain(struct ipv6guard_compiler *c)
{
	const char *chain = ipv6guard_chain(c, "tcp")->name;
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_in(&e, TRANSPORT, PORT_AT, 2, ipv6guard_name(c, "tunnel_tcp_ports"), true);
	ipv6guard_accept(c, chain, &e, "TCP");
	ports_end(c, chain);
}

/* ---- the short way, and the way of others ----------------------------------------------------- */

/* meta protocol is always there, and where it says IPv4 behind Ethernet, the header can be loaded: neither
 * comparison can be missed. */
static void ipv4_or(struct ipv6guard_compiler *c, const char *chain, const char *others)
{
	static const uint8_t ipv4[2] = { TYPE_IPV4 >> 8, TYPE_IPV4 & 0xff };
	static const uint8_t mask[4] = { 0xff, 0xff, 0xf0, 0 }, value[4] = { 0x08, 0, 0x40, 0 };
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_PROTOCOL, GW_REG(0));
	gw_expr_cmp(&e, GW_REG(0), NFT_CMP_NEQ, ipv4, sizeof(ipv4));
	ipv6guard_goto(c, chain, &e, others, "not IPv4");
	/* Tagged, or of another version. */
	gw_exprs_start(&e, c->arena);
	ipv6guard_masked(&e, LINK, 12, mask, value, sizeof(value), NFT_CMP_NEQ);
	ipv6guard_goto(c, chain, &e, others, "not plain IPv4");
}

/*
 * IPv4 without options, its header whole: where meta l4proto is known the kernel has seen to it that kind of frame,
 * version and lengths agree, so an octet tells the version. At ports the kind of frame is loaded with it, since a
 * tag may hide there who is meant; on an interface, what has a tag that is not listed goes to the device of that
 * VLAN, if there is one, and is judged by that one's zone.
 *
 * Not on the way in while anything is in quarantine, which is asked on the longer way.
 */
static void plain_ipv4(struct ipv6guard_compiler *c, struct gw_exprs *e, uint8_t protocol,
		       bool inward)
{
	static const uint8_t plain[3] = { TYPE_IPV4 >> 8, TYPE_IPV4 & 0xff, 0x45 };

	ipv6guard_l4proto(e, protocol);
	if (inward)
		gw_expr_not_in(e, IPV6GUARD_SET_GUARD, GW_REG(0));
	if (c->segment->n_ports)
		ipv6guard_bytes(e, LINK, 12, plain, sizeof(plain));
	else
		ipv6guard_byte(e, NETWORK, 0, plain[2]);
}

/* No port among these, by the octets that they begin with, of which there are few. */
static void no_tunnel_port(struct gw_exprs *e, const uint16_t *ports, size_t n)
{
	uint8_t last = 0;

	if (n)
		gw_expr_payload(e, TRANSPORT, PORT_AT, 1, GW_REG(0));
	for (size_t i = 0; i < n; i++) {
		const uint8_t octet = (uint8_t)(ports[i] >> 8);

		if (octet != last)
			gw_expr_cmp(e, GW_REG(0), NFT_CMP_NEQ, &octet, 1);
		last = octet;
	}
}

/* A payload that begins neither as IPv6 nor with an indication of Teredo's. Four octets are loaded, since
 * that is what the kernel masks fast; none of the packets that have fewer carries IPv6. */
static void no_tunnel_payload(struct gw_exprs *e)
{
	static const uint8_t zero = 0, mask[4] = { 0xf0 }, version[4] = { 0x60 };

	gw_expr_payload(e, TRANSPORT, UDP_PAYLOAD, 1, GW_REG(0));
	gw_expr_cmp(e, GW_REG(0), NFT_CMP_NEQ, &zero, 1);
	ipv6guard_masked(e, TRANSPORT, UDP_PAYLOAD, mask, version, sizeof(mask), NFT_CMP_NEQ);
}

/* No group: neighbours find each other by Teredo's. Where frames are routed it leads nowhere. */
static void no_group(struct gw_exprs *e)
{
	static const uint8_t group = 224;

	gw_expr_payload(e, NETWORK, IPV4_DEST, 1, GW_REG(0));
	gw_expr_cmp(e, GW_REG(0), NFT_CMP_NEQ, &group, 1);
}

/* Nor an answer that is judged (compile_takeover.c): by the octets that the ports of names begin with, and the
 * ports where such answers go to. */
static void no_answer(struct gw_exprs *e)
{
	static const uint8_t names[] = { 53 >> 8, 5353 >> 8 };
	static const uint8_t clients[][2] = { { 0, 68 }, { 0, 137 } };

	gw_expr_payload(e, TRANSPORT, 0, 1, GW_REG(0));
	for (size_t i = 0; i < GW_COUNT(names); i++)
		gw_expr_cmp(e, GW_REG(0), NFT_CMP_NEQ, &names[i], 1);
	gw_expr_payload(e, TRANSPORT, PORT_AT, 2, GW_REG(0));
	for (size_t i = 0; i < GW_COUNT(clients); i++)
		gw_expr_cmp(e, GW_REG(0), NFT_CMP_NEQ, clients[i], 2);
}

static void short_way(struct ipv6guard_compiler *c, const char *chain, bool inward)
{
	uint16_t ports[IPV6GUARD_TUNNEL_PORTS] = { 0 };
	size_t n = inward ? ipv6guard_refused_ports(c->segment, ports) : 0;
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	plain_ipv4(c, &e, IPPROTO_UDP, inward);
	if (inward) {
		no_tunnel_port(&e, ports, n);
		if (ipv6guard_refuses_tunnel(c->segment, IPV6GUARD_TEREDO)) {
			no_tunnel_payload(&e);
			if (c->segment->n_ports)
				no_group(&e);
		}
		if (ipv6guard_judges_answers(c->segment))
			no_answer(&e);
	}
	ipv6guard_accept(c, chain, &e, "UDP that is no tunnel at first sight");
	gw_exprs_start(&e, c->arena);
	plain_ipv4(c, &e, IPPROTO_TCP, inward);
	n = inward ? ipv6guard_refused_tcp_ports(c->segment, ports) : 0;
	no_tunnel_port(&e, ports, n);
	ipv6guard_accept(c, chain, &e, "TCP over IPv4");
}

/* One bit while nothing is in quarantine, as @rt_guard of `inet gw` (gw/compile/measures.h). */
static void quarantine_rule(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t group = IPV6GUARD_GUARD_QUARANTINE;
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_imm(&e, GW_REG(0), &group, 1);
	gw_expr_lookup(&e, IPV6GUARD_SET_GUARD, GW_REG(0));
	ipv6guard_load_sender(&e, false);
	gw_expr_lookup(&e, IPV6GUARD_SET_QUARANTINE, GW_REG(0));
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_QUARANTINE),
		       "in quarantine");
}

/* A header of fewer than 20 octets, and authentication (AH) around a tunnel. */
static void odd_rules(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t least = 0x45;
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_payload(&e, NETWORK, 0, 1, GW_REG(0));
	gw_expr_cmp(&e, GW_REG(0), NFT_CMP_LT, &least, 1);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_DISGUISED), "no IPv4");
	gw_exprs_start(&e, c->arena);
	ipv6guard_byte(&e, NETWORK, IPV4_PROTOCOL, IPPROTO_AH);
	ipv6guard_in(&e, TRANSPORT, 0, 1, ipv6guard_name(c, "tunnels"), false);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_TUNNEL),
		       "authenticated tunnels");
}

static void ipv4_chain(struct ipv6guard_compiler *c)
{
	const char *chain = ipv6guard_chain(c, "ipv4")->name;
	uint16_t ports[IPV6GUARD_TUNNEL_TCP_PORTS];
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_byte(&e, NETWORK, IPV4_PROTOCOL, IPPROTO_UDP);
	ipv6guard_goto(c, chain, &e, ipv6guard_name(c, "udp"), "UDP");
	if (ipv6guard_refused_tcp_ports(c->segment, ports)) {
		gw_exprs_start(&e, c->arena);
		ipv6guard_byte(&e, NETWORK, IPV4_PROTOCOL, IPPROTO_TCP);
		ipv6guard_goto(c, chain, &e, ipv6guard_name(c, "tcp"), "TCP");
		tcp_chain(c);
	}
	odd_rules(c, chain);
	gw_exprs_start(&e, c->arena);
	ipv6guard_in(&e, NETWORK, IPV4_PROTOCOL, 1, ipv6guard_name(c, "tunnels"), true);
	ipv6guard_accept(c, chain, &e, "IPv4");
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_TUNNEL), "tunnels");
}

void ipv6guard_compile_ipv4(struct ipv6guard_compiler *c, const char *chain, const char *others)
{
	struct gw_exprs e;

	tunnel_sets(c);
	short_way(c, chain, true);
	quarantine_rule(c, chain);
	ipv4_or(c, chain, others);
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_name(c, "ipv4"), "other IPv4");
	ipv4_chain(c);
	udp_chain(c);
}

void ipv6guard_compile_own_ipv4(struct ipv6guard_compiler *c, const char *chain, const char *others)
{
	struct gw_exprs e;

	short_way(c, chain, false);
	ipv4_or(c, chain, others);
	gw_exprs_start(&e, c->arena);
	ipv6guard_in(&e, NETWORK, IPV4_PROTOCOL, 1, ipv6guard_name(c, "tunnels"), true);
	ipv6guard_accept(c, chain, &e, "IPv4");
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_OWN), "tunnels");
}
