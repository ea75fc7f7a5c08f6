/* Segments: what zones make of them, what is written, and what is wrong with it. */
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
#include "gw/policy/load.h"
#include "ipv6guard/ipv6guard.h"

#define NOW 1795392000 /* 2026-11-23T00:00:00Z */
#define BASE                                                                                       \
	"gw: 1\n"                                                                                  \
	"zones:\n"                                                                                 \
	"  wan: {interfaces: [wan0], untrusted: true}\n"                                           \
	"  hq: {interfaces: [hq0, hq1], nets: [10.20.0.0/16, \"2001:db8:20::/48\"]}\n"             \
	"  guest: {interfaces: [hq0.30], nets: [10.30.0.0/24], ipv6: off}\n"
#define ROUTER "mac: 52:54:00:00:00:01, link_local: \"fe80::1\""

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

static const struct ipv6guard *guard_of(struct loaded *loaded, const char *yaml)
{
	load(loaded, yaml);
	if (loaded->diags.count)
		gw_diags_print(&loaded->diags, stderr, false);
	assert_non_null(loaded->config->policy);
	return gw_policy_section(loaded->config->policy, GW_SECTION_IPV6GUARD);
}

static void loaded_done(struct loaded *loaded)
{
	gw_config_free(loaded->config);
	gw_diags_done(&loaded->diags);
}

static const struct ipv6guard_segment *segment(const struct ipv6guard *guard, const char *name)
{
	for (size_t i = 0; i < guard->n_segments; i++)
		if (strcmp(guard->segments[i].name, name) == 0)
			return &guard->segments[i];
	fail_msg("no segment %s", name);
	return NULL;
}

static void zones_are_segments_without_a_word(void **state)
{
	struct loaded loaded;
	const struct ipv6guard *guard = guard_of(&loaded, BASE);

	(void)state;
	assert_int_equal(guard->n_segments, 3);
	assert_int_equal(segment(guard, "guest")->mode, IPV6GUARD_OFF);
	assert_int_equal(segment(guard, "hq")->mode, IPV6GUARD_OPEN);
	assert_int_equal(segment(guard, "wan")->mode, IPV6GUARD_OPEN);
	assert_true(segment(guard, "guest")->carriers[IPV6GUARD_EAPOL]);
	assert_false(segment(guard, "guest")->carriers[IPV6GUARD_PPPOE]);
	assert_false(segment(guard, "guest")->tunnels[IPV6GUARD_6IN4]);
	assert_int_equal(guard->response.quarantine_s, 600);
	/* Else the guests' frames would not come as far as hq0.30. */
	assert_int_equal(segment(guard, "hq")->n_vlans, 1);
	assert_int_equal(segment(guard, "hq")->vlans[0], 30);
	assert_int_equal(segment(guard, "guest")->n_vlans, 0);
	loaded_done(&loaded);
}

static void the_default_is_for_trusted_zones_with_ipv6(void **state)
{
	struct loaded loaded;
	const struct ipv6guard *guard = guard_of(&loaded, BASE "ipv6guard: {default: guarded}\n");

	(void)state;
	assert_int_equal(segment(guard, "guest")->mode, IPV6GUARD_OFF);
	assert_int_equal(segment(guard, "hq")->mode, IPV6GUARD_GUARDED);
	assert_int_equal(segment(guard, "wan")->mode, IPV6GUARD_OPEN);
	loaded_done(&loaded);
}

static void an_interface_can_be_a_segment_of_its_own(void **state)
{
	struct loaded loaded;
	const struct ipv6guard *guard = guard_of(
		&loaded, BASE "ipv6guard: {segments: {lab: {mode: local, interfaces: hq1, ports: "
			      "[lan1, \"swp*\"]}}}\n");

	(void)state;
	assert_int_equal(guard->n_segments, 4);
	assert_int_equal(segment(guard, "hq")->n_interfaces, 1);
	assert_string_equal(segment(guard, "hq")->interfaces[0].name, "hq0");
	assert_string_equal(segment(guard, "lab")->zone->name, "hq");
	assert_ptr_equal(ipv6guard_segment_of(guard, "hq1"), segment(guard, "lab"));
	assert_ptr_equal(ipv6guard_segment_of(guard, "lan1"), segment(guard, "lab"));
	assert_ptr_equal(ipv6guard_segment_of(guard, "swp17"), segment(guard, "lab"));
	assert_ptr_equal(ipv6guard_segment_of(guard, "hq0"), segment(guard, "hq"));
	assert_null(ipv6guard_segment_of(guard, "eth9"));
	assert_null(ipv6guard_segment_of(guard, "lan2"));
	loaded_done(&loaded);
}

