/*
 * Rules that cannot matter. A rule is useless only if it is useless between every pair of zones
 * that it covers, so the search stops at the first pair in which it decides something; and where an
 * exact answer would cost too much, there is no warning: never a wrong one.
 *
 * Cost: each rule is held against the rules of its pair only, and most of these are set aside by
 * comparing the bounds of their lists.
 */
#include <string.h>

#include "gw/policy/loader.h"
#include "gw/policy/reach.h"

/* Pieces that the remainder of a rule may fall into before the question is given up. */
#define PIECES_MAX 64u

/* The smallest and largest service and, per family, destination of a rule. */
struct bounds {
	struct gw_range service, dest[GW_FAMILY_COUNT];
};

struct analysis {
	const struct gw_policy *policy;
	struct gw_rule_index index;
	const struct bounds *bounds; /* parallel to policy->rules */
	struct gw_arena *arena;      /* for all of the analysis */
	struct gw_diags *diags;
};

/* What was found of a rule in the pairs looked at so far. */
struct finding {
	bool useful;
	bool has_space;                           /* in some pair */
	const struct gw_rule_def *shadow, *cover; /* the other party in the last pair */
};

static void widen(struct gw_range *range, struct gw_addrset set)
{
	if (!set.n)
		return;
	if (set.ranges[0].lo < range->lo)
		range->lo = set.ranges[0].lo;
	if (set.ranges[set.n - 1].hi > range->hi)
		range->hi = set.ranges[set.n - 1].hi;
}

static void bounds_of(const struct gw_rule_def *rule, struct bounds *ret)
{
	ret->service = (struct gw_range){ GW_SERVICE_MAX, 0 };
	widen(&ret->service, rule->services);
	for (int f = 0; f < GW_FAMILY_COUNT; f++) {
		struct gw_range *dest = &ret->dest[f];

		*dest = (struct gw_range){ gw_family_max((enum gw_family)f), 0 };
		widen(dest, rule->dest.addrs[f]);
		for (size_t i = 0; i < rule->dest.n_large; i++)
			widen(dest, rule->dest.large[i]->addrs[f]);
		if (rule->dest.any)
			widen(dest, gw_addrset_all((enum gw_family)f));
	}
}

static bool ranges_meet(struct gw_range a, struct gw_range b)
{
	return a.lo <= b.hi && b.lo <= a.hi;
}

static bool may_overlap(const struct analysis *analysis, const struct gw_rule_def *a,
			const struct gw_rule_def *b)
{
	const struct bounds *left = &analysis->bounds[a - analysis->policy->rules];
	const struct bounds *right = &analysis->bounds[b - analysis->policy->rules];

	return ranges_meet(left->service, right->service) &&
	       (ranges_meet(left->dest[GW_FAMILY_IPV4], right->dest[GW_FAMILY_IPV4]) ||
		ranges_meet(left->dest[GW_FAMILY_IPV6], right->dest[GW_FAMILY_IPV6]));
}

static bool match_covers(const struct gw_addr_match *match, enum gw_family family,
			 struct gw_addrset set)
{
	if (match->any || gw_addrset_subset(set, match->addrs[family]))
		return true;
	for (size_t i = 0; i < match->n_large; i++)
		if (gw_addrset_subset(set, match->large[i]->addrs[family]))
			return true;
	return false;
}

/* Does `rule` match every packet of the space? Says no if two of its lists only do so together. */
static bool rule_covers_space(const struct gw_rule_def *rule, const struct gw_space *space)
{
	for (size_t i = 0; i < space->n; i++) {
		const struct gw_region *region = &space->regions[i];

		if (!gw_addrset_subset(region->service, rule->services) ||
		    !match_covers(&rule->dest, region->family, region->dest) ||
		    !match_covers(&rule->source, region->family, region->source))
			return false;
	}
	return true;
}

/* Would the packets of `rule` be refused by `other` before it is asked, at all times? */
static bool refuses_first(const struct gw_rule_def *other, const struct gw_rule_def *rule)
{
	return other->action != GW_ACTION_ACCEPT && !other->window &&
	       gw_rule_tier(other) < gw_rule_tier(rule);
}

