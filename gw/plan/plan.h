/*
 * What has to change: the difference between the observed and the desired ruleset as a list of
 * operations in an order that the kernel accepts, to be sent as one batch.
 *
 * Order of operations (references decide): add table; add new chains; add new sets; delete rules
 * that go (before the sets and chains that they use); delete elements that go or change; add
 * elements; add rules; delete chains (their rules first); delete sets. Elements whose data changed
 * are deleted and added in the batch and carry their counter over. Sets of a run-time writer keep their
 * elements. Rules of a chain: a common subsequence stays untouched; others are inserted by
 * position.
 */
#ifndef GW_PLAN_PLAN_H
#define GW_PLAN_PLAN_H

#include "gw/ruleset/ruleset.h"

enum gw_op_kind {
	GW_OP_ADD_TABLE,
	GW_OP_ADD_CHAIN,
	GW_OP_ADD_SET,
	GW_OP_ADD_ELEMS, /* elements [first, first + count) of `elems` into `set` */
	GW_OP_ADD_RULE, /* append to chain; before `position` (a handle) if not 0 */
	GW_OP_DEL_RULE, /* by handle */
	GW_OP_DEL_ELEMS,
	GW_OP_DEL_SET,
	GW_OP_DEL_CHAIN,
	GW_OP_DEL_TABLE,
	GW_OP_KINDS
};

struct gw_op {
	enum gw_op_kind kind;
	const struct gw_chain *chain;
	const struct gw_set *set;
	const struct gw_rule *rule;
	const struct gw_elem *elems; /* contiguous, `count` of them */
	size_t count;
	uint64_t position;
};

struct gw_plan {
	struct gw_arena *arena;
	uint32_t family; /* of the table */
	const char *table;
	uint32_t generation; /* of the observed ruleset: the batch is refused if it moved on */
	struct gw_op *ops; /* heap array */
	size_t n_ops, capacity;
	/* figures for people */
	size_t rules_added, rules_deleted, elems_added, elems_deleted, sets_added, sets_deleted,
		chains_added, chains_deleted;
};

/**
 * The plan that turns `observed` into `desired`; both must outlive it and be finished. An empty
 * plan (n_ops == 0) means that there is nothing to do.
 */
struct gw_plan *gw_plan_diff(const struct gw_ruleset *desired, const struct gw_ruleset *observed);
/** The plan that removes the table. */
struct gw_plan *gw_plan_remove(const struct gw_ruleset *observed);
void gw_plan_free(struct gw_plan *plan);

/** One line of text for each operation, elements too: "+ element match { … } web-in". */
void gw_plan_print(const struct gw_plan *plan, struct gw_text *out);

/** The place that an operation came from (first origin found), or a loc without source. */
struct gw_loc gw_op_loc(const struct gw_op *op);

#endif
