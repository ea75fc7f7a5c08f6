/* The compiler against the meaning of the language: random sites and packets, the ruleset
 * interpreted (tests/support/ruleset_eval.c) and compared with gw_decide. */
#include "gw/compile/compile.h"

/* cmocka.h needs the headers before it. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/decide.h"
#include "tests/support/compiled_site.h"
#include "tests/support/ruleset_eval.h"
#include "tests/support/site_policy.h"

#define NOW INT64_C(1790000000)

static const enum eval_verdict expected_verdicts[] = {
	[GW_ACTION_ACCEPT] = EVAL_ACCEPT,
	[GW_ACTION_DROP] = EVAL_DROP,
	[GW_ACTION_REJECT] = EVAL_REJECT,
};

struct trial {
	const struct compiled_site *site;
	struct gw_packet packet;
	unsigned int from, to;
	int64_t now;
};

static struct eval_packet eval_packet_of(const struct trial *trial)
{
	return (struct eval_packet){ .iif = random_site_interface(trial->from),
				     .oif = random_site_interface(trial->to),
				     .packet = trial->packet,
				     .now = trial->now };
}

static struct gw_decision decide(const struct trial *trial)
{
	const struct gw_policy *policy = trial->site->config->policy;
	const char *to = random_site_zone(trial->to);

	return gw_decide(policy, gw_policy_zone(policy, random_site_zone(trial->from)),
			 to ? gw_policy_zone(policy, to) : NULL, &trial->packet, trial->now);
}

static void explain(const struct trial *trial, const struct gw_decision *decision,
		    const struct eval_result *result)
{
	char source[GW_ADDR_TEXT], dest[GW_ADDR_TEXT];
	const char *id =
		gw_numbers_id(trial->site->numbers,
			      result->verdict == EVAL_ACCEPT ? result->ct_mark : result->mark);

	print_message("%s %s -> %s %s service %06x: decided %d by %s, ruleset %d by %s (%u)\n",
		      random_site_interface(trial->from),
		      gw_addr_format(trial->packet.family, trial->packet.source, source),
		      trial->to == 5 ? "gateway" : random_site_interface(trial->to),
		      gw_addr_format(trial->packet.family, trial->packet.dest, dest),
		      trial->packet.service, decision->action,
		      decision->rule ? decision->rule->id : "no rule", result->verdict,
		      id ? id : "builtin", result->mark);
}

/* The rule that the ruleset names must match the packet, and be of the deciding tier. */
static void check_number(const struct trial *trial, const struct gw_decision *decision,
			 const struct eval_result *result)
{
	const struct gw_policy *policy = trial->site->config->policy;
	uint32_t number = result->verdict == EVAL_ACCEPT ? result->ct_mark : result->mark;
	const char *id = gw_numbers_id(trial->site->numbers, number);
	const struct gw_rule_def *rule = id ? gw_policy_rule(policy, id) : NULL;
	const char *to = random_site_zone(trial->to);

	if (decision->cause != GW_CAUSE_RULE) {
		assert_null(rule);
		assert_true(number > GW_BUILTIN_ICMPV6 && number < GW_BUILTIN_COUNT);
		return;
	}
	assert_non_null(rule);
	assert_int_equal(gw_rule_tier(rule), gw_rule_tier(decision->rule));
	assert_true(gw_rule_matches(rule, gw_policy_zone(policy, random_site_zone(trial->from)),
				    to ? gw_policy_zone(policy, to) : NULL, &trial->packet,
				    trial->now));
}

static struct eval_result check_new(const struct trial *trial)
{
	struct eval_packet packet = eval_packet_of(trial);
	struct eval_result result = ruleset_eval(trial->site->ruleset, &packet);
	struct gw_decision decision = decide(trial);

	if (result.verdict != expected_verdicts[decision.action])
		explain(trial, &decision, &result);
	assert_int_equal(result.verdict, expected_verdicts[decision.action]);
	check_number(trial, &decision, &result);
	return result;
}

/* A connection accepted under `before` goes on in both directions exactly if `after` accepts it. */
static void check_old(struct trial *trial, uint32_t mark)
{
	struct gw_decision decision = decide(trial);
	struct eval_packet packet = eval_packet_of(trial);
	struct eval_result result;

	/* Bits outside the mask belong to other software. */
	packet.ct_mark = mark | (0x9 & ~trial->site->config->policy->mark_mask);
	for (int direction = 0; direction < 2; direction++) {
		packet.reply = direction == 0 && packet.oif;
		result = ruleset_eval(trial->site->ruleset, &packet);
		if ((result.verdict == EVAL_ACCEPT) != (decision.action == GW_ACTION_ACCEPT))
			explain(trial, &decision, &result);
		assert_int_equal(result.verdict == EVAL_ACCEPT,
				 decision.action == GW_ACTION_ACCEPT);
		assert_int_equal((result.ct_mark ^ packet.ct_mark) &
					 ~trial->site->config->policy->mark_mask,
				 0);
	}
}

#define RULES  60u
#define TRIALS 400u

