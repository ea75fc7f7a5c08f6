/*
 * Time windows. A window is handled as a set of seconds of the week in UTC: local windows that
 * cross midnight, or that the site's offset moves over a weekday's end, are then nothing special.
 */
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/loader.h"

#define DAY_SECONDS  86400
#define WEEK_SECONDS (7 * DAY_SECONDS)

struct hours_form {
	struct gw_node *days;
	uint32_t from, until;
};

static const struct gw_field hours_fields[] = {
	{ .key = "days",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .offset = offsetof(struct hours_form, days),
	  .fallback = "mon-sun",
	  .en = "Days of the week on which the window begins: `mon`, `mon-fri`, `[sat, sun]`.",
	  .ja = "時間帯が始まる曜日（mon、mon-fri、[sat, sun]など）。" },
	{ .key = "from",
	  .type = GW_FIELD_CLOCK,
	  .offset = offsetof(struct hours_form, from),
	  .fallback = "00:00",
	  .en = "When it begins, in the site's timezone.",
	  .ja = "開始時刻（拠点のタイムゾーン）。" },
	{ .key = "until",
	  .type = GW_FIELD_CLOCK,
	  .offset = offsetof(struct hours_form, until),
	  .fallback = "24:00",
	  .en = "When it ends; before `from`, it ends on the next day.",
	  .ja = "終了時刻。fromより前なら翌日に終わる。" },
};

const struct gw_table gw_table_hours = {
	.name = "hours",
	.en = "A time window: the policy holds only while it is open. Connections end with it.",
	.ja = "時間帯。ポリシーはその間だけ有効で、通信も時間帯とともに終わる。",
	.size = sizeof(struct hours_form),
	.fields = hours_fields,
	.n_fields = GW_COUNT(hours_fields),
};

/* 0 is Sunday; -1 if it is no day. */
static int weekday(const char *text, size_t len)
{
	static const char *const names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

	for (int i = 0; i < 7; i++)
		if (len == 3 && memcmp(names[i], text, 3) == 0)
			return i;
	return -1;
}

/* "mon" or "fri-mon"; adds the days to the mask. */
static bool read_days(struct gw_diags *diags, const struct gw_node *item, unsigned int *mask)
{
	const char *dash = strchr(item->text, '-');
	size_t len = dash ? (size_t)(dash - item->text) : strlen(item->text);
	int first = weekday(item->text, len), last = first;

	if (dash)
		last = weekday(dash + 1, strlen(dash + 1));
	if (first < 0 || last < 0) {
		gw_diag(diags, GW_D_BAD_DAY, item->loc,
			"`%s` is not a day such as `mon` or a range such as `mon-fri`", item->text);
		gw_diag_hint(diags, "the days are sun, mon, tue, wed, thu, fri and sat");
		return false;
	}
	for (int day = first;; day = (day + 1) % 7) {
		*mask |= 1u << day;
		if (day == last)
			return true;
	}
}

/* Adds [from, until) seconds of the week, both possibly outside it, modulo the week. */
static void add_seconds(struct gw_range_buffer *buffer, int64_t from, int64_t until)
{
	int64_t length = until - from;

	from = (from % WEEK_SECONDS + WEEK_SECONDS) % WEEK_SECONDS;
	until = from + length;
	if (until > WEEK_SECONDS) {
		gw_range_buffer_add(buffer,
				    (struct gw_range){ 0, (gw_u128)(until - WEEK_SECONDS - 1) });
		until = WEEK_SECONDS;
	}
	gw_range_buffer_add(buffer, (struct gw_range){ (gw_u128)from, (gw_u128)(until - 1) });
}

static void read_window(struct gw_loader *loader, struct gw_node *node,
			struct gw_range_buffer *buffer)
{
	struct hours_form form;
	unsigned int days = 0;
	size_t n;
	struct gw_node *const *items;
	int64_t until;

