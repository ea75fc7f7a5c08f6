/*
 * What has to change: the difference between the observed and the desired ruleset as a list of
 * operations in an order that the kernel accepts, to be sent as one batch. Tables know nothing of
 * each other, so their operations follow one another.
 *
 * Order of operations of a table (references decide): add table; delete rules, then elements, then sets, then
 * chains; add chains, then sets, then elements, then rules. So what goes is gone before anything of
 * the same name comes, and everything is there before something refers to it.
 *
 * Only what differs is touched. A base chain whose hook changed is deleted and added with its
 * rules, a set whose definition changed with the rules that refer to it. Elements that changed are
 * deleted and added with the counts that they had. Sets of a run-time writer keep their elements;
 * those in `desired` are added only where the set itself is.
 * Rules of a chain: a common subsequence stays untouched; others are inserted by position.
 *
 *	struct gw_plan *plan = gw_plan_diff(desired, observed);
 *	if (plan->n_ops)
 *		err = kernel->ops->commit(kernel, plan, &refusal);
 *	gw_plan_free(plan);
 */
#ifndef GW_PLAN_PLAN_H
#define GW_PLAN_PLAN_H

#include "gw/ruleset/ruleset.h"

enum gw_op_kind {
	GW_OP_ADD_TABLE,
	GW_OP_ADD_CHAIN,
	GW_OP_ADD_SET,
	GW_OP_ADD_ELEMS, /* all `elems` of an operation go into one `set` */
	GW_OP_ADD_RULE,  /* before the rule with handle `position`; 0: at the end */
	GW_OP_DEL_RULE,  /* by handle */
	GW_OP_DEL_ELEMS,
	GW_OP_DEL_SET,
	GW_OP_DEL_CHAIN,
	GW_OP_DEL_TABLE,
	GW_OP_KINDS
};

struct gw_op {
	enum gw_op_kind kind;
	uint32_t family; /* of the table: NFPROTO_INET … */
	const struct gw_chain *chain;
	const struct gw_set *set;
	const struct gw_rule *rule;
	const struct gw_elem *elems; /* contiguous, `count` of them */
	size_t count;
	uint64_t position;
};

/** What an element with a number for its key had counted when a transaction deleted it. */
struct gw_final {
	const struct gw_set *set; /* of the operation */
	uint32_t number;
	uint64_t packets, bytes;
};
struct gw_finals {
	struct gw_final *items; /* heap array */
	size_t n, capacity;
};

struct gw_plan {
	struct gw_arena *arena;
	const char *table;   /* name of all of them */
	uint32_t generation; /* of the observed ruleset: the batch is refused if it moved on */
	const struct gw_ruleset *desired, *observed; /* borrowed; desired NULL: all tables go */
	struct gw_op *ops;                           /* heap array */
	size_t n_ops, capacity;
	/* Where a commit puts the last counts of what it deletes; borrowed, NULL: not wanted. */
	struct gw_finals *finals;
	struct gw_elem **lists; /* heap arrays that operations point into */
	size_t n_lists, lists_capacity;
	/* figures for people */
	size_t rules_added, rules_deleted, elems_added, elems_deleted, sets_added, sets_deleted,
		chains_added, chains_deleted;
};

/**
 * The plan that turns `observed` into `desired`; both must outlive it and be finished. An empty
 * plan (n_ops == 0) means that there is nothing to do.
 */
struct gw_plan *gw_plan_diff(const struct gw_ruleset *desired, const struct gw_ruleset *observed);
/**
 * Makes numbers of rules that `plan` withdraws end a moment later than the rest changes. `ret_before`
 * puts them into `grace` too, the observed set of live numbers with timeouts, until `expires_ms`
 * (Unix time); `ret_after` takes them out there. Both are empty if nothing is withdrawn, else the
 * three are sent one right after the other. `ret_after` borrows from `ret_before`. See withdraw.c.
 */
void gw_plan_withdraw_gently(struct gw_plan *plan, const struct gw_set *grace, int64_t expires_ms,
			     struct gw_plan **ret_before, struct gw_plan **ret_after);
/** The plan that removes all tables. */
struct gw_plan *gw_plan_remove(const struct gw_ruleset *observed);
void gw_plan_free(struct gw_plan *plan);

/** A line for each thing that comes or goes: "+ element match { … }  # web-in policies.yaml:14". */
void gw_plan_print(const struct gw_plan *plan, struct gw_text *out);

/** The place that an operation came from (first origin found), or a loc without source. */
struct gw_loc gw_op_loc(const struct gw_op *op);

#endif
