#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/texts.h"

#define MANY 5000

static void equal_texts_are_one_text(void **state)
{
	struct gw_texts texts = { .arena = gw_arena_new() };
	const char *kept[MANY];
	char text[32];

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		(void)snprintf(text, sizeof(text), "text-%zu", i);
		kept[i] = gw_texts_keep(&texts, text, strlen(text));
		assert_string_equal(kept[i], text);
	}
	for (size_t i = 0; i < MANY; i++) {
		(void)snprintf(text, sizeof(text), "text-%zu", i);
		assert_ptr_equal(gw_texts_keep(&texts, text, strlen(text)), kept[i]);
	}
	assert_int_equal(texts.n, MANY);
	gw_texts_done(&texts);
	assert_string_equal(kept[7], "text-7");
	gw_arena_free(texts.arena);
}

static void a_beginning_is_another_text(void **state)
{
	struct gw_texts texts = { .arena = gw_arena_new() };
	const char *longer = gw_texts_keep(&texts, "accept-all", 10);
	const char *shorter = gw_texts_keep(&texts, "accept-all", 6);

	(void)state;
	assert_string_equal(shorter, "accept");
	assert_ptr_not_equal(shorter, longer);
	assert_string_equal(gw_texts_keep(&texts, "", 0), "");
	assert_int_equal(texts.n, 3);
	gw_texts_done(&texts);
	gw_arena_free(texts.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_texts_are_one_text),
		cmocka_unit_test(a_beginning_is_another_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
