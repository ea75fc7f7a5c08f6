/* The half of the rule printer that prints what a rule does. */
#include <inttypes.h>

/* <netinet/in.h> must come first: the kernel's headers then leave out what both define. */
// clang-format off
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
// clang-format on

#include "gw/core/mem.h"
#include "gw/ruleset/print_rule.h"

#define TCP_OPTION_MAXSEG 2u

static void print_set_field(struct gw_rule_printer *printer, const struct gw_expr *expr,
			    const char *name, enum gw_shape shape)
{
	gw_text_printf(printer->out, "%s set %s", name,
		       gw_rule_held(printer, expr->sreg, shape, 4));
	gw_rule_overwrite(printer, name);
}

static void print_set_meta(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	const struct gw_field *field = gw_field_meta(expr->key);

	print_set_field(printer, expr, field->text ? field->text : "meta ?", field->shape);
}

static void print_set_ct(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	const struct gw_field *field = gw_field_ct(expr->key);

	print_set_field(printer, expr,
			gw_arena_printf(printer->arena, "ct %s", field->text ? field->text : "?"),
			field->shape);
}

static void print_set_exthdr(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	const char *value = gw_rule_held(printer, expr->sreg, GW_SHAPE_NUMBER, expr->len);

	if (expr->key == TCP_OPTION_MAXSEG)
		gw_text_printf(printer->out, "tcp option maxseg size set %s", value);
	else
		gw_text_printf(printer->out, "tcp option @%u,%u,%u set %s", expr->key,
			       expr->offset * 8, expr->len * 8, value);
}

static void print_limit(struct gw_text *out, const struct gw_expr *expr)
{
	const char *unit = gw_name_unit(expr->unit);

	gw_text_printf(out, "limit rate %s%" PRIu64 "/", expr->op ? "over " : "", expr->rate);
	if (unit)
		gw_text_puts(out, unit);
	else
		gw_text_printf(out, "%" PRIu64 " seconds", expr->unit);
	gw_text_printf(out, " burst %u packets", expr->burst);
}

static void print_log(struct gw_text *out, const struct gw_expr *expr)
{
	gw_text_puts(out, "log");
	if (expr->text)
		gw_text_printf(out, " prefix \"%s\"", expr->text);
	gw_text_printf(out, " group %u", expr->group);
	if (expr->snaplen)
		gw_text_printf(out, " snaplen %u", expr->snaplen);
}

static void print_reject(struct gw_text *out, const struct gw_expr *expr)
{
	if (expr->key == NFT_REJECT_TCP_RST)
		gw_text_puts(out, "reject with tcp reset");
	else if (expr->key == NFT_REJECT_ICMPX_UNREACH)
		gw_text_printf(out, "reject with icmpx %s", gw_name_reject(expr->op));
	else
		gw_text_printf(out, "reject with icmp %u", expr->op);
}

static void print_nat_flags(struct gw_text *out, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *text;
	} names[] = {
		{ NF_NAT_RANGE_PROTO_RANDOM, "random" },
		{ NF_NAT_RANGE_PROTO_RANDOM_FULLY, "fully-random" },
		{ NF_NAT_RANGE_PERSISTENT, "persistent" },
	};
	const char *separator = " ";

	for (size_t i = 0; i < GW_COUNT(names); i++) {
		if (!(flags & names[i].flag))
			continue;
		gw_text_printf(out, "%s%s", separator, names[i].text);
		separator = ",";
	}
}

/* An IPv6 address needs brackets before a port. */
static void print_nat_addr(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	bool ipv6 = expr->family == NFPROTO_IPV6, brackets = ipv6 && expr->port_min;
	enum gw_shape shape = ipv6 ? GW_SHAPE_IPV6 : GW_SHAPE_IPV4;
	uint32_t len = ipv6 ? 16 : 4;

	gw_text_printf(printer->out, " %s%s%s", brackets ? "[" : "",
		       gw_rule_held(printer, expr->addr_min, shape, len), brackets ? "]" : "");
	if (expr->addr_max)
		gw_text_printf(printer->out, "-%s%s%s", brackets ? "[" : "",
			       gw_rule_held(printer, expr->addr_max, shape, len),
			       brackets ? "]" : "");
}