static size_t check_round(uint64_t seed)
{
	struct random r = { seed };
	gw_auto_text struct gw_text first = { 0 }, second = { 0 };
	struct compiled_site before, after;
	uint64_t seeds[RULES];
	size_t n = 10 + random_below(&r, RULES - 10), accepted = 0;

	for (size_t i = 0; i < RULES; i++)
		seeds[i] = random_u64(&r);
	random_site(&first, seeds, n, NOW);
	compiled_site_load(&before, first.bytes, NOW, NULL);
	for (size_t i = 0; i < RULES; i++)
		if (random_chance(&r, 15))
			seeds[i] = random_u64(&r);
	random_site(&second, seeds, n, NOW);
	compiled_site_load(&after, second.bytes, NOW, &before);
	for (size_t i = 0; i < TRIALS; i++) {
		struct trial trial = { .site = &before };
		struct eval_result result;

		trial.now = NOW + (int64_t)random_below(&r, 7 * 86400);
		trial.packet = random_packet(&r, &trial.from, &trial.to);
		result = check_new(&trial);
		if (result.verdict != EVAL_ACCEPT)
			continue;
		accepted++;
		trial.now = NOW + (int64_t)random_below(&r, 7 * 86400);
		check_old(&trial, result.ct_mark); /* later, same policy */
		trial.site = &after;
		check_old(&trial, result.ct_mark); /* after a change of the policy */
	}
	compiled_site_done(&after);
	compiled_site_done(&before);
	return accepted;
}

static void ruleset_agrees_with_the_meaning_of_the_policy(void **state)
{
	size_t accepted = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 80; seed++)
		accepted += check_round(seed);
	assert_true(accepted > 1000); /* otherwise it shows little */
}

/* ---- shape ---------------------------------------------------------------------------------- */

static void order_of_rules_makes_no_difference(void **state)
{
	struct random r = { 7 };
	gw_auto_text struct gw_text text = { 0 };
	struct compiled_site site;
	uint64_t seeds[40];
	char digest[65];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(seeds); i++)
		seeds[i] = random_u64(&r);
	random_site(&text, seeds, GW_COUNT(seeds), NOW);
	compiled_site_load(&site, text.bytes, NOW, NULL);
	gw_ruleset_digest(site.ruleset, digest);
	for (size_t i = 0; i < 20; i++) {
		/* Swap two lines of the policies section. */
		gw_auto_text struct gw_text shuffled = { 0 };
		char *a = strstr(text.bytes, "policies:\n") + strlen("policies:\n"), *b, *end;
		struct compiled_site other;
		char other_digest[65];

		for (unsigned int skip = random_below(&r, 20); skip; skip--)
			a = strchr(a, '\n') + 1;
		b = strchr(a, '\n') + 1;
		end = strchr(b, '\n') + 1;
		gw_text_add(&shuffled, text.bytes, (size_t)(a - text.bytes));
		gw_text_add(&shuffled, b, (size_t)(end - b));
		gw_text_add(&shuffled, a, (size_t)(b - a));
		gw_text_puts(&shuffled, end);
		compiled_site_load(&other, shuffled.bytes, NOW, NULL);
		gw_ruleset_digest(other.ruleset, other_digest);
		assert_string_equal(digest, other_digest);
		compiled_site_done(&other);
		memcpy(text.bytes, shuffled.bytes, shuffled.len);
	}
	compiled_site_done(&site);
}

/* Many policies between few zones; `changed` has another port. */
static void large_site(struct gw_text *out, unsigned int n, unsigned int changed)
{
	gw_text_puts(out, random_site_zones);
	gw_text_puts(out, "services: {web: [tcp/80, tcp/443]}\npolicies:\n");
	for (unsigned int i = 0; i < n; i++)
		gw_text_printf(out,
			       "  - {id: p-%u, from: %s, to: %s, %s dest: [10.%u.%u.%u%s], "
			       "services: [%s, tcp/%u], action: %s, owner: o, ticket: T, "
			       "review: 2099-12-31}\n",
			       i, i % 3 ? "a" : "c", i % 5 ? "b" : "wan",
			       i % 4 ? "" : "source: [10.1.0.0/20],", i % 5 ? 2 : 9, i / 200 % 200,
			       i % 100 * 2, i % 50 ? "" : "/31", i % 2 ? "web" : "udp/53",
			       1024 + i + (i == changed ? 20000 : 0),
			       i % 40 == 39 ? "drop" : "accept");
}

static void one_change_among_many_policies_changes_little(void **state)
{
	gw_auto_text struct gw_text first = { 0 };
	struct compiled_site before;

	(void)state;
	large_site(&first, 2000, UINT32_MAX);
	compiled_site_load(&before, first.bytes, NOW, NULL);
	for (unsigned int changed = 1; changed < 2000; changed += 397) {
		gw_auto_text struct gw_text second = { 0 };
		struct compiled_site after;
		size_t differences;

		large_site(&second, 2000, changed);
		compiled_site_load(&after, second.bytes, NOW, &before);
		differences = compiled_site_differences(&before, &after);
		assert_true(differences > 0 && differences < 16);
		compiled_site_done(&after);
	}
	compiled_site_done(&before);
}

