/* What every mode has: kinds of frames, tags, IPv4 and the tunnels in it, and the way out. */
#include "gw/core/mem.h"
#include "ipv6guard/compile.h"

#define LINK      NFT_PAYLOAD_LL_HEADER
#define NETWORK   NFT_PAYLOAD_NETWORK_HEADER
#define TRANSPORT NFT_PAYLOAD_TRANSPORT_HEADER

#define TYPE_IPV4 0x0800
#define TYPE_ARP  0x0806
#define TYPE_IPV6 0x86dd
#define TYPE_TAG  0x8100

/* Lower than this it is a length: 802.3 with LLC. */
#define TYPE_LEAST 0x0600

#define PROTOCOL_OFFSET 9u /* in the IPv4 header */
#define FRAGMENT_OFFSET 6u

/* ---- tunnels over IPv4 ---------------------------------------------------------------------- */

static const struct {
	enum ipv6guard_tunnel tunnel;
	uint16_t protocol;
} protocols[] = {
	{ IPV6GUARD_6IN4, 41 },
	{ IPV6GUARD_GRE, 47 },
	{ IPV6GUARD_IPIP, 4 },
	{ IPV6GUARD_IPIP, 94 },
	{ IPV6GUARD_ETHER, 97 },
	{ IPV6GUARD_ETHER, 115 },
	{ IPV6GUARD_ETHER, 137 },
	{ IPV6GUARD_ETHER, 55 },
	{ IPV6GUARD_ETHER, 98 },
	/* IPv6's own extension headers and ICMPv6 have no business in IPv4. */
	{ IPV6GUARD_6IN4, 43 },
	{ IPV6GUARD_6IN4, 44 },
	{ IPV6GUARD_6IN4, 58 },
	{ IPV6GUARD_6IN4, 59 },
	{ IPV6GUARD_6IN4, 60 },
};

static const struct {
	enum ipv6guard_tunnel tunnel;
	uint16_t port;
} ports[] = {
	{ IPV6GUARD_TEREDO, 3544 },
	{ IPV6GUARD_TSP, 3653 },
	{ IPV6GUARD_AYIYA, 3740 },
	{ IPV6GUARD_AYIYA, 5072 },
};

/* In a segment with IPv6, what may carry other things than IPv6 is not ours to refuse. */
static bool is_refused(const struct ipv6guard_segment *segment, enum ipv6guard_tunnel tunnel)
{
	bool general =
		tunnel == IPV6GUARD_GRE || tunnel == IPV6GUARD_IPIP || tunnel == IPV6GUARD_ETHER;

	return !segment->tunnels[tunnel] && !(general && segment->mode == IPV6GUARD_GUARDED);
}

/* Two sets of one octet, bitmaps in the kernel: protocols that are refused, and with UDP, whose ports
 * are asked for, those that the short way does not decide. */
static void tunnel_sets(struct ipv6guard_compiler *c)
{
	uint16_t refused[GW_COUNT(protocols) + 1], numbers[GW_COUNT(ports)];
	size_t n = 0, n_ports = 0;

	for (size_t i = 0; i < GW_COUNT(protocols); i++)
		if (is_refused(c->segment, protocols[i].tunnel))
			refused[n++] = protocols[i].protocol;
	for (size_t i = 0; i < GW_COUNT(ports); i++)
		if (is_refused(c->segment, ports[i].tunnel))
			numbers[n_ports++] = ports[i].port;
	ipv6guard_number_set(c, ipv6guard_name(c, "tunnels"), GW_TYPE_PROTO, refused, n);
	refused[n] = IPPROTO_UDP;
	ipv6guard_number_set(c, ipv6guard_name(c, "judged"), GW_TYPE_PROTO, refused, n + 1);
	ipv6guard_number_set(c, ipv6guard_name(c, "tunnel_ports"), GW_TYPE_PORT, numbers, n_ports);
}

/*
 * Teredo on any port (RFC 4380): an IPv6 header behind UDP, with or without the 8 octets of an origin
 * indication, that has a next header of the few that hosts send, and a source or destination of
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

/* Nearly all UDP pays for the first comparison of each of the two rules only. */
static void teredo_rules(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t mask[1] = { 0xf0 }, version[1] = { 0x60 }, indication[2] = { 0, 0 };
	struct gw_exprs e;

	teredo_chain(c, "teredo", 8);
	teredo_chain(c, "teredo_origin", 16);
	gw_exprs_start(&e, c->arena);
	ipv6guard_masked(&e, TRANSPORT, 8, mask, version, 1, NFT_CMP_EQ);
	gw_expr_verdict(&e, GW_VERDICT_JUMP, ipv6guard_name(c, "teredo"));
	ipv6guard_rule(c, chain, &e, "may be IPv6 in UDP");
	gw_exprs_start(&e, c->arena);
	ipv6guard_bytes(&e, TRANSPORT, 8, indication, sizeof(indication));
	gw_expr_verdict(&e, GW_VERDICT_JUMP, ipv6guard_name(c, "teredo_origin"));
	ipv6guard_rule(c, chain, &e, "may be IPv6 in UDP");
}

