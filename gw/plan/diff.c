/*
 * The difference of two rulesets, in phases that fit the kernel's rules on references:
 *
 *	delete rules -> delete elements -> delete sets -> delete chains
 *	-> add chains -> add sets -> add elements -> add rules
 *
 * Everything that goes is gone before anything of the same name comes, and what is referred to is
 * there before what refers to it. The batch is one transaction, so no packet sees a state in
 *between.
 *
 * A set or base chain whose definition changed cannot be altered in place: it is deleted and added,
 * and with it every rule and element that refers to it, even if that itself is unchanged.
 */
#include <string.h>

#include "gw/core/mem.h"
#include "gw/plan/plan.h"
#include "gw/plan/rules_diff.h"

/* What the phases have to know of both sides. */
struct diff {
	struct gw_plan *plan;
	const struct gw_ruleset *desired, *observed;
};

static bool hook_equal(const struct gw_base_hook *a, const struct gw_base_hook *b)
{
	if (!a || !b)
		return a == b;
	if (a->hook != b->hook || a->priority != b->priority || strcmp(a->type, b->type) != 0 ||
	    a->policy_drop != b->policy_drop || a->n_devices != b->n_devices)
		return false;
	for (size_t i = 0; i < a->n_devices; i++)
		if (strcmp(a->devices[i], b->devices[i]) != 0)
			return false;
	return true;
}

/* The observed chain that stays for this desired one, or NULL. */
static const struct gw_chain *chain_kept(const struct diff *diff, const char *name)
{
	const struct gw_chain *was = gw_ruleset_chain(diff->observed, name);
	const struct gw_chain *wanted = gw_ruleset_chain(diff->desired, name);

	return was && wanted && hook_equal(was->base, wanted->base) ? was : NULL;
}

static const struct gw_set *set_kept(const struct diff *diff, const char *name)
{
	const struct gw_set *was = gw_ruleset_set(diff->observed, name);
	const struct gw_set *wanted = gw_ruleset_set(diff->desired, name);

	return was && wanted && gw_set_definition_equal(was, wanted) ? was : NULL;
}

/* True if all that the rule refers to stays. */
static bool rule_references_kept(const struct gw_rule *rule, const void *context)
{
	const struct diff *diff = context;

	for (size_t i = 0; i < rule->n_exprs; i++) {
		const struct gw_expr *expr = &rule->exprs[i];

		if (expr->set_name && !set_kept(diff, expr->set_name))
			return false;
		if (expr->chain && !chain_kept(diff, expr->chain))
			return false;
	}
	return true;
}

static bool elem_kept(const struct diff *diff, const struct gw_set *set, const struct gw_elem *was,
		      const struct gw_elem *wanted)
{
	return gw_elem_equal(set, was, wanted) && (!was->chain || chain_kept(diff, was->chain));
}

static void push(struct gw_plan *plan, struct gw_op op)
{
	gw_push(plan->ops, plan->n_ops, plan->capacity, op);
}

/* ---- rules --------------------------------------------------------------------------------- */

static void delete_rule(struct diff *diff, const struct gw_chain *chain, const struct gw_rule *rule)
{
	push(diff->plan, (struct gw_op){ .kind = GW_OP_DEL_RULE, .chain = chain, .rule = rule });
	diff->plan->rules_deleted++;
}

static void add_rule(struct diff *diff, const struct gw_chain *chain, const struct gw_rule *rule,
		     uint64_t position)
{
	push(diff->plan,
	     (struct gw_op){
		     .kind = GW_OP_ADD_RULE, .chain = chain, .rule = rule, .position = position });
	diff->plan->rules_added++;
}

static void delete_rules(struct diff *diff)
{
	for (size_t i = 0; i < diff->observed->n_chains; i++) {
		const struct gw_chain *was = &diff->observed->chains[i];
		const struct gw_chain *wanted = gw_ruleset_chain(diff->desired, was->name);
		bool *stays = NULL;

		if (chain_kept(diff, was->name))
			stays = gw_rules_common(was, wanted, rule_references_kept, diff, NULL);
		for (size_t k = 0; k < was->n_rules; k++)
			if (!stays || !stays[k])
				delete_rule(diff, was, &was->rules[k]);
		gw_free(stays);
	}
}

