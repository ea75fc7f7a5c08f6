/* Series of ticks, as the daemon would count them, and what is made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ratelimit/judge.h"

static const struct ratelimit_circumstances usual = {
	.floors = { 200, 500, 200, 100, 50 },
	.lingering_floor = 256,
	.destinations_floor = 32,
};

/* A tick: so many newcomers, and so many who have proved themselves in it. */
static void tick(struct ratelimit_window *window, enum ratelimit_metric metric, uint32_t offered,
		 uint32_t proven)
{
	ratelimit_window_now(window)->offered[metric] += offered;
	ratelimit_window_now(window)->proven[metric] += proven;
	ratelimit_window_turn(window);
}

static enum ratelimit_level level_of(const struct ratelimit_window *window,
				     const struct ratelimit_circumstances *about,
				     enum ratelimit_vector vector)
{
	struct ratelimit_finding findings[RATELIMIT_VECTOR_COUNT];
	size_t n = ratelimit_judge(window, about, findings);

	for (size_t i = 0; i < n; i++)
		if (findings[i].vector == vector)
			return findings[i].level;
	return RATELIMIT_CALM;
}

/* The worst of a series in which everybody proves himself a tick later. */
static enum ratelimit_level worst_of_honest(const uint32_t *newcomers, size_t n,
					    const struct ratelimit_circumstances *about)
{
	struct ratelimit_window window = { .now = 0 };
	enum ratelimit_level worst = RATELIMIT_CALM;

	for (size_t i = 0; i < n; i++) {
		enum ratelimit_level level;

		tick(&window, RATELIMIT_METRIC_TCP, newcomers[i], i ? newcomers[i - 1] : 0);
		level = level_of(&window, about, RATELIMIT_VECTOR_SYN);
		worst = level > worst ? level : worst;
	}
	return worst;
}

static void nothing_is_calm(void **state)
{
	struct ratelimit_window window = { .now = 0 };
	struct ratelimit_finding findings[RATELIMIT_VECTOR_COUNT];

	(void)state;
	for (int i = 0; i < 40; i++)
		ratelimit_window_turn(&window);
	assert_int_equal(ratelimit_judge(&window, &usual, findings), 0);
}

static void a_syn_flood_is_an_attack_within_three_ticks(void **state)
{
	static const uint32_t rates[] = { 60, 200, 1000, 100000 }; /* a tick */

	(void)state;
	for (size_t r = 0; r < 4; r++) {
		struct ratelimit_window window = { .now = 0 };
		int ticks = 0;

		for (int i = 0; i < 30; i++) /* everyday life before it */
			tick(&window, RATELIMIT_METRIC_TCP, 3, 3);
		while (level_of(&window, &usual, RATELIMIT_VECTOR_SYN) != RATELIMIT_ATTACK) {
			tick(&window, RATELIMIT_METRIC_TCP, rates[r] + 3, 3);
			assert_true(++ticks <= 3);
		}
	}
}

static void a_flood_below_the_floor_is_not_told(void **state)
{
	struct ratelimit_window window = { .now = 0 };

	(void)state;
	for (int i = 0; i < 100; i++) {
		tick(&window, RATELIMIT_METRIC_TCP, 15, 0);
		assert_int_equal(level_of(&window, &usual, RATELIMIT_VECTOR_SYN), RATELIMIT_CALM);
	}
}

static void a_flash_crowd_is_a_crowd(void **state)
{
	uint32_t newcomers[900];

	(void)state;
	/* From 50 a second to 500 within a minute; then it stays. */
	for (uint32_t i = 0; i < 900; i++)
		newcomers[i] = 5 + (i < 600 ? i * 45 / 600 : 45);
	assert_int_equal(worst_of_honest(newcomers, 900, &usual), RATELIMIT_CALM);
	/* From 200 to 20,000. */
	for (uint32_t i = 0; i < 900; i++)
		newcomers[i] = 20 + (i < 600 ? i * 1980 / 600 : 1980);
	assert_int_equal(worst_of_honest(newcomers, 900, &usual), RATELIMIT_CROWD);
	/* All at once, as when a stream begins. */
	for (uint32_t i = 0; i < 900; i++)
		newcomers[i] = i < 20 ? 10 : 2000;
	assert_int_equal(worst_of_honest(newcomers, 900, &usual), RATELIMIT_CROWD);
}

static void an_attack_within_a_crowd_is_found(void **state)
{
	struct ratelimit_window window = { .now = 0 };

	(void)state;
	for (int i = 0; i < 20; i++)
		tick(&window, RATELIMIT_METRIC_TCP, 500, 500);
	assert_int_equal(level_of(&window, &usual, RATELIMIT_VECTOR_SYN), RATELIMIT_CROWD);
	for (int i = 0; i < 12; i++)
		tick(&window, RATELIMIT_METRIC_TCP, 500 + 2000, 500);
	assert_int_equal(level_of(&window, &usual, RATELIMIT_VECTOR_SYN), RATELIMIT_ATTACK);
}

static void honest_bursts_are_calm(void **state)
{
	static const struct {
		const char *name;
		uint32_t a_tick, ticks, pause;
	} rows[] = {
		{ "a browser's 24 connections", 24, 1, 20 },
		{ "500 users behind one address", 50, 10, 5 },
		{ "a speed test", 32, 1, 100 },
		{ "monitoring that asks 100 services", 100, 1, 60 },
		{ "a backup job", 8, 10, 10 },
	};

	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		uint32_t newcomers[600] = { 0 };

		for (uint32_t i = 0; i < 600; i++)
			newcomers[i] = i % (rows[r].ticks + rows[r].pause) < rows[r].ticks
					       ? rows[r].a_tick
					       : 0;
		if (worst_of_honest(newcomers, 600, &usual) != RATELIMIT_CALM)
			fail_msg("%s is no attack", rows[r].name);
	}
}

