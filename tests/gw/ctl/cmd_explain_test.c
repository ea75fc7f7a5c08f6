/* Flows: how they are written, and what is said about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "tests/support/gwctl.h"

#define DUTIES "owner: o, ticket: t, review: 2099-12-31}\n"

/* Line numbers count: assertions below name them. */
static const char site_text[] =
	"gw: 1\n"
	"site: {name: t}\n"
	"zones:\n"
	"  wan: {interfaces: [wan0], untrusted: true}\n"
	"  dmz: {interfaces: [dmz0], nets: [203.0.113.0/28, \"2001:db8:10::/64\"]}\n"
	"  hq: {interfaces: [hq0], nets: [10.20.0.0/16, \"2001:db8:20::/48\"]}\n"
	"  guest: {interfaces: [guest0], nets: [10.30.0.0/24], ipv6: off}\n"
	"services: {web: [tcp/80, tcp/443], ping: [icmpv6/echo-request]}\n"
	"between: {default: drop}\n"
	"policies:\n"
	"  - {id: web-in, from: wan, to: dmz, dest: [203.0.113.5, \"2001:db8:10::5\"],\n"
	"     services: [web], action: accept, " DUTIES /* 12 */
	"  - {id: office, from: hq, to: wan, services: [tcp/443], action: accept,\n"
	"     hours: {days: [mon, tue, wed, thu, fri], from: \"09:00\", until: \"17:00\"}, " DUTIES
	"  - {id: no-mail, from: hq, to: wan, services: [tcp/25], action: reject, " DUTIES /* 15 */
	"  - {id: bad, from: wan, to: dmz, source: [192.0.2.66], action: drop, locked: "
	"true, " DUTIES "exceptions:\n"
	"  - {id: vendor, from: wan, to: dmz, source: [198.51.100.7], dest: [203.0.113.9],\n"
	"     services: [tcp/22], expires: 2027-06-01T00:00Z, reason: r, requested_by: a,\n"
	"     approved_by: [b], ticket: t}\n"
	"nat:\n"
	"  - {id: shop, from: wan, dest: [198.51.100.1], services: [tcp/8080], dnat: 203.0.113.5,\n"
	"     to_port: 80}\n"
	"  - {id: out, from: hq, to: wan, snat: 198.51.100.1}\n"
	"gateway:\n"
	"  - {id: ssh, from: hq, services: [tcp/22], action: accept, " DUTIES;

static int setup(void **ret)
{
	struct gwctl_site *site = gw_zalloc(1, sizeof(*site));

	gwctl_site_make(site);
	gwctl_site_write(site, "config/gw.yaml", site_text);
	*ret = site;
	return 0;
}

static int teardown(void **ret)
{
	gwctl_site_done(*ret);
	gw_free(*ret);
	return 0;
}

/* The flow as one argument, which gwctl takes as well as several. */
static void explain(struct gwctl_site *site, const char *flow, const char *at)
{
	if (at)
		gwctl(site, "explain", flow, "--at", at);
	else
		gwctl(site, "explain", flow);
}

static void the_first_line_names_verdict_and_deciding_line(void **ret)
{
	static const struct {
		const char *flow, *at, *line;
	} rows[] = {
		{ "wan 198.51.100.9 -> 203.0.113.5 tcp/80", NULL,
		  "ACCEPT by web-in, gw.yaml:11\n" },
		{ "wan 2001:db8:ff::1 -> 2001:db8:10::5 tcp/443", NULL,
		  "ACCEPT by web-in, gw.yaml:11\n" },
		/* Precedence: locked drop, exception, drop, accept. */
		{ "wan 192.0.2.66 -> 203.0.113.5 tcp/80", NULL, "DROP by bad, gw.yaml:16\n" },
		{ "wan 198.51.100.7 -> 203.0.113.9 tcp/22", "2027-05-31T23:59Z",
		  "ACCEPT by vendor, gw.yaml:18\n" },
		{ "wan 198.51.100.7 -> 203.0.113.9 tcp/22", "2027-06-01T00:00Z",
		  "DROP by between.default, gw.yaml:9; nearest: vendor, gw.yaml:18 (differs in: "
		  "expired)\n" },
		{ "wan 198.51.100.9 -> 203.0.113.9 tcp/22", "2027-05-01T00:00Z",
		  "DROP by between.default, gw.yaml:9; nearest: vendor, gw.yaml:18 (differs in: "
		  "source)\n" },
		{ "10.20.0.1 -> 198.51.100.9 tcp/25", NULL, "REJECT by no-mail, gw.yaml:15\n" },
		/* Monday 2026-11-23: hours are UTC where the site says nothing. */
		{ "10.20.0.1 to 198.51.100.9 tcp/443", "2026-11-23T09:00Z",
		  "ACCEPT by office, gw.yaml:13\n" },
		{ "10.20.0.1 to 198.51.100.9 tcp/443", "2026-11-23T17:30+09:00",
		  "DROP by between.default, gw.yaml:9; nearest: office, gw.yaml:13 (differs in: "
		  "hours)\n" },
		/* To the gateway. */
		{ "10.20.0.1 -> gateway tcp/22", NULL, "ACCEPT by ssh, gw.yaml:26\n" },
		{ "wan 198.51.100.9 → gateway tcp/22", NULL, "DROP by gateway.default, " },
		/* Before any policy. */
		{ "wan 10.20.0.1 -> 203.0.113.5 tcp/80", NULL, "DROP by spoof, " },
		{ "hq 10.20.0.1 -> wan 203.0.113.5 tcp/443", NULL, "DROP by misrouted, " },
		{ "wan 2001:db8:ff::1 -> guest 2001:db8:30::1 tcp/80", NULL, "DROP by ipv6-off, " },
	};
	struct gwctl_site *site = *ret;

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		explain(site, rows[i].flow, rows[i].at);
		if (site->status != 0 ||
		    strncmp(site->out, rows[i].line, strlen(rows[i].line)) != 0)
			fail_msg("%s: status %d: %s%s", rows[i].flow, site->status, site->out,
				 site->err);
	}
}

