/* What two policies differ in, in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/report/change.h"
#include "tests/support/site_policy.h"

#define NOW 1795392000 /* Monday 2026-11-23T00:00:00Z */
#define ZONES                                                                                      \
	"gw: 1\nsite: {name: t}\nzones:\n"                                                         \
	"  wan: {interfaces: [wan0], untrusted: true}\n"                                           \
	"  dmz: {interfaces: [dmz0], nets: [203.0.113.0/28]}\n"                                    \
	"  hq: {interfaces: [hq0], nets: [10.20.0.0/16]}\n"
#define WEB  "  - {id: web, from: wan, to: dmz, services: [tcp/80], action: accept" SITE_DUTIES "}\n"
#define DENY "  - {id: deny, from: hq, to: wan, services: [tcp/25], action: drop" SITE_DUTIES "}\n"

static void compare(const char *before, const char *after, size_t max, struct gw_text *out)
{
	struct gw_config *a = before ? site_policy(before, NOW) : NULL;
	struct gw_config *b = site_policy(after, NOW);
	struct gw_arena *arena = gw_arena_new();
	struct gw_report_change change;

	gw_report_compare(arena, a ? a->policy : NULL, b->policy, NOW, &change);
	gw_report_change_print(arena, &change, max, out);
	if (!out->len)
		gw_text_puts(out, "");
	gw_arena_free(arena);
	gw_config_free(b);
	if (a)
		gw_config_free(a);
}

struct row {
	const char *name, *before, *after, *text;
};

static void assert_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		gw_auto_text struct gw_text out = { 0 };

		compare(rows[i].before, rows[i].after, 0, &out);
		if (strcmp(out.bytes, rows[i].text) != 0)
			fail_msg("%s: not\n%s\nbut\n%s", rows[i].name, rows[i].text, out.bytes);
	}
}

static void rules_that_come_go_and_change_are_named_with_their_place(void **state)
{
	static const struct row rows[] = {
		{ "the first policy", NULL, ZONES "policies:\n" WEB,
		  "  + policy web  wan -> dmz tcp/80 accept  gw.yaml:8:10\n"
		  "Newly reachable:\n"
		  "  wan -> dmz: wan (IPv4) -> dmz (IPv4) tcp/80  (web)\n" },
		{ "a drop that changes nothing", ZONES "policies:\n" WEB,
		  ZONES "policies:\n" WEB DENY,
		  "  + policy deny  hq -> wan tcp/25 drop  gw.yaml:9:10\n" },
		{ "a policy that goes", ZONES "policies:\n" WEB DENY, ZONES "policies:\n" DENY,
		  "  - policy web  wan -> dmz tcp/80 accept  gw.yaml:8:10\n"
		  "No longer reachable:\n"
		  "  wan -> dmz: wan (IPv4) -> dmz (IPv4) tcp/80  (web)\n" },
		{ "another port", ZONES "policies:\n" WEB,
		  ZONES "policies:\n"
			"  - {id: web, from: wan, to: dmz, services: [tcp/81], action: accept" //
		  SITE_DUTIES "}\n",
		  "  ~ policy web  wan -> dmz tcp/81 accept  gw.yaml:8:10\n"
		  "Newly reachable:\n"
		  "  wan -> dmz: wan (IPv4) -> dmz (IPv4) tcp/81  (web)\n"
		  "No longer reachable:\n"
		  "  wan -> dmz: wan (IPv4) -> dmz (IPv4) tcp/80  (web)\n" },
	};

	(void)state;
	assert_rows(rows, GW_COUNT(rows));
}

static void every_part_of_a_rule_that_means_something_counts(void **state)
{
	static const char *const parts[] = {
		", source: [192.0.2.1]",
		", dest: [203.0.113.5]",
		", log: true",
		", hours: {from: \"08:00\", until: \"10:00\"}",
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(parts); i++) {
		gw_auto_text struct gw_text before = { 0 }, after = { 0 }, out = { 0 };

		gw_text_puts(&before, ZONES "policies:\n" WEB);
		gw_text_printf(&after,
			       ZONES "policies:\n  - {id: web, from: wan, to: dmz, services: "
				     "[tcp/80], action: accept%s" SITE_DUTIES "}\n",
			       parts[i]);
		compare(before.bytes, after.bytes, 0, &out);
		if (strncmp(out.bytes, "  ~ policy web", strlen("  ~ policy web")) != 0)
			fail_msg("%s: %s", parts[i], out.bytes);
	}
}

static void order_names_and_owners_are_no_difference(void **state)
{
	static const struct row rows[] = {
		{ "order", ZONES "policies:\n" WEB DENY, ZONES "policies:\n" DENY WEB, "" },
		{ "another owner", ZONES "policies:\n" WEB,
		  ZONES "policies:\n"
			"  - {id: web, from: wan, to: dmz, services: [tcp/80], action: accept, "
			"owner: p, ticket: u, review: 2098-12-31}\n",
		  "" },
		{ "a service with a name", ZONES "policies:\n" WEB,
		  ZONES "services: {http: [tcp/80]}\npolicies:\n"
			"  - {id: web, from: wan, to: dmz, services: [http], action: accept" //
		  SITE_DUTIES "}\n",
		  "" },
	};

	(void)state;
	assert_rows(rows, GW_COUNT(rows));
}

static void translations_are_compared_too(void **state)
{
	static const struct row rows[] = {
		{ "masquerading comes", ZONES,
		  ZONES "nat: [{id: out, from: hq, to: wan, masquerade: "
			"true}]\n",
		  "  + nat out  hq -> wan masquerade  gw.yaml:7:12\n" },
		{ "another server",
		  ZONES "nat: [{id: in, from: wan, dest: [198.51.100.1], services: [tcp/80], dnat: "
			"203.0.113.5}]\n",
		  ZONES "nat: [{id: in, from: wan, dest: [198.51.100.1], services: [tcp/80], dnat: "
			"203.0.113.6}]\n",
		  "  ~ nat in  wan dnat 203.0.113.6  gw.yaml:7:12\n" },
	};

	(void)state;
	assert_rows(rows, GW_COUNT(rows));
}

static void long_lists_are_cut_and_counted(void **state)
{
	gw_auto_text struct gw_text after = { 0 }, out = { 0 };

	(void)state;
	gw_text_puts(&after, ZONES "policies:\n");
	for (int i = 0; i < 9; i++)
		gw_text_printf(&after,
			       "  - {id: p%d, from: wan, to: dmz, services: [tcp/%d], action: "
			       "accept" SITE_DUTIES "}\n",
			       i, 1000 + 2 * i);
	compare(NULL, after.bytes, 4, &out);
	assert_non_null(strstr(out.bytes, "  + policy p3 "));
	assert_null(strstr(out.bytes, "  + policy p4 "));
	assert_non_null(strstr(out.bytes, "… 5 more; -v shows all\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_that_come_go_and_change_are_named_with_their_place),
		cmocka_unit_test(every_part_of_a_rule_that_means_something_counts),
		cmocka_unit_test(order_names_and_owners_are_no_difference),
		cmocka_unit_test(translations_are_compared_too),
		cmocka_unit_test(long_lists_are_cut_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
