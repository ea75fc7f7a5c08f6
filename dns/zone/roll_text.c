/* Steps of a rollover in sentences, English and Japanese. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "dns/zone/roll.h"
#include "gw/core/duration.h"

static void put_time(int64_t at, struct gw_text *out)
{
	time_t seconds = (time_t)at;
	struct tm tm;
	char text[40];

	if (!localtime_r(&seconds, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &tm))
		(void)strcpy(text, "?");
	gw_text_puts(out, text);
}

static void put_tags(const struct gw_zone_tags *set, bool japanese, struct gw_text *out)
{
	for (size_t i = 0; i < set->n; i++) {
		const char *between = japanese ? "、" : i + 1 == set->n ? " and " : ", ";

		gw_text_printf(out, "%s%u", i ? between : "", set->tag[i]);
	}
}

static void put_keys(const struct gw_zone_tags *set, bool japanese, struct gw_text *out)
{
	gw_text_puts(out, japanese ? "鍵" : set->n == 1 ? "key " : "keys ");
	put_tags(set, japanese, out);
}

/* ---- what a step does ----------------------------------------------------------------------------------- */

/* %k: the keys, %o: the old ones. Second: where there are no old ones, or no keys that are wanted. */
static const struct wording {
	const char *en, *en_alone, *ja, *ja_alone;
} wordings[GW_ZONE_STEP_KIND_COUNT] = {
	[GW_ZONE_STEP_GENERATE] = { "make a successor of %o", NULL, "%oの後継鍵を作成する", NULL },
	[GW_ZONE_STEP_BACK_UP] = { "back up %k", "back up %k", "%kをバックアップする",
				   "%kをバックアップする" },
	[GW_ZONE_STEP_PUBLISH] = { "publish %k", "publish %k", "%kを公開する", "%kを公開する" },
	[GW_ZONE_STEP_SWAP] = { "publish %k instead of %o", "publish %k", "%oに代えて%kを公開する",
				"%kを公開する" },
	[GW_ZONE_STEP_SIGN] = { "sign the zone with %k instead of %o", "sign the zone with %k",
				"%oに代えて%kでゾーンに署名する", "%kでゾーンに署名する" },
	[GW_ZONE_STEP_ASK_PARENT] = { "ask the parent for the DS of %k and no other",
				      "ask the parent for the DS of %k and no other",
				      "親ゾーンに%kのDSのみの登録を依頼する",
				      "親ゾーンに%kのDSのみの登録を依頼する" },
	[GW_ZONE_STEP_WAIT_PARENT] = { "all servers of the parent show the DS of %k",
				       "all servers of the parent show the DS of %k",
				       "親ゾーンの全サーバーが%kのDSを示す",
				       "親ゾーンの全サーバーが%kのDSを示す" },
	[GW_ZONE_STEP_REMOVE] = { "remove %o", NULL, "%oを取り除く", NULL },
	[GW_ZONE_STEP_UNSIGN] = { "remove %o and all signatures", NULL, "%oと全署名を取り除く",
				  NULL },
};

/* To the parent of a zone that is to be insecure. */
static const char *without_ds(enum gw_zone_step_kind kind, bool japanese)
{
	if (kind == GW_ZONE_STEP_ASK_PARENT)
		return japanese ? "親ゾーンに全DSの削除を依頼する"
				: "ask the parent to delete every DS";
	return japanese ? "親ゾーンの全サーバーからDSがなくなる"
			: "no server of the parent shows a DS any more";
}

void gw_zone_step_text(const struct gw_zone_step *step, bool japanese, struct gw_text *out)
{
	const struct wording *wording = &wordings[step->kind];
	const char *text = japanese ? wording->ja : wording->en;
	bool parent =
		step->kind == GW_ZONE_STEP_ASK_PARENT || step->kind == GW_ZONE_STEP_WAIT_PARENT;

	if (parent && !step->keys.n) {
		gw_text_puts(out, without_ds(step->kind, japanese));
		return;
	}
	if (!step->old.n)
		text = japanese ? wording->ja_alone : wording->en_alone;
	for (; *text; text++) {
		if (text[0] == '%' && (text[1] == 'k' || text[1] == 'o'))
			put_keys(*++text == 'k' ? &step->keys : &step->old, japanese, out);
		else
			gw_text_putc(out, *text);
	}
}

/* ---- why not earlier ------------------------------------------------------------------------------------- */

static const char *const why_texts[GW_ZONE_WHY_COUNT][2] = {
	[GW_ZONE_WHY_NOW] = { "", "" },
	[GW_ZONE_WHY_OLD_DS] = { "resolvers may hold the DS of before",
				 "リゾルバーが以前のDSを保持している可能性があるため" },
	[GW_ZONE_WHY_OLD_KEYS] = { "resolvers may hold the DNSKEY set of before",
				   "リゾルバーが以前のDNSKEYを保持している可能性があるため" },
	[GW_ZONE_WHY_OLD_SIGNED] = { "resolvers may hold signatures of before",
				     "リゾルバーが以前の署名を保持している可能性があるため" },
	[GW_ZONE_WHY_PARENT] = { "the parent must act first", "親ゾーンの対応が先に必要" },
	[GW_ZONE_WHY_AGE] = { "the key reaches its age", "鍵の使用期限に達するため" },
	[GW_ZONE_WHY_WITHDRAWN] = { "the key is to go", "鍵の使用を終えるため" },
	[GW_ZONE_WHY_BACKUP] = { "no key is published before a restore has proved its backup",
				 "復元で確認したバックアップのない鍵は公開しないため" },
};

