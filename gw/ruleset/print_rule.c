/*
 * A rule in nft's words. The kernel's expressions move values through registers; nft's language has
 * none, so the printer remembers what each register holds and names that where it is used. What
 * nft has no word for is printed in the same spirit.
 */
#include "gw/ruleset/print_rule.h"

#include <string.h>

/* <netinet/in.h> must come first: the kernel's headers then leave out what both define. */
// clang-format off
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
// clang-format on

#include "gw/core/mem.h"

/* ---- registers ------------------------------------------------------------------------------- */

static const struct gw_held *held_of(const struct gw_rule_printer *printer, uint32_t reg)
{
	static const struct gw_held unknown = { .shape = GW_SHAPE_PLAIN };
	uint32_t index = reg - GW_REG(0);

	return index < GW_REGISTERS ? &printer->registers[index] : &unknown;
}

/* Text that names text that names text would soon fill the memory, in a rule made for that. */
#define TEXT_MAX 1000u

static void hold(struct gw_rule_printer *printer, uint32_t reg, struct gw_held held)
{
	if (held.text && strlen(held.text) > TEXT_MAX)
		held.text = held.plain_text = "...";
	if (reg - GW_REG(0) < GW_REGISTERS)
		printer->registers[reg - GW_REG(0)] = held;
}

static void hold_text(struct gw_rule_printer *printer, uint32_t reg, const char *text,
		      enum gw_shape shape)
{
	hold(printer, reg, (struct gw_held){ .text = text, .shape = shape });
}

/* A constant fills as many registers as it has words. */
static void hold_bytes(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	for (uint32_t at = 0; at < expr->data_len && expr->data; at += 4)
		hold(printer, expr->dreg + at / 4,
		     (struct gw_held){ .bytes = expr->data + at, .len = expr->data_len - at });
}

static const char *shape_text(const struct gw_rule_printer *printer, enum gw_shape shape,
			      const uint8_t *bytes, uint32_t len)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_print_shape(&text, shape, bytes, len);
	return gw_arena_strdup(printer->arena, text.bytes ? text.bytes : "");
}

const char *gw_rule_held(const struct gw_rule_printer *printer, uint32_t reg, enum gw_shape shape,
			 uint32_t len)
{
	const struct gw_held *held = held_of(printer, reg);

	if (held->text)
		return held->text;
	if (!held->bytes)
		return "?";
	return shape_text(printer, shape, held->bytes, len && len < held->len ? len : held->len);
}

const char *gw_rule_key(struct gw_rule_printer *printer, const char *set_name, uint32_t reg)
{
	const struct gw_set *set = gw_ruleset_set(printer->ruleset, set_name);
	const char *text = NULL;

	if (!set || !set->n_key)
		return gw_rule_held(printer, reg, GW_SHAPE_PLAIN, 0);
	for (size_t i = 0; i < set->n_key; i++) {
		const char *field = gw_rule_held(printer, reg, gw_shape_of_type(set->key[i]),
						 gw_type_len(set->key[i]));

		text = text ? gw_arena_printf(printer->arena, "%s . %s", text, field) : field;
		reg += gw_type_slot(set->key[i]) / 4;
	}
	return text;
}

void gw_rule_separate(struct gw_rule_printer *printer)
{
	if (printer->out->len > printer->start)
		gw_text_putc(printer->out, ' ');
}

void gw_rule_overwrite(struct gw_rule_printer *printer, const char *text)
{
	for (size_t i = 0; i < GW_REGISTERS; i++) {
		struct gw_held *held = &printer->registers[i];

		if (held->text && strcmp(held->text, text) == 0)
			held->text = gw_arena_printf(printer->arena, "(earlier %s)", text);
	}
}

/* ---- loads ----------------------------------------------------------------------------------- */

static void load_meta(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	const struct gw_field *field = gw_field_meta(expr->key);

	hold_text(printer, expr->dreg,
		  field->text ? field->text : gw_arena_printf(printer->arena, "meta %u", expr->key),
		  field->shape);
}

static void load_ct(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	const struct gw_field *field = gw_field_ct(expr->key);
	const char *direction = expr->dir == 0 ? "original " : expr->dir == 1 ? "reply " : "";
	const char *text =
		field->text ? field->text : gw_arena_printf(printer->arena, "%u", expr->key);

	hold_text(printer, expr->dreg, gw_arena_printf(printer->arena, "ct %s%s", direction, text),
		  field->shape);
}

