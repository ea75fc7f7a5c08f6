/* What is for the gateway itself, and what it sends; the order of the rules is in compile.h. */

#include "gw/compile/context.h"

static void loopback_rule(struct gw_compiler *c, struct gw_chain *chain, uint32_t meta_key)
{
	static const uint8_t name[16] = "lo";
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, meta_key, REG_KEY);
	gw_expr_cmp(&e, REG_KEY, NFT_CMP_EQ, name, sizeof(name));
	gw_expr_verdict(&e, GW_VERDICT_ACCEPT, NULL);
	gw_compile_rule(c, chain, &e, c->gw, "the gateway to itself");
}

/*
 * Neighbour discovery and MLD, which conntrack does not track. RFC 4861: a hop limit of 255 proves
 * that the packet comes from the link (router and neighbour messages, 133 to 136). RFC 4890 4.4.1:
 * without these and MLD (130 to 132, 143) IPv6 does not work at all. Redirects are left out.
 */
static void icmpv6_rule(struct gw_compiler *c, struct gw_chain *chain, uint8_t from, uint8_t to,
			bool on_link)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_compile_states(&e, GW_STATE_UNTRACKED);
	gw_expr_meta(&e, NFT_META_NFPROTO, REG_KEY);
	gw_expr_cmp_u8(&e, REG_KEY, NFT_CMP_EQ, NFPROTO_IPV6);
	gw_expr_meta(&e, NFT_META_L4PROTO, REG_KEY);
	gw_expr_cmp_u8(&e, REG_KEY, NFT_CMP_EQ, IPPROTO_ICMPV6);
	if (on_link) {
		gw_expr_payload(&e, NFT_PAYLOAD_NETWORK_HEADER, 7, 1, REG_KEY);
		gw_expr_cmp_u8(&e, REG_KEY, NFT_CMP_EQ, 255);
	}
	gw_expr_payload(&e, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, REG_KEY);
	gw_expr_range(&e, REG_KEY, &from, &to, 1);
	gw_expr_imm_u32(&e, REG_NUMBER, GW_BUILTIN_ICMPV6);
	gw_compile_accept_live(&e, "live", REG_NUMBER);
	gw_compile_rule(c, chain, &e, c->gw, on_link ? "neighbour discovery" : "MLD");
}

/* Connections that the gateway opens are its own business: they get a number of their own. */
static void own_connections_rule(struct gw_compiler *c, struct gw_chain *chain, uint8_t direction,
				 uint32_t states)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_compile_states(&e, states);
	gw_compile_direction(&e, direction);
	gw_expr_imm_u32(&e, REG_NUMBER,
			GW_BUILTIN_GATEWAY_OUT * gw_number_step(c->policy->mark_mask));
	gw_compile_mark_set(c, &e, REG_NUMBER);
	gw_compile_accept_live(&e, "live", REG_NUMBER);
	gw_compile_rule(c, chain, &e, c->gw, "connections that the gateway opened");
}

static void input_chain(struct gw_compiler *c)
{
	struct gw_chain *chain = gw_compile_base_chain(c, "input", NF_INET_LOCAL_IN,
						       NF_IP_PRI_FILTER, "filter", true);
	struct gw_exprs e;

	loopback_rule(c, chain, NFT_META_IIFNAME);
	gw_compile_guard(c, chain, "guard_input");
	gw_compile_live(c, chain);
	icmpv6_rule(c, chain, 133, 136, true);
	icmpv6_rule(c, chain, 130, 132, false);
	icmpv6_rule(c, chain, 143, 143, false);
	gw_compile_invalid(c, chain);
	gw_compile_related(c, chain);
	own_connections_rule(c, chain, IP_CT_DIR_REPLY, GW_STATE_ESTABLISHED);
	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_IIFNAME, REG_KEY);
	gw_expr_vmap(&e, "inputs", REG_KEY);
	gw_compile_rule(c, chain, &e, c->gw, "gateway rules of the zone");
	gw_compile_verdict(c, chain, GW_VERDICT_GOTO, gw_compile_drop_chain(GW_BUILTIN_GATEWAY_IN),
			   c->gw, "no gateway rule matched");
}

/* Answers of the gateway in connections that are not live, or not any more: judged by the gateway
 * rules of the zone that they go to. */
static void answers_chain(struct gw_compiler *c)
{
	struct gw_chain *chain = gw_compile_chain(c, "answers", c->gw);
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_OIFNAME, REG_KEY);
	gw_expr_vmap(&e, "inputs", REG_KEY);
	gw_compile_rule(c, chain, &e, c->gw, "gateway rules of the zone");
	gw_compile_verdict(c, chain, GW_VERDICT_GOTO, gw_compile_drop_chain(GW_BUILTIN_WITHDRAWN),
			   c->gw, "no rule permits the connection");
}

static void output_chain(struct gw_compiler *c)
{
	struct gw_chain *chain = gw_compile_base_chain(c, "output", NF_INET_LOCAL_OUT,
						       NF_IP_PRI_FILTER, "filter", false);
	struct gw_exprs e;

	loopback_rule(c, chain, NFT_META_OIFNAME);
	gw_compile_guard(c, chain, "guard_output");
	gw_compile_live(c, chain);
	gw_exprs_start(&e, c->arena);
	gw_compile_states(&e, GW_STATE_ESTABLISHED);
	gw_compile_direction(&e, IP_CT_DIR_REPLY);
	gw_expr_verdict(&e, GW_VERDICT_GOTO, "answers");
	gw_compile_rule(c, chain, &e, c->gw, "answers to connections from outside");
	own_connections_rule(c, chain, IP_CT_DIR_ORIGINAL, GW_STATE_NEW | GW_STATE_ESTABLISHED);
}

void gw_compile_gateway(struct gw_compiler *c)
{
	answers_chain(c);
	input_chain(c);
	output_chain(c);
}
