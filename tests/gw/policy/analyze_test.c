/*
 * Analysis against brute force. Zones of four addresses each, IPv4 only, and services whose bounds
 * come from a small pool, so that a few hundred packets stand for all there are: what is true of
 * each of them is true of the whole packet space.
 */
#include "gw/policy/analyze.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/core/mem.h"
#include "gw/core/text.h"
#include "gw/policy/load.h"

#define NOW    INT64_C(1795430000) /* 2026-11-23, a Monday, 10:33 UTC */
#define DAY    INT64_C(86400)
#define ROUNDS 1500u

static uint64_t state;

static unsigned int pick(unsigned int n)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned int)(state >> 33) % n;
}

static const char *const zone_names[] = { "a", "b", "c" };
static const char *const services[] = { "tcp/80", "tcp/80-81", "tcp/81-82", "tcp",
					"udp/53", "udp",       "any",       "any" };
/* One of each kind that the pool can tell apart. */
static const uint32_t representatives[] = {
	6u << 16 | 80,  6u << 16 | 81, 6u << 16 | 82, 6u << 16 | 1,
	17u << 16 | 53, 17u << 16 | 1, 99u << 16,
};

static gw_u128 address(unsigned int zone, unsigned int host)
{
	return 0x0a000000u + ((zone + 1) << 16) + host;
}

static void add_list(struct gw_text *out, const char *key, unsigned int zone)
{
	unsigned int lo = pick(4), hi = lo + pick(4 - lo);

	if (pick(3) == 0)
		return;
	if (pick(10) == 0)
		zone = pick(3);
	gw_text_printf(out, ", %s: [10.%u.0.%u-10.%u.0.%u]", key, zone + 1, lo, zone + 1, hi);
}

static void add_match(struct gw_text *out, bool to_gateway)
{
	unsigned int from = pick(3), to = pick(3);

	gw_text_printf(out, "from: %s", pick(8) ? zone_names[from] : "any");
	if (!to_gateway)
		gw_text_printf(out, ", to: %s", pick(8) ? zone_names[to] : "any");
	add_list(out, "source", from);
	if (!to_gateway)
		add_list(out, "dest", to);
	gw_text_printf(out, ", services: %s", services[pick(GW_COUNT(services))]);
}

/* Windows are open at NOW, closed at NOW, or always open. */
static const char *window(void)
{
	static const char *const windows[] = {
		"",
		"",
		"",
		"",
		"",
		", hours: {days: [mon], from: \"10:00\", until: \"11:00\"}",
		", hours: {days: [tue], from: \"10:00\", until: \"11:00\"}",
	};

	return windows[pick(GW_COUNT(windows))];
}

static struct gw_config *random_config(struct gw_diags *diags)
{
	static const char *const actions[] = { "accept", "accept", "accept", "drop", "reject" };
	gw_auto_text struct gw_text yaml = { 0 };
	struct gw_conf_file file = { .path = "gw.yaml" };
	unsigned int n = 1 + pick(7);

	gw_text_puts(&yaml, "gw: 1\nzones:\n  a: {interfaces: [a0], nets: [10.1.0.0/30]}\n"
			    "  b: {interfaces: [b0], nets: [10.2.0.0/30]}\n"
			    "  c: {interfaces: [c0], nets: [10.3.0.0/30]}\npolicies:\n");
	for (unsigned int i = 0; i < n; i++) {
		const char *action = actions[pick(GW_COUNT(actions))];

		gw_text_printf(&yaml, "  - {id: p-%u, ", i);
		add_match(&yaml, false);
		gw_text_printf(
			&yaml, ", action: %s%s%s, owner: o, ticket: t, review: 2099-01-01}\n",
			action, *action != 'a' && pick(4) == 0 ? ", locked: true" : "", window());
	}
	gw_text_puts(&yaml, "gateway:\n  - {id: g-0, ");
	add_match(&yaml, true);
	gw_text_puts(&yaml, ", action: accept, owner: o, ticket: t, review: 2099-01-01}\n"
			    "exceptions:\n  - {id: e-0, ");
	add_match(&yaml, false);
	gw_text_puts(&yaml, ", expires: 2026-12-01T00:00Z, reason: r, requested_by: x, "
			    "approved_by: [y], ticket: t}\nverify:\n");
	gw_text_printf(&yaml, "  - {%s: {", pick(2) ? "never" : "always");
	add_match(&yaml, false);
	gw_text_puts(&yaml, "}}\n");
	file.bytes = yaml.bytes;
	file.len = yaml.len;
	return gw_config_load_files(&file, 1, NOW, diags);
}

