/*
 * Building the expressions of one rule. A gw_exprs collects them on the stack; constants go to
 * the arena; gw_ruleset_add_rule copies the finished list. Keys, registers and operators are those
 * of <linux/netfilter/nf_tables.h>; GW_REG(n) names registers.
 *
 *	struct gw_exprs e;
 *	gw_exprs_start(&e, arena);
 *	gw_expr_meta(&e, NFT_META_IIFNAME, GW_REG(0));
 *	gw_expr_vmap(&e, "ingress", GW_REG(0));
 */
#ifndef GW_COMPILE_EXPR_H
#define GW_COMPILE_EXPR_H

#include "gw/compile/netfilter.h"
#include "gw/ruleset/ruleset.h"

#define GW_EXPRS_MAX 32u
#define GW_CT_NO_DIR 0xffu

struct gw_exprs {
	struct gw_arena *arena;
	size_t n;
	struct gw_expr items[GW_EXPRS_MAX];
};

void gw_exprs_start(struct gw_exprs *e, struct gw_arena *arena);

void gw_expr_meta(struct gw_exprs *e, uint32_t key, uint32_t dreg);
void gw_expr_meta_set(struct gw_exprs *e, uint32_t key, uint32_t sreg);
/** `dir`: IP_CT_DIR_ORIGINAL, IP_CT_DIR_REPLY or GW_CT_NO_DIR. */
void gw_expr_ct(struct gw_exprs *e, uint32_t key, uint32_t dir, uint32_t dreg);
void gw_expr_ct_set(struct gw_exprs *e, uint32_t key, uint32_t sreg);
void gw_expr_payload(struct gw_exprs *e, uint32_t base, uint32_t offset, uint32_t len,
		     uint32_t dreg);
void gw_expr_imm(struct gw_exprs *e, uint32_t dreg, const void *data, uint32_t len);
void gw_expr_imm_u32(struct gw_exprs *e, uint32_t dreg, uint32_t value);
/** `chain` for jump and goto, else NULL. */
void gw_expr_verdict(struct gw_exprs *e, enum gw_verdict_code verdict, const char *chain);
void gw_expr_cmp(struct gw_exprs *e, uint32_t sreg, uint32_t op, const void *data, uint32_t len);
void gw_expr_cmp_u8(struct gw_exprs *e, uint32_t sreg, uint32_t op, uint8_t value);
void gw_expr_range(struct gw_exprs *e, uint32_t sreg, const void *from, const void *to,
		   uint32_t len);
/** dreg = sreg & mask, 4 bytes in host order. */
void gw_expr_and_u32(struct gw_exprs *e, uint32_t sreg, uint32_t dreg, uint32_t mask);
void gw_expr_or(struct gw_exprs *e, uint32_t sreg, uint32_t sreg2, uint32_t dreg, uint32_t len);
/** Goes on if any bit of `mask` is set in the 4 bytes of `reg`, which is overwritten. */
void gw_expr_any_bit_u32(struct gw_exprs *e, uint32_t reg, uint32_t mask);
void gw_expr_hton(struct gw_exprs *e, uint32_t reg, uint32_t size);
/** Goes on if sreg is in the set. */
void gw_expr_lookup(struct gw_exprs *e, const char *set, uint32_t sreg);
/** Goes on if sreg is not in the set. */
void gw_expr_not_in(struct gw_exprs *e, const char *set, uint32_t sreg);
/** dreg = what the map says of sreg; stops the rule if it says nothing. */
void gw_expr_map(struct gw_exprs *e, const char *set, uint32_t sreg, uint32_t dreg);
/** Follows the verdict that the map has for sreg. */
void gw_expr_vmap(struct gw_exprs *e, const char *set, uint32_t sreg);
/** 1 byte: is there a route, as `flags` ask. */
void gw_expr_fib_present(struct gw_exprs *e, uint32_t flags, uint32_t dreg);
/** Stops the rule once more than `rate` packets a second came for the key in sreg. */
void gw_expr_rate(struct gw_exprs *e, const char *set, uint32_t sreg, uint32_t rate);
void gw_expr_log(struct gw_exprs *e, uint32_t group, uint32_t snaplen, const char *prefix);
void gw_expr_reject(struct gw_exprs *e, uint32_t type, uint32_t code);
struct gw_expr *gw_expr_add(struct gw_exprs *e, enum gw_expr_kind kind);

/** Appends the finished rule to the chain. */
void gw_exprs_rule(const struct gw_exprs *e, struct gw_ruleset *ruleset, struct gw_chain *chain,
		   const struct gw_origin *origin, const char *comment);

#endif
