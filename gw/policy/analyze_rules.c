/*
 * Rules that decide nothing, and rules that open too much.
 *
 * Rules are judged one after the other, the last id first, and one that was called useless no
 * longer counts when others are judged: so all of them can be removed at once and nothing changes,
 * and of two that cover each other, one stays.
 */
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/analyze.h"
#include "gw/policy/analyze_internal.h"
#include "gw/policy/decide.h"
#include "gw/policy/useless.h"

/* Rules that are useless in many pairs of zones are looked at in all of them. That ends when rules
 * have been looked at this many times; those that are not done by then get no warning. */
#define WORK_MAX 250000u

struct finding {
	enum gw_use use;
	const struct gw_rule_def *by;
	bool duplicate; /* of `by` */
	bool no_pair;   /* no pair of zones is meant */
};

struct judge {
	const struct gw_policy *policy;
	struct gw_diags *diags;
	struct gw_arena *arena;
	struct gw_pairs pairs;
	struct finding *findings; /* by rule */
	bool *useless;            /* by rule */
};

/* ---- duplicates ----------------------------------------------------------------------------- */

static int compare_sets(struct gw_addrset a, struct gw_addrset b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	if (a.ranges == b.ranges)
		return 0;
	/* Any total order will do. */
	return memcmp(a.ranges, b.ranges, a.n * sizeof(*a.ranges));
}

static int compare_matches(const struct gw_addr_match *a, const struct gw_addr_match *b)
{
	int order = a->any - b->any;

	if (order || a->any)
		return order;
	for (int f = 0; !order && f < GW_FAMILY_COUNT; f++)
		order = compare_sets(a->addrs[f], b->addrs[f]);
	if (!order && a->n_large != b->n_large)
		order = a->n_large < b->n_large ? -1 : 1;
	for (size_t i = 0; !order && i < a->n_large; i++)
		order = strcmp(a->large[i]->name, b->large[i]->name);
	return order;
}