static void lists_are_read(void **state)
{
	struct loaded loaded;
	const struct ipv6guard *guard =
		guard_of(&loaded, BASE
			 "ipv6guard:\n"
			 "  segments:\n"
			 "    hq:\n"
			 "      mode: guarded\n"
			 "      ports: lan*\n"
			 "      vlans: [7, 30]\n"
			 "      carriers: [lldp, pppoe]\n"
			 "      tunnels: gre\n"
			 "      routers: [{" ROUTER ", port: lan3, prefixes: \"2001:db8:20::/48\", "
			 "lifetime: 0s, preference: high, managed: true}]\n"
			 "      dhcpv6_servers: [{mac: 52:54:00:00:00:02}]\n"
			 "      ipv4_servers: [{mac: 52:54:00:00:00:03, port: lan4}, "
			 "{mac: 52:54:00:00:00:04}]\n"
			 "      source_guard: true\n"
			 "  response: {quarantine: 0s, shared: true, protect: [52:54:00:00:00:09], "
			 "capture: 64}\n");
	const struct ipv6guard_segment *hq = segment(guard, "hq");

	(void)state;
	assert_int_equal(hq->n_vlans, 2);
	assert_false(hq->carriers[IPV6GUARD_EAPOL]);
	assert_true(hq->carriers[IPV6GUARD_PPPOE]);
	assert_true(hq->tunnels[IPV6GUARD_GRE]);
	assert_int_equal(hq->n_servers, 1);
	assert_int_equal(hq->n_ipv4_servers, 2);
	assert_string_equal(hq->ipv4_servers[0].port, "lan4");
	assert_int_equal(hq->ipv4_servers[1].mac[5], 4);
	assert_int_equal(hq->n_routers, 1);
	assert_string_equal(hq->routers[0].port, "lan3");
	assert_int_equal(hq->routers[0].mac[5], 1);
	assert_true(hq->routers[0].link_local == ((gw_u128)0xfe80 << 112 | 1));
	assert_int_equal(hq->routers[0].prefixes.n, 1);
	assert_int_equal(hq->routers[0].lifetime_max, 0);
	assert_true(hq->routers[0].preference_high && hq->routers[0].managed);
	assert_int_equal(hq->n_servers, 1);
	assert_null(hq->servers[0].port);
	assert_true(hq->source_guard);
	assert_int_equal(guard->response.quarantine_s, 0);
	assert_int_equal(guard->response.n_protect, 1);
	assert_int_equal(guard->response.capture_mib, 64);
	loaded_done(&loaded);
}

static void mistakes_are_told_by_their_number(void **state)
{
	static const struct {
		const char *text;
		enum gw_diag_id id;
	} rows[] = {
		{ "segments: {lab: {mode: off}}", GW_D_SEGMENT_WITHOUT_DEVICE },
		{ "segments: {a: {mode: off, ports: p1}, b: {mode: off, ports: p1}}",
		  GW_D_SEGMENT_DEVICE_TWICE },
		{ "segments: {a: {mode: off, interfaces: x0}, b: {mode: off, ports: x0}}",
		  GW_D_SEGMENT_DEVICE_TWICE },
		{ "segments: {guest: {mode: guarded}}", GW_D_SEGMENT_ZONE_IS_OFF },
		{ "segments: {guest: {mode: open}}", GW_D_SEGMENT_ZONE_IS_OFF },
		{ "segments: {hq: {mode: off, vlans: [x]}}", GW_D_BAD_NUMBER },
		{ "segments: {hq: {mode: off, vlans: [0]}}", GW_D_OUT_OF_BOUNDS },
		{ "segments: {hq: {mode: off, vlans: [4095]}}", GW_D_OUT_OF_BOUNDS },
		{ "segments: {hq: {mode: off, carriers: [ldp]}}", GW_D_SEGMENT_UNKNOWN_WORD },
		{ "segments: {hq: {mode: off, tunnels: 6to4}}", GW_D_SEGMENT_UNKNOWN_WORD },
		{ "segments: {hq: {mode: guarded, routers: [{mac: 52:54:00:00:00:01, link_local: "
		  "\"2001:db8::1\"}]}}",
		  GW_D_SEGMENT_BAD_ADDRESS },
		{ "segments: {hq: {mode: guarded, routers: [{" ROUTER ", prefixes: 10.0.0.0/8}]}}",
		  GW_D_SEGMENT_BAD_ADDRESS },
		{ "segments: {hq: {mode: guarded, routers: [{mac: 53:54:00:00:00:01, link_local: "
		  "\"fe80::1\"}]}}",
		  GW_D_SEGMENT_BAD_MAC },
		{ "segments: {hq: {mode: guarded, routers: [{" ROUTER ", port: hq9}]}}",
		  GW_D_SEGMENT_UNKNOWN_PORT },
		{ "segments: {hq: {mode: guarded, dhcpv6_servers: [{mac: zz}]}}",
		  GW_D_SEGMENT_BAD_MAC },
		{ "response: {protect: [1]}", GW_D_SEGMENT_BAD_MAC },
		{ "segments: {hq: {mode: off, interfaces: \"hq*\"}}", GW_D_INTERFACE_WILDCARD },
		{ "segments: {hq: {mode: off, ports: \"*\"}}", GW_D_INTERFACE_WILDCARD },
		{ "segments: {hq: {mode: off, ports: \"l*n*\"}}", GW_D_INTERFACE_WILDCARD },
		{ "segments: {hq: {mode: off, ports: averyveryverylongname}}", GW_D_BAD_INTERFACE },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		gw_auto_text struct gw_text yaml = { 0 };
		struct loaded loaded;

		gw_text_printf(&yaml, BASE "ipv6guard: {%s}\n", rows[i].text);
		load(&loaded, yaml.bytes);
		if (!loaded.diags.errors || loaded.diags.items[0].id != rows[i].id) {
			gw_diags_print(&loaded.diags, stderr, false);
			fail_msg("%s", rows[i].text);
		}
		assert_null(loaded.config->policy);
		loaded_done(&loaded);
	}
}

