#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/policy/decide.h"
#include "gw/policy/lockdown.h"
#include "tests/support/compiled_site.h"
#include "tests/support/site_policy.h"

#define NOW INT64_C(1790000000)

static const char zones[] =
	"gw: 1\n"
	"site: {name: s}\n"
	"zones:\n"
	"  wan: {interfaces: [wan0], untrusted: true}\n"
	"  hq: {interfaces: [hq0], nets: [10.20.0.0/16]}\n"
	"  mgmt: {interfaces: [mgmt0], nets: [10.99.0.0/24]}\n"
	"  oob: {interfaces: [oob0], nets: [10.98.0.0/24], management: true}\n"
	"policies: [{id: out, from: any, to: wan, action: accept" SITE_DUTIES "}]\n"
	"exceptions: [{id: vendor, from: wan, to: hq, expires: 2099-01-01T00:00Z" SITE_REASONS
	"}]\n"
	"nat: [{id: snat, from: hq, to: wan, masquerade: true}]\n"
	"verify: [{always: {from: hq, to: wan}}]\n"
	"gateway:\n";

static struct gw_config *load(const char *gateway)
{
	gw_auto_text struct gw_text yaml = { 0 };

	gw_text_printf(&yaml, "%s%s", zones, gateway);
	return site_policy(yaml.bytes, NOW);
}

static enum gw_action to_gateway(const struct gw_policy *policy, const char *from,
				 const char *packet)
{
	struct gw_packet bytes = site_packet(packet);

	return gw_decide(policy, gw_policy_zone(policy, from), NULL, &bytes, NOW).action;
}

static void a_zone_called_mgmt_is_for_management_unless_it_says_otherwise(void **state)
{
	struct gw_config *config = load("- {id: a, from: mgmt, action: accept" SITE_DUTIES "}\n");

	(void)state;
	assert_true(site_zone(config, "mgmt")->management);
	assert_true(site_zone(config, "oob")->management);
	assert_false(site_zone(config, "hq")->management);
	gw_config_free(config);
	config = site_policy("gw: 1\nsite: {name: s}\nzones: {mgmt: {interfaces: [m0], nets: "
			     "[10.0.0.0/8], management: no}}\n",
			     NOW);
	assert_false(site_zone(config, "mgmt")->management);
	gw_config_free(config);
}

static void lockdown_keeps_only_gateway_rules_of_management_zones(void **state)
{
	struct gw_config *config = load(
		"- {id: everybody, from: any, services: [tcp/443], action: accept" SITE_DUTIES "}\n"
		"- {id: office, from: hq, services: [tcp/22], action: accept" SITE_DUTIES "}\n"
		"- {id: admin, from: [mgmt, hq], services: [tcp/22], action: accept" SITE_DUTIES
		"}\n"
		"- {id: not-him, from: mgmt, source: [10.99.0.66], action: drop" SITE_DUTIES "}\n");
	struct gw_arena *arena = gw_arena_new();
	struct gw_policy *lockdown = gw_policy_lockdown(arena, config->policy);

	(void)state;
	assert_int_equal(lockdown->n_rules, 3);
	assert_int_equal(lockdown->n_nats, 0);
	assert_int_equal(lockdown->n_assertions, 0);
	assert_null(gw_policy_rule(lockdown, "office"));
	assert_int_equal(to_gateway(lockdown, "mgmt", "10.99.0.1 10.99.0.254 tcp/22"),
			 GW_ACTION_ACCEPT);
	assert_int_equal(to_gateway(lockdown, "oob", "10.98.0.1 10.98.0.254 tcp/443"),
			 GW_ACTION_ACCEPT);
	assert_int_equal(to_gateway(lockdown, "mgmt", "10.99.0.66 10.99.0.254 tcp/22"),
			 GW_ACTION_DROP);
	assert_int_equal(to_gateway(lockdown, "hq", "10.20.0.1 10.20.0.254 tcp/22"),
			 GW_ACTION_DROP);
	assert_int_equal(to_gateway(lockdown, "wan", "192.0.2.1 198.51.100.1 tcp/443"),
			 GW_ACTION_DROP);
	assert_true(gw_policy_has_way_in(lockdown));
	gw_arena_free(arena);
	gw_config_free(config);
}

static void lockdown_compiles_and_forwards_nothing(void **state)
{
	struct gw_config *config =
		load("- {id: a, from: mgmt, services: [tcp/22], action: accept" SITE_DUTIES "}\n");
	struct gw_kernel_features features = { .bitwise_or = true };
	struct gw_arena *arena = gw_arena_new();
	struct gw_policy *lockdown = gw_policy_lockdown(arena, config->policy);
	struct gw_numbers *before, *numbers;
	struct gw_ruleset *ruleset;
	struct gw_diags diags;

	(void)state;
	gw_diags_init(&diags);
	before = gw_numbers_assign(config->policy, NULL, NULL, &diags);
	numbers = gw_numbers_assign(lockdown, before, config->policy, &diags);
	ruleset = gw_compile(lockdown, numbers, &features, NOW, &diags);
	assert_non_null(ruleset);
	assert_int_equal(diags.count, 0);
	/* The administrator's own session goes on: its rule has kept its number. */
	assert_int_equal(gw_numbers_of(numbers, "a"), gw_numbers_of(before, "a"));
	assert_int_equal(gw_ruleset_set(ruleset, "pairs")->n_elems, 0);
	assert_int_equal(gw_ruleset_set(ruleset, "live_timed")->n_elems, 0);
	gw_ruleset_free(ruleset);
	gw_numbers_free(numbers);
	gw_numbers_free(before);
	gw_diags_done(&diags);
	gw_arena_free(arena);
	gw_config_free(config);
}

static void ping_alone_is_no_way_in(void **state)
{
	static const struct {
		const char *gateway;
		bool way_in;
	} cases[] = {
		{ "- {id: a, from: mgmt, services: [icmp/echo-request], action: accept" SITE_DUTIES
		  "}\n",
		  false },
		{ "- {id: a, from: hq, services: [tcp/22], action: accept" SITE_DUTIES "}\n",
		  false },
		{ "- {id: a, from: mgmt, services: [tcp/22], action: drop" SITE_DUTIES "}\n",
		  false },
		{ "- {id: a, from: any, action: accept" SITE_DUTIES "}\n", true },
		{ "- {id: a, from: oob, services: [udp/51820], action: accept" SITE_DUTIES "}\n",
		  true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gw_config *config = load(cases[i].gateway);

		if (gw_policy_has_way_in(config->policy) != cases[i].way_in)
			fail_msg("case %zu", i);
		gw_config_free(config);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zone_called_mgmt_is_for_management_unless_it_says_otherwise),
		cmocka_unit_test(lockdown_keeps_only_gateway_rules_of_management_zones),
		cmocka_unit_test(lockdown_compiles_and_forwards_nothing),
		cmocka_unit_test(ping_alone_is_no_way_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
