#include "gw/approval/approval.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define CLOCKS_APART_S 300 /* between the author's machine and the gateway */

static const struct gw_loc nowhere;

/* ---- the plan -------------------------------------------------------------------------------- */

static bool unusable(struct gw_diags *diags, const char *what)
{
	gw_diag(diags, GW_D_PLAN_UNUSABLE, nowhere, "%s", what);
	gw_diag_hint(diags, "make a new plan: `gwctl plan -o FILE`");
	return false;
}

static bool plan_holds(const struct gw_plan_file *plan, const struct gw_approval_situation *here,
		       struct gw_diags *diags)
{
	const struct gw_plan_statement *statement = &plan->statement;
	char digest[GW_PLAN_DIGEST_LEN];

	gw_plan_files_digest(plan->files, plan->files_len, digest);
	if (strcmp(digest, statement->config_digest) != 0)
		return unusable(diags, "its config files are not those that were signed");
	if (strcmp(statement->site, here->site) != 0)
		return unusable(diags, "it is a plan for another site");
	if (statement->base != here->base || strcmp(statement->base_digest, here->base_digest) != 0)
		return unusable(diags, "it starts from another revision than the one in force");
	if (strcmp(statement->ruleset_digest, here->ruleset_digest) != 0)
		return unusable(diags,
				"its config means something else by now than what was signed");
	if (statement->expires <= here->now)
		return unusable(diags, "its time is over");
	if (statement->created > here->now + CLOCKS_APART_S)
		return unusable(diags, "it was made in the future: one of the clocks is wrong");
	return true;
}

/* ---- signatures ------------------------------------------------------------------------------ */

/*
 * A signer may be `op-17@example.net` where the gateway knows `op-17`: what follows the @ tells nobody
 * apart, because a stranger who counts is worse than a namesake who does not.
 */
static bool same_person(const char *a, const char *b)
{
	size_t len = strcspn(a, "@");

	return len == strcspn(b, "@") && strncasecmp(a, b, len) == 0;
}

/* Why a signer's signature does not count; NULL: it does. */
static const char *not_counted(const struct gw_signer *signer, const struct gw_plan_file *plan,
			       const struct gw_approval_situation *here,
			       const struct gw_approval_result *so_far)
{
	if (!signer)
		return "its key is none of a signer";
	if (signer->revoked)
		return "its key was revoked";
	if (here->now < signer->valid_after)
		return "its key does not hold yet";
	if (here->now >= signer->valid_before)
		return "its key no longer holds";
	if (same_person(signer->principal, plan->statement.author))
		return "the author of a plan cannot approve it";
	if (same_person(signer->principal, here->applicant))
		return "whoever applies a plan cannot approve it";
	for (size_t i = 0; i < so_far->n; i++)
		if (same_person(signer->principal, so_far->names[i]))
			return "this person has signed already";
	return NULL;
}

static void count_signature(const struct gw_approvals *approvals, const struct gw_plan_file *plan,
			    size_t index, const struct gw_approval_situation *here,
			    struct gw_arena *arena, struct gw_approval_result *ret,
			    struct gw_diags *diags)
{
	const char *text = plan->signatures[index], *why;
	const struct gw_signer *signer = NULL;
	struct gw_sshsig signature;

	if (gw_sshsig_parse(text, strlen(text), arena, &signature, &why) == 0 &&
	    gw_sshsig_verify(&signature, GW_PLAN_NAMESPACE, plan->text, strlen(plan->text), &why) ==
		    0) {
		signer = gw_signers_find(&approvals->signers, signature.key);
		why = not_counted(signer, plan, here, ret);
	}
	if (!why)
		ret->names[ret->n++] = signer->principal;
	else
		gw_diag(diags, GW_D_SIGNATURE_IGNORED, nowhere,
			"signature %zu%s%s does not count: %s", index + 1, signer ? " by " : "",
			signer ? signer->principal : "", why);
}

bool gw_approval_check(const struct gw_approvals *approvals, const struct gw_plan_file *plan,
		       const struct gw_approval_situation *situation, struct gw_arena *arena,
		       struct gw_approval_result *ret, struct gw_diags *diags)
{
	*ret = (struct gw_approval_result){ .n = 0 };
	if (!plan_holds(plan, situation, diags))
		return false;
	for (size_t i = 0; i < plan->n_signatures; i++)
		count_signature(approvals, plan, i, situation, arena, ret, diags);
	if (ret->n >= approvals->need)
		return true;
	ret->emergency =
		situation->emergency && approvals->emergency && ret->n >= approvals->emergency;
	if (ret->emergency)
		return true;
	gw_diag(diags, GW_D_APPROVAL_MISSING, approvals->loc,
		"%zu of %" PRIu32 " approvals are there; the author %s does not count", ret->n,
		approvals->need, plan->statement.author);
	if (situation->emergency && !approvals->emergency)
		gw_diag_hint(diags, "the config in force has no way round it in an emergency");
	else
		gw_diag_hint(diags, "`gwctl approve FILE` adds a signature");
	return false;
}

static bool same_signer(const struct gw_signer *a, const struct gw_signer *b)
{
	return strcmp(a->principal, b->principal) == 0 && a->key.len == b->key.len &&
	       memcmp(a->key.bytes, b->key.bytes, a->key.len) == 0 &&
	       a->valid_after == b->valid_after && a->valid_before == b->valid_before &&
	       a->revoked == b->revoked;
}

bool gw_approvals_equal(const struct gw_approvals *a, const struct gw_approvals *b)
{
	if (a->need != b->need || a->emergency != b->emergency || a->signers.n != b->signers.n)
		return false;
	for (size_t i = 0; i < a->signers.n; i++)
		if (!same_signer(&a->signers.items[i], &b->signers.items[i]))
			return false;
	return true;
}
