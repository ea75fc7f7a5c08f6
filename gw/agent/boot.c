/*
 * What the kernel should hold when the agent starts, after a boot as after a kill -9. The kernel is
 * compared with it and only the difference is sent: where everything is in place, nothing is.
 *
 *	nothing was ever applied        the gateway forwards nothing
 *	a change waits, in this boot    that change, and its clock goes on; over: back at once
 *	a change waited before a boot   the revision before it
 *	else                            the revision in force
 *
 * A revision that cannot be read, or that the kernel refuses, gives way to the lockdown of it, and
 * that to a gateway that forwards nothing. What the kernel already enforces is never taken away
 * before something better is there.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "gw/agent/adoption.h"
#include "gw/agent/agent.h"

static const struct gw_loc nowhere;

/* A gateway without any config: only if nothing of ours is in the kernel already. */
static enum gw_exit load_closed(struct gw_agent *agent, struct gw_diags *diags)
{
	struct gw_transaction transaction = { .arena = gw_arena_new() };
	struct gw_kernel *kernel = agent->target.kernel;
	enum gw_exit status = GW_EXIT_OK;
	int err = kernel->ops->observe(kernel, &transaction.observed);

	if (err) {
		status = gw_kernel_failed(err, diags);
	} else if (transaction.observed->n_chains == 0) {
		transaction.desired = gw_compile_closed();
		transaction.plan = gw_plan_diff(transaction.desired, transaction.observed);
		status = gw_transaction_send(&transaction, &agent->target, diags);
	}
	gw_transaction_done(&transaction);
	return status;
}

/* Puts the config of a stored revision in force, or leaves it there. */
static enum gw_exit load_revision(struct gw_agent *agent, uint32_t number, bool lockdown,
				  struct gw_diags *diags)
{
	struct gw_transaction transaction = { 0 };
	struct gw_config_origin origin = { .lockdown = lockdown };
	struct gw_arena *arena = gw_arena_new();
	struct gw_change change = { .who = "gwd",
				    .note = lockdown ? "lockdown at the start"
						     : "loaded at the start" };
	struct gw_revision revision = { 0 };
	struct gw_conf_file *files = NULL;
	enum gw_exit status = GW_EXIT_FAILED;
	uint32_t made = 0;
	int err = gw_store_revision(agent->target.store, number, arena, &revision);

	if (!err)
		err = gw_store_files(agent->target.store, number, arena, &files, &origin.n_files);
	origin.files = files;
	origin.lockdown |= revision.lockdown;
	if (err)
		gw_diag(diags, GW_D_STATE_CORRUPT, nowhere, "revision %u cannot be read: %s",
			number, strerror(-err));
	else
		status = gw_transaction_prepare(&transaction, &origin, &agent->target, time(NULL),
						diags);
	if (status == GW_EXIT_OK) {
		status = gw_transaction_commit(&transaction, &agent->target, &change, &made, diags);
		/* Early in the boot the disk may still be read-only: enforcing comes first. */
		if (status != GW_EXIT_OK && !transaction.sent &&
		    gw_transaction_send(&transaction, &agent->target, diags) == GW_EXIT_OK) {
			made = transaction.base;
			status = GW_EXIT_OK;
		}
	}
	if (status == GW_EXIT_OK)
		gw_agent_adopt(agent, &transaction, made);
	if (transaction.arena)
		gw_transaction_done(&transaction);
	gw_arena_free(arena);
	return status;
}

/* Takes over what the kernel holds already and has held since it was last compared. */
static enum gw_exit adopt_revision(struct gw_agent *agent, uint32_t number)
{
	struct gw_transaction transaction = { .numbers = gw_store_numbers(agent->target.store,
									  number) };
	struct gw_arena *arena = gw_arena_new();
	struct gw_revision revision = { 0 };
	struct gw_conf_file *files = NULL;
	enum gw_exit status = GW_EXIT_FAILED;
	struct gw_diags diags;
	size_t n = 0;

