/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/agent/exceptions.h"
#include "gw/core/mem.h"

#define NOW INT64_C(1795392000)
#define DAY 86400

static const uint32_t warn_before[] = { 86400, 3600 };
static const struct gw_change_settings settings = { .warn_before_s = warn_before,
						    .n_warn_before = 2 };

/* What was told, a letter each. */
static char told[64];

static void tell(const struct gw_exception *item, enum gw_exception_event event, void *context)
{
	size_t len = strlen(told);

	assert_non_null(item->id);
	assert_null(context);
	assert_true(len + 1 < sizeof(told));
	told[len] = "SCUWEX"[event];
	told[len + 1] = '\0';
}

static void expect_told(const char *want)
{
	assert_string_equal(told, want);
	told[0] = '\0';
}

/* A config with the exceptions `a` and `b`; an end of 0 leaves one out. */
static void follow(struct gw_exceptions *list, int64_t now, int64_t a, int64_t b)
{
	struct gw_rule_def rules[3] = { { .kind = GW_RULE_POLICY, .id = "web" } };
	struct gw_policy policy = { .rules = rules, .n_rules = 1 };
	struct gw_number numbers[] = { { "a", 20, 0 }, { "b", 21, 0 }, { "web", 16, 0 } };
	const struct gw_numbers all = { .items = numbers, .n = 3 };

	if (a)
		rules[policy.n_rules++] =
			(struct gw_rule_def){ .kind = GW_RULE_EXCEPTION, .id = "a", .expires = a };
	if (b)
		rules[policy.n_rules++] =
			(struct gw_rule_def){ .kind = GW_RULE_EXCEPTION, .id = "b", .expires = b };
	gw_exceptions_follow(list, &policy, &all, now, tell, NULL);
}

/* The kernel's set with one number in it. */
static struct gw_set live(struct gw_elem *elem, const uint32_t *number, uint64_t packets)
{
	*elem = (struct gw_elem){ .key = (const uint8_t *)number,
				  .packets = packets,
				  .bytes = packets * 100 };
	return (struct gw_set){ .name = "live_timed", .elems = elem, .n_elems = 1 };
}

static void an_exception_starts_is_used_warned_of_and_ends_once(void **ret)
{
	struct gw_exceptions list = { 0 };
	const uint32_t number = 20;
	struct gw_elem elem;
	struct gw_set set = live(&elem, &number, 0);

	(void)ret;
	follow(&list, NOW, NOW + 3 * DAY, 0);
	follow(&list, NOW + 1, NOW + 3 * DAY, 0);
	expect_told("S");
	gw_exceptions_read(&list, &set, NOW + 2, tell, NULL);
	expect_told("");
	set = live(&elem, &number, 5);
	gw_exceptions_read(&list, &set, NOW + 3, tell, NULL);
	set = live(&elem, &number, 9);
	gw_exceptions_read(&list, &set, NOW + 4, tell, NULL);
	expect_told("U");
	assert_int_equal(list.items[0].first_use, NOW + 3);
	for (int64_t now = NOW; now < NOW + 3 * DAY; now += 600)
		gw_exceptions_warn(&list, &settings, now, tell, NULL);
	expect_told("WW");
	assert_int_equal(gw_exceptions_next(&list), NOW + 3 * DAY);
	set.n_elems = 0;
	assert_false(gw_exceptions_end(&list, &set, NOW + 3 * DAY - 1, tell, NULL));
	assert_true(gw_exceptions_end(&list, &set, NOW + 3 * DAY, tell, NULL));
	assert_false(gw_exceptions_end(&list, &set, NOW + 3 * DAY, tell, NULL));
	expect_told("E");
	assert_int_equal(list.items[0].packets, 9);
	assert_int_equal(gw_exceptions_next(&list), INT64_MAX);
	gw_exceptions_forget(&list);
	assert_int_equal(list.n, 0);
	gw_exceptions_done(&list);
}

