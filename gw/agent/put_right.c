#include "gw/agent/put_right.h"

#include <errno.h>
#include <time.h>

static struct gw_ruleset *wanted(struct gw_agent *agent)
{
	struct gw_kernel *kernel = agent->target.kernel;
	struct gw_kernel_features features = { 0 };
	struct gw_ruleset *desired = NULL;
	const struct gw_policy *policy = agent->config ? agent->config->policy : NULL;
	struct gw_diags ignored;

	if (!policy)
		return gw_compile_closed();
	if (policy->mark_mask != UINT32_MAX && kernel->ops->features(kernel, &features) < 0)
		return NULL;
	/* It was compiled when it was applied: there is nothing new to say of it. */
	gw_diags_init(&ignored);
	desired = gw_compile(policy, agent->numbers, &features, time(NULL), &ignored);
	gw_diags_done(&ignored);
	if (desired && agent->target.complete)
		agent->target.complete(agent->target.context, desired);
	if (desired && kernel->ops->fit && kernel->ops->fit(kernel, desired) < 0) {
		gw_ruleset_free(desired);
		return NULL;
	}
	return desired;
}

int gw_agent_compare(struct gw_agent *agent, struct gw_transaction *ret)
{
	struct gw_kernel *kernel = agent->target.kernel;
	struct gw_transaction transaction = { .now = time(NULL), .base = agent->revision };
	int err = kernel->ops->observe(kernel, &transaction.observed);

	if (err)
		return err;
	transaction.desired = wanted(agent);
	if (!transaction.desired) {
		gw_ruleset_free(transaction.observed);
		return -EINVAL;
	}
	transaction.arena = gw_arena_new();
	transaction.plan = gw_plan_diff(transaction.desired, transaction.observed);
	transaction.before = agent->config;
	transaction.numbers_before = agent->numbers;
	*ret = transaction;
	return 0;
}

void gw_agent_compare_done(struct gw_transaction *transaction)
{
	transaction->before = NULL;
	transaction->numbers_before = NULL;
	gw_transaction_done(transaction);
}

enum gw_exit gw_agent_put_right(struct gw_agent *agent, struct gw_transaction *transaction,
				struct gw_diags *diags)
{
	return gw_transaction_repair(transaction, &agent->target, diags);
}
