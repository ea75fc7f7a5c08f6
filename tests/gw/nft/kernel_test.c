/* Observe and commit against the real kernel, in a network namespace of the test's own. */
#include <errno.h>
#include <linux/netfilter.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/nft/kernel.h"
#include "gw/nft/nft.h"
#include "tests/support/nft_sample.h"
#include "tests/support/private_net.h"

struct fixture {
	struct gw_kernel *kernel; /* NULL: no namespace of our own */
};

static int open_namespace(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		return -1;
	*state = fixture;
	return private_net_enter() ? gw_kernel_open(&fixture->kernel) : 0;
}

static int close_namespace(void **state)
{
	struct fixture *fixture = *state;

	gw_kernel_free(fixture->kernel);
	free(fixture);
	return 0;
}

static struct gw_kernel *kernel_of(void **state)
{
	struct fixture *fixture = *state;

	if (!fixture->kernel)
		skip();
	return fixture->kernel;
}

static struct gw_ruleset *observe(struct gw_kernel *kernel)
{
	struct gw_ruleset *seen = NULL;

	assert_int_equal(kernel->ops->observe(kernel, &seen), 0);
	return seen;
}

/* Turns the kernel into `wanted`; the error of the commit. */
static int load(struct gw_kernel *kernel, const struct gw_ruleset *wanted,
		struct gw_kernel_error *ret_error)
{
	struct gw_ruleset *before = observe(kernel);
	struct gw_plan *plan = gw_plan_diff(wanted, before);
	int err = kernel->ops->commit(kernel, plan, ret_error);

	if (err && err != -ERESTART)
		(void)fprintf(stderr, "refused: %s, operation %d, %s\n", strerror(-err),
			      ret_error->op ? (int)ret_error->op->kind : -1, ret_error->text);
	gw_plan_free(plan);
	gw_ruleset_free(before);
	return err;
}

static void remove_table(struct gw_kernel *kernel)
{
	struct gw_ruleset *seen = observe(kernel);
	struct gw_op remove = { .kind = GW_OP_DEL_TABLE, .family = seen->family };
	struct gw_plan plan = {
		.table = "gw",
		.generation = seen->generation,
		.ops = &remove,
		.n_ops = seen->exists ? 1 : 0,
	};
	struct gw_kernel_error error;

	assert_int_equal(kernel->ops->commit(kernel, &plan, &error), 0);
	gw_ruleset_free(seen);
}

static void everything_comes_back_as_it_was_sent(void **state)
{
	struct gw_kernel *kernel = kernel_of(state);
	struct gw_ruleset *wanted = nft_sample(gw_nft_now_ms()), *seen;
	struct gw_kernel_error error;

	assert_int_equal(load(kernel, wanted, &error), 0);
	seen = observe(kernel);
	nft_sample_assert_same(wanted, seen);
	gw_ruleset_free(seen);
	gw_ruleset_free(wanted);
	remove_table(kernel);
}

static void without_a_table_there_is_nothing_to_observe(void **state)
{
	struct gw_ruleset *seen = observe(kernel_of(state));

	assert_false(seen->exists);
	assert_int_equal(seen->n_chains + seen->n_sets, 0);
	gw_ruleset_free(seen);
}

static void a_second_load_of_the_same_has_nothing_to_do(void **state)
{
	struct gw_kernel *kernel = kernel_of(state);
	struct gw_ruleset *wanted = nft_sample(gw_nft_now_ms()), *seen;
	struct gw_kernel_error error;
	struct gw_plan *plan;

	assert_int_equal(load(kernel, wanted, &error), 0);
	seen = observe(kernel);
	plan = gw_plan_diff(wanted, seen);
	assert_int_equal(plan->n_ops, 0);
	gw_plan_free(plan);
	gw_ruleset_free(seen);
	gw_ruleset_free(wanted);
	remove_table(kernel);
}

static void any_ruleset_turns_into_any_other(void **state)
{
	struct gw_kernel *kernel = kernel_of(state);
	struct gw_kernel_error error;
	unsigned int seed;

	for (seed = 1; seed <= 25; seed++) {
		struct gw_ruleset *wanted = nft_sample_random(seed), *seen;

		assert_int_equal(load(kernel, wanted, &error), 0);
		seen = observe(kernel);
		nft_sample_assert_same(wanted, seen);
		gw_ruleset_free(seen);
		gw_ruleset_free(wanted);
	}
	remove_table(kernel);
}

/* A plan from nothing to `wanted` in which operation `bad` cannot work. */
static void spoil(struct gw_plan *plan, size_t bad)
{
	static const struct gw_chain nowhere = { .name = "is_not_there" };

	plan->ops[bad] = (struct gw_op){ .kind = GW_OP_DEL_CHAIN, .chain = &nowhere };
}

