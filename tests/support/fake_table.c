#include "tests/support/fake_table.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "gw/core/mem.h"

#define NAME_LEN_MAX 255u
#define JUMPS_MAX    16u /* kernel: NFT_JUMP_STACK_SIZE */

/* ---- copies -------------------------------------------------------------------------------- */

static const char *copy_text(struct gw_arena *arena, const char *text)
{
	return text ? gw_arena_strdup(arena, text) : NULL;
}

static const uint8_t *copy_bytes(struct gw_arena *arena, const uint8_t *bytes, size_t len)
{
	return bytes ? gw_arena_memdup(arena, bytes, len) : NULL;
}

static struct gw_rule copy_rule(struct gw_arena *arena, const struct gw_rule *rule)
{
	struct gw_rule copy = *rule;

	copy.origin = NULL;
	copy.comment = copy_text(arena, rule->comment);
	copy.exprs = gw_arena_memdup(arena, rule->exprs, rule->n_exprs * sizeof(*rule->exprs));
	for (size_t i = 0; i < copy.n_exprs; i++) {
		struct gw_expr *expr = &copy.exprs[i];

		expr->data = copy_bytes(arena, expr->data, expr->data_len);
		expr->data_end = copy_bytes(arena, expr->data_end, expr->data_len);
		expr->chain = copy_text(arena, expr->chain);
		expr->set_name = copy_text(arena, expr->set_name);
		expr->text = copy_text(arena, expr->text);
	}
	return copy;
}

static struct gw_elem copy_elem(struct gw_arena *arena, const struct gw_set *set,
				const struct gw_elem *elem)
{
	struct gw_elem copy = *elem;
	uint32_t key_len = gw_set_key_len(set);

	copy.origin = NULL;
	copy.key = copy_bytes(arena, elem->key, key_len);
	copy.key_end = copy_bytes(arena, elem->key_end, key_len);
	copy.data = copy_bytes(arena, elem->data, gw_set_data_len(set));
	copy.chain = copy_text(arena, elem->chain);
	return copy;
}

static struct gw_chain *add_chain(struct gw_ruleset *table, const struct gw_chain *chain)
{
	struct gw_arena *arena = table->arena;
	struct gw_base_hook hook;
	const char **devices;
	struct gw_chain *added;

	if (!chain->base)
		return gw_ruleset_add_chain(table, chain->name, NULL, NULL);
	hook = *chain->base;
	hook.type = gw_arena_strdup(arena, hook.type);
	devices = gw_arena_array(arena, hook.n_devices, const char *);
	for (size_t i = 0; i < hook.n_devices; i++)
		devices[i] = gw_arena_strdup(arena, hook.devices[i]);
	hook.devices = devices;
	added = gw_ruleset_add_chain(table, chain->name, &hook, NULL);
	return added;
}

void fake_table_copy_elems(struct gw_arena *arena, struct gw_set *to, const struct gw_set *from)
{
	for (size_t i = 0; i < from->n_elems; i++)
		gw_push(to->elems, to->n_elems, to->capacity,
			copy_elem(arena, from, &from->elems[i]));
}

static struct gw_ruleset *copy_table(const struct gw_ruleset *table)
{
	struct gw_ruleset *copy = gw_ruleset_new(table->family, table->name);

	copy->exists = table->exists;
	copy->generation = table->generation;
	for (size_t i = 0; i < table->n_chains; i++) {
		const struct gw_chain *chain = &table->chains[i];
		struct gw_chain *added = add_chain(copy, chain);

		added->handle = chain->handle;
		for (size_t k = 0; k < chain->n_rules; k++)
			gw_push(added->rules, added->n_rules, added->capacity,
				copy_rule(copy->arena, &chain->rules[k]));
	}
	for (size_t i = 0; i < table->n_sets; i++) {
		struct gw_set *added = gw_ruleset_add_set(copy, &table->sets[i]);

		added->origin = NULL;
		fake_table_copy_elems(copy->arena, added, &table->sets[i]);
	}
	gw_ruleset_finish(copy);
	return copy;
}

