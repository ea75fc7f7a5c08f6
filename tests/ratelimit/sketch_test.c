#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gw/core/hash.h"
#include "ratelimit/sketch.h"

#define SEED 0x1234567

static struct ratelimit_addr v4(uint32_t addr)
{
	return (struct ratelimit_addr){ GW_FAMILY_IPV4, addr };
}

static void few_addresses_are_counted_exactly(void **state)
{
	struct ratelimit_sketch *sketch = ratelimit_sketch_new(8, SEED);
	struct ratelimit_heavy top[8];

	(void)state;
	for (uint32_t i = 1; i <= 8; i++)
		for (uint32_t k = 0; k < i; k++)
			ratelimit_sketch_add(sketch, v4(i), 2);
	assert_int_equal(ratelimit_sketch_top(sketch, top, 8), 8);
	for (uint32_t i = 0; i < 8; i++) {
		assert_true(ratelimit_addr_equal(top[i].addr, v4(8 - i)));
		assert_int_equal(top[i].count, 2 * (8 - i));
		assert_int_equal(top[i].error, 0);
	}
	assert_int_equal(ratelimit_sketch_total(sketch), 72);
	ratelimit_sketch_clear(sketch);
	assert_int_equal(ratelimit_sketch_top(sketch, top, 8), 0);
	ratelimit_sketch_free(sketch);
}

static void families_are_kept_apart(void **state)
{
	struct ratelimit_sketch *sketch = ratelimit_sketch_new(4, SEED);
	struct ratelimit_heavy top[4];

	(void)state;
	ratelimit_sketch_add(sketch, v4(1), 1);
	ratelimit_sketch_add(sketch, (struct ratelimit_addr){ GW_FAMILY_IPV6, 1 }, 1);
	assert_int_equal(ratelimit_sketch_top(sketch, top, 4), 2);
	ratelimit_sketch_free(sketch);
}

/* Five sources that each send a hundredth, among a million that were invented. */
static void heavy_sources_stand_out_of_a_million_invented_ones(void **state)
{
	struct ratelimit_sketch *sketch = ratelimit_sketch_new(256, SEED);
	struct ratelimit_heavy top[5];
	uint64_t random = 1, sent[5] = { 0 };

	(void)state;
	for (int i = 0; i < 1000000; i++) {
		random = gw_hash_u64(random, (uint64_t)i);
		if (random % 100 < 5) {
			sent[random % 100]++;
			ratelimit_sketch_add(sketch, v4((uint32_t)(random % 100)), 1);
		} else {
			ratelimit_sketch_add(sketch, v4((uint32_t)(random >> 32) | 0x80000000), 1);
		}
	}
	assert_int_equal(ratelimit_sketch_top(sketch, top, 5), 5);
	for (int i = 0; i < 5; i++) {
		uint64_t truth = sent[(uint32_t)top[i].addr.addr];

		assert_true((uint32_t)top[i].addr.addr < 5);
		assert_true(truth <= top[i].count);
		assert_true(truth >= top[i].count - top[i].error);
		assert_true(top[i].error <= 1000000 / 256);
	}
	ratelimit_sketch_free(sketch);
}

/* The bounds hold for every entry, whatever comes: compared with exact counts. */
static void bounds_hold_for_every_entry(void **state)
{
	enum { ADDRESSES = 64 };
	struct ratelimit_sketch *sketch = ratelimit_sketch_new(16, SEED);
	struct ratelimit_heavy top[16];
	uint64_t random = 7, sent[ADDRESSES] = { 0 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint32_t at;

		random = gw_hash_u64(random, (uint64_t)i);
		at = (uint32_t)(random % ADDRESSES & random >> 32);
		sent[at] += random % 3;
		ratelimit_sketch_add(sketch, v4(at), random % 3);
	}
	assert_int_equal(ratelimit_sketch_top(sketch, top, 16), 16);
	for (int i = 0; i < 16; i++) {
		uint64_t truth = sent[(uint32_t)top[i].addr.addr];

		assert_in_range(truth, top[i].count - top[i].error, top[i].count);
		if (i)
			assert_true(top[i].count - top[i].error <=
				    top[i - 1].count - top[i - 1].error);
	}
	ratelimit_sketch_free(sketch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_addresses_are_counted_exactly),
		cmocka_unit_test(families_are_kept_apart),
		cmocka_unit_test(heavy_sources_stand_out_of_a_million_invented_ones),
		cmocka_unit_test(bounds_hold_for_every_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
