/* Counts on their way from gwd to gw-metricsd. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/agent/gauges.h"
#include "gw/core/mem.h"
#include "gw/metrics/reading.h"

static int read_text(const struct gw_text *text, size_t len, struct gw_arena *arena,
		     struct gw_count **ret, size_t *ret_n)
{
	return gw_reading_parse(arena, (const uint8_t *)text->bytes, len, ret, ret_n);
}

static void what_is_sent_is_what_is_read(void **state)
{
	static const struct gw_count sent[] = {
		{ "between", true, UINT64_MAX, 1 },
		{ "hq-out", false, 0x0102030405060708, 0x1112131415161718 },
		{ "spoof", false, 3, 4 },
		{ "spoof", true, 5, 6 },
	};
	gw_auto_text struct gw_text text = { 0 };
	struct gw_arena *arena = gw_arena_new();
	struct gw_count *counts;
	size_t n;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(sent); i++)
		gw_gauges_put_count(&sent[i], &text);
	assert_int_equal(read_text(&text, text.len, arena, &counts, &n), 0);
	assert_int_equal(n, GW_COUNT(sent));
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(counts[i].id, sent[i].id);
		assert_int_equal(counts[i].builtin, sent[i].builtin);
		assert_true(counts[i].packets == sent[i].packets);
		assert_true(counts[i].bytes == sent[i].bytes);
	}
	/* Cut anywhere but between two records it is nothing. */
	for (size_t len = 1; len < text.len; len++) {
		bool whole = len == 25 || len == 25 + 24 || len == 25 + 24 + 23;

		assert_int_equal(read_text(&text, len, arena, &counts, &n), whole ? 0 : -EBADMSG);
	}
	gw_arena_free(arena);
}

static void what_is_out_of_order_is_refused(void **state)
{
	static const struct gw_count wrong[][2] = {
		{ { "b", false, 1, 1 }, { "a", false, 1, 1 } },
		{ { "a", false, 1, 1 }, { "a", false, 1, 1 } },
		{ { "a", true, 1, 1 }, { "a", false, 1, 1 } },
		{ { "a", false, 1, 1 }, { "no id", false, 1, 1 } },
		{ { "a", false, 1, 1 }, { "", true, 1, 1 } },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(wrong); i++) {
		gw_auto_text struct gw_text text = { 0 };
		struct gw_arena *arena = gw_arena_new();
		struct gw_count *counts;
		size_t n;

		gw_gauges_put_count(&wrong[i][0], &text);
		gw_gauges_put_count(&wrong[i][1], &text);
		assert_int_equal(read_text(&text, text.len, arena, &counts, &n), -EBADMSG);
		gw_arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sent_is_what_is_read),
		cmocka_unit_test(what_is_out_of_order_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
