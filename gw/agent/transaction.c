#include "gw/agent/transaction.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "gw/agent/counts.h"
#include "gw/core/mem.h"
#include "gw/core/side.h"
#include "gw/link/link.h"
#include "gw/policy/analyze.h"
#include "gw/policy/lockdown.h"

#define ATTEMPTS 5

static const struct gw_loc nowhere;

enum gw_exit gw_kernel_failed(int error, struct gw_diags *diags)
{
	struct gw_kernel_error refusal = { .error = -error };
	struct gw_plan nothing = { .table = "gw" };

	gw_kernel_diagnose(&nothing, error, &refusal, diags);
	return GW_EXIT_FAILED;
}

struct gw_config *gw_config_of(const struct gw_config_origin *origin, int64_t now,
			       struct gw_diags *diags)
{
	struct gw_config *config =
		origin->dir ? gw_config_load(origin->dir, now, diags)
			    : gw_config_load_files(origin->files, origin->n_files, now, diags);

	if (origin->lockdown && config->policy)
		config->policy = gw_policy_lockdown(config->policy->arena, config->policy);
	return config;
}

enum gw_exit gw_config_check(const struct gw_config_origin *origin, int64_t now,
			     struct gw_config **ret, struct gw_diags *diags)
{
	*ret = gw_config_of(origin, now, diags);
	if (!(*ret)->policy)
		return GW_EXIT_INVALID;
	gw_analyze_rules((*ret)->policy, diags);
	return gw_analyze_assertions((*ret)->policy, now, diags) ? GW_EXIT_REFUSED : GW_EXIT_OK;
}

static void warn_of_missing_interfaces(const struct gw_policy *policy, struct gw_diags *diags)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_links links;

	/* Only a warning: without the list there is none. */
	if (gw_links_read(arena, &links) < 0)
		links.n = 0;
	for (size_t i = 0; links.n && i < policy->n_zones; i++) {
		const struct gw_zone *zone = &policy->zones[i];

		for (size_t k = 0; k < zone->n_interfaces; k++) {
			const struct gw_interface *interface = &zone->interfaces[k];

			if (gw_links_find(&links, interface->name))
				continue;
			gw_diag(diags, GW_D_INTERFACE_MISSING, interface->loc,
				"interface `%s` of zone `%s` does not exist now; its rules wait "
				"for it",
				interface->name, zone->name);
		}
	}
	gw_arena_free(arena);
}

static bool files_differ(const struct gw_conf *a, const struct gw_conf *b)
{
	if (a->n_files != b->n_files)
		return true;
	for (size_t i = 0; i < a->n_files; i++)
		if (strcmp(a->files[i].path, b->files[i].path) != 0 ||
		    a->files[i].len != b->files[i].len ||
		    memcmp(a->files[i].bytes, b->files[i].bytes, a->files[i].len) != 0)
			return true;
	return false;
}

/* ---- what is in force, read while the new config is ------------------------------------------ */

/*
 * Reading the kernel, the new config and the one in force takes most of the time of a change, and none
 * of the three needs another. Each works in memory and with diagnostics of its own.
 */
struct reading {
	struct gw_side side;
	struct gw_transaction *transaction;
	const struct gw_target *target;
	int error;
};

static void *observe(void *argument)
{
	struct reading *reading = argument;
	struct gw_kernel *kernel = reading->target->kernel;

	reading->error = kernel->ops->observe(kernel, &reading->transaction->observed);
	return NULL;
}

static void *read_before(void *argument)
{
	struct reading *reading = argument;
	struct gw_transaction *transaction = reading->transaction;
	struct gw_store *store = reading->target->store;
	struct gw_conf_file *files;
	struct gw_diags ignored;
	size_t n;

	if (!transaction->base)
		return NULL;
	reading->error = gw_store_revision(store, transaction->base, transaction->arena,
					   &transaction->revision);
	if (!reading->error)
		reading->error =
			gw_store_files(store, transaction->base, transaction->arena, &files, &n);
	if (reading->error)
		return NULL;
	transaction->numbers_before = gw_store_numbers(store, transaction->base);
	if (!transaction->numbers_before)
		reading->error = -EBADMSG;
	/* It was valid when it was applied; warnings of today would only confuse. */
	gw_diags_init(&ignored);
	transaction->before = gw_config_of(
		&(struct gw_config_origin){
			.files = files, .n_files = n, .lockdown = transaction->revision.lockdown },
		transaction->now, &ignored);
	gw_diags_done(&ignored);
	return NULL;
}

