/* `change: {approvals: …}`: whose signatures a change needs. */
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/loader.h"

struct approvals_form {
	uint32_t need, emergency, plan_max;
	const char *signers, *revoked;
};

static const struct gw_field approvals_fields[] = {
	{ .key = "need",
	  .type = GW_FIELD_UINT,
	  .required = true,
	  .offset = offsetof(struct approvals_form, need),
	  .min = 1,
	  .max = GW_PLAN_SIGNATURES_MAX,
	  .en = "How many people must have signed the plan of a change. Its author, and whoever "
		"applies it, do not count.",
	  .ja = "変更計画に必要な署名者数。作成者と適用者は数えない。" },
	{ .key = "signers",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  .offset = offsetof(struct approvals_form, signers),
	  .en = "File below the config repository with the keys of those who may sign, in the form "
		"of "
		"OpenSSH's allowed_signers.",
	  .ja = "署名者の公開鍵ファイル（OpenSSHのallowed_signers形式、設定リポジトリ内）。" },
	{ .key = "revoked",
	  .type = GW_FIELD_TEXT,
	  .offset = offsetof(struct approvals_form, revoked),
	  .en = "File with keys that no longer count.",
	  .ja = "失効した公開鍵のファイル。" },
	{ .key = "emergency",
	  .type = GW_FIELD_UINT,
	  .offset = offsetof(struct approvals_form, emergency),
	  .max = GW_PLAN_SIGNATURES_MAX,
	  .fallback = "0",
	  .en = "Signatures that are enough for `gwctl apply --emergency`, which is recorded as "
		"such. "
		"0: there is no such way.",
	  .ja = "緊急適用（apply --emergency、記録に残る）に必要な署名数。0は緊急適用なし。" },
	{ .key = "plan_max",
	  .type = GW_FIELD_DURATION,
	  .offset = offsetof(struct approvals_form, plan_max),
	  .min = 60,
	  .max = 90 * 86400,
	  .fallback = "7d",
	  .en = "How long a plan may hold at most, whatever it says itself.",
	  .ja = "計画の有効期間の上限（計画自身の記載にかかわらず適用）。" },
};

const struct gw_table gw_table_approvals = {
	.name = "approvals",
	.en = "Signatures that a change needs before it is made (dual lock).",
	.ja = "変更の適用に必要な承認署名（二重の鍵）。",
	.size = sizeof(struct approvals_form),
	.fields = approvals_fields,
	.n_fields = GW_COUNT(approvals_fields),
};

/* Persons with a key that was not revoked; each once, however many keys he has. */
static size_t count_persons(const struct gw_signers *signers)
{
	size_t n = 0;

	for (size_t i = 0; i < signers->n; i++) {
		bool counted = signers->items[i].revoked;

		for (size_t k = 0; k < i && !counted; k++)
			counted = !signers->items[k].revoked &&
				  strcmp(signers->items[k].principal,
					 signers->items[i].principal) == 0;
		n += !counted;
	}
	return n;
}

static void load_revoked(struct gw_loader *loader, struct gw_node *node, const char *path,
			 struct gw_approvals *approvals)
{
	const struct gw_source *source =
		gw_conf_object(loader->conf, path, gw_schema_loc(node, "revoked"), loader->diags);
	struct gw_diags said;

	if (!source || !gw_signers_revoke(&approvals->signers, source, loader->diags))
		return; /* diagnosed */
	gw_diags_init(&said);
	(void)gw_signers_revoke(&approvals->authors, source, &said);
	gw_diags_done(&said);
}

void gw_load_approvals(struct gw_loader *loader, struct gw_node *node)
{
	struct gw_approvals *approvals = &loader->policy->approvals;
	const struct gw_source *source;
	struct approvals_form form;

	if (!node || !gw_schema_read(loader->diags, &gw_table_approvals, node, &form))
		return;
	approvals->loc = gw_schema_loc(node, "need");
	source = gw_conf_object(loader->conf, form.signers, gw_schema_loc(node, "signers"),
				loader->diags);
	if (!source || !gw_signers_read(source, GW_PLAN_NAMESPACE, loader->arena, loader->diags,
					&approvals->signers))
		return;
	/* The same lines once more: what is wrong with them would have been said. */
	(void)gw_signers_read(source, GW_PLAN_AUTHOR_NAMESPACE, loader->arena, loader->diags,
			      &approvals->authors);
	if (form.revoked)
		load_revoked(loader, node, form.revoked, approvals);
	approvals->need = form.need;
	approvals->plan_max = form.plan_max;
	approvals->emergency = form.emergency;
	if (form.emergency >= form.need) {
		gw_diag(loader->diags, GW_D_APPROVALS_EMERGENCY, gw_schema_loc(node, "emergency"),
			"%u signatures in an emergency are no fewer than the %u of every change",
			form.emergency, form.need);
		gw_diag_hint(loader->diags, "ask for fewer, or leave `emergency` out");
	}
	if (count_persons(&approvals->signers) >= form.need)
		return;
	gw_diag(loader->diags, GW_D_APPROVALS_UNMEETABLE, approvals->loc,
		"%u approvals are asked for, but only %zu people may give one", form.need,
		count_persons(&approvals->signers));
	gw_diag_hint(loader->diags, "add signers to `%s`, or ask for fewer", form.signers);
}