static void a_port_forward_is_followed_and_said(void **ret)
{
	struct gwctl_site *site = *ret;
	const json_t *judged;

	explain(site, "198.51.100.9 -> 198.51.100.1 tcp/8080", NULL);
	assert_int_equal(site->status, 0);
	assert_non_null(strstr(site->out, "ACCEPT by web-in, gw.yaml:11\n"));
	assert_non_null(strstr(site->out, "port forward shop (gw.yaml:22): judged as "
					  "198.51.100.9 -> 203.0.113.5 tcp/80"));
	gwctl(site, "--json", "explain", "198.51.100.9", "to", "198.51.100.1", "tcp/8080");
	assert_int_equal(site->status, 0);
	judged = json_object_get(site->json, "judged_as");
	assert_string_equal(json_string_value(json_object_get(judged, "destination")),
			    "203.0.113.5");
	assert_string_equal(json_string_value(json_object_get(judged, "service")), "tcp/80");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(site->json, "dnat"), "id")),
		"shop");
	assert_string_equal(json_string_value(json_object_get(json_object_get(site->json, "packet"),
							      "service")),
			    "tcp/8080");
}

static void a_source_translation_is_said(void **ret)
{
	struct gwctl_site *site = *ret;

	explain(site, "10.20.0.1 -> 198.51.100.9 tcp/443", "2026-11-23T10:00Z");
	assert_non_null(strstr(site->out, "leaves as 198.51.100.1: out (gw.yaml:24)"));
}

static void words_of_a_flow_may_be_one_argument_or_several(void **ret)
{
	struct gwctl_site *site = *ret;
	gw_auto_free char *one = NULL;

	explain(site, "wan 198.51.100.9 -> dmz 203.0.113.5 web", NULL);
	assert_int_equal(site->status, 0);
	one = gw_strdup(site->out);
	gwctl(site, "explain", "wan", "198.51.100.9", "->", "dmz", "203.0.113.5", "web");
	assert_int_equal(site->status, 0);
	assert_string_equal(site->out, one);
}

static void flows_that_make_no_sense_are_usage_errors(void **ret)
{
	static const struct {
		const char *flow, *says;
	} rows[] = {
		{ "198.51.100.9", "a flow is" },
		{ "-> 203.0.113.5 tcp/80", "a flow is" },
		{ "wan 198.51.100.9 -> 203.0.113.5", "a flow is" },
		{ "a b c -> 203.0.113.5 tcp/80", "a flow is" },
		{ "1 2 3 4 5 6 7 8 9", "a flow is" },
		{ "wan 198.51.100.9 -", "quote the arrow" },
		{ "wam 198.51.100.9 -> 203.0.113.5 tcp/80", "did you mean `wan`?" },
		{ "wan 198.51.100.9 -> dmx 203.0.113.5 tcp/80", "did you mean `dmz`?" },
		{ "wan 198.51.100.0/24 -> 203.0.113.5 tcp/80", "not the address of a machine" },
		{ "wan 198.51.100.9 -> mail tcp/80", "not the address of a machine" },
		{ "wan 198.51.100.9 -> 2001:db8:10::5 tcp/80", "different families" },
		{ "wan 198.51.100.9 -> 203.0.113.5 wbe", "unknown service `wbe`" },
		{ "wan 198.51.100.9 -> 203.0.113.5 ping", "does not exist in IPv4" },
	};
	struct gwctl_site *site = *ret;

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		explain(site, rows[i].flow, NULL);
		if (site->status != 64 || !strstr(site->err, rows[i].says))
			fail_msg("%s: status %d: %s", rows[i].flow, site->status, site->err);
		assert_string_equal(site->out, "");
	}
	explain(site, "wan 198.51.100.9 -> 203.0.113.5 tcp/99999", NULL);
	assert_int_equal(site->status, 64);
	assert_non_null(strstr(site->err, "GW0316"));
	explain(site, "wan 198.51.100.9 -> 203.0.113.5 tcp/80", "tomorrow");
	assert_int_equal(site->status, 64);
	assert_non_null(strstr(site->err, "GW0306"));
}

static void every_diagnostic_is_explained(void **ret)
{
	struct gwctl_site *site = *ret;
	const json_t *id;
	json_t *ids;
	size_t i;

	gwctl(site, "explain", "--json");
	assert_int_equal(site->status, 0);
	ids = json_incref(json_object_get(site->json, "ids"));
	assert_true(json_array_size(ids) >= 60);
	json_array_foreach(ids, i, id)
	{
		const char *number = json_string_value(json_object_get(id, "id"));

		gwctl(site, "explain", number);
		assert_int_equal(site->status, 0);
		assert_int_equal(strncmp(site->out, number, strlen(number)), 0);
		assert_true(strlen(json_string_value(json_object_get(id, "explanation"))) > 60);
		assert_true(strlen(json_string_value(json_object_get(id, "title_ja"))) > 0);
	}
	json_decref(ids);
	gwctl(site, "explain", "gw0212");
	assert_int_equal(site->status, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_first_line_names_verdict_and_deciding_line),
		TEST(a_port_forward_is_followed_and_said),
		TEST(a_source_translation_is_said),
		TEST(words_of_a_flow_may_be_one_argument_or_several),
		TEST(flows_that_make_no_sense_are_usage_errors),
		TEST(every_diagnostic_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
