/*
 * `policies:`, `exceptions:` and `gateway:`: three tables for one form and one model type, because
 * they differ only in which keys they have and which duties they carry.
 */
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/loader.h"

#define SECONDS_PER_DAY   86400
#define EXCEPTION_LONGEST (366 * SECONDS_PER_DAY) /* a year, be it a leap year */

struct rule_form {
	struct gw_node *from, *to, *source, *dest, *services, *hours, *approved_by;
	const char *id, *owner, *ticket, *purpose, *reason, *requested_by;
	int64_t review, expires;
	int action;
	bool locked, log;
};

/* ---- tables --------------------------------------------------------------------------------- */

static const struct gw_choice action_choices[] = {
	{ "accept", GW_ACTION_ACCEPT },
	{ "drop", GW_ACTION_DROP },
	{ "reject", GW_ACTION_REJECT },
	{ NULL, 0 },
};

#define AT(member) .offset = offsetof(struct rule_form, member)

/* What all three have. */
#define FIELDS_OF_EVERY_RULE                                                                       \
	{ .key = "id",                                                                             \
	  .type = GW_FIELD_NAME,                                                                   \
	  .required = true,                                                                        \
	  AT(id),                                                                                  \
	  .en = "Name of the rule: in counters, logs and messages. Unique.",                       \
	  .ja = "ルールのID（カウンタ・ログ・メッセージで使用）。重複不可。" },                    \
		{ .key = "from",                                                                   \
		  .type = GW_FIELD_ZONE,                                                           \
		  .shape = GW_SHAPE_ONE_OR_LIST,                                                   \
		  .required = true,                                                                \
		  AT(from),                                                                        \
		  .en = "Zones where the connection begins.",                                      \
		  .ja = "通信を開始する側のゾーン。" },                                            \
		{ .key = "source",                                                                 \
		  .type = GW_FIELD_ADDRESS,                                                        \
		  .shape = GW_SHAPE_ONE_OR_LIST,                                                   \
		  AT(source),                                                                      \
		  .fallback = "any",                                                               \
		  .en = "Addresses where the connection begins.",                                  \
		  .ja = "送信元アドレス。" },                                                      \
		{ .key = "dest",                                                                   \
		  .type = GW_FIELD_ADDRESS,                                                        \
		  .shape = GW_SHAPE_ONE_OR_LIST,                                                   \
		  AT(dest),                                                                        \
		  .fallback = "any",                                                               \
		  .en = "Addresses where it goes: the real ones, after dnat.",                     \
		  .ja = "宛先アドレス（dnat後の実アドレス）。" },                                  \
		{ .key = "services",                                                               \
		  .type = GW_FIELD_SERVICE,                                                        \
		  .shape = GW_SHAPE_ONE_OR_LIST,                                                   \
		  AT(services),                                                                    \
		  .fallback = "any",                                                               \
		  .en = "Protocols and ports.",                                                    \
		  .ja = "プロトコルとポート。" },                                                  \
		{ .key = "log",                                                                    \
		  .type = GW_FIELD_BOOL,                                                           \
		  AT(log),                                                                         \
		  .fallback = "false",                                                             \
		  .en = "Log the first packet of each connection, or each dropped packet.",        \
		  .ja = "接続の最初のパケット、または破棄したパケットを記録する。" },              \
	{                                                                                          \
		.key = "ticket", .type = GW_FIELD_TEXT, .required = true,                          \
		.missing = GW_D_TICKET_MISSING, AT(ticket),                                        \
		.en = "The request that was approved.", .ja = "承認された申請の番号。"  \
	}

#define FIELD_TO                                                                                                                    \
	{                                                                                                                           \
		.key = "to", .type = GW_FIELD_ZONE, .shape = GW_SHAPE_ONE_OR_LIST,                                                  \
		.required = true, AT(to),                                                                                           \
		.en = "Zones where it goes. A zone with itself is meant only where `from` and "                                     \
		      "`to` both "                                                                                                  \
		      "name it, never by `any`.",                                                                                   \
		.ja = "宛先のゾーン。同一ゾーン内の通信はfromとtoの両方に明記した場合のみ対象（an" \
		      "yは含まない）。"                                                                                      \
	}

