#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/core/text.h"
#include "gw/policy/analyze.h"
#include "gw/policy/decide.h"
#include "tests/support/compiled_site.h"
#include "tests/support/site_policy.h"

#define NOW INT64_C(1790000000)

static const char zones[] =
	"gw: 1\n"
	"zones:\n"
	"  wan: {interfaces: [wan0], untrusted: true}\n"
	"  hq: {interfaces: [hq0], nets: [10.20.0.0/16, \"2001:db8:20::/48\"]}\n"
	"  dmz: {interfaces: [dmz0], nets: [203.0.113.0/28, \"2001:db8:10::/64\"]}\n"
	"  guest: {interfaces: [guest0], nets: [10.30.0.0/24], ipv6: off}\n";

#define ACCEPT ", action: accept" SITE_DUTIES "}\n"
#define DROP   ", action: drop" SITE_DUTIES "}\n"
#define LOCKED ", action: drop, locked: true" SITE_DUTIES "}\n"
#define POLICY "policies:\n  - "
#define MORE   "  - "
#define UNTIL  ", expires: \"2026-10-01T00:00:00Z\"" SITE_REASONS "}\n"

/* Sites with one warning each, or none (NULL). */
static const struct {
	const char *name, *yaml, *number, *message, *related;
} cases[] = {
	{ "address families that never meet",
	  POLICY
	  "{id: x, from: hq, to: dmz, source: [10.20.0.1], dest: [\"2001:db8:10::1\"]" ACCEPT,
	  "GW0501", "policy `x` matches nothing", NULL },
	{ "a source in another zone",
	  POLICY "{id: x, from: guest, to: dmz, source: [10.20.0.1]" ACCEPT, "GW0502",
	  "none of its sources can be in `from`", NULL },
	{ "a destination in another zone",
	  POLICY "{id: x, from: guest, to: dmz, dest: [10.20.0.1]" ACCEPT, "GW0503",
	  "none of its destinations can be in `to`", NULL },
	{ "a source in one of two zones is enough",
	  POLICY
	  "{id: x, from: [guest, hq], to: dmz, source: [10.20.0.1], services: [tcp/1]" ACCEPT,
	  NULL, NULL, NULL },
	{ "IPv6 where it is off",
	  POLICY "{id: x, from: hq, to: guest, dest: [\"2001:db8:30::1\"]" ACCEPT, "GW0504",
	  "IPv6 only", NULL },
	{ "both ends exist, but in no pair both",
	  POLICY "{id: x, from: any, to: any, source: [203.0.113.1], dest: [203.0.113.2]" ACCEPT,
	  "GW0505", "in no pair of its zones can both source and destination be", NULL },
	{ "the gateway from a source elsewhere",
	  "gateway:\n  - {id: x, from: guest, source: [10.20.0.1], services: [tcp/22]" ACCEPT,
	  "GW0502", "gateway rule `x`", NULL },
	{ "an accept behind one deny",
	  POLICY "{id: x, from: hq, to: dmz, services: [tcp/22]" ACCEPT MORE
		 "{id: y, from: hq, to: dmz" DROP,
	  "GW0507", "policy `x` never decides", "denied by policy `y`" },
	{ "an accept behind two denies together",
	  POLICY "{id: x, from: hq, to: dmz, services: [tcp/22]" ACCEPT MORE
		 "{id: y, from: hq, to: dmz, source: [10.20.0.0/17, \"2001:db8:20::/48\"]" DROP MORE
		 "{id: z, from: hq, to: dmz, source: [10.20.128.0/17]" DROP,
	  "GW0507", "policy `x` never decides", NULL },
	{ "an accept that two denies leave a gap",
	  POLICY "{id: x, from: hq, to: dmz, services: [tcp/22]" ACCEPT MORE
		 "{id: y, from: hq, to: dmz, source: [10.20.0.0/17]" DROP MORE
		 "{id: z, from: hq, to: dmz, source: [10.20.128.0/17]" DROP,
	  NULL, NULL, NULL },
	{ "an accept behind a deny that is in force by day only",
	  POLICY "{id: x, from: hq, to: dmz, services: [tcp/22]" ACCEPT MORE
		 "{id: y, from: hq, to: dmz, hours: {from: \"08:00\", until: \"18:00\"}" DROP,
	  NULL, NULL, NULL },
	{ "an accept by day behind a deny by day",
	  POLICY "{id: x, from: hq, to: dmz, hours: {from: \"09:00\", until: \"17:00\"}" ACCEPT MORE
		 "{id: y, from: hq, to: dmz, hours: {from: \"08:00\", until: \"18:00\"}" DROP,
	  "GW0507", "policy `x` never decides", "denied by policy `y`" },
	{ "shadowed in one of two pairs is not shadowed",
	  POLICY "{id: x, from: hq, to: [dmz, wan], services: [tcp/22]" ACCEPT MORE
		 "{id: y, from: hq, to: dmz" DROP,
	  NULL, NULL, NULL },
	{ "an exception behind a locked deny",
	  POLICY "{id: y, from: hq, to: dmz" LOCKED
		 "exceptions:\n  - {id: x, from: hq, to: dmz, services: [tcp/22]" UNTIL,
	  "GW0507", "exception `x` never decides", "denied by locked policy `y`" },
	{ "an exception from a deny is what exceptions are for",
	  POLICY "{id: y, from: hq, to: dmz" DROP MORE
		 "{id: z, from: hq, to: dmz, services: [tcp/80]" ACCEPT
		 "exceptions:\n  - {id: x, from: hq, to: dmz, services: [tcp/80]" UNTIL,
	  "GW0507", "policy `z` never decides", NULL },
	{ "an exception from a deny where others are let through",
	  POLICY "{id: y, from: hq, to: dmz, source: [10.20.0.5]" DROP MORE
		 "{id: z, from: hq, to: dmz, services: [tcp/80]" ACCEPT
		 "exceptions:\n  - {id: x, from: hq, to: dmz, source: [10.20.0.5], services: "
		 "[tcp/80]" UNTIL,
	  NULL, NULL, NULL },
	{ "an exception for what is open",
	  POLICY "{id: y, from: hq, to: dmz, services: [tcp/1-1000]" ACCEPT
		 "exceptions:\n  - {id: x, from: hq, to: dmz, services: [tcp/80]" UNTIL,
	  "GW0510", "exception `x` opens nothing", "accepted by policy `y`" },
	{ "an exception for what is open by day only",
	  POLICY "{id: y, from: hq, to: dmz, hours: {from: \"08:00\", until: \"18:00\"}" ACCEPT
		 "exceptions:\n  - {id: x, from: hq, to: dmz, services: [tcp/80]" UNTIL,
	  NULL, NULL, NULL },
	{ "a copy",
	  POLICY
	  "{id: x, from: hq, to: dmz, dest: [203.0.113.1, 203.0.113.2], services: [tcp/80]" ACCEPT
		  MORE "{id: a, from: [hq], to: [dmz], dest: [203.0.113.1-203.0.113.2], services: "
	  "[tcp/80]" ACCEPT,
	  "GW0508", "policy `x` says the same as `a`", "`a` is here" },
	{ "a copy of a deny",
	  POLICY "{id: x, from: hq, to: dmz" DROP MORE "{id: a, from: hq, to: dmz" DROP, "GW0508",
	  "policy `x` says the same as `a`", NULL },
	{ "drop and reject are no copies",
	  POLICY "{id: x, from: hq, to: dmz" DROP MORE
		 "{id: a, from: hq, to: dmz, action: reject" SITE_DUTIES "}\n",
	  NULL, NULL, NULL },
	{ "an accept within a wider one",
	  POLICY "{id: x, from: hq, to: dmz, source: [10.20.0.1], services: [tcp/80]" ACCEPT MORE
		 "{id: y, from: hq, to: dmz, services: [tcp/80, tcp/443]" ACCEPT,
	  "GW0509", "policy `x` opens nothing that is not open without it",
	  "accepted by policy `y`" },
	{ "an accept within two others together",
	  POLICY "{id: x, from: hq, to: dmz, services: [tcp/80-90]" ACCEPT MORE
		 "{id: y, from: hq, to: dmz, services: [tcp/70-85]" ACCEPT MORE
		 "{id: z, from: hq, to: dmz, services: [tcp/86-95]" ACCEPT,
	  "GW0509", "policy `x` opens nothing", NULL },
	{ "what a deny leaves is open anyway",
	  POLICY "{id: x, from: hq, to: dmz, services: [tcp/80-90]" ACCEPT MORE
		 "{id: y, from: hq, to: dmz, services: [tcp/80-85]" DROP MORE
		 "{id: z, from: hq, to: dmz, services: [tcp/86-95]" ACCEPT,
	  "GW0509", "policy `x` opens nothing", "accepted by policy `z`" },
	{ "an accept that logs within one that does not",
	  POLICY
	  "{id: x, from: hq, to: dmz, source: [10.20.0.1], services: [tcp/80], log: true" ACCEPT
		  MORE "{id: y, from: hq, to: dmz, services: [tcp/80]" ACCEPT,
	  NULL, NULL, NULL },
	{ "an accept at all times within one by day",
	  POLICY "{id: x, from: hq, to: dmz, source: [10.20.0.1], services: [tcp/80]" ACCEPT MORE
		 "{id: y, from: hq, to: dmz, services: [tcp/80], hours: {from: \"08:00\", until: "
		 "\"18:00\"}" ACCEPT,
	  NULL, NULL, NULL },
	{ "a deny of what is closed anyway documents what is meant",
	  POLICY "{id: x, from: guest, to: hq" DROP, NULL, NULL, NULL },
	{ "everything from an untrusted zone", POLICY "{id: x, from: wan, to: dmz" ACCEPT, "GW0511",
	  "policy `x` opens all of `dmz` to the untrusted zone `wan`", NULL },
	{ "everything from everywhere", POLICY "{id: x, from: any, to: any" ACCEPT, "GW0511",
	  "to the untrusted zone `wan`", NULL },
	{ "everything to an untrusted zone", POLICY "{id: x, from: hq, to: wan" ACCEPT, NULL, NULL,
	  NULL },
	{ "one host for everything",
	  POLICY "{id: x, from: wan, to: dmz, dest: [203.0.113.1]" ACCEPT, NULL, NULL, NULL },
	{ "a port forward that nothing lets through",
	  POLICY "{id: y, from: wan, to: dmz, dest: [203.0.113.1], services: [tcp/443]" ACCEPT
		 "nat:\n  - {id: x, from: wan, dest: [198.51.100.1], services: [tcp/443], dnat: "
		 "203.0.113.1, to_port: 8443}\n",
	  "GW0512", "no policy lets the packets of `x` through to 203.0.113.1 in `dmz`", NULL },
	{ "a port forward that is denied",
	  POLICY
	  "{id: y, from: wan, to: dmz, dest: [203.0.113.1], services: [tcp/443]" ACCEPT MORE
	  "{id: z, from: wan, to: dmz, services: [tcp/443], source: [192.0.2.0/24]" DROP
	  "nat:\n  - {id: x, from: wan, source: [192.0.2.7], dest: [198.51.100.1], services: "
	  "[tcp/443], dnat: 203.0.113.1}\n",
	  "GW0512", "no policy lets the packets of `x` through", NULL },
	{ "a port forward that a policy lets through",
	  POLICY "{id: y, from: wan, to: dmz, dest: [203.0.113.1], services: [tcp/8443]" ACCEPT
		 "nat:\n  - {id: x, from: wan, dest: [198.51.100.1], services: [tcp/443], dnat: "
		 "203.0.113.1, to_port: 8443}\n",
	  NULL, NULL, NULL },
	{ "a host list that nothing names", "hosts: {x: [10.20.0.1]}\n", "GW0513",
	  "nothing uses the hosts `x`", NULL },
	{ "a host list that only another one names", "hosts: {x: [10.20.0.1], y: [x, 10.20.0.2]}\n",
	  "GW0513", "nothing uses the hosts `y`", NULL },
	{ "host lists that are used",
	  "hosts: {x: [10.20.0.1], y: [x, 10.20.0.2], z: [198.51.100.1]}\n" POLICY
	  "{id: p, from: hq, to: wan, source: [y], dest: [z], services: [tcp/1]" ACCEPT,
	  NULL, NULL, NULL },
	{ "a service that nothing names", "services: {x: [tcp/1]}\n", "GW0514",
	  "nothing uses the service `x`", NULL },
	{ "a service that an assertion names",
	  "services: {x: [tcp/1]}\nverify:\n  - never: {from: wan, to: hq, services: [x]}\n", NULL,
	  NULL, NULL },
};

