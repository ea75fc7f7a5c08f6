/*
 * Neighbour discovery and MLD of hosts, in segments that have them.
 *
 *   nd_<segment>   hop limit 255 and code 0 (RFC 4861), no fragment (RFC 6980), within the budgets of
 *                  port and device; where the source guard is on, a neighbour advertisement must be
 *                  about an address of the sender's, and MACs in options those of the addresses
 *   mld_<segment>  hop limit 1, no queries of hosts, within the device's budget
 *
 * The router flag of a neighbour advertisement is not asked: hosts that forward for their own
 * containers set it, and without an advertisement of a router it does nothing.
 */
#include "gw/core/mem.h"
#include "ipv6guard/compile.h"

#define NETWORK   NFT_PAYLOAD_NETWORK_HEADER
#define TRANSPORT NFT_PAYLOAD_TRANSPORT_HEADER

#define HOP_LIMIT       7u
#define HEADER_FRAGMENT 44u
#define HEADER_OPTIONS  60u
#define TARGET          8u /* in neighbour messages */
#define QUERY           130
#define RS              133
#define NS              135
#define NA              136

/* Of a port: so many devices at the limit. Keeps the table of devices from being filled from one port. */
#define DEVICES_AT_LIMIT 20u

static void not_rule(struct ipv6guard_compiler *c, const char *chain, uint32_t base,
		     uint32_t offset, uint8_t value, enum ipv6guard_class class,
		     const char *comment)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_payload(&e, base, offset, 1, GW_REG(0));
	gw_expr_cmp_u8(&e, GW_REG(0), NFT_CMP_NEQ, value);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, class), comment);
}

static void drop_rest(struct ipv6guard_compiler *c, const char *chain, enum ipv6guard_class class)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, class), ipv6guard_class_name(class));
}

/* ---- neighbours ----------------------------------------------------------------------------- */

void ipv6guard_compile_source_guard(struct ipv6guard_compiler *c, const char *chain)
{
	struct gw_exprs e;

	if (!c->segment->source_guard)
		return;
	gw_exprs_start(&e, c->arena);
	if (c->segment->n_routers) { /* they forward what others send */
		ipv6guard_load_sender(&e, false);
		gw_expr_not_in(&e, ipv6guard_name(c, "forwarders"), GW_REG(0));
	}
	ipv6guard_load_sender(&e, true);
	gw_expr_not_in(&e, IPV6GUARD_SET_BINDINGS, GW_REG(0));
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_SOURCE),
		       "an address that is not the sender's");
}

/* The MAC that the first option of a message says belongs to an address: a binding must say so too. */
static void option_rules(struct ipv6guard_compiler *c, const char *chain)
{
	static const struct {
		uint8_t type, option, at; /* of the option, in the message */
		uint32_t base, address;   /* that it is about */
	} messages[] = {
		{ RS, 1, 8, NETWORK, IPV6_SOURCE },
		{ NS, 1, 24, NETWORK, IPV6_SOURCE },
		{ NA, 2, 24, TRANSPORT, TARGET },
	};
	struct gw_exprs e;

	for (size_t i = 0; i < GW_COUNT(messages); i++) {
		const uint8_t option[2] = { messages[i].option, 1 };

		gw_exprs_start(&e, c->arena);
		ipv6guard_byte(&e, TRANSPORT, 0, messages[i].type);
		ipv6guard_bytes(&e, TRANSPORT, messages[i].at, option, sizeof(option));
		gw_expr_meta(&e, NFT_META_IIFNAME, GW_REG(0));
		gw_expr_payload(&e, TRANSPORT, messages[i].at + 2u, 6, GW_REG(4));
		gw_expr_payload(&e, messages[i].base, messages[i].address, 16, GW_REG(6));
		gw_expr_not_in(&e, IPV6GUARD_SET_BINDINGS, GW_REG(0));
		ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_NEIGHBOUR),
			       "an address with another's MAC");
	}
}

static void binding_rules(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t unspecified[16];
	struct gw_exprs e;

	option_rules(c, chain);
	gw_exprs_start(&e, c->arena);
	ipv6guard_byte(&e, TRANSPORT, 0, NA);
	ipv6guard_load_sender(&e, false);
	gw_expr_payload(&e, TRANSPORT, TARGET, 16, GW_REG(6));
	gw_expr_not_in(&e, IPV6GUARD_SET_BINDINGS, GW_REG(0));
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_NEIGHBOUR),
		       "an address that is not the sender's");
	/* Who takes an address says so first (duplicate address detection). */
	gw_exprs_start(&e, c->arena);
	ipv6guard_byte(&e, TRANSPORT, 0, NS);
	ipv6guard_bytes(&e, NETWORK, IPV6_SOURCE, unspecified, sizeof(unspecified));
	ipv6guard_load_sender(&e, false);
	gw_expr_rate(&e, "rt_log_rate", GW_REG(0), IPV6GUARD_LOG_RATE);
	gw_expr_log(&e, IPV6GUARD_LOG_GROUP, 0,
		    gw_arena_printf(c->arena, IPV6GUARD_LOG_PREFIX " %s claim", c->segment->name));
	ipv6guard_rule(c, chain, &e, "an address is claimed");
}

