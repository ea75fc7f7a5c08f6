#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/core/text.h"
#include "gw/policy/analyze.h"
#include "tests/support/site_policy.h"

#define NOW INT64_C(1790000000) /* 2026-09-21, a Monday */

static const char zones[] =
	"gw: 1\n"
	"zones:\n"
	"  wan: {interfaces: [wan0], untrusted: true}\n"
	"  hq: {interfaces: [hq0], nets: [10.20.0.0/16, \"2001:db8:20::/48\"]}\n"
	"  dmz: {interfaces: [dmz0], nets: [203.0.113.0/28]}\n"
	"  guest: {interfaces: [guest0], nets: [10.30.0.0/24], ipv6: off}\n";

#define ACCEPT  ", action: accept" SITE_DUTIES "}\n"
#define DROP    ", action: drop" SITE_DUTIES "}\n"
#define LOCKED  ", action: drop, locked: true" SITE_DUTIES "}\n"
#define POLICY  "policies:\n  - "
#define MORE    "  - "
#define UNTIL   ", expires: \"2026-10-01T00:00:00Z\"" SITE_REASONS "}\n"
#define EXPIRED ", expires: \"2026-09-01T00:00:00Z\"" SITE_REASONS "}\n"
#define NEVER   "verify:\n  - never: "
#define ALWAYS  "verify:\n  - always: "
#define DAY     ", hours: {from: \"08:00\", until: \"18:00\"}"
#define NIGHT   ", hours: {from: \"18:00\", until: \"08:00\"}"

/* Sites with one assertion that holds (message NULL) or does not. */
static const struct {
	const char *name, *yaml, *message, *related;
} cases[] = {
	{ "nothing is open", NEVER "{from: guest, to: hq}\n", NULL, NULL },
	{ "one port is open",
	  POLICY "{id: p, from: guest, to: hq, dest: [10.20.0.5], services: [tcp/443]" ACCEPT NEVER
		 "{from: guest, to: [hq, dmz]}\n",
	  "10.30.0.0 -> 10.20.0.5 tcp/443 passes from `guest` to `hq`",
	  "let through by policy `p`" },
	{ "what is open is not what is meant",
	  POLICY "{id: p, from: guest, to: hq, dest: [10.20.0.5], services: [tcp/443]" ACCEPT NEVER
		 "{from: guest, to: hq, services: [tcp/1-442, tcp/444-65535]}\n",
	  NULL, NULL },
	{ "open, but denied",
	  POLICY "{id: p, from: guest, to: hq, services: [tcp/443]" ACCEPT MORE
		 "{id: d, from: any, to: hq, services: [tcp]" DROP NEVER "{from: guest, to: hq}\n",
	  NULL, NULL },
	{ "denied but for a gap",
	  POLICY "{id: p, from: guest, to: hq, services: [tcp/443]" ACCEPT MORE
		 "{id: d, from: any, to: hq, source: [10.30.0.0-10.30.0.254]" DROP NEVER
		 "{from: guest, to: hq}\n",
	  "10.30.0.255 -> 10.20.0.0 tcp/443 passes", NULL },
	{ "IPv6 counts",
	  POLICY "{id: p, from: hq, to: wan, dest: [\"2001:db8:ff::1\"], services: "
		 "[icmpv6/echo-request]" ACCEPT NEVER "{from: hq, to: wan}\n",
	  "2001:db8:20:: -> 2001:db8:ff::1 icmpv6/echo-request passes", NULL },
	{ "a live exception counts",
	  "exceptions:\n  - {id: e, from: guest, to: hq, services: [gre]" UNTIL NEVER
	  "{from: guest, to: hq}\n",
	  "10.30.0.0 -> 10.20.0.0 gre passes", "let through by exception `e`" },
	{ "an expired exception does not",
	  "exceptions:\n  - {id: e, from: guest, to: hq, services: [gre]" EXPIRED NEVER
	  "{from: guest, to: hq}\n",
	  NULL, NULL },
	{ "locked denies beat exceptions",
	  POLICY "{id: d, from: guest, to: hq" LOCKED
		 "exceptions:\n  - {id: e, from: guest, to: hq, services: [gre]" UNTIL NEVER
		 "{from: guest, to: hq}\n",
	  NULL, NULL },
	{ "open at night only",
	  POLICY "{id: p, from: guest, to: hq, services: [tcp/22]" NIGHT ACCEPT NEVER
		 "{from: guest, to: hq}\n",
	  "passes from `guest` to `hq` on ", NULL },
	{ "open by day, denied by day",
	  POLICY "{id: p, from: guest, to: hq, services: [tcp/22]" DAY ACCEPT MORE
		 "{id: d, from: guest, to: hq" DAY DROP NEVER "{from: guest, to: hq}\n",
	  NULL, NULL },
	{ "open by day, denied at night",
	  POLICY "{id: p, from: guest, to: hq, services: [tcp/22]" DAY ACCEPT MORE
		 "{id: d, from: guest, to: hq" NIGHT DROP NEVER "{from: guest, to: hq}\n",
	  "passes from `guest` to `hq` on Sun 08:00 UTC", NULL },
	{ "open always, denied by day and at night",
	  POLICY "{id: p, from: guest, to: hq, services: [tcp/22]" ACCEPT MORE
		 "{id: d, from: guest, to: hq" DAY DROP MORE
		 "{id: e, from: guest, to: hq" NIGHT DROP NEVER "{from: guest, to: hq}\n",
	  NULL, NULL },
	{ "the gateway is open",
	  "gateway:\n  - {id: g, from: any, services: [tcp/22]" ACCEPT NEVER
	  "{from: [guest, wan], to: gateway, services: [tcp/1-100]}\n",
	  "tcp/22 passes from `guest` to `gateway`", "let through by gateway rule `g`" },
	{ "a zone with itself is not meant by any",
	  POLICY "{id: p, from: hq, to: hq" ACCEPT NEVER "{from: any, to: any}\n", NULL, NULL },
	{ "all is open",
	  POLICY "{id: p, from: hq, to: dmz, services: [tcp/1-100]" ACCEPT ALWAYS
		 "{from: hq, to: dmz, services: [tcp/22]}\n",
	  NULL, NULL },
	{ "all is open together",
	  POLICY
	  "{id: p, from: hq, to: dmz, source: [10.20.0.0/17]" ACCEPT MORE
	  "{id: q, from: hq, to: dmz, source: [10.20.64.0-10.20.255.255], services: [tcp]" ACCEPT
		  ALWAYS "{from: hq, to: dmz, services: [tcp/22]}\n",
	  NULL, NULL },
	{ "a part is not open",
	  POLICY "{id: p, from: hq, to: dmz, source: [10.20.0.0/17]" ACCEPT ALWAYS
		 "{from: hq, to: dmz, services: [tcp/22]}\n",
	  "10.20.128.0 -> 203.0.113.0 tcp/22 does not pass from `hq` to `dmz`",
	  "no policy accepts it, so `between.default` decides" },
	{ "a part is denied",
	  POLICY "{id: p, from: hq, to: dmz" ACCEPT MORE
		 "{id: d, from: hq, to: dmz, dest: [203.0.113.9]" DROP MORE
		 "{id: c, from: any, to: dmz, dest: [203.0.113.9], services: [tcp/22]" LOCKED ALWAYS
		 "{from: hq, to: dmz, services: [tcp/22]}\n",
	  "10.20.0.0 -> 203.0.113.9 tcp/22 does not pass", "denied by policy `c`" },
	{ "IPv6 must be open too",
	  POLICY "{id: p, from: hq, to: wan, source: [10.20.0.0/16]" ACCEPT ALWAYS
		 "{from: hq, to: wan, services: [tcp/443]}\n",
	  "2001:db8:20:: -> ", NULL },
	{ "open by day and at night",
	  POLICY "{id: p, from: hq, to: dmz" DAY ACCEPT MORE
		 "{id: q, from: hq, to: dmz" NIGHT ACCEPT ALWAYS "{from: hq, to: dmz}\n",
	  NULL, NULL },
	{ "open by day only",
	  POLICY "{id: p, from: hq, to: dmz" DAY ACCEPT ALWAYS "{from: hq, to: dmz}\n",
	  "does not pass from `hq` to `dmz` on Sun 00:00 UTC", NULL },
	{ "open thanks to an exception, which ends",
	  "exceptions:\n  - {id: e, from: hq, to: dmz" UNTIL ALWAYS "{from: hq, to: dmz}\n",
	  "does not pass", NULL },
	{ "the gateway must be open",
	  "gateway:\n  - {id: g, from: hq, services: [tcp/22]" ACCEPT ALWAYS
	  "{from: hq, to: gateway, services: [tcp/22]}\n",
	  NULL, NULL },
	{ "the gateway is not open", ALWAYS "{from: hq, to: gateway, services: [tcp/22]}\n",
	  "10.20.0.0 -> 0.0.0.0 tcp/22 does not pass from `hq` to `gateway`", NULL },
};