static void fail_case(const char *name, const struct gw_diags *diags)
{
	gw_diags_print(diags, stderr, false);
	fail_msg("%s", name);
}

static void each_useless_or_dangerous_rule_gets_its_warning_and_others_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		gw_auto_text struct gw_text yaml = { 0 };
		struct gw_config *config;
		struct gw_diags diags;

		gw_text_printf(&yaml, "%s%s", zones, cases[i].yaml);
		config = site_policy(yaml.bytes, NOW);
		gw_diags_init(&diags);
		gw_analyze_rules(config->policy, &diags);
		if (diags.errors || diags.count != (cases[i].number ? 1 : 0))
			fail_case(cases[i].name, &diags);
		for (size_t k = 0; k < diags.count; k++) {
			const struct gw_diagnostic *item = &diags.items[k];

			if (!cases[i].number || !cases[i].message ||
			    strcmp(gw_diag_kind(item->id)->number, cases[i].number) != 0 ||
			    !strstr(item->message, cases[i].message))
				fail_case(cases[i].name, &diags);
			if (cases[i].related && (!item->related_text ||
						 strcmp(item->related_text, cases[i].related) != 0))
				fail_case(cases[i].name, &diags);
		}
		gw_diags_done(&diags);
		gw_config_free(config);
	}
}