static void neighbour_chain(struct ipv6guard_compiler *c)
{
	const char *chain = ipv6guard_chain(c, "nd")->name;
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_has_header(&e, HEADER_FRAGMENT);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_FRAGMENT), "in fragments");
	gw_exprs_start(&e, c->arena);
	ipv6guard_has_header(&e, HEADER_OPTIONS);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_NEIGHBOUR), "with options");
	not_rule(c, chain, NETWORK, HOP_LIMIT, 255, IPV6GUARD_CLASS_NEIGHBOUR, "from afar");
	not_rule(c, chain, TRANSPORT, 1, 0, IPV6GUARD_CLASS_NEIGHBOUR, "no such code");
	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_IIFNAME, GW_REG(0));
	ipv6guard_limit(&e, "rt_nd_ports", c->segment->nd_rate * DEVICES_AT_LIMIT, true);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_FLOOD),
		       "budget of the port");
	if (c->segment->source_guard)
		binding_rules(c, chain);
	gw_exprs_start(&e, c->arena);
	ipv6guard_load_sender(&e, false);
	ipv6guard_limit(&e, "rt_nd_rate", c->segment->nd_rate, false);
	ipv6guard_accept(c, chain, &e, "neighbour discovery");
	drop_rest(c, chain, IPV6GUARD_CLASS_FLOOD);
}

/* ---- multicast listeners -------------------------------------------------------------------- */

static void mld_chain(struct ipv6guard_compiler *c)
{
	const char *chain = ipv6guard_chain(c, "mld")->name;
	struct gw_exprs e;

	not_rule(c, chain, NETWORK, HOP_LIMIT, 1, IPV6GUARD_CLASS_MLD, "from afar");
	if (c->segment->n_routers) {
		gw_exprs_start(&e, c->arena);
		ipv6guard_byte(&e, TRANSPORT, 0, QUERY);
		ipv6guard_load_sender(&e, true);
		gw_expr_lookup(&e, ipv6guard_name(c, "routers"), GW_REG(0));
		ipv6guard_accept(c, chain, &e, "queries of a router");
	}
	gw_exprs_start(&e, c->arena);
	ipv6guard_byte(&e, TRANSPORT, 0, QUERY);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_MLD), "queries");
	gw_exprs_start(&e, c->arena);
	ipv6guard_load_sender(&e, false);
	ipv6guard_limit(&e, "rt_mld_rate", c->segment->mld_rate, false);
	ipv6guard_accept(c, chain, &e, "MLD");
	drop_rest(c, chain, IPV6GUARD_CLASS_FLOOD);
}

void ipv6guard_compile_discovery(struct ipv6guard_compiler *c, const char *chain)
{
	static const char *const sets[2] = { "discovery", "listeners" };
	struct gw_exprs e;

	for (int i = 0; i < 2; i++) {
		gw_exprs_start(&e, c->arena);
		ipv6guard_l4proto(&e, IPPROTO_ICMPV6);
		ipv6guard_in(&e, TRANSPORT, 0, 1, sets[i], false);
		if (i)
			ipv6guard_link_local(&e, IPV6_SOURCE); /* RFC 3810 5.1.14, 5.2.13 */
		ipv6guard_goto(c, chain, &e, ipv6guard_name(c, i ? "mld" : "nd"),
			       i ? "MLD" : "neighbour discovery");
	}
	gw_exprs_start(&e, c->arena);
	ipv6guard_l4proto(&e, IPPROTO_ICMPV6);
	ipv6guard_in(&e, TRANSPORT, 0, 1, "listeners", false);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_MLD), "MLD from afar");
	neighbour_chain(c);
	mld_chain(c);
}

/* ---- the unspecified address ---------------------------------------------------------------- */

/* Who has no address yet: asks whether one is taken, for routers, and joins groups (RFC 3590). */
void ipv6guard_compile_unspecified(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t unspecified[16];
	/* Solicited-node groups, and how many octets of it a message's destination begins with. */
	static const uint8_t group[13] = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff };
	static const struct {
		uint8_t type;
		uint32_t group;
	} messages[] = { { RS, 2 }, { NS, 13 }, { 131, 2 }, { 143, 2 } };
	const char *target = ipv6guard_name(c, "unspecified");
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_bytes(&e, NETWORK, IPV6_SOURCE, unspecified, sizeof(unspecified));
	ipv6guard_goto(c, chain, &e, target, "no address yet");
	(void)ipv6guard_chain(c, "unspecified");
	for (size_t i = 0; i < GW_COUNT(messages); i++) {
		gw_exprs_start(&e, c->arena);
		ipv6guard_bytes(&e, NETWORK, IPV6_DEST, group, messages[i].group);
		ipv6guard_l4proto(&e, IPPROTO_ICMPV6);
		ipv6guard_byte(&e, TRANSPORT, 0, messages[i].type);
		ipv6guard_goto(c, target, &e, ipv6guard_name(c, i < 2 ? "nd" : "mld"),
			       i < 2 ? "neighbour discovery" : "MLD");
	}
	drop_rest(c, target, IPV6GUARD_CLASS_SOURCE);
}