static void a_failure_at_any_operation_changes_nothing_and_is_attributed(void **state)
{
	struct gw_kernel *kernel = kernel_of(state);
	struct gw_ruleset *wanted = nft_sample(gw_nft_now_ms());
	size_t bad, n_ops = SIZE_MAX;

	for (bad = 1; bad < n_ops; bad += 3) {
		struct gw_ruleset *before = observe(kernel), *after;
		struct gw_plan *plan = gw_plan_diff(wanted, before);
		struct gw_kernel_error error;

		n_ops = plan->n_ops;
		spoil(plan, bad);
		assert_int_equal(kernel->ops->commit(kernel, plan, &error), -ENOENT);
		assert_int_equal(error.error, ENOENT);
		assert_non_null(error.op);
		assert_int_equal(error.op - plan->ops, bad);
		after = observe(kernel);
		assert_false(after->exists);
		assert_int_equal(after->generation, before->generation);
		gw_ruleset_free(after);
		gw_plan_free(plan);
		gw_ruleset_free(before);
	}
	assert_true(n_ops > 50 && n_ops != SIZE_MAX);
	gw_ruleset_free(wanted);
}

static void a_refused_element_is_attributed_to_its_set(void **state)
{
	struct gw_kernel *kernel = kernel_of(state);
	struct gw_ruleset *wanted = nft_sample(gw_nft_now_ms());
	struct gw_set *set = gw_ruleset_set(wanted, "nets4");
	struct gw_kernel_error error;
	struct gw_ruleset *before = observe(kernel);
	struct gw_plan *plan;
	const uint8_t low[] = { 10, 0, 0, 128 }, high[] = { 10, 0, 0, 130 };

	gw_ruleset_add_elem(wanted, set, (struct gw_elem){ .key = low, .key_end = high });
	gw_ruleset_finish(wanted);
	plan = gw_plan_diff(wanted, before);
	assert_int_equal(kernel->ops->commit(kernel, plan, &error), -EEXIST);
	assert_non_null(error.op);
	assert_int_equal(error.op->kind, GW_OP_ADD_ELEMS);
	assert_string_equal(error.op->set->name, "nets4");
	gw_plan_free(plan);
	gw_ruleset_free(before);
	gw_ruleset_free(wanted);
}

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static void a_change_by_another_program_in_between_is_not_overwritten(void **state)
{
	struct gw_kernel *kernel = kernel_of(state);
	struct gw_ruleset *wanted = nft_sample(gw_nft_now_ms()), *before = observe(kernel), *after;
	struct gw_plan *plan = gw_plan_diff(wanted, before);
	struct gw_kernel_error error;

	run("nft add table inet gw && nft add chain inet gw theirs");
	assert_int_equal(kernel->ops->commit(kernel, plan, &error), -ERESTART);
	assert_null(error.op);
	after = observe(kernel);
	assert_int_equal(after->n_chains, 1);
	assert_string_equal(after->chains[0].name, "theirs");
	gw_ruleset_free(after);
	gw_plan_free(plan);
	gw_ruleset_free(before);
	/* Planned anew, their chain goes. */
	assert_int_equal(load(kernel, wanted, &error), 0);
	after = observe(kernel);
	nft_sample_assert_same(wanted, after);
	gw_ruleset_free(after);
	gw_ruleset_free(wanted);
	remove_table(kernel);
}

static void what_others_add_is_seen_as_a_difference(void **state)
{
	static const char *const changes[] = {
		"add rule inet gw forward tcp dport { 22, 23 } accept",
		"add rule inet gw forward ct state established counter accept",
		"add rule inet gw forward meta length set 3",
		"add rule inet gw drop_it queue num 3",
		"add element inet gw nets4 { 172.16.0.0/12 }",
		"add element inet gw live { * : drop }",
		"add chain inet gw theirs",
		"add set inet gw theirs { type inet_service . ipv4_addr; }",
		"add set inet gw theirs { typeof ip ttl; }",
		"insert rule inet gw forward drop",
	};
	struct gw_kernel *kernel = kernel_of(state);
	struct gw_ruleset *wanted = nft_sample(gw_nft_now_ms());
	struct gw_kernel_error error;
	size_t i;

	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct gw_ruleset *seen;
		struct gw_plan *plan;
		char command[200];

		assert_int_equal(load(kernel, wanted, &error), 0);
		(void)snprintf(command, sizeof(command), "nft '%s' 2>/dev/null", changes[i]);
		if (system(command) != 0)
			continue; /* this kernel lacks what the change needs */
		seen = observe(kernel);
		plan = gw_plan_diff(wanted, seen);
		if (!plan->n_ops)
			fail_msg("not seen: %s", changes[i]);
		gw_plan_free(plan);
		gw_ruleset_free(seen);
		assert_int_equal(load(kernel, wanted, &error), 0);
		seen = observe(kernel);
		nft_sample_assert_same(wanted, seen);
		gw_ruleset_free(seen);
	}
	gw_ruleset_free(wanted);
	remove_table(kernel);
}

