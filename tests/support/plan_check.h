/* Steps and checks that the tests of plans have in common; they fail the test. `seed` is for the
 * message alone. */
#ifndef TESTS_SUPPORT_PLAN_CHECK_H
#define TESTS_SUPPORT_PLAN_CHECK_H

#include "gw/plan/plan.h"
#include "tests/support/fake_kernel.h"

/** A kernel that holds a copy of `held`. */
struct fake_kernel *plan_check_kernel(const struct gw_ruleset *held);
/** What the kernel shows; the caller's. */
struct gw_ruleset *plan_check_observe(struct fake_kernel *fake);
/** The plan that makes the kernel hold `wanted`. `*ret_seen`, observed for it, must outlive it. */
struct gw_plan *plan_check_plan(struct fake_kernel *fake, const struct gw_ruleset *wanted,
				struct gw_ruleset **ret_seen);
/** 0 or -errno. */
int plan_check_commit(struct fake_kernel *fake, const struct gw_plan *plan);
/** Makes the kernel hold `wanted`, in one go. */
void plan_check_apply(struct fake_kernel *fake, const struct gw_ruleset *wanted, uint64_t seed);
/** The kernel holds `wanted`: same digest, and nothing is left to do. */
void plan_check_holds(struct fake_kernel *fake, const struct gw_ruleset *wanted, uint64_t seed);
/** How many operations of this kind the plan has. */
size_t plan_check_count(const struct gw_plan *plan, enum gw_op_kind kind);

#endif