static void lists_that_mean_nothing_are_warned_about(void **state)
{
	struct loaded loaded;

	(void)state;
	load(&loaded, BASE "ipv6guard: {segments: {hq: {mode: local, routers: [{" ROUTER
			   "}], source_guard: true}, guest: {mode: off, source_guard: true}, "
			   "wan: {mode: open, monitor: true}}}\n");
	assert_non_null(loaded.config->policy);
	assert_int_equal(loaded.diags.errors, 0);
	assert_int_equal(loaded.diags.warnings, 3);
	assert_int_equal(loaded.diags.items[0].id, GW_D_SEGMENT_NOT_GUARDED);
	loaded_done(&loaded);
}

static const char *setting(const struct gw_policy *policy, const char *path)
{
	for (size_t i = 0; i < policy->host.n_sysctls; i++)
		if (strcmp(policy->host.sysctls[i].path, path) == 0)
			return policy->host.sysctls[i].value;
	return NULL;
}

static void settings_go_with_the_host_section_and_yield_to_it(void **state)
{
	const struct gw_policy *policy;
	struct loaded loaded;

	(void)state;
	policy = (guard_of(&loaded, BASE), loaded.config->policy);
	assert_int_equal(policy->host.n_sysctls, 0);
	loaded_done(&loaded);
	(void)guard_of(&loaded,
		       BASE "ipv6guard: {segments: {hq: {mode: guarded}}}\n"
			    "host: {sysctl: {net.ipv6.conf.default.suppress_frag_ndisc: 0, "
			    "net.ipv6.neigh.default.gc_thresh1: 77}}\n");
	policy = loaded.config->policy;
	assert_string_equal(setting(policy, "net/ipv6/conf/hq0/suppress_frag_ndisc"), "1");
	assert_string_equal(setting(policy, "net/ipv6/conf/default/suppress_frag_ndisc"), "0");
	assert_string_equal(setting(policy, "net/ipv6/conf/default/accept_ra"), "0");
	assert_string_equal(setting(policy, "net/ipv6/conf/hq0.30/disable_ipv6"), "1");
	assert_null(setting(policy, "net/ipv6/conf/wan0/suppress_frag_ndisc"));
	assert_string_equal(setting(policy, "net/ipv6/neigh/default/gc_thresh3"), "32768");
	assert_string_equal(setting(policy, "net/ipv6/neigh/default/gc_thresh1"), "77");
	for (size_t i = 1; i < policy->host.n_sysctls; i++)
		assert_true(strcmp(policy->host.sysctls[i - 1].path, policy->host.sysctls[i].path) <
			    0);
	loaded_done(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones_are_segments_without_a_word),
		cmocka_unit_test(the_default_is_for_trusted_zones_with_ipv6),
		cmocka_unit_test(an_interface_can_be_a_segment_of_its_own),
		cmocka_unit_test(lists_are_read),
		cmocka_unit_test(mistakes_are_told_by_their_number),
		cmocka_unit_test(lists_that_mean_nothing_are_warned_about),
		cmocka_unit_test(settings_go_with_the_host_section_and_yield_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
