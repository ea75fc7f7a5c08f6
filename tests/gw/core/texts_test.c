#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/texts.h"

#define OFTEN 8
#define ONCE  50000

static const char *keep(struct gw_texts *texts, const char *word, size_t number)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%s-%zu", word, number);
	const char *kept = gw_texts_keep(texts, text, (size_t)len);

	assert_string_equal(kept, text);
	return kept;
}

static void what_comes_often_is_one_text(void **state)
{
	struct gw_texts texts = { .arena = gw_arena_new() };
	const char *often[OFTEN], *once = keep(&texts, "once", 7);

	(void)state;
	for (size_t i = 0; i < OFTEN; i++)
		often[i] = keep(&texts, "often", i);
	for (size_t i = 0; i < ONCE; i++) {
		(void)keep(&texts, "other", i);
		assert_ptr_equal(keep(&texts, "often", i % OFTEN), often[i % OFTEN]);
	}
	assert_int_equal(texts.n, 1 + OFTEN + ONCE);
	gw_texts_done(&texts);
	assert_string_equal(once, "once-7");
	assert_string_equal(often[3], "often-3");
	gw_arena_free(texts.arena);
}

/* Nothing grows but the copies: whoever makes all fall into one set gets them, and no more. */
static void what_was_displaced_is_copied_again(void **state)
{
	struct gw_texts texts = { .arena = gw_arena_new() };
	const char *first = keep(&texts, "text", 0);

	(void)state;
	for (size_t i = 1; i < ONCE; i++)
		(void)keep(&texts, "text", i);
	assert_ptr_not_equal(keep(&texts, "text", 0), first);
	assert_string_equal(first, "text-0");
	gw_texts_done(&texts);
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
		cmocka_unit_test(what_comes_often_is_one_text),
		cmocka_unit_test(what_was_displaced_is_copied_again),
		cmocka_unit_test(a_beginning_is_another_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
