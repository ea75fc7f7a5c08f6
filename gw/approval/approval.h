/*
 * Approvals: a change is made only if enough people other than its author have signed the plan of it
 * (2.1.1.3 (1)(e), 1.2.1.2 (1)(a)). The rules that are in force decide, not those that the change would
 * bring.
 */
#ifndef GW_APPROVAL_APPROVAL_H
#define GW_APPROVAL_APPROVAL_H

#include "gw/approval/plan_file.h"
#include "gw/approval/signers.h"

/** `change: {approvals: …}`. */
struct gw_approvals {
	uint32_t need;      /* signatures; 0: none are asked for */
	uint32_t emergency; /* that are enough with `--emergency`; 0: there is no such way */
	uint32_t plan_max;  /* seconds that a plan may hold at most */
	struct gw_signers signers;
	struct gw_signers authors; /* the same file, for those who make plans */
	struct gw_loc loc;
};

/** What a plan is held against. */
struct gw_approval_situation {
	const char *site;
	uint32_t base;
	const char *base_digest;    /* "" for base 0 */
	const char *ruleset_digest; /* of what the plan's config compiles to here and now */
	const char *applicant;      /* who applies it */
	int64_t now;
	bool emergency;
};

struct gw_approval_result {
	const char *names[GW_PLAN_SIGNATURES_MAX]; /* whose signatures count; the plan's arena's */
	size_t n;
	bool emergency; /* fewer than usual, but enough for an emergency */
};

/**
 * True if the plan may be applied. Its author must have signed it, so that it is known whose approval
 * does not count. Adds a diagnostic for what stands against it, and one for each
 * signature that does not count.
 */
bool gw_approval_check(const struct gw_approvals *approvals, const struct gw_plan_file *plan,
		       const struct gw_approval_situation *situation, struct gw_arena *arena,
		       struct gw_approval_result *ret, struct gw_diags *diags);

/** The same rules and the same signers, in the same order? */
bool gw_approvals_equal(const struct gw_approvals *a, const struct gw_approvals *b);

#endif