struct gw_ruleset *fake_table_copy(const struct gw_ruleset *table)
{
	struct gw_ruleset *first = copy_table(table), *last = first;

	/* The first is there even where the kernel holds none. */
	for (table = table->next; table; table = table->next) {
		if (!table->exists)
			continue;
		last->next = copy_table(table);
		last = last->next;
	}
	return first;
}

void fake_table_expire(struct gw_ruleset *ruleset, int64_t now_ms)
{
	for (struct gw_ruleset *table = ruleset; table; table = table->next)
		for (size_t i = 0; i < table->n_sets; i++) {
			struct gw_set *set = &table->sets[i];
			size_t n = 0;

			for (size_t k = 0; k < set->n_elems; k++)
				if (!set->elems[k].expires_ms || set->elems[k].expires_ms > now_ms)
					set->elems[n++] = set->elems[k];
			set->n_elems = n;
		}
}

/* ---- references ------------------------------------------------------------------------------ */

/* A jump must lead to a chain that is there and that no hook calls. */
static int target_valid(const struct gw_ruleset *table, enum gw_verdict_code verdict,
			const char *name)
{
	const struct gw_chain *chain;

	if (verdict != GW_VERDICT_JUMP && verdict != GW_VERDICT_GOTO)
		return 0;
	chain = name ? gw_ruleset_chain(table, name) : NULL;
	if (!chain)
		return -ENOENT;
	return chain->base ? -EOPNOTSUPP : 0;
}

static int expr_valid(const struct gw_ruleset *table, const struct gw_expr *expr)
{
	const struct gw_set *set;

	if (expr->kind == GW_EXPR_IMMEDIATE && expr->dreg == GW_REG_VERDICT)
		return target_valid(table, expr->verdict, expr->chain);
	if (expr->kind != GW_EXPR_LOOKUP && expr->kind != GW_EXPR_DYNSET)
		return 0;
	set = expr->set_name ? gw_ruleset_set(table, expr->set_name) : NULL;
	if (!set)
		return -ENOENT;
	if (expr->kind == GW_EXPR_DYNSET)
		return set->dynamic ? 0 : -EOPNOTSUPP;
	if (!expr->map)
		return 0;
	if (!set->map || (set->data == GW_TYPE_VERDICT) != (expr->dreg == GW_REG_VERDICT))
		return -EINVAL;
	return 0;
}

static bool rules_use(const struct gw_ruleset *table, const char *chain, const char *set)
{
	for (size_t i = 0; i < table->n_chains; i++)
		for (size_t k = 0; k < table->chains[i].n_rules; k++) {
			const struct gw_rule *rule = &table->chains[i].rules[k];

			for (size_t e = 0; e < rule->n_exprs; e++) {
				const struct gw_expr *expr = &rule->exprs[e];

				if (chain && expr->chain && strcmp(expr->chain, chain) == 0)
					return true;
				if (set && expr->set_name && strcmp(expr->set_name, set) == 0)
					return true;
			}
		}
	return false;
}

static bool elems_use(const struct gw_ruleset *table, const char *chain)
{
	for (size_t i = 0; i < table->n_sets; i++)
		for (size_t k = 0; k < table->sets[i].n_elems; k++) {
			const char *target = table->sets[i].elems[k].chain;

			if (target && strcmp(target, chain) == 0)
				return true;
		}
	return false;
}

static bool name_valid(const char *name)
{
	return name && name[0] && strlen(name) <= NAME_LEN_MAX;
}

/* ---- chains and rules ------------------------------------------------------------------------ */

static int op_add_chain(struct gw_ruleset *table, const struct gw_chain *chain, uint64_t *handle)
{
	if (!name_valid(chain->name))
		return -EINVAL;
	if (gw_ruleset_chain(table, chain->name))
		return -EEXIST;
	add_chain(table, chain)->handle = ++*handle;
	gw_ruleset_finish(table);
	return 0;
}