static void a_rule_about_no_pair_of_zones_is_warned_about(void **state)
{
	struct gw_config *config = site_policy(
		"gw: 1\nzones:\n  hq: {interfaces: [hq0], nets: [10.20.0.0/16]}\n" POLICY
		"{id: x, from: hq, to: any" ACCEPT,
		NOW);
	struct gw_diags diags;

	(void)state;
	gw_diags_init(&diags);
	gw_analyze_rules(config->policy, &diags);
	assert_int_equal(diags.count, 1);
	assert_int_equal(diags.items[0].id, GW_D_RULE_NOWHERE);
	gw_diags_done(&diags);
	gw_config_free(config);
}

/* ---- random sites --------------------------------------------------------------------------- */

#define SITES   300u
#define RULES   24u
#define PACKETS 400u

static bool is_about_use(enum gw_diag_id id)
{
	return id != GW_D_RULE_TOO_WIDE && id != GW_D_HOSTS_UNUSED && id != GW_D_SERVICE_UNUSED;
}

/* The policy without the rules that were called useless. */
static size_t drop_useless(const struct gw_policy *policy, const struct gw_diags *diags,
			   struct gw_rule_def *rules)
{
	size_t n = 0;

	for (size_t i = 0; i < policy->n_rules; i++) {
		bool useless = false;

		for (size_t k = 0; k < diags->count; k++)
			useless =
				useless || (is_about_use(diags->items[k].id) &&
					    diags->items[k].loc.line == policy->rules[i].loc.line);
		if (!useless)
			rules[n++] = policy->rules[i];
	}
	return n;
}

