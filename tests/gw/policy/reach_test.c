/* Reachability and its changes against gw_decide, on random sites with all that the language has:
 * both families, large host lists, windows, exceptions, locked denies, the gateway. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/policy/analyze.h"
#include "tests/support/compiled_site.h"
#include "tests/support/site_policy.h"

#define NOW     INT64_C(1790000000)
#define DAY     INT64_C(86400)
#define SITES   60u
#define PACKETS 1500u
#define RULES   16u
#define N_ZONES 5u /* of random_site; the gateway follows */

/* Times of the week before NOW, when all exceptions are live as at NOW: each day, in and between
 * all windows of random_site. */
#define TIMES 35u
static int64_t time_of(unsigned int i)
{
	static const int64_t hours[] = { 6, 9, 13, 19, 22 };
	int64_t midnight = NOW - NOW % 86400 - 8 * DAY;

	return midnight + (int64_t)(i / 5) * 86400 + hours[i % 5] * 3600;
}

static struct gw_config *load_random(const uint64_t *seeds)
{
	gw_auto_text struct gw_text yaml = { 0 };

	random_site(&yaml, seeds, RULES, NOW);
	return site_policy(yaml.bytes, NOW);
}

static const struct gw_zone *zone_of(const struct gw_policy *policy, unsigned int zone)
{
	const char *name = random_site_zone(zone);

	return name ? gw_policy_zone(policy, name) : NULL;
}

struct answer {
	struct gw_reach *items;
	size_t n;
};

static void ask_all(struct gw_arena *arena, const struct gw_policy *policy, int64_t now,
		    bool any_time, struct answer answers[N_ZONES][N_ZONES + 1])
{
	for (unsigned int f = 0; f < N_ZONES; f++)
		for (unsigned int t = 0; t <= N_ZONES; t++)
			gw_analyze_reach(arena, policy, zone_of(policy, f), zone_of(policy, t), now,
					 any_time, &answers[f][t].items, &answers[f][t].n);
}

/* The rule that lets the packet through according to the answer, or NULL; regions are disjoint. */
static const struct gw_rule_def *answer_rule(const struct answer *answer,
					     const struct gw_packet *packet)
{
	const struct gw_rule_def *rule = NULL;

	for (size_t i = 0; i < answer->n; i++) {
		if (!gw_region_contains(&answer->items[i].region, packet))
			continue;
		assert_null(rule);
		rule = answer->items[i].rule;
	}
	return rule;
}

static bool passes(const struct gw_policy *policy, unsigned int from, unsigned int to,
		   const struct gw_packet *packet, int64_t now)
{
	return gw_decide(policy, zone_of(policy, from), zone_of(policy, to), packet, now).action ==
	       GW_ACTION_ACCEPT;
}

static bool passes_some_time(const struct gw_policy *policy, unsigned int from, unsigned int to,
			     const struct gw_packet *packet)
{
	for (unsigned int i = 0; i < TIMES; i++)
		if (passes(policy, from, to, packet, time_of(i)))
			return true;
	return false;
}

static void reach_names_the_rule_that_decides_each_packet(void **state)
{
	struct random random = { 11 };
	size_t accepted = 0;

	(void)state;
	for (unsigned int site = 0; site < SITES; site++) {
		struct answer answers[N_ZONES][N_ZONES + 1];
		struct gw_arena *arena = gw_arena_new();
		uint64_t seeds[RULES];
		struct gw_config *config;

		for (unsigned int i = 0; i < RULES; i++)
			seeds[i] = random_u64(&random);
		config = load_random(seeds);
		ask_all(arena, config->policy, NOW, false, answers);
		for (unsigned int i = 0; i < PACKETS; i++) {
			unsigned int from, to;
			struct gw_packet packet = random_packet(&random, &from, &to);
			const struct gw_policy *policy = config->policy;
			struct gw_decision decision = gw_decide(policy, zone_of(policy, from),
								zone_of(policy, to), &packet, NOW);
			bool accept = decision.action == GW_ACTION_ACCEPT;

			assert_ptr_equal(answer_rule(&answers[from][to], &packet),
					 accept ? decision.rule : NULL);
			accepted += accept;
		}
		gw_config_free(config);
		gw_arena_free(arena);
	}
	assert_true(accepted > SITES * PACKETS / 50);
}