static int op_del_chain(struct gw_ruleset *table, const char *name)
{
	struct gw_chain *chain = gw_ruleset_chain(table, name);

	if (!chain)
		return -ENOENT;
	if (chain->n_rules || rules_use(table, name, NULL) || elems_use(table, name))
		return -EBUSY;
	gw_free(chain->rules);
	table->n_chains--;
	memmove(chain, chain + 1,
		(size_t)(&table->chains[table->n_chains] - chain) * sizeof(*chain));
	return 0;
}

/* The place of the rule with this handle; n_rules if there is none. */
static size_t rule_place(const struct gw_chain *chain, uint64_t handle)
{
	size_t i = 0;

	while (i < chain->n_rules && chain->rules[i].handle != handle)
		i++;
	return i;
}

static int op_add_rule(struct gw_ruleset *table, const struct gw_op *op, uint64_t *handle)
{
	struct gw_chain *chain = gw_ruleset_chain(table, op->chain->name);
	struct gw_rule rule = copy_rule(table->arena, op->rule);
	size_t place;

	if (!chain)
		return -ENOENT;
	place = op->position ? rule_place(chain, op->position) : chain->n_rules;
	if (op->position && place == chain->n_rules)
		return -ENOENT;
	for (size_t i = 0; i < rule.n_exprs; i++) {
		int error = expr_valid(table, &rule.exprs[i]);

		if (error)
			return error;
	}
	rule.handle = ++*handle;
	gw_push(chain->rules, chain->n_rules, chain->capacity, rule);
	memmove(&chain->rules[place + 1], &chain->rules[place],
		(chain->n_rules - 1 - place) * sizeof(rule));
	chain->rules[place] = rule;
	return 0;
}

static int op_del_rule(struct gw_ruleset *table, const struct gw_op *op)
{
	struct gw_chain *chain = gw_ruleset_chain(table, op->chain->name);
	size_t place;

	if (!chain)
		return -ENOENT;
	place = rule_place(chain, op->rule->handle);
	if (place == chain->n_rules)
		return -ENOENT;
	chain->n_rules--;
	memmove(&chain->rules[place], &chain->rules[place + 1],
		(chain->n_rules - place) * sizeof(*chain->rules));
	return 0;
}

/* ---- sets and elements ----------------------------------------------------------------------- */

static int op_add_set(struct gw_ruleset *table, const struct gw_set *definition, uint64_t *handle)
{
	struct gw_set *set;

	if (!name_valid(definition->name) || !definition->n_key ||
	    definition->n_key > GW_KEY_FIELDS_MAX)
		return -EINVAL;
	if (gw_ruleset_set(table, definition->name))
		return -EEXIST;
	if (definition->interval && definition->dynamic)
		return -EOPNOTSUPP;
	set = gw_ruleset_add_set(table, definition);
	set->origin = NULL;
	set->handle = ++*handle;
	gw_ruleset_finish(table);
	return 0;
}

static int op_del_set(struct gw_ruleset *table, const char *name)
{
	struct gw_set *set = gw_ruleset_set(table, name);

	if (!set)
		return -ENOENT;
	if (rules_use(table, NULL, name))
		return -EBUSY;
	gw_free(set->elems);
	table->n_sets--;
	memmove(set, set + 1, (size_t)(&table->sets[table->n_sets] - set) * sizeof(*set));
	return 0;
}

/* Elements of a constant set cannot change while a rule uses it. */
static bool is_frozen(const struct gw_ruleset *table, const struct gw_set *set)
{
	return set->constant && rules_use(table, NULL, set->name);
}

static const uint8_t *last_of(const struct gw_elem *elem)
{
	return elem->key_end ? elem->key_end : elem->key;
}

/* Do the two have a key in common? Every field must. */
static bool overlap(const struct gw_set *set, const struct gw_elem *a, const struct gw_elem *b)
{
	size_t at = 0;

	for (size_t i = 0; i < set->n_key; i++) {
		size_t len = gw_type_len(set->key[i]);

		if (memcmp(a->key + at, last_of(b) + at, len) > 0 ||
		    memcmp(b->key + at, last_of(a) + at, len) > 0)
			return false;
		at += gw_type_slot(set->key[i]);
	}
	return true;
}

