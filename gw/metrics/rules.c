#include "gw/metrics/rules.h"

#include <string.h>

#include "gw/policy/policy.h"

/* Of `from` and `to` in labels: 256 zones with names of 32 octets are no label. */
#define ZONES_TEXT_MAX 120u

static const char *zones_text(struct gw_arena *arena, const struct gw_policy *policy,
			      const struct gw_zone_set *set)
{
	const char *text = gw_zone_set_text(arena, policy, set);

	if (strlen(text) <= ZONES_TEXT_MAX)
		return text;
	return gw_arena_printf(arena, "%.*s...", (int)ZONES_TEXT_MAX, text);
}

static void set_texts(struct gw_arena *arena, const struct gw_policy *policy,
		      struct gw_rule_view *view)
{
	const struct gw_rule_def *rule = view->rule;
	gw_auto_text struct gw_text labels = { 0 };

	view->from = zones_text(arena, policy, &rule->from);
	view->to = rule->kind == GW_RULE_GATEWAY ? "gateway" : zones_text(arena, policy, &rule->to);
	gw_exposition_label(&labels, "policy", rule->id);
	gw_exposition_label(&labels, "from", view->from);
	gw_exposition_label(&labels, "to", view->to);
	gw_exposition_label(&labels, "action", gw_action_name(rule->action));
	view->labels = gw_arena_strdup(arena, labels.bytes);
}

struct gw_rule_view *gw_rules_follow(struct gw_arena *arena, const struct gw_policy *policy,
				     const struct gw_rule_view *before, size_t n)
{
	struct gw_rule_view *rules = gw_arena_array(arena, policy->n_rules, struct gw_rule_view);
	size_t at = 0;

	for (size_t i = 0; i < policy->n_rules; i++) {
		struct gw_rule_view *view = &rules[i];

		view->rule = &policy->rules[i];
		while (at < n && strcmp(before[at].rule->id, view->rule->id) < 0)
			at++;
		if (at < n && strcmp(before[at].rule->id, view->rule->id) == 0) {
			view->packets = before[at].packets;
			view->bytes = before[at].bytes;
			view->last_hit = before[at].last_hit;
		}
		set_texts(arena, policy, view);
	}
	return rules;
}

static void note_rule(struct gw_rule_view *rule, const struct gw_count *count, int64_t now,
		      int64_t elapsed_ms)
{
	uint64_t before = rule->packets.shown;
	bool begun = rule->packets.begun;

	gw_series_note(&rule->packets, count ? count->packets : 0, elapsed_ms);
	gw_series_note(&rule->bytes, count ? count->bytes : 0, elapsed_ms);
	if (begun && rule->packets.shown > before)
		rule->last_hit = now;
}

static void note_builtins(struct gw_view *view, const struct gw_count *counts, size_t n,
			  int64_t elapsed_ms)
{
	for (int b = GW_BUILTIN_NONE + 1; b < GW_BUILTIN_COUNT; b++) {
		const struct gw_count *found = NULL;

		for (size_t i = 0; i < n && !found; i++)
			if (counts[i].builtin &&
			    strcmp(counts[i].id, gw_builtin_name((enum gw_builtin)b)) == 0)
				found = &counts[i];
		gw_series_note(&view->drops[b], found ? found->packets : 0, elapsed_ms);
		gw_series_note(&view->drop_bytes[b], found ? found->bytes : 0, elapsed_ms);
	}
}

void gw_rules_note(struct gw_view *view, const struct gw_count *counts, size_t n,
		   int64_t elapsed_ms)
{
	size_t at = 0;

	for (size_t i = 0; view->policy && i < view->policy->n_rules; i++) {
		const char *id = view->rules[i].rule->id;

		while (at < n && (counts[at].builtin || strcmp(counts[at].id, id) < 0))
			at++;
		note_rule(&view->rules[i],
			  at < n && strcmp(counts[at].id, id) == 0 ? &counts[at] : NULL, view->now,
			  elapsed_ms);
	}
	note_builtins(view, counts, n, elapsed_ms);
}

double gw_rules_passed(const struct gw_view *view)
{
	double sum = 0;

	for (size_t i = 0; view->policy && i < view->policy->n_rules; i++)
		if (view->rules[i].rule->action == GW_ACTION_ACCEPT)
			sum += view->rules[i].packets.rate;
	return sum;
}

double gw_rules_dropped(const struct gw_view *view)
{
	double sum = 0;

	for (size_t i = 0; view->policy && i < view->policy->n_rules; i++)
		if (view->rules[i].rule->action != GW_ACTION_ACCEPT)
			sum += view->rules[i].packets.rate;
	for (int b = 0; b < GW_BUILTIN_COUNT; b++)
		if (gw_builtin_drops((enum gw_builtin)b))
			sum += view->drops[b].rate;
	return sum;
}
