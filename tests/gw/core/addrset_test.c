/* Sets of addresses against bitmaps: 64 addresses at the bottom, in the middle and at the very top
 * of the address space, where careless arithmetic wraps around. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/addr.h"
#include "gw/core/mem.h"

#define ROUNDS 20000u

static const gw_u128 bases[] = {
	0, 0x0a000000, (gw_u128)UINT32_MAX - 63, ((gw_u128)1 << 64) - 32, ~(gw_u128)0 - 63,
};

static uint64_t next(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Ranges in any order, overlapping and touching as they like; the bitmap of what they hold. */
static struct gw_addrset random_set(struct gw_arena *arena, uint64_t *random, gw_u128 base,
				    uint64_t *ret_bits)
{
	size_t n = next(random) % 12;
	struct gw_range ranges[12];

	*ret_bits = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned int lo = (unsigned int)(next(random) % 64);
		unsigned int hi = lo + (unsigned int)(next(random) % (next(random) % 4 ? 4 : 64));

		hi = hi > 63 ? 63 : hi;
		ranges[i] = (struct gw_range){ base + lo, base + hi };
		for (unsigned int k = lo; k <= hi; k++)
			*ret_bits |= UINT64_C(1) << k;
	}
	return gw_addrset_from_ranges(arena, ranges, n);
}

/* The set holds exactly the bitmap, in sorted, disjoint, non-adjacent ranges. */
static void assert_set(struct gw_addrset set, gw_u128 base, uint64_t bits)
{
	uint64_t held = 0;

	for (size_t i = 0; i < set.n; i++) {
		assert_true(set.ranges[i].lo <= set.ranges[i].hi);
		assert_true(set.ranges[i].lo >= base && set.ranges[i].hi - base <= 63);
		if (i)
			assert_true(set.ranges[i].lo > set.ranges[i - 1].hi &&
				    set.ranges[i].lo - set.ranges[i - 1].hi > 1);
		for (gw_u128 k = set.ranges[i].lo - base; k <= set.ranges[i].hi - base; k++)
			held |= UINT64_C(1) << k;
	}
	assert_true(held == bits);
}

static void operations_do_what_they_do_to_bitmaps(void **state)
{
	uint64_t random = 7;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		gw_u128 base = bases[round % GW_COUNT(bases)];
		struct gw_arena *arena = gw_arena_new();
		uint64_t a_bits, b_bits;
		struct gw_addrset a = random_set(arena, &random, base, &a_bits);
		struct gw_addrset b = random_set(arena, &random, base, &b_bits);

		assert_set(a, base, a_bits);
		assert_set(b, base, b_bits);
		assert_set(gw_addrset_union(arena, a, b), base, a_bits | b_bits);
		assert_set(gw_addrset_intersect(arena, a, b), base, a_bits & b_bits);
		assert_set(gw_addrset_subtract(arena, a, b), base, a_bits & ~b_bits);
		assert_int_equal(gw_addrset_overlaps(a, b), (a_bits & b_bits) != 0);
		assert_int_equal(gw_addrset_subset(a, b), (a_bits & ~b_bits) == 0);
		assert_int_equal(gw_addrset_equal(a, b), a_bits == b_bits);
		for (unsigned int k = 0; k < 64; k++)
			assert_int_equal(gw_addrset_contains(a, base + k), a_bits >> k & 1);
		gw_arena_free(arena);
	}
}

static void what_covers_all_of_another_set_is_found_whatever_its_ranges(void **state)
{
	uint64_t random = 9;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS / 4; round++) {
		gw_u128 base = bases[round % GW_COUNT(bases)];
		struct gw_arena *arena = gw_arena_new();
		uint64_t a_bits, b_bits;
		struct gw_addrset a = random_set(arena, &random, base, &a_bits);
		struct gw_addrset b = random_set(arena, &random, base, &b_bits);
		struct gw_addrset both = gw_addrset_union(arena, a, b);

		assert_true(gw_addrset_subset(a, both) && gw_addrset_subset(b, both));
		assert_true(gw_addrset_equal(gw_addrset_intersect(arena, both, a), a));
		assert_true(gw_addrset_subset(gw_addrset_subtract(arena, both, a), b));
		gw_arena_free(arena);
	}
}

static void the_whole_space_has_no_end_that_wraps_around(void **state)
{
	struct gw_arena *arena = gw_arena_new();
	static const struct gw_range ends[] = { { 0, 0 }, { ~(gw_u128)0, ~(gw_u128)0 } };
	struct gw_addrset all = gw_addrset_all(GW_FAMILY_IPV6), two = { ends, 2 };
	struct gw_addrset middle = gw_addrset_subtract(arena, all, two);
	struct gw_addrset nothing = { NULL, 0 };

	(void)state;
	assert_int_equal(middle.n, 1);
	assert_true(middle.ranges[0].lo == 1 && middle.ranges[0].hi == ~(gw_u128)0 - 1);
	assert_true(gw_addrset_equal(gw_addrset_union(arena, middle, two), all));
	assert_int_equal(gw_addrset_subtract(arena, all, all).n, 0);
	assert_true(gw_addrset_equal(gw_addrset_subtract(arena, all, nothing), all));
	assert_true(gw_addrset_subset(nothing, nothing) && gw_addrset_equal(nothing, nothing));
	assert_false(gw_addrset_overlaps(nothing, all) || gw_addrset_contains(nothing, 0));
	gw_arena_free(arena);
}

static void a_few_addresses_and_a_long_list_give_what_they_share(void **state)
{
	enum { N = 200000 };
	struct gw_arena *arena = gw_arena_new();
	struct gw_range *ranges = gw_arena_array(arena, N, struct gw_range);
	struct gw_addrset list, few, common, rest;
	const struct gw_range wanted[] = { { 400001, 400005 } };

	(void)state;
	for (size_t i = 0; i < N; i++)
		ranges[i].lo = ranges[i].hi = 4 * (gw_u128)(N - i);
	list = gw_addrset_from_ranges(arena, ranges, N);
	assert_int_equal(list.n, N);
	few = (struct gw_addrset){ wanted, 1 };
	common = gw_addrset_intersect(arena, few, list);
	rest = gw_addrset_subtract(arena, few, list);
	assert_int_equal(common.n, 1);
	assert_true(common.ranges[0].lo == 400004 && common.ranges[0].hi == 400004);
	assert_int_equal(rest.n, 2);
	assert_true(rest.ranges[0].hi == 400003 && rest.ranges[1].lo == 400005);
	gw_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_do_what_they_do_to_bitmaps),
		cmocka_unit_test(what_covers_all_of_another_set_is_found_whatever_its_ranges),
		cmocka_unit_test(the_whole_space_has_no_end_that_wraps_around),
		cmocka_unit_test(a_few_addresses_and_a_long_list_give_what_they_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