/* Is `rule` covered by refusals in this pair? The one that takes most of it first is returned. */
static const struct gw_rule_def *
find_shadow(const struct analysis *analysis, struct gw_arena *arena,
	    const struct gw_rule_list *rules, const struct gw_rule_def *rule,
	    const struct gw_zone *from, const struct gw_zone *to, struct gw_space rest)
{
	const struct gw_rule_def *first = NULL;

	for (size_t i = 0; i < rules->n && rest.n && rest.n <= PIECES_MAX; i++) {
		const struct gw_rule_def *other = rules->items[i];
		struct gw_space taken = { 0 };
		size_t before = rest.n;
		struct gw_region *regions = rest.regions;

		if (!refuses_first(other, rule) || !may_overlap(analysis, other, rule))
			continue;
		if (rule_covers_space(other, &rest))
			return first ? first : other;
		gw_rule_space(arena, other, from, to, &taken);
		for (size_t k = 0; k < taken.n; k++)
			gw_space_subtract(arena, &rest, &taken.regions[k]);
		if (!first && (rest.n != before || rest.regions != regions))
			first = other;
	}
	return rest.n ? NULL : first;
}

/* Does some refusal overlap the rule in this pair? */
static bool is_partly_refused(const struct analysis *analysis, struct gw_arena *arena,
			      const struct gw_rule_list *rules, const struct gw_rule_def *rule,
			      const struct gw_zone *from, const struct gw_zone *to,
			      const struct gw_space *space)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct gw_rule_def *other = rules->items[i];
		struct gw_space taken = { 0 };

		if (other->action == GW_ACTION_ACCEPT || !may_overlap(analysis, other, rule))
			continue;
		gw_rule_space(arena, other, from, to, &taken);
		for (size_t k = 0; k < taken.n; k++)
			for (size_t m = 0; m < space->n; m++)
				if (gw_region_overlaps(&taken.regions[k], &space->regions[m]))
					return true;
	}
	return false;
}

static bool lists_equal(const struct gw_addr_match *a, const struct gw_addr_match *b)
{
	if (a->any != b->any || a->n_large != b->n_large)
		return false;
	for (size_t i = 0; i < a->n_large; i++)
		if (a->large[i] != b->large[i])
			return false;
	for (int f = 0; f < GW_FAMILY_COUNT; f++)
		if (!gw_addrset_equal(a->addrs[f], b->addrs[f]))
			return false;
	return true;
}

/* Word for word the same match, which calls for another message than mere coverage. */
static bool is_duplicate(const struct gw_rule_def *a, const struct gw_rule_def *b)
{
	return memcmp(&a->from, &b->from, sizeof(a->from)) == 0 &&
	       memcmp(&a->to, &b->to, sizeof(a->to)) == 0 && lists_equal(&a->source, &b->source) &&
	       lists_equal(&a->dest, &b->dest) && gw_addrset_equal(a->services, b->services);
}

static bool makes_redundant(const struct gw_rule_def *other, const struct gw_rule_def *rule)
{
	if (other == rule || other->action != rule->action || (rule->log && !other->log))
		return false;
	if (other->window && other->window != rule->window)
		return false;
	if (rule->kind == GW_RULE_EXCEPTION)
		return other->kind != GW_RULE_EXCEPTION;
	return other->kind == rule->kind && other->locked >= rule->locked;
}

/* Two rules that cover each other would both be called redundant: the first id stays. */
static bool stays_of_two(struct gw_arena *arena, const struct gw_rule_def *rule,
			 const struct gw_rule_def *other, const struct gw_zone *from,
			 const struct gw_zone *to)
{
	struct gw_space space = { 0 };

	if (!gw_rule_before(rule, other) || !makes_redundant(rule, other))
		return false;
	gw_rule_space(arena, other, from, to, &space);
	return rule_covers_space(rule, &space);
}

static const struct gw_rule_def *find_cover(const struct analysis *analysis, struct gw_arena *arena,
					    const struct gw_rule_list *rules,
					    const struct gw_rule_def *rule,
					    const struct gw_zone *from, const struct gw_zone *to,
					    const struct gw_space *space)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct gw_rule_def *other = rules->items[i];

		if (makes_redundant(other, rule) && may_overlap(analysis, other, rule) &&
		    rule_covers_space(other, space) && !stays_of_two(arena, rule, other, from, to))
			return other;
	}
	return NULL;
}