static void load_payload(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	static const char *const bases[] = { "ll", "nh", "th", "ih" };
	const struct gw_field *field = gw_field_payload(expr->base, expr->offset, expr->len);

	if (field->shape == GW_SHAPE_ICMP && printer->l4proto == IPPROTO_ICMPV6)
		hold_text(printer, expr->dreg, "icmpv6 type", GW_SHAPE_ICMPV6);
	else if (field->text)
		hold_text(printer, expr->dreg, field->text, field->shape);
	else
		hold_text(printer, expr->dreg,
			  gw_arena_printf(printer->arena, "@%s,%u,%u",
					  expr->base < GW_COUNT(bases) ? bases[expr->base] : "?",
					  expr->offset * 8, expr->len * 8),
			  GW_SHAPE_NUMBER);
}

/* nft calls the option that we clamp by its name, and knows its number only of others. */
static void load_exthdr(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	hold_text(printer, expr->dreg, gw_arena_printf(printer->arena, "tcp option %u", expr->key),
		  GW_SHAPE_NUMBER);
}

static void load_header(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	static const struct {
		uint32_t number;
		const char *text;
	} names[] = {
		{ IPPROTO_HOPOPTS, "hbh" }, { IPPROTO_ROUTING, "rt" }, { IPPROTO_FRAGMENT, "frag" },
		{ IPPROTO_DSTOPTS, "dst" }, { IPPROTO_MH, "mh" },
	};
	const char *text = gw_arena_printf(printer->arena, "exthdr %u", expr->key);

	for (size_t i = 0; i < GW_COUNT(names); i++)
		if (names[i].number == expr->key)
			text = gw_arena_printf(printer->arena, "exthdr %s", names[i].text);
	if (expr->flags & NFT_EXTHDR_F_PRESENT)
		hold_text(printer, expr->dreg, text, GW_SHAPE_PRESENT);
	else
		hold_text(printer, expr->dreg,
			  gw_arena_printf(printer->arena, "%s @%u,%u", text, expr->offset * 8,
					  expr->len * 8),
			  GW_SHAPE_NUMBER);
}

