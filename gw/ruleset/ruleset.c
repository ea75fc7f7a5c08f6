/* Building a ruleset, and finding things in it. Chains, sets, rules and elements are heap arrays
 * that grow by doubling, because a set may hold a million elements; all they point to is in the
 * arena. */
#include "gw/ruleset/ruleset.h"

#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"

struct gw_ruleset *gw_ruleset_new(uint32_t family, const char *name)
{
	struct gw_ruleset *ruleset = gw_zalloc(1, sizeof(*ruleset));

	ruleset->arena = gw_arena_new();
	ruleset->family = family;
	ruleset->name = gw_arena_strdup(ruleset->arena, name);
	return ruleset;
}

struct gw_ruleset *gw_ruleset_table(const struct gw_ruleset *ruleset, uint32_t family)
{
	for (; ruleset; ruleset = ruleset->next)
		if (ruleset->family == family)
			break;
	/* As with bsearch: who may change the list may change what is found in it. */
	return (struct gw_ruleset *)(uintptr_t)ruleset;
}

struct gw_ruleset *gw_ruleset_add_table(struct gw_ruleset *ruleset, uint32_t family)
{
	struct gw_ruleset *last = ruleset;

	while (last->family != family && last->next)
		last = last->next;
	if (last->family == family)
		return last;
	last->next = gw_ruleset_new(family, ruleset->name);
	return last->next;
}

static void table_free(struct gw_ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->n_chains; i++)
		gw_free(ruleset->chains[i].rules);
	for (size_t i = 0; i < ruleset->n_sets; i++)
		gw_free(ruleset->sets[i].elems);
	gw_free(ruleset->chains);
	gw_free(ruleset->sets);
	gw_arena_free(ruleset->arena);
	gw_free(ruleset);
}

void gw_ruleset_free(struct gw_ruleset *ruleset)
{
	while (ruleset) {
		struct gw_ruleset *next = ruleset->next;

		table_free(ruleset);
		ruleset = next;
	}
}

struct gw_chain *gw_ruleset_add_chain(struct gw_ruleset *ruleset, const char *name,
				      const struct gw_base_hook *base,
				      const struct gw_origin *origin)
{
	struct gw_chain chain = {
		.name = gw_arena_strdup(ruleset->arena, name),
		.base = base ? gw_arena_memdup(ruleset->arena, base, sizeof(*base)) : NULL,
		.origin = origin,
	};

	gw_push(ruleset->chains, ruleset->n_chains, ruleset->chains_capacity, chain);
	return &ruleset->chains[ruleset->n_chains - 1];
}

struct gw_set *gw_ruleset_add_set(struct gw_ruleset *ruleset, const struct gw_set *definition)
{
	struct gw_set set = *definition;

	set.name = gw_arena_strdup(ruleset->arena, definition->name);
	set.run_time =
		strncmp(set.name, GW_SET_RUN_TIME_PREFIX, strlen(GW_SET_RUN_TIME_PREFIX)) == 0;
	set.elems = NULL;
	set.n_elems = set.capacity = 0;
	gw_push(ruleset->sets, ruleset->n_sets, ruleset->sets_capacity, set);
	return &ruleset->sets[ruleset->n_sets - 1];
}

struct gw_rule *gw_ruleset_add_rule(struct gw_ruleset *ruleset, struct gw_chain *chain,
				    const struct gw_expr *exprs, size_t n_exprs,
				    const struct gw_origin *origin, const char *comment)
{
	struct gw_rule rule = {
		.exprs = gw_arena_memdup(ruleset->arena, exprs, n_exprs * sizeof(*exprs)),
		.n_exprs = n_exprs,
		.origin = origin,
		.comment = comment ? gw_arena_strdup(ruleset->arena, comment) : NULL,
	};

	gw_push(chain->rules, chain->n_rules, chain->capacity, rule);
	return &chain->rules[chain->n_rules - 1];
}