	if (!gw_schema_read(loader->diags, &gw_table_hours, node, &form))
		return;
	items = gw_schema_items(&form.days, &n);
	for (size_t i = 0; i < n; i++)
		if (!read_days(loader->diags, items[i], &days))
			return;
	if (!n)
		days = 0x7f;
	if (form.from == form.until || form.from == DAY_SECONDS) {
		gw_diag(loader->diags, GW_D_EMPTY_WINDOW, gw_schema_loc(node, "from"),
			"the window ends when it begins");
		return;
	}
	until = form.until < form.from ? (int64_t)form.until + DAY_SECONDS : form.until;
	for (int day = 0; day < 7; day++)
		if (days >> day & 1)
			add_seconds(buffer,
				    (int64_t)day * DAY_SECONDS + form.from - loader->utc_offset,
				    (int64_t)day * DAY_SECONDS + until - loader->utc_offset);
}

void gw_read_hours(struct gw_loader *loader, struct gw_node *hours, struct gw_week *ret)
{
	struct gw_range_buffer *buffer = &loader->scratch[0];
	size_t n;
	struct gw_node *const *items = gw_schema_items(&hours, &n);

	*ret = (struct gw_week){ 0 };
	if (!n)
		return;
	for (size_t i = 0; i < n; i++)
		read_window(loader, items[i], buffer);
	ret->seconds = gw_range_buffer_take(buffer, loader->arena);
	ret->loc = hours->loc;
}

/* ---- windows of the model ------------------------------------------------------------------- */

struct use {
	const struct gw_week *week;
	struct gw_rule_def *rule;
};

static int compare_weeks(const struct gw_addrset a, const struct gw_addrset b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		if (a.ranges[i].lo != b.ranges[i].lo)
			return a.ranges[i].lo < b.ranges[i].lo ? -1 : 1;
		if (a.ranges[i].hi != b.ranges[i].hi)
			return a.ranges[i].hi < b.ranges[i].hi ? -1 : 1;
	}
	return a.n < b.n ? -1 : a.n > b.n;
}

/* By content, so that the windows' numbers do not depend on the order in the files. */
static int compare_uses(const void *a, const void *b)
{
	const struct use *left = a, *right = b;
	int order = compare_weeks(left->week->seconds, right->week->seconds);

	return order ? order : strcmp(left->rule->id, right->rule->id);
}

/* Cuts the seconds of the week at midnight. */
static void make_parts(struct gw_arena *arena, struct gw_addrset seconds, struct gw_window *window)
{
	struct gw_window_part *parts = gw_arena_array(arena, seconds.n + 7, struct gw_window_part);
	size_t n = 0;

	for (size_t i = 0; i < seconds.n; i++) {
		uint32_t from = (uint32_t)seconds.ranges[i].lo;
		uint32_t last = (uint32_t)seconds.ranges[i].hi;

		while (from <= last) {
			uint32_t day = from / DAY_SECONDS, end = (day + 1) * DAY_SECONDS - 1;
			uint32_t until = last < end ? last : end;

			parts[n++] = (struct gw_window_part){
				.weekday = (uint8_t)day,
				.from = from - day * DAY_SECONDS,
				.until = until - day * DAY_SECONDS,
			};
			from = until + 1;
		}
	}
	window->parts = parts;
	window->n_parts = n;
}

void gw_make_windows(struct gw_loader *loader, struct gw_rule_def *rules,
		     const struct gw_week *weeks, size_t n)
{
	gw_auto_free struct use *uses = gw_zalloc(n + 1, sizeof(*uses));
	struct gw_window *windows;
	size_t n_uses = 0, n_windows = 0;

	for (size_t i = 0; i < n; i++)
		if (weeks[i].seconds.n)
			uses[n_uses++] = (struct use){ &weeks[i], &rules[i] };
	if (n_uses)
		qsort(uses, n_uses, sizeof(*uses), compare_uses);
	windows = gw_arena_array(loader->arena, n_uses, struct gw_window);
	for (size_t i = 0; i < n_uses; i++) {
		if (!i || compare_weeks(uses[i - 1].week->seconds, uses[i].week->seconds) != 0) {
			windows[n_windows].index = (unsigned int)n_windows;
			windows[n_windows].loc = uses[i].week->loc;
			make_parts(loader->arena, uses[i].week->seconds, &windows[n_windows]);
			n_windows++;
		}
		uses[i].rule->window = &windows[n_windows - 1];
	}
	loader->policy->windows = windows;
	loader->policy->n_windows = n_windows;
}
