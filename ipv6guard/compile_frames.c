/* What every mode has: kinds of frames, carriers and tags, and the way out. */
#include <net/if_arp.h>

#include "gw/core/mem.h"
#include "ipv6guard/compile.h"

#define LINK    NFT_PAYLOAD_LL_HEADER
#define NETWORK NFT_PAYLOAD_NETWORK_HEADER

#define TYPE_ARP  0x0806
#define TYPE_IPV6 0x86dd
#define TYPE_TAG  0x8100

/* Lower than this it is a length: 802.3 with LLC. */
#define TYPE_LEAST 0x0600

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
	ipv6guard_in(&e, NETWORK, 8 + IPV4_PROTOCOL, 1, ipv6guard_name(c, "tunnels"), true);
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

/* A bridge passes tagged frames on from port to port, so what is behind a listed tag is judged here as if
 * it had none; behind a second tag it is nothing that is known. */
static void tagged_chain(struct ipv6guard_compiler *c)
{
	static const struct {
		uint16_t type;
		uint8_t version;
		const char *kind;
	} inner[] = { { TYPE_IPV4, 0x40, "ipv4" }, { TYPE_IPV6, 0x60, "ipv6" } };
	static const uint8_t nibble[1] = { 0xf0 };
	static const uint8_t arp[2] = { TYPE_ARP >> 8, TYPE_ARP & 0xff };
	const char *chain = ipv6guard_chain(c, "tagged")->name;
	struct gw_exprs e;

	for (size_t i = 0; i < GW_COUNT(inner); i++) {
		const uint8_t type[2] = { (uint8_t)(inner[i].type >> 8), (uint8_t)inner[i].type };

		gw_exprs_start(&e, c->arena);
		gw_expr_meta(&e, NFT_META_PROTOCOL, GW_REG(0));
		gw_expr_cmp(&e, GW_REG(0), NFT_CMP_EQ, type, sizeof(type));
		ipv6guard_masked(&e, NETWORK, 0, nibble, &inner[i].version, 1, NFT_CMP_EQ);
		ipv6guard_goto(c, chain, &e, ipv6guard_name(c, inner[i].kind), inner[i].kind);
	}
	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_PROTOCOL, GW_REG(0));
	gw_expr_cmp(&e, GW_REG(0), NFT_CMP_EQ, arp, sizeof(arp));
	ipv6guard_accept(c, chain, &e, "ARP");
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_TAGGED), "anything else");
}

/* On an interface of the gateway's own, frames with a listed tag are judged on the device of the VLAN. */
static void vlan_rules(struct ipv6guard_compiler *c, const char *chain, bool inward)
{
	for (size_t i = 0; i < c->segment->n_vlans; i++) {
		static const uint8_t mask[2] = { 0x0f, 0xff };
		const uint8_t vlan[2] = { (uint8_t)(c->segment->vlans[i] >> 8),
					  (uint8_t)c->segment->vlans[i] };
		struct gw_exprs e;

		gw_exprs_start(&e, c->arena);
		ipv6guard_in(&e, LINK, 12, 2, "tags", false);
		ipv6guard_masked(&e, LINK, 14, mask, vlan, 2, NFT_CMP_EQ);
		if (c->segment->n_ports && inward)
			ipv6guard_goto(c, chain, &e, ipv6guard_name(c, "tagged"), "listed VLAN");
		else
			ipv6guard_accept(c, chain, &e, "judged on the VLAN's own device");
	}
}

static void carrier_set(struct ipv6guard_compiler *c)
{
	static const struct {
		enum ipv6guard_carrier carrier;
		uint16_t type;
	} types[] = {
		{ IPV6GUARD_EAPOL, 0x888e }, { IPV6GUARD_EAPOL, 0x88c7 },
		{ IPV6GUARD_LLDP, 0x88cc },  { IPV6GUARD_LACP, 0x8809 },
		{ IPV6GUARD_LACP, 0x8808 },  { IPV6GUARD_PTP, 0x88f7 },
		{ IPV6GUARD_CFM, 0x8902 },   { IPV6GUARD_WOL, 0x0842 },
	};
	uint16_t listed[GW_COUNT(types)];
	size_t n = 0;

	for (size_t i = 0; i < GW_COUNT(types); i++)
		if (c->segment->carriers[types[i].carrier])
			listed[n++] = types[i].type;
	ipv6guard_number_set(c, ipv6guard_name(c, "carriers"), GW_TYPE_ETHERTYPE, listed, n);
}

