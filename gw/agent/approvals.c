#include "gw/agent/approvals.h"

#include "gw/conf/conf.h"

static enum gw_exit refuse_unsigned(const struct gw_approvals *rules, struct gw_diags *diags)
{
	gw_diag(diags, GW_D_APPROVAL_MISSING, rules->loc,
		"a change needs %u approvals, and this one has no plan that could have been signed",
		rules->need);
	gw_diag_hint(diags, "`gwctl plan -o FILE`, `gwctl approve FILE`, `gwctl apply FILE`");
	return GW_EXIT_REFUSED;
}

/* What an older gwd understood and this one does not: only whether it asks for approvals is looked at. */
static bool may_ask(const struct gw_config *config)
{
	const struct gw_node *root = config->conf->root;
	const struct gw_node *change = root ? gw_node_get(root, "change") : NULL;

	return !root || (change && gw_node_get(change, "approvals"));
}

bool gw_config_asks_approvals(const struct gw_config *config)
{
	if (!config)
		return false;
	return config->policy ? config->policy->approvals.need > 0 : may_ask(config);
}

static enum gw_exit refuse_unreadable(uint32_t base, struct gw_diags *diags)
{
	gw_diag(diags, GW_D_APPROVAL_MISSING, (struct gw_loc){ 0 },
		"whose approval a change needs cannot be read from revision %u, which is in force",
		base);
	gw_diag_hint(diags, "`gwctl restore FILE` brings back a backup; else move the "
			    "state directory away");
	return GW_EXIT_REFUSED;
}

/*
 * What was approved once may be undone by one person: that is not a new change. To undo the undoing is
 * one, or else one person could put in force what another took back. Who may approve is no part of
 * it: a revoked key would come back, or the lock itself be taken off.
 */
static bool is_mere_undoing(const struct gw_transaction *transaction,
			    const struct gw_approval_request *request,
			    const struct gw_approvals *rules)
{
	return request->undoes && !transaction->revision.undoing &&
	       gw_approvals_equal(rules, &transaction->config->policy->approvals);
}

enum gw_exit gw_agent_check_approvals(struct gw_transaction *transaction,
				      const struct gw_approval_request *request,
				      struct gw_approval_result *ret, struct gw_diags *diags)
{
	static const struct gw_approvals none;
	const struct gw_policy *before = transaction->before ? transaction->before->policy : NULL;
	const struct gw_approvals *rules = before ? &before->approvals : &none;
	struct gw_approval_situation situation = {
		.site = before ? before->site_name : transaction->config->policy->site_name,
		.base = transaction->base,
		.base_digest = transaction->base ? transaction->revision.digest : "",
		.ruleset_digest = transaction->digest,
		.applicant = request->applicant,
		.now = transaction->now,
		.emergency = request->emergency,
	};

	if (!before && gw_config_asks_approvals(transaction->before))
		return refuse_unreadable(transaction->base, diags);
	if (!request->plan)
		return rules->need && !is_mere_undoing(transaction, request, rules)
			       ? refuse_unsigned(rules, diags)
			       : GW_EXIT_OK;
	gw_ruleset_digest(transaction->desired, transaction->digest);
	return gw_approval_check(rules, request->plan, &situation, transaction->arena, ret, diags)
		       ? GW_EXIT_OK
		       : GW_EXIT_REFUSED;
}
