/*
 * Withdrawals apart. A connection whose rule's number goes is judged again at its next packet, and the
 * kernel does not switch all sets over at the same instant: an interval set changes some
 * microseconds after the others. A packet in between finds neither the old nor the new class and is
 * lost, although its connection is still permitted. So three transactions follow each other: the numbers
 * that will go are also put into a set whose elements have timeouts; then everything changes, while
 * connections still pass by their old numbers; then the old numbers go for good, and what is judged
 * again is judged by sets at rest. If this program dies in between, the kernel ends them by itself.
 * (Moving them in the second transaction would not do: a new element counts as expired until the
 * kernel has come to it in its list of changes.)
 */
#include <string.h>

#include "gw/core/mem.h"
#include "gw/plan/plan.h"

/* Does the set hold numbers that let connections pass, as `grace` does? */
static bool lets_pass(const struct gw_set *set, const struct gw_set *grace)
{
	return !set->map && set->counter && !set->run_time && set->n_key == 1 &&
	       set->key[0] == GW_TYPE_MARK && strcmp(set->name, grace->name) != 0 &&
	       strncmp(set->name, grace->name, strcspn(grace->name, "_")) == 0;
}

/* Is the key among these elements, which are sorted, as those of sets and operations are? */
static bool contains(const struct gw_set *set, const struct gw_elem *elems, size_t count,
		     const struct gw_elem *elem)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = gw_elem_compare(set, &elems[middle], elem);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool is_added(const struct gw_plan *plan, const struct gw_set *set,
		     const struct gw_elem *elem)
{
	for (size_t i = 0; i < plan->n_ops; i++) {
		const struct gw_op *op = &plan->ops[i];

		if (op->kind == GW_OP_ADD_ELEMS && strcmp(op->set->name, set->name) == 0 &&
		    contains(set, op->elems, op->count, elem))
			return true;
	}
	return false;
}

/*
 * Shall the number go gently? Not if it comes again, with another expiry say; and not if it is in the
 * set of grace already or comes there by the plan: the kernel refuses to add it twice. It is there
 * if an attempt before this one got no further than its first part.
 */
static bool goes_gently(const struct gw_plan *plan, const struct gw_set *set,
			const struct gw_set *grace, const struct gw_elem *elem)
{
	return !is_added(plan, set, elem) && !is_added(plan, grace, elem) &&
	       !contains(grace, grace->elems, grace->n_elems, elem);
}

/* The elements of one operation that only go, each with its last moment. */
static size_t take_going(const struct gw_plan *plan, const struct gw_op *op,
			 const struct gw_set *grace, int64_t expires_ms, struct gw_elem *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < op->count; i++) {
		if (!goes_gently(plan, op->set, grace, &op->elems[i]))
			continue;
		ret[n++] = (struct gw_elem){ .key = op->elems[i].key,
					     .origin = op->elems[i].origin,
					     .expires_ms = expires_ms };
	}
	return n;
}

static struct gw_plan *plan_beside(const struct gw_plan *plan, uint32_t generation)
{
	struct gw_plan *beside = gw_zalloc(1, sizeof(*beside));

	beside->arena = gw_arena_new();
	beside->table = gw_arena_strdup(beside->arena, plan->table);
	beside->generation = generation;
	beside->desired = plan->desired;
	beside->observed = plan->observed;
	beside->finals = plan->finals;
	return beside;
}

void gw_plan_withdraw_gently(struct gw_plan *plan, const struct gw_set *grace, int64_t expires_ms,
			     struct gw_plan **ret_before, struct gw_plan **ret_after)
{
	/* Each transaction counts the generation up by one. */
	struct gw_plan *before = plan_beside(plan, plan->generation);
	struct gw_plan *after = plan_beside(plan, plan->generation + 2);

	for (size_t i = 0; i < plan->n_ops; i++) {
		const struct gw_op *op = &plan->ops[i];
		struct gw_op moved = { .family = op->family, .set = grace };
		struct gw_elem *elems;

		if (op->kind != GW_OP_DEL_ELEMS || !lets_pass(op->set, grace))
			continue;
		elems = gw_arena_array(before->arena, op->count, struct gw_elem);
		moved.count = take_going(plan, op, grace, expires_ms, elems);
		moved.elems = elems;
		if (!moved.count)
			continue;
		moved.kind = GW_OP_ADD_ELEMS;
		gw_push(before->ops, before->n_ops, before->capacity, moved);
		moved.kind = GW_OP_DEL_ELEMS;
		gw_push(after->ops, after->n_ops, after->capacity, moved);
	}
	if (before->n_ops)
		plan->generation++;
	*ret_before = before;
	*ret_after = after;
}
