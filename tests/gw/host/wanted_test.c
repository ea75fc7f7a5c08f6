/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/core/mem.h"
#include "gw/host/host.h"
#include "gw/policy/load.h"

#define NOW 1795392000 /* 2026-11-23T00:00:00Z */
#define BASE                                                                                       \
	"gw: 1\n"                                                                                  \
	"zones:\n"                                                                                 \
	"  wan: {interfaces: [wan0], untrusted: true, anti_spoof: loose}\n"                        \
	"  hq: {interfaces: [hq0, hq0.7], nets: [10.20.0.0/16]}\n"                                 \
	"  lab: {interfaces: [lab0], nets: [10.40.0.0/16], ipv6: off, anti_spoof: nets}\n"

struct wanted {
	struct gw_diags diags;
	struct gw_config *config;
	struct gw_arena *arena;
	struct gw_sysctl *items;
	size_t n;
};

static struct wanted wanted_of(const char *yaml)
{
	const struct gw_conf_file file = { "gw.yaml", yaml, strlen(yaml) };
	struct wanted wanted = { .arena = gw_arena_new() };

	gw_diags_init(&wanted.diags);
	wanted.config = gw_config_load_files(&file, 1, NOW, &wanted.diags);
	assert_non_null(wanted.config->policy);
	wanted.n = gw_host_wanted(wanted.arena, wanted.config->policy, &wanted.items);
	return wanted;
}

static void wanted_done(struct wanted *wanted)
{
	gw_arena_free(wanted->arena);
	gw_config_free(wanted->config);
	gw_diags_done(&wanted->diags);
}

/* The value that is wanted of a path; NULL if none is. */
static const char *value(const struct wanted *wanted, const char *path)
{
	const char *found = NULL;

	for (size_t i = 0; i < wanted->n; i++) {
		if (strcmp(wanted->items[i].path, path) != 0)
			continue;
		assert_null(found); /* nothing is wanted twice */
		found = wanted->items[i].value;
	}
	return found;
}

static void nothing_is_wanted_without_the_section(void **state)
{
	struct wanted wanted = wanted_of(BASE);

	(void)state;
	assert_int_equal(wanted.n, 0);
	wanted_done(&wanted);
}

static void each_interface_is_as_strict_as_its_zone(void **state)
{
	struct wanted wanted = wanted_of(BASE "host: {}\n");

	(void)state;
	assert_string_equal(value(&wanted, "net/ipv4/conf/all/rp_filter"), "0");
	assert_string_equal(value(&wanted, "net/ipv4/conf/wan0/rp_filter"), "2");
	assert_string_equal(value(&wanted, "net/ipv4/conf/hq0/rp_filter"), "1");
	assert_string_equal(value(&wanted, "net/ipv4/conf/hq0.7/rp_filter"), "1");
	assert_string_equal(value(&wanted, "net/ipv4/conf/lab0/rp_filter"), "0");
	wanted_done(&wanted);
}

static void forwarding_comes_first(void **state)
{
	struct wanted wanted = wanted_of(BASE "host: {}\n");

	(void)state;
	assert_string_equal(wanted.items[0].path, "net/ipv4/ip_forward");
	assert_string_equal(wanted.items[0].value, "1");
	assert_string_equal(wanted.items[1].path, "net/ipv6/conf/all/forwarding");
	assert_false(wanted.items[0].of_interface);
	wanted_done(&wanted);
}

static void advertisements_are_believed_where_declared(void **state)
{
	struct wanted wanted = wanted_of(BASE "host: {accept_ra: [wan, lab]}\n");

	(void)state;
	assert_string_equal(value(&wanted, "net/ipv6/conf/wan0/accept_ra"), "2");
	assert_string_equal(value(&wanted, "net/ipv6/conf/hq0/accept_ra"), "0");
	assert_string_equal(value(&wanted, "net/ipv6/conf/lab0/accept_ra"), "0"); /* ipv6: off */
	wanted_done(&wanted);
}

