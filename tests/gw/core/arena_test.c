#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/arena.h"

static void memory_is_zeroed_and_aligned(void **state)
{
	struct gw_arena *arena = gw_arena_new();

	(void)state;
	for (size_t size = 1; size < 200; size++) {
		unsigned char *bytes = gw_arena_zalloc(arena, 1, size);

		assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(bytes[i], 0);
		memset(bytes, 0xff, size);
	}
	gw_arena_free(arena);
}

static void large_objects_do_not_waste_the_block_being_filled(void **state)
{
	struct gw_arena *arena = gw_arena_new();
	char *before = gw_arena_strdup(arena, "before");
	char *large = gw_arena_zalloc(arena, 1, 1 << 20);
	char *after = gw_arena_strdup(arena, "after");

	(void)state;
	memset(large, 'x', 1 << 20);
	assert_string_equal(before, "before");
	assert_string_equal(after, "after");
	assert_true(after > before && after - before < 64);
	gw_arena_free(arena);
}

static void a_large_object_may_come_first(void **state)
{
	struct gw_arena *arena = gw_arena_new();
	char *large = gw_arena_zalloc(arena, 1 << 10, 1 << 10);
	char *small = gw_arena_strdup(arena, "small");

	(void)state;
	memset(large, 'x', 1 << 20);
	assert_string_equal(small, "small");
	gw_arena_free(arena);
}

static void strings_are_copied(void **state)
{
	struct gw_arena *arena = gw_arena_new();
	char buffer[] = "hello";
	char *all = gw_arena_strdup(arena, buffer), *part = gw_arena_strndup(arena, buffer, 4);
	char *bytes = gw_arena_memdup(arena, buffer, 3);

	(void)state;
	memset(buffer, 'x', sizeof(buffer));
	assert_string_equal(all, "hello");
	assert_string_equal(part, "hell");
	assert_memory_equal(bytes, "hel", 3);
	assert_string_equal(gw_arena_printf(arena, "%s-%d", all, 7), "hello-7");
	assert_non_null(gw_arena_memdup(arena, NULL, 0));
	gw_arena_free(arena);
}

static void freeing_nothing_is_allowed(void **state)
{
	(void)state;
	gw_arena_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_aligned),
		cmocka_unit_test(large_objects_do_not_waste_the_block_being_filled),
		cmocka_unit_test(a_large_object_may_come_first),
		cmocka_unit_test(strings_are_copied),
		cmocka_unit_test(freeing_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