static int compare_zones(const struct gw_zone_set *a, const struct gw_zone_set *b)
{
	int order = memcmp(a->bits, b->bits, sizeof(a->bits));

	return order ? order : a->any - b->any;
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_meaning(const struct gw_rule_def *a, const struct gw_rule_def *b)
{
	int order = compare_sets(a->services, b->services);

	if (!order)
		order = compare_zones(&a->from, &b->from);
	if (!order)
		order = compare_zones(&a->to, &b->to);
	if (!order)
		order = compare_matches(&a->dest, &b->dest);
	if (!order)
		order = compare_matches(&a->source, &b->source);
	if (!order)
		order = compare_numbers(a->action, b->action);
	if (!order)
		order = compare_numbers(gw_rule_tier(a), gw_rule_tier(b));
	if (!order)
		order = compare_numbers(a->kind, b->kind);
	if (!order)
		order = compare_numbers(a->expires, b->expires);
	if (!order)
		order = compare_numbers(a->window ? a->window->index + INT64_C(1) : 0,
					b->window ? b->window->index + INT64_C(1) : 0);
	return order;
}

static int compare_rules(const void *left, const void *right)
{
	const struct gw_rule_def *const *a = left, *const *b = right;
	int order = compare_meaning(*a, *b);

	return order ? order : (*a > *b) - (*a < *b);
}

static void find_duplicates(struct judge *judge)
{
	const struct gw_policy *policy = judge->policy;
	gw_auto_free const struct gw_rule_def **sorted =
		gw_zalloc(policy->n_rules + 1, sizeof(const struct gw_rule_def *));
	size_t first = 0;

	for (size_t i = 0; i < policy->n_rules; i++)
		sorted[i] = &policy->rules[i];
	if (policy->n_rules)
		qsort(sorted, policy->n_rules, sizeof(const struct gw_rule_def *), compare_rules);
	for (size_t i = 1; i < policy->n_rules; i++) {
		size_t index = (size_t)(sorted[i] - policy->rules);

		if (compare_meaning(sorted[first], sorted[i]) != 0) {
			first = i;
			continue;
		}
		judge->findings[index] = (struct finding){ .by = sorted[first], .duplicate = true };
		judge->useless[index] = true;
	}
}

/* ---- rules that never decide ---------------------------------------------------------------- */

/* Joins what holds in one more pair of zones to what holds in those before. */
static void join(struct finding *finding, enum gw_use use, const struct gw_rule_def *by)
{
	if (use == GW_USE_NONE_HERE || finding->use == GW_USE_COVERED)
		return;
	finding->use = use;
	finding->by = by;
}

static struct finding judge_rule(struct judge *judge, const struct gw_rule_def *rule)
{
	const struct gw_policy *policy = judge->policy;
	struct finding finding = { .use = GW_USE_NONE_HERE, .no_pair = true };

	for (size_t f = 0; f < policy->n_zones; f++) {
		const struct gw_zone *from = &policy->zones[f];

		if (!gw_zone_set_has(&rule->from, from->index))
			continue;
		/* One place more than there are zones: the gateway. */
		for (size_t t = 0; t <= policy->n_zones; t++) {
			const struct gw_zone *to = t < policy->n_zones ? &policy->zones[t] : NULL;
			const struct gw_rule_def *by = NULL;
			enum gw_use use = GW_USE_DECIDES;

			if (!gw_rule_covers(rule, from, to))
				continue;
			finding.no_pair = false;
			if (judge->pairs.work < WORK_MAX || gw_pairs_has(&judge->pairs, from, to))
				use = gw_rule_use(judge->arena, policy,
						  gw_pairs_get(&judge->pairs, from, to), rule,
						  judge->useless, &by);
			if (use == GW_USE_DECIDES)
				return (struct finding){ .use = use };
			join(&finding, use, by);
		}
	}
	return finding;
}

/* ---- reports -------------------------------------------------------------------------------- */

static void report_duplicate(const struct judge *judge, const struct gw_rule_def *rule,
			     const struct gw_rule_def *by)
{
	gw_diag(judge->diags, GW_D_RULE_DUPLICATE, rule->loc, "%s `%s` says the same as `%s`",
		gw_rule_kind_name(rule->kind), rule->id, by->id);
	gw_diag_related(judge->diags, by->loc, "`%s` is here", by->id);
}

static void report_shadowed(const struct judge *judge, const struct gw_rule_def *rule,
			    const struct gw_rule_def *by)
{
	gw_diag(judge->diags, GW_D_RULE_SHADOWED, rule->loc,
		"%s `%s` never decides: all that it matches is denied before",
		gw_rule_kind_name(rule->kind), rule->id);
	gw_diag_related(judge->diags, by->loc, "denied by %s%s `%s`", by->locked ? "locked " : "",
			gw_rule_kind_name(by->kind), by->id);
}

static void report_covered(const struct judge *judge, const struct gw_rule_def *rule,
			   const struct gw_rule_def *by)
{
	if (rule->kind == GW_RULE_EXCEPTION)
		gw_diag(judge->diags, GW_D_EXCEPTION_IDLE, rule->loc,
			"exception `%s` opens nothing: all of it is open already", rule->id);
	else
		gw_diag(judge->diags, GW_D_RULE_REDUNDANT, rule->loc,
			"%s `%s` opens nothing that is not open without it",
			gw_rule_kind_name(rule->kind), rule->id);
	gw_diag_related(judge->diags, by->loc, "accepted by %s `%s`", gw_rule_kind_name(by->kind),
			by->id);
}

static void report(struct judge *judge, const struct gw_rule_def *rule,
		   const struct finding *finding)
{
	if (finding->duplicate) {
		report_duplicate(judge, rule, finding->by);
		return;
	}
	switch (finding->use) {
	case GW_USE_NONE_HERE:
		gw_report_empty_rule(judge->policy, rule, finding->no_pair, judge->diags);
		break;
	case GW_USE_DECIDES:
		gw_report_wide_rule(judge->policy, rule, judge->diags);
		break;
	case GW_USE_SHADOWED:
		report_shadowed(judge, rule, finding->by);
		break;
	case GW_USE_COVERED:
		report_covered(judge, rule, finding->by);
		break;
	}
}

void gw_analyze_rules(const struct gw_policy *policy, struct gw_diags *diags)
{
	struct judge judge = { .policy = policy, .diags = diags, .arena = gw_arena_new() };

	judge.findings = gw_arena_array(judge.arena, policy->n_rules, struct finding);
	judge.useless = gw_arena_array(judge.arena, policy->n_rules, bool);
	gw_pairs_init(&judge.pairs, judge.arena, policy);
	find_duplicates(&judge);
	for (size_t i = policy->n_rules; i-- > 0;) {
		if (judge.useless[i])
			continue;
		judge.findings[i] = judge_rule(&judge, &policy->rules[i]);
		judge.useless[i] = judge.findings[i].use != GW_USE_DECIDES;
	}
	for (size_t i = 0; i < policy->n_rules; i++)
		report(&judge, &policy->rules[i], &judge.findings[i]);
	gw_analyze_nats(&judge.pairs, diags);
	gw_analyze_names(policy, diags);
	gw_arena_free(judge.arena);
}
