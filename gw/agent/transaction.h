/*
 * One change of the kernel, from config to commit. `gwctl apply` runs it now; the agent will run the
 * same code. Steps: load, analyse, prove the assertions, number, compile, observe, compare; then
 * store the revision, commit, put the revision in force. A failure at any step leaves kernel and
 * current revision as they were.
 */
#ifndef GW_AGENT_TRANSACTION_H
#define GW_AGENT_TRANSACTION_H

#include "gw/agent/store.h"
#include "gw/nft/nft.h"
#include "gw/policy/load.h"

/** Exit codes of gwctl (design.md 6). */
enum gw_exit {
	GW_EXIT_OK = 0,
	GW_EXIT_FAILED = 1,
	GW_EXIT_DIFFERENT = 2,
	GW_EXIT_INVALID = 3,
	GW_EXIT_REFUSED = 4,
	GW_EXIT_ROLLED_BACK = 5,
	GW_EXIT_USAGE = 64,
};

/** Where a config comes from. */
struct gw_config_origin {
	const char *dir; /* a config repository; or NULL, and the files of a revision: */
	const struct gw_conf_file *files;
	size_t n_files;
	bool lockdown; /* only what gw_policy_lockdown leaves of it counts */
};

/** Where a change goes to. */
struct gw_target {
	struct gw_kernel *kernel;
	struct gw_store *store;
	/* Adds what does not come from the config to the ruleset that was compiled: elements of run-time
	 * sets, for those that are new. NULL: nothing. */
	void (*complete)(void *context, struct gw_ruleset *desired);
	void *context;
};

/** Who makes a change, and what must be done in the middle of it. */
struct gw_change {
	const char *who, *note, *ticket, *approvals; /* the last two may be NULL */
	bool undoing, emergency;                     /* see struct gw_revision */
	/* Called when revision `number` is on disk and before the kernel learns of it: what returns an
	 * error (with a diagnostic) ends the change, and nothing was changed. NULL: nothing to do. */
	enum gw_exit (*before_send)(void *context, uint32_t number, struct gw_diags *diags);
	void *context;
};

/** All that was computed on the way. Starts as zeroes; freed by gw_transaction_done. */
struct gw_transaction {
	struct gw_arena *arena;
	struct gw_config *config; /* wanted */
	struct gw_config *before; /* in force; NULL if nothing is */
	struct gw_numbers *numbers, *numbers_before;
	struct gw_ruleset *desired, *observed;
	struct gw_plan *plan;
	struct gw_carried *carried; /* with the revision in force, once it was needed */
	size_t n_carried;
	struct gw_finals finals, gone; /* last counts told by the kernel; what must be carried */
	char digest[65];               /* of desired, once it was needed */
	int64_t now;
	uint32_t base;               /* revision in force, 0: none */
	struct gw_revision revision; /* what is known of it */
	uint32_t interrupted;        /* revision whose commit was interrupted, 0: none */
	bool lockdown;               /* config is one in lockdown */
	bool config_changed;         /* the files differ from those of `base` */
	bool sent;                   /* the kernel took something of the plan */
};

/**
 * Reads and checks a config: what `gwctl check` does. GW_EXIT_OK, GW_EXIT_INVALID, or
 * GW_EXIT_REFUSED if an assertion does not hold. `ret` is set in any case and the caller's.
 */
enum gw_exit gw_config_check(const struct gw_config_origin *origin, int64_t now,
			     struct gw_config **ret, struct gw_diags *diags);

/** The config of an origin, in lockdown if it says so. Never NULL, see gw_config_load. */
struct gw_config *gw_config_of(const struct gw_config_origin *origin, int64_t now,
			       struct gw_diags *diags);

/** Prepares a change; changes nothing. GW_EXIT_OK with a plan, or what went wrong. */
enum gw_exit gw_transaction_prepare(struct gw_transaction *transaction,
				    const struct gw_config_origin *origin,
				    const struct gw_target *target, int64_t now,
				    struct gw_diags *diags);

/**
 * Makes the change; the store must be locked since before it was prepared. If another program changes
 * the table meanwhile, compares again, five times at most. With an empty plan and an unchanged
 * config nothing is done and `*ret_revision` is the one in force.
 */
enum gw_exit gw_transaction_commit(struct gw_transaction *transaction,
				   const struct gw_target *target, const struct gw_change *change,
				   uint32_t *ret_revision, struct gw_diags *diags);

/**
 * Makes the change without storing anything: for a rollback that must not fail for want of disk space.
 * The revision in force stays the one noted; the next start compares and stores.
 */
enum gw_exit gw_transaction_send(struct gw_transaction *transaction, const struct gw_target *target,
				 struct gw_diags *diags);

/**
 * Puts right what others changed, or time has: sends the plan, and carries with the revision in force
 * the counts of what goes.
 */
enum gw_exit gw_transaction_repair(struct gw_transaction *transaction,
				   const struct gw_target *target, struct gw_diags *diags);

void gw_transaction_done(struct gw_transaction *transaction);

/** Tracked connections of rules in force, and how many of them the change would end. 0 or -errno. */
int gw_transaction_impact(const struct gw_transaction *transaction, struct gw_kernel *kernel,
			  size_t *ret_tracked, size_t *ret_ending);

/**
 * The revision that the kernel should hold: the current one, or one whose commit was interrupted if
 * the kernel's own ruleset shows that it was made. 0 if there is none.
 */
uint32_t gw_revision_in_force(struct gw_store *store, const struct gw_ruleset *observed);

/** Adds the diagnostic for an errno of observing or opening the kernel's ruleset. */
enum gw_exit gw_kernel_failed(int error, struct gw_diags *diags);

#endif
