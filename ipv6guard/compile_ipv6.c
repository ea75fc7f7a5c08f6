/*
 * Segments with no IPv6 (off), and with neighbours only (local).
 *
 * `off` refuses everything; its rules only say what it was, so that the chatter of ordinary hosts does
 * not look like the work of a rogue. What cannot be placed is class ipv6.
 */
#include "gw/core/mem.h"
#include "ipv6guard/compile.h"

#define NETWORK   NFT_PAYLOAD_NETWORK_HEADER
#define TRANSPORT NFT_PAYLOAD_TRANSPORT_HEADER

#define HEADER_FRAGMENT 44u

#define PORT_DHCPV6_CLIENT 546
#define PORT_DHCPV6_SERVER 547

/* ---- off ------------------------------------------------------------------------------------ */

/* ICMPv6 of these types, whatever else is wrong with it. */
static void class_rule(struct ipv6guard_compiler *c, const char *chain, const char *set,
		       enum ipv6guard_class class)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_ICMPV6);
	ipv6guard_in(&e, TRANSPORT, 0, 1, set, false);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, class), ipv6guard_class_name(class));
}

static void class_type_rule(struct ipv6guard_compiler *c, const char *chain, uint8_t type,
			    enum ipv6guard_class class)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_ICMPV6);
	ipv6guard_byte(&e, TRANSPORT, 0, type);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, class), ipv6guard_class_name(class));
}

static void class_port_rule(struct ipv6guard_compiler *c, const char *chain, uint16_t port,
			    enum ipv6guard_class class)
{
	const uint8_t bytes[2] = { (uint8_t)(port >> 8), (uint8_t)port };
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_UDP);
	ipv6guard_bytes(&e, TRANSPORT, 2, bytes, sizeof(bytes));
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, class), ipv6guard_class_name(class));
}

void ipv6guard_compile_off(struct ipv6guard_compiler *c, const char *chain)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_has_header(&e, HEADER_FRAGMENT);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_FRAGMENT), "fragments");
	class_type_rule(c, chain, 134, IPV6GUARD_CLASS_ROUTER);
	class_type_rule(c, chain, 137, IPV6GUARD_CLASS_REDIRECT);
	class_rule(c, chain, "chatter", IPV6GUARD_CLASS_CHATTER);
	class_port_rule(c, chain, PORT_DHCPV6_CLIENT, IPV6GUARD_CLASS_DHCPV6);
	class_port_rule(c, chain, PORT_DHCPV6_SERVER, IPV6GUARD_CLASS_CHATTER);
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_IPV6), "any other IPv6");
}

/* ---- local ---------------------------------------------------------------------------------- */

static void neighbours_chain(struct ipv6guard_compiler *c)
{
	const char *chain = ipv6guard_chain(c, "neighbours")->name;
	struct gw_exprs e;

	ipv6guard_compile_discovery(c, chain);
	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_ICMPV6);
	ipv6guard_in(&e, TRANSPORT, 0, 1, "messages", false);
	ipv6guard_accept(c, chain, &e, "errors, echo");
	ipv6guard_jump_answers(c, chain);
	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_UDP);
	ipv6guard_in(&e, TRANSPORT, 2, 2, "not_local", true);
	ipv6guard_accept(c, chain, &e, "UDP, but no DHCPv6, DNS or mesh");
	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_TCP);
	ipv6guard_accept(c, chain, &e, "TCP");
	class_type_rule(c, chain, 134, IPV6GUARD_CLASS_ROUTER);
	class_type_rule(c, chain, 137, IPV6GUARD_CLASS_REDIRECT);
	class_port_rule(c, chain, PORT_DHCPV6_CLIENT, IPV6GUARD_CLASS_DHCPV6);
	class_port_rule(c, chain, PORT_DHCPV6_SERVER, IPV6GUARD_CLASS_CHATTER);
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_HEADER),
		       "nothing that is known");
}

/* From a link-local address to one, or to a group of the link. */
static void link_rule(struct ipv6guard_compiler *c, const char *chain, bool group)
{
	static const uint8_t link_groups[2] = { 0xff, 0x02 };
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_link_local(&e, IPV6_SOURCE);
	if (group)
		ipv6guard_bytes(&e, NETWORK, IPV6_DEST, link_groups, sizeof(link_groups));
	else
		ipv6guard_link_local(&e, IPV6_DEST);
	ipv6guard_goto(c, chain, &e, ipv6guard_name(c, "neighbours"), "neighbours");
}

void ipv6guard_compile_local(struct ipv6guard_compiler *c, const char *chain)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_has_header(&e, HEADER_FRAGMENT);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_FRAGMENT), "fragments");
	ipv6guard_compile_headers(c, chain);
	ipv6guard_compile_unspecified(c, chain);
	ipv6guard_compile_source_guard(c, chain);
	link_rule(c, chain, false);
	link_rule(c, chain, true);
	class_type_rule(c, chain, 134, IPV6GUARD_CLASS_ROUTER);
	class_port_rule(c, chain, PORT_DHCPV6_CLIENT, IPV6GUARD_CLASS_DHCPV6);
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_IPV6), "beyond the link");
	neighbours_chain(c);
}