static enum gw_exit read_all(struct gw_transaction *transaction,
			     const struct gw_config_origin *origin, const struct gw_target *target,
			     struct gw_diags *diags)
{
	struct reading kernel = { .transaction = transaction, .target = target };
	struct reading before = { .transaction = transaction, .target = target };
	enum gw_exit status;

	gw_side_start(&kernel.side, observe, &kernel);
	transaction->base = gw_store_current(target->store);
	transaction->interrupted = gw_store_pending(target->store);
	if (transaction->interrupted) {
		/* What the kernel holds tells which revision is in force. */
		gw_side_wait(&kernel.side);
		if (!kernel.error)
			transaction->base =
				gw_revision_in_force(target->store, transaction->observed);
	}
	gw_side_start(&before.side, read_before, &before);
	status = gw_config_check(origin, transaction->now, &transaction->config, diags);
	gw_side_wait(&before.side);
	gw_side_wait(&kernel.side);
	if (status != GW_EXIT_OK)
		return status;
	warn_of_missing_interfaces(transaction->config->policy, diags);
	if (kernel.error)
		return gw_kernel_failed(kernel.error, diags);
	if (before.error) {
		gw_diag(diags, GW_D_STATE_CORRUPT, nowhere,
			"revision %u cannot be read from the state directory: %s",
			transaction->base,
			gw_store_explain(target->store, transaction->base, before.error,
					 transaction->arena));
		gw_diag_hint(diags, "`gwctl restore FILE` brings back a backup; else move the "
				    "state directory away");
		return GW_EXIT_FAILED;
	}
	transaction->lockdown = origin->lockdown;
	transaction->config_changed =
		!transaction->before || transaction->lockdown != transaction->revision.lockdown ||
		files_differ(transaction->config->conf, transaction->before->conf);
	return GW_EXIT_OK;
}

/* Numbers of an interrupted change may have reached the kernel: they are not given out again. */
static void skip_interrupted_numbers(struct gw_transaction *transaction, struct gw_store *store)
{
	struct gw_numbers *numbers;

	if (!transaction->interrupted || transaction->interrupted == transaction->base ||
	    !transaction->numbers_before)
		return;
	numbers = gw_store_numbers(store, transaction->interrupted);
	if (numbers && numbers->next > transaction->numbers_before->next)
		transaction->numbers_before->next = numbers->next;
	if (numbers && numbers->translates)
		transaction->numbers_before->translates = true;
	gw_numbers_free(numbers);
}

/*
 * Without a state directory that remembers them, numbers that connections carry may be those that the
 * kernel still has elements for: new ones start above.
 */
static struct gw_numbers *numbers_from_kernel(const struct gw_ruleset *observed)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_numbers *numbers = gw_arena_new_of(arena, struct gw_numbers);
	uint32_t highest = gw_counts_highest_number(observed);

	numbers->arena = arena;
	numbers->next = highest ? highest + 1 : 0;
	numbers->translates = gw_ruleset_chain(observed, GW_NAT_CHAIN) != NULL;
	return numbers;
}

static enum gw_exit compile(struct gw_transaction *transaction, const struct gw_target *target,
			    struct gw_diags *diags)
{
	const struct gw_policy *policy = transaction->config->policy;
	struct gw_kernel_features features = { 0 };
	int error = 0;

