/* Differences of zones: what was written, and all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dns/zone/zone_diff.h"
#include "gw/core/mem.h"
#include "tests/support/zone_lab.h"

struct pair {
	struct zone_lab *lab;
	struct gw_zone_store before, after;
	struct gw_zone_diff diff;
};

static struct pair pair_of(const char *removed, const char *added)
{
	struct pair pair = { .lab = zone_lab_new(GW_ZONE_ED25519) };
	gw_auto_text struct gw_text before = { 0 }, after = { 0 };

	gw_text_puts(&before, zone_lab_text);
	gw_text_puts(&before, removed);
	gw_text_puts(&after, zone_lab_text_2); /* another serial */
	gw_text_puts(&after, added);
	pair.before = zone_lab_read(pair.lab, before.bytes);
	pair.after = zone_lab_read(pair.lab, after.bytes);
	return pair;
}

static void pair_done(struct pair *pair)
{
	gw_zone_diff_done(&pair->diff);
	gw_zone_done(&pair->before);
	gw_zone_done(&pair->after);
	zone_lab_free(pair->lab);
}

static void what_was_written_is_told(void **state)
{
	static const struct {
		const char *before, *after;
		size_t removed, added;
	} rows[] = {
		{ "", "", 0, 0 },
		{ "", "www A 203.0.113.7\n", 0, 1 },
		{ "www A 203.0.113.7\n", "", 1, 0 },
		{ "www A 203.0.113.7\n", "www A 203.0.113.8\n", 1, 1 },
		{ "www 300 A 203.0.113.7\n", "www 600 A 203.0.113.7\n", 1, 1 },
		{ "www A 203.0.113.7\n", "www TXT \"x\"\n", 1, 1 },
		{ "zz A 203.0.113.7\nzz A 203.0.113.8\n", "zz A 203.0.113.8\nzzz A 203.0.113.9\n",
		  1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct pair pair = pair_of(rows[i].before, rows[i].after);

		gw_zone_diff(&pair.before, &pair.after, GW_ZONE_DIFF_DATA, &pair.diff);
		if (pair.diff.removed != rows[i].removed || pair.diff.added != rows[i].added)
			fail_msg("row %zu: %zu removed, %zu added", i, pair.diff.removed,
				 pair.diff.added);
		assert_int_equal(pair.diff.n, pair.diff.removed + pair.diff.added);
		gw_zone_diff_done(&pair.diff);
		gw_zone_diff(&pair.before, &pair.after, GW_ZONE_DIFF_ALL, &pair.diff);
		assert_int_equal(pair.diff.n, rows[i].removed + rows[i].added + 2); /* SOA */
		pair_done(&pair);
	}
}

static void what_signing_makes_is_told_if_asked_for(void **state)
{
	struct pair pair = pair_of("", "");
	struct gw_zone_signed made;
	size_t ours = 0;

	(void)state;
	pair.lab->config.zonemd = true;
	pair.lab->config.serial = GW_ZONE_SERIAL_KEEP;
	assert_int_equal(
		gw_zone_sign(&pair.before, NULL, &pair.lab->signing, &pair.lab->diags, &made), 0);
	gw_zone_diff(&pair.before, &made.zone, GW_ZONE_DIFF_DATA, &pair.diff);
	assert_int_equal(pair.diff.n, 0);
	gw_zone_diff_done(&pair.diff);
	gw_zone_diff(&pair.before, &made.zone, GW_ZONE_DIFF_ALL, &pair.diff);
	for (size_t i = 0; i < pair.diff.n; i++)
		ours += pair.diff.items[i].added;
	assert_int_equal(ours, made.zone.n - pair.before.n);
	assert_int_equal(ours, pair.diff.added);
	assert_int_equal(pair.diff.removed, 0);
	gw_zone_done(&made.zone);
	pair_done(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_told),
		cmocka_unit_test(what_signing_makes_is_told_if_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