void gw_ruleset_add_elem(struct gw_ruleset *ruleset, struct gw_set *set, struct gw_elem elem)
{
	(void)ruleset; /* owns what the element points to; kept for the reader of the call */
	gw_push(set->elems, set->n_elems, set->capacity, elem);
}

static int chain_compare(const void *a, const void *b)
{
	return strcmp(((const struct gw_chain *)a)->name, ((const struct gw_chain *)b)->name);
}

static int set_compare(const void *a, const void *b)
{
	return strcmp(((const struct gw_set *)a)->name, ((const struct gw_set *)b)->name);
}

static int elem_compare(const void *a, const void *b, void *set)
{
	return gw_elem_compare(set, a, b);
}

static void set_sort(struct gw_set *set)
{
	/* Large sets come sorted as a rule; one look is cheaper than sorting them again. */
	for (size_t i = 1; i < set->n_elems; i++) {
		if (gw_elem_compare(set, &set->elems[i - 1], &set->elems[i]) > 0) {
			qsort_r(set->elems, set->n_elems, sizeof(*set->elems), elem_compare, set);
			return;
		}
	}
}

static void table_finish(struct gw_ruleset *ruleset)
{
	if (ruleset->n_chains)
		qsort(ruleset->chains, ruleset->n_chains, sizeof(*ruleset->chains), chain_compare);
	if (ruleset->n_sets)
		qsort(ruleset->sets, ruleset->n_sets, sizeof(*ruleset->sets), set_compare);
	for (size_t i = 0; i < ruleset->n_sets; i++)
		set_sort(&ruleset->sets[i]);
}

void gw_ruleset_finish(struct gw_ruleset *ruleset)
{
	for (; ruleset; ruleset = ruleset->next)
		table_finish(ruleset);
}

struct gw_chain *gw_ruleset_chain(const struct gw_ruleset *ruleset, const char *name)
{
	struct gw_chain wanted = { .name = name };

	if (!ruleset->n_chains)
		return NULL;
	return bsearch(&wanted, ruleset->chains, ruleset->n_chains, sizeof(wanted), chain_compare);
}

struct gw_set *gw_ruleset_set(const struct gw_ruleset *ruleset, const char *name)
{
	struct gw_set wanted = { .name = name };

	if (!ruleset->n_sets)
		return NULL;
	return bsearch(&wanted, ruleset->sets, ruleset->n_sets, sizeof(wanted), set_compare);
}

static const struct {
	const char *name;
	uint32_t len, slot;
} types[] = {
	[GW_TYPE_MARK] = { "mark", 4, 4 },          [GW_TYPE_IFNAME] = { "ifname", 16, 16 },
	[GW_TYPE_IPV4] = { "ipv4_addr", 4, 4 },     [GW_TYPE_IPV6] = { "ipv6_addr", 16, 16 },
	[GW_TYPE_PROTO] = { "inet_proto", 1, 4 },   [GW_TYPE_PORT] = { "inet_service", 2, 4 },
	[GW_TYPE_ETHER] = { "ether_addr", 6, 8 },   [GW_TYPE_VERDICT] = { "verdict", 0, 0 },
	[GW_TYPE_ICMPV6] = { "icmpv6_type", 1, 4 }, [GW_TYPE_ETHERTYPE] = { "ether_type", 2, 4 },
};

uint32_t gw_type_len(enum gw_type type)
{
	return types[type].len;
}

uint32_t gw_type_slot(enum gw_type type)
{
	return types[type].slot;
}

const char *gw_type_name(enum gw_type type)
{
	return types[type].name;
}

uint32_t gw_set_key_len(const struct gw_set *set)
{
	uint32_t len = 0;

	if (set->n_key == 1)
		return gw_type_len(set->key[0]);
	for (size_t i = 0; i < set->n_key; i++)
		len += gw_type_slot(set->key[i]);
	return len;
}

uint32_t gw_set_data_len(const struct gw_set *set)
{
	return set->map ? gw_type_len(set->data) : 0;
}
