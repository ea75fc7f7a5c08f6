/* The short sections: `site:`, `between:`, `marks:` and `log:`. */
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/loader.h"

/* ---- site ----------------------------------------------------------------------------------- */

struct site_form {
	const char *name;
	struct gw_node *vars;
	int32_t timezone;
};

static const struct gw_field site_fields[] = {
	{ .key = "name",
	  .type = GW_FIELD_NAME,
	  .required = true,
	  .offset = offsetof(struct site_form, name),
	  .fallback = "gateway",
	  .en = "Name of the gateway's site.",
	  .ja = "拠点名。" },
	{ .key = "vars",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_MAP,
	  .empty_ok = true,
	  .offset = offsetof(struct site_form, vars),
	  .en = "Variables: `${name}` in a value stands for the text given here.",
	  .ja = "変数。値の中の`${名前}`がここの文字列に置き換わる。" },
	{ .key = "timezone",
	  .type = GW_FIELD_OFFSET,
	  .offset = offsetof(struct site_form, timezone),
	  .fallback = "+00:00",
	  .en = "Offset from UTC in which `hours` and `review` are meant. Fixed: with daylight "
		"saving "
		"a window would open at another hour twice a year.",
	  .ja = "hoursとreviewのUTCオフセット（固定）。夏時間には対応しない。" },
};

const struct gw_table gw_table_site = {
	.name = "site",
	.en = "The gateway's site.",
	.ja = "拠点の情報。",
	.size = sizeof(struct site_form),
	.fields = site_fields,
	.n_fields = GW_COUNT(site_fields),
};

void gw_load_site(struct gw_loader *loader, const struct gw_node *root, struct gw_node *site)
{
	struct site_form form;

	(void)gw_schema_read(loader->diags, &gw_table_site, site, &form); /* defaults otherwise */
	loader->policy->site_name = form.name;
	loader->policy->site_loc = site ? gw_schema_loc(site, "name") : root->loc;
	loader->utc_offset = form.timezone;
}

/* ---- between -------------------------------------------------------------------------------- */

struct between_form {
	int default_action, log;
};

static bool check_between_default(struct gw_diags *diags, const struct gw_node *node)
{
	if (node->kind != GW_NODE_SCALAR || strcmp(node->text, "accept") != 0)
		return true;
	gw_diag(diags, GW_D_BETWEEN_ACCEPT, node->loc,
		"what no policy names must stay closed: `drop` or `reject`");
	gw_diag_hint(diags, "a policy `from: any, to: any` says openly that everything may pass");
	return false;
}

static const struct gw_choice between_choices[] = {
	{ "drop", GW_ACTION_DROP },
	{ "reject", GW_ACTION_REJECT },
	{ NULL, 0 },
};

static const struct gw_choice between_log_choices[] = {
	{ "drops", true },
	{ "none", false },
	{ NULL, 0 },
};

static const struct gw_field between_fields[] = {
	{ .key = "default",
	  .type = GW_FIELD_CHOICE,
	  .offset = offsetof(struct between_form, default_action),
	  .choices = between_choices,
	  .fallback = "drop",
	  .check = check_between_default,
	  .en = "What happens to packets between zones that no policy names.",
	  .ja = "どのポリシーにも該当しないゾーン間パケットの扱い。" },
	{ .key = "log",
	  .type = GW_FIELD_CHOICE,
	  .offset = offsetof(struct between_form, log),
	  .choices = between_log_choices,
	  .fallback = "drops",
	  .en = "Whether these packets are logged, up to the rate of the section `log`.",
	  .ja = "そのパケットを記録するか（logセクションの上限まで）。" },
};

const struct gw_table gw_table_between = {
	.name = "between",
	.en = "What holds between zones where no policy matches.",
	.ja = "該当するポリシーがないゾーン間の既定動作。",
	.size = sizeof(struct between_form),
	.fields = between_fields,
	.n_fields = GW_COUNT(between_fields),
};

void gw_load_between(struct gw_loader *loader, const struct gw_node *root, struct gw_node *between)
{
	struct between_form form;
	const struct gw_node *written = between ? gw_node_get(between, "default") : NULL;

	(void)gw_schema_read(loader->diags, &gw_table_between, between, &form); /* as above */
	loader->policy->between_default = (enum gw_action)form.default_action;
	loader->policy->between_log = form.log;
	if (written)
		loader->policy->between_loc = written->loc;
	else
		loader->policy->between_loc = between ? between->loc : root->loc;
}

/* ---- marks ---------------------------------------------------------------------------------- */

struct marks_form {
	uint32_t mask;
};

static const struct gw_field marks_fields[] = {
	{ .key = "mask",
	  .type = GW_FIELD_UINT,
	  .offset = offsetof(struct marks_form, mask),
	  .min = 1,
	  .max = UINT32_MAX,
	  .fallback = "0xffffffff",
	  .en = "Bits of the connection mark that hold the policy's number: one run of bits.",
	  .ja = "コネクションマークのうちポリシー番号に使う連続したビット。" },
};

const struct gw_table gw_table_marks = {
	.name = "marks",
	.en = "The share of the connection mark that is ours, where another program needs the "
	      "rest.",
	.ja = "他のプログラムと共用する場合のコネクションマークの割り当て。",
	.size = sizeof(struct marks_form),
	.fields = marks_fields,
	.n_fields = GW_COUNT(marks_fields),
};

void gw_load_marks(struct gw_loader *loader, struct gw_node *marks)
{
	struct marks_form form;
	uint32_t run;

	if (!gw_schema_read(loader->diags, &gw_table_marks, marks, &form))
		return;
	loader->policy->mark_mask = form.mask;
	run = form.mask >> __builtin_ctz(form.mask);
	if (run & (run + 1)) /* 0…01…1 has no bit in common with its successor */
		gw_diag(loader->diags, GW_D_MARK_MASK, gw_schema_loc(marks, "mask"),
			"the bits of 0x%08x do not follow each other", form.mask);
}

/* ---- log ------------------------------------------------------------------------------------ */

struct log_form {
	uint32_t group, rate;
};

static const struct gw_field log_fields[] = {
	{ .key = "group",
	  .type = GW_FIELD_UINT,
	  .offset = offsetof(struct log_form, group),
	  .max = 65535,
	  .fallback = "100",
	  .en = "NFLOG group to which logged packets go.",
	  .ja = "ログを送るNFLOGグループ。" },
	{ .key = "rate",
	  .type = GW_FIELD_UINT,
	  .offset = offsetof(struct log_form, rate),
	  .min = 1,
	  .max = 100000,
	  .fallback = "10",
	  .en = "Logged packets a second for each policy and drop reason; more are only counted.",
	  .ja = "ポリシー・破棄理由ごとの毎秒の記録上限。超過分は計数のみ。" },
};

const struct gw_table gw_table_log = {
	.name = "log",
	.en = "Where logged packets go, and how many.",
	.ja = "パケットログの送り先と上限。",
	.size = sizeof(struct log_form),
	.fields = log_fields,
	.n_fields = GW_COUNT(log_fields),
};

void gw_load_log(struct gw_loader *loader, struct gw_node *log)
{
	struct log_form form;

	(void)gw_schema_read(loader->diags, &gw_table_log, log, &form); /* as above */
	loader->policy->log_group = form.group;
	loader->policy->log_rate = form.rate;
}