static void carrier_rules(struct ipv6guard_compiler *c, const char *chain, bool inward)
{
	const bool *carriers = c->segment->carriers;
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_in(&e, LINK, 12, 2, ipv6guard_name(c, "carriers"), false);
	ipv6guard_accept(c, chain, &e, "listed carriers");
	if (carriers[IPV6GUARD_STP])
		stp_rule(c, chain);
	if (carriers[IPV6GUARD_PPPOE])
		pppoe_rules(c, chain);
	if (carriers[IPV6GUARD_PRIORITY_TAG])
		priority_tag_rules(c, chain);
	vlan_rules(c, chain, inward);
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

/* Tunnels and point-to-point links have no Ethernet header, nor neighbours that could be rogues. */
static void no_link_rule(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint16_t ethernet = ARPHRD_ETHER;
	static const uint8_t ipv6[2] = { TYPE_IPV6 >> 8, TYPE_IPV6 & 0xff };
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_IIFTYPE, GW_REG(0));
	gw_expr_cmp(&e, GW_REG(0), NFT_CMP_NEQ, &ethernet, sizeof(ethernet));
	gw_expr_meta(&e, NFT_META_PROTOCOL, GW_REG(0));
	gw_expr_cmp(&e, GW_REG(0), NFT_CMP_EQ, ipv6, sizeof(ipv6));
	ipv6guard_accept(c, chain, &e, "no Ethernet");
}

void ipv6guard_compile_frames(struct ipv6guard_compiler *c, const char *chain)
{
	const char *others = ipv6guard_chain(c, "frames")->name;
	struct gw_exprs e;

	carrier_set(c);
	if (c->segment->n_vlans && c->segment->n_ports)
		tagged_chain(c);
	ipv6guard_compile_ipv4(c, chain, others);
	arp_rule(c, others);
	gw_exprs_start(&e, c->arena);
	ipv6guard_is_ip(&e, TYPE_IPV6, 6);
	ipv6guard_goto(c, others, &e, ipv6guard_name(c, "ipv6"), "IPv6");
	carrier_rules(c, others, true);
	if (c->segment->mode == IPV6GUARD_GUARDED)
		no_link_rule(c, others);
	rest_rules(c, others);
}

/* ---- the way out ---------------------------------------------------------------------------- */

/* What tells hosts that a rogue router has ended: an advertisement with lifetime 0. */
static void counter_rule(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t none[2];
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_is_ip(&e, TYPE_IPV6, 6);
	ipv6guard_l4proto(&e, IPPROTO_ICMPV6);
	ipv6guard_byte(&e, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 134);
	ipv6guard_bytes(&e, NFT_PAYLOAD_TRANSPORT_HEADER, 6, none, sizeof(none));
	ipv6guard_accept(c, chain, &e, "the end of a rogue router");
}

/* Neighbours, to and from link-local addresses. Not the chains of the way in: there is no port that a
 * frame of the gateway's own came in by, so it has no budget and no binding. */
static void own_neighbours(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t link_groups[2] = { 0xff, 0x02 }, unspecified[16];
	static const uint8_t never[] = { 134, 137 };
	struct gw_exprs e;

	for (size_t i = 0; i < GW_COUNT(never); i++) {
		gw_exprs_start(&e, c->arena);
		ipv6guard_l4proto(&e, IPPROTO_ICMPV6);
		ipv6guard_byte(&e, NFT_PAYLOAD_TRANSPORT_HEADER, 0, never[i]);
		ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_OWN),
			       "advertisements and redirects");
	}
	for (int i = 0; i < 3; i++) {
		gw_exprs_start(&e, c->arena);
		ipv6guard_is_ip(&e, TYPE_IPV6, 6);
		if (i < 2)
			ipv6guard_link_local(&e, IPV6_SOURCE);
		else
			ipv6guard_bytes(&e, NETWORK, IPV6_SOURCE, unspecified, sizeof(unspecified));
		if (i)
			ipv6guard_bytes(&e, NETWORK, IPV6_DEST, link_groups, sizeof(link_groups));
		else
			ipv6guard_link_local(&e, IPV6_DEST);
		ipv6guard_accept(c, chain, &e, "neighbours");
	}
}

/*
 * What goes into a segment without IPv6: IPv4 without tunnels, ARP, listed carriers; in `local` also what
 * neighbours say to each other. Of the gateway's own, ports of a bridge included, each of which has an
 * IPv6 stack; and, at those, what comes from ports that nobody listed.
 */
void ipv6guard_compile_egress(struct ipv6guard_compiler *c, const char *chain)
{
	const char *others = ipv6guard_chain(c, "own")->name;
	struct gw_exprs e;

	ipv6guard_compile_own_ipv4(c, chain, others);
	arp_rule(c, others);
	if (c->segment->counter_ra)
		counter_rule(c, others);
	if (c->segment->mode == IPV6GUARD_LOCAL)
		own_neighbours(c, others);
	carrier_rules(c, others, false);
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, others, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_OWN), "anything else");
}
