#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/policy/decide.h"
#include "tests/support/site_policy.h"

#define NOW INT64_C(1795430000) /* 2026-11-23, a Monday, 10:33:20 UTC */
#define DAY INT64_C(86400)

static const char site[] =
	"gw: 1\n"
	"zones:\n"
	"  wan: {interfaces: [wan0], untrusted: true}\n"
	"  hq: {interfaces: [hq0], nets: [10.20.0.0/16, \"2001:db8:20::/48\"]}\n"
	"  dmz: {interfaces: [dmz0], nets: [203.0.113.0/28, \"2001:db8:10::/64\"]}\n"
	"  guest: {interfaces: [guest0], nets: [10.30.0.0/24], ipv6: off}\n"
	"between: {default: reject}\n"
	"policies:\n"
	"  - {id: web, from: wan, to: dmz, dest: [203.0.113.5], services: [tcp/80, tcp/443], "
	"action: accept" SITE_DUTIES "}\n"
	"  - {id: no-443, from: wan, to: dmz, services: [tcp/443], action: drop" SITE_DUTIES "}\n"
	"  - {id: b-reject, from: hq, to: dmz, services: [tcp/25], action: reject" SITE_DUTIES "}\n"
	"  - {id: a-drop, from: hq, to: dmz, services: [tcp/25-26], action: drop" SITE_DUTIES "}\n"
	"  - {id: bad-net, from: wan, to: any, source: [192.0.2.0/24], action: drop, locked: "
	"true" SITE_DUTIES "}\n"
	"  - {id: hours, from: hq, to: wan, action: accept, hours: {days: [mon], from: \"10:00\", "
	"until: \"11:00\"}" SITE_DUTIES "}\n"
	"  - {id: inside, from: hq, to: hq, services: [tcp/1], action: accept" SITE_DUTIES "}\n"
	"  - {id: wide, from: any, to: any, services: [tcp/2], action: accept" SITE_DUTIES "}\n"
	"exceptions:\n"
	"  - {id: exc, from: wan, to: dmz, source: [198.51.100.7, 192.0.2.7], services: [tcp/443], "
	"expires: \"2026-11-24T00:00:00Z\"" SITE_REASONS "}\n"
	"gateway:\n"
	"  - {id: gw-ssh, from: hq, services: [tcp/22], action: accept" SITE_DUTIES "}\n"
	"nat:\n"
	"  - {id: out, from: [hq, guest], to: wan, masquerade: true, family: ipv4}\n"
	"  - {id: forward, from: wan, dest: [198.51.100.1], services: [tcp/8443], dnat: "
	"203.0.113.5, to_port: 443, hairpin: true}\n";

struct fixture {
	struct gw_config *config;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture.config = site_policy(site, NOW);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	gw_config_free(((struct fixture *)*state)->config);
	return 0;
}

