/* The whole ruleset in nft's layout, with the line that each thing was compiled from. */
#include <string.h>

#include "gw/core/mem.h"
#include "gw/ruleset/names.h"

static void print_origin(struct gw_text *out, const struct gw_origin *origin)
{
	if (!origin)
		return;
	gw_text_printf(out, " # %s", origin->id);
	if (origin->loc.source)
		gw_text_printf(out, " %s:%u:%u", origin->loc.source->path, origin->loc.line,
			       origin->loc.column);
}

static void print_flags(struct gw_text *out, const struct gw_set *set)
{
	const struct {
		bool on;
		const char *name;
	} flags[] = {
		{ set->constant, "constant" },
		{ set->interval, "interval" },
		{ set->timeout, "timeout" },
		{ set->dynamic, "dynamic" },
	};
	const char *before = "\t\tflags ";

	for (size_t i = 0; i < GW_COUNT(flags); i++) {
		if (!flags[i].on)
			continue;
		gw_text_printf(out, "%s%s", before, flags[i].name);
		before = ",";
	}
	if (*before == ',')
		gw_text_putc(out, '\n');
}

static void print_set_head(struct gw_text *out, const struct gw_set *set)
{
	gw_text_printf(out, "\t%s %s {", set->map ? "map" : "set", set->name);
	print_origin(out, set->origin);
	gw_text_puts(out, "\n\t\ttype ");
	for (size_t i = 0; i < set->n_key; i++)
		gw_text_printf(out, "%s%s", i ? " . " : "", gw_type_name(set->key[i]));
	if (set->map)
		gw_text_printf(out, " : %s", gw_type_name(set->data));
	gw_text_putc(out, '\n');
	if (set->size)
		gw_text_printf(out, "\t\tsize %u\n", set->size);
	print_flags(out, set);
	if (set->counter)
		gw_text_puts(out, "\t\tcounter\n");
}

static void print_set(struct gw_text *out, const struct gw_set *set)
{
	print_set_head(out, set);
	if (set->run_time)
		gw_text_puts(out, "\t\t# elements belong to a run-time writer\n");
	for (size_t i = 0; i < set->n_elems && !set->run_time; i++) {
		gw_text_puts(out, i ? "\t\t\t" : "\t\telements = {\n\t\t\t");
		gw_print_elem(out, set, &set->elems[i]);
		gw_text_putc(out, ',');
		print_origin(out, set->elems[i].origin);
		gw_text_putc(out, '\n');
	}
	gw_text_puts(out, set->n_elems && !set->run_time ? "\t\t}\n\t}\n\n" : "\t}\n\n");
}

static void print_hook(struct gw_text *out, uint32_t family, const struct gw_base_hook *base)
{
	gw_text_printf(out, "\t\ttype %s hook %s", base->type, gw_name_hook(family, base->hook));
	for (size_t i = 0; i < base->n_devices; i++)
		gw_text_printf(out, "%s\"%s\"", i ? ", " : " devices = { ", base->devices[i]);
	gw_text_printf(out, "%s priority %d; policy %s;\n", base->n_devices ? " }" : "",
		       base->priority, base->policy_drop ? "drop" : "accept");
}

static void print_chain(struct gw_text *out, const struct gw_ruleset *ruleset,
			const struct gw_chain *chain)
{
	gw_text_printf(out, "\tchain %s {", chain->name);
	print_origin(out, chain->origin);
	gw_text_putc(out, '\n');
	if (chain->base)
		print_hook(out, ruleset->family, chain->base);
	for (size_t i = 0; i < chain->n_rules; i++) {
		gw_text_puts(out, "\t\t");
		gw_print_rule(out, ruleset, &chain->rules[i]);
		print_origin(out, chain->rules[i].origin);
		gw_text_putc(out, '\n');
	}
	gw_text_puts(out, "\t}\n\n");
}

static void print_table(struct gw_text *out, const struct gw_ruleset *ruleset)
{
	gw_text_printf(out, "table %s %s {\n", gw_name_family(ruleset->family), ruleset->name);
	for (size_t i = 0; i < ruleset->n_sets; i++)
		print_set(out, &ruleset->sets[i]);
	for (size_t i = 0; i < ruleset->n_chains; i++)
		print_chain(out, ruleset, &ruleset->chains[i]);
	/* The blank line after the last chain goes. */
	if (ruleset->n_sets + ruleset->n_chains)
		out->bytes[--out->len] = '\0';
	gw_text_puts(out, "}\n");
}

void gw_ruleset_print(const struct gw_ruleset *ruleset, struct gw_text *out)
{
	for (; ruleset; ruleset = ruleset->next)
		print_table(out, ruleset);
}