static int elem_valid(const struct gw_ruleset *table, const struct gw_set *set,
		      const struct gw_elem *elem)
{
	if (!elem->key || (elem->key_end && !set->interval) ||
	    (elem->expires_ms && !set->timeout) ||
	    (!set->counter && (elem->packets || elem->bytes)))
		return -EINVAL;
	if (elem->key_end && memcmp(elem->key, elem->key_end, gw_set_key_len(set)) > 0)
		return -EINVAL;
	if (!set->map)
		return elem->data || elem->verdict != GW_VERDICT_NONE ? -EINVAL : 0;
	if (set->data != GW_TYPE_VERDICT)
		return elem->data ? 0 : -EINVAL;
	if (elem->verdict == GW_VERDICT_NONE)
		return -EINVAL;
	return target_valid(table, elem->verdict, elem->chain);
}

/*
 * -EEXIST if two elements of a sorted set have a key in common. Sorted by their keys, the two would
 * be neighbours, save where every field has a range of its own: then each is held against all.
 */
static int overlaps(const struct gw_set *set)
{
	size_t reach = set->interval && set->n_key > 1 ? set->n_elems : 1;

	for (size_t i = 0; i < set->n_elems; i++)
		for (size_t k = i + 1; k < set->n_elems && k <= i + reach; k++)
			if (overlap(set, &set->elems[i], &set->elems[k]))
				return -EEXIST;
	return 0;
}

static int op_add_elems(struct gw_ruleset *table, const struct gw_op *op, int64_t now_ms)
{
	struct gw_set *set = gw_ruleset_set(table, op->set->name);

	if (!set)
		return -ENOENT;
	if (is_frozen(table, set))
		return -EBUSY;
	for (size_t i = 0; i < op->count; i++) {
		const struct gw_elem *elem = &op->elems[i];
		int error = elem_valid(table, set, elem);

		if (error)
			return error;
		if (elem->expires_ms && elem->expires_ms <= now_ms)
			continue;
		if (set->size && set->n_elems >= set->size)
			return -ENFILE;
		gw_ruleset_add_elem(table, set, copy_elem(table->arena, set, elem));
	}
	gw_ruleset_finish(table);
	return overlaps(set);
}