static void load_fib(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	bool type = expr->key == NFT_FIB_RESULT_ADDRTYPE;

	hold_text(printer, expr->dreg,
		  gw_arena_printf(printer->arena, "fib %s%s%s %s",
				  expr->flags & NFTA_FIB_F_SADDR ? "saddr" : "daddr",
				  expr->flags & NFTA_FIB_F_IIF ? " . iif" : "",
				  expr->flags & NFTA_FIB_F_OIF ? " . oif" : "",
				  type ? "type" : "oif"),
		  type                               ? GW_SHAPE_ADDRTYPE
		  : expr->flags & NFTA_FIB_F_PRESENT ? GW_SHAPE_PRESENT
						     : GW_SHAPE_PLAIN);
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; bytes && i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

/* The bits of a mask as nft writes them in "tcp flags & (syn | rst)". */
static const char *mask_text(struct gw_rule_printer *printer, enum gw_shape shape,
			     const struct gw_expr *expr)
{
	const char *names[GW_BITS_MAX], *text;
	size_t n = 0;

	if (shape == GW_SHAPE_TCP_FLAGS && expr->data_len == 1)
		n = gw_name_bits(shape, expr->data[0], names);
	if (n < 2)
		return shape_text(printer, shape, expr->data, expr->data_len);
	text = names[0];
	for (size_t i = 1; i < n; i++)
		text = gw_arena_printf(printer->arena, "%s | %s", text, names[i]);
	return gw_arena_printf(printer->arena, "(%s)", text);
}

static void load_masked(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	const struct gw_held *from = held_of(printer, expr->sreg);
	struct gw_held held = { .shape = from->shape };
	const char * xor = "";

	if (!expr->data) {
		hold(printer, expr->dreg, held);
		return;
	}
	held.plain_text = gw_rule_held(printer, expr->sreg, from->shape, expr->len);
	if (all_zero(expr->data_end, expr->data_len)) {
		held.mask = expr->data;
		held.mask_len = expr->data_len;
	} else {
		xor = gw_arena_printf(
			printer->arena, " ^ %s",
			shape_text(printer, held.shape, expr->data_end, expr->data_len));
	}
	held.text = gw_arena_printf(printer->arena, "%s & %s%s", held.plain_text,
				    mask_text(printer, held.shape, expr), xor);
	hold(printer, expr->dreg, held);
}

static void load_or(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	const char *left = gw_rule_held(printer, expr->sreg, GW_SHAPE_PLAIN, expr->len);
	const char *right = gw_rule_held(printer, expr->sreg2, GW_SHAPE_PLAIN, expr->len);

	hold_text(printer, expr->dreg, gw_arena_printf(printer->arena, "%s | %s", left, right),
		  GW_SHAPE_PLAIN);
}

static void load_mapped(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	const struct gw_set *set = gw_ruleset_set(printer->ruleset, expr->set_name);

	hold_text(printer, expr->dreg,
		  gw_arena_printf(printer->arena, "(%s map @%s)",
				  gw_rule_key(printer, expr->set_name, expr->sreg), expr->set_name),
		  set ? gw_shape_of_type(set->data) : GW_SHAPE_PLAIN);
}

/* ---- matches --------------------------------------------------------------------------------- */

static void print_lookup(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	gw_rule_separate(printer);
	gw_text_printf(printer->out, "%s %s@%s", gw_rule_key(printer, expr->set_name, expr->sreg),
		       expr->map  ? "vmap "
		       : expr->op ? "!= "
				  : "",
		       expr->set_name);
}

/* "any of these bits is set" has a word: ct state invalid,untracked. */
static bool print_any_bit(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	const struct gw_held *held = held_of(printer, expr->sreg);
	bool named = held->shape == GW_SHAPE_CT_STATE || held->shape == GW_SHAPE_CT_STATUS;

	if (!named || !held->mask || expr->op != NFT_CMP_NEQ || !expr->data ||
	    !all_zero(expr->data, expr->data_len))
		return false;
	gw_text_printf(printer->out, "%s ", held->plain_text);
	gw_print_shape(printer->out, held->shape, held->mask, held->mask_len);
	return true;
}

static void print_compare(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	const struct gw_held *held = held_of(printer, expr->sreg);
	const char *op = gw_name_cmp(expr->op);

	gw_rule_separate(printer);
	if (print_any_bit(printer, expr))
		return;
	if (held->plain_text && expr->op == NFT_CMP_EQ)
		op = "== ";
	gw_text_printf(printer->out, "%s %s",
		       gw_rule_held(printer, expr->sreg, held->shape, expr->data_len), op);
	if (!expr->data)
		gw_text_putc(printer->out, '?');
	else
		gw_print_shape(printer->out, held->shape, expr->data, expr->data_len);
	if (strcmp(held->text ? held->text : "", "meta l4proto") == 0 && expr->op == NFT_CMP_EQ &&
	    expr->data && expr->data_len == 1)
		printer->l4proto = expr->data[0];
}

static void print_range_match(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	const struct gw_held *held = held_of(printer, expr->sreg);

	gw_rule_separate(printer);
	gw_text_printf(printer->out, "%s %s",
		       gw_rule_held(printer, expr->sreg, held->shape, expr->data_len),
		       expr->op == NFT_RANGE_NEQ ? "!= " : "");
	if (!expr->data || !expr->data_end)
		gw_text_putc(printer->out, '?');
	else
		gw_print_range(printer->out, held->shape, expr->data, expr->data_end,
			       expr->data_len);
}

static void print_expr(struct gw_rule_printer *printer, const struct gw_expr *expr)
{
	if (gw_rule_statement(printer, expr))
		return;
	switch (expr->kind) {
	case GW_EXPR_META:
		load_meta(printer, expr);
		return;
	case GW_EXPR_CT:
		load_ct(printer, expr);
		return;
	case GW_EXPR_PAYLOAD:
		load_payload(printer, expr);
		return;
	case GW_EXPR_EXTHDR:
		load_exthdr(printer, expr);
		return;
	case GW_EXPR_IMMEDIATE:
		hold_bytes(printer, expr);
		return;
	case GW_EXPR_CMP:
		print_compare(printer, expr);
		return;
	case GW_EXPR_RANGE:
		print_range_match(printer, expr);
		return;
	case GW_EXPR_BITWISE:
		load_masked(printer, expr);
		return;
	case GW_EXPR_BITWISE_OR:
		load_or(printer, expr);
		return;
	case GW_EXPR_BYTEORDER:
		hold(printer, expr->dreg, *held_of(printer, expr->sreg));
		return;
	case GW_EXPR_LOOKUP:
		if (expr->map && expr->dreg != GW_REG_VERDICT)
			load_mapped(printer, expr);
		else
			print_lookup(printer, expr);
		return;
	case GW_EXPR_FIB:
		load_fib(printer, expr);
		return;
	case GW_EXPR_HEADER:
		load_header(printer, expr);
		return;
	case GW_EXPR_RT:
		hold_text(printer, expr->dreg, "rt mtu", GW_SHAPE_NUMBER);
		return;
	case GW_EXPR_COUNTER:
	case GW_EXPR_LIMIT:
	case GW_EXPR_LOG:
	case GW_EXPR_REJECT:
	case GW_EXPR_NAT:
	case GW_EXPR_MASQ:
	case GW_EXPR_DYNSET:
	case GW_EXPR_KINDS:
		return; /* statements */
	}
}

void gw_print_rule(struct gw_text *out, const struct gw_ruleset *ruleset,
		   const struct gw_rule *rule)
{
	struct gw_rule_printer printer = {
		.out = out, .start = out->len, .ruleset = ruleset, .arena = gw_arena_new()
	};

	for (size_t i = 0; i < rule->n_exprs; i++)
		print_expr(&printer, &rule->exprs[i]);
	gw_arena_free(printer.arena);
}
