/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "dns/dns.h"
#include "dns/zone/config.h"
#include "gw/core/mem.h"
#include "tests/support/site_policy.h"

#define SITE                                                                                       \
	"gw: 1\n"                                                                                  \
	"zones: {wan: {interfaces: [wan0], untrusted: true}}\n"
#define DUTIES "file: z, owner: dns-team, review: 2099-12-31"

static void a_zone_is_read_with_its_defaults(void **state)
{
	struct gw_config *config =
		site_policy(SITE "dns:\n"
				 "  keys: {secret: \"credential:zones\"}\n"
				 "  zones:\n"
				 "    Example.GO.jp:\n"
				 "      file: zones/example\n"
				 "      owner: dns-team\n"
				 "      review: 2099-12-31\n"
				 "      servers: {ns1: {addresses: [192.0.2.1, \"2001:db8::1\"], "
				 "port: 5300, primary: true}}\n"
				 "      parents: {a: {addresses: 192.0.2.2}}\n"
				 "      publish: {to: /var/lib/nsd/example, server: nsd}\n"
				 "      allowed_suffixes: go.jp\n"
				 "      lint: [{rule: GW1820, use: ignore, reason: why}]\n",
			    1000);
	const struct gw_zones_config *zones = gw_dns_config(config->policy)->zones;
	const struct gw_zone_config *zone = gw_zones_config_find(zones, "example.go.jp.");

	(void)state;
	assert_string_equal(zones->secret, "credential:zones");
	assert_int_equal(zones->n_zones, 1);
	assert_ptr_equal(zone, zones->zones);
	assert_string_equal(zone->name->text, "example.go.jp.");
	assert_string_equal(zone->file, "zones/example");
	assert_int_equal(zone->policy.algorithm, GW_ZONE_ECDSAP256SHA256);
	assert_true(zone->policy.sign && zone->zonemd && !zone->policy.combined);
	assert_int_equal(zone->policy.timing.zsk_life, 90 * 86400);
	assert_int_equal(zone->denial, GW_ZONE_DENIAL_NSEC);
	assert_int_equal(zone->servers[0].n_addresses, 2);
	assert_int_equal(zone->servers[0].addresses[1].port, 5300);
	assert_int_equal(zone->servers[0].addresses[1].family, GW_FAMILY_IPV6);
	assert_true(zone->servers[0].primary && zone->servers[0].transfers);
	assert_int_equal(zone->parents[0].addresses[0].port, 53);
	assert_int_equal(zone->publish.server, GW_ZONE_SERVER_NSD);
	assert_string_equal(zone->suffixes[0]->text, "go.jp.");
	assert_int_equal(zone->n_overrides, 1);
	assert_null(gw_zones_config_find(zones, "example.jp"));
	gw_config_free(config);
}

static void no_section_means_no_zones(void **state)
{
	struct gw_config *config = site_policy(SITE, 1000);

	(void)state;
	assert_int_equal(gw_dns_config(config->policy)->zones->n_zones, 0);
	gw_config_free(config);
}

/* Each row is refused with this diagnostic, and one only. */
static void mistakes_are_named(void **state)
{
	static const struct {
		const char *name, *yaml;
		enum gw_diag_id id;
	} rows[] = {
		{ "name", "zones: {example..jp: {" DUTIES "}}", GW_D_ZONE_NAME },
		{ "twice", "zones: {a.jp: {" DUTIES "}, A.jp.: {" DUTIES "}}", GW_D_ZONE_NAME },
		{ "algorithm", "zones: {a.jp: {" DUTIES ", keys: {algorithm: RSASHA1}}}",
		  GW_D_ZONE_KEY_ALGORITHM },
		{ "times",
		  "zones: {a.jp: {" DUTIES
		  ", signatures: {validity: 10d, refresh: 9d, jitter: 1d}}}",
		  GW_D_ZONE_SIGNATURE_TIMES },
		{ "address", "zones: {a.jp: {" DUTIES ", servers: {x: {addresses: ns1.a.jp}}}}",
		  GW_D_ZONE_SERVERS },
		{ "net", "zones: {a.jp: {" DUTIES ", servers: {x: {addresses: 192.0.2.0/24}}}}",
		  GW_D_ZONE_SERVERS },
		{ "path", "zones: {a.jp: {" DUTIES ", publish: {to: a.zone}}}",
		  GW_D_ZONE_PUBLISH_TO },
		{ "folder", "zones: {a.jp: {" DUTIES ", publish: {to: /etc/}}}",
		  GW_D_ZONE_PUBLISH_TO },
		{ "ttl", "zones: {a.jp: {" DUTIES ", ttl: {min: 2h, max: 1h}}}",
		  GW_D_ZONE_TTL_LIMITS },
		{ "suffix", "zones: {a.jp: {" DUTIES ", allowed_suffixes: [\"go..jp\"]}}",
		  GW_D_ZONE_NAME },
		{ "rule",
		  "zones: {a.jp: {" DUTIES ", lint: [{rule: GW0212, use: error, reason: x}]}}",
		  GW_D_ZONE_RULE_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		gw_auto_text struct gw_text yaml = { 0 };
		struct gw_conf_file file = { .path = "gw.yaml" };
		struct gw_diags diags;
		struct gw_config *config;

		gw_text_printf(&yaml, SITE "dns: {%s}\n", rows[i].yaml);
		file.bytes = yaml.bytes;
		file.len = yaml.len;
		gw_diags_init(&diags);
		config = gw_config_load_files(&file, 1, 1000, &diags);
		if (config->policy || diags.count != 1 || diags.items[0].id != rows[i].id)
			fail_msg("%s: %zu diagnostics, the first %s", rows[i].name, diags.count,
				 diags.count ? diags.items[0].message : "-");
		gw_config_free(config);
		gw_diags_done(&diags);
	}
}

static void refresh_must_outlast_secondaries_and_caches(void **state)
{
	struct gw_config *config =
		site_policy(SITE "dns: {zones: {a.jp: {" DUTIES
				 ", signatures: {validity: 28d, refresh: 8d}}}}\n",
			    1000);
	const struct gw_zone_config *zone = gw_dns_config(config->policy)->zones->zones;
	struct gw_diags diags;

	(void)state;
	gw_diags_init(&diags);
	assert_true(gw_zone_signatures_last(zone, 7 * 86400, 86400, &diags));
	assert_int_equal(diags.count, 0);
	assert_false(gw_zone_signatures_last(zone, 7 * 86400, 86401, &diags));
	assert_int_equal(diags.items[0].id, GW_D_ZONE_SIGNATURE_TIMES);
	assert_false(gw_zone_signatures_last(zone, UINT32_MAX, UINT32_MAX, &diags));
	gw_diags_done(&diags);
	gw_config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zone_is_read_with_its_defaults),
		cmocka_unit_test(no_section_means_no_zones),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(refresh_must_outlast_secondaries_and_caches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
