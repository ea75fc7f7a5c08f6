/* `metrics:`: where it may be served, and where not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/metrics/metrics.h"
#include "gw/policy/load.h"

static const char site[] =
	"gw: 1\nsite: {name: s}\n"
	"services: {web: [tcp/443], metrics: [tcp/9630]}\n"
	"zones:\n"
	"  wan: {interfaces: [wan0], untrusted: true}\n"
	"  dirty: {interfaces: [d0], nets: [10.66.0.0/16], untrusted: true}\n"
	"  mgmt: {interfaces: [mgmt0], nets: [10.99.0.0/24, \"fd00:99::/64\"]}\n";

/* Loads the site with these lines; the settings, valid until gw_config_free of `*ret`. */
static const struct gw_metrics_settings *load(const char *lines, struct gw_config **ret,
					      struct gw_diags *diags)
{
	gw_auto_text struct gw_text text = { 0 };
	struct gw_conf_file file = { .path = "gw.yaml" };

	gw_text_printf(&text, "%s%s\n", site, lines);
	file.bytes = text.bytes;
	file.len = text.len;
	gw_diags_init(diags);
	*ret = gw_config_load_files(&file, 1, 1790000000, diags);
	return *ret && (*ret)->policy ? gw_policy_section((*ret)->policy, GW_SECTION_METRICS)
				      : NULL;
}

static void nothing_written_is_nothing_served(void **state)
{
	struct gw_config *config;
	struct gw_diags diags;

	(void)state;
	assert_null(load("", &config, &diags));
	assert_int_equal(diags.errors, 0);
	gw_config_free(config);
	gw_diags_done(&diags);
}

static void an_empty_section_serves_loopback(void **state)
{
	struct gw_config *config;
	struct gw_diags diags;
	const struct gw_metrics_settings *settings = load("metrics: {}", &config, &diags);

	(void)state;
	assert_non_null(settings);
	assert_int_equal(settings->n_addresses, 2);
	assert_true(settings->addresses[0].addr == 0x7f000001);
	assert_true(settings->addresses[1].addr == 1);
	assert_int_equal(settings->port, 9630);
	assert_true(settings->page && settings->socket && !settings->textfile);
	gw_config_free(config);
	gw_diags_done(&diags);
}

static void addresses_are_judged_by_who_can_reach_them(void **state)
{
	static const struct {
		const char *lines;
		int id; /* of the first diagnostic; -1: none */
	} cases[] = {
		{ "metrics: {listen: [127.0.0.1, 127.8.0.1, \"::1\", 10.99.0.1, \"fd00:99::1\"]}",
		  -1 },
		{ "metrics: {listen: []}", -1 },
		{ "metrics: {listen: 10.66.0.1}", GW_D_METRICS_UNTRUSTED },
		/* Whatever no other zone has is wan's. */
		{ "metrics: {listen: 192.0.2.1}", GW_D_METRICS_UNTRUSTED },
		{ "metrics: {listen: \"2001:db8::1\"}", GW_D_METRICS_UNTRUSTED },
		{ "metrics: {listen: 0.0.0.0}", GW_D_METRICS_ADDRESS },
		{ "metrics: {listen: \"::\"}", GW_D_METRICS_ADDRESS },
		{ "metrics: {listen: 10.99.0.0/30}", GW_D_METRICS_ADDRESS },
		{ "metrics: {listen: 239.1.1.1}", GW_D_METRICS_ADDRESS },
		{ "metrics: {listen: \"ff02::1\"}", GW_D_METRICS_ADDRESS },
		{ "metrics: {listen: \"127.0.0.1:9630\"}", GW_D_METRICS_ADDRESS },
		{ "metrics: {compatible: [nftable]}", GW_D_METRICS_COMPATIBLE },
		/* Rules that open the port to an untrusted zone. */
		{ "metrics: {listen: 10.99.0.1}\ngateway:\n  - {id: g, from: dirty, services: "
		  "[metrics], "
		  "action: accept, owner: o, ticket: t, review: 2099-01-01}",
		  GW_D_METRICS_UNTRUSTED },
		{ "metrics: {listen: 10.99.0.1}\ngateway:\n  - {id: g, from: any, services: any, "
		  "action: accept, owner: o, ticket: t, review: 2099-01-01}",
		  GW_D_METRICS_UNTRUSTED },
		{ "metrics: {listen: 10.99.0.1, port: 9631}\ngateway:\n  - {id: g, from: dirty, "
		  "services: "
		  "[metrics], action: accept, owner: o, ticket: t, review: 2099-01-01}",
		  -1 },
		{ "metrics: {}\ngateway:\n  - {id: g, from: dirty, services: [metrics], action: "
		  "accept, "
		  "owner: o, ticket: t, review: 2099-01-01}",
		  -1 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_config *config;
		struct gw_diags diags;
		int found = -1;

		(void)load(cases[i].lines, &config, &diags);
		for (size_t k = 0; k < diags.count && found < 0; k++)
			if (diags.items[k].severity == GW_SEVERITY_ERROR)
				found = (int)diags.items[k].id;
		if (found != cases[i].id)
			fail_msg("%s: %s", cases[i].lines,
				 found < 0 ? "nothing found" : diags.items[0].message);
		gw_config_free(config);
		gw_diags_done(&diags);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_written_is_nothing_served),
		cmocka_unit_test(an_empty_section_serves_loopback),
		cmocka_unit_test(addresses_are_judged_by_who_can_reach_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