static void a_resolver_with_a_burst_of_answered_datagrams_is_calm(void **state)
{
	struct ratelimit_window window = { .now = 0 };

	(void)state;
	for (int i = 0; i < 100; i++) {
		tick(&window, RATELIMIT_METRIC_UDP, i % 20 ? 10 : 1500, i % 20 == 1 ? 1500 : 10);
		assert_true(level_of(&window, &usual, RATELIMIT_VECTOR_UDP) <= RATELIMIT_CROWD);
	}
}

/* A site of a thousand newcomers a second always has some that fail. */
static void what_usually_fails_at_a_large_site_is_calm(void **state)
{
	struct ratelimit_circumstances large = usual;
	struct ratelimit_window window = { .now = 0 };

	(void)state;
	large.expected[RATELIMIT_METRIC_TCP] = 4000;
	for (int i = 0; i < 50; i++) {
		tick(&window, RATELIMIT_METRIC_TCP, 400, 250);
		assert_int_equal(level_of(&window, &large, RATELIMIT_VECTOR_SYN), RATELIMIT_CALM);
	}
	assert_true(level_of(&window, &usual, RATELIMIT_VECTOR_SYN) >= RATELIMIT_SUSPECT);
}

static void fragments_and_amplifiers_are_judged_by_what_is_usual(void **state)
{
	struct ratelimit_circumstances site = usual;

	(void)state;
	for (int m = RATELIMIT_METRIC_FRAGMENT; m <= RATELIMIT_METRIC_REFLECTED; m++) {
		enum ratelimit_vector vector = (enum ratelimit_vector)m;
		struct ratelimit_window window = { .now = 0 };
		int ticks = 0;

		while (level_of(&window, &usual, vector) != RATELIMIT_ATTACK) {
			tick(&window, (enum ratelimit_metric)m, 50, 0);
			assert_true(++ticks <= 3);
		}
		site.expected[m] = 400;
		assert_int_equal(level_of(&window, &site, vector), RATELIMIT_CALM);
	}
}

static void a_carpet_needs_many_destinations(void **state)
{
	struct ratelimit_circumstances prefix = usual;
	struct ratelimit_window window = { .now = 0 };

	(void)state;
	for (int i = 0; i < 10; i++)
		tick(&window, RATELIMIT_METRIC_UDP, 100, 0);
	prefix.destinations = 3;
	assert_int_equal(level_of(&window, &prefix, RATELIMIT_VECTOR_CARPET), RATELIMIT_CALM);
	prefix.destinations = 200;
	assert_int_equal(level_of(&window, &prefix, RATELIMIT_VECTOR_CARPET), RATELIMIT_ATTACK);
}

static void lingering_connections_and_a_full_table_are_found(void **state)
{
	struct ratelimit_circumstances site = usual;
	struct ratelimit_window window = { .now = 0 };

	(void)state;
	site.lingering = 200;
	assert_int_equal(level_of(&window, &site, RATELIMIT_VECTOR_SLOW), RATELIMIT_SUSPECT);
	site.lingering = 2000;
	assert_int_equal(level_of(&window, &site, RATELIMIT_VECTOR_SLOW), RATELIMIT_ATTACK);
	site.lingering_expected = 1500; /* web sockets, every day */
	assert_int_equal(level_of(&window, &site, RATELIMIT_VECTOR_SLOW), RATELIMIT_CALM);
	site.occupancy = 0.75;
	assert_int_equal(level_of(&window, &site, RATELIMIT_VECTOR_EXHAUSTION), RATELIMIT_SUSPECT);
	site.occupancy = 0.9;
	assert_int_equal(level_of(&window, &site, RATELIMIT_VECTOR_EXHAUSTION), RATELIMIT_ATTACK);
}

static void three_attacks_in_a_minute_are_pulses(void **state)
{
	struct ratelimit_pulse pulse = { .above = false };
	int64_t now = 1000000;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_false(ratelimit_pulse_see(&pulse, false, now));
		now += 10000;
		assert_int_equal(ratelimit_pulse_see(&pulse, true, now), i == 2);
		assert_int_equal(ratelimit_pulse_see(&pulse, true, now + 500), i == 2);
		now += 1000;
	}
	assert_true(ratelimit_pulse_see(&pulse, false, now));
	assert_false(ratelimit_pulse_see(&pulse, false, now + 60000));
}

static void every_vector_has_its_words(void **state)
{
	(void)state;
	for (int v = 0; v < RATELIMIT_VECTOR_COUNT; v++) {
		assert_non_null(ratelimit_vector_name((enum ratelimit_vector)v));
		assert_non_null(ratelimit_vector_text((enum ratelimit_vector)v, false));
		assert_non_null(ratelimit_vector_text((enum ratelimit_vector)v, true));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_calm),
		cmocka_unit_test(a_syn_flood_is_an_attack_within_three_ticks),
		cmocka_unit_test(a_flood_below_the_floor_is_not_told),
		cmocka_unit_test(a_flash_crowd_is_a_crowd),
		cmocka_unit_test(an_attack_within_a_crowd_is_found),
		cmocka_unit_test(honest_bursts_are_calm),
		cmocka_unit_test(a_resolver_with_a_burst_of_answered_datagrams_is_calm),
		cmocka_unit_test(what_usually_fails_at_a_large_site_is_calm),
		cmocka_unit_test(fragments_and_amplifiers_are_judged_by_what_is_usual),
		cmocka_unit_test(a_carpet_needs_many_destinations),
		cmocka_unit_test(lingering_connections_and_a_full_table_are_found),
		cmocka_unit_test(three_attacks_in_a_minute_are_pulses),
		cmocka_unit_test(every_vector_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
