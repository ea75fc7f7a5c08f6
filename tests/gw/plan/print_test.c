/* Plans as text, and the places that operations came from. */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/plan/plan.h"

static const struct gw_source source = { .path = "policies.yaml" };
static const struct gw_origin web = { .id = "web-in", .loc = { &source, 14, 10, 6 } };
static const struct gw_origin builtin = { .id = "gw" };

static const struct gw_set pairs = { .name = "pairs",
				     .key = { GW_TYPE_MARK, GW_TYPE_PORT },
				     .n_key = 2,
				     .map = true,
				     .data = GW_TYPE_VERDICT,
				     .origin = &builtin };

/* Chain "a" with one rule that looks in map "pairs", which has one element. */
static struct gw_ruleset *small(const char *chain, const struct gw_origin *origin)
{
	const struct gw_expr exprs[] = {
		{ .kind = GW_EXPR_META, .key = NFT_META_MARK, .dreg = GW_REG(0) },
		{ .kind = GW_EXPR_CT, .key = NFT_CT_PROTO_DST, .dir = 0, .dreg = GW_REG(1) },
		{ .kind = GW_EXPR_LOOKUP, .sreg = GW_REG(0), .set_name = "pairs", .map = true },
	};
	struct gw_ruleset *ruleset = gw_ruleset_new(NFPROTO_INET, "gw");

	(void)gw_ruleset_add_rule(ruleset, gw_ruleset_add_chain(ruleset, chain, NULL, origin),
				  exprs, GW_COUNT(exprs), origin, "web-in");
	gw_ruleset_add_elem(ruleset, gw_ruleset_add_set(ruleset, &pairs),
			    (struct gw_elem){ .key = (const uint8_t *)"\1\0\0\0\0\x50\0\0",
					      .verdict = GW_VERDICT_ACCEPT,
					      .origin = origin });
	gw_ruleset_finish(ruleset);
	return ruleset;
}

static void assert_prints(const struct gw_plan *plan, const char *wanted)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_text_puts(&text, "");
	gw_plan_print(plan, &text);
	assert_string_equal(text.bytes, wanted);
}

static void a_first_load_is_all_pluses(void **state)
{
	struct gw_ruleset *wanted = small("a", &web), *nothing = gw_ruleset_new(NFPROTO_INET, "gw");
	struct gw_plan *plan = gw_plan_diff(wanted, nothing);

	(void)state;
	assert_prints(plan,
		      "+ table gw\n"
		      "+ chain a  # web-in policies.yaml:14\n"
		      "+ map pairs  # gw\n"
		      "+ element pairs { 0x00000001 . 80 : accept }  # web-in policies.yaml:14\n"
		      "+ rule a: \"web-in\" meta mark . ct original proto-dst vmap @pairs"
		      "  # web-in policies.yaml:14\n");
	gw_plan_free(plan);
	gw_ruleset_free(wanted);
	gw_ruleset_free(nothing);
}

static void what_goes_is_told_before_what_comes(void **state)
{
	struct gw_ruleset *wanted = small("b", &web), *observed = small("a", NULL);
	struct gw_plan *plan;

	(void)state;
	observed->exists = true;
	gw_ruleset_set(wanted, "pairs")->elems[0].verdict = GW_VERDICT_DROP;
	gw_ruleset_set(observed, "pairs")->elems[0].packets = 3;
	gw_ruleset_set(observed, "pairs")->elems[0].bytes = 180;
	plan = gw_plan_diff(wanted, observed);
	assert_prints(plan,
		      "- rule a: \"web-in\" meta mark . ct original proto-dst vmap @pairs\n"
		      "- element pairs { 0x00000001 . 80 counter packets 3 bytes 180 : accept }\n"
		      "- chain a\n"
		      "+ chain b  # web-in policies.yaml:14\n"
		      "+ element pairs { 0x00000001 . 80 : drop }  # web-in policies.yaml:14\n"
		      "+ rule b: \"web-in\" meta mark . ct original proto-dst vmap @pairs"
		      "  # web-in policies.yaml:14\n");
	gw_plan_free(plan);
	gw_ruleset_free(wanted);
	gw_ruleset_free(observed);
}

static void an_empty_plan_prints_nothing(void **state)
{
	struct gw_ruleset *wanted = small("a", &web), *observed = small("a", NULL);
	struct gw_plan *plan;

	(void)state;
	observed->exists = true;
	plan = gw_plan_diff(wanted, observed);
	assert_prints(plan, "");
	gw_plan_free(plan);
	gw_ruleset_free(wanted);
	gw_ruleset_free(observed);
}

static void removing_is_one_line(void **state)
{
	struct gw_ruleset *observed = small("a", NULL);
	struct gw_plan *plan;

	(void)state;
	observed->exists = true;
	plan = gw_plan_remove(observed);
	assert_prints(plan, "- table gw\n");
	gw_plan_free(plan);
	gw_ruleset_free(observed);
}

static void an_operation_leads_to_the_line_that_it_came_from(void **state)
{
	struct gw_ruleset *wanted = small("a", &web), *nothing = gw_ruleset_new(NFPROTO_INET, "gw");
	struct gw_plan *plan = gw_plan_diff(wanted, nothing);

	(void)state;
	for (size_t i = 0; i < plan->n_ops; i++) {
		struct gw_loc loc = gw_op_loc(&plan->ops[i]);

		switch (plan->ops[i].kind) {
		case GW_OP_ADD_CHAIN:
		case GW_OP_ADD_RULE:
		case GW_OP_ADD_ELEMS:
			assert_ptr_equal(loc.source, &source);
			assert_int_equal(loc.line, 14);
			break;
		case GW_OP_ADD_TABLE:
		case GW_OP_ADD_SET: /* from what is always there */
		case GW_OP_DEL_RULE:
		case GW_OP_DEL_ELEMS:
		case GW_OP_DEL_SET:
		case GW_OP_DEL_CHAIN:
		case GW_OP_DEL_TABLE:
		case GW_OP_KINDS:
			assert_null(loc.source);
			break;
		}
	}
	gw_plan_free(plan);
	gw_ruleset_free(wanted);
	gw_ruleset_free(nothing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_load_is_all_pluses),
		cmocka_unit_test(what_goes_is_told_before_what_comes),
		cmocka_unit_test(an_empty_plan_prints_nothing),
		cmocka_unit_test(removing_is_one_line),
		cmocka_unit_test(an_operation_leads_to_the_line_that_it_came_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
