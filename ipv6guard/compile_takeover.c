/*
 * Answers over IPv4 and on the link that switch IPv6 or a proxy on, at ports of bridges, where they pass from
 * host to host:
 *
 *   udp_<segment>      DHCPv4 answers of servers that are not listed: options such as 6rd, IPv6-only and a
 *                      proxy's address stand anywhere in them, so none passes
 *   answers_<segment>  DNS, mDNS, LLMNR and NetBIOS: answers about `wpad` and `isatap` are refused where the
 *                      name comes first, as questions and their answers do. Of other answers a few are shown to
 *                      the daemon, which reads them to the end
 *
 * Listed servers (`ipv4_servers`) are asked nothing.
 */
#include "gw/core/mem.h"
#include "ipv6guard/compile.h"

#define TRANSPORT NFT_PAYLOAD_TRANSPORT_HEADER

#define SOURCE_PORT 0u
#define DEST_PORT   2u
/* In a message of DNS behind UDP. */
#define DNS_FLAGS 10u
#define DNS_COUNT 14u /* of answers */
#define DNS_NAME  20u

#define MASK_LABEL 0xff
#define MASK_CASE  0xdf

static const struct {
	const char *what;
	uint8_t len;
	uint8_t label[15]; /* its length, and the name in upper case */
} names[] = {
	{ "wpad", 5, "\x04WPAD" },
	{ "isatap", 7, "\x06ISATAP" },
	/* NetBIOS writes each octet as two letters, and fills up with blanks. */
	{ "wpad, NetBIOS", 11,
	  "\x20"
	  "FHFAEBEECA" },
	{ "isatap, NetBIOS", 15,
	  "\x20"
	  "EJFDEBFEEBFACA" },
};

static void listed_rule(struct ipv6guard_compiler *c, const char *chain)
{
	struct gw_exprs e;

	if (!c->segment->n_ipv4_servers)
		return;
	gw_exprs_start(&e, c->arena);
	ipv6guard_load_sender(&e, false);
	gw_expr_lookup(&e, ipv6guard_name(c, "servers4"), GW_REG(0));
	gw_expr_verdict(&e, GW_VERDICT_RETURN, NULL);
	ipv6guard_rule(c, chain, &e, "listed servers");
}

/* Goes on if it is an answer, with anything in it. */
static void is_answer(struct gw_exprs *e)
{
	static const uint8_t response[1] = { 0x80 }, none[2] = { 0, 0 };

	ipv6guard_masked(e, TRANSPORT, DNS_FLAGS, response, response, 1, NFT_CMP_EQ);
	gw_expr_payload(e, TRANSPORT, DNS_COUNT, 2, GW_REG(0));
	gw_expr_cmp(e, GW_REG(0), NFT_CMP_NEQ, none, sizeof(none));
}

static void name_rules(struct ipv6guard_compiler *c, const char *chain)
{
	struct gw_exprs e;

	for (size_t i = 0; i < GW_COUNT(names); i++) {
		uint8_t mask[sizeof(names[i].label)] = { MASK_LABEL };

		for (size_t k = 1; k < names[i].len; k++)
			mask[k] = MASK_CASE;
		gw_exprs_start(&e, c->arena);
		is_answer(&e);
		ipv6guard_masked(&e, TRANSPORT, DNS_NAME, mask, names[i].label, names[i].len,
				 NFT_CMP_EQ);
		ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_NAMES),
			       names[i].what);
	}
}

static void answers_chain(struct ipv6guard_compiler *c)
{
	const char *chain = ipv6guard_chain(c, "answers")->name;
	struct gw_exprs e;

	listed_rule(c, chain);
	name_rules(c, chain);
	gw_exprs_start(&e, c->arena);
	is_answer(&e);
	ipv6guard_load_sender(&e, false);
	gw_expr_rate(&e, "rt_answer_rate", GW_REG(0), IPV6GUARD_LOG_RATE);
	gw_expr_log(&e, IPV6GUARD_LOG_GROUP, 0,
		    gw_arena_printf(c->arena, IPV6GUARD_LOG_PREFIX " %s answer", c->segment->name));
	ipv6guard_rule(c, chain, &e, "a few, for the daemon to read");
}

static void dhcp_rule(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t client[2] = { 0, 68 };
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_bytes(&e, TRANSPORT, DEST_PORT, client, sizeof(client));
	if (c->segment->n_ipv4_servers) {
		ipv6guard_load_sender(&e, false);
		gw_expr_not_in(&e, ipv6guard_name(c, "servers4"), GW_REG(0));
	}
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_DHCPV4), "DHCPv4 servers");
}

bool ipv6guard_judges_answers(const struct ipv6guard_segment *segment)
{
	return segment->n_ports > 0;
}

void ipv6guard_jump_answers(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint32_t ports[] = { SOURCE_PORT, DEST_PORT };
	struct gw_exprs e;

	if (!ipv6guard_judges_answers(c->segment))
		return;
	for (size_t i = 0; i < GW_COUNT(ports); i++) {
		gw_exprs_start(&e, c->arena);
		ipv6guard_l4proto(&e, IPPROTO_UDP);
		ipv6guard_in(&e, TRANSPORT, ports[i], 2, "name_ports", false);
		gw_expr_verdict(&e, GW_VERDICT_JUMP, ipv6guard_name(c, "answers"));
		ipv6guard_rule(c, chain, &e, "answers about names");
	}
}

void ipv6guard_compile_takeover(struct ipv6guard_compiler *c, const char *chain)
{
	if (!ipv6guard_judges_answers(c->segment))
		return;
	if (c->segment->n_ipv4_servers)
		ipv6guard_sender_set(c, "servers4", c->segment->ipv4_servers,
				     c->segment->n_ipv4_servers);
	dhcp_rule(c, chain);
	ipv6guard_jump_answers(c, chain);
	answers_chain(c);
}
