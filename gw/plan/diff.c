/*
 * The difference of two rulesets, in phases that fit the kernel's rules on references:
 *
 *	delete rules -> delete elements -> delete sets -> delete chains
 *	-> add chains -> add sets -> add elements -> add rules
 *
 * Everything that goes is gone before anything of the same name comes, and what is referred to is
 * there before what refers to it. The batch is one transaction, so no packet sees a state in
 * between.
 *
 * A set or base chain whose definition changed cannot be altered in place: it is deleted and added,
 * and with a set every rule that refers to it, even if that itself is unchanged.
 *
 * Both sides are sorted, so each phase walks them once; what a walk finds for a later phase (which
 * rules stay, which elements come) is kept until then. The cost is n log n in chains and sets,
 * linear in rules and elements, save for the short middle parts of chains (rules_diff.h).
 */
#include <string.h>

#include "gw/core/mem.h"
#include "gw/plan/plan.h"
#include "gw/plan/rules_diff.h"

/* Elements of one set that go or come. */
struct elem_list {
	struct gw_elem *items; /* heap */
	size_t n, capacity;
};

/* What the phases have to know of both sides of a table, and of each other. */
struct diff {
	struct gw_plan *plan;
	const struct gw_ruleset *desired, *observed;
	size_t **partners;      /* of each desired chain that stays: see gw_rules_common */
	struct elem_list *come; /* of each desired set that stays: elements to add */
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

/*
 * True if all sets that the rule refers to stay. Chains need no look, neither here nor for elements:
 * only base chains are made anew, and nothing can jump to those.
 */
static bool rule_references_kept(const struct gw_rule *rule, const void *context)
{
	for (size_t i = 0; i < rule->n_exprs; i++)
		if (rule->exprs[i].set_name && !set_kept(context, rule->exprs[i].set_name))
			return false;
	return true;
}

static void push(struct diff *diff, struct gw_op op)
{
	struct gw_plan *plan = diff->plan;

	op.family = diff->observed->family;
	gw_push(plan->ops, plan->n_ops, plan->capacity, op);
}

/* ---- rules --------------------------------------------------------------------------------- */

static void delete_rule(struct diff *diff, const struct gw_chain *chain, const struct gw_rule *rule)
{
	push(diff, (struct gw_op){ .kind = GW_OP_DEL_RULE, .chain = chain, .rule = rule });
	diff->plan->rules_deleted++;
}

static void add_rule(struct diff *diff, const struct gw_chain *chain, const struct gw_rule *rule,
		     uint64_t position)
{
	push(diff,
	     (struct gw_op){
		     .kind = GW_OP_ADD_RULE, .chain = chain, .rule = rule, .position = position });
	diff->plan->rules_added++;
}

static void delete_rules(struct diff *diff)
{
	for (size_t i = 0; i < diff->observed->n_chains; i++) {
		const struct gw_chain *was = &diff->observed->chains[i];
		const struct gw_chain *wanted = gw_ruleset_chain(diff->desired, was->name);
		gw_auto_free bool *stays = NULL;

		if (chain_kept(diff, was->name))
			stays = gw_rules_common(was, wanted, rule_references_kept, diff,
						&diff->partners[wanted - diff->desired->chains]);
		for (size_t k = 0; k < was->n_rules; k++)
			if (!stays || !stays[k])
				delete_rule(diff, was, &was->rules[k]);
	}
}

/* Inserts the new rules of a chain that stays: each before the next rule that stays. */
static void insert_rules(struct diff *diff, const struct gw_chain *was,
			 const struct gw_chain *wanted)
{
	const size_t *partner = diff->partners[wanted - diff->desired->chains];
	gw_auto_free uint64_t *positions = gw_zalloc(wanted->n_rules, sizeof(*positions));
	uint64_t position = 0;

	/* From the back, to know the next one that stays; then forward in the right order. */
	for (size_t i = wanted->n_rules; i-- > 0;) {
		if (partner[i] != GW_NO_PARTNER)
			position = was->rules[partner[i]].handle;
		positions[i] = position;
	}
	for (size_t i = 0; i < wanted->n_rules; i++)
		if (partner[i] == GW_NO_PARTNER)
			add_rule(diff, wanted, &wanted->rules[i], positions[i]);
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

static void list_add(struct elem_list *list, const struct gw_elem *elem)
{
	gw_push(list->items, list->n, list->capacity, *elem);
}

/* Makes one operation of the list, which then is the plan's. */
static void push_list(struct diff *diff, enum gw_op_kind kind, const struct gw_set *set,
		      struct elem_list *list)
{
	struct gw_plan *plan = diff->plan;

	if (!list->n)
		return;
	push(diff,
	     (struct gw_op){ .kind = kind, .set = set, .elems = list->items, .count = list->n });
	/* An array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
	gw_push(plan->lists, plan->n_lists, plan->lists_capacity, list->items);
	*list = (struct elem_list){ 0 };
}

static struct gw_elem carry(const struct gw_set *set, const struct gw_elem *from,
			    const struct gw_elem *to)
{
	struct gw_elem carried = *to;

	if (set->counter) {
		carried.packets = from->packets;
		carried.bytes = from->bytes;
	}
	return carried;
}

/* Walks both sorted lists once and collects what goes and what comes. */
static void compare_elems(const struct gw_set *was, const struct gw_set *wanted,
			  struct elem_list *gone, struct elem_list *come)
{
	size_t i = 0, k = 0;

	while (i < was->n_elems && k < wanted->n_elems) {
		const struct gw_elem *old = &was->elems[i], *new = &wanted->elems[k];
		int order = gw_elem_compare(was, old, new);

		if (order < 0) {
			list_add(gone, old);
		} else if (order > 0) {
			list_add(come, new);
		} else if (!gw_elem_equal(was, old, new)) {
			struct gw_elem carried = carry(wanted, old, new);

			list_add(gone, old);
			list_add(come, &carried);
		}
		i += order <= 0;
		k += order >= 0;
	}
	for (; i < was->n_elems; i++)
		list_add(gone, &was->elems[i]);
	for (; k < wanted->n_elems; k++)
		list_add(come, &wanted->elems[k]);
}

static void delete_elems(struct diff *diff)
{
	for (size_t i = 0; i < diff->observed->n_sets; i++) {
		const struct gw_set *was = set_kept(diff, diff->observed->sets[i].name);
		const struct gw_set *wanted;
		struct elem_list gone = { 0 };

		if (!was || was->run_time || was->constant)
			continue;
		wanted = gw_ruleset_set(diff->desired, was->name);
		compare_elems(was, wanted, &gone, &diff->come[wanted - diff->desired->sets]);
		diff->plan->elems_deleted += gone.n;
		push_list(diff, GW_OP_DEL_ELEMS, was, &gone);
	}
}

/* Elements of a set that is made anew count on where those of the old one with their keys were. */
static bool carries_over(const struct gw_set *was, const struct gw_set *wanted)
{
	if (!was || !was->counter || !wanted->counter || was->n_key != wanted->n_key)
		return false;
	for (size_t i = 0; i < was->n_key; i++)
		if (was->key[i] != wanted->key[i])
			return false;
	return true;
}

static void add_carried(struct diff *diff, const struct gw_set *was, const struct gw_set *wanted)
{
	struct elem_list come = { 0 };
	size_t i = 0;

	for (size_t k = 0; k < wanted->n_elems; k++) {
		struct gw_elem elem = wanted->elems[k];

		while (i < was->n_elems && gw_elem_compare(wanted, &was->elems[i], &elem) < 0)
			i++;
		if (i < was->n_elems && gw_elem_compare(wanted, &was->elems[i], &elem) == 0)
			elem = carry(wanted, &was->elems[i], &elem);
		list_add(&come, &elem);
	}
	push_list(diff, GW_OP_ADD_ELEMS, wanted, &come);
}

/* All elements of a new set, if nothing is carried without copying what may be a million. */
static void add_all_elems(struct diff *diff, const struct gw_set *wanted)
{
	const struct gw_set *was = gw_ruleset_set(diff->observed, wanted->name);

	diff->plan->elems_added += wanted->n_elems;
	if (carries_over(was, wanted))
		add_carried(diff, was, wanted);
	else if (wanted->n_elems)
		push(diff, (struct gw_op){ .kind = GW_OP_ADD_ELEMS,
					   .set = wanted,
					   .elems = wanted->elems,
					   .count = wanted->n_elems });
}

static void add_elems(struct diff *diff)
{
	for (size_t i = 0; i < diff->desired->n_sets; i++) {
		const struct gw_set *wanted = &diff->desired->sets[i];

		/* A run-time set that is new may come with elements, so that they are there as soon
		 * as it is. */
		if ((wanted->run_time || wanted->constant) && set_kept(diff, wanted->name))
			continue;
		if (!set_kept(diff, wanted->name)) {
			add_all_elems(diff, wanted);
			continue;
		}
		diff->plan->elems_added += diff->come[i].n;
		push_list(diff, GW_OP_ADD_ELEMS, wanted, &diff->come[i]);
	}
}

/* ---- sets and chains ------------------------------------------------------------------------ */

static void delete_sets_and_chains(struct diff *diff)
{
	for (size_t i = 0; i < diff->observed->n_sets; i++) {
		const struct gw_set *was = &diff->observed->sets[i];

		if (set_kept(diff, was->name))
			continue;
		push(diff, (struct gw_op){ .kind = GW_OP_DEL_SET, .set = was });
		diff->plan->sets_deleted++;
	}
	for (size_t i = 0; i < diff->observed->n_chains; i++) {
		const struct gw_chain *was = &diff->observed->chains[i];

		if (chain_kept(diff, was->name))
			continue;
		push(diff, (struct gw_op){ .kind = GW_OP_DEL_CHAIN, .chain = was });
		diff->plan->chains_deleted++;
	}
}

static void add_chains_and_sets(struct diff *diff)
{
	for (size_t i = 0; i < diff->desired->n_chains; i++) {
		const struct gw_chain *wanted = &diff->desired->chains[i];

		if (chain_kept(diff, wanted->name))
			continue;
		push(diff, (struct gw_op){ .kind = GW_OP_ADD_CHAIN, .chain = wanted });
		diff->plan->chains_added++;
	}
	for (size_t i = 0; i < diff->desired->n_sets; i++) {
		const struct gw_set *wanted = &diff->desired->sets[i];

		if (set_kept(diff, wanted->name))
			continue;
		push(diff, (struct gw_op){ .kind = GW_OP_ADD_SET, .set = wanted });
		diff->plan->sets_added++;
	}
}

static struct gw_plan *plan_new(const struct gw_ruleset *desired, const struct gw_ruleset *observed)
{
	struct gw_plan *plan = gw_zalloc(1, sizeof(*plan));

	plan->arena = gw_arena_new();
	plan->table = gw_arena_strdup(plan->arena, observed->name);
	plan->generation = observed->generation;
	plan->desired = desired;
	plan->observed = observed;
	return plan;
}

static void diff_done(struct diff *diff)
{
	for (size_t i = 0; i < diff->desired->n_chains; i++)
		gw_free(diff->partners[i]);
	for (size_t i = 0; i < diff->desired->n_sets; i++)
		gw_free(diff->come[i].items);
	gw_free(diff->partners);
	gw_free(diff->come);
}

/* Both sides of one family. */
static void diff_table(struct gw_plan *plan, const struct gw_ruleset *desired,
		       const struct gw_ruleset *observed)
{
	struct diff diff = {
		.plan = plan,
		.desired = desired,
		.observed = observed,
		.partners = gw_zalloc(desired->n_chains, sizeof(size_t *)),
		.come = gw_zalloc(desired->n_sets, sizeof(struct elem_list)),
	};

	if (!observed->exists)
		push(&diff, (struct gw_op){ .kind = GW_OP_ADD_TABLE });
	delete_rules(&diff);
	delete_elems(&diff);
	delete_sets_and_chains(&diff);
	add_chains_and_sets(&diff);
	add_elems(&diff);
	add_rules(&diff);
	diff_done(&diff);
}

static void remove_table(struct gw_plan *plan, const struct gw_ruleset *observed)
{
	struct diff diff = { .plan = plan, .observed = observed };

	if (observed->exists)
		push(&diff, (struct gw_op){ .kind = GW_OP_DEL_TABLE });
}

struct gw_plan *gw_plan_diff(const struct gw_ruleset *desired, const struct gw_ruleset *observed)
{
	struct gw_plan *plan = plan_new(desired, observed);

	for (const struct gw_ruleset *was = observed; was; was = was->next)
		if (!gw_ruleset_table(desired, was->family))
			remove_table(plan, was);
	for (const struct gw_ruleset *wanted = desired; wanted; wanted = wanted->next) {
		const struct gw_ruleset *was = gw_ruleset_table(observed, wanted->family);
		struct gw_ruleset nothing = { .family = wanted->family };

		diff_table(plan, wanted, was ? was : &nothing);
	}
	return plan;
}

struct gw_plan *gw_plan_remove(const struct gw_ruleset *observed)
{
	struct gw_plan *plan = plan_new(NULL, observed);

	for (; observed; observed = observed->next)
		remove_table(plan, observed);
	return plan;
}

void gw_plan_free(struct gw_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->n_lists; i++)
		gw_free(plan->lists[i]);
	gw_free(plan->lists);
	gw_free(plan->ops);
	gw_arena_free(plan->arena);
	gw_free(plan);
}
