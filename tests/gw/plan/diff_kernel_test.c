/* The properties of plans once more, against the real kernel in a network namespace of our own:
 * what the fake one of diff_test.c accepts, this one must, too. */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/nft/kernel.h"
#include "gw/nft/nft.h"
#include "tests/support/private_net.h"
#include "tests/support/random_ruleset.h"

#define SEEDS 150

static int open_kernel(void **state)
{
	struct gw_kernel *kernel = NULL;

	if (private_net_enter() && gw_kernel_open(&kernel) != 0)
		return -1;
	*state = kernel;
	return 0;
}

static int close_kernel(void **state)
{
	gw_kernel_free(*state);
	return 0;
}

static struct gw_kernel *kernel_of(void **state)
{
	if (!*state)
		skip();
	return *state;
}

static struct gw_ruleset *observe(struct gw_kernel *kernel)
{
	struct gw_ruleset *seen = NULL;

	assert_int_equal(kernel->ops->observe(kernel, &seen), 0);
	return seen;
}

static void commit(struct gw_kernel *kernel, const struct gw_plan *plan, uint64_t seed)
{
	gw_auto_text struct gw_text text = { 0 };
	struct gw_kernel_error error;
	int err = kernel->ops->commit(kernel, plan, &error);

	if (!err)
		return;
	gw_plan_print(plan, &text);
	fail_msg("seed %llu: %s at operation %td: %s\n%s", (unsigned long long)seed, strerror(-err),
		 error.op ? error.op - plan->ops : -1, error.text, text.bytes);
}

/* Applies `wanted` and looks whether it is there. */
static void turn_into(struct gw_kernel *kernel, const struct gw_ruleset *wanted, uint64_t seed)
{
	struct gw_ruleset *before = observe(kernel), *seen;
	struct gw_plan *plan = gw_plan_diff(wanted, before);
	gw_auto_text struct gw_text text = { 0 };
	char wanted_digest[65], seen_digest[65];

	commit(kernel, plan, seed);
	gw_plan_free(plan);
	gw_ruleset_free(before);

	seen = observe(kernel);
	plan = gw_plan_diff(wanted, seen);
	gw_plan_print(plan, &text);
	if (plan->n_ops)
		fail_msg("seed %llu: what is left to do:\n%s", (unsigned long long)seed,
			 text.bytes);
	gw_ruleset_digest(wanted, wanted_digest);
	gw_ruleset_digest(seen, seen_digest);
	assert_string_equal(seen_digest, wanted_digest);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
}

static void remove_table(struct gw_kernel *kernel)
{
	struct gw_ruleset *seen = observe(kernel);
	struct gw_plan *plan = gw_plan_remove(seen);

	commit(kernel, plan, 0);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
}

static void the_kernel_takes_a_change_of_any_ruleset_and_its_reversal(void **state)
{
	struct gw_kernel *kernel = kernel_of(state);

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct ruleset_recipe recipe;
		struct gw_ruleset *before, *after;

		ruleset_recipe_draw(&recipe, seed);
		recipe.now_ms = gw_nft_now_ms();
		before = ruleset_recipe_build(&recipe);
		ruleset_recipe_change(&recipe, seed, 1 + (unsigned int)(seed % 12));
		after = ruleset_recipe_build(&recipe);
		turn_into(kernel, before, seed);
		turn_into(kernel, after, seed);
		turn_into(kernel, before, seed);
		gw_ruleset_free(before);
		gw_ruleset_free(after);
	}
	remove_table(kernel);
}

/* What frames of a device meet first, in a table of another family with a set of the same name. */
static struct gw_ruleset *with_ingress(uint8_t blocked)
{
	static const char *const devices[] = { "lo" };
	struct gw_ruleset *ruleset = gw_ruleset_new(NFPROTO_INET, "gw");
	struct gw_ruleset *netdev = gw_ruleset_add_table(ruleset, NFPROTO_NETDEV);
	const struct gw_base_hook hook = { .hook = NF_NETDEV_INGRESS,
					   .priority = -500,
					   .type = "filter",
					   .devices = devices,
					   .n_devices = 1 };
	const struct gw_set blocked_set = { .name = "blocked",
					    .key = { GW_TYPE_IPV4 },
					    .n_key = 1 };
	uint8_t *key = gw_arena_memdup(netdev->arena, (uint8_t[]){ 192, 0, 2, blocked }, 4);
	const struct gw_expr drop = { .kind = GW_EXPR_IMMEDIATE,
				      .dreg = GW_REG_VERDICT,
				      .verdict = GW_VERDICT_DROP };