static void reach_over_the_week_is_what_passes_at_some_time(void **state)
{
	struct random random = { 12 };

	(void)state;
	for (unsigned int site = 0; site < SITES; site++) {
		struct answer answers[N_ZONES][N_ZONES + 1];
		struct gw_arena *arena = gw_arena_new();
		uint64_t seeds[RULES];
		struct gw_config *config;

		for (unsigned int i = 0; i < RULES; i++)
			seeds[i] = random_u64(&random);
		config = load_random(seeds);
		ask_all(arena, config->policy, NOW, true, answers);
		for (unsigned int i = 0; i < PACKETS / 5; i++) {
			unsigned int from, to;
			struct gw_packet packet = random_packet(&random, &from, &to);

			assert_int_equal(answer_rule(&answers[from][to], &packet) != NULL,
					 passes_some_time(config->policy, from, to, &packet));
		}
		gw_config_free(config);
		gw_arena_free(arena);
	}
}

/* One host is denied by day, the other at night: neither at all times, though at no time both pass. */
static void denies_that_take_turns_close_nothing_for_good(void **state)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_config *config = site_policy(
		"gw: 1\nzones:\n  hq: {interfaces: [hq0], nets: [10.20.0.0/30]}\n"
		"  dmz: {interfaces: [dmz0], nets: [203.0.113.0/28]}\n"
		"policies:\n"
		"  - {id: p, from: hq, to: dmz, services: [tcp/22], action: accept" SITE_DUTIES
		"}\n"
		"  - {id: day, from: hq, to: dmz, source: [10.20.0.1], action: drop, hours: {from: "
		"\"08:00\", until: \"18:00\"}" SITE_DUTIES "}\n"
		"  - {id: night, from: hq, to: dmz, source: [10.20.0.2], action: drop, hours: "
		"{from: "
		"\"18:00\", until: \"08:00\"}" SITE_DUTIES "}\n",
		NOW);
	struct answer answer;

	(void)state;
	gw_analyze_reach(arena, config->policy, site_zone(config, "hq"), site_zone(config, "dmz"),
			 NOW, true, &answer.items, &answer.n);
	for (unsigned int host = 0; host < 4; host++) {
		struct gw_packet packet = site_packet("10.20.0.0 203.0.113.1 tcp/22");

		packet.source += host;
		assert_ptr_equal(answer_rule(&answer, &packet), site_rule(config, "p"));
	}
	gw_config_free(config);
	gw_arena_free(arena);
}

/* How many changes of this direction hold the packet. */
static size_t changes_with(const struct gw_reach_change *changes, size_t n, bool gained,
			   unsigned int from, unsigned int to, const struct gw_packet *packet)
{
	const char *to_name = random_site_zone(to) ? random_site_zone(to) : "gateway";
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += changes[i].gained == gained &&
			 gw_region_contains(&changes[i].region, packet) &&
			 strcmp(changes[i].from, random_site_zone(from)) == 0 &&
			 strcmp(changes[i].to, to_name) == 0;
	return found;
}

static void a_change_is_what_passes_on_one_side_only(void **state)
{
	struct random random = { 13 };
	size_t changed = 0;

	(void)state;
	for (unsigned int site = 0; site < SITES; site++) {
		uint64_t seeds[RULES];
		struct gw_arena *arena = gw_arena_new();
		struct gw_reach_change *changes;
		struct gw_config *a, *b;
		size_t n;

		for (unsigned int i = 0; i < RULES; i++)
			seeds[i] = random_u64(&random);
		a = load_random(seeds);
		for (unsigned int i = 0; i < 1 + site % 4; i++)
			seeds[random_below(&random, RULES)] = random_u64(&random);
		b = load_random(seeds);
		gw_analyze_change(arena, a->policy, b->policy, NOW, &changes, &n);
		for (unsigned int i = 0; i < PACKETS / 5; i++) {
			unsigned int from, to;
			struct gw_packet packet = random_packet(&random, &from, &to);
			bool in_a = passes_some_time(a->policy, from, to, &packet);
			bool in_b = passes_some_time(b->policy, from, to, &packet);

			assert_int_equal(changes_with(changes, n, true, from, to, &packet),
					 in_b && !in_a);
			assert_int_equal(changes_with(changes, n, false, from, to, &packet),
					 in_a && !in_b);
			changed += in_a != in_b;
		}
		gw_config_free(a);
		gw_config_free(b);
		gw_arena_free(arena);
	}
	assert_true(changed > SITES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reach_names_the_rule_that_decides_each_packet),
		cmocka_unit_test(reach_over_the_week_is_what_passes_at_some_time),
		cmocka_unit_test(denies_that_take_turns_close_nothing_for_good),
		cmocka_unit_test(a_change_is_what_passes_on_one_side_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