static int op_del_elems(struct gw_ruleset *table, const struct gw_op *op)
{
	struct gw_set *set = gw_ruleset_set(table, op->set->name);

	if (!set)
		return -ENOENT;
	if (is_frozen(table, set))
		return -EBUSY;
	for (size_t i = 0; i < op->count; i++) {
		size_t place = 0;

		while (place < set->n_elems &&
		       gw_elem_compare(set, &set->elems[place], &op->elems[i]) != 0)
			place++;
		if (place == set->n_elems)
			return -ENOENT;
		set->n_elems--;
		memmove(&set->elems[place], &set->elems[place + 1],
			(set->n_elems - place) * sizeof(*set->elems));
	}
	return 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

static int op_del_table(struct gw_ruleset *table)
{
	for (size_t i = 0; i < table->n_chains; i++)
		gw_free(table->chains[i].rules);
	for (size_t i = 0; i < table->n_sets; i++)
		gw_free(table->sets[i].elems);
	table->n_chains = table->n_sets = 0;
	table->exists = false;
	return 0;
}

int fake_table_apply(struct gw_ruleset *ruleset, const struct gw_op *op, int64_t now_ms,
		     uint64_t *handle)
{
	struct gw_ruleset *table = op->kind == GW_OP_ADD_TABLE
					   ? gw_ruleset_add_table(ruleset, op->family)
					   : gw_ruleset_table(ruleset, op->family);

	if (op->kind != GW_OP_ADD_TABLE && (!table || !table->exists))
		return -ENOENT;
	switch (op->kind) {
	case GW_OP_ADD_TABLE:
		table->exists = true; /* once more is no error */
		return 0;
	case GW_OP_ADD_CHAIN:
		return op_add_chain(table, op->chain, handle);
	case GW_OP_ADD_SET:
		return op_add_set(table, op->set, handle);
	case GW_OP_ADD_ELEMS:
		return op_add_elems(table, op, now_ms);
	case GW_OP_ADD_RULE:
		return op_add_rule(table, op, handle);
	case GW_OP_DEL_RULE:
		return op_del_rule(table, op);
	case GW_OP_DEL_ELEMS:
		return op_del_elems(table, op);
	case GW_OP_DEL_SET:
		return op_del_set(table, op->set->name);
	case GW_OP_DEL_CHAIN:
		return op_del_chain(table, op->chain->name);
	case GW_OP_DEL_TABLE:
		return op_del_table(table);
	case GW_OP_KINDS:
		break;
	}
	return -EINVAL;
}

/* ---- loops ----------------------------------------------------------------------------------- */

/* How many jumps in a row can start at a chain, or at a map of verdicts; found out once for each,
 * because there may be very many ways to get there. */
struct heights {
	const struct gw_ruleset *table;
	unsigned int *of_chain, *of_set; /* plus one; 0: not known yet */
	int error;
};

#define BEING_FOUND UINT_MAX

static unsigned int chain_height(struct heights *heights, const char *name);

static unsigned int highest(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

static unsigned int set_height(struct heights *heights, const struct gw_set *set)
{
	unsigned int *known = &heights->of_set[set - heights->table->sets];
	unsigned int height = 0;

	if (*known)
		return *known - 1;
	/* A loop goes through a chain, too, where it is found. */
	for (size_t i = 0; i < set->n_elems; i++)
		if (set->elems[i].chain)
			height = highest(height, 1 + chain_height(heights, set->elems[i].chain));
	*known = height + 1;
	return height;
}

static unsigned int expr_height(struct heights *heights, const struct gw_expr *expr)
{
	if (expr->kind == GW_EXPR_IMMEDIATE && expr->chain)
		return 1 + chain_height(heights, expr->chain);
	if (expr->kind == GW_EXPR_LOOKUP && expr->map && expr->dreg == GW_REG_VERDICT)
		return set_height(heights, gw_ruleset_set(heights->table, expr->set_name));
	return 0;
}

static unsigned int chain_height(struct heights *heights, const char *name)
{
	const struct gw_chain *chain = gw_ruleset_chain(heights->table, name);
	unsigned int *known = &heights->of_chain[chain - heights->table->chains];
	unsigned int height = 0;

	if (*known == BEING_FOUND)
		heights->error = -ELOOP;
	if (*known == BEING_FOUND || heights->error)
		return 0;
	if (*known)
		return *known - 1;
	*known = BEING_FOUND;
	for (size_t i = 0; i < chain->n_rules; i++)
		for (size_t k = 0; k < chain->rules[i].n_exprs; k++)
			height = highest(height, expr_height(heights, &chain->rules[i].exprs[k]));
	*known = height + 1;
	if (height >= JUMPS_MAX && !heights->error)
		heights->error = -EMLINK;
	return height;
}

static int validate_table(const struct gw_ruleset *table)
{
	gw_auto_free unsigned int *of_chain = gw_zalloc(table->n_chains, sizeof(*of_chain));
	gw_auto_free unsigned int *of_set = gw_zalloc(table->n_sets, sizeof(*of_set));
	struct heights heights = { .table = table, .of_chain = of_chain, .of_set = of_set };

	for (size_t i = 0; i < table->n_chains && !heights.error; i++)
		(void)chain_height(&heights, table->chains[i].name);
	return heights.error;
}

int fake_table_validate(const struct gw_ruleset *ruleset)
{
	int error = 0;

	for (; ruleset && !error; ruleset = ruleset->next)
		error = validate_table(ruleset);
	return error;
}
