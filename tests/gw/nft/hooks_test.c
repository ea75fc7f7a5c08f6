/* Hooks on devices: what is left of them on kernels that take none for a device that is not there. The kernel
 * is told to be such a one; in a network namespace of the test's own. */
/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include <linux/netfilter.h>

#include "gw/core/mem.h"
#include "gw/nft/kernel.h"
#include "tests/support/private_net.h"

static const char *const there[] = { "lan1", "lan2", "lo" };
static const char *const wanted[] = { "lan1", "lan3", "lan*", "wl*" };

static void a_hook_is_fitted_to_the_kernel(void **state)
{
	static const struct {
		bool wait, patterns;
		size_t n;
		const char *devices[5];
	} rows[] = {
		{ true, true, 4, { "lan1", "lan3", "lan*", "wl*" } },
		{ true, false, 3, { "lan1", "lan3", "lan2" } },
		{ false, false, 2, { "lan1", "lan2" } },
	};
	const struct gw_base_hook base = { .type = "filter",
					   .devices = wanted,
					   .n_devices = GW_COUNT(wanted) };
	struct gw_arena *arena = gw_arena_new();

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		const struct gw_device_support support = { rows[i].wait, rows[i].patterns, there,
							   GW_COUNT(there) };
		const struct gw_base_hook *fitted = gw_hook_fit(arena, &base, &support);

		assert_int_equal(fitted->n_devices, rows[i].n);
		for (size_t k = 0; k < rows[i].n; k++)
			assert_string_equal(fitted->devices[k], rows[i].devices[k]);
	}
	gw_arena_free(arena);
}

static void without_a_device_there_is_no_hook(void **state)
{
	const struct gw_base_hook one = { .type = "filter", .devices = wanted + 1, .n_devices = 1 };
	const struct gw_base_hook none = { .type = "filter" };
	const struct gw_device_support old = { false, false, there, GW_COUNT(there) };
	struct gw_arena *arena = gw_arena_new();

	(void)state;
	assert_null(gw_hook_fit(arena, &one, &old));
	assert_ptr_equal(gw_hook_fit(arena, &none, &old), &none); /* no hook of devices */
	assert_null(gw_hook_fit(arena, NULL, &old));
	gw_arena_free(arena);
}

static struct gw_ruleset *ruleset_new(const char *const *devices, size_t n)
{
	static struct gw_base_hook base = { .type = "filter",
					    .priority = -500,
					    .policy_drop = true };
	struct gw_ruleset *ruleset = gw_ruleset_new(NFPROTO_NETDEV, "gw");

	base.devices = devices;
	base.n_devices = n;
	(void)gw_ruleset_add_chain(ruleset, "ingress", &base, NULL);
	gw_ruleset_finish(ruleset);
	return ruleset;
}

static size_t hooks_of(const struct gw_ruleset *ruleset)
{
	const struct gw_chain *chain = gw_ruleset_chain(ruleset, "ingress");

	return chain->base ? chain->base->n_devices : 0;
}

/* What is sent leaves out what is not there, and what is compared as well: nothing is left to do. */
static void a_missing_device_is_no_refusal(void **state)
{
	static const char *const devices[] = { "gone0", "lo" };
	struct gw_ruleset *desired, *observed;
	struct gw_kernel_error refusal;
	struct gw_kernel *kernel = NULL;
	struct gw_plan *plan;

	(void)state;
	if (!private_net_enter() || gw_kernel_open(&kernel) < 0)
		skip();
	((struct gw_nft_kernel *)kernel)->hooks.known = true;
	desired = ruleset_new(devices, 2);
	assert_int_equal(kernel->ops->observe(kernel, &observed), 0);
	plan = gw_plan_diff(desired, observed);
	assert_int_equal(kernel->ops->commit(kernel, plan, &refusal), 0);
	gw_plan_free(plan);
	gw_ruleset_free(observed);

	assert_int_equal(kernel->ops->observe(kernel, &observed), 0);
	assert_int_equal(hooks_of(gw_ruleset_table(observed, NFPROTO_NETDEV)), 1);
	assert_int_equal(kernel->ops->fit(kernel, desired), 0);
	assert_int_equal(hooks_of(desired), 1);
	plan = gw_plan_diff(desired, observed);
	assert_int_equal(plan->n_ops, 0);
	gw_plan_free(plan);
	gw_ruleset_free(observed);
	gw_ruleset_free(desired);
	gw_kernel_free(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hook_is_fitted_to_the_kernel),
		cmocka_unit_test(without_a_device_there_is_no_hook),
		cmocka_unit_test(a_missing_device_is_no_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
