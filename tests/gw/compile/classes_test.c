#include "gw/compile/classes.h"

/* cmocka.h needs the headers before it. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on
#include <stdint.h>

#include "gw/core/mem.h"
#include "tests/support/compiled_site.h"

static const struct gw_class *class_of(const struct gw_classes *classes, gw_u128 value)
{
	const struct gw_class *found = NULL;

	for (size_t i = 0; i < classes->n; i++) {
		for (size_t k = 0; k < classes->items[i].n_ranges; k++) {
			struct gw_range range = classes->items[i].ranges[k];

			if (value < range.lo || value > range.hi)
				continue;
			assert_null(found); /* classes are disjoint */
			found = &classes->items[i];
		}
	}
	return found;
}

static bool class_has_list(const struct gw_class *item, uint32_t list)
{
	for (size_t i = 0; item && i < item->n_lists; i++)
		if (item->lists[i] == list)
			return true;
	return false;
}

static void class_holds_what_the_same_lists_contain(void **state)
{
	struct random r = { 3 };

	(void)state;
	for (unsigned int round = 0; round < 300; round++) {
		struct gw_arena *arena = gw_arena_new();
		struct gw_addrset lists[6];
		size_t n = 1 + random_below(&r, 6);
		struct gw_classes classes;

		for (size_t i = 0; i < n; i++) {
			struct gw_range ranges[4];
			size_t n_ranges = random_below(&r, 5);

			for (size_t k = 0; k < n_ranges; k++) {
				ranges[k].lo = random_below(&r, 60);
				ranges[k].hi = ranges[k].lo + random_below(&r, 12);
			}
			lists[i] = gw_addrset_from_ranges(arena, ranges, n_ranges);
		}
		assert_true(gw_classes_build(arena, lists, n, SIZE_MAX, &classes));
		for (gw_u128 value = 0; value < 80; value++) {
			const struct gw_class *item = class_of(&classes, value);

			for (uint32_t i = 0; i < n; i++)
				assert_int_equal(class_has_list(item, i),
						 gw_addrset_contains(lists[i], value));
		}
		gw_arena_free(arena);
	}
}

static void highest_address_belongs_to_its_class(void **state)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_range last = { ~(gw_u128)0, ~(gw_u128)0 };
	struct gw_addrset lists[] = { gw_addrset_all(GW_FAMILY_IPV6), { &last, 1 } };
	struct gw_classes classes;

	(void)state;
	assert_true(gw_classes_build(arena, lists, 2, SIZE_MAX, &classes));
	assert_int_equal(classes.n, 2);
	assert_true(class_has_list(class_of(&classes, ~(gw_u128)0), 1));
	assert_false(class_has_list(class_of(&classes, ~(gw_u128)0 - 1), 1));
	gw_arena_free(arena);
}

static void too_many_memberships_are_given_up(void **state)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_range ranges[100];
	struct gw_addrset lists[100];
	struct gw_classes classes;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(ranges); i++) { /* nested like an onion */
		ranges[i] = (struct gw_range){ i, 1000 - i };
		lists[i] = (struct gw_addrset){ &ranges[i], 1 };
	}
	assert_false(gw_classes_build(arena, lists, GW_COUNT(lists), 1000, &classes));
	assert_true(gw_classes_build(arena, lists, GW_COUNT(lists), 10000, &classes));
	assert_int_equal(classes.n, 100);
	gw_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(class_holds_what_the_same_lists_contain),
		cmocka_unit_test(highest_address_belongs_to_its_class),
		cmocka_unit_test(too_many_memberships_are_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