/* Ports of destination only: clients may have any, and these among them. */
static void udp_chain(struct ipv6guard_compiler *c)
{
	static const uint8_t offset_mask[2] = { 0x1f, 0xff }, first[2] = { 0, 0 };
	const char *chain = ipv6guard_chain(c, "udp")->name;
	struct gw_exprs e;

	if (is_refused(c->segment, IPV6GUARD_TEREDO))
		teredo_rules(c, chain);
	gw_exprs_start(&e, c->arena);
	ipv6guard_in(&e, TRANSPORT, 2, 2, ipv6guard_name(c, "tunnel_ports"), true);
	ipv6guard_accept(c, chain, &e, "UDP");
	/* No ports in them; without the first fragment they are nothing. */
	gw_exprs_start(&e, c->arena);
	ipv6guard_masked(&e, NETWORK, FRAGMENT_OFFSET, offset_mask, first, 2, NFT_CMP_NEQ);
	ipv6guard_accept(c, chain, &e, "later fragments of UDP");
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_TUNNEL), "tunnels over UDP");
}

static void ipv4_chain(struct ipv6guard_compiler *c)
{
	const char *chain = ipv6guard_chain(c, "ipv4")->name;
	struct gw_exprs e;

	tunnel_sets(c);
	gw_exprs_start(&e, c->arena);
	ipv6guard_in(&e, NETWORK, PROTOCOL_OFFSET, 1, ipv6guard_name(c, "judged"), true);
	ipv6guard_accept(c, chain, &e, "IPv4");
	gw_exprs_start(&e, c->arena);
	ipv6guard_byte(&e, NETWORK, PROTOCOL_OFFSET, IPPROTO_UDP);
	ipv6guard_goto(c, chain, &e, ipv6guard_name(c, "udp"), "UDP");
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_TUNNEL), "tunnels");
	udp_chain(c);
}

/* ---- carriers and tags ---------------------------------------------------------------------- */

static void arp_rule(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t ipv4[2] = { TYPE_IPV4 >> 8, TYPE_IPV4 & 0xff };
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_ethertype(&e, TYPE_ARP);
	ipv6guard_bytes(&e, NETWORK, 2, ipv4, sizeof(ipv4));
	ipv6guard_accept(c, chain, &e, "ARP for IPv4");
}

/* Spanning tree is an 802.3 frame: a length, and SAP 0x42 both ways, to a group that is its own. */
static void stp_rule(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t group[6] = { 0x01, 0x80, 0xc2, 0, 0, 0 }, sap[3] = { 0x42, 0x42, 3 };
	static const uint8_t least[2] = { TYPE_LEAST >> 8, TYPE_LEAST & 0xff };
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_bytes(&e, LINK, 0, group, sizeof(group));
	gw_expr_payload(&e, LINK, 12, 2, GW_REG(0));
	gw_expr_cmp(&e, GW_REG(0), NFT_CMP_LT, least, sizeof(least));
	ipv6guard_bytes(&e, LINK, 14, sap, sizeof(sap));
	ipv6guard_accept(c, chain, &e, "spanning tree");
}

/* Discovery, and sessions whose PPP frames are control of IPv4 links, or IPv4 without a tunnel. */
static void pppoe_rules(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t ipv4[2] = { 0, 0x21 }, mask[1] = { 0xf0 }, version[1] = { 0x40 };
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_ethertype(&e, 0x8863);
	ipv6guard_accept(c, chain, &e, "PPPoE discovery");
	gw_exprs_start(&e, c->arena);
	ipv6guard_ethertype(&e, 0x8864);
	ipv6guard_in(&e, NETWORK, 6, 2, "ppp", false);
	ipv6guard_accept(c, chain, &e, "PPP control");
	gw_exprs_start(&e, c->arena);
	ipv6guard_ethertype(&e, 0x8864);
	ipv6guard_bytes(&e, NETWORK, 6, ipv4, sizeof(ipv4));
	ipv6guard_masked(&e, NETWORK, 8, mask, version, 1, NFT_CMP_EQ);
	ipv6guard_in(&e, NETWORK, 8 + PROTOCOL_OFFSET, 1, ipv6guard_name(c, "tunnels"), true);
	ipv6guard_accept(c, chain, &e, "IPv4 over PPPoE");
}

/* Of one tag the kernel knows what is behind it (meta protocol), and that is where the network
 * header is; behind a second tag it is another tag. */
