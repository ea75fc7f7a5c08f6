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

#define NOW INT64_C(1790000000)

#define ZONES                                                                                      \
	"gw: 1\n"                                                                                  \
	"zones:\n"                                                                                 \
	"  wan: {interfaces: [wan0], untrusted: true}\n"                                           \
	"  hq: {interfaces: [hq0], nets: [10.20.0.0/16]}\n"                                        \
	"  dmz: {interfaces: [dmz0], nets: [203.0.113.0/28]}\n"
#define GUEST  "  guest: {interfaces: [guest0], nets: [10.30.0.0/24]}\n"
#define ACCEPT ", action: accept" SITE_DUTIES "}\n"
#define DROP   ", action: drop" SITE_DUTIES "}\n"
#define ADMIN  "  - {id: admin, from: hq, to: dmz, services: [tcp/22]" ACCEPT
#define WEB    "  - {id: web, from: hq, to: dmz, services: [tcp/80, tcp/443]" ACCEPT

/* What changes from one site to the other, one line each: "+ from>to rule region". */
static const struct {
	const char *name, *a, *b, *changes;
} cases[] = {
	{ "nothing changes", ZONES "policies:\n" WEB ADMIN, ZONES "policies:\n" WEB ADMIN, "" },
	{ "order, owner and id do not matter", ZONES "policies:\n" WEB ADMIN,
	  ZONES
	  "policies:\n  - {id: admin2, from: hq, to: dmz, services: [tcp/22], action: accept, "
	  "owner: other, ticket: t, review: 2099-12-31}\n" WEB,
	  "" },
	{ "a policy is added", ZONES "policies:\n" WEB, ZONES "policies:\n" WEB ADMIN,
	  "+ hq>dmz admin 10.20.0.0/16 -> 203.0.113.0/28 tcp/22\n" },
	{ "a policy is withdrawn", ZONES "policies:\n" WEB ADMIN, ZONES "policies:\n" WEB,
	  "- hq>dmz admin 10.20.0.0/16 -> 203.0.113.0/28 tcp/22\n" },
	{ "what another policy accepts is not lost",
	  ZONES "policies:\n" WEB "  - {id: all, from: hq, to: dmz, services: [tcp/1-100]" ACCEPT,
	  ZONES "policies:\n" WEB,
	  "- hq>dmz all 10.20.0.0/16 -> 203.0.113.0/28 tcp/1-79,tcp/81-100\n" },
	{ "a deny is added", ZONES "policies:\n" WEB,
	  ZONES "policies:\n" WEB "  - {id: no, from: hq, to: any, source: [10.20.0.5]" DROP,
	  "- hq>dmz web 10.20.0.5 -> 203.0.113.0/28 tcp/80,tcp/443\n" },
	{ "a deny by day becomes one at all times",
	  ZONES "policies:\n" WEB
		"  - {id: no, from: hq, to: dmz, services: [tcp/80], hours: {from: "
		"\"08:00\", until: \"18:00\"}" DROP,
	  ZONES "policies:\n" WEB "  - {id: no, from: hq, to: dmz, services: [tcp/80]" DROP,
	  "- hq>dmz web 10.20.0.0/16 -> 203.0.113.0/28 tcp/80\n" },
	{ "a deny becomes an accept",
	  ZONES "policies:\n  - {id: p, from: hq, to: dmz, services: [gre]" DROP,
	  ZONES "policies:\n  - {id: p, from: hq, to: dmz, services: [gre]" ACCEPT,
	  "+ hq>dmz p 10.20.0.0/16 -> 203.0.113.0/28 gre\n" },
	{ "a policy is moved",
	  ZONES "policies:\n  - {id: p, from: hq, to: dmz, dest: [203.0.113.1], services: "
		"[tcp/22]" ACCEPT,
	  ZONES "policies:\n  - {id: p, from: hq, to: dmz, dest: [203.0.113.2], services: "
		"[tcp/22]" ACCEPT,
	  "+ hq>dmz p 10.20.0.0/16 -> 203.0.113.2 tcp/22\n"
	  "- hq>dmz p 10.20.0.0/16 -> 203.0.113.1 tcp/22\n" },
	{ "the gateway opens", ZONES,
	  ZONES "gateway:\n  - {id: g, from: hq, services: [icmp/echo-request]" ACCEPT,
	  "+ hq>gateway g 10.20.0.0/16 -> any icmp/echo-request\n" },
	{ "a zone is added", ZONES "policies:\n" WEB,
	  ZONES GUEST "policies:\n" WEB
		      "  - {id: v, from: guest, to: dmz, services: [tcp/80]" ACCEPT,
	  "+ guest>dmz v 10.30.0.0/24 -> 203.0.113.0/28 tcp/80\n" },
	{ "a zone is removed",
	  ZONES GUEST "policies:\n" WEB
		      "  - {id: v, from: guest, to: dmz, services: [tcp/80]" ACCEPT,
	  ZONES "policies:\n" WEB, "- guest>dmz v 10.30.0.0/24 -> 203.0.113.0/28 tcp/80\n" },
	{ "an exception that has expired opens nothing", ZONES,
	  ZONES "exceptions:\n  - {id: e, from: hq, to: dmz, expires: "
		"\"2026-09-01T00:00:00Z\"" SITE_REASONS "}\n",
	  "" },
	{ "an exception opens", ZONES,
	  ZONES "exceptions:\n  - {id: e, from: hq, to: dmz, services: [tcp/22], expires: "
		"\"2026-10-01T00:00:00Z\"" SITE_REASONS "}\n",
	  "+ hq>dmz e 10.20.0.0/16 -> 203.0.113.0/28 tcp/22\n" },
};

