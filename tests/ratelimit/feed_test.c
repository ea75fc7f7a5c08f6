#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/text.h"
#include "ratelimit/feed.h"

#define NOW 1800000000

/* 10.0.0.0/8 and 2001:db8:20::/48 are our own. */
static const struct gw_range own4 = { 0x0a000000, 0x0affffff };

static struct ratelimit_feed_rules rules_of(size_t max)
{
	static struct gw_range own6;

	own6.lo = (gw_u128)0x20010db80020 << 80;
	own6.hi = own6.lo + (((gw_u128)1 << 80) - 1);
	return (struct ratelimit_feed_rules){ .never = { { &own4, 1 }, { &own6, 1 } },
					      .max = max,
					      .now = NOW };
}

static bool parse(const char *text, struct ratelimit_feed *ret)
{
	struct ratelimit_feed_rules rules = rules_of(1000);

	return ratelimit_feed_parse(text, strlen(text), &rules, ret);
}

static void assert_said(const struct ratelimit_feed *feed, const char *text)
{
	for (size_t i = 0; i < feed->n_notes; i++)
		if (strstr(feed->notes[i].text, text))
			return;
	fail_msg("not said: %s", text);
}

static void entries_have_reason_and_end(void **state)
{
	struct ratelimit_feed feed;
	char text[2 * GW_ADDR_TEXT];

	(void)state;
	assert_true(parse("# a list\n"
			  "; another way to say so\n"
			  "\n"
			  "192.0.2.7\r\n"
			  "198.51.100.0/24 ; SBL123\n"
			  "2001:db8:bad::/48 2099-12-31T00:00Z # botnet \x1b[31m\n"
			  "203.0.113.9/24\n",
			  &feed));
	assert_int_equal(feed.n, 4);
	assert_int_equal(feed.n_notes, 0);
	assert_string_equal(gw_range_format(feed.entries[0].family, feed.entries[0].range, text),
			    "192.0.2.7");
	assert_string_equal(feed.entries[1].reason, "SBL123");
	assert_string_equal(gw_range_format(feed.entries[2].family, feed.entries[2].range, text),
			    "203.0.113.0/24");
	assert_string_equal(feed.entries[3].reason, "botnet [31m");
	assert_true(feed.entries[3].until == 4102358400);
	ratelimit_feed_done(&feed);
}

static void what_is_over_or_there_twice_is_left_out(void **state)
{
	struct ratelimit_feed feed;

	(void)state;
	assert_true(parse("192.0.2.7 2001-01-01T00:00Z\n"
			  "192.0.2.8 2099-01-01T00:00Z\n"
			  "192.0.2.8\n"
			  "192.0.2.8 2098-01-01T00:00Z\n",
			  &feed));
	assert_int_equal(feed.n, 1);
	assert_int_equal(feed.over, 1);
	assert_int_equal(feed.entries[0].until, 0);
	ratelimit_feed_done(&feed);
}

static void what_would_cut_off_the_wrong_ones_is_left_out_and_told(void **state)
{
	static const struct {
		const char *line, *says;
	} rows[] = {
		{ "0.0.0.0/0", "wider than /8" },
		{ "128.0.0.0/1", "wider than /8" },
		{ "::/0", "wider than /16" },
		{ "2000::/3", "wider than /16" },
		{ "10.1.2.3", "never be banned" },
		{ "10.0.0.0/8", "never be banned" },
		{ "9.0.0.0-11.0.0.0", "wider than /8" },
		{ "9.255.255.0-10.0.0.0", "never be banned" },
		{ "2001:db8:20:1::1", "never be banned" },
		{ "2001:db8::/32", "never be banned" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ratelimit_feed feed;
		char text[256];

		(void)snprintf(text, sizeof(text), "192.0.2.1\n%s\n192.0.2.2\n", rows[i].line);
		assert_true(parse(text, &feed));
		assert_int_equal(feed.n, 2);
		assert_int_equal(feed.left_out, 1);
		assert_int_equal(feed.notes[0].line, 2);
		assert_said(&feed, rows[i].says);
		ratelimit_feed_done(&feed);
	}
}

static void assert_refused(const char *text, size_t len, size_t max, const char *says)
{
	struct ratelimit_feed_rules rules = rules_of(max);
	struct ratelimit_feed feed;

	assert_false(ratelimit_feed_parse(text, len, &rules, &feed));
	assert_int_equal(feed.n, 0);
	assert_null(feed.entries);
	assert_said(&feed, says);
}

static void damaged_lists_are_refused_as_a_whole(void **state)
{
	struct gw_text junk = { 0 };

	(void)state;
	assert_refused("192.0.2.1\n192.0.", 16, 1000, "ends within a line");
	assert_refused("192.0.2.1\n192.0.2.2\n192.0.2.3\n", 30, 2, "more than the 2 entries");
	assert_refused("192.0.2.1\n", (size_t)1 << 30, 1000, "at most 33554432");
	assert_refused("<html>\n<body>\nNot found\n", 24, 1000, "another file");
	for (int i = 0; i < 500; i++)
		gw_text_printf(&junk, i % 20 ? "192.0.2.%d\n" : "error %d\n", i % 250);
	assert_refused(junk.bytes, junk.len, 1000, "another file");
	gw_text_done(&junk);
}

static void a_line_of_junk_is_told_and_the_rest_is_used(void **state)
{
	struct ratelimit_feed feed;

	(void)state;
	assert_true(parse("192.0.2.1\n192.0.2.2 tomorrow\nexample.com\n192.0.2.2 20\n192.0.2.3\n"
			  "192.0.2.4\n",
			  &feed));
	assert_int_equal(feed.n, 4);
	assert_int_equal(feed.junk, 2);
	assert_int_equal(feed.notes[0].line, 3);
	assert_string_equal(feed.entries[1].reason, "tomorrow");
	ratelimit_feed_done(&feed);
}

static void a_hundred_thousand_entries_are_read(void **state)
{
	struct ratelimit_feed_rules rules = rules_of(100000);
	struct ratelimit_feed feed;
	struct gw_text text = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 100000; i++)
		gw_text_printf(&text, "172.%u.%u.%u\n", 16 + (i >> 16), i >> 8 & 255, i & 255);
	assert_true(ratelimit_feed_parse(text.bytes, text.len, &rules, &feed));
	assert_int_equal(feed.n, 100000);
	ratelimit_feed_done(&feed);
	gw_text_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_have_reason_and_end),
		cmocka_unit_test(what_is_over_or_there_twice_is_left_out),
		cmocka_unit_test(what_would_cut_off_the_wrong_ones_is_left_out_and_told),
		cmocka_unit_test(damaged_lists_are_refused_as_a_whole),
		cmocka_unit_test(a_line_of_junk_is_told_and_the_rest_is_used),
		cmocka_unit_test(a_hundred_thousand_entries_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
