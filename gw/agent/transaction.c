#include "gw/agent/transaction.h"

#include <errno.h>
#include <string.h>

#include "gw/agent/counts.h"
#include "gw/core/mem.h"
#include "gw/link/link.h"
#include "gw/policy/analyze.h"

#define ATTEMPTS       5
#define REVISIONS_KEPT 100u

enum gw_exit gw_kernel_failed(int error, struct gw_diags *diags)
{
	struct gw_kernel_error refusal = { .error = -error };
	struct gw_plan nothing = { 0 };

	gw_kernel_diagnose(&nothing, error, &refusal, diags);
	return GW_EXIT_FAILED;
}

enum gw_exit gw_config_check(const struct gw_config_origin *origin, int64_t now,
			     struct gw_config **ret, struct gw_diags *diags)
{
	*ret = origin->dir ? gw_config_load(origin->dir, now, diags)
			   : gw_config_load_files(origin->files, origin->n_files, now, diags);
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

/*
 * The revision in force. Where a commit was interrupted, the kernel itself tells whether it was
 * made: its ruleset is that of the new revision, or not.
 */
static void find_base(struct gw_transaction *transaction, struct gw_store *store)
{
	uint32_t pending = gw_store_pending(store);
	struct gw_revision revision;
	char digest[65];

	transaction->base = gw_store_current(store);
	transaction->interrupted = pending;
	if (!pending || gw_store_revision(store, pending, transaction->arena, &revision) < 0)
		return;
	gw_ruleset_digest(transaction->observed, digest);
	if (strcmp(digest, revision.digest) == 0)
		transaction->base = pending;
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

static enum gw_exit load_before(struct gw_transaction *transaction, struct gw_store *store,
				struct gw_diags *diags)
{
	struct gw_conf_file *files;
	struct gw_loc nowhere = { 0 };
	struct gw_diags ignored;
	size_t n;
	int error;

	transaction->config_changed = true;
	if (!transaction->base)
		return GW_EXIT_OK;
	error = gw_store_files(store, transaction->base, transaction->arena, &files, &n);
	transaction->numbers_before = gw_store_numbers(store, transaction->base);
	if (error || !transaction->numbers_before) {
		gw_diag(diags, GW_D_STATE_CORRUPT, nowhere,
			"revision %u cannot be read from the state directory: %s",
			transaction->base, error ? strerror(-error) : "numbers.json is damaged");
		gw_diag_hint(diags, "restore the state directory from a backup, or move it away");
		return GW_EXIT_FAILED;
	}
	/* It was valid when it was applied; warnings of today would only confuse. */
	gw_diags_init(&ignored);
	transaction->before = gw_config_load_files(files, n, transaction->now, &ignored);
	gw_diags_done(&ignored);
	transaction->config_changed =
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
	gw_numbers_free(numbers);
}

static enum gw_exit compile(struct gw_transaction *transaction, const struct gw_target *target,
			    struct gw_diags *diags)
{
	struct gw_kernel_features features = { 0 };
	int error = target->kernel->ops->features(target->kernel, &features);

	if (error)
		return gw_kernel_failed(error, diags);
	transaction->numbers =
		gw_numbers_assign(transaction->config->policy, transaction->numbers_before,
				  transaction->before ? transaction->before->policy : NULL, diags);
	if (transaction->numbers)
		transaction->desired = gw_compile(transaction->config->policy, transaction->numbers,
						  &features, transaction->now, diags);
	if (!transaction->desired)
		return GW_EXIT_INVALID;
	gw_ruleset_digest(transaction->desired, transaction->digest);
	return GW_EXIT_OK;
}

enum gw_exit gw_transaction_prepare(struct gw_transaction *transaction,
				    const struct gw_config_origin *origin,
				    const struct gw_target *target, int64_t now,
				    struct gw_diags *diags)
{
	enum gw_exit status;
	int error;

	*transaction = (struct gw_transaction){ .arena = gw_arena_new(), .now = now };
	status = gw_config_check(origin, now, &transaction->config, diags);
	if (status != GW_EXIT_OK)
		return status;
	warn_of_missing_interfaces(transaction->config->policy, diags);
	error = target->kernel->ops->observe(target->kernel, &transaction->observed);
	if (error)
		return gw_kernel_failed(error, diags);
	find_base(transaction, target->store);
	status = load_before(transaction, target->store, diags);
	if (status != GW_EXIT_OK)
		return status;
	skip_interrupted_numbers(transaction, target->store);
	status = compile(transaction, target, diags);
	if (status == GW_EXIT_OK)
		transaction->plan = gw_plan_diff(transaction->desired, transaction->observed);
	return status;
}

static enum gw_exit store_revision(struct gw_transaction *transaction,
				   const struct gw_target *target, const char *who,
				   const char *note, uint32_t *ret_number, struct gw_diags *diags)
{
	const struct gw_policy *before = transaction->before ? transaction->before->policy : NULL;
	struct gw_revision revision = {
		.time = transaction->now,
		.who = who,
		.note = note,
		.digest = transaction->digest,
		.rules = (uint32_t)transaction->config->policy->n_rules,
	};
	struct gw_revision_content content = {
		.files = transaction->config->conf->files,
		.n_files = transaction->config->conf->n_files,
		.numbers = transaction->numbers,
	};
	struct gw_carried *carried = NULL, *kept;
	size_t n_carried = 0, n_kept;

	/* A first revision has nothing to carry. */
	if (transaction->base)
		(void)gw_store_carried(target->store, transaction->base, transaction->arena,
				       &carried, &n_carried);
	gw_counts_carry(transaction->arena, transaction->observed, transaction->desired,
			transaction->numbers_before, before ? before->mark_mask : UINT32_MAX,
			carried, n_carried, &kept, &n_kept);
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

static enum gw_exit send(struct gw_transaction *transaction, struct gw_kernel *kernel,
			 struct gw_diags *diags)
{
	struct gw_kernel_error refusal = { 0 };
	struct gw_loc nowhere = { 0 };

	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		int error = 0;

		if (transaction->plan->n_ops)
			error = kernel->ops->commit(kernel, transaction->plan, &refusal);
		if (!error)
			return GW_EXIT_OK;
		if (error != -ERESTART) {
			gw_kernel_diagnose(transaction->plan, error, &refusal, diags);
			return GW_EXIT_FAILED;
		}
		error = compare_again(transaction, kernel);
		if (error)
			return gw_kernel_failed(error, diags);
	}
	gw_diag(diags, GW_D_KERNEL_BUSY, nowhere,
		"the kernel's rules were changed by another program %d times during the change",
		ATTEMPTS);
	return GW_EXIT_FAILED;
}

/* An interrupted change that the kernel did take is noted now; this is the place with the lock. */
static enum gw_exit settle(const struct gw_transaction *transaction, struct gw_store *store,
			   struct gw_diags *diags)
{
	struct gw_loc nowhere = { 0 };

	if (!transaction->interrupted)
		return GW_EXIT_OK;
	if (transaction->interrupted == transaction->base) {
		gw_diag(diags, GW_D_CHANGE_RECOVERED, nowhere,
			"revision %u had reached the kernel when its gwctl ended; noted now",
			transaction->base);
		return gw_store_set_current(store, transaction->base, diags) ? GW_EXIT_FAILED
									     : GW_EXIT_OK;
	}
	gw_diag(diags, GW_D_CHANGE_RECOVERED, nowhere,
		"revision %u had not reached the kernel when its gwctl ended; it does not count",
		transaction->interrupted);
	return GW_EXIT_OK;
}

enum gw_exit gw_transaction_commit(struct gw_transaction *transaction,
				   const struct gw_target *target, const char *who,
				   const char *note, uint32_t *ret_revision, struct gw_diags *diags)
{
	enum gw_exit status = settle(transaction, target->store, diags);
	uint32_t number;

	if (status != GW_EXIT_OK)
		return status;
	*ret_revision = transaction->base;
	if (!transaction->plan->n_ops && !transaction->config_changed)
		return GW_EXIT_OK;
	if (!transaction->config_changed) {
		/* Repairing what others changed is no new revision. */
		return send(transaction, target->kernel, diags);
	}
	status = store_revision(transaction, target, who, note, &number, diags);
	if (status != GW_EXIT_OK)
		return status;
	status = send(transaction, target->kernel, diags);
	if (status != GW_EXIT_OK) {
		(void)gw_store_discard(target->store, number); /* else the next run does */
		return status;
	}
	if (gw_store_set_current(target->store, number, diags) < 0)
		return GW_EXIT_FAILED; /* the next run finds it by its digest */
	*ret_revision = number;
	if (transaction->interrupted && transaction->interrupted != transaction->base)
		(void)gw_store_discard(target->store, transaction->interrupted);
	gw_store_prune(target->store, REVISIONS_KEPT);
	return GW_EXIT_OK;
}

void gw_transaction_done(struct gw_transaction *transaction)
{
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
