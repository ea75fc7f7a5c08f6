/*
 * Extension headers, in segments that have IPv6 (RFC 9099 2.2). Of what hosts of a link send, MLD alone has
 * one: a hop-by-hop header with a router alert (RFC 2711, 3810). All others are refused: their options
 * carry what nobody looks at, push the upper layer out of sight, or are read differently by the victim.
 * Where IPv6 is meant (`guarded`), short destination options pass, since they are between two ends (RFC 9288
 * 3.5.5). Fragments are judged where they are meant.
 */
#include "gw/core/mem.h"
#include "ipv6guard/compile.h"

#define LINK      NFT_PAYLOAD_LL_HEADER
#define TRANSPORT NFT_PAYLOAD_TRANSPORT_HEADER

#define HOP_BY_HOP          0u
#define ROUTING             43u
#define DESTINATION_OPTIONS 60u
#define OPTIONS_LONGEST     32u /* octets with the header */

/* The header is `alert`: ICMPv6 next, its length, a router alert about MLD, padding. */
static void alert_rule(struct ipv6guard_compiler *c, const char *chain, const uint8_t alert[8])
{
	struct gw_expr *expr;
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	expr = gw_expr_add(&e, GW_EXPR_HEADER);
	expr->key = HOP_BY_HOP;
	expr->dreg = GW_REG(0);
	expr->len = 8;
	gw_expr_cmp(&e, GW_REG(0), NFT_CMP_EQ, alert, 8);
	ipv6guard_l4proto(&e, IPPROTO_ICMPV6);
	ipv6guard_in(&e, TRANSPORT, 0, 1, "listeners", false);
	gw_expr_verdict(&e, GW_VERDICT_RETURN, NULL);
	ipv6guard_rule(c, chain, &e, "MLD with a router alert");
}

static void hop_by_hop_chain(struct ipv6guard_compiler *c)
{
	/* Padding behind the alert or before it. */
	static const uint8_t behind[8] = { IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0 };
	static const uint8_t before[8] = { IPPROTO_ICMPV6, 0, 1, 0, 5, 2, 0, 0 };
	const char *chain = ipv6guard_chain(c, "hop_by_hop")->name;
	struct gw_exprs e;

	alert_rule(c, chain, behind);
	alert_rule(c, chain, before);
	gw_exprs_start(&e, c->arena);
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_HEADER),
		       "any other hop-by-hop options");
}

static void long_options(struct gw_exprs *e)
{
	static const uint8_t longest = OPTIONS_LONGEST / 8 - 1;
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_HEADER);

	expr->key = DESTINATION_OPTIONS;
	expr->dreg = GW_REG(0);
	expr->offset = expr->len = 1;
	gw_expr_cmp(e, GW_REG(0), NFT_CMP_GT, &longest, 1);
}

void ipv6guard_compile_headers(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	const char *drop = ipv6guard_drop(c, IPV6GUARD_CLASS_HEADER);
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_bytes(&e, LINK, 0, broadcast, sizeof(broadcast));
	ipv6guard_goto(c, chain, &e, ipv6guard_drop(c, IPV6GUARD_CLASS_DISGUISED),
		       "IPv6 has no broadcasts");
	gw_exprs_start(&e, c->arena);
	ipv6guard_has_header(&e, ROUTING);
	ipv6guard_goto(c, chain, &e, drop, "routing headers");
	gw_exprs_start(&e, c->arena);
	if (c->segment->mode == IPV6GUARD_GUARDED)
		long_options(&e);
	else
		ipv6guard_has_header(&e, DESTINATION_OPTIONS);
	ipv6guard_goto(c, chain, &e, drop, "destination options");
	gw_exprs_start(&e, c->arena);
	ipv6guard_has_header(&e, HOP_BY_HOP);
	gw_expr_verdict(&e, GW_VERDICT_JUMP, ipv6guard_name(c, "hop_by_hop"));
	ipv6guard_rule(c, chain, &e, "hop-by-hop options");
	hop_by_hop_chain(c);
}
