/*
 * One change of the kernel, from config to commit. `gwctl apply` runs it now; the agent will run the
 * same code. Steps: load, analyse, assertions, numbers, compile, observe, diff, store the
 * revision, commit, mark it current. A failure at any step leaves kernel and current revision as
 * they were.
 */
#ifndef GW_AGENT_TRANSACTION_H
#define GW_AGENT_TRANSACTION_H

#include "gw/agent/store.h"
#include "gw/link/link.h"
#include "gw/nft/nft.h"
#include "gw/policy/analyze.h"
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

/** All that was computed on the way to a change. Freed by gw_transaction_done. */
struct gw_transaction {
	struct gw_config *config; /* new */
	struct gw_config *before; /* config of the current revision, NULL if none */
	struct gw_numbers *numbers, *numbers_before;
	struct gw_ruleset *desired, *observed;
	struct gw_plan *plan;
	char digest[65];
	int64_t now;
};

/**
 * Prepares a change from the config repository `dir` (or, if `files` is given, from those) against
 * the kernel and the store; changes nothing. Returns GW_EXIT_OK with a plan, GW_EXIT_INVALID,
 * GW_EXIT_REFUSED (an assertion does not hold) or GW_EXIT_FAILED, with diagnostics.
 */
enum gw_exit gw_transaction_prepare(struct gw_transaction *transaction, const char *dir,
				    const struct gw_conf_file *files, size_t n_files,
				    struct gw_kernel *kernel, struct gw_store *store, int64_t now,
				    struct gw_diags *diags);

/**
 * Commits what was prepared: a new revision in the store, the plan to the kernel. If another program
 * changed the table in between, prepares again, up to five times. The store must be locked. An
 * empty plan and an unchanged config commit nothing and add no revision.
 */
enum gw_exit gw_transaction_commit(struct gw_transaction *transaction, struct gw_kernel *kernel,
				   struct gw_store *store, const char *who, const char *note,
				   uint32_t *ret_revision, struct gw_diags *diags);

void gw_transaction_done(struct gw_transaction *transaction);

/** Connections that would end: tracked ones that the new policy no longer lets through. */
int gw_transaction_impact(const struct gw_transaction *transaction, size_t *ret_tracked,
			  size_t *ret_ending);

#endif
