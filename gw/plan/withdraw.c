/*
 * Withdrawals apart. A connection whose rule's number goes is judged again at its next packet, and the
 * kernel does not switch all sets over at the same instant: an interval set changes some
 * microseconds after the others. A packet in between finds neither the old nor the new class and is
 * lost, although its connection is still permitted. So a plan that both changes what rules match and
 * takes numbers away is sent in two transactions: first all that is new, while connections still pass
 * by their old numbers; then the old numbers go, and what is judged again is judged by sets at rest.
 */
#include <string.h>

#include "gw/core/mem.h"
#include "gw/plan/plan.h"

/* Sets of numbers with counters that let connections pass; see gw/compile/sets.c. */
static bool holds_numbers(const struct gw_set *set)
{
	return !set->map && set->counter && !set->run_time && set->n_key == 1 &&
	       set->key[0] == GW_TYPE_MARK;
}

/* Does the plan add the element again, with another expiry say? */
static bool comes_again(const struct gw_plan *plan, const struct gw_set *set,
			const struct gw_elem *elem)
{
	for (size_t i = 0; i < plan->n_ops; i++) {
		const struct gw_op *op = &plan->ops[i];

		if (op->kind != GW_OP_ADD_ELEMS || strcmp(op->set->name, set->name) != 0)
			continue;
		for (size_t k = 0; k < op->count; k++)
			if (gw_elem_compare(set, &op->elems[k], elem) == 0)
				return true;
	}
	return false;
}

/* Splits the elements of one operation: those that come again first, then those that only go. */
static size_t partition(struct gw_plan *plan, const struct gw_op *op, struct gw_elem **ret)
{
	struct gw_elem *elems = gw_arena_array(plan->arena, op->count, struct gw_elem);
	size_t stay = 0, go = op->count;

	for (size_t i = 0; i < op->count; i++) {
		if (comes_again(plan, op->set, &op->elems[i]))
			elems[stay++] = op->elems[i];
		else
			elems[--go] = op->elems[i];
	}
	*ret = elems;
	return stay;
}

struct gw_plan *gw_plan_take_withdrawals(struct gw_plan *plan)
{
	struct gw_plan *withdrawals = gw_zalloc(1, sizeof(*withdrawals));
	size_t kept = 0;

	withdrawals->arena = gw_arena_new();
	withdrawals->family = plan->family;
	withdrawals->table = gw_arena_strdup(withdrawals->arena, plan->table);
	withdrawals->generation = plan->generation + 1; /* each transaction counts one up */
	for (size_t i = 0; i < plan->n_ops; i++) {
		struct gw_op op = plan->ops[i];
		struct gw_elem *elems;
		size_t stay;

		if (op.kind == GW_OP_DEL_ELEMS && holds_numbers(op.set)) {
			struct gw_op going = op;

			stay = partition(plan, &op, &elems);
			going.elems = elems + stay;
			going.count = op.count - stay;
			if (going.count)
				gw_push(withdrawals->ops, withdrawals->n_ops, withdrawals->capacity,
					going);
			withdrawals->elems_deleted += going.count;
			op.elems = elems;
			op.count = stay;
			if (!stay)
				continue;
		}
		plan->ops[kept++] = op;
	}
	plan->n_ops = kept;
	return withdrawals;
}