static void fail_case(const char *name, const struct gw_diags *diags)
{
	gw_diags_print(diags, stderr, false);
	fail_msg("%s", name);
}

static void assertions_hold_or_are_refuted_by_a_packet(void **state)
{
	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		gw_auto_text struct gw_text yaml = { 0 };
		struct gw_config *config;
		struct gw_diags diags;
		size_t failed;

		gw_text_printf(&yaml, "%s%s", zones, cases[i].yaml);
		config = site_policy(yaml.bytes, NOW);
		gw_diags_init(&diags);
		failed = gw_analyze_assertions(config->policy, NOW, &diags);
		if (failed != (cases[i].message ? 1 : 0) || diags.errors != failed ||
		    diags.count != failed)
			fail_case(cases[i].name, &diags);
		for (size_t k = 0; k < diags.count; k++) {
			const struct gw_diagnostic *item = &diags.items[k];

			if (!cases[i].message || !strstr(item->message, cases[i].message))
				fail_case(cases[i].name, &diags);
			if (cases[i].related && (!item->related_text ||
						 strcmp(item->related_text, cases[i].related) != 0))
				fail_case(cases[i].name, &diags);
		}
		gw_diags_done(&diags);
		gw_config_free(config);
	}
}

static void an_assertion_about_no_packet_is_warned_about(void **state)
{
	static const char *const assertions[] = {
		NEVER "{from: guest, to: hq, dest: [10.99.0.1]}\n",
		ALWAYS "{from: guest, to: hq, source: [10.20.0.1]}\n",
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(assertions); i++) {
		gw_auto_text struct gw_text yaml = { 0 };
		struct gw_config *config;
		struct gw_diags diags;

		gw_text_printf(&yaml, "%s%s", zones, assertions[i]);
		config = site_policy(yaml.bytes, NOW);
		gw_diags_init(&diags);
		assert_int_equal(gw_analyze_assertions(config->policy, NOW, &diags), 0);
		assert_int_equal(diags.count, 1);
		assert_int_equal(diags.items[0].id, GW_D_ASSERTION_EMPTY);
		gw_diags_done(&diags);
		gw_config_free(config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(assertions_hold_or_are_refuted_by_a_packet),
		cmocka_unit_test(an_assertion_about_no_packet_is_warned_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