/* What policies and gateway rules have. */
#define FIELDS_OF_LASTING_RULES                                                                    \
	{ .key = "action",                                                                         \
	  .type = GW_FIELD_CHOICE,                                                                 \
	  .required = true,                                                                        \
	  .choices = action_choices,                                                               \
	  AT(action),                                                                              \
	  .en = "What happens to the packets. Drops and rejects come before accepts.",             \
	  .ja = "パケットの扱い。drop・rejectはacceptより優先する。" },                            \
		{ .key = "owner",                                                                  \
		  .type = GW_FIELD_TEXT,                                                           \
		  .required = true,                                                                \
		  .missing = GW_D_OWNER_MISSING,                                                   \
		  AT(owner),                                                                       \
		  .en = "Who answers for it.",                                                     \
		  .ja = "責任者。" },                                                              \
		{ .key = "review",                                                                 \
		  .type = GW_FIELD_DATE,                                                           \
		  .required = true,                                                                \
		  .missing = GW_D_REVIEW_MISSING,                                                  \
		  AT(review),                                                                      \
		  .en = "Last day on which the owner confirms that it is still needed.",           \
		  .ja = "責任者が必要性を確認する期限日。" },                                      \
		{ .key = "purpose",                                                                \
		  .type = GW_FIELD_TEXT,                                                           \
		  .max = 1024,                                                                     \
		  AT(purpose),                                                                     \
		  .en = "Why it is there, for people.",                                            \
		  .ja = "目的の説明。" },                                                          \
		{ .key = "locked",                                                                 \
		  .type = GW_FIELD_BOOL,                                                           \
		  AT(locked),                                                                      \
		  .fallback = "false",                                                             \
		  .en = "A locked drop or reject beats exceptions too.",                           \
		  .ja = "trueのdrop・rejectは例外よりも優先する。" },                              \
	{                                                                                          \
		.key = "hours", .type = GW_FIELD_TABLE, .shape = GW_SHAPE_ONE_OR_LIST,             \
		.table = &gw_table_hours, AT(hours),                                               \
		.en = "When it holds; always if it is left out.",                                  \
		.ja = "有効な時間帯。省略時は常時。"                                 \
	}

static const struct gw_field policy_fields[] = {
	FIELDS_OF_EVERY_RULE,
	FIELD_TO,
	FIELDS_OF_LASTING_RULES,
};

const struct gw_table gw_table_policy = {
	.name = "policies",
	.en = "What may pass between zones, and what may not. Order has no meaning.",
	.ja = "ゾーン間の許可と拒否。記述順に意味はない。",
	.size = sizeof(struct rule_form),
	.fields = policy_fields,
	.n_fields = GW_COUNT(policy_fields),
};

static const struct gw_field gateway_fields[] = {
	FIELDS_OF_EVERY_RULE,
	FIELDS_OF_LASTING_RULES,
};

const struct gw_table gw_table_gateway = {
	.name = "gateway",
	.en = "What may reach the gateway itself. What no rule names is dropped.",
	.ja = "ゲートウェイ自身への通信。該当しないものは破棄する。",
	.size = sizeof(struct rule_form),
	.fields = gateway_fields,
	.n_fields = GW_COUNT(gateway_fields),
};

static const struct gw_field exception_fields[] = {
	FIELDS_OF_EVERY_RULE,
	FIELD_TO,
	{ .key = "expires",
	  .type = GW_FIELD_TIME,
	  .required = true,
	  .missing = GW_D_EXPIRY_MISSING,
	  AT(expires),
	  .en = "When it ends: the kernel removes it then.",
	  .ja = "有効期限。カーネルがその時刻に削除する。" },
	{ .key = "reason",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  .max = 1024,
	  .missing = GW_D_REASON_MISSING,
	  AT(reason),
	  .en = "Why it is needed.",
	  .ja = "理由。" },
	{ .key = "requested_by",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  .missing = GW_D_REQUESTER_MISSING,
	  AT(requested_by),
	  .en = "Who asked for it.",
	  .ja = "申請者。" },
	{ .key = "approved_by",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .required = true,
	  .missing = GW_D_APPROVER_MISSING,
	  AT(approved_by),
	  .en = "Who approved it: others than who asked for it.",
	  .ja = "承認者（申請者以外）。" },
};