static void what_is_kept_is_not_touched(void **state)
{
	struct wanted wanted =
		wanted_of(BASE "host: {forwarding: keep, rp_filter: keep, redirects: keep, "
			       "source_routes: keep, syncookies: keep}\n");

	(void)state;
	for (size_t i = 0; i < wanted.n; i++)
		if (!strstr(wanted.items[i].path, "/accept_ra") &&
		    !strstr(wanted.items[i].path, "/suppress_frag_ndisc") &&
		    strcmp(wanted.items[i].path, "net/ipv6/conf/lab0/disable_ipv6") != 0)
			fail_msg("%s is touched", wanted.items[i].path);
	assert_string_equal(value(&wanted, "net/ipv6/conf/lab0/disable_ipv6"), "1");
	wanted_done(&wanted);
}

static void switches_can_be_turned_on(void **state)
{
	struct wanted wanted = wanted_of(BASE "host: {redirects: on, source_routes: on, "
					      "log_martians: on, rp_filter: strict}\n");

	(void)state;
	assert_string_equal(value(&wanted, "net/ipv4/conf/all/send_redirects"), "1");
	assert_string_equal(value(&wanted, "net/ipv6/conf/hq0/accept_redirects"), "1");
	assert_string_equal(value(&wanted, "net/ipv6/conf/hq0/accept_source_route"), "0");
	assert_string_equal(value(&wanted, "net/ipv4/conf/all/log_martians"), "1");
	assert_string_equal(value(&wanted, "net/ipv4/conf/lab0/rp_filter"), "1");
	wanted_done(&wanted);
}

static void settings_of_an_interface_wait_for_it(void **state)
{
	struct wanted wanted = wanted_of(BASE "host:\n"
					      "  sysctl:\n"
					      "    net.ipv4.neigh.hq0.gc_stale_time: 60\n"
					      "    net.ipv4.neigh.default.gc_thresh3: 4096\n"
					      "    net.ipv4.conf.hq0/7.arp_ignore: 1\n"
					      "    net.ipv4.conf.all.arp_ignore: 1\n"
					      "    net.core.somaxconn: 512\n");
	static const struct {
		const char *path;
		bool of_interface;
	} rows[] = {
		{ "net/ipv4/neigh/hq0/gc_stale_time", true },
		{ "net/ipv4/neigh/default/gc_thresh3", false },
		{ "net/ipv4/conf/hq0.7/arp_ignore", true },
		{ "net/ipv4/conf/all/arp_ignore", false },
		{ "net/core/somaxconn", false },
		{ "net/ipv4/conf/hq0.7/rp_filter", true },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		assert_non_null(value(&wanted, rows[i].path));
		for (size_t k = 0; k < wanted.n; k++)
			if (strcmp(wanted.items[k].path, rows[i].path) == 0)
				assert_int_equal(wanted.items[k].of_interface,
						 rows[i].of_interface);
	}
	wanted_done(&wanted);
}

static void settings_are_compared_by_what_they_mean(void **state)
{
	struct wanted none = wanted_of(BASE), usual = wanted_of(BASE "host: {}\n");
	struct wanted same = wanted_of(BASE "host: {forwarding: on, accept_ra: []}\n");
	struct wanted off = wanted_of(BASE "host: {forwarding: off}\n");

	(void)state;
	assert_true(gw_host_equal(NULL, NULL));
	assert_true(gw_host_equal(NULL, none.config->policy));
	assert_true(gw_host_equal(usual.config->policy, same.config->policy));
	assert_false(gw_host_equal(usual.config->policy, off.config->policy));
	assert_false(gw_host_equal(none.config->policy, usual.config->policy));
	assert_false(gw_host_equal(usual.config->policy, NULL));
	wanted_done(&none);
	wanted_done(&usual);
	wanted_done(&same);
	wanted_done(&off);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_wanted_without_the_section),
		cmocka_unit_test(each_interface_is_as_strict_as_its_zone),
		cmocka_unit_test(forwarding_comes_first),
		cmocka_unit_test(advertisements_are_believed_where_declared),
		cmocka_unit_test(what_is_kept_is_not_touched),
		cmocka_unit_test(switches_can_be_turned_on),
		cmocka_unit_test(settings_of_an_interface_wait_for_it),
		cmocka_unit_test(settings_are_compared_by_what_they_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
