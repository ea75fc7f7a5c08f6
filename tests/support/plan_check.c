#include "tests/support/plan_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"

struct fake_kernel *plan_check_kernel(const struct gw_ruleset *held)
{
	struct fake_kernel *fake = fake_kernel_new();

	fake_kernel_hold(fake, held);
	return fake;
}

struct gw_ruleset *plan_check_observe(struct fake_kernel *fake)
{
	struct gw_ruleset *seen = NULL;

	assert_int_equal(fake->base.ops->observe(&fake->base, &seen), 0);
	return seen;
}

struct gw_plan *plan_check_plan(struct fake_kernel *fake, const struct gw_ruleset *wanted,
				struct gw_ruleset **ret_seen)
{
	*ret_seen = plan_check_observe(fake);
	return gw_plan_diff(wanted, *ret_seen);
}

int plan_check_commit(struct fake_kernel *fake, const struct gw_plan *plan)
{
	struct gw_kernel_error error;

	return fake->base.ops->commit(&fake->base, plan, &error);
}

static void print_refusal(const struct gw_plan *plan, const struct gw_kernel_error *error)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_plan_print(plan, &text);
	(void)fprintf(stderr, "%s\nrefused: %s, operation %td\n", text.bytes,
		      strerror(error->error), error->op ? error->op - plan->ops : -1);
}

void plan_check_apply(struct fake_kernel *fake, const struct gw_ruleset *wanted, uint64_t seed)
{
	struct gw_ruleset *seen;
	struct gw_plan *plan = plan_check_plan(fake, wanted, &seen);
	struct gw_kernel_error error;

	if (fake->base.ops->commit(&fake->base, plan, &error) != 0) {
		print_refusal(plan, &error);
		fail_msg("seed %llu: the kernel refuses the plan", (unsigned long long)seed);
	}
	gw_plan_free(plan);
	gw_ruleset_free(seen);
}

void plan_check_holds(struct fake_kernel *fake, const struct gw_ruleset *wanted, uint64_t seed)
{
	char wanted_digest[65], seen_digest[65];
	struct gw_ruleset *seen;
	struct gw_plan *plan = plan_check_plan(fake, wanted, &seen);

	gw_ruleset_digest(wanted, wanted_digest);
	gw_ruleset_digest(seen, seen_digest);
	if (strcmp(wanted_digest, seen_digest) != 0)
		fail_msg("seed %llu: the result is another", (unsigned long long)seed);
	if (plan->n_ops)
		fail_msg("seed %llu: a second plan is not empty", (unsigned long long)seed);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
}

size_t plan_check_count(const struct gw_plan *plan, enum gw_op_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_ops; i++)
		n += plan->ops[i].kind == kind;
	return n;
}