/* Inserts the new rules of a chain that stays: each before the next rule that stays. */
static void insert_rules(struct diff *diff, const struct gw_chain *was,
			 const struct gw_chain *wanted)
{
	size_t *partner = NULL;
	bool *stays = gw_rules_common(was, wanted, rule_references_kept, diff, &partner);
	uint64_t position = 0;

	/* From the back, to know the next one that stays; then forward in the right order. */
	uint64_t *positions = gw_zalloc(wanted->n_rules, sizeof(*positions));

	for (size_t i = wanted->n_rules; i-- > 0;) {
		if (partner[i] != GW_NO_PARTNER)
			position = was->rules[partner[i]].handle;
		positions[i] = position;
	}
	for (size_t i = 0; i < wanted->n_rules; i++)
		if (partner[i] == GW_NO_PARTNER)
			add_rule(diff, wanted, &wanted->rules[i], positions[i]);
	gw_free(positions);
	gw_free(partner);
	gw_free(stays);
}

static void add_rules(struct diff *diff)
{
	for (size_t i = 0; i < diff->desired->n_chains; i++) {
		const struct gw_chain *wanted = &diff->desired->chains[i];
		const struct gw_chain *was = chain_kept(diff, wanted->name);

		if (was) {
			insert_rules(diff, was, wanted);
			continue;
		}
		for (size_t k = 0; k < wanted->n_rules; k++)
			add_rule(diff, wanted, &wanted->rules[k], 0);
	}
}

/* ---- elements ------------------------------------------------------------------------------ */

/* Elements of one set that go or come, collected into one operation. */
struct elem_list {
	struct gw_elem *items;
	size_t n, capacity;
};

static void push_elems(struct diff *diff, enum gw_op_kind kind, const struct gw_set *set,
		       struct elem_list *list)
{
	if (list->n) {
		const struct gw_elem *copy = gw_arena_memdup(diff->plan->arena, list->items,
							     list->n * sizeof(*list->items));

		push(diff->plan,
		     (struct gw_op){ .kind = kind, .set = set, .elems = copy, .count = list->n });
	}
	gw_free(list->items);
}

/* Walks both sorted lists once and calls for each difference. */
static void compare_elems(struct diff *diff, const struct gw_set *was, const struct gw_set *wanted,
			  struct elem_list *gone, struct elem_list *come)
{
	size_t i = 0, k = 0;

	while (i < was->n_elems || k < wanted->n_elems) {
		const struct gw_elem *old = i < was->n_elems ? &was->elems[i] : NULL;
		const struct gw_elem *new = k < wanted->n_elems ? &wanted->elems[k] : NULL;
		int order = !old ? 1 : !new ? -1 : gw_elem_compare(was, old, new);

		if (order < 0) {
			gw_push(gone->items, gone->n, gone->capacity, *old);
			i++;
		} else if (order > 0) {
			gw_push(come->items, come->n, come->capacity, *new);
			k++;
		} else {
			if (!elem_kept(diff, was, old, new)) {
				struct gw_elem carried = *new;

				carried.packets = old->packets;
				carried.bytes = old->bytes;
				gw_push(gone->items, gone->n, gone->capacity, *old);
				gw_push(come->items, come->n, come->capacity, carried);
			}
			i++;
			k++;
		}
	}
}

static void delete_elems(struct diff *diff)
{
	for (size_t i = 0; i < diff->observed->n_sets; i++) {
		const struct gw_set *was = set_kept(diff, diff->observed->sets[i].name);
		struct elem_list gone = { 0 }, come = { 0 };

		if (!was || was->run_time || was->constant)
			continue;
		compare_elems(diff, was, gw_ruleset_set(diff->desired, was->name), &gone, &come);
		diff->plan->elems_deleted += gone.n;
		push_elems(diff, GW_OP_DEL_ELEMS, was, &gone);
		gw_free(come.items);
	}
}