static void priority_tag_rules(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t vlan_mask[2] = { 0x0f, 0xff }, zero[2] = { 0, 0 };
	static const uint8_t nibble[1] = { 0xf0 }, version[1] = { 0x40 };
	static const uint8_t types[2][2] = { { TYPE_IPV4 >> 8, TYPE_IPV4 & 0xff },
					     { TYPE_ARP >> 8, TYPE_ARP & 0xff } };
	struct gw_exprs e;

	for (int arp = 0; arp < 2; arp++) {
		gw_exprs_start(&e, c->arena);
		ipv6guard_ethertype(&e, TYPE_TAG);
		ipv6guard_masked(&e, LINK, 14, vlan_mask, zero, 2, NFT_CMP_EQ);
		gw_expr_meta(&e, NFT_META_PROTOCOL, GW_REG(0));
		gw_expr_cmp(&e, GW_REG(0), NFT_CMP_EQ, types[arp], 2);
		if (arp) {
			ipv6guard_bytes(&e, NETWORK, 2, types[0], 2);
			ipv6guard_accept(c, chain, &e, "ARP with a priority");
		} else {
			ipv6guard_masked(&e, NETWORK, 0, nibble, version, 1, NFT_CMP_EQ);
			ipv6guard_goto(c, chain, &e, ipv6guard_name(c, "ipv4"),
				       "IPv4 with a priority");
		}
	}
}

/* Of the outer tag alone: what is inside is judged on the device of the VLAN. */
static void vlan_rules(struct ipv6guard_compiler *c, const char *chain)
{
	for (size_t i = 0; i < c->segment->n_vlans; i++) {
		static const uint8_t mask[2] = { 0x0f, 0xff };
		const uint8_t vlan[2] = { (uint8_t)(c->segment->vlans[i] >> 8),
					  (uint8_t)c->segment->vlans[i] };
		struct gw_exprs e;

		gw_exprs_start(&e, c->arena);
		ipv6guard_in(&e, LINK, 12, 2, "tags", false);
		ipv6guard_masked(&e, LINK, 14, mask, vlan, 2, NFT_CMP_EQ);
		ipv6guard_accept(c, chain, &e, "tag of a VLAN that is judged on its own device");
	}
}

static void carrier_rules(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint16_t types[IPV6GUARD_CARRIERS] = {
		[IPV6GUARD_EAPOL] = 0x888e,
		[IPV6GUARD_LLDP] = 0x88cc,
		[IPV6GUARD_LACP] = 0x8809,
	};
	const bool *carriers = c->segment->carriers;
	struct gw_exprs e;

	for (int i = 0; i < IPV6GUARD_CARRIERS; i++) {
		if (!carriers[i] || !types[i])
			continue;
		gw_exprs_start(&e, c->arena);
		ipv6guard_ethertype(&e, types[i]);
		ipv6guard_accept(c, chain, &e, "listed carriers");
	}
	if (carriers[IPV6GUARD_STP])
		stp_rule(c, chain);
	if (carriers[IPV6GUARD_PPPOE])
		pppoe_rules(c, chain);
	if (carriers[IPV6GUARD_PRIORITY_TAG])
		priority_tag_rules(c, chain);
	vlan_rules(c, chain);
}

/* ---- what remains --------------------------------------------------------------------------- */

static void rest_rules(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint16_t ip[] = { TYPE_IPV4, TYPE_ARP, TYPE_IPV6 };
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_in(&e, LINK, 12, 2, "tags", false);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_TAGGED), "tags");
	for (size_t i = 0; i < GW_COUNT(ip); i++) {
		gw_exprs_start(&e, c->arena);
		ipv6guard_ethertype(&e, ip[i]);
		ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_DISGUISED),
			       "not what the kind of frame says");
	}
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_CARRIER), "anything else");
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

void ipv6guard_compile_frames(struct ipv6guard_compiler *c, const char *chain)
{
	struct gw_exprs e;

	quarantine_rule(c, chain);
	gw_exprs_start(&e, c->arena);
	ipv6guard_is_ip(&e, TYPE_IPV4, 4);
	ipv6guard_goto(c, chain, &e, ipv6guard_name(c, "ipv4"), "IPv4");
	arp_rule(c, chain);
	gw_exprs_start(&e, c->arena);
	ipv6guard_is_ip(&e, TYPE_IPV6, 6);
	ipv6guard_goto(c, chain, &e, ipv6guard_name(c, "ipv6"), "IPv6");
	carrier_rules(c, chain);
	rest_rules(c, chain);
	ipv4_chain(c);
}

/* ---- the way out ---------------------------------------------------------------------------- */

/* What the gateway sends into a segment without IPv6: IPv4 without tunnels, ARP, listed carriers; in
 * `local` also what neighbours may say to each other. */
void ipv6guard_compile_egress(struct ipv6guard_compiler *c, const char *chain)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_is_ip(&e, TYPE_IPV4, 4);
	ipv6guard_in(&e, NETWORK, PROTOCOL_OFFSET, 1, ipv6guard_name(c, "tunnels"), true);
	ipv6guard_accept(c, chain, &e, "IPv4");
	arp_rule(c, chain);
	if (c->segment->mode == IPV6GUARD_LOCAL) {
		gw_exprs_start(&e, c->arena);
		ipv6guard_is_ip(&e, TYPE_IPV6, 6);
		ipv6guard_goto(c, chain, &e, ipv6guard_name(c, "ipv6"), "IPv6");
	}
	carrier_rules(c, chain);
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_OWN), "anything else");
}
