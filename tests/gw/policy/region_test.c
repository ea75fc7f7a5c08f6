/* Packet spaces against brute force: 4 sources x 4 destinations x 4 services, as 64 bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/policy/region.h"
#include "tests/support/compiled_site.h"

#define ROUNDS 5000u

static const struct gw_range singles[] = { { 0, 0 }, { 1, 1 }, { 2, 2 }, { 3, 3 } };

static struct gw_addrset set_of(struct gw_arena *arena, unsigned int bits)
{
	struct gw_range ranges[4];
	size_t n = 0;

	for (unsigned int i = 0; i < 4; i++)
		if (bits >> i & 1)
			ranges[n++] = singles[i];
	return gw_addrset_from_ranges(arena, ranges, n);
}

static struct gw_region random_region(struct gw_arena *arena, struct random *random)
{
	return (struct gw_region){
		.family = random_chance(random, 80) ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6,
		.source = set_of(arena, random_below(random, 16)),
		.dest = set_of(arena, random_below(random, 16)),
		.service = set_of(arena, random_below(random, 16)),
	};
}

static struct gw_packet packet_of(enum gw_family family, unsigned int number)
{
	return (struct gw_packet){ family, number & 3, number >> 2 & 3, number >> 4 & 3 };
}

static uint64_t bits_of(const struct gw_region *region, enum gw_family family)
{
	uint64_t bits = 0;

	for (unsigned int i = 0; i < 64; i++) {
		struct gw_packet packet = packet_of(family, i);

		if (gw_region_contains(region, &packet))
			bits |= UINT64_C(1) << i;
	}
	return bits;
}

/* The bits of a space, whose regions must be disjoint and not empty. */
static uint64_t space_bits(const struct gw_space *space, enum gw_family family)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < space->n; i++) {
		uint64_t own = bits_of(&space->regions[i], family);

		assert_false(gw_region_empty(&space->regions[i]));
		assert_true((bits & own) == 0);
		bits |= own;
	}
	return bits;
}

static void relations_of_regions_are_those_of_their_packets(void **state)
{
	struct random random = { 3 };

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct gw_arena *arena = gw_arena_new();
		struct gw_region a = random_region(arena, &random);
		struct gw_region b = random_region(arena, &random);
		struct gw_region common = gw_region_intersect(arena, &a, &b);
		uint64_t a4 = bits_of(&a, GW_FAMILY_IPV4), b4 = bits_of(&b, GW_FAMILY_IPV4);
		uint64_t a6 = bits_of(&a, GW_FAMILY_IPV6), b6 = bits_of(&b, GW_FAMILY_IPV6);

		assert_int_equal(gw_region_empty(&a), !(a4 | a6));
		assert_int_equal(gw_region_overlaps(&a, &b), ((a4 & b4) | (a6 & b6)) != 0);
		assert_int_equal(gw_region_subset(&a, &b), !((a4 & ~b4) | (a6 & ~b6)));
		assert_true(bits_of(&common, GW_FAMILY_IPV4) == (a4 & b4));
		assert_true(bits_of(&common, GW_FAMILY_IPV6) == (a6 & b6));
		if (a4 | a6) {
			struct gw_packet example = gw_region_example(&a);

			assert_true(gw_region_contains(&a, &example));
		}
		gw_arena_free(arena);
	}
}

static void subtraction_is_exact_and_leaves_disjoint_regions(void **state)
{
	struct random random = { 4 };

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct gw_arena *arena = gw_arena_new();
		struct gw_space space = { 0 };
		struct gw_region whole = random_region(arena, &random);
		uint64_t ipv4 = bits_of(&whole, GW_FAMILY_IPV4);
		uint64_t ipv6 = bits_of(&whole, GW_FAMILY_IPV6);

		gw_space_add(arena, &space, whole);
		for (unsigned int i = 0; i < 5; i++) {
			struct gw_region taken = random_region(arena, &random);
			size_t before = space.n;

			gw_space_subtract(arena, &space, &taken);
			assert_true(space.n <= 3 * before);
			ipv4 &= ~bits_of(&taken, GW_FAMILY_IPV4);
			ipv6 &= ~bits_of(&taken, GW_FAMILY_IPV6);
			assert_true(space_bits(&space, GW_FAMILY_IPV4) == ipv4);
			assert_true(space_bits(&space, GW_FAMILY_IPV6) == ipv6);
		}
		gw_arena_free(arena);
	}
}

static void a_match_is_cut_to_what_its_zones_can_have(void **state)
{
	struct gw_arena *arena = gw_arena_new();
	static const struct gw_range list_range[] = { { 2, 3 } }, literal_range[] = { { 0, 0 } };
	static const struct gw_range every_service[] = { { 0, GW_SERVICE_MAX } };
	struct gw_hosts list = { .name = "list", .large = true };
	const struct gw_hosts *const lists[] = { &list };
	struct gw_addr_match source = { .large = lists, .n_large = 1 }, any = { .any = true };
	struct gw_zone from = { .name = "from" }, to = { .name = "to" };
	struct gw_space space = { 0 };

	(void)state;
	list.addrs[GW_FAMILY_IPV4] = (struct gw_addrset){ list_range, 1 };
	source.addrs[GW_FAMILY_IPV4] = (struct gw_addrset){ literal_range, 1 };
	from.space[GW_FAMILY_IPV4] = set_of(arena, 0x7); /* 0 to 2 */
	to.space[GW_FAMILY_IPV4] = set_of(arena, 0x8);
	to.space[GW_FAMILY_IPV6] = set_of(arena, 0xf);

	gw_match_space(arena, &source, &any, (struct gw_addrset){ every_service, 1 }, &from, &to,
		       &space);
	assert_int_equal(space.n, 1);
	assert_int_equal(space.regions[0].family, GW_FAMILY_IPV4);
	assert_true(gw_addrset_equal(space.regions[0].source, set_of(arena, 0x5)));
	assert_true(gw_addrset_equal(space.regions[0].dest, set_of(arena, 0x8)));

	/* Towards the gateway any destination may be its own. */
	space.n = 0;
	gw_match_space(arena, &source, &any, (struct gw_addrset){ every_service, 1 }, &from, NULL,
		       &space);
	assert_int_equal(space.n, 1);
	assert_true(gw_addrset_equal(space.regions[0].dest, gw_addrset_all(GW_FAMILY_IPV4)));
	gw_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(relations_of_regions_are_those_of_their_packets),
		cmocka_unit_test(subtraction_is_exact_and_leaves_disjoint_regions),
		cmocka_unit_test(a_match_is_cut_to_what_its_zones_can_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