static void add_elems(struct diff *diff)
{
	for (size_t i = 0; i < diff->desired->n_sets; i++) {
		const struct gw_set *wanted = &diff->desired->sets[i];
		const struct gw_set *was = set_kept(diff, wanted->name);
		struct elem_list gone = { 0 }, come = { 0 };

		if (wanted->run_time || (was && was->constant))
			continue;
		if (!was) {
			/* All of a new set, without copying what may be a million elements. */
			if (wanted->n_elems)
				push(diff->plan, (struct gw_op){ .kind = GW_OP_ADD_ELEMS,
								 .set = wanted,
								 .elems = wanted->elems,
								 .count = wanted->n_elems });
			diff->plan->elems_added += wanted->n_elems;
			continue;
		}
		compare_elems(diff, was, wanted, &gone, &come);
		diff->plan->elems_added += come.n;
		push_elems(diff, GW_OP_ADD_ELEMS, wanted, &come);
		gw_free(gone.items);
	}
}

/* ---- sets and chains ------------------------------------------------------------------------ */

static void delete_sets_and_chains(struct diff *diff)
{
	for (size_t i = 0; i < diff->observed->n_sets; i++) {
		const struct gw_set *was = &diff->observed->sets[i];

		if (set_kept(diff, was->name))
			continue;
		push(diff->plan, (struct gw_op){ .kind = GW_OP_DEL_SET, .set = was });
		diff->plan->sets_deleted++;
	}
	for (size_t i = 0; i < diff->observed->n_chains; i++) {
		const struct gw_chain *was = &diff->observed->chains[i];

		if (chain_kept(diff, was->name))
			continue;
		push(diff->plan, (struct gw_op){ .kind = GW_OP_DEL_CHAIN, .chain = was });
		diff->plan->chains_deleted++;
	}
}

static void add_chains_and_sets(struct diff *diff)
{
	for (size_t i = 0; i < diff->desired->n_chains; i++) {
		const struct gw_chain *wanted = &diff->desired->chains[i];

		if (chain_kept(diff, wanted->name))
			continue;
		push(diff->plan, (struct gw_op){ .kind = GW_OP_ADD_CHAIN, .chain = wanted });
		diff->plan->chains_added++;
	}
	for (size_t i = 0; i < diff->desired->n_sets; i++) {
		const struct gw_set *wanted = &diff->desired->sets[i];

		if (set_kept(diff, wanted->name))
			continue;
		push(diff->plan, (struct gw_op){ .kind = GW_OP_ADD_SET, .set = wanted });
		diff->plan->sets_added++;
	}
}

static struct gw_plan *plan_new(const struct gw_ruleset *observed)
{
	struct gw_plan *plan = gw_zalloc(1, sizeof(*plan));

	plan->arena = gw_arena_new();
	plan->family = observed->family;
	plan->table = gw_arena_strdup(plan->arena, observed->name);
	plan->generation = observed->generation;
	return plan;
}

struct gw_plan *gw_plan_diff(const struct gw_ruleset *desired, const struct gw_ruleset *observed)
{
	struct diff diff = { plan_new(observed), desired, observed };

	if (!observed->exists)
		push(diff.plan, (struct gw_op){ .kind = GW_OP_ADD_TABLE });
	delete_rules(&diff);
	delete_elems(&diff);
	delete_sets_and_chains(&diff);
	add_chains_and_sets(&diff);
	add_elems(&diff);
	add_rules(&diff);
	return diff.plan;
}

struct gw_plan *gw_plan_remove(const struct gw_ruleset *observed)
{
	struct gw_plan *plan = plan_new(observed);

	if (observed->exists)
		push(plan, (struct gw_op){ .kind = GW_OP_DEL_TABLE });
	return plan;
}

void gw_plan_free(struct gw_plan *plan)
{
	if (!plan)
		return;
	gw_free(plan->ops);
	gw_arena_free(plan->arena);
	gw_free(plan);
}