	/* Asking takes transactions of its own; most sites use the whole mark. */
	if (policy->mark_mask != UINT32_MAX)
		error = target->kernel->ops->features(target->kernel, &features);
	if (error)
		return gw_kernel_failed(error, diags);
	if (!transaction->base)
		transaction->numbers_before = numbers_from_kernel(transaction->observed);
	transaction->numbers =
		gw_numbers_assign(policy, transaction->numbers_before,
				  transaction->before ? transaction->before->policy : NULL, diags);
	if (transaction->numbers)
		transaction->desired = gw_compile(policy, transaction->numbers, &features,
						  transaction->now, diags);
	if (transaction->desired && target->complete)
		target->complete(target->context, transaction->desired);
	return transaction->desired ? GW_EXIT_OK : GW_EXIT_INVALID;
}

enum gw_exit gw_transaction_prepare(struct gw_transaction *transaction,
				    const struct gw_config_origin *origin,
				    const struct gw_target *target, int64_t now,
				    struct gw_diags *diags)
{
	enum gw_exit status;

	*transaction = (struct gw_transaction){ .arena = gw_arena_new(), .now = now };
	status = read_all(transaction, origin, target, diags);
	if (status != GW_EXIT_OK)
		return status;
	skip_interrupted_numbers(transaction, target->store);
	status = compile(transaction, target, diags);
	if (status == GW_EXIT_OK)
		transaction->plan = gw_plan_diff(transaction->desired, transaction->observed);
	return status;
}

/* ---- making the change ----------------------------------------------------------------------- */

static void read_carried(struct gw_transaction *transaction, struct gw_store *store,
			 struct gw_diags *diags)
{
	int err = 0;

	/* A first revision has nothing to carry. */
	if (transaction->base && !transaction->carried)
		err = gw_store_carried(store, transaction->base, transaction->arena,
				       &transaction->carried, &transaction->n_carried);
	if (err)
		gw_diag(diags, GW_D_COUNTS_LOST, nowhere,
			"the counts of revision %u cannot be read: %s", transaction->base,
			gw_store_explain(store, transaction->base, err, transaction->arena));
}

/*
 * Stores with revision `number` what the kernel had counted at the very end of what is gone. If this
 * fails, what was observed before the change stays: some milliseconds' packets are missing.
 */
static void settle_counts(struct gw_transaction *transaction, struct gw_store *store,
			  uint32_t number, struct gw_diags *diags)
{
	const struct gw_policy *before = transaction->before ? transaction->before->policy : NULL;
	struct gw_carried *carried;
	size_t n;
	int err;

	if (!transaction->gone.n || !number)
		return;
	read_carried(transaction, store, diags);
	gw_counts_carry_gone(transaction->arena, &transaction->gone, transaction->numbers_before,
			     before ? before->mark_mask : UINT32_MAX, transaction->carried,
			     transaction->n_carried, &carried, &n);
	err = gw_store_set_carried(store, number, carried, n);
	if (err)
		gw_diag(diags, GW_D_COUNTS_LOST, nowhere,
			"the last counts of what revision %u withdraws cannot be stored: %s",
			number, strerror(-err));
}

static enum gw_exit store_revision(struct gw_transaction *transaction,
				   const struct gw_target *target, const struct gw_change *made,
				   uint32_t *ret_number, struct gw_diags *diags)
{
	const struct gw_policy *before = transaction->before ? transaction->before->policy : NULL;
	struct gw_revision revision = {
		.time = transaction->now,
		.who = made->who,
		.note = made->note,
		.ticket = made->ticket,
		.approvals = made->approvals,
		.undoing = made->undoing,
		.emergency = made->emergency,
		.lockdown = transaction->lockdown,
		.digest = transaction->digest,
		.rules = (uint32_t)transaction->config->policy->n_rules,
	};
	struct gw_revision_content content = {
		.files = transaction->config->conf->files,
		.n_files = transaction->config->conf->n_files,
		.numbers = transaction->numbers,
		.compiled = transaction->desired,
	};
	struct gw_carried *kept;
	size_t n_kept;

	read_carried(transaction, target->store, diags);
	gw_counts_carry(transaction->arena, transaction->observed, transaction->desired,
			transaction->numbers_before, before ? before->mark_mask : UINT32_MAX,
			transaction->carried, transaction->n_carried, &kept, &n_kept);
	content.carried = kept;
	content.n_carried = n_kept;
	if (gw_store_add(target->store, &revision, &content, ret_number, diags) < 0)
		return GW_EXIT_FAILED;
	return GW_EXIT_OK;
}

