/*
 * The table behind fake_kernel.h: copies of rulesets, and operations on them with the checks that
 * the kernel makes. Where the kernel would clean up by itself (rules of a deleted chain), this one
 * refuses, so that a plan has to say all that it does; where the kernel does not look (loops that
 * no base chain reaches, which it blames on somebody else later), this one does.
 */
#ifndef TESTS_SUPPORT_FAKE_TABLE_H
#define TESTS_SUPPORT_FAKE_TABLE_H

#include "gw/plan/plan.h"

/** A deep copy of all tables, origins apart: the kernel keeps none. Sets of run-time writers
 * included. */
struct gw_ruleset *fake_table_copy(const struct gw_ruleset *ruleset);

/** Copies the elements of `from` to `to`, the same set in another ruleset, whose arena they use. */
void fake_table_copy_elems(struct gw_arena *arena, struct gw_set *to, const struct gw_set *from);

/** Removes all elements that expired. */
void fake_table_expire(struct gw_ruleset *ruleset, int64_t now_ms);

/**
 * Does one operation. 0 or -errno, as the kernel would: ENOENT, EEXIST, EBUSY, EINVAL, ENFILE,
 * EOPNOTSUPP; after an error the table is of no more use. New objects get handles from *handle on.
 */
int fake_table_apply(struct gw_ruleset *ruleset, const struct gw_op *op, int64_t now_ms,
		     uint64_t *handle);

/** What the kernel checks at the end: -ELOOP, -EMLINK for 16 jumps in a row, or 0. */
int fake_table_validate(const struct gw_ruleset *ruleset);

#endif