	gw_diags_init(&diags); /* what was wrong with it was said when it was applied */
	if (transaction.numbers &&
	    gw_store_revision(agent->target.store, number, arena, &revision) == 0 &&
	    !revision.lockdown &&
	    gw_store_files(agent->target.store, number, arena, &files, &n) == 0)
		transaction.config = gw_config_load_files(files, n, time(NULL), &diags);
	if (transaction.config && transaction.config->policy) {
		gw_agent_adopt(agent, &transaction, number);
		status = GW_EXIT_OK;
	}
	gw_config_free(transaction.config);
	gw_numbers_free(transaction.numbers);
	gw_diags_done(&diags);
	gw_arena_free(arena);
	return status;
}

/* The revision that the kernel should hold by what is noted, an interrupted change included. */
static enum gw_exit find_revision(struct gw_agent *agent, uint32_t *ret, struct gw_diags *diags)
{
	struct gw_ruleset *observed;
	int err;

	/* Only an interrupted change makes it a question. */
	if (!gw_store_pending(agent->target.store)) {
		*ret = gw_store_current(agent->target.store);
		return GW_EXIT_OK;
	}
	err = agent->target.kernel->ops->observe(agent->target.kernel, &observed);
	if (err)
		return gw_kernel_failed(err, diags);
	*ret = gw_revision_in_force(agent->target.store, observed);
	gw_ruleset_free(observed);
	return GW_EXIT_OK;
}

static enum gw_exit load(struct gw_agent *agent, uint32_t number, struct gw_diags *diags)
{
	enum gw_exit status;

	if (!number)
		return load_closed(agent, diags);
	if (gw_adoption_holds(agent->adoption, number) &&
	    adopt_revision(agent, number) == GW_EXIT_OK)
		return GW_EXIT_OK;
	status = load_revision(agent, number, false, diags);
	if (status != GW_EXIT_OK) {
		gw_agent_record(agent, &(struct gw_agent_event){ .event = "agent.lockdown",
								 .subject = "the revision in force",
								 .failed = true,
								 .reason = "it cannot be loaded" });
		status = load_revision(agent, number, true, diags);
	}
	return status == GW_EXIT_OK ? status : load_closed(agent, diags);
}

/* A change waited when the agent before this one ended. */
static enum gw_exit resume(struct gw_agent *agent, const struct gw_pending *pending,
			   uint32_t in_force, struct gw_diags *diags)
{
	char boot_id[40];
	enum gw_exit status;

	if (in_force != pending->revision) {
		/*
		 * It never reached the kernel, or was undone already, all but the last step. The deadline goes
		 * last: until the revision in force is noted, a death in between must not leave a change
		 * that nobody has confirmed and nothing undoes.
		 */
		status = load(agent, in_force, diags);
		if (status == GW_EXIT_OK)
			gw_undo_forget(agent->undo);
		return status;
	}
	gw_boot_id(boot_id);
	if (gw_pending_left_ms(pending, boot_id, gw_boottime_ms()) > 0) {
		status = load(agent, in_force, diags);
		gw_undo_arm(agent->undo, 0);
		return status;
	}
	status = gw_undo_now(agent->undo, NULL,
			     strcmp(boot_id, pending->boot_id) == 0
				     ? "it was not confirmed in time"
				     : "it was not confirmed before the machine was booted",
			     diags);
	/* With the kernel empty after a boot, something must be enforced while it is tried again. */
	return status == GW_EXIT_OK ? status : load_closed(agent, diags);
}

enum gw_exit gw_agent_boot(struct gw_agent *agent, struct gw_diags *diags)
{
	struct gw_pending pending;
	uint32_t in_force = 0;
	enum gw_exit status = find_revision(agent, &in_force, diags);
	int err;

	if (status != GW_EXIT_OK)
		return status;
	err = gw_pending_read(agent->target.store, &pending);
	if (err == -EBADMSG) {
		/* Half a file is never seen under its name, so somebody else damaged it. */
		gw_diag(diags, GW_D_STATE_CORRUPT, nowhere,
			"%s/pending.json is damaged; revision %u counts as confirmed",
			agent->state_dir, in_force);
		(void)gw_pending_clear(agent->target.store); /* it is reported again next time */
	}
	if (err)
		return load(agent, in_force, diags);
	if (gw_undo_prepare(agent->undo, &pending) < 0)
		gw_diag(diags, GW_D_STATE_WRITE, nowhere, "%s cannot be written", agent->state_dir);
	return resume(agent, &pending, in_force, diags);
}
