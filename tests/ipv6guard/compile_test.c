/* The tables as data: what must hold of every site, and what a change of one costs. */
/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/compile/netfilter.h"
#include "gw/core/mem.h"
#include "ipv6guard/compile.h"
#include "tests/support/compiled_site.h"
#include "tests/support/plan_check.h"

#define NOW 1795392000 /* 2026-11-23T00:00:00Z */
#define BASE                                                                                       \
	"gw: 1\n"                                                                                  \
	"zones:\n"                                                                                 \
	"  wan: {interfaces: [wan0], untrusted: true}\n"                                           \
	"  hq: {interfaces: [hq0], nets: [10.20.0.0/16, \"2001:db8:20::/48\"]}\n"
#define OFF "  guest: {interfaces: [guest0], nets: [10.30.0.0/24], ipv6: off}\n"
#define ALL                                                                                        \
	BASE OFF "ipv6guard:\n"                                                                    \
		 "  segments:\n"                                                                   \
		 "    lab: {mode: local, interfaces: lab0, ports: [lan1, \"lan*\"], tunnels: "     \
		 "[6in4, gre, "                                                                    \
		 "ipip, ethernet, teredo, tsp, ayiya], carriers: [pppoe, priority-tag], vlans: "   \
		 "[7]}\n"                                                                          \
		 "    hq:\n"                                                                       \
		 "      mode: guarded\n"                                                           \
		 "      ports: [swp1, swp2]\n"                                                     \
		 "      source_guard: true\n"                                                      \
		 "      dhcpv6_servers: [{mac: 52:54:00:00:00:02}]\n"                              \
		 "      routers:\n"                                                                \
		 "        - {mac: 52:54:00:00:00:01, link_local: \"fe80::1\", prefixes: "          \
		 "\"2001:db8:20::/48\", dns: \"2001:db8:20::53\"}\n"                               \
		 "        - {mac: 52:54:00:00:00:03, link_local: \"fe80::3\", port: swp1, "        \
		 "lifetime: 0s}\n"

static void no_segment_no_table(void **state)
{
	struct compiled_site site;

	(void)state;
	compiled_site_load(&site, BASE, NOW, NULL);
	assert_null(site.ruleset->next);
	compiled_site_done(&site);
	compiled_site_load(&site, BASE OFF, NOW, NULL);
	assert_non_null(gw_ruleset_table(site.ruleset, NFPROTO_NETDEV));
	assert_null(gw_ruleset_table(site.ruleset, NFPROTO_BRIDGE));
	compiled_site_done(&site);
	compiled_site_load(&site, ALL, NOW, NULL);
	assert_non_null(gw_ruleset_table(site.ruleset, NFPROTO_NETDEV));
	assert_non_null(gw_ruleset_table(site.ruleset, NFPROTO_BRIDGE));
	compiled_site_done(&site);
}

static bool ends(const struct gw_rule *rule)
{
	const struct gw_expr *last = &rule->exprs[rule->n_exprs - 1];

	return last->kind == GW_EXPR_IMMEDIATE && last->dreg == GW_REG_VERDICT &&
	       last->verdict != GW_VERDICT_JUMP;
}

static void check_targets(const struct gw_ruleset *table, const struct gw_chain *chain)
{
	for (size_t i = 0; i < chain->n_rules; i++)
		for (size_t k = 0; k < chain->rules[i].n_exprs; k++) {
			const struct gw_expr *expr = &chain->rules[i].exprs[k];

			if (expr->chain && !gw_ruleset_chain(table, expr->chain))
				fail_msg("%s goes to %s, which is not there", chain->name,
					 expr->chain);
			if (expr->set_name && !gw_ruleset_set(table, expr->set_name))
				fail_msg("%s asks @%s, which is not there", chain->name,
					 expr->set_name);
		}
}

/* Chains that are jumped to come back. */
static bool returns(const char *name)
{
	static const char *const kinds[] = { "teredo", "fragments_", "answers_" };

	for (size_t i = 0; i < GW_COUNT(kinds); i++)
		if (strncmp(name, kinds[i], strlen(kinds[i])) == 0)
			return true;
	return strcmp(name, "ports") == 0;
}