/* Calls `fn` for every packet of every pair of zones and of every zone to the gateway. */
typedef void packet_fn(const struct gw_policy *policy, const struct gw_zone *from,
		       const struct gw_zone *to, const struct gw_packet *packet, void *context);

static void each_packet(const struct gw_policy *policy, packet_fn *fn, void *context)
{
	for (unsigned int f = 0; f < 3; f++)
		for (unsigned int t = 0; t < 4; t++)
			for (unsigned int i = 0; i < 16 * GW_COUNT(representatives); i++) {
				const struct gw_zone *to = t < 3 ? &policy->zones[t] : NULL;
				struct gw_packet packet = { GW_FAMILY_IPV4, address(f, i % 4),
							    address(t, i / 4 % 4),
							    representatives[i / 16] };

				fn(policy, &policy->zones[f], to, &packet, context);
			}
}

/* ---- reach --------------------------------------------------------------------------------- */

static void check_reach(const struct gw_policy *policy, const struct gw_zone *from,
			const struct gw_zone *to, const struct gw_packet *packet, void *context)
{
	struct gw_decision decision = gw_decide(policy, from, to, packet, NOW);
	const struct gw_rule_def *found = NULL;
	struct gw_arena *arena = gw_arena_new();
	struct gw_reach *reach;
	size_t n, containing = 0;

	(void)context;
	gw_analyze_reach(arena, policy, from, to, NOW, false, &reach, &n);
	for (size_t i = 0; i < n; i++) {
		if (!gw_region_contains(&reach[i].region, packet))
			continue;
		containing++;
		found = reach[i].rule;
	}
	assert_int_equal(containing, decision.action == GW_ACTION_ACCEPT ? 1 : 0);
	assert_ptr_equal(found, decision.action == GW_ACTION_ACCEPT ? decision.rule : NULL);
	gw_arena_free(arena);
}

static void reach_is_what_decide_accepts_and_names_its_rule(void **unused)
{
	(void)unused;
	for (state = 1; state <= 40; state++) {
		uint64_t seed = state;
		struct gw_diags diags;
		struct gw_config *config;

		gw_diags_init(&diags);
		config = random_config(&diags);
		assert_non_null(config->policy);
		each_packet(config->policy, check_reach, NULL);
		gw_config_free(config);
		gw_diags_done(&diags);
		state = seed;
	}
}

/* ---- assertions ----------------------------------------------------------------------------- */

struct assertion_truth {
	bool broken;
};

/* At which of the moments that the random windows can tell apart? */
static const int64_t moments[] = { NOW, NOW + 86400, NOW + 2 * DAY };

static bool addresses_match(const struct gw_addr_match *match, gw_u128 addr)
{
	return match->any || gw_addrset_contains(match->addrs[GW_FAMILY_IPV4], addr);
}

