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

static bool plan_holds(const struct gw_approvals *approvals, const struct gw_plan_file *plan,
		       const struct gw_approval_situation *here, struct gw_diags *diags)
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
	if (statement->expires - statement->created > approvals->plan_max)
		return unusable(diags,
				"it holds for longer than `approvals: {plan_max: …}` permits");
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

/* Why the key holds no longer or not yet, or is nobody's; NULL: it holds. */
static const char *not_valid(const struct gw_signer *signer, int64_t now)
{
	if (!signer)
		return "its key is none of a signer";
	if (signer->revoked)
		return "its key was revoked";
	if (now < signer->valid_after)
		return "its key does not hold yet";
	return now >= signer->valid_before ? "its key no longer holds" : NULL;
}

/* Whose signature of the plan this is, NULL with the reason. */
static const struct gw_signer *signer_of(const struct gw_signers *signers, const char *text,
					 const char *name_space, const struct gw_plan_file *plan,
					 struct gw_arena *arena, const char **why)
{
	struct gw_sshsig signature;

	if (gw_sshsig_parse(text, strlen(text), arena, &signature, why) < 0 ||
	    gw_sshsig_verify(&signature, name_space, plan->text, strlen(plan->text), why) < 0)
		return NULL;
	*why = NULL;
	return gw_signers_find(signers, signature.key);
}

/* Without it, whoever wrote a plan could name somebody else as its author and approve it himself. */
static bool author_signed(const struct gw_approvals *approvals, const struct gw_plan_file *plan,
			  const struct gw_approval_situation *here, struct gw_arena *arena,
			  struct gw_diags *diags)
{
	const char *author = plan->statement.author, *why = "it is not there";
	const struct gw_signer *signer = NULL;

	if (plan->author_signature) {
		signer = signer_of(&approvals->authors, plan->author_signature,
				   GW_PLAN_AUTHOR_NAMESPACE, plan, arena, &why);
		if (!why)
			why = not_valid(signer, here->now);
		if (!why && !same_person(signer->principal, author))
			why = "it is somebody else's";
	}
	if (!why)
		return true;
	gw_diag(diags, GW_D_PLAN_AUTHOR, nowhere,
		"the signature of %s, who is named as the author, does not hold: %s", author, why);
	gw_diag_hint(diags,
		     "`gwctl plan -o FILE --key KEY` signs a plan as its author, whose key must "
		     "be in the signers' file");
	return false;
}

/* Why a signer's signature does not count; NULL: it does. */
static const char *not_counted(const struct gw_signer *signer, const struct gw_plan_file *plan,
			       const struct gw_approval_situation *here,
			       const struct gw_approval_result *so_far)
{
	const char *why = not_valid(signer, here->now);

	if (why)
		return why;
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
	const char *why;
	const struct gw_signer *signer = signer_of(&approvals->signers, plan->signatures[index],
						   GW_PLAN_NAMESPACE, plan, arena, &why);

	if (!why)
		why = not_counted(signer, plan, here, ret);
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
	if (!plan_holds(approvals, plan, situation, diags) ||
	    !author_signed(approvals, plan, situation, arena, diags))
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

static bool same_signers(const struct gw_signers *a, const struct gw_signers *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same_signer(&a->items[i], &b->items[i]))
			return false;
	return true;
}

bool gw_approvals_equal(const struct gw_approvals *a, const struct gw_approvals *b)
{
	return a->need == b->need && a->emergency == b->emergency && a->plan_max == b->plan_max &&
	       same_signers(&a->signers, &b->signers) && same_signers(&a->authors, &b->authors);
}