static void tables_of_others_are_left_alone(void **state)
{
	struct gw_kernel *kernel = kernel_of(state);
	struct gw_ruleset *wanted = nft_sample(gw_nft_now_ms()), *seen;
	struct gw_kernel_error error;

	run("nft 'table inet theirs { set gw { type ipv4_addr; }; chain forward { accept; }; }'"
	    " && nft 'table ip gw { set theirs { type ipv4_addr; }; chain x { drop; }; }'");
	assert_int_equal(load(kernel, wanted, &error), 0);
	seen = observe(kernel);
	nft_sample_assert_same(wanted, seen);
	gw_ruleset_free(seen);
	remove_table(kernel);
	run("nft list chain inet theirs forward | grep -q accept && nft list chain ip gw x | "
	    "grep -q drop && nft delete table ip gw && nft delete table inet theirs");
	gw_ruleset_free(wanted);
}

/* Sets only: rules that try every expression make no sense to nft. */
static void nft_prints_our_sets(void **state)
{
	struct gw_kernel *kernel = kernel_of(state);
	struct gw_ruleset *wanted = nft_sample(gw_nft_now_ms());
	struct gw_kernel_error error;

	assert_int_equal(load(kernel, wanted, &error), 0);
	run("nft list sets > /dev/null && nft list maps > /dev/null");
	run("nft list set inet gw nets4 | grep -q '10.0.1.0/24'");
	run("nft list set inet gw nets4 | grep -q '255.0.0.0/8'");
	run("nft list map inet gw services | grep -q '0x00000001 . tcp . 80-90'");
	run("nft list map inet gw live | grep -q '0x00000010 counter packets 7 bytes 12345 : "
	    "accept'");
	run("nft list map inet gw pairs | grep -q '\"hq0\" . \"\" : goto drop_it'");
	gw_ruleset_free(wanted);
	remove_table(kernel);
}

/* The plan of one operation on elements of `bans`, which end after `rest_ms`. */
static int commit_bans(struct gw_kernel *kernel, enum gw_op_kind kind, int64_t expires_ms)
{
	const uint8_t key[] = { 203, 0, 113, 9 };
	struct gw_ruleset *seen = observe(kernel);
	const struct gw_elem elem = { .key = key, .expires_ms = expires_ms };
	struct gw_op op = {
		.kind = kind,
		.family = seen->family,
		.set = gw_ruleset_set(seen, "bans"),
		.elems = &elem,
		.count = 1,
	};
	struct gw_plan plan = { .table = "gw", .ops = &op, .n_ops = 1 };
	struct gw_kernel_error error;
	int err;

	plan.generation = seen->generation;
	err = kernel->ops->commit(kernel, &plan, &error);
	gw_ruleset_free(seen);
	return err;
}

static size_t count_bans(struct gw_kernel *kernel)
{
	struct gw_ruleset *seen = observe(kernel);
	size_t n = gw_ruleset_set(seen, "bans")->n_elems;

	gw_ruleset_free(seen);
	return n;
}

static void elements_end_on_time_and_expired_ones_are_not_sent(void **state)
{
	const struct timespec wait = { .tv_nsec = 300 * 1000 * 1000 };
	struct gw_kernel *kernel = kernel_of(state);
	struct gw_ruleset *wanted = nft_sample(gw_nft_now_ms());
	struct gw_kernel_error error;

	assert_int_equal(load(kernel, wanted, &error), 0);
	assert_int_equal(commit_bans(kernel, GW_OP_ADD_ELEMS, gw_nft_now_ms() - 1), 0);
	assert_int_equal(count_bans(kernel), 1); /* the sample's own */
	assert_int_equal(commit_bans(kernel, GW_OP_ADD_ELEMS, gw_nft_now_ms() + 100), 0);
	while (count_bans(kernel) > 1)
		(void)nanosleep(&wait, NULL);
	/* Deleting what has ended meanwhile is no error of the plan: it must be made anew. */
	assert_int_equal(commit_bans(kernel, GW_OP_DEL_ELEMS, 1), -ERESTART);
	gw_ruleset_free(wanted);
	remove_table(kernel);
}