static void look_at_pair(struct analysis *analysis, const struct gw_rule_def *rule,
			 const struct gw_zone *from, const struct gw_zone *to,
			 struct finding *finding)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_rule_list pair = gw_rule_index_pair(arena, &analysis->index, from, to);
	struct gw_space space = { 0 };

	gw_rule_space(arena, rule, from, to, &space);
	if (space.n) {
		finding->has_space = true;
		finding->shadow = find_shadow(analysis, arena, &pair, rule, from, to, space);
		if (!finding->shadow)
			finding->cover = find_cover(analysis, arena, &pair, rule, from, to, &space);
		if (finding->cover && rule->kind == GW_RULE_EXCEPTION &&
		    is_partly_refused(analysis, arena, &pair, rule, from, to, &space))
			finding->cover = NULL;
		finding->useful = !finding->shadow && !finding->cover;
	}
	gw_arena_free(arena);
}

static void look_at_pairs(struct analysis *analysis, const struct gw_rule_def *rule,
			  struct finding *finding)
{
	const struct gw_policy *policy = analysis->policy;

	for (size_t i = 0; i < policy->n_zones && !finding->useful; i++) {
		const struct gw_zone *from = &policy->zones[i];

		if (!gw_zone_set_has(&rule->from, from->index))
			continue;
		if (rule->kind == GW_RULE_GATEWAY) {
			look_at_pair(analysis, rule, from, NULL, finding);
			continue;
		}
		for (size_t k = 0; k < policy->n_zones && !finding->useful; k++)
			if (gw_rule_covers(rule, from, &policy->zones[k]))
				look_at_pair(analysis, rule, from, &policy->zones[k], finding);
	}
}

static bool has_family(const struct gw_addr_match *match, int family)
{
	bool has = match->any || match->addrs[family].n;

	for (size_t i = 0; i < match->n_large; i++)
		has |= match->large[i]->addrs[family].n > 0;
	return has;
}

static void report_no_space(struct analysis *analysis, const struct gw_rule_def *rule)
{
	bool meet = false;

	for (int f = 0; f < GW_FAMILY_COUNT; f++)
		meet |= has_family(&rule->source, f) && has_family(&rule->dest, f);
	if (!meet) {
		gw_diag(analysis->diags, GW_D_RULE_FAMILIES_APART, rule->loc,
			"%s `%s` can never match: source and destination share no address family",
			gw_rule_kind_name(rule->kind), rule->id);
		return;
	}
	gw_diag(analysis->diags, GW_D_RULE_SPOOF_EXCLUDED, rule->loc,
		"%s `%s` can never match: its addresses are not those of its zones",
		gw_rule_kind_name(rule->kind), rule->id);
	gw_diag_hint(analysis->diags, "compare `source:` and `dest:` with the `nets:` of %s and %s",
		     gw_zone_set_text(analysis->arena, analysis->policy, &rule->from),
		     rule->kind == GW_RULE_GATEWAY
			     ? "the gateway"
			     : gw_zone_set_text(analysis->arena, analysis->policy, &rule->to));
}

static void report_cover(struct analysis *analysis, const struct gw_rule_def *rule,
			 const struct gw_rule_def *cover)
{
	const char *kind = gw_rule_kind_name(rule->kind);

	if (rule->kind == GW_RULE_EXCEPTION)
		gw_diag(analysis->diags, GW_D_EXCEPTION_WITHOUT_EFFECT, rule->loc,
			"exception `%s` opens nothing: `%s` already accepts all of it", rule->id,
			cover->id);
	else if (is_duplicate(rule, cover))
		gw_diag(analysis->diags, GW_D_RULE_DUPLICATE, rule->loc,
			"%s `%s` says the same as `%s`", kind, rule->id, cover->id);
	else
		gw_diag(analysis->diags, GW_D_RULE_REDUNDANT, rule->loc,
			"%s `%s` adds nothing: `%s` covers all of it", kind, rule->id, cover->id);
	gw_diag_related(analysis->diags, cover->loc, "`%s` is here", cover->id);
}

static void check_width(struct analysis *analysis, const struct gw_rule_def *rule)
{
	const struct gw_policy *policy = analysis->policy;

	if (rule->action != GW_ACTION_ACCEPT || !rule->any_service || !rule->dest.any ||
	    rule->kind == GW_RULE_GATEWAY)
		return;
	for (size_t i = 0; i < policy->n_zones; i++) {
		if (!policy->zones[i].untrusted || !gw_zone_set_has(&rule->from, (unsigned int)i))
			continue;
		for (size_t k = 0; k < policy->n_zones; k++) {
			if (policy->zones[k].untrusted ||
			    !gw_rule_covers(rule, &policy->zones[i], &policy->zones[k]))
				continue;
			gw_diag(analysis->diags, GW_D_RULE_TOO_WIDE, rule->loc,
				"`%s` opens every service of %s to %s, which is untrusted",
				rule->id, policy->zones[k].name, policy->zones[i].name);
			gw_diag_hint(analysis->diags, "name the services and destinations needed");
			return;
		}
	}
}

