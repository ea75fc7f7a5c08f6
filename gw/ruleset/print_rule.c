/*
 * A rule in nft's words. The kernel's expressions move values through registers; nft's language has
 * none, so the printer remembers what each register holds and names that where it is used. What
 * nft has no word for is printed in the same spirit.
 */
#include <stdio.h>
#include <string.h>

/* <netinet/in.h> must come first: the kernel's headers then leave out what both define. */
// clang-format off
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
// clang-format on

#include "gw/ruleset/names.h"

#define REGISTERS 16u

struct printer {
	struct gw_text *out;
	const struct gw_ruleset *ruleset;
	struct gw_arena *arena;
	const char *holds[REGISTERS]; /* NULL: unknown */
};

static const char *held(const struct printer *printer, uint32_t reg)
{
	uint32_t index = reg - GW_REG(0);

	if (index >= REGISTERS || !printer->holds[index])
		return "?";
	return printer->holds[index];
}

static void hold(struct printer *printer, uint32_t reg, const char *text)
{
	if (reg - GW_REG(0) < REGISTERS)
		printer->holds[reg - GW_REG(0)] = text;
}

static void separate(struct printer *printer)
{
	if (printer->out->len && printer->out->bytes[printer->out->len - 1] != '\t')
		gw_text_putc(printer->out, ' ');
}

static const char *bytes_text(struct printer *printer, const uint8_t *bytes, uint32_t len)
{
	char hex[2 * 32 + 3] = "0x";
	uint32_t number;

	if (!bytes)
		return "?";
	if (len == 1)
		return gw_arena_printf(printer->arena, "%u", bytes[0]);
	if (len == 4) {
		memcpy(&number, bytes, sizeof(number));
		return gw_arena_printf(printer->arena, "0x%08x", number);
	}
	if (len == 2)
		return gw_arena_printf(printer->arena, "%u",
				       (unsigned int)bytes[0] << 8 | bytes[1]);
	for (uint32_t i = 0; i < len && i < 32; i++)
		(void)snprintf(hex + 2 + (size_t)2 * i, 3, "%02x", bytes[i]);
	return gw_arena_strdup(printer->arena, hex);
}

static void print_meta(struct printer *printer, const struct gw_expr *expr)
{
	const char *name = gw_name_meta(expr->key);
	const char *text = gw_arena_printf(printer->arena, "meta %s", name ? name : "?");

	if (expr->set) {
		separate(printer);
		gw_text_printf(printer->out, "%s set %s", text, held(printer, expr->sreg));
		return;
	}
	hold(printer, expr->dreg,
	     strncmp(text, "meta iif", 8) == 0 || strncmp(text, "meta oif", 8) == 0
		     ? text + strlen("meta ")
		     : text);
}

static void print_ct(struct printer *printer, const struct gw_expr *expr)
{
	const char *name = gw_name_ct(expr->key);
	const char *direction = expr->dir == 0 ? "original " : expr->dir == 1 ? "reply " : "";
	const char *text = gw_arena_printf(printer->arena, "ct %s%s", direction, name ? name : "?");

	if (expr->set) {
		separate(printer);
		gw_text_printf(printer->out, "%s set %s", text, held(printer, expr->sreg));
		return;
	}
	hold(printer, expr->dreg, text);
}

static void print_payload(struct printer *printer, const struct gw_expr *expr)
{
	const char *name = gw_name_payload(expr->base, expr->offset, expr->len);
	static const char *const bases[] = { "ll", "nh", "th", "ih" };

	hold(printer, expr->dreg,
	     name ? name
		  : gw_arena_printf(printer->arena, "@%s,%u,%u",
				    expr->base < 4 ? bases[expr->base] : "?", expr->offset * 8,
				    expr->len * 8));
}

static void print_verdict(struct printer *printer, const struct gw_expr *expr)
{
	separate(printer);
	gw_text_puts(printer->out, gw_name_verdict(expr->verdict));
	if (expr->chain)
		gw_text_printf(printer->out, " %s", expr->chain);
}

/* "a . b . c": what the registers of a key hold, by the fields of the set. */
static const char *key_text(struct printer *printer, const struct gw_set *set, uint32_t reg)
{
	const char *text = NULL;

	if (!set)
		return held(printer, reg);
	for (size_t i = 0; i < set->n_key; i++) {
		text = text ? gw_arena_printf(printer->arena, "%s . %s", text, held(printer, reg))
			    : held(printer, reg);
		reg += gw_type_slot(set->key[i]) / 4;
	}
	return text;
}

static void print_lookup(struct printer *printer, const struct gw_expr *expr)
{
	const struct gw_set *set = gw_ruleset_set(printer->ruleset, expr->set_name);
	const char *key = key_text(printer, set, expr->sreg);

	if (expr->map && expr->dreg != GW_REG_VERDICT) {
		hold(printer, expr->dreg,
		     gw_arena_printf(printer->arena, "(%s map @%s)", key, expr->set_name));
		return;
	}
	separate(printer);
	gw_text_printf(printer->out, "%s %s@%s", key,
		       expr->map  ? "vmap "
		       : expr->op ? "!= "
				  : "",
		       expr->set_name);
}

static void print_compare(struct printer *printer, const struct gw_expr *expr)
{
	separate(printer);
	gw_text_printf(printer->out, "%s %s%s", held(printer, expr->sreg), gw_name_cmp(expr->op),
		       bytes_text(printer, expr->data, expr->data_len));
	if (expr->kind == GW_EXPR_RANGE)
		gw_text_printf(printer->out, "-%s",
			       bytes_text(printer, expr->data_end, expr->data_len));
}

