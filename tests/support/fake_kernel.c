#include "tests/support/fake_kernel.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

#include "gw/core/mem.h"
#include "tests/support/fake_table.h"

static struct fake_kernel *fake_of(struct gw_kernel *kernel)
{
	return (struct fake_kernel *)kernel;
}

static int observe(struct gw_kernel *kernel, struct gw_ruleset **ret)
{
	struct fake_kernel *fake = fake_of(kernel);
	struct gw_ruleset *seen;

	fake->n_observed++;
	if (fake->observe_errno)
		return -fake->observe_errno;
	fake_table_expire(fake->held, fake->now_ms);
	seen = fake_table_copy(fake->held);
	for (struct gw_ruleset *table = seen; table; table = table->next)
		for (size_t i = 0; i < table->n_sets; i++)
			if (table->sets[i].run_time || table->sets[i].constant)
				table->sets[i].n_elems = 0;
	*ret = seen;
	return 0;
}

static int read_elements(struct gw_kernel *kernel, uint32_t family, struct gw_arena *arena,
			 struct gw_set *set)
{
	struct fake_kernel *fake = fake_of(kernel);
	const struct gw_ruleset *table = gw_ruleset_table(fake->held, family);
	const struct gw_set *held;

	fake_table_expire(fake->held, fake->now_ms);
	held = table ? gw_ruleset_set(table, set->name) : NULL;
	if (!held)
		return -ENOENT;
	gw_free(set->elems);
	set->elems = NULL;
	set->n_elems = set->capacity = 0;
	fake_table_copy_elems(arena, set, held);
	return 0;
}

static int refuse(struct gw_kernel_error *ret_error, int error, const struct gw_op *op,
		  const char *text)
{
	*ret_error = (struct gw_kernel_error){ .error = -error, .op = op };
	(void)snprintf(ret_error->text, sizeof(ret_error->text), "%s", text);
	return error;
}

/* An element that ended since it was observed is no fault of the plan: as gw/nft judges it. */
static bool expired_meanwhile(const struct gw_op *op, int error)
{
	return error == -ENOENT && op->kind == GW_OP_DEL_ELEMS && op->set->timeout;
}

/* Does the operations on `table`, the copy that is to be held. */
static int apply(struct fake_kernel *fake, struct gw_ruleset *table, const struct gw_plan *plan,
		 struct gw_kernel_error *ret_error)
{
	int refusal = -fake->refuse_errno, error;

	fake->refuse_errno = 0;
	if (refusal && fake->refuse_op == FAKE_KERNEL_WHOLE)
		return refuse(ret_error, refusal, NULL, "as the test wishes");
	for (size_t i = 0; i < plan->n_ops; i++) {
		const struct gw_op *op = &plan->ops[i];

		if (refusal && fake->refuse_op == i)
			return refuse(ret_error, refusal, op, "as the test wishes");
		error = fake_table_apply(table, op, fake->now_ms, &fake->last_handle);
		if (expired_meanwhile(op, error))
			error = -ERESTART;
		if (error)
			return refuse(ret_error, error, op, "");
	}
	error = fake_table_validate(table);
	return error ? refuse(ret_error, error, NULL, "") : 0;
}

/* Last counts of what the operation deletes from `held`. */
static void take_finals(const struct gw_ruleset *held, const struct gw_plan *plan,
			const struct gw_op *op)
{
	const struct gw_ruleset *table = gw_ruleset_table(held, op->family);
	const struct gw_set *set = table ? gw_ruleset_set(table, op->set->name) : NULL;

	for (size_t i = 0; set && i < op->count; i++)
		for (size_t k = 0; k < set->n_elems; k++) {
			const struct gw_elem *elem = &set->elems[k];
			struct gw_final final = { op->set, 0, elem->packets, elem->bytes };

			if (gw_elem_compare(set, elem, &op->elems[i]) != 0)
				continue;
			memcpy(&final.number, elem->key, sizeof(final.number));
			gw_push(plan->finals->items, plan->finals->n, plan->finals->capacity,
				final);
		}
}

static void take_all_finals(const struct gw_ruleset *held, const struct gw_plan *plan)
{
	for (size_t i = 0; plan->finals && i < plan->n_ops; i++) {
		const struct gw_op *op = &plan->ops[i];

		if (op->kind == GW_OP_DEL_ELEMS && op->set->counter && op->set->n_key == 1 &&
		    op->set->key[0] == GW_TYPE_MARK)
			take_finals(held, plan, op);
	}
}

static int commit(struct gw_kernel *kernel, const struct gw_plan *plan,
		  struct gw_kernel_error *ret_error)
{
	struct fake_kernel *fake = fake_of(kernel);
	struct gw_ruleset *table;
	int error;

	*ret_error = (struct gw_kernel_error){ 0 };
	if (!plan->n_ops)
		return 0; /* nothing is sent */
	fake->n_tried++;
	if (fake->interferences) {
		fake->interferences--;
		fake->held->generation++;
		if (fake->interfere)
			fake->interfere(fake->held, fake->interfere_context);
	}
	if (plan->generation && plan->generation != fake->held->generation)
		return refuse(ret_error, -ERESTART, NULL, "");
	fake_table_expire(fake->held, fake->now_ms);
	table = fake_table_copy(fake->held);
	error = apply(fake, table, plan, ret_error);
	if (error) {
		gw_ruleset_free(table);
		return error;
	}
	table->generation++;
	take_all_finals(fake->held, plan);
	gw_ruleset_free(fake->held);
	fake->held = table;
	fake->n_committed++;
	return 0;
}

static int features(struct gw_kernel *kernel, struct gw_kernel_features *ret)
{
	*ret = fake_of(kernel)->features;
	return 0;
}

static int kernel_state(struct gw_kernel *kernel, struct gw_kernel_state *ret)
{
	const struct fake_kernel *fake = fake_of(kernel);

	*ret = (struct gw_kernel_state){ fake->netns, fake->held->generation };
	return fake->netns ? 0 : -EOPNOTSUPP;
}

static void fake_free(struct gw_kernel *kernel)
{
	struct fake_kernel *fake = fake_of(kernel);

	gw_ruleset_free(fake->held);
	gw_free(fake);
}

struct fake_kernel *fake_kernel_new(void)
{
	static const struct gw_kernel_ops operations = {
		.observe = observe,
		.read_elements = read_elements,
		.commit = commit,
		.features = features,
		.state = kernel_state,
		.free = fake_free,
	};
	struct fake_kernel *fake = gw_zalloc(1, sizeof(*fake));

	fake->base.ops = &operations;
	fake->features.bitwise_or = true;
	fake->held = gw_ruleset_new(NFPROTO_INET, "gw");
	fake->held->generation = 1;
	return fake;
}

void fake_kernel_hold(struct fake_kernel *fake, const struct gw_ruleset *ruleset)
{
	struct gw_ruleset *table = fake_table_copy(ruleset);

	for (size_t i = 0; i < table->n_chains; i++) {
		table->chains[i].handle = ++fake->last_handle;
		for (size_t k = 0; k < table->chains[i].n_rules; k++)
			table->chains[i].rules[k].handle = ++fake->last_handle;
	}
	for (size_t i = 0; i < table->n_sets; i++)
		table->sets[i].handle = ++fake->last_handle;
	table->exists = true;
	table->generation = fake->held->generation + 1;
	gw_ruleset_free(fake->held);
	fake->held = table;
}
