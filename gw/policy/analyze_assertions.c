/* `never` and `always`, proved over all packets and all times, or refuted by one packet. */
#include "gw/core/mem.h"
#include "gw/policy/analyze.h"
#include "gw/policy/pairs.h"
#include "gw/policy/reach.h"

struct prover {
	const struct gw_policy *policy;
	struct gw_diags *diags;
	struct gw_arena *arena;
	struct gw_pairs pairs;
	int64_t now;
	size_t failed;
};

/* A packet that breaks an assertion. */
struct counter_example {
	const struct gw_pair *pair;
	struct gw_packet packet;
	int64_t moment;
	const struct gw_rule_def *rule; /* that decided; NULL: no rule did */
};

static bool refute_never(struct prover *prover, struct gw_pair *pair,
			 const struct gw_region *region, struct counter_example *ret)
{
	struct gw_passings found = { 0 };
	struct gw_reach_query query = {
		.arena = prover->arena,
		.pair = pair,
		.within = region,
		.moments = gw_moments_of_pair(prover->arena, pair),
		.now = prover->now,
		.max = 1,
	};

	gw_reach_find(&query, &found);
	if (!found.n)
		return false;
	*ret = (struct counter_example){
		.pair = pair,
		.packet = gw_region_example(&found.items[0].region),
		.moment = found.items[0].moment,
		.rule = found.items[0].rule,
	};
	return true;
}

static bool refute_always_at(struct prover *prover, struct gw_pair *pair,
			     const struct gw_region *region, int64_t moment,
			     struct counter_example *ret)
{
	struct gw_space missing = { 0 };
	struct gw_passings found = { 0 };
	struct gw_reach_query query = {
		.arena = prover->arena,
		.pair = pair,
		.within = region,
		.moments = { &moment, 1 },
		.now = INT64_MAX, /* what leans on exceptions ends with them */
	};

	gw_reach_find(&query, &found);
	gw_space_add(prover->arena, &missing, *region);
	for (size_t i = 0; i < found.n && missing.n; i++)
		gw_space_subtract(prover->arena, &missing, &found.items[i].region);
	if (!missing.n)
		return false;
	*ret = (struct counter_example){
		.pair = pair,
		.packet = gw_region_example(&missing.regions[0]),
		.moment = moment,
	};
	ret->rule = gw_reach_denier(pair, &ret->packet, moment);
	return true;
}

static bool refute_always(struct prover *prover, struct gw_pair *pair,
			  const struct gw_region *region, struct counter_example *ret)
{
	struct gw_moments moments = gw_moments_of_pair(prover->arena, pair);

	for (size_t i = 0; i < moments.n; i++)
		if (refute_always_at(prover, pair, region, moments.times[i], ret))
			return true;
	return false;
}

/* " on Mon 08:00 UTC" where the time matters. */
static const char *when_text(struct prover *prover, const struct counter_example *example)
{
	for (size_t i = 0; i < example->pair->n; i++)
		if (example->pair->terms[i].rule->window &&
		    gw_region_contains(&example->pair->terms[i].region, &example->packet))
			return gw_arena_printf(prover->arena, " on %s",
					       gw_moment_text(prover->arena, example->moment));
	return "";
}

static void report(struct prover *prover, const struct gw_assertion *assertion,
		   const struct counter_example *example)
{
	const char *from = example->pair->from->name;
	const char *to = example->pair->to ? example->pair->to->name : "gateway";
	const char *packet = gw_packet_text(prover->arena, &example->packet);
	const char *when = when_text(prover, example);
	const struct gw_rule_def *rule = example->rule;

	if (!assertion->always)
		gw_diag(prover->diags, GW_D_NEVER_BROKEN, assertion->loc,
			"`never` does not hold: %s passes from `%s` to `%s`%s", packet, from, to,
			when);
	else
		gw_diag(prover->diags, GW_D_ALWAYS_BROKEN, assertion->loc,
			"`always` does not hold: %s does not pass from `%s` to `%s`%s", packet,
			from, to, when);
	if (rule)
		gw_diag_related(prover->diags, rule->loc, "%s by %s `%s`",
				assertion->always ? "denied" : "let through",
				gw_rule_kind_name(rule->kind), rule->id);
	else if (example->pair->to)
		gw_diag_related(prover->diags, prover->policy->between_loc,
				"no policy accepts it, so `between.default` decides");
	else
		gw_diag_hint(prover->diags,
			     "no rule under `gateway:` accepts it, so it is dropped");
}

/* The pair's part of an assertion; true if it was refuted (and reported). */
static bool prove_pair(struct prover *prover, const struct gw_assertion *assertion,
		       const struct gw_zone *from, const struct gw_zone *to, bool *ret_about)
{
	struct gw_space space = { 0 };
	struct counter_example example;

	gw_match_space(prover->arena, &assertion->source, &assertion->dest, assertion->services,
		       from, to, &space);
	for (size_t i = 0; i < space.n; i++) {
		struct gw_pair *pair = gw_pairs_get(&prover->pairs, from, to);
		bool refuted = assertion->always
				       ? refute_always(prover, pair, &space.regions[i], &example)
				       : refute_never(prover, pair, &space.regions[i], &example);

		*ret_about = true;
		if (!refuted)
			continue;
		report(prover, assertion, &example);
		return true;
	}
	return false;
}

static bool assertion_covers(const struct gw_assertion *assertion, const struct gw_zone *from,
			     const struct gw_zone *to)
{
	if (!gw_zone_set_has(&assertion->from, from->index) || assertion->to_gateway != !to)
		return false;
	return !to || gw_zone_sets_cover(&assertion->from, &assertion->to, from, to);
}

/* One counter-example is enough: others mostly have the same cause. */
static bool prove(struct prover *prover, const struct gw_assertion *assertion)
{
	const struct gw_policy *policy = prover->policy;
	bool about = false;

	for (size_t f = 0; f < policy->n_zones; f++) {
		const struct gw_zone *from = &policy->zones[f];

		/* One place more than there are zones: the gateway. */
		for (size_t t = 0; t <= policy->n_zones; t++) {
			const struct gw_zone *to = t < policy->n_zones ? &policy->zones[t] : NULL;

			if (assertion_covers(assertion, from, to) &&
			    prove_pair(prover, assertion, from, to, &about))
				return false;
		}
	}
	if (!about)
		gw_diag(prover->diags, GW_D_ASSERTION_EMPTY, assertion->loc,
			"no packet can be what this assertion is about, so it proves nothing");
	return true;
}

size_t gw_analyze_assertions(const struct gw_policy *policy, int64_t now, struct gw_diags *diags)
{
	struct prover prover = {
		.policy = policy,
		.diags = diags,
		.arena = gw_arena_new(),
		.now = now,
	};

	gw_pairs_init(&prover.pairs, prover.arena, policy);
	for (size_t i = 0; i < policy->n_assertions; i++)
		prover.failed += !prove(&prover, &policy->assertions[i]);
	gw_arena_free(prover.arena);
	return prover.failed;
}