static void wide_rules_are_shared_by_all_pairs_of_zones(void **state)
{
	gw_auto_text struct gw_text text = { 0 };
	struct compiled_site site;
	size_t rules = 0;

	(void)state;
	gw_text_puts(&text, "gw: 1\nsite: {name: wide}\nzones:\n");
	for (unsigned int i = 0; i < 40; i++)
		gw_text_printf(&text, "  z%u: {interfaces: [if%u], nets: [10.%u.0.0/16]}\n", i, i,
			       i);
	gw_text_puts(&text, "policies:\n");
	for (unsigned int i = 0; i < 300; i++)
		gw_text_printf(&text,
			       "  - {id: p-%u, from: any, to: any, services: [tcp/%u], "
			       "action: accept, owner: o, ticket: T, review: 2099-12-31}\n",
			       i, 1000 + i);
	compiled_site_load(&site, text.bytes, NOW, NULL);
	for (size_t i = 0; i < site.ruleset->n_chains; i++)
		rules += site.ruleset->chains[i].n_rules;
	assert_true(rules < 40 * 39 + 1000); /* one jump per pair */
	assert_int_equal(gw_ruleset_set(site.ruleset, "match")->n_elems, 300);
	compiled_site_done(&site);
}

static void heavy_overlap_stays_affordable(void **state)
{
	gw_auto_text struct gw_text text = { 0 };
	struct random r = { 5 };
	struct compiled_site site;

	(void)state;
	gw_text_puts(&text, random_site_zones);
	gw_text_puts(&text, "policies:\n");
	for (unsigned int i = 0; i < 600; i++) {
		unsigned int s = random_below(&r, 60000), d = random_below(&r, 60000);
		unsigned int port = random_below(&r, 50000);

		gw_text_printf(&text,
			       "  - {id: p-%u, from: a, to: b, source: [10.1.%u.%u-10.1.255.9], "
			       "dest: [10.2.%u.%u-10.2.254.3], services: [tcp/%u-%u], "
			       "action: %s, owner: o, ticket: T, review: 2099-12-31}\n",
			       i, s >> 8, s & 255, d >> 8, d & 255, port, port + 9000,
			       i % 3   ? "accept"
			       : i % 2 ? "drop"
				       : "reject");
	}
	compiled_site_load(&site, text.bytes, NOW, NULL);
	assert_true(gw_ruleset_set(site.ruleset, "match")->n_elems < 60000);
	assert_true(gw_ruleset_chain(site.ruleset, "pair_a_b")->n_rules <= 600);
	compiled_site_done(&site);
}

static void every_rule_and_element_tells_where_it_came_from(void **state)
{
	struct random r = { 11 };
	gw_auto_text struct gw_text text = { 0 };
	struct compiled_site site;
	uint64_t seeds[40];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(seeds); i++)
		seeds[i] = random_u64(&r);
	random_site(&text, seeds, GW_COUNT(seeds), NOW);
	compiled_site_load(&site, text.bytes, NOW, NULL);
	for (size_t i = 0; i < site.ruleset->n_chains; i++)
		for (size_t k = 0; k < site.ruleset->chains[i].n_rules; k++)
			assert_non_null(site.ruleset->chains[i].rules[k].origin->id);
	for (size_t i = 0; i < site.ruleset->n_sets; i++)
		for (size_t k = 0; k < site.ruleset->sets[i].n_elems; k++)
			assert_non_null(site.ruleset->sets[i].elems[k].origin->id);
	compiled_site_done(&site);
}

/* Zones are known to measures by a hash of their names: two that collide must not both be there. */
static void zones_with_one_number_are_refused(void **state)
{
	struct gw_config *config =
		site_policy("gw: 1\nzones:\n  z53644: {interfaces: [a0], nets: [10.0.0.0/8]}\n"
			    "  z159799: {interfaces: [b0], nets: [172.16.0.0/12]}\n",
			    NOW);
	struct gw_kernel_features features = { .bitwise_or = true };
	struct gw_numbers *numbers;
	struct gw_diags diags;

	(void)state;
	gw_diags_init(&diags);
	numbers = gw_numbers_assign(config->policy, NULL, NULL, &diags);
	assert_null(gw_compile(config->policy, numbers, &features, NOW, &diags));
	assert_int_equal(diags.count, 1);
	assert_int_equal(diags.items[0].id, GW_D_ZONE_IDS_ALIKE);
	gw_numbers_free(numbers);
	gw_diags_done(&diags);
	gw_config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ruleset_agrees_with_the_meaning_of_the_policy),
		cmocka_unit_test(order_of_rules_makes_no_difference),
		cmocka_unit_test(one_change_among_many_policies_changes_little),
		cmocka_unit_test(wide_rules_are_shared_by_all_pairs_of_zones),
		cmocka_unit_test(heavy_overlap_stays_affordable),
		cmocka_unit_test(every_rule_and_element_tells_where_it_came_from),
		cmocka_unit_test(zones_with_one_number_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