static const struct gw_zone *zone_of(const struct gw_policy *policy, unsigned int zone)
{
	const char *name = random_site_zone(zone);

	return name ? gw_policy_zone(policy, name) : NULL;
}

static void compare_verdicts(const struct gw_policy *policy, const struct gw_policy *fewer,
			     struct random *random)
{
	for (unsigned int i = 0; i < PACKETS; i++) {
		unsigned int from, to;
		struct gw_packet packet = random_packet(random, &from, &to);
		int64_t now = NOW - 3600 * (int64_t)random_below(random, 7 * 24);
		struct gw_decision all =
			gw_decide(policy, zone_of(policy, from), zone_of(policy, to), &packet, now);
		struct gw_decision some =
			gw_decide(fewer, zone_of(policy, from), zone_of(policy, to), &packet, now);

		if (all.action != some.action)
			fail_msg("without the rules called useless, what `%s` decided changes",
				 all.rule ? all.rule->id : "no rule");
	}
}

static void without_all_rules_called_useless_every_verdict_is_the_same(void **state)
{
	struct random random = { 21 };
	size_t dropped = 0;

	(void)state;
	for (unsigned int site = 0; site < SITES; site++) {
		gw_auto_text struct gw_text yaml = { 0 };
		gw_auto_free struct gw_rule_def *rules = gw_zalloc(RULES, sizeof(*rules));
		uint64_t seeds[RULES];
		struct gw_config *config;
		struct gw_policy fewer;
		struct gw_diags diags;

		for (unsigned int i = 0; i < RULES; i++)
			seeds[i] = random_u64(&random);
		random_site(&yaml, seeds, RULES, NOW);
		config = site_policy(yaml.bytes, NOW);
		gw_diags_init(&diags);
		diags.limit = 1000;
		gw_analyze_rules(config->policy, &diags);
		fewer = *config->policy;
		fewer.rules = rules;
		fewer.n_rules = drop_useless(config->policy, &diags, rules);
		dropped += config->policy->n_rules - fewer.n_rules;
		compare_verdicts(config->policy, &fewer, &random);
		gw_diags_done(&diags);
		gw_config_free(config);
	}
	assert_true(dropped > SITES);
}