static void what_the_kernel_has_not_ended_yet_keeps_its_counts_there(void **ret)
{
	struct gw_exceptions list = { 0 };
	const uint32_t number = 20;
	struct gw_elem elem;
	struct gw_set set = live(&elem, &number, 7);

	(void)ret;
	follow(&list, NOW, NOW + 60, 0);
	gw_exceptions_read(&list, &set, NOW + 1, tell, NULL);
	assert_true(gw_exceptions_end(&list, &set, NOW + 60, tell, NULL));
	expect_told("SUE");
	assert_int_equal(list.items[0].packets, 0);
	gw_exceptions_done(&list);
}

static void short_exceptions_are_not_warned_of_at_their_start(void **ret)
{
	struct gw_exceptions list = { 0 };

	(void)ret;
	follow(&list, NOW, NOW + 7200, NOW + 1800);
	for (int64_t now = NOW; now < NOW + 7200; now += 60)
		gw_exceptions_warn(&list, &settings, now, tell, NULL);
	expect_told("SSW");
	gw_exceptions_done(&list);
}

static void withdrawing_and_prolonging_are_told(void **ret)
{
	struct gw_exceptions list = { 0 };

	(void)ret;
	follow(&list, NOW, NOW + 7200, NOW + 7200);
	expect_told("SS");
	follow(&list, NOW + 10, 0, NOW + 9000);
	expect_told("XC");
	assert_int_equal(list.n, 1);
	/* One that had ended before it was taken out of the config was not withdrawn. */
	assert_true(gw_exceptions_end(&list, NULL, NOW + 9000, tell, NULL));
	follow(&list, NOW + 9001, 0, 0);
	expect_told("E");
	/* And comes again as another. */
	follow(&list, NOW + 9002, 0, NOW + 9900);
	expect_told("S");
	gw_exceptions_done(&list);
}

static void the_list_outlives_the_agent(void **ret)
{
	struct gw_exceptions list = { .revision = 119 }, again = { 0 };
	const uint32_t number = 21;
	struct gw_elem elem;
	struct gw_set set = live(&elem, &number, 7);
	gw_auto_text struct gw_text text = { 0 }, same = { 0 };

	(void)ret;
	follow(&list, NOW, NOW + 7200, NOW + 100);
	gw_exceptions_read(&list, &set, NOW + 1, tell, NULL);
	gw_exceptions_warn(&list, &settings, NOW + 4000, tell, NULL);
	(void)gw_exceptions_end(&list, NULL, NOW + 4000, tell, NULL);
	expect_told("SSUWE");
	gw_exceptions_print(&list, &text);
	assert_int_equal(gw_exceptions_parse(&again, text.bytes, text.len), 0);
	assert_int_equal(again.revision, 119);
	assert_int_equal(again.n, 2);
	gw_exceptions_print(&again, &same);
	assert_string_equal(same.bytes, text.bytes);
	/* Nothing is told twice. */
	follow(&again, NOW + 4001, NOW + 7200, NOW + 100);
	gw_exceptions_warn(&again, &settings, NOW + 4001, tell, NULL);
	expect_told("");
	gw_exceptions_done(&again);
	gw_exceptions_done(&list);
}

static void a_file_that_is_not_ours_is_refused(void **ret)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{\"schema\": \"gw.exceptions/2\", \"revision\": 1, \"exceptions\": []}",
		"{\"schema\": \"gw.exceptions/1\", \"revision\": -1, \"exceptions\": []}",
		"{\"schema\": \"gw.exceptions/1\", \"revision\": 1}",
		"{\"schema\": \"gw.exceptions/1\", \"revision\": 1, \"exceptions\": [{\"id\": 1}]}",
		"{\"schema\": \"gw.exceptions/1\", \"revision\": 1, \"exceptions\": [7]}",
	};

	(void)ret;
	for (size_t i = 0; i < GW_COUNT(texts); i++) {
		struct gw_exceptions list = { 0 };

		assert_int_equal(gw_exceptions_parse(&list, texts[i], strlen(texts[i])), -EBADMSG);
		assert_int_equal(list.n, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exception_starts_is_used_warned_of_and_ends_once),
		cmocka_unit_test(what_the_kernel_has_not_ended_yet_keeps_its_counts_there),
		cmocka_unit_test(short_exceptions_are_not_warned_of_at_their_start),
		cmocka_unit_test(withdrawing_and_prolonging_are_told),
		cmocka_unit_test(the_list_outlives_the_agent),
		cmocka_unit_test(a_file_that_is_not_ours_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