static void check_rule(struct analysis *analysis, const struct gw_rule_def *rule)
{
	struct finding finding = { 0 };

	if (rule->window && !rule->window->n_parts) {
		gw_diag(analysis->diags, GW_D_WINDOW_NEVER_OPEN, rule->window->loc,
			"the hours of `%s` never open", rule->id);
		return;
	}
	check_width(analysis, rule);
	look_at_pairs(analysis, rule, &finding);
	if (finding.useful)
		return;
	if (!finding.has_space) {
		report_no_space(analysis, rule);
	} else if (finding.shadow) {
		gw_diag(analysis->diags, GW_D_RULE_SHADOWED, rule->loc,
			"%s `%s` never decides: `%s` and its like refuse all of it",
			gw_rule_kind_name(rule->kind), rule->id, finding.shadow->id);
		gw_diag_related(analysis->diags, finding.shadow->loc, "`%s` is here",
				finding.shadow->id);
	} else if (finding.cover) {
		report_cover(analysis, rule, finding.cover);
	}
}

/* Does some rule accept a part of the translated packets between these zones? */
static bool is_let_through(const struct analysis *analysis, struct gw_arena *arena,
			   const struct gw_nat *nat, const struct gw_zone *from,
			   const struct gw_zone *to)
{
	struct gw_rule_list rules = gw_rule_index_pair(arena, &analysis->index, from, to);
	struct gw_range target = nat->to_addr, ports = { 0, 0 };
	struct gw_addr_match dest = { 0 };
	struct gw_addrset services = nat->services;
	struct gw_space translated = { 0 };
	struct gw_reach_list passing = { 0 };

	dest.addrs[nat->to_family] = (struct gw_addrset){ &target, 1 };
	if (nat->to_port && services.n) {
		uint8_t protocol = (uint8_t)(services.ranges[0].lo >> 16);

		ports.lo = ports.hi = gw_service_key(protocol, nat->to_port);
		services = (struct gw_addrset){ &ports, 1 };
	}
	gw_match_space(arena, &nat->source, &dest, services, from, to, &translated);
	gw_reach_within(arena, &rules, from, to, &translated, GW_REACH_EVER, 0, &passing);
	return passing.n > 0;
}

static void check_dnat(struct analysis *analysis, const struct gw_nat *nat)
{
	const struct gw_policy *policy = analysis->policy;
	const struct gw_zone *to = gw_zone_of_address(policy, nat->to_family, nat->to_addr.lo);
	struct gw_arena *arena = gw_arena_new();
	bool passes = false;

	for (size_t i = 0; to && i < policy->n_zones && !passes; i++)
		if (gw_zone_set_has(&nat->from, (unsigned int)i))
			passes = is_let_through(analysis, arena, nat, &policy->zones[i], to);
	if (to && !passes) {
		gw_diag(analysis->diags, GW_D_DNAT_UNREACHABLE, nat->loc,
			"`%s` forwards to %s, but no rule accepts what it translates", nat->id,
			to->name);
		gw_diag_hint(analysis->diags,
			     "add a policy from %s to %s with the server's real address as `dest:`",
			     gw_zone_set_text(analysis->arena, policy, &nat->from), to->name);
	}
	gw_arena_free(arena);
}

void gw_analyze_rules(const struct gw_policy *policy, struct gw_diags *diags)
{
	struct analysis analysis = {
		.policy = policy,
		.arena = gw_arena_new(),
		.diags = diags,
	};
	struct bounds *bounds = gw_arena_array(analysis.arena, policy->n_rules, struct bounds);

	for (size_t i = 0; i < policy->n_rules; i++)
		bounds_of(&policy->rules[i], &bounds[i]);
	analysis.bounds = bounds;
	gw_rule_index_build(analysis.arena, policy, &analysis.index);
	for (size_t i = 0; i < policy->n_rules; i++)
		check_rule(&analysis, &policy->rules[i]);
	for (size_t i = 0; i < policy->n_nats; i++)
		if (policy->nats[i].kind == GW_NAT_DNAT)
			check_dnat(&analysis, &policy->nats[i]);
	gw_arena_free(analysis.arena);
}