/* Enough rules in one pair of zones for the index of candidates to be at work. */
static void rules_by_the_hundred_are_judged_like_few(void **state)
{
	enum { N = 400 };
	gw_auto_text struct gw_text yaml = { 0 };
	struct gw_config *config;
	struct gw_diags diags;

	(void)state;
	gw_text_printf(&yaml, "%spolicies:\n", zones);
	for (unsigned int i = 0; i < N; i++)
		gw_text_printf(&yaml,
			       "  - {id: p-%03u, from: hq, to: dmz, source: [10.20.%u.0/24], "
			       "services: [tcp/%u]" ACCEPT,
			       i, i % 200, i < 200 ? 1000 + i : 800 + i);
	gw_text_puts(&yaml, "  - {id: wide, from: hq, to: dmz, source: [10.20.0.0/18], services: "
			    "[tcp/1000-1031]" ACCEPT);
	config = site_policy(yaml.bytes, NOW);
	gw_diags_init(&diags);
	diags.limit = 1000;
	gw_analyze_rules(config->policy, &diags);
	/* p-200 to p-399 repeat p-000 to p-199, of which 32 are within `wide`. */
	assert_int_equal(diags.count, 200 + 32);
	for (size_t i = 0; i < diags.count; i++)
		assert_int_equal(diags.items[i].id,
				 i < 32 ? GW_D_RULE_REDUNDANT : GW_D_RULE_DUPLICATE);
	gw_diags_done(&diags);
	gw_config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_useless_or_dangerous_rule_gets_its_warning_and_others_none),
		cmocka_unit_test(a_rule_about_no_pair_of_zones_is_warned_about),
		cmocka_unit_test(without_all_rules_called_useless_every_verdict_is_the_same),
		cmocka_unit_test(rules_by_the_hundred_are_judged_like_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
