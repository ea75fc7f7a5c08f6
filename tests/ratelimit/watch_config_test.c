/* What `limits:` makes gw-ratelimitd go by, without a word and with all of them; and what is wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gw/policy/load.h"
#include "ratelimit/ratelimit.h"

#define NOW 1795392000 /* 2026-11-23T00:00:00Z */
#define BASE                                                                                       \
	"gw: 1\n"                                                                                  \
	"zones:\n"                                                                                 \
	"  wan: {interfaces: [wan0], untrusted: true}\n"                                           \
	"  hq: {interfaces: [hq0], nets: [10.20.0.0/16, \"2001:db8:20::/48\"]}\n"                  \
	"  mgmt: {interfaces: [mgmt0], nets: [10.99.0.0/24]}\n"

struct loaded {
	struct gw_diags diags;
	struct gw_config *config;
};

static void load(struct loaded *loaded, const char *yaml)
{
	const struct gw_conf_file file = { "gw.yaml", yaml, strlen(yaml) };

	gw_diags_init(&loaded->diags);
	loaded->config = gw_config_load_files(&file, 1, NOW, &loaded->diags);
}

static const struct ratelimit_watch *watch_of(struct loaded *loaded, const char *yaml)
{
	const struct ratelimit *limits;

	load(loaded, yaml);
	if (loaded->diags.count)
		gw_diags_print(&loaded->diags, stderr, false);
	assert_non_null(loaded->config->policy);
	limits = gw_policy_section(loaded->config->policy, GW_SECTION_LIMITS);
	assert_non_null(limits);
	return &limits->watch;
}

static void loaded_done(struct loaded *loaded)
{
	gw_config_free(loaded->config);
	gw_diags_done(&loaded->diags);
}

static bool holds(const struct gw_addrset set[GW_FAMILY_COUNT], uint32_t addr)
{
	return gw_addrset_contains(set[GW_FAMILY_IPV4], addr);
}

static bool judges(const struct loaded *loaded, const char *zone)
{
	const struct ratelimit *limits =
		gw_policy_section(loaded->config->policy, GW_SECTION_LIMITS);

	return gw_zone_set_has(&limits->watch.inside,
			       gw_policy_zone(loaded->config->policy, zone)->index);
}

static void without_a_word_attacks_are_found_and_nobody_inside_is_judged(void **state)
{
	struct loaded loaded;
	const struct ratelimit_watch *watch = watch_of(&loaded, BASE);

	(void)state;
	assert_int_equal(watch->floors[RATELIMIT_METRIC_TCP], 200);
	assert_int_equal(watch->quiet_s, 10);
	assert_null(watch->interface);
	assert_false(judges(&loaded, "hq"));
	assert_true(holds(watch->never, 0x0a140001));  /* hq */
	assert_true(holds(watch->never, 0x0a630001));  /* mgmt */
	assert_false(holds(watch->never, 0xc0000201)); /* the Internet */
	loaded_done(&loaded);
}

static void everything_that_is_written_is_there(void **state)
{
	struct loaded loaded;
	const struct ratelimit_watch *watch =
		watch_of(&loaded, BASE
			 "hosts: {mail: [10.20.0.25], scanner: [10.20.0.9]}\n"
			 "limits:\n"
			 "  stepping_stones: {response: quarantine, for: 30m, mail: [mail], "
			 "exempt: [scanner],\n"
			 "    reach: [203.0.113.7], fanout: 20, flood: 0}\n"
			 "  detection: {syn: 1000, reflected: 30, quiet: 5s}\n"
			 "  upstream: {interface: wan0, rate: 100, contact: NOC, ask: filter}\n"
			 "  feeds: {b: {for: 1h, max: 7}, a: {reason: r}}\n"
			 "  never_ban: [192.0.2.53]\n");

	(void)state;
	assert_int_equal(watch->response, RATELIMIT_QUARANTINE);
	assert_int_equal(watch->for_s, 1800);
	assert_int_equal(watch->fanout, 20);
	assert_int_equal(watch->flood, 0);
	assert_true(watch->mail);
	assert_true(holds(watch->mail_hosts, 0x0a140019));
	assert_true(holds(watch->exempt, 0x0a140009));
	assert_true(holds(loaded.config->policy->quarantine_reach, 0xcb007107));
	assert_true(judges(&loaded, "hq"));
	assert_false(judges(&loaded, "mgmt"));
	assert_false(judges(&loaded, "wan"));
	assert_int_equal(watch->floors[RATELIMIT_METRIC_TCP], 1000);
	assert_int_equal(watch->floors[RATELIMIT_METRIC_REFLECTED], 30);
	assert_int_equal(watch->quiet_s, 5);
	assert_string_equal(watch->interface, "wan0");
	assert_int_equal(watch->mbit, 100);
	assert_int_equal(watch->n_feeds, 2);
	assert_string_equal(watch->feeds[0].name, "a");
	assert_string_equal(watch->feeds[0].reason, "r");
	assert_int_equal(watch->feeds[1].max, 7);
	assert_int_equal(watch->feeds[1].for_s, 3600);
	assert_true(holds(watch->never, 0xc0000235));
	loaded_done(&loaded);
}

static void what_is_wrong_is_told_where_it_stands(void **state)
{
	static const struct {
		enum gw_diag_id id;
		const char *yaml;
	} rows[] = {
		{ GW_D_LIMIT_EXEMPT_WIDE, "  stepping_stones: {exempt: [8.0.0.0/6]}\n" },
		{ GW_D_LIMIT_EXEMPT_WIDE, "  stepping_stones: {exempt: [\"2000::/15\"]}\n" },
		{ GW_D_UNKNOWN_ZONE, "  stepping_stones: {zones: [hp]}\n" },
		{ GW_D_UNKNOWN_HOST, "  stepping_stones: {mail: [mial]}\n" },
		{ GW_D_UNKNOWN_HOST, "  never_ban: [mial]\n" },
		{ GW_D_UNKNOWN_KEY, "  detection: {sin: 5}\n" },
		{ GW_D_MISSING_KEY, "  upstream: {interface: wan0}\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loaded loaded;
		char yaml[1024];

		(void)snprintf(yaml, sizeof(yaml), BASE "limits:\n%s", rows[i].yaml);
		load(&loaded, yaml);
		if (loaded.diags.count != 1 || loaded.diags.items[0].id != rows[i].id) {
			gw_diags_print(&loaded.diags, stderr, false);
			fail_msg("not told as it should be: %s", rows[i].yaml);
		}
		assert_int_equal(loaded.diags.items[0].loc.line, 7);
		loaded_done(&loaded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_word_attacks_are_found_and_nobody_inside_is_judged),
		cmocka_unit_test(everything_that_is_written_is_there),
		cmocka_unit_test(what_is_wrong_is_told_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