static void judge_assertion(const struct gw_policy *policy, const struct gw_zone *from,
			    const struct gw_zone *to, const struct gw_packet *packet, void *context)
{
	const struct gw_assertion *assertion = &policy->assertions[0];
	struct assertion_truth *truth = context;

	if (!to || !gw_zone_sets_cover(&assertion->from, &assertion->to, from, to) ||
	    !addresses_match(&assertion->source, packet->source) ||
	    !addresses_match(&assertion->dest, packet->dest) ||
	    !gw_addrset_contains(assertion->services, packet->service))
		return;
	for (size_t i = 0; i < GW_COUNT(moments); i++) {
		/* `always` may not lean on exceptions: judge it as if they had ended. */
		int64_t when = moments[i] + (assertion->always ? 365 * INT64_C(86400) - 86400 : 0);
		struct gw_decision decision;

		when -= assertion->always ? (when / 86400 - moments[i] / 86400) % 7 * DAY : 0;
		decision = gw_decide(policy, from, to, packet, when);
		if ((decision.action == GW_ACTION_ACCEPT) != assertion->always)
			truth->broken = true;
	}
}

static void assertions_break_exactly_when_some_packet_breaks_them(void **unused)
{
	unsigned int broken = 0, held = 0;

	(void)unused;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct assertion_truth truth = { false };
		struct gw_diags diags;
		struct gw_config *config;
		size_t found;

		state = round;
		gw_diags_init(&diags);
		config = random_config(&diags);
		each_packet(config->policy, judge_assertion, &truth);
		found = gw_analyze_assertions(config->policy, NOW, &diags);
		assert_int_equal(found, truth.broken);
		broken += truth.broken;
		held += !truth.broken;
		gw_config_free(config);
		gw_diags_done(&diags);
	}
	assert_true(broken > ROUNDS / 20);
	assert_true(held > ROUNDS / 20);
}

/* ---- useless rules -------------------------------------------------------------------------- */

/* Verdicts with and without one rule. */
struct without {
	const struct gw_policy *policy;
	bool differs;
};

static void compare_verdicts(const struct gw_policy *policy, const struct gw_zone *from,
			     const struct gw_zone *to, const struct gw_packet *packet,
			     void *context)
{
	struct without *without = context;

	for (size_t i = 0; i < GW_COUNT(moments); i++)
		if (gw_decide(policy, from, to, packet, moments[i]).action !=
		    gw_decide(without->policy, from, to, packet, moments[i]).action)
			without->differs = true;
}

static bool is_useless(const struct gw_policy *policy, size_t index)
{
	struct gw_policy fewer = *policy;
	struct gw_rule_def *rules = gw_zalloc(policy->n_rules, sizeof(*rules));
	struct without without = { &fewer, false };

	for (size_t i = 0, n = 0; i < policy->n_rules; i++)
		if (i != index)
			rules[n++] = policy->rules[i];
	fewer.rules = rules;
	fewer.n_rules--;
	each_packet(policy, compare_verdicts, &without);
	gw_free(rules);
	return !without.differs;
}

static void every_rule_that_is_called_useless_is_useless(void **unused)
{
	size_t warnings = 0;

	(void)unused;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct gw_diags diags, found;
		struct gw_config *config;

		state = round + 100000;
		gw_diags_init(&diags);
		gw_diags_init(&found);
		config = random_config(&diags);
		gw_analyze_rules(config->policy, &found);
		for (size_t d = 0; d < found.count; d++) {
			bool was_rule = false;

			for (size_t i = 0; i < config->policy->n_rules; i++) {
				const struct gw_loc *loc = &config->policy->rules[i].loc;

				if (loc->line != found.items[d].loc.line ||
				    loc->column != found.items[d].loc.column)
					continue;
				was_rule = true;
				if (!is_useless(config->policy, i))
					fail_msg("round %u: %s", round, found.items[d].message);
			}
			assert_true(was_rule);
			warnings++;
		}
		gw_config_free(config);
		gw_diags_done(&found);
		gw_diags_done(&diags);
	}
	assert_true(warnings > ROUNDS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reach_is_what_decide_accepts_and_names_its_rule),
		cmocka_unit_test(assertions_break_exactly_when_some_packet_breaks_them),
		cmocka_unit_test(every_rule_that_is_called_useless_is_useless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
