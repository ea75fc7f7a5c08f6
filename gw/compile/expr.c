#include "gw/compile/expr.h"

#include <assert.h>
#include <string.h>

void gw_exprs_start(struct gw_exprs *e, struct gw_arena *arena)
{
	e->arena = arena;
	e->n = 0;
}

struct gw_expr *gw_expr_add(struct gw_exprs *e, enum gw_expr_kind kind)
{
	struct gw_expr *expr;

	assert(e->n < GW_EXPRS_MAX);
	expr = &e->items[e->n++];
	memset(expr, 0, sizeof(*expr));
	expr->kind = kind;
	return expr;
}

void gw_expr_meta(struct gw_exprs *e, uint32_t key, uint32_t dreg)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_META);

	expr->key = key;
	expr->dreg = dreg;
}

void gw_expr_meta_set(struct gw_exprs *e, uint32_t key, uint32_t sreg)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_META);

	expr->key = key;
	expr->sreg = sreg;
	expr->set = true;
}

void gw_expr_ct(struct gw_exprs *e, uint32_t key, uint32_t dir, uint32_t dreg)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_CT);

	expr->key = key;
	expr->dir = dir;
	expr->dreg = dreg;
}

void gw_expr_ct_set(struct gw_exprs *e, uint32_t key, uint32_t sreg)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_CT);

	expr->key = key;
	expr->dir = GW_CT_NO_DIR;
	expr->sreg = sreg;
	expr->set = true;
}

void gw_expr_payload(struct gw_exprs *e, uint32_t base, uint32_t offset, uint32_t len,
		     uint32_t dreg)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_PAYLOAD);

	expr->base = base;
	expr->offset = offset;
	expr->len = len;
	expr->dreg = dreg;
}

void gw_expr_imm(struct gw_exprs *e, uint32_t dreg, const void *data, uint32_t len)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_IMMEDIATE);

	expr->dreg = dreg;
	expr->data = gw_arena_memdup(e->arena, data, len);
	expr->data_len = len;
}

void gw_expr_imm_u32(struct gw_exprs *e, uint32_t dreg, uint32_t value)
{
	gw_expr_imm(e, dreg, &value, sizeof(value));
}

void gw_expr_verdict(struct gw_exprs *e, enum gw_verdict_code verdict, const char *chain)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_IMMEDIATE);

	expr->dreg = GW_REG_VERDICT;
	expr->verdict = verdict;
	expr->chain = chain;
}

void gw_expr_cmp(struct gw_exprs *e, uint32_t sreg, uint32_t op, const void *data, uint32_t len)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_CMP);

	expr->sreg = sreg;
	expr->op = op;
	expr->data = gw_arena_memdup(e->arena, data, len);
	expr->data_len = len;
}

void gw_expr_cmp_u8(struct gw_exprs *e, uint32_t sreg, uint32_t op, uint8_t value)
{
	gw_expr_cmp(e, sreg, op, &value, 1);
}

void gw_expr_range(struct gw_exprs *e, uint32_t sreg, const void *from, const void *to,
		   uint32_t len)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_RANGE);

	expr->sreg = sreg;
	expr->op = NFT_RANGE_EQ;
	expr->data = gw_arena_memdup(e->arena, from, len);
	expr->data_end = gw_arena_memdup(e->arena, to, len);
	expr->data_len = len;
}

void gw_expr_and_u32(struct gw_exprs *e, uint32_t sreg, uint32_t dreg, uint32_t mask)
{
	static const uint8_t no_xor[4];
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_BITWISE);

	expr->sreg = sreg;
	expr->dreg = dreg;
	expr->len = 4;
	expr->data = gw_arena_memdup(e->arena, &mask, 4);
	expr->data_end = no_xor;
	expr->data_len = 4;
}

void gw_expr_or(struct gw_exprs *e, uint32_t sreg, uint32_t sreg2, uint32_t dreg, uint32_t len)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_BITWISE_OR);

	expr->sreg = sreg;
	expr->sreg2 = sreg2;
	expr->dreg = dreg;
	expr->len = len;
}

void gw_expr_any_bit_u32(struct gw_exprs *e, uint32_t reg, uint32_t mask)
{
	static const uint8_t zero[4];

	gw_expr_and_u32(e, reg, reg, mask);
	gw_expr_cmp(e, reg, NFT_CMP_NEQ, zero, 4);
}

void gw_expr_hton(struct gw_exprs *e, uint32_t reg, uint32_t size)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_BYTEORDER);

	expr->sreg = reg;
	expr->dreg = reg;
	expr->op = NFT_BYTEORDER_HTON;
	expr->key = size;
	expr->len = size;
}

void gw_expr_lookup(struct gw_exprs *e, const char *set, uint32_t sreg)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_LOOKUP);

	expr->set_name = set;
	expr->sreg = sreg;
}

void gw_expr_not_in(struct gw_exprs *e, const char *set, uint32_t sreg)
{
	gw_expr_lookup(e, set, sreg);
	e->items[e->n - 1].op = NFT_LOOKUP_F_INV;
}

void gw_expr_map(struct gw_exprs *e, const char *set, uint32_t sreg, uint32_t dreg)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_LOOKUP);

	expr->set_name = set;
	expr->sreg = sreg;
	expr->dreg = dreg;
	expr->map = true;
}

void gw_expr_vmap(struct gw_exprs *e, const char *set, uint32_t sreg)
{
	gw_expr_map(e, set, sreg, GW_REG_VERDICT);
}

void gw_expr_fib_present(struct gw_exprs *e, uint32_t flags, uint32_t dreg)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_FIB);

	expr->key = NFT_FIB_RESULT_OIF;
	expr->flags = flags | NFTA_FIB_F_PRESENT;
	expr->dreg = dreg;
}

void gw_expr_rate(struct gw_exprs *e, const char *set, uint32_t sreg, uint32_t rate)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_DYNSET);

	expr->set_name = set;
	expr->sreg = sreg;
	expr->key = NFT_DYNSET_OP_UPDATE;
	expr->rate = rate;
	expr->unit = 1;
	expr->burst = rate;
	expr->timeout_ms = 60 * 1000;
}

void gw_expr_log(struct gw_exprs *e, uint32_t group, uint32_t snaplen, const char *prefix)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_LOG);

	expr->group = group;
	expr->snaplen = snaplen;
	expr->text = prefix;
}

void gw_expr_reject(struct gw_exprs *e, uint32_t type, uint32_t code)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_REJECT);

	expr->key = type;
	expr->op = code;
}

void gw_exprs_rule(const struct gw_exprs *e, struct gw_ruleset *ruleset, struct gw_chain *chain,
		   const struct gw_origin *origin, const char *comment)
{
	(void)gw_ruleset_add_rule(ruleset, chain, e->items, e->n, origin, comment);
}
