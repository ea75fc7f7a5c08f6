/*
 * A kernel in memory, to stand in for the real one where a test wants to say what the kernel holds
 * and what it refuses. Observing leaves out the elements of run-time and constant sets, which it
 * holds all the same; a commit is all or nothing, against the generation that was observed.
 *
 *	struct fake_kernel *fake = fake_kernel_new();
 *	err = fake->base.ops->observe(&fake->base, &seen);
 *	fake->refuse_errno = EBUSY;    // the next commit, at its third operation
 *	fake->refuse_op = 2;
 *	gw_kernel_free(&fake->base);
 *
 * It refuses what the kernel refuses: see fake_table.h. Nobody counts packets; a test that wants
 * counts writes them into `held`.
 */
#ifndef TESTS_SUPPORT_FAKE_KERNEL_H
#define TESTS_SUPPORT_FAKE_KERNEL_H

#include "gw/nft/nft.h"

/** For refuse_op: the transaction as a whole, no operation of it. */
#define FAKE_KERNEL_WHOLE SIZE_MAX

struct fake_kernel {
	struct gw_kernel base; /* first: what the code under test gets */

	/* What it holds. A test may change it, as another program would, with `generation` one
	 * higher; gw_ruleset_finish it afterwards. Replaced by every commit. */
	struct gw_ruleset *held;
	int64_t now_ms; /* its clock; elements that expired by then are gone. Starts at 0 */
	struct gw_kernel_features features;

	/* Another program: called at the start of the next `interferences` commits, which
	 * therefore fail with -ERESTART. `interfere` may be NULL: the generation moves on anyway. */
	unsigned int interferences;
	void (*interfere)(struct gw_ruleset *held, void *context);
	void *interfere_context;

	/* Refusals, as positive errno; 0: none. The one of a commit holds for the next alone. */
	int observe_errno; /* of every observation */
	int refuse_errno;
	size_t refuse_op; /* index in the plan; a shorter plan is not refused */

	/* What was asked of it. */
	unsigned int n_observed, n_tried, n_committed;
	uint64_t last_handle;
	uint64_t netns; /* 0: this kernel cannot tell namespaces apart */
};

/** A kernel that holds nothing; freed by gw_kernel_free(&fake->base). */
struct fake_kernel *fake_kernel_new(void);

/** Makes it hold a copy of `ruleset`: as if committed, with handles, elements' counts kept. */
void fake_kernel_hold(struct fake_kernel *fake, const struct gw_ruleset *ruleset);

#endif