void gw_zone_step_reason(const struct gw_zone_step *step, bool japanese, struct gw_text *out)
{
	char ttl[GW_DURATION_TEXT_MAX], lag[GW_DURATION_TEXT_MAX], margin[GW_DURATION_TEXT_MAX];

	gw_text_puts(out, why_texts[step->why][japanese]);
	if (step->why == GW_ZONE_WHY_NOW || !step->since)
		return;
	gw_text_puts(out, japanese ? "（" : step->ttl ? ": given out until " : ": asked on ");
	put_time(step->since, out);
	if (japanese)
		gw_text_puts(out, step->ttl ? "まで配布" : "に依頼");
	if (step->ttl)
		gw_text_printf(out,
			       japanese ? "、TTL %s、伝播 %s、余裕 %s"
					: ", TTL %s, until all servers follow %s, margin %s",
			       gw_duration_text(step->ttl, ttl), gw_duration_text(step->lag, lag),
			       gw_duration_text(step->margin, margin));
	gw_text_puts(out, japanese ? "）" : "");
}

/* ---- what to do now --------------------------------------------------------------------------------------- */

/* The most urgent step that is due; NULL: none is. */
static const struct gw_zone_step *most_urgent(const struct gw_zone_plan *plan)
{
	static const enum gw_zone_step_kind order[] = {
		GW_ZONE_STEP_BACK_UP, GW_ZONE_STEP_GENERATE,   GW_ZONE_STEP_PUBLISH,
		GW_ZONE_STEP_SWAP,    GW_ZONE_STEP_SIGN,       GW_ZONE_STEP_REMOVE,
		GW_ZONE_STEP_UNSIGN,  GW_ZONE_STEP_ASK_PARENT,
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		for (size_t j = 0; j < plan->n; j++)
			if (plan->steps[j].kind == order[i] && plan->steps[j].at <= plan->now)
				return &plan->steps[j];
	return NULL;
}

static const char *command_of(enum gw_zone_step_kind kind)
{
	switch (kind) {
	case GW_ZONE_STEP_BACK_UP:
		return "gwctl zone backup";
	case GW_ZONE_STEP_GENERATE:
		return "gwctl zone roll";
	case GW_ZONE_STEP_PUBLISH:
	case GW_ZONE_STEP_SWAP:
	case GW_ZONE_STEP_SIGN:
	case GW_ZONE_STEP_REMOVE:
	case GW_ZONE_STEP_UNSIGN:
	case GW_ZONE_STEP_ASK_PARENT:
		return "gwctl zone publish";
	case GW_ZONE_STEP_WAIT_PARENT:
	case GW_ZONE_STEP_KIND_COUNT:
		break;
	}
	return "";
}

static void put_next(const struct gw_zone_plan *plan, bool japanese, struct gw_text *out)
{
	const struct gw_zone_step *next = plan->n ? &plan->steps[0] : NULL;

	if (!next) {
		gw_text_puts(out,
			     japanese ? "今すべきことはありません。" : "Nothing has to be done.");
		return;
	}
	if (next->kind == GW_ZONE_STEP_WAIT_PARENT) {
		gw_text_puts(out, japanese ? "待機中です。親ゾーンでの対応を確認してください（"
					   : "Wait, and see to it that the parent acts: ");
		gw_zone_step_text(next, japanese, out);
		gw_text_puts(out, japanese ? "まで）。" : " is what comes next.");
		return;
	}
	gw_text_puts(out, japanese ? "" : "Nothing has to be done before ");
	put_time(next->at, out);
	gw_text_puts(out, japanese ? "まで何もする必要はありません（その後：" : ": then ");
	gw_zone_step_text(next, japanese, out);
	gw_text_puts(out, japanese ? "）。" : ".");
}

void gw_zone_plan_now(const struct gw_zone_plan *plan, const char *zone, bool japanese,
		      struct gw_text *out)
{
	const struct gw_zone_step *urgent = most_urgent(plan);

	if (plan->broken && plan->broken_until == GW_ZONE_NEVER) {
		gw_text_printf(out,
			       japanese ? "%sの信頼の連鎖が切れています。親ゾーンのDSを直ちに直して"
					  "ください。"
					: "Validators find %s broken: have the parent's DS put "
					  "right at once.",
			       zone);
		return;
	}
	if (!urgent) {
		put_next(plan, japanese, out);
		return;
	}
	gw_text_puts(out, japanese ? "今すべきこと：" : "Now: ");
	gw_zone_step_text(urgent, japanese, out);
	gw_text_printf(out, japanese ? "（`%s %s`）。" : " (`%s %s`).", command_of(urgent->kind),
		       zone);
}