/* Whatever is not accepted comes to a drop chain, which counts it: no packet falls out of a chain. */
static void every_chain_ends_in_a_verdict(void **state)
{
	struct compiled_site site;

	(void)state;
	compiled_site_load(&site, ALL, NOW, NULL);
	for (struct gw_ruleset *table = site.ruleset->next; table; table = table->next) {
		assert_true(table->n_chains > 40);
		for (size_t i = 0; i < table->n_chains; i++) {
			const struct gw_chain *chain = &table->chains[i];
			const struct gw_rule *last;

			check_targets(table, chain);
			assert_true(chain->n_rules > 0);
			last = &chain->rules[chain->n_rules - 1];
			if (!returns(chain->name) && (!ends(last) || last->n_exprs != 1))
				fail_msg("%s may be left", chain->name);
			if (chain->base && table->family == NFPROTO_NETDEV)
				assert_true(chain->base->policy_drop);
		}
	}
	compiled_site_done(&site);
}

/* Rules may ask the field of the first next header only where a plain packet is demanded: of routers. */
static void nothing_asks_the_first_next_header(void **state)
{
	struct compiled_site site;

	(void)state;
	compiled_site_load(&site, ALL, NOW, NULL);
	for (struct gw_ruleset *table = site.ruleset->next; table; table = table->next)
		for (size_t i = 0; i < table->n_chains; i++)
			for (size_t k = 0; k < table->chains[i].n_rules; k++)
				for (size_t m = 0; m < table->chains[i].rules[k].n_exprs; m++) {
					const struct gw_expr *expr =
						&table->chains[i].rules[k].exprs[m];
					const char *name = table->chains[i].name;

					if (expr->kind == GW_EXPR_PAYLOAD && expr->offset == 6 &&
					    expr->base == NFT_PAYLOAD_NETWORK_HEADER &&
					    expr->len == 1 && strcmp(name, "router_hq") != 0)
						fail_msg("%s asks it", name);
				}
	compiled_site_done(&site);
}

/* What the guard refuses is counted by a number that does not depend on other segments. */
static void counters_survive_other_segments(void **state)
{
	struct compiled_site one, more;
	const struct gw_set *set;
	struct gw_plan *plan;

	(void)state;
	compiled_site_load(&one, BASE OFF, NOW, NULL);
	compiled_site_load(&more, ALL, NOW, &one);
	set = gw_ruleset_set(gw_ruleset_table(one.ruleset, NFPROTO_NETDEV), IPV6GUARD_SET_FRAMES);
	assert_true(set->n_elems > 5);
	plan = gw_plan_diff(more.ruleset, one.ruleset);
	for (size_t i = 0; i < plan->n_ops; i++)
		if (plan->ops[i].family == NFPROTO_NETDEV) {
			assert_int_not_equal(plan->ops[i].kind, GW_OP_DEL_ELEMS);
			assert_int_not_equal(plan->ops[i].kind, GW_OP_DEL_SET);
			assert_int_not_equal(plan->ops[i].kind, GW_OP_DEL_CHAIN);
		}
	gw_plan_free(plan);
	compiled_site_done(&more);
	compiled_site_done(&one);
}

static void stored_and_read_back_they_are_the_same(void **state)
{
	gw_auto_text struct gw_text bytes = { 0 };
	char before[65], after[65];
	struct compiled_site site;
	struct gw_ruleset *read;

	(void)state;
	compiled_site_load(&site, ALL, NOW, NULL);
	gw_ruleset_encode(site.ruleset, &bytes);
	read = gw_ruleset_decode(bytes.bytes, bytes.len);
	assert_non_null(read);
	gw_ruleset_digest(site.ruleset, before);
	gw_ruleset_digest(read, after);
	assert_string_equal(before, after);
	gw_ruleset_free(read);
	compiled_site_done(&site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_segment_no_table),
		cmocka_unit_test(every_chain_ends_in_a_verdict),
		cmocka_unit_test(nothing_asks_the_first_next_header),
		cmocka_unit_test(counters_survive_other_segments),
		cmocka_unit_test(stored_and_read_back_they_are_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