const struct gw_table gw_table_exception = {
	.name = "exceptions",
	.en = "What may pass for a while, although policies forbid it (except locked ones).",
	.ja = "期限付きの許可。lockedでない拒否ポリシーより優先する。",
	.size = sizeof(struct rule_form),
	.fields = exception_fields,
	.n_fields = GW_COUNT(exception_fields),
};

/* ---- duties --------------------------------------------------------------------------------- */

/* "3 days", "5 hours": how long ago, for people. */
static const char *duration_text(struct gw_arena *arena, int64_t seconds)
{
	int64_t n = seconds / SECONDS_PER_DAY;
	const char *unit = "day";

	if (seconds < 60)
		return "less than a minute";
	if (!n) {
		n = seconds / 3600;
		unit = "hour";
	}
	if (!n) {
		n = seconds / 60;
		unit = "minute";
	}
	return gw_arena_printf(arena, "%lld %s%s", (long long)n, unit, n == 1 ? "" : "s");
}

static void check_review(struct gw_loader *loader, const struct gw_node *node,
			 const struct gw_rule_def *rule)
{
	if (rule->review >= loader->now)
		return;
	gw_diag(loader->diags, GW_D_REVIEW_OVERDUE, gw_schema_loc(node, "review"),
		"the review of `%s` is overdue by %s", rule->id,
		duration_text(loader->arena, loader->now - rule->review));
	gw_diag_hint(loader->diags, "ask `%s` whether it is still needed", rule->owner);
}

static void check_lock(struct gw_loader *loader, const struct gw_node *node,
		       const struct gw_rule_def *rule)
{
	if (rule->locked && rule->action == GW_ACTION_ACCEPT)
		gw_diag(loader->diags, GW_D_LOCKED_ACCEPT, gw_schema_loc(node, "locked"),
			"`%s` accepts: `locked` has no effect on it", rule->id);
}

static void check_expiry(struct gw_loader *loader, const struct gw_node *node,
			 const struct gw_rule_def *rule)
{
	struct gw_loc loc = gw_schema_loc(node, "expires");

	if (rule->expires <= loader->now)
		gw_diag(loader->diags, GW_D_EXCEPTION_EXPIRED, loc, "exception `%s` expired %s ago",
			rule->id, duration_text(loader->arena, loader->now - rule->expires));
	else if (rule->expires - loader->now > EXCEPTION_LONGEST)
		gw_diag(loader->diags, GW_D_EXCEPTION_LONG, loc,
			"exception `%s` holds for another %s", rule->id,
			duration_text(loader->arena, rule->expires - loader->now));
}

