/*
 * Where packets end. Every reason has a number and an element in @deny with its counter, the rules'
 * own numbers as well as those built in. The packet mark carries the number so that a log record
 * tells it. Logging is a rule before the one that drops: the cap on records ends that rule only,
 * never the drop.
 */

#include "gw/compile/context.h"

#define SNAPLEN 128u

const char *gw_compile_drop_chain(enum gw_builtin builtin)
{
	static const char *const names[GW_BUILTIN_COUNT] = {
		[GW_BUILTIN_BETWEEN] = "drop_between",
		[GW_BUILTIN_SPOOF] = "drop_spoof",
		[GW_BUILTIN_MISROUTED] = "drop_misrouted",
		[GW_BUILTIN_INVALID] = "drop_invalid",
		[GW_BUILTIN_WITHDRAWN] = "drop_withdrawn",
		[GW_BUILTIN_NO_ZONE] = "drop_no_zone",
		[GW_BUILTIN_IPV6_OFF] = "drop_ipv6_off",
		[GW_BUILTIN_GATEWAY_IN] = "drop_gateway",
		[GW_BUILTIN_ISOLATED] = "drop_isolated",
		[GW_BUILTIN_BANNED] = "drop_banned",
		[GW_BUILTIN_QUARANTINED] = "drop_quarantined",
		[GW_BUILTIN_SUSPENDED] = "drop_suspended",
		[GW_BUILTIN_NOT_ADMITTED] = "drop_not_admitted",
	};

	return names[builtin];
}

static void log_dropped(const struct gw_compiler *c, struct gw_exprs *e, uint32_t reg,
			const char *prefix)
{
	gw_expr_rate(e, "rt_log_rate", reg, c->policy->log_rate);
	gw_expr_log(e, c->policy->log_group, SNAPLEN, prefix);
}

/* Kernels without CONFIG_NETFILTER_NETLINK_GLUE_CT leave the connection's mark out of records, so
 * the packet's tells the number here too; the packet goes on, with the mark that it had. */
void gw_compile_log_accepted(const struct gw_compiler *c, struct gw_exprs *e, uint32_t reg)
{
	gw_expr_rate(e, "rt_log_rate", reg, c->policy->log_rate);
	gw_expr_meta(e, NFT_META_MARK, REG_SPARE);
	gw_expr_meta_set(e, NFT_META_MARK, reg);
	gw_expr_log(e, c->policy->log_group, SNAPLEN, "gw accept");
	gw_expr_meta_set(e, NFT_META_MARK, REG_SPARE);
}

void gw_compile_deny(struct gw_exprs *e, enum gw_action action, bool log)
{
	gw_expr_meta_set(e, NFT_META_MARK, REG_NUMBER);
	gw_expr_meta(e, NFT_META_MARK, REG_NUMBER);
	gw_expr_lookup(e, "deny", REG_NUMBER);
	if (action == GW_ACTION_REJECT)
		gw_expr_verdict(e, GW_VERDICT_GOTO, log ? "reject_logged" : "reject_rule");
	else if (log)
		gw_expr_verdict(e, GW_VERDICT_GOTO, "drop_logged");
	else
		gw_expr_verdict(e, GW_VERDICT_DROP, NULL);
}

static void drop_chain(struct gw_compiler *c, enum gw_builtin builtin)
{
	bool between = builtin == GW_BUILTIN_BETWEEN;
	const struct gw_origin *origin = between ? c->between : c->gw;
	struct gw_chain *chain = gw_compile_chain(c, gw_compile_drop_chain(builtin), origin);
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_imm_u32(&e, REG_NUMBER, builtin);
	gw_compile_deny(&e, between ? c->policy->between_default : GW_ACTION_DROP,
			c->policy->between_log);
	gw_compile_rule(c, chain, &e, origin, gw_builtin_name(builtin));
	gw_compile_number_elem(c, "deny", builtin, GW_VERDICT_NONE, NULL, 0, origin);
}

static void logged_chain(struct gw_compiler *c, const char *name, const char *prefix,
			 enum gw_verdict_code verdict, const char *target)
{
	struct gw_chain *chain = gw_compile_chain(c, name, c->gw);
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_MARK, REG_NUMBER);
	log_dropped(c, &e, REG_NUMBER, prefix);
	gw_compile_rule(c, chain, &e, c->gw, "log, up to the rate");
	gw_compile_verdict(c, chain, verdict, target, c->gw, prefix);
}

static void reject_chain(struct gw_compiler *c)
{
	struct gw_chain *chain = gw_compile_chain(c, "reject_rule", c->gw);
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_L4PROTO, REG_KEY);
	gw_expr_cmp_u8(&e, REG_KEY, NFT_CMP_EQ, IPPROTO_TCP);
	gw_expr_reject(&e, NFT_REJECT_TCP_RST, 0);
	gw_compile_rule(c, chain, &e, c->gw, "TCP: reset");
	gw_exprs_start(&e, c->arena);
	gw_expr_reject(&e, NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
	gw_compile_rule(c, chain, &e, c->gw, "others: administratively prohibited");
}

void gw_compile_drops(struct gw_compiler *c)
{
	for (unsigned int i = 0; i < GW_BUILTIN_COUNT; i++)
		if (gw_compile_drop_chain((enum gw_builtin)i))
			drop_chain(c, (enum gw_builtin)i);
	logged_chain(c, "drop_logged", "gw drop", GW_VERDICT_DROP, NULL);
	logged_chain(c, "reject_logged", "gw reject", GW_VERDICT_GOTO, "reject_rule");
	reject_chain(c);
}