	(void)gw_ruleset_add_set(ruleset, &blocked_set);
	(void)gw_ruleset_add_chain(gw_ruleset_add_table(ruleset, NFPROTO_BRIDGE), "guard", NULL,
				   NULL);
	gw_ruleset_add_rule(netdev, gw_ruleset_add_chain(netdev, "ingress", &hook, NULL), &drop, 1,
			    NULL, NULL);
	gw_ruleset_add_elem(netdev, gw_ruleset_add_set(netdev, &blocked_set),
			    (struct gw_elem){ .key = key });
	gw_ruleset_finish(ruleset);
	return ruleset;
}

static void tables_of_several_families_are_one_transaction(void **state)
{
	struct gw_kernel *kernel = kernel_of(state);
	struct gw_ruleset *one = with_ingress(1), *other = with_ingress(2);
	struct gw_ruleset *inet = gw_ruleset_new(NFPROTO_INET, "gw"), *seen;
	struct gw_plan *plan;

	turn_into(kernel, one, 1);
	seen = observe(kernel);
	plan = gw_plan_diff(other, seen);
	assert_int_equal(plan->n_ops, 2); /* one element goes, one comes */
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	turn_into(kernel, other, 2);
	gw_ruleset_finish(inet);
	turn_into(kernel, inet, 3);
	seen = observe(kernel);
	assert_true(seen->exists);
	assert_null(seen->next);
	gw_ruleset_free(seen);
	gw_ruleset_free(inet);
	gw_ruleset_free(other);
	gw_ruleset_free(one);
	remove_table(kernel);
}

/* A table that is not there at the end stands for an operation that fails late. */
static void a_refusal_at_any_operation_changes_nothing_in_the_kernel(void **state)
{
	const struct gw_chain nowhere = { .name = "nowhere" };
	struct gw_kernel *kernel = kernel_of(state);
	struct ruleset_recipe recipe;
	struct gw_ruleset *before, *after, *seen, *still;
	struct gw_plan *plan;

	ruleset_recipe_draw(&recipe, 3);
	recipe.now_ms = gw_nft_now_ms();
	before = ruleset_recipe_build(&recipe);
	ruleset_recipe_change(&recipe, 3, 40);
	after = ruleset_recipe_build(&recipe);
	turn_into(kernel, before, 3);
	seen = observe(kernel);
	plan = gw_plan_diff(after, seen);
	assert_true(plan->n_ops > 10);
	for (size_t i = 0; i < plan->n_ops; i++) {
		const struct gw_op refused = { .kind = GW_OP_DEL_CHAIN,
					       .family = NFPROTO_INET,
					       .chain = &nowhere };
		struct gw_op op = plan->ops[i];
		struct gw_plan *nothing;
		struct gw_kernel_error error;

		plan->ops[i] = refused;
		assert_int_not_equal(kernel->ops->commit(kernel, plan, &error), 0);
		plan->ops[i] = op;
		still = observe(kernel);
		nothing = gw_plan_diff(before, still);
		assert_int_equal(nothing->n_ops, 0);
		gw_plan_free(nothing);
		gw_ruleset_free(still);
	}
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	turn_into(kernel, after, 3);
	gw_ruleset_free(before);
	gw_ruleset_free(after);
	remove_table(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_takes_a_change_of_any_ruleset_and_its_reversal),
		cmocka_unit_test(tables_of_several_families_are_one_transaction),
		cmocka_unit_test(a_refusal_at_any_operation_changes_nothing_in_the_kernel),
	};

	return cmocka_run_group_tests(tests, open_kernel, close_kernel);
}
