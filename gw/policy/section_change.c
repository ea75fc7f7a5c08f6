/* `change:` and `crypto:`: how changes are confirmed, kept, watched over and signed. */
#include <stdlib.h>

#include "gw/core/duration.h"
#include "gw/core/mem.h"
#include "gw/policy/loader.h"

struct change_form {
	uint32_t confirm, keep, drift_interval;
	int drift;
	struct gw_node *warn_before, *approvals;
	bool announce;
};

static const struct gw_choice drift_choices[] = {
	{ "repair", GW_DRIFT_REPAIR },
	{ "report", GW_DRIFT_REPORT },
	{ NULL, 0 },
};

#define AT(member) .offset = offsetof(struct change_form, member)

static const struct gw_field change_fields[] = {
	{ .key = "confirm",
	  .type = GW_FIELD_DURATION,
	  AT(confirm),
	  .max = 86400,
	  .fallback = "120s",
	  .en = "Time in which a change must be confirmed from another session; otherwise it is "
		"undone. `0s`: changes need no confirming.",
	  .ja = "別セッションからの確定を待つ時間。確定がなければ元に戻す。`0s`は確定不要。" },
	{ .key = "keep",
	  .type = GW_FIELD_UINT,
	  AT(keep),
	  .min = 2,
	  .max = 10000,
	  .fallback = "100",
	  .en = "Revisions that are kept for `history` and `rollback`.",
	  .ja = "保存するリビジョン数。" },
	{ .key = "approvals",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_approvals,
	  AT(approvals),
	  .en = "Signatures that a change needs.",
	  .ja = "変更に必要な承認署名。" },
	{ .key = "drift",
	  .type = GW_FIELD_CHOICE,
	  AT(drift),
	  .choices = drift_choices,
	  .fallback = "repair",
	  .en = "What happens to changes that others make to our tables; both record them.",
	  .ja = "他者による自テーブルの変更への対応（いずれも記録する）。" },
	{ .key = "drift_interval",
	  .type = GW_FIELD_DURATION,
	  AT(drift_interval),
	  .min = 1,
	  .max = 86400,
	  .fallback = "60s",
	  .en = "Time between full comparisons with the kernel, besides those after each event.",
	  .ja = "カーネルとの全体照合の間隔（変更通知時の照合とは別）。" },
	{ .key = "warn_before",
	  .type = GW_FIELD_DURATION,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .empty_ok = true,
	  AT(warn_before),
	  .min = 60,
	  .max = 365 * 86400,
	  .en = "When to warn before an exception ends. Default: a day and an hour.",
	  .ja = "例外の終了前に警告する時期。省略時は1日前と1時間前。" },
	{ .key = "announce",
	  .type = GW_FIELD_BOOL,
	  AT(announce),
	  .fallback = "on",
	  .en = "Tell everybody who is logged in when a change is undone.",
	  .ja = "変更が取り消されたことをログイン中の全員に知らせる。" },
};

const struct gw_table gw_table_change = {
	.name = "change",
	.en = "How changes are made, confirmed and watched over.",
	.ja = "変更の適用・確定・監視。",
	.size = sizeof(struct change_form),
	.fields = change_fields,
	.n_fields = GW_COUNT(change_fields),
};

static int longest_first(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a < *b) - (*a > *b);
}

/* The schema has reported what is no duration; what is left is sorted. */
static void load_warn_before(struct gw_loader *loader, struct gw_node *node)
{
	static const uint32_t usual[] = { 86400, 3600 };
	struct gw_change_settings *change = &loader->policy->change;
	struct gw_node *const *items;
	uint32_t *seconds;
	size_t n, used = 0;

	if (!node) {
		change->warn_before_s = usual;
		change->n_warn_before = GW_COUNT(usual);
		return;
	}
	items = gw_schema_items(&node, &n);
	seconds = gw_arena_array(loader->arena, n + 1, uint32_t);
	for (size_t i = 0; i < n; i++)
		used += items[i]->kind == GW_NODE_SCALAR &&
			gw_duration_parse(items[i]->text, &seconds[used]);
	qsort(seconds, used, sizeof(*seconds), longest_first);
	change->warn_before_s = seconds;
	change->n_warn_before = used;
}

void gw_load_change(struct gw_loader *loader, struct gw_node *node)
{
	struct gw_change_settings *change = &loader->policy->change;
	struct change_form form;

	(void)gw_schema_read(loader->diags, &gw_table_change, node, &form); /* defaults otherwise */
	gw_load_approvals(loader, form.approvals);
	change->confirm_s = form.confirm;
	change->keep = form.keep;
	change->drift = (enum gw_drift_response)form.drift;
	change->drift_interval_s = form.drift_interval;
	change->announce = form.announce;
	load_warn_before(loader, form.warn_before);
}

/* ---- crypto --------------------------------------------------------------------------------- */

struct crypto_form {
	int profile;
};

static const struct gw_choice profile_choices[] = {
	{ "modern", GW_CRYPTO_MODERN },        { "p256", GW_CRYPTO_P256 },
	{ "cryptrec-2023", GW_CRYPTO_MODERN }, /* the list has EdDSA since then */
	{ "cryptrec-2013", GW_CRYPTO_P256 },   { NULL, 0 },
};

static const struct gw_field crypto_fields[] = {
	{ .key = "profile",
	  .type = GW_FIELD_CHOICE,
	  .offset = offsetof(struct crypto_form, profile),
	  .choices = profile_choices,
	  .fallback = "modern",
	  .en = "What the gateway signs its own records with: `modern` (or `cryptrec-2023`) is "
		"Ed25519, `p256` (or `cryptrec-2013`) ECDSA over P-256. A change takes effect with "
		"the next key.",
	  .ja = "記録の署名方式。modern・cryptrec-2023=Ed25519、p256・cryptrec-2013=ECDSA P-256。"
		"次の鍵から有効。" },
};

const struct gw_table gw_table_crypto = {
	.name = "crypto",
	.en = "Algorithms of signatures.",
	.ja = "署名アルゴリズム。",
	.size = sizeof(struct crypto_form),
	.fields = crypto_fields,
	.n_fields = GW_COUNT(crypto_fields),
};

void gw_load_crypto(struct gw_loader *loader, struct gw_node *node)
{
	struct crypto_form form;

	(void)gw_schema_read(loader->diags, &gw_table_crypto, node, &form); /* as above */
	loader->policy->crypto = (enum gw_crypto_profile)form.profile;
}
