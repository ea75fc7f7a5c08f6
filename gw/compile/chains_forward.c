/* What passes through the gateway; the order of the rules is explained in compile.h. */

#include "gw/compile/context.h"

#define TCPOPT_MAXSEG_KIND 2u

static bool all_zones_clamp(const struct gw_policy *policy)
{
	for (size_t i = 0; i < policy->n_zones; i++)
		if (!policy->zones[i].clamp_mss)
			return false;
	return true;
}

/* `meta_key` 0: whatever the interface. */
static void clamp_rule(struct gw_compiler *c, struct gw_chain *chain, uint32_t meta_key)
{
	static const uint8_t syn_rst = 0x06, syn = 0x02, zero;
	struct gw_exprs e;
	struct gw_expr *expr;

	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_L4PROTO, REG_KEY);
	gw_expr_cmp_u8(&e, REG_KEY, NFT_CMP_EQ, IPPROTO_TCP);
	gw_expr_payload(&e, NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1, REG_KEY);
	expr = gw_expr_add(&e, GW_EXPR_BITWISE);
	expr->sreg = expr->dreg = REG_KEY;
	expr->len = expr->data_len = 1;
	expr->data = &syn_rst;
	expr->data_end = &zero;
	gw_expr_cmp_u8(&e, REG_KEY, NFT_CMP_EQ, syn);
	if (meta_key) {
		gw_expr_meta(&e, meta_key, REG_KEY);
		gw_expr_lookup(&e, "clamped", REG_KEY);
	}
	expr = gw_expr_add(&e, GW_EXPR_RT);
	expr->key = NFT_RT_TCPMSS;
	expr->dreg = REG_KEY;
	gw_expr_hton(&e, REG_KEY, 2);
	expr = gw_expr_add(&e, GW_EXPR_EXTHDR);
	expr->key = TCPOPT_MAXSEG_KIND;
	expr->offset = 2;
	expr->len = 2;
	expr->sreg = REG_KEY;
	expr->set = true;
	gw_compile_rule(c, chain, &e, c->gw, "segments as large as the path takes");
}

static void clamp_rules(struct gw_compiler *c, struct gw_chain *chain)
{
	if (all_zones_clamp(c->policy)) {
		clamp_rule(c, chain, 0);
		return;
	}
	clamp_rule(c, chain, NFT_META_IIFNAME);
	clamp_rule(c, chain, NFT_META_OIFNAME);
}

static void pairs_rule(struct gw_compiler *c, struct gw_chain *chain, uint32_t from, uint32_t to)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, from, REG_KEY);
	gw_expr_meta(&e, to, GW_REG(4));
	gw_expr_vmap(&e, "pairs", REG_KEY);
	gw_compile_rule(c, chain, &e, c->gw, "rules between the two zones");
}

/* Packets back of connections that are not live, or not any more: whoever opened the connection
 * must be allowed to, so zones are looked up the other way round. */
static void replies_chain(struct gw_compiler *c)
{
	struct gw_chain *chain = gw_compile_chain(c, "replies", c->gw);

	pairs_rule(c, chain, NFT_META_OIFNAME, NFT_META_IIFNAME);
	gw_compile_verdict(c, chain, GW_VERDICT_GOTO, gw_compile_drop_chain(GW_BUILTIN_WITHDRAWN),
			   c->gw, "no rule permits the connection");
}

static void forward_chain(struct gw_compiler *c)
{
	struct gw_chain *chain = gw_compile_base_chain(c, "forward", NF_INET_FORWARD,
						       NF_IP_PRI_FILTER, "filter", true);
	struct gw_exprs e;

	gw_compile_guard(c, chain, "guard_forward");
	clamp_rules(c, chain);
	gw_compile_live(c, chain);
	gw_compile_invalid(c, chain);
	gw_compile_related(c, chain);
	gw_exprs_start(&e, c->arena);
	gw_compile_direction(&e, IP_CT_DIR_REPLY);
	gw_expr_verdict(&e, GW_VERDICT_GOTO, "replies");
	gw_compile_rule(c, chain, &e, c->gw, "packets back");
	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_OIFNAME, REG_KEY);
	gw_expr_not_in(&e, "zoned", REG_KEY);
	gw_expr_verdict(&e, GW_VERDICT_GOTO, gw_compile_drop_chain(GW_BUILTIN_NO_ZONE));
	gw_compile_rule(c, chain, &e, c->gw, "interface in no zone");
	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_OIFNAME, REG_KEY);
	gw_expr_vmap(&e, "egress", REG_KEY);
	gw_compile_rule(c, chain, &e, c->gw, "is the destination of its zone?");
	pairs_rule(c, chain, NFT_META_IIFNAME, NFT_META_OIFNAME);
	gw_compile_verdict(c, chain, GW_VERDICT_GOTO, gw_compile_drop_chain(GW_BUILTIN_BETWEEN),
			   c->between, "no rule matched");
}

void gw_compile_forward(struct gw_compiler *c)
{
	replies_chain(c);
	forward_chain(c);
}