static int compare_again(struct gw_transaction *transaction, struct gw_kernel *kernel)
{
	struct gw_ruleset *observed;
	int error = kernel->ops->observe(kernel, &observed);

	if (error)
		return error;
	gw_plan_free(transaction->plan);
	gw_ruleset_free(transaction->observed);
	transaction->observed = observed;
	transaction->plan = gw_plan_diff(transaction->desired, observed);
	return 0;
}

/* How long numbers outlive their rules at most, should this program die between the transactions:
 * long enough for the kernel to finish the largest. */
#define GRACE_MS 2000

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int send_part(struct gw_transaction *transaction, struct gw_kernel *kernel,
		     const struct gw_plan *part, struct gw_diags *diags)
{
	struct gw_kernel_error refusal = { 0 };
	size_t told = transaction->finals.n;
	int error;

	if (!part->n_ops)
		return 0;
	error = kernel->ops->commit(kernel, part, &refusal);
	if (!error) {
		transaction->sent = true;
		gw_counts_settle(part, told, &transaction->gone);
	} else if (error != -ERESTART) {
		gw_kernel_diagnose(part, error, &refusal, diags);
	}
	return error;
}

/*
 * What is new, and around it what makes withdrawals gentle; see gw/plan/withdraw.c. Diagnoses all but
 * -ERESTART, because a refusal names an operation of the part that was refused.
 */
static int send_plan(struct gw_transaction *transaction, struct gw_kernel *kernel,
		     struct gw_diags *diags)
{
	const struct gw_set *grace = gw_ruleset_set(transaction->observed, "live_timed");
	bool sent = transaction->sent; /* by an attempt before this one */
	struct gw_plan *before, *after;
	int error;

	transaction->plan->finals = &transaction->finals;
	/* Where the table is new, no connection has a number of ours. */
	if (!grace)
		return send_part(transaction, kernel, transaction->plan, diags);
	gw_plan_withdraw_gently(transaction->plan, grace, now_ms() + GRACE_MS, &before, &after);
	error = send_part(transaction, kernel, before, diags);
	/* So far only the numbers of rules in force have been written down twice. */
	transaction->sent = sent;
	if (!error)
		error = send_part(transaction, kernel, transaction->plan, diags);
	if (!error)
		error = send_part(transaction, kernel, after, diags);
	gw_plan_free(after);
	gw_plan_free(before);
	return error;
}

static enum gw_exit send(struct gw_transaction *transaction, struct gw_kernel *kernel,
			 struct gw_diags *diags)
{
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		int error = send_plan(transaction, kernel, diags);

		if (!error)
			return GW_EXIT_OK;
		if (error != -ERESTART)
			return GW_EXIT_FAILED;
		error = compare_again(transaction, kernel);
		if (error)
			return gw_kernel_failed(error, diags);
	}
	gw_diag(diags, GW_D_KERNEL_BUSY, nowhere,
		"the kernel's rules were changed by another program %d times during the change",
		ATTEMPTS);
	return GW_EXIT_FAILED;
}

/* An interrupted change is noted, or forgotten; this is the place with the lock. */
static enum gw_exit settle(const struct gw_transaction *transaction, struct gw_store *store,
			   struct gw_diags *diags)
{
	if (!transaction->interrupted)
		return GW_EXIT_OK;
	if (transaction->interrupted != transaction->base) {
		gw_diag(diags, GW_D_CHANGE_RECOVERED, nowhere,
			"revision %u had not reached the kernel when its gwctl ended; it does not "
			"count",
			transaction->interrupted);
		return GW_EXIT_OK;
	}
	gw_diag(diags, GW_D_CHANGE_RECOVERED, nowhere,
		"revision %u had reached the kernel when its gwctl ended; it is noted now",
		transaction->base);
	return gw_store_set_current(store, transaction->base, diags) ? GW_EXIT_FAILED : GW_EXIT_OK;
}