static int compare_texts(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

static void read_approvers(struct gw_loader *loader, struct gw_node *node, struct gw_rule_def *rule)
{
	size_t n;
	struct gw_node *const *items = gw_schema_items(&node, &n);
	const char **names = gw_arena_array(loader->arena, n, const char *);

	for (size_t i = 0; i < n; i++) {
		names[i] = items[i]->text;
		if (strcmp(names[i], rule->requested_by) == 0)
			gw_diag(loader->diags, GW_D_SELF_APPROVED, items[i]->loc,
				"`%s` requested `%s` and cannot approve it", names[i], rule->id);
	}
	if (n)
		qsort(names, n, sizeof(const char *), compare_texts);
	for (size_t i = 1; i < n; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			gw_diag(loader->diags, GW_D_APPROVER_TWICE, node->loc,
				"`%s` is named twice as approver of `%s`", names[i], rule->id);
	rule->approved_by = names;
	rule->n_approved_by = n;
}

/* ---- rules ---------------------------------------------------------------------------------- */

static const struct gw_table *table_of(enum gw_rule_kind kind)
{
	switch (kind) {
	case GW_RULE_POLICY:
		return &gw_table_policy;
	case GW_RULE_EXCEPTION:
		return &gw_table_exception;
	case GW_RULE_GATEWAY:
		return &gw_table_gateway;
	}
	return NULL;
}

static void read_match(struct gw_loader *loader, const struct rule_form *form,
		       struct gw_rule_def *rule)
{
	gw_read_zone_set(loader, form->from, GW_GATEWAY_REFUSED, &rule->from, NULL);
	if (rule->kind != GW_RULE_GATEWAY)
		gw_read_zone_set(loader, form->to, GW_GATEWAY_REFUSED, &rule->to, NULL);
	gw_read_addr_match(loader, form->source, &rule->source);
	gw_read_addr_match(loader, form->dest, &rule->dest);
	gw_read_services(loader, form->services, &rule->any_service, &rule->services);
}

/* A rule as read, with its window, until rules are sorted and equal windows are one. */
struct reading {
	struct gw_rule_def rule;
	struct gw_week week;
};

static void check_duties(struct gw_loader *loader, const struct gw_node *node,
			 const struct rule_form *form, struct gw_rule_def *rule)
{
	if (rule->kind == GW_RULE_EXCEPTION) {
		check_expiry(loader, node, rule);
		read_approvers(loader, form->approved_by, rule);
		return;
	}
	/* The whole day of the review is left, as the site's clocks have it. */
	rule->review = form->review + SECONDS_PER_DAY - 1 - loader->utc_offset;
	check_review(loader, node, rule);
	check_lock(loader, node, rule);
}

/* Returns false if the rule has no usable id: the model cannot hold it. */
static bool read_rule(struct gw_loader *loader, enum gw_rule_kind kind, const struct gw_node *node,
		      struct reading *ret)
{
	struct rule_form form;
	bool ok = gw_schema_read(loader->diags, table_of(kind), node, &form);

	if (!form.id)
		return false;
	ret->rule = (struct gw_rule_def){
		.kind = kind,
		.id = form.id,
		.loc = gw_schema_loc(node, "id"),
		.action = (enum gw_action)form.action,
		.locked = form.locked,
		.log = form.log,
		.owner = form.owner,
		.ticket = form.ticket,
		.purpose = form.purpose,
		.expires = form.expires,
		.reason = form.reason,
		.requested_by = form.requested_by,
	};
	read_match(loader, &form, &ret->rule);
	gw_read_hours(loader, form.hours, &ret->week);
	if (ok) /* the duties of a rule with faults would be reported twice */
		check_duties(loader, node, &form, &ret->rule);
	return true;
}

static int compare_readings(const void *a, const void *b)
{
	const struct reading *left = a, *right = b;

	return strcmp(left->rule.id, right->rule.id);
}

static void add_section(struct gw_loader *loader, enum gw_rule_kind kind,
			const struct gw_node *list, struct reading *readings, size_t *n)
{
	for (size_t i = 0; list && i < list->n; i++)
		*n += read_rule(loader, kind, list->items[i], &readings[*n]);
}

static size_t count_items(const struct gw_node *list)
{
	return list ? list->n : 0;
}

void gw_load_rules(struct gw_loader *loader, struct gw_node *policies, struct gw_node *exceptions,
		   struct gw_node *gateway)
{
	size_t capacity = count_items(policies) + count_items(exceptions) + count_items(gateway);
	gw_auto_free struct reading *readings = gw_zalloc(capacity + 1, sizeof(*readings));
	gw_auto_free struct gw_week *weeks = gw_zalloc(capacity + 1, sizeof(*weeks));
	struct gw_rule_def *rules;
	size_t n = 0;

	add_section(loader, GW_RULE_POLICY, policies, readings, &n);
	add_section(loader, GW_RULE_EXCEPTION, exceptions, readings, &n);
	add_section(loader, GW_RULE_GATEWAY, gateway, readings, &n);
	if (n)
		qsort(readings, n, sizeof(*readings), compare_readings);
	rules = gw_arena_array(loader->arena, n, struct gw_rule_def);
	for (size_t i = 0; i < n; i++) {
		rules[i] = readings[i].rule;
		weeks[i] = readings[i].week;
		if (i && strcmp(rules[i - 1].id, rules[i].id) == 0)
			gw_report_duplicate_id(loader, rules[i].id, rules[i - 1].loc, rules[i].loc);
	}
	gw_make_windows(loader, rules, weeks, n);
	loader->policy->rules = rules;
	loader->policy->n_rules = n;
}