static void print_bitwise(struct printer *printer, const struct gw_expr *expr)
{
	const char *text;

	if (expr->kind == GW_EXPR_BITWISE_OR)
		text = gw_arena_printf(printer->arena, "%s | %s", held(printer, expr->sreg),
				       held(printer, expr->sreg2));
	else
		text = gw_arena_printf(printer->arena, "%s & %s", held(printer, expr->sreg),
				       bytes_text(printer, expr->data, expr->data_len));
	hold(printer, expr->dreg, text);
}

static void print_fib(struct printer *printer, const struct gw_expr *expr)
{
	hold(printer, expr->dreg,
	     gw_arena_printf(printer->arena, "fib %s%s%s oif",
			     expr->flags & NFTA_FIB_F_SADDR ? "saddr" : "daddr",
			     expr->flags & NFTA_FIB_F_IIF ? " . iif" : "",
			     expr->flags & NFTA_FIB_F_OIF ? " . oif" : ""));
}

static void print_exthdr(struct printer *printer, const struct gw_expr *expr)
{
	if (expr->set) {
		separate(printer);
		gw_text_printf(printer->out, "tcp option %u set %s", expr->key,
			       held(printer, expr->sreg));
		return;
	}
	hold(printer, expr->dreg, gw_arena_printf(printer->arena, "tcp option %u", expr->key));
}

static void print_nat(struct printer *printer, const struct gw_expr *expr)
{
	separate(printer);
	gw_text_printf(printer->out, "%s %s to", expr->key == NFT_NAT_SNAT ? "snat" : "dnat",
		       expr->family == NFPROTO_IPV4 ? "ip" : "ip6");
	if (expr->addr_min)
		gw_text_printf(printer->out, " %s", held(printer, expr->addr_min));
	if (expr->addr_max)
		gw_text_printf(printer->out, "-%s", held(printer, expr->addr_max));
	if (expr->port_min)
		gw_text_printf(printer->out, ":%s", held(printer, expr->port_min));
}

static void print_limit(struct printer *printer, const struct gw_expr *expr)
{
	separate(printer);
	gw_text_printf(printer->out, "limit rate %s%llu/%llus burst %u", expr->op ? "over " : "",
		       (unsigned long long)expr->rate, (unsigned long long)expr->unit, expr->burst);
}

static void print_dynset(struct printer *printer, const struct gw_expr *expr)
{
	const struct gw_set *set = gw_ruleset_set(printer->ruleset, expr->set_name);

	separate(printer);
	gw_text_printf(printer->out, "%s @%s { %s", expr->key == 0 ? "add" : "update",
		       expr->set_name, key_text(printer, set, expr->sreg));
	if (expr->rate)
		print_limit(printer, expr);
	gw_text_puts(printer->out, " }");
}

static void print_expr(struct printer *printer, const struct gw_expr *expr)
{
	switch (expr->kind) {
	case GW_EXPR_META:
		print_meta(printer, expr);
		return;
	case GW_EXPR_CT:
		print_ct(printer, expr);
		return;
	case GW_EXPR_PAYLOAD:
		print_payload(printer, expr);
		return;
	case GW_EXPR_EXTHDR:
		print_exthdr(printer, expr);
		return;
	case GW_EXPR_IMMEDIATE:
		if (expr->dreg == GW_REG_VERDICT)
			print_verdict(printer, expr);
		else
			hold(printer, expr->dreg, bytes_text(printer, expr->data, expr->data_len));
		return;
	case GW_EXPR_CMP:
	case GW_EXPR_RANGE:
		print_compare(printer, expr);
		return;
	case GW_EXPR_BITWISE:
	case GW_EXPR_BITWISE_OR:
		print_bitwise(printer, expr);
		return;
	case GW_EXPR_BYTEORDER:
		hold(printer, expr->dreg, held(printer, expr->sreg));
		return;
	case GW_EXPR_LOOKUP:
		print_lookup(printer, expr);
		return;
	case GW_EXPR_FIB:
		print_fib(printer, expr);
		return;
	case GW_EXPR_RT:
		hold(printer, expr->dreg, "rt mtu");
		return;
	case GW_EXPR_COUNTER:
		separate(printer);
		gw_text_puts(printer->out, "counter");
		return;
	case GW_EXPR_LIMIT:
		print_limit(printer, expr);
		return;
	case GW_EXPR_LOG:
		separate(printer);
		gw_text_printf(printer->out, "log prefix \"%s\" group %u snaplen %u",
			       expr->text ? expr->text : "", expr->group, expr->snaplen);
		return;
	case GW_EXPR_REJECT:
		separate(printer);
		if (expr->key == NFT_REJECT_TCP_RST)
			gw_text_puts(printer->out, "reject with tcp reset");
		else
			gw_text_printf(printer->out, "reject with icmpx %u", expr->op);
		return;
	case GW_EXPR_NAT:
		print_nat(printer, expr);
		return;
	case GW_EXPR_MASQ:
		separate(printer);
		gw_text_puts(printer->out, "masquerade");
		return;
	case GW_EXPR_DYNSET:
		print_dynset(printer, expr);
		return;
	case GW_EXPR_KINDS:
		separate(printer);
		gw_text_printf(printer->out, "<%s>", expr->text ? expr->text : "unknown");
		return;
	}
}

void gw_print_rule(struct gw_text *out, const struct gw_ruleset *ruleset,
		   const struct gw_rule *rule)
{
	struct printer printer = { .out = out, .ruleset = ruleset, .arena = gw_arena_new() };

	for (size_t i = 0; i < rule->n_exprs; i++)
		print_expr(&printer, &rule->exprs[i]);
	gw_arena_free(printer.arena);
}