static void rules_decide_by_tier_and_then_by_id(void **state)
{
	static const struct {
		const char *from, *to, *packet;
		enum gw_action action;
		enum gw_verdict_cause cause;
		const char *rule;
		int64_t later; /* than NOW */
	} cases[] = {
		{ "wan", "dmz", "198.51.100.9 203.0.113.5 tcp/80", GW_ACTION_ACCEPT, GW_CAUSE_RULE,
		  "web", 0 },
		{ "wan", "dmz", "198.51.100.9 203.0.113.6 tcp/80", GW_ACTION_REJECT,
		  GW_CAUSE_BETWEEN, NULL, 0 },
		{ "wan", "dmz", "198.51.100.9 203.0.113.5 tcp/81", GW_ACTION_REJECT,
		  GW_CAUSE_BETWEEN, NULL, 0 },
		/* a deny beats an accept, a live exception the deny, a locked deny the exception */
		{ "wan", "dmz", "198.51.100.9 203.0.113.5 tcp/443", GW_ACTION_DROP, GW_CAUSE_RULE,
		  "no-443", 0 },
		{ "wan", "dmz", "198.51.100.7 203.0.113.5 tcp/443", GW_ACTION_ACCEPT, GW_CAUSE_RULE,
		  "exc", 0 },
		{ "wan", "dmz", "192.0.2.7 203.0.113.5 tcp/443", GW_ACTION_DROP, GW_CAUSE_RULE,
		  "bad-net", 0 },
		/* the exception ends at 2026-11-24T00:00:00Z, and not a second later */
		{ "wan", "dmz", "198.51.100.7 203.0.113.5 tcp/443", GW_ACTION_ACCEPT, GW_CAUSE_RULE,
		  "exc", 1795478399 - NOW },
		{ "wan", "dmz", "198.51.100.7 203.0.113.5 tcp/443", GW_ACTION_DROP, GW_CAUSE_RULE,
		  "no-443", 1795478400 - NOW },
		/* of two denies the first id decides, also between drop and reject */
		{ "hq", "dmz", "10.20.0.1 203.0.113.1 tcp/25", GW_ACTION_DROP, GW_CAUSE_RULE,
		  "a-drop", 0 },
		/* windows: Monday 10:00 to 11:00 */
		{ "hq", "wan", "10.20.0.1 198.51.100.9 udp/53", GW_ACTION_ACCEPT, GW_CAUSE_RULE,
		  "hours", 0 },
		{ "hq", "wan", "10.20.0.1 198.51.100.9 udp/53", GW_ACTION_ACCEPT, GW_CAUSE_RULE,
		  "hours", 1795431599 - NOW },
		{ "hq", "wan", "10.20.0.1 198.51.100.9 udp/53", GW_ACTION_REJECT, GW_CAUSE_BETWEEN,
		  NULL, 1795431600 - NOW },
		{ "hq", "wan", "10.20.0.1 198.51.100.9 udp/53", GW_ACTION_REJECT, GW_CAUSE_BETWEEN,
		  NULL, 86400 },
		{ "hq", "wan", "10.20.0.1 198.51.100.9 udp/53", GW_ACTION_ACCEPT, GW_CAUSE_RULE,
		  "hours", 7 * DAY },
		/* a zone with itself only where both sides name it */
		{ "hq", "hq", "10.20.0.1 10.20.0.2 tcp/1", GW_ACTION_ACCEPT, GW_CAUSE_RULE,
		  "inside", 0 },
		{ "hq", "hq", "10.20.0.1 10.20.0.2 tcp/2", GW_ACTION_REJECT, GW_CAUSE_BETWEEN, NULL,
		  0 },
		{ "hq", "dmz", "10.20.0.1 203.0.113.2 tcp/2", GW_ACTION_ACCEPT, GW_CAUSE_RULE,
		  "wide", 0 },
		/* both families */
		{ "hq", "dmz", "2001:db8:20::1 2001:db8:10::1 tcp/2", GW_ACTION_ACCEPT,
		  GW_CAUSE_RULE, "wide", 0 },
		/* what no rule is asked about */
		{ "hq", "dmz", "10.30.0.1 203.0.113.2 tcp/2", GW_ACTION_DROP, GW_CAUSE_SPOOF, NULL,
		  0 },
		{ "wan", "dmz", "10.20.0.1 203.0.113.2 tcp/2", GW_ACTION_DROP, GW_CAUSE_SPOOF, NULL,
		  0 },
		{ "hq", "dmz", "10.20.0.1 10.30.0.1 tcp/2", GW_ACTION_DROP, GW_CAUSE_MISROUTED,
		  NULL, 0 },
		{ "guest", "wan", "2001:db8:30::1 2001:db8:ff::1 tcp/2", GW_ACTION_DROP,
		  GW_CAUSE_IPV6_OFF, NULL, 0 },
		{ "hq", "guest", "2001:db8:20::1 2001:db8:ff::1 tcp/2", GW_ACTION_DROP,
		  GW_CAUSE_IPV6_OFF, NULL, 0 },
		/* the gateway: dropped unless accepted, whatever between.default says */
		{ "hq", "gateway", "10.20.0.1 10.20.0.254 tcp/22", GW_ACTION_ACCEPT, GW_CAUSE_RULE,
		  "gw-ssh", 0 },
		{ "hq", "gateway", "10.20.0.1 198.51.100.1 tcp/22", GW_ACTION_ACCEPT, GW_CAUSE_RULE,
		  "gw-ssh", 0 },
		{ "hq", "gateway", "10.20.0.1 10.20.0.254 tcp/2", GW_ACTION_DROP, GW_CAUSE_BETWEEN,
		  NULL, 0 },
		{ "wan", "gateway", "198.51.100.9 198.51.100.1 tcp/22", GW_ACTION_DROP,
		  GW_CAUSE_BETWEEN, NULL, 0 },
		{ "guest", "gateway", "10.20.0.1 10.30.0.254 tcp/22", GW_ACTION_DROP,
		  GW_CAUSE_SPOOF, NULL, 0 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_packet packet = site_packet(cases[i].packet);
		struct gw_decision decision =
			gw_decide(f->config->policy, site_zone(f->config, cases[i].from),
				  site_zone(f->config, cases[i].to), &packet, NOW + cases[i].later);

		if (decision.action != cases[i].action || decision.cause != cases[i].cause ||
		    strcmp(decision.rule ? decision.rule->id : "",
			   cases[i].rule ? cases[i].rule : "") != 0)
			fail_msg("%s to %s, %s: action %d, cause %d, rule %s", cases[i].from,
				 cases[i].to, cases[i].packet, (int)decision.action,
				 (int)decision.cause, decision.rule ? decision.rule->id : "-");
		assert_non_null(decision.loc.source);
	}
}

static void the_nearest_rule_misses_in_as_few_respects_as_possible(void **state)
{
	static const struct {
		const char *from, *to, *packet, *rule;
	} cases[] = {
		{ "wan", "dmz", "198.51.100.9 203.0.113.6 tcp/80", "web" },
		{ "wan", "dmz", "198.51.100.8 203.0.113.6 tcp/443", "exc" },
		{ "guest", "hq", "10.30.0.1 10.20.0.1 tcp/9", "wide" },
		{ "hq", "gateway", "10.20.0.1 10.20.0.254 tcp/23", "gw-ssh" },
		{ "wan", "gateway", "198.51.100.9 198.51.100.1 tcp/22", NULL },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_packet packet = site_packet(cases[i].packet);
		const struct gw_rule_def *rule =
			gw_decide_nearest(f->config->policy, site_zone(f->config, cases[i].from),
					  site_zone(f->config, cases[i].to), &packet, NOW);

		assert_string_equal(rule ? rule->id : "-", cases[i].rule ? cases[i].rule : "-");
	}
}

static void translations_are_found_by_zone_address_and_family(void **state)
{
	struct fixture *f = *state;
	const struct gw_policy *policy = f->config->policy;
	const struct gw_zone *wan = site_zone(f->config, "wan"), *hq = site_zone(f->config, "hq");
	const struct gw_zone *dmz = site_zone(f->config, "dmz");
	struct gw_packet out4 = site_packet("10.20.0.1 198.51.100.9 tcp/80");
	struct gw_packet out6 = site_packet("2001:db8:20::1 2001:db8:ff::1 tcp/80");
	struct gw_packet in = site_packet("198.51.100.9 198.51.100.1 tcp/8443");
	struct gw_packet other = site_packet("198.51.100.9 198.51.100.1 tcp/8444");

	assert_string_equal(gw_decide_snat(policy, hq, wan, &out4)->id, "out");
	assert_null(gw_decide_snat(policy, hq, wan, &out6));
	assert_null(gw_decide_snat(policy, hq, dmz, &out4));
	assert_null(gw_decide_snat(policy, wan, hq, &out4));
	assert_string_equal(gw_decide_dnat(policy, wan, &in)->id, "forward");
	assert_null(gw_decide_dnat(policy, wan, &other));
	assert_null(gw_decide_dnat(policy, hq, &in));
	/* hairpin: also from the zone where the server stands */
	assert_string_equal(gw_decide_dnat(policy, dmz, &in)->id, "forward");
}

static void an_address_belongs_to_the_zone_that_declares_it(void **state)
{
	struct fixture *f = *state;
	const struct gw_policy *policy = f->config->policy;

	assert_ptr_equal(gw_zone_of_address(policy, GW_FAMILY_IPV4, 0x0a140001),
			 site_zone(f->config, "hq"));
	assert_ptr_equal(gw_zone_of_address(policy, GW_FAMILY_IPV4, 0xc6336401),
			 site_zone(f->config, "wan"));
	assert_null(gw_zone_of_address(policy, GW_FAMILY_IPV4, 0x7f000001));
}

static void a_window_is_open_from_its_first_to_its_last_second(void **state)
{
	static const struct gw_window_part parts[] = { { 0, 0, 0 }, { 6, 86399, 86399 } };
	static const struct gw_window window = { .parts = parts, .n_parts = 2 };
	const int64_t sunday = 3 * DAY; /* 1970-01-04 */

	(void)state;
	assert_true(gw_window_open(NULL, 0));
	assert_true(gw_window_open(&window, sunday));
	assert_false(gw_window_open(&window, sunday + 1));
	assert_true(gw_window_open(&window, sunday - 1));
	assert_false(gw_window_open(&window, sunday - 2));
	assert_true(gw_window_open(&window, sunday + 7 * DAY));
	/* before 1970 the same week goes on backwards */
	assert_true(gw_window_open(&window, sunday - 7 * DAY));
	assert_true(gw_window_open(&window, sunday - 7 * DAY - 1));
	assert_false(gw_window_open(&window, sunday - 7 * DAY + 1));
}

#define WITH_SITE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SITE(rules_decide_by_tier_and_then_by_id),
		WITH_SITE(the_nearest_rule_misses_in_as_few_respects_as_possible),
		WITH_SITE(translations_are_found_by_zone_address_and_family),
		WITH_SITE(an_address_belongs_to_the_zone_that_declares_it),
		cmocka_unit_test(a_window_is_open_from_its_first_to_its_last_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