/*
 * A new revision is made for a new config, and for an old one that means something else today because an
 * exception has ended. Putting right what others changed is none.
 */
static bool needs_revision(struct gw_transaction *transaction)
{
	if (!transaction->config_changed && !transaction->plan->n_ops)
		return false;
	gw_ruleset_digest(transaction->desired, transaction->digest);
	return transaction->config_changed || !transaction->base ||
	       strcmp(transaction->digest, transaction->revision.digest) != 0;
}

/* As many as the old config or the new one wants: a change that is undone must not cost history. */
static uint32_t revisions_kept(const struct gw_transaction *transaction)
{
	const struct gw_policy *before = transaction->before ? transaction->before->policy : NULL;
	uint32_t keep = transaction->config->policy->change.keep;

	return before && before->change.keep > keep ? before->change.keep : keep;
}

static enum gw_exit change(struct gw_transaction *transaction, const struct gw_target *target,
			   const struct gw_change *made, uint32_t *ret_revision,
			   struct gw_diags *diags)
{
	enum gw_exit status;
	uint32_t number;

	status = store_revision(transaction, target, made, &number, diags);
	if (status != GW_EXIT_OK)
		return status;
	if (made->before_send)
		status = made->before_send(made->context, number, diags);
	if (status == GW_EXIT_OK)
		status = send(transaction, target->kernel, diags);
	if (status != GW_EXIT_OK && !transaction->sent) {
		(void)gw_store_discard(target->store, number); /* else the next run does */
		return status;
	}
	settle_counts(transaction, target->store, number, diags);
	if (gw_store_set_current(target->store, number, diags) < 0)
		return GW_EXIT_FAILED; /* the next run finds it by its digest */
	*ret_revision = number;
	gw_store_prune(target->store, revisions_kept(transaction));
	/* What the kernel did not take any more is drift, which an apply ends. */
	if (status != GW_EXIT_OK)
		gw_diag_hint(diags, "revision %u is in force, but not all of it: apply again",
			     number);
	return status;
}

enum gw_exit gw_transaction_repair(struct gw_transaction *transaction,
				   const struct gw_target *target, struct gw_diags *diags)
{
	enum gw_exit status = send(transaction, target->kernel, diags);

	settle_counts(transaction, target->store, transaction->base, diags);
	return status;
}

enum gw_exit gw_transaction_commit(struct gw_transaction *transaction,
				   const struct gw_target *target, const struct gw_change *made,
				   uint32_t *ret_revision, struct gw_diags *diags)
{
	enum gw_exit status = settle(transaction, target->store, diags);

	if (status != GW_EXIT_OK)
		return status;
	*ret_revision = transaction->base;
	if (needs_revision(transaction))
		status = change(transaction, target, made, ret_revision, diags);
	else
		status = gw_transaction_repair(transaction, target, diags);
	/* Only now, because its numbers must not be given out again before they are behind us. */
	if (status == GW_EXIT_OK && transaction->interrupted &&
	    transaction->interrupted != transaction->base)
		(void)gw_store_discard(target->store, transaction->interrupted);
	return status;
}

enum gw_exit gw_transaction_send(struct gw_transaction *transaction, const struct gw_target *target,
				 struct gw_diags *diags)
{
	return send(transaction, target->kernel, diags);
}

void gw_transaction_done(struct gw_transaction *transaction)
{
	gw_free(transaction->finals.items);
	gw_free(transaction->gone.items);
	gw_plan_free(transaction->plan);
	gw_ruleset_free(transaction->desired);
	gw_ruleset_free(transaction->observed);
	gw_numbers_free(transaction->numbers);
	gw_numbers_free(transaction->numbers_before);
	gw_config_free(transaction->config);
	gw_config_free(transaction->before);
	gw_arena_free(transaction->arena);
	*transaction = (struct gw_transaction){ 0 };
}