static void what_is_gained_and_lost_is_told_exactly(void **state)
{
	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_config *a = site_policy(cases[i].a, NOW);
		struct gw_config *b = site_policy(cases[i].b, NOW);
		gw_auto_text struct gw_text told = { 0 };
		struct gw_arena *arena = gw_arena_new();
		struct gw_reach_change *changes;
		size_t n;

		gw_analyze_change(arena, a->policy, b->policy, NOW, &changes, &n);
		gw_text_puts(&told, "");
		for (size_t k = 0; k < n; k++)
			gw_text_printf(&told, "%c %s>%s %s %s\n", changes[k].gained ? '+' : '-',
				       changes[k].from, changes[k].to, changes[k].rule->id,
				       gw_region_text(arena, &changes[k].region));
		if (strcmp(told.bytes ? told.bytes : "", cases[i].changes) != 0)
			fail_msg("%s:\n%s", cases[i].name, told.bytes);
		gw_arena_free(arena);
		gw_config_free(a);
		gw_config_free(b);
	}
}

/* More rules than are looked at one by one. */
static void many_changes_in_one_pair_are_told_like_few(void **state)
{
	gw_auto_text struct gw_text yaml = { 0 };
	struct gw_arena *arena = gw_arena_new();
	struct gw_config *a = site_policy(ZONES "policies:\n" WEB, NOW), *b;
	struct gw_reach_change *changes;
	size_t n;

	(void)state;
	gw_text_puts(&yaml, ZONES "policies:\n" WEB);
	for (unsigned int i = 0; i < 100; i++)
		gw_text_printf(&yaml,
			       "  - {id: p-%02u, from: hq, to: dmz, services: [tcp/%u]" ACCEPT, i,
			       i + 1);
	b = site_policy(yaml.bytes, NOW);
	gw_analyze_change(arena, a->policy, b->policy, NOW, &changes, &n);
	assert_int_equal(n, 99); /* tcp/80 was open */
	gw_analyze_change(arena, b->policy, a->policy, NOW, &changes, &n);
	assert_int_equal(n, 99);
	gw_config_free(a);
	gw_config_free(b);
	gw_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_gained_and_lost_is_told_exactly),
		cmocka_unit_test(many_changes_in_one_pair_are_told_like_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