static void elements_of_run_time_sets_are_read_only_on_demand(void **state)
{
	struct gw_kernel *kernel = kernel_of(state);
	struct gw_ruleset *wanted = nft_sample(gw_nft_now_ms()), *seen;
	struct gw_kernel_error error;
	struct gw_set *set;

	assert_int_equal(load(kernel, wanted, &error), 0);
	run("nft 'add element inet gw rt_rate { 7 timeout 1h }'");
	seen = observe(kernel);
	set = gw_ruleset_set(seen, "rt_rate");
	assert_true(set->run_time);
	assert_int_equal(set->n_elems, 0);
	assert_int_equal(kernel->ops->read_elements(kernel, NFPROTO_INET, seen->arena, set), 0);
	assert_int_equal(set->n_elems, 1);
	assert_int_equal(set->elems[0].key[0], 7);
	assert_true(set->elems[0].expires_ms > gw_nft_now_ms() + 3500 * 1000);
	gw_ruleset_free(seen);
	gw_ruleset_free(wanted);
	remove_table(kernel);
}

static void probing_features_leaves_nothing_behind(void **state)
{
	struct gw_kernel *kernel = kernel_of(state);
	struct gw_kernel_features features;
	struct gw_ruleset *before = observe(kernel), *after;

	assert_int_equal(kernel->ops->features(kernel, &features), 0);
	after = observe(kernel);
	assert_int_equal(before->generation, after->generation);
	run("test -z \"$(nft list tables)\"");
	gw_ruleset_free(before);
	gw_ruleset_free(after);
}

static void a_bitwise_or_comes_back_where_the_kernel_has_it(void **state)
{
	const struct gw_expr exprs[] = {
		{ .kind = GW_EXPR_META, .key = 3, .dreg = GW_REG(0) },
		{ .kind = GW_EXPR_CT, .key = 3, .dreg = GW_REG(1), .dir = 0xff },
		{ .kind = GW_EXPR_BITWISE_OR,
		  .sreg = GW_REG(0),
		  .sreg2 = GW_REG(1),
		  .dreg = GW_REG(2),
		  .len = 4 },
	};
	struct gw_kernel *kernel = kernel_of(state);
	struct gw_kernel_features features;
	struct gw_kernel_error error;
	struct gw_ruleset *wanted = nft_sample(gw_nft_now_ms()), *seen;

	assert_int_equal(kernel->ops->features(kernel, &features), 0);
	if (!features.bitwise_or) {
		gw_ruleset_free(wanted);
		skip();
	}
	(void)gw_ruleset_add_rule(wanted, gw_ruleset_chain(wanted, "checks"), exprs, 3, NULL, NULL);
	assert_int_equal(load(kernel, wanted, &error), 0);
	seen = observe(kernel);
	nft_sample_assert_same(wanted, seen);
	gw_ruleset_free(seen);
	gw_ruleset_free(wanted);
	remove_table(kernel);
}

/* In a user namespace of its own, a child has no rights over our network. */
static void without_privileges_nothing_can_be_seen_or_changed(void **state)
{
	struct gw_kernel *kernel = kernel_of(state);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct gw_kernel_features features;
		struct gw_kernel_error error;
		struct gw_ruleset *seen;
		struct gw_op op = { .kind = GW_OP_ADD_TABLE, .family = NFPROTO_INET };
		struct gw_plan plan = { .table = "gw", .ops = &op, .n_ops = 1 };

		gw_kernel_free(kernel);
		if (unshare(CLONE_NEWUSER) < 0 || gw_kernel_open(&kernel) != 0)
			_exit(77);
		if (kernel->ops->observe(kernel, &seen) != -EPERM)
			_exit(1);
		if (kernel->ops->commit(kernel, &plan, &error) != -EPERM || error.op)
			_exit(2);
		_exit(kernel->ops->features(kernel, &features) == -EPERM ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_table_there_is_nothing_to_observe),
		cmocka_unit_test(everything_comes_back_as_it_was_sent),
		cmocka_unit_test(a_second_load_of_the_same_has_nothing_to_do),
		cmocka_unit_test(any_ruleset_turns_into_any_other),
		cmocka_unit_test(a_failure_at_any_operation_changes_nothing_and_is_attributed),
		cmocka_unit_test(a_refused_element_is_attributed_to_its_set),
		cmocka_unit_test(a_change_by_another_program_in_between_is_not_overwritten),
		cmocka_unit_test(what_others_add_is_seen_as_a_difference),
		cmocka_unit_test(tables_of_others_are_left_alone),
		cmocka_unit_test(nft_prints_our_sets),
		cmocka_unit_test(elements_end_on_time_and_expired_ones_are_not_sent),
		cmocka_unit_test(elements_of_run_time_sets_are_read_only_on_demand),
		cmocka_unit_test(probing_features_leaves_nothing_behind),
		cmocka_unit_test(a_bitwise_or_comes_back_where_the_kernel_has_it),
		cmocka_unit_test(without_privileges_nothing_can_be_seen_or_changed),
	};

	return cmocka_run_group_tests(tests, open_namespace, close_namespace);
}