static void print_nat(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	gw_text_printf(printer->out, "%s %s to", expr->key == NFT_NAT_SNAT ? "snat" : "dnat",
		       expr->family == NFPROTO_IPV4 ? "ip" : "ip6");
	if (expr->addr_min)
		print_nat_addr(printer, expr);
	if (expr->port_min)
		gw_text_printf(printer->out, "%s:%s", expr->addr_min ? "" : " ",
			       gw_rule_held(printer, expr->port_min, GW_SHAPE_NUMBER, 2));
	if (expr->port_max)
		gw_text_printf(printer->out, "-%s",
			       gw_rule_held(printer, expr->port_max, GW_SHAPE_NUMBER, 2));
	print_nat_flags(printer->out, expr->flags);
}

static void print_dynset(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	gw_text_printf(printer->out, "%s @%s { %s",
		       expr->key == NFT_DYNSET_OP_ADD ? "add" : "update", expr->set_name,
		       gw_rule_key(printer, expr->set_name, expr->sreg));
	if (expr->timeout_ms % 1000)
		gw_text_printf(printer->out, " timeout %" PRIu64 "ms", expr->timeout_ms);
	else if (expr->timeout_ms)
		gw_text_printf(printer->out, " timeout %" PRIu64 "s", expr->timeout_ms / 1000);
	if (expr->rate) {
		gw_text_putc(printer->out, ' ');
		print_limit(printer->out, expr);
	}
	gw_text_puts(printer->out, " }");
}

static void print_verdict(struct gw_text *out, const struct gw_expr *expr)
{
	gw_text_puts(out, gw_name_verdict(expr->verdict));
	if (expr->chain)
		gw_text_printf(out, " %s", expr->chain);
}

static void print_masquerade(struct gw_text *out, const struct gw_expr *expr)
{
	gw_text_puts(out, "masquerade");
	print_nat_flags(out, expr->flags);
}

/* These may also load. */
static bool writes(const struct gw_expr *expr)
{
	return expr->kind == GW_EXPR_IMMEDIATE ? expr->dreg == GW_REG_VERDICT : expr->set;
}

static void print_write(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	if (expr->kind == GW_EXPR_META)
		print_set_meta(printer, expr);
	else if (expr->kind == GW_EXPR_CT)
		print_set_ct(printer, expr);
	else if (expr->kind == GW_EXPR_EXTHDR)
		print_set_exthdr(printer, expr);
	else
		print_verdict(printer->out, expr);
}

bool gw_rule_statement(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	struct gw_text *out = printer->out;

	switch (expr->kind) {
	case GW_EXPR_META:
	case GW_EXPR_CT:
	case GW_EXPR_EXTHDR:
	case GW_EXPR_IMMEDIATE:
		if (!writes(expr))
			return false;
		gw_rule_separate(printer);
		print_write(printer, expr);
		return true;
	case GW_EXPR_COUNTER:
		gw_rule_separate(printer);
		gw_text_puts(out, "counter");
		return true;
	case GW_EXPR_LIMIT:
		gw_rule_separate(printer);
		print_limit(out, expr);
		return true;
	case GW_EXPR_LOG:
		gw_rule_separate(printer);
		print_log(out, expr);
		return true;
	case GW_EXPR_REJECT:
		gw_rule_separate(printer);
		print_reject(out, expr);
		return true;
	case GW_EXPR_NAT:
		gw_rule_separate(printer);
		print_nat(printer, expr);
		return true;
	case GW_EXPR_MASQ:
		gw_rule_separate(printer);
		print_masquerade(out, expr);
		return true;
	case GW_EXPR_DYNSET:
		gw_rule_separate(printer);
		print_dynset(printer, expr);
		return true;
	case GW_EXPR_KINDS:
		gw_rule_separate(printer);
		gw_text_printf(out, "<%s>", expr->text ? expr->text : "unknown");
		return true;
	case GW_EXPR_PAYLOAD:
	case GW_EXPR_CMP:
	case GW_EXPR_RANGE:
	case GW_EXPR_BITWISE:
	case GW_EXPR_BITWISE_OR:
	case GW_EXPR_BYTEORDER:
	case GW_EXPR_LOOKUP:
	case GW_EXPR_FIB:
	case GW_EXPR_RT:
	case GW_EXPR_HEADER:
		break;
	}
	return false;
}
