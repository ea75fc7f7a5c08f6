/* A plan as lines of text: + what comes, - what goes. */
#include <linux/netfilter.h>

#include "gw/plan/plan.h"
#include "gw/ruleset/names.h"

static void print_origin(struct gw_text *out, const struct gw_origin *origin)
{
	if (!origin)
		return;
	gw_text_printf(out, "  # %s", origin->id);
	if (origin->loc.source)
		gw_text_printf(out, " %s:%u", origin->loc.source->path, origin->loc.line);
}

/* The table is named where it is not the usual one. */
static void print_sign(struct gw_text *out, const struct gw_op *op, char sign)
{
	gw_text_printf(out, "%c ", sign);
	if (op->family != NFPROTO_INET)
		gw_text_printf(out, "%s ", gw_name_family(op->family));
}

static void print_elems(struct gw_text *out, const struct gw_op *op, char sign)
{
	for (size_t i = 0; i < op->count; i++) {
		print_sign(out, op, sign);
		gw_text_printf(out, "element %s { ", op->set->name);
		gw_print_elem(out, op->set, &op->elems[i]);
		gw_text_puts(out, " }");
		print_origin(out, op->elems[i].origin);
		gw_text_putc(out, '\n');
	}
}

/* `ruleset`: the one that the rule is in, which knows the keys of its sets. */
static void print_rule(struct gw_text *out, const struct gw_op *op, char sign,
		       const struct gw_ruleset *ruleset)
{
	print_sign(out, op, sign);
	gw_text_printf(out, "rule %s: ", op->chain->name);
	if (op->rule->comment)
		gw_text_printf(out, "\"%s\" ", op->rule->comment);
	gw_print_rule(out, gw_ruleset_table(ruleset, op->family), op->rule);
	print_origin(out, op->rule->origin);
	gw_text_putc(out, '\n');
}

static void print_named(struct gw_text *out, const struct gw_op *op, char sign, const char *what,
			const char *name, const struct gw_origin *origin)
{
	print_sign(out, op, sign);
	gw_text_printf(out, "%s %s", what, name);
	print_origin(out, origin);
	gw_text_putc(out, '\n');
}

void gw_plan_print(const struct gw_plan *plan, struct gw_text *out)
{
	for (size_t i = 0; i < plan->n_ops; i++) {
		const struct gw_op *op = &plan->ops[i];

		switch (op->kind) {
		case GW_OP_ADD_TABLE:
			print_named(out, op, '+', "table", plan->table, NULL);
			break;
		case GW_OP_DEL_TABLE:
			print_named(out, op, '-', "table", plan->table, NULL);
			break;
		case GW_OP_ADD_CHAIN:
			print_named(out, op, '+', "chain", op->chain->name, op->chain->origin);
			break;
		case GW_OP_DEL_CHAIN:
			print_named(out, op, '-', "chain", op->chain->name, NULL);
			break;
		case GW_OP_ADD_SET:
			print_named(out, op, '+', op->set->map ? "map" : "set", op->set->name,
				    op->set->origin);
			break;
		case GW_OP_DEL_SET:
			print_named(out, op, '-', op->set->map ? "map" : "set", op->set->name,
				    NULL);
			break;
		case GW_OP_ADD_ELEMS:
			print_elems(out, op, '+');
			break;
		case GW_OP_DEL_ELEMS:
			print_elems(out, op, '-');
			break;
		case GW_OP_ADD_RULE:
			print_rule(out, op, '+', plan->desired);
			break;
		case GW_OP_DEL_RULE:
			print_rule(out, op, '-', plan->observed);
			break;
		case GW_OP_KINDS:
			break;
		}
	}
}

static struct gw_loc loc_of(const struct gw_origin *origin)
{
	return origin ? origin->loc : (struct gw_loc){ 0 };
}

struct gw_loc gw_op_loc(const struct gw_op *op)
{
	struct gw_loc loc = { 0 };

	if (op->rule)
		loc = loc_of(op->rule->origin);
	for (size_t i = 0; i < op->count && !loc.source; i++)
		loc = loc_of(op->elems[i].origin);
	if (!loc.source && op->set)
		loc = loc_of(op->set->origin);
	if (!loc.source && op->chain)
		loc = loc_of(op->chain->origin);
	return loc;
}
