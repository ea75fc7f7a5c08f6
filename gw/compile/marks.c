/* The connection mark: which rule let the connection in, and whether that rule is still there. */

#include <string.h>

#include "gw/compile/context.h"

void gw_compile_mark_get(const struct gw_compiler *c, struct gw_exprs *e, uint32_t reg)
{
	gw_expr_ct(e, NFT_CT_MARK, GW_CT_NO_DIR, reg);
	if (c->policy->mark_mask != UINT32_MAX)
		gw_expr_and_u32(e, reg, reg, c->policy->mark_mask);
}

void gw_compile_mark_set(const struct gw_compiler *c, struct gw_exprs *e, uint32_t reg)
{
	if (c->policy->mark_mask == UINT32_MAX) {
		gw_expr_ct_set(e, NFT_CT_MARK, reg);
		return;
	}
	gw_expr_ct(e, NFT_CT_MARK, GW_CT_NO_DIR, REG_SPARE);
	gw_expr_and_u32(e, REG_SPARE, REG_SPARE, ~c->policy->mark_mask);
	gw_expr_or(e, REG_SPARE, reg, REG_SPARE, 4);
	gw_expr_ct_set(e, NFT_CT_MARK, REG_SPARE);
}

void gw_compile_accept_live(struct gw_exprs *e, const char *set, uint32_t reg)
{
	if (strcmp(set, "live_windowed") == 0) {
		gw_expr_vmap(e, set, reg);
		return;
	}
	gw_expr_lookup(e, set, reg);
	gw_expr_verdict(e, GW_VERDICT_ACCEPT, NULL);
}

static void accept_mark(struct gw_compiler *c, struct gw_chain *chain, const char *set,
			const char *comment)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_compile_mark_get(c, &e, REG_KEY);
	gw_compile_accept_live(&e, set, REG_KEY);
	gw_compile_rule(c, chain, &e, c->gw, comment);
}

void gw_compile_live(struct gw_compiler *c, struct gw_chain *chain)
{
	accept_mark(c, chain, "live", "connections of rules in force");
	accept_mark(c, chain, "live_timed", "connections of exceptions in force");
	if (c->any_guarded)
		gw_compile_verdict(c, chain, GW_VERDICT_JUMP, "guarded", c->gw,
				   "connections that an open window may deny");
	else
		accept_mark(c, chain, "live_windowed", "connections of rules with hours");
}

void gw_compile_states(struct gw_exprs *e, uint32_t states)
{
	gw_expr_ct(e, NFT_CT_STATE, GW_CT_NO_DIR, REG_KEY);
	gw_expr_any_bit_u32(e, REG_KEY, states);
}

void gw_compile_direction(struct gw_exprs *e, uint8_t direction)
{
	gw_expr_ct(e, NFT_CT_DIRECTION, GW_CT_NO_DIR, REG_KEY);
	gw_expr_cmp_u8(e, REG_KEY, NFT_CMP_EQ, direction);
}

void gw_compile_invalid(struct gw_compiler *c, struct gw_chain *chain)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_compile_states(&e, GW_STATE_INVALID | GW_STATE_UNTRACKED);
	gw_expr_verdict(&e, GW_VERDICT_GOTO, gw_compile_drop_chain(GW_BUILTIN_INVALID));
	gw_compile_rule(c, chain, &e, c->gw, "conntrack cannot place it");
}

void gw_compile_related(struct gw_compiler *c, struct gw_chain *chain)
{
	struct gw_exprs e;

	if (c->any_guarded) {
		/* While a window denies a part of what the rule permits, its connections are judged
		 * packet by packet, but an ICMP error cannot be: it is none of the connection's
		 * own packets. Losing path-MTU news would be worse than passing it. */
		gw_exprs_start(&e, c->arena);
		gw_compile_states(&e, GW_STATE_RELATED);
		gw_compile_mark_get(c, &e, REG_KEY);
		gw_compile_accept_live(&e, "live_guarded", REG_KEY);
		gw_compile_rule(c, chain, &e, c->gw, "errors of guarded connections");
	}
	gw_exprs_start(&e, c->arena);
	gw_compile_states(&e, GW_STATE_RELATED);
	gw_expr_verdict(&e, GW_VERDICT_GOTO, gw_compile_drop_chain(GW_BUILTIN_WITHDRAWN));
	gw_compile_rule(c, chain, &e, c->gw, "its connection's rule is gone");
}
