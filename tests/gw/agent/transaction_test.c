/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/agent/counts.h"
#include "gw/agent/durable.h"
#include "gw/agent/transaction.h"
#include "gw/core/mem.h"
#include "tests/support/fake_kernel.h"

#define NOW 1795392000 /* 2026-11-23T00:00:00Z */

#define DUTIES ", owner: o, ticket: t, review: 2099-12-31"
#define ZONES                                                                                      \
	"gw: 1\nsite: {name: t}\nzones:\n"                                                         \
	"  wan: {interfaces: [wan0], untrusted: true}\n"                                           \
	"  hq: {interfaces: [hq0], nets: [10.20.0.0/16]}\n"                                        \
	"  dmz: {interfaces: [dmz0], nets: [203.0.113.0/28]}\n"
#define WEB  "  - {id: web, from: wan, to: dmz, services: [tcp/80], action: accept" DUTIES "}\n"
#define MAIL "  - {id: mail, from: wan, to: dmz, services: [tcp/25], action: accept" DUTIES "}\n"
#define DENY "  - {id: deny, from: hq, to: wan, services: [tcp/25], action: drop" DUTIES "}\n"

static const char site_a[] = ZONES "policies:\n" WEB DENY;
static const char site_b[] = ZONES "policies:\n" WEB MAIL;
static const char site_narrow[] = ZONES
	"policies:\n"
	"  - {id: web, from: wan, to: dmz, source: [192.0.2.0/24], services: [tcp/80], action: "
	"accept" DUTIES "}\n" DENY;
static const char site_broken_assertion[] =
	ZONES "policies:\n" WEB "verify: [{never: {from: wan, to: dmz}}]\n";
static const char site_invalid[] = ZONES "policies:\n  - {id: web, from: wan, to: dmx}\n";
static const char site_exception[] = ZONES
	"policies:\n" WEB "exceptions:\n"
	"  - {id: exc, from: wan, to: dmz, source: [198.51.100.7], services: [tcp/22], "
	"expires: 2026-11-23T01:00Z, reason: r, requested_by: a, approved_by: [b], ticket: t}\n";

struct state {
	char dir[64];
	struct fake_kernel *fake;
	struct gw_target target;
	struct gw_transaction transaction;
	struct gw_diags diags;
	struct gw_arena *arena;
};

static void open_store(struct state *state)
{
	assert_int_equal(gw_store_open(state->dir, &state->target.store, &state->diags), 0);
	assert_int_equal(gw_store_lock(state->target.store, &state->diags), 0);
}

static void reopen(struct state *state)
{
	gw_store_close(state->target.store);
	open_store(state);
}

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));

	(void)snprintf(state->dir, sizeof(state->dir), "/tmp/gw-transaction-XXXXXX");
	assert_non_null(mkdtemp(state->dir));
	gw_diags_init(&state->diags);
	state->arena = gw_arena_new();
	state->fake = fake_kernel_new();
	state->fake->now_ms = (int64_t)NOW * 1000;
	state->target.kernel = &state->fake->base;
	open_store(state);
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	if (state->transaction.arena)
		gw_transaction_done(&state->transaction);
	gw_store_close(state->target.store);
	gw_kernel_free(state->target.kernel);
	assert_int_equal(gw_durable_remove_tree(AT_FDCWD, state->dir), 0);
	gw_diags_done(&state->diags);
	gw_arena_free(state->arena);
	gw_free(state);
	return 0;
}

static enum gw_exit prepare_at(struct state *state, const char *yaml, int64_t now)
{
	const struct gw_conf_file file = { "gw.yaml", yaml, strlen(yaml) };
	const struct gw_config_origin origin = { .files = &file, .n_files = 1 };

	if (state->transaction.arena)
		gw_transaction_done(&state->transaction);
	gw_diags_done(&state->diags);
	gw_diags_init(&state->diags);
	return gw_transaction_prepare(&state->transaction, &origin, &state->target, now,
				      &state->diags);
}

static enum gw_exit apply_at(struct state *state, const char *yaml, int64_t now,
			     uint32_t *ret_revision)
{
	enum gw_exit status = prepare_at(state, yaml, now);

	if (status != GW_EXIT_OK)
		return status;
	return gw_transaction_commit(&state->transaction, &state->target,
				     &(struct gw_change){ .who = "op", .note = "note" },
				     ret_revision, &state->diags);
}

static enum gw_exit apply(struct state *state, const char *yaml, uint32_t *ret_revision)
{
	return apply_at(state, yaml, NOW, ret_revision);
}

static uint32_t applied(struct state *state, const char *yaml)
{
	uint32_t revision = 0;

	assert_int_equal(apply(state, yaml, &revision), GW_EXIT_OK);
	return revision;
}

static bool has_diag(const struct state *state, enum gw_diag_id id)
{
	for (size_t i = 0; i < state->diags.count; i++)
		if (state->diags.items[i].id == id)
			return true;
	return false;
}

static size_t n_revisions(struct state *state)
{
	struct gw_revision *items;
	size_t n;

	assert_int_equal(gw_store_history(state->target.store, state->arena, &items, &n), 0);
	return n;
}

/* Nothing changed: neither the kernel nor the store. */
static void assert_still(struct state *state, uint32_t revision, const char *yaml)
{
	reopen(state);
	assert_int_equal(gw_store_current(state->target.store), revision);
	assert_int_equal(gw_store_pending(state->target.store), 0);
	assert_int_equal(prepare_at(state, yaml, NOW), GW_EXIT_OK);
	assert_int_equal(state->transaction.plan->n_ops, 0);
	assert_false(state->transaction.config_changed);
}

/* ---- the usual way ------------------------------------------------------------------------------ */

static void a_second_apply_of_the_same_config_sends_nothing(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(applied(state, site_a), 1);
	assert_int_equal(state->fake->n_committed, 1);
	reopen(state);
	assert_int_equal(applied(state, site_a), 1);
	assert_int_equal(state->fake->n_tried, 1);
	assert_int_equal(n_revisions(state), 1);
}

static void a_change_and_its_rollback_are_revisions_of_their_own(void **ret)
{
	struct state *state = *ret;
	struct gw_conf_file *files;
	struct gw_config_origin origin = { 0 };
	uint32_t revision;

	(void)applied(state, site_a);
	assert_int_equal(applied(state, site_b), 2);
	assert_int_equal(
		gw_store_files(state->target.store, 1, state->arena, &files, &origin.n_files), 0);
	origin.files = files;
	gw_transaction_done(&state->transaction);
	assert_int_equal(gw_transaction_prepare(&state->transaction, &origin, &state->target, NOW,
						&state->diags),
			 GW_EXIT_OK);
	assert_int_equal(gw_transaction_commit(&state->transaction, &state->target,
					       &(struct gw_change){ .who = "op", .note = "back" },
					       &revision, &state->diags),
			 GW_EXIT_OK);
	assert_int_equal(revision, 3);
	assert_still(state, 3, site_a);
}

static void a_config_that_only_reads_differently_is_a_revision_without_operations(void **ret)
{
	struct state *state = *ret;
	static const char commented[] = "# why\n" ZONES "policies:\n" WEB DENY;

	(void)applied(state, site_a);
	assert_int_equal(applied(state, commented), 2);
	assert_int_equal(state->fake->n_tried, 1);
}

static void numbers_stay_while_a_rule_permits_what_it_did(void **ret)
{
	struct state *state = *ret;
	uint32_t web;

	(void)applied(state, site_a);
	web = gw_numbers_of(state->transaction.numbers, "web");
	(void)applied(state, site_b);
	assert_int_equal(gw_numbers_of(state->transaction.numbers, "web"), web);
	(void)applied(state, site_narrow);
	assert_int_not_equal(gw_numbers_of(state->transaction.numbers, "web"), web);
}

/* ---- refusals change nothing ------------------------------------------------------------------- */

static void invalid_configs_and_broken_assertions_change_nothing(void **ret)
{
	struct state *state = *ret;
	uint32_t revision;

	(void)applied(state, site_a);
	assert_int_equal(apply(state, site_invalid, &revision), GW_EXIT_INVALID);
	assert_int_equal(apply(state, site_broken_assertion, &revision), GW_EXIT_REFUSED);
	assert_still(state, 1, site_a);
	assert_int_equal(state->fake->n_tried, 1);
}

static void a_refusal_at_any_operation_changes_nothing(void **ret)
{
	struct state *state = *ret;
	uint32_t revision;
	size_t op = 0;

	(void)applied(state, site_a);
	state->fake->refuse_errno = EINVAL;
	state->fake->refuse_op = FAKE_KERNEL_WHOLE;
	assert_int_equal(apply(state, site_b, &revision), GW_EXIT_FAILED);
	assert_still(state, 1, site_a);
	/* A plan with fewer operations is not refused: then all have been. */
	for (;; op++) {
		state->fake->refuse_errno = EINVAL;
		state->fake->refuse_op = op;
		if (apply(state, site_b, &revision) == GW_EXIT_OK)
			break;
		assert_true(has_diag(state, GW_D_KERNEL_REFUSED));
		assert_still(state, 1, site_a);
	}
	assert_true(op > 3);
	assert_int_equal(revision, 2);
}

/* The fake kernel, refusing its n-th commit from now on; the one before meets another program. */
static const struct gw_kernel_ops *fake_ops;
static unsigned int commits_left;
static bool disturbed;

static int commit_until_refused(struct gw_kernel *kernel, const struct gw_plan *plan,
				struct gw_kernel_error *ret_error)
{
	struct fake_kernel *fake = (struct fake_kernel *)kernel;

	if (commits_left == 1 && disturbed)
		fake->interferences = 1;
	if (commits_left-- == 0) {
		fake->refuse_errno = ENOMEM;
		fake->refuse_op = 0; /* so that the refusal names an operation of that part */
	}
	return fake_ops->commit(kernel, plan, ret_error);
}

static void a_withdrawal_that_is_refused_is_drift_that_an_apply_ends(void **ret)
{
	struct state *state = *ret;
	struct gw_kernel_ops refusing;
	uint32_t revision;

	(void)applied(state, site_a);
	fake_ops = state->fake->base.ops;
	refusing = *fake_ops;
	refusing.commit = commit_until_refused;
	commits_left = 2; /* grace, the change, the withdrawal: see gw/plan/withdraw.c */
	state->fake->base.ops = &refusing;
	assert_int_equal(apply(state, site_narrow, &revision), GW_EXIT_FAILED);
	state->fake->base.ops = fake_ops;
	assert_true(has_diag(state, GW_D_KERNEL_MEMORY));
	reopen(state);
	assert_int_equal(gw_store_current(state->target.store), 2);
	assert_int_equal(prepare_at(state, site_narrow, NOW), GW_EXIT_OK);
	assert_true(state->transaction.plan->n_ops > 0);
	assert_int_equal(applied(state, site_narrow), 2);
	assert_still(state, 2, site_narrow);
}

static void what_the_kernel_took_before_a_disturbance_counts(void **ret)
{
	struct state *state = *ret;
	struct gw_kernel_ops refusing;
	uint32_t revision;

	(void)applied(state, site_a);
	fake_ops = state->fake->base.ops;
	refusing = *fake_ops;
	refusing.commit = commit_until_refused;
	commits_left = 3; /* grace, the change, the withdrawal, and what is done of it again */
	disturbed = true;
	state->fake->base.ops = &refusing;
	assert_int_equal(apply(state, site_narrow, &revision), GW_EXIT_FAILED);
	state->fake->base.ops = fake_ops;
	disturbed = false;
	reopen(state);
	assert_int_equal(gw_store_current(state->target.store), 2);
	assert_int_equal(applied(state, site_narrow), 2);
	assert_still(state, 2, site_narrow);
}

/* Killed between the two transactions: what is new is in force. */
static void a_change_without_its_withdrawals_was_made(void **ret)
{
	struct state *state = *ret;
	struct gw_kernel_ops refusing;
	uint32_t revision;
	char path[128];
	FILE *file;

	(void)applied(state, site_a);
	fake_ops = state->fake->base.ops;
	refusing = *fake_ops;
	refusing.commit = commit_until_refused;
	commits_left = 2; /* grace, the change, the withdrawal: see gw/plan/withdraw.c */
	state->fake->base.ops = &refusing;
	assert_int_equal(apply(state, site_narrow, &revision), GW_EXIT_FAILED);
	state->fake->base.ops = fake_ops;
	(void)snprintf(path, sizeof(path), "%s/current", state->dir);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs("1\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	reopen(state);
	assert_int_equal(gw_store_pending(state->target.store), 2);
	assert_int_equal(applied(state, site_narrow), 2);
	assert_true(has_diag(state, GW_D_CHANGE_RECOVERED));
	assert_still(state, 2, site_narrow);
}

static void without_permission_nothing_changes(void **ret)
{
	struct state *state = *ret;
	uint32_t revision;

	state->fake->observe_errno = EPERM;
	assert_int_equal(apply(state, site_a, &revision), GW_EXIT_FAILED);
	assert_true(has_diag(state, GW_D_KERNEL_PERMISSION));
	state->fake->observe_errno = 0;
	assert_int_equal(n_revisions(state), 0);
}

static void a_store_that_cannot_be_written_keeps_the_kernel_as_it_was(void **ret)
{
	struct state *state = *ret;
	char path[128];
	uint32_t revision;

	(void)applied(state, site_a);
	(void)snprintf(path, sizeof(path), "%s/current.new", state->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(apply(state, site_b, &revision), GW_EXIT_FAILED);
	assert_true(has_diag(state, GW_D_STATE_WRITE));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(state->fake->n_tried, 1);
	assert_still(state, 1, site_a);
}

static void a_damaged_revision_is_reported(void **ret)
{
	struct state *state = *ret;
	char path[128];
	uint32_t revision;

	(void)applied(state, site_a);
	(void)snprintf(path, sizeof(path), "%s/revisions/000001/numbers.json", state->dir);
	assert_int_equal(truncate(path, 5), 0);
	assert_int_equal(apply(state, site_b, &revision), GW_EXIT_FAILED);
	assert_true(has_diag(state, GW_D_STATE_CORRUPT));
	assert_int_equal(state->fake->n_tried, 1);
}

/* ---- others at work ------------------------------------------------------------------------------ */

static void another_programs_change_is_looked_at_anew(void **ret)
{
	struct state *state = *ret;

	(void)applied(state, site_a);
	state->fake->interferences = 4;
	assert_int_equal(applied(state, site_b), 2);
	assert_still(state, 2, site_b);
}

static void changes_that_keep_coming_end_the_attempt(void **ret)
{
	struct state *state = *ret;
	uint32_t revision;

	(void)applied(state, site_a);
	state->fake->interferences = 5;
	assert_int_equal(apply(state, site_b, &revision), GW_EXIT_FAILED);
	assert_true(has_diag(state, GW_D_KERNEL_BUSY));
	assert_still(state, 1, site_a);
}

static void what_others_took_away_is_put_back_without_a_revision(void **ret)
{
	struct state *state = *ret;
	struct gw_set *live;

	(void)applied(state, site_a);
	live = gw_ruleset_set(state->fake->held, "live");
	assert_true(live && live->n_elems > 0);
	live->n_elems--;
	state->fake->held->generation++;
	assert_int_equal(applied(state, site_a), 1);
	assert_int_equal(state->fake->n_committed, 2);
	assert_still(state, 1, site_a);
}

static void a_number_that_others_made_live_is_taken_away(void **ret)
{
	struct state *state = *ret;
	static const uint32_t foreign = 0x7777;
	struct gw_set *live;

	(void)applied(state, site_a);
	live = gw_ruleset_set(state->fake->held, "live");
	gw_ruleset_add_elem(state->fake->held, live,
			    (struct gw_elem){ .key = (const uint8_t *)&foreign });
	gw_ruleset_finish(state->fake->held);
	state->fake->held->generation++;
	assert_int_equal(applied(state, site_a), 1);
	assert_true(state->transaction.sent);
	assert_still(state, 1, site_a);
	assert_int_equal(applied(state, site_a), 1);
	assert_false(state->transaction.sent);
}

/* ---- interrupted --------------------------------------------------------------------------------- */

/* As if the process had died after the kernel took the change. */
static void die_after_commit(struct state *state, const char *yaml)
{
	uint32_t before = gw_store_current(state->target.store);
	char path[128];
	FILE *file;

	(void)applied(state, yaml);
	(void)snprintf(path, sizeof(path), "%s/current", state->dir);
	if (!before) {
		assert_int_equal(unlink(path), 0);
	} else {
		file = fopen(path, "we");
		assert_non_null(file);
		assert_true(fprintf(file, "%u\n", before) > 0);
		assert_int_equal(fclose(file), 0);
	}
	reopen(state);
}

static void a_change_that_the_kernel_took_is_noted_by_the_next_run(void **ret)
{
	struct state *state = *ret;
	unsigned int tried;

	die_after_commit(state, site_a);
	assert_int_equal(gw_store_current(state->target.store), 0);
	assert_int_equal(applied(state, site_a), 1);
	assert_true(has_diag(state, GW_D_CHANGE_RECOVERED));
	die_after_commit(state, site_b);
	tried = state->fake->n_tried;
	assert_int_equal(gw_store_current(state->target.store), 1);
	assert_int_equal(applied(state, site_b), 2);
	assert_still(state, 2, site_b);
	assert_int_equal(state->fake->n_tried, tried);
}

static void numbers_of_a_change_that_did_not_arrive_are_not_given_again(void **ret)
{
	struct state *state = *ret;
	const struct gw_revision revision = { .time = NOW, .who = "op", .note = "", .digest = "x" };
	struct gw_revision_content content = { 0 };
	uint32_t number, next;

	(void)applied(state, site_a);
	assert_int_equal(prepare_at(state, site_b, NOW), GW_EXIT_OK);
	content.files = state->transaction.config->conf->files;
	content.n_files = state->transaction.config->conf->n_files;
	content.numbers = state->transaction.numbers;
	next = state->transaction.numbers->next;
	assert_int_equal(
		gw_store_add(state->target.store, &revision, &content, &number, &state->diags), 0);
	reopen(state);
	assert_int_equal(applied(state, site_b), 3);
	assert_true(has_diag(state, GW_D_CHANGE_RECOVERED));
	assert_true(gw_numbers_of(state->transaction.numbers, "mail") >= next);
	assert_still(state, 3, site_b);
	assert_int_equal(n_revisions(state), 2);
}

static void a_lost_state_directory_does_not_bring_numbers_back(void **ret)
{
	struct state *state = *ret;
	uint32_t web;

	(void)applied(state, site_a);
	web = gw_numbers_of(state->transaction.numbers, "web");
	gw_store_close(state->target.store);
	assert_int_equal(gw_durable_remove_tree(AT_FDCWD, state->dir), 0);
	open_store(state);
	(void)applied(state, site_a);
	assert_true(gw_numbers_of(state->transaction.numbers, "web") > web);
}

/* ---- time -------------------------------------------------------------------------------------- */

static void an_exception_that_ended_is_cleaned_up_once(void **ret)
{
	struct state *state = *ret;
	uint32_t revision = 0;
	int64_t later = NOW + 7200;

	(void)applied(state, site_exception);
	state->fake->now_ms = later * 1000;
	assert_int_equal(apply_at(state, site_exception, later, &revision), GW_EXIT_OK);
	assert_int_equal(apply_at(state, site_exception, later, &revision), GW_EXIT_OK);
	assert_int_equal(state->transaction.plan->n_ops, 0);
}

/* ---- counts -------------------------------------------------------------------------------------- */

/* Gives every element of live ones the same count. */
static void count(struct state *state, uint64_t packets)
{
	struct gw_set *live = gw_ruleset_set(state->fake->held, "live");

	for (size_t i = 0; i < live->n_elems; i++) {
		live->elems[i].packets = packets;
		live->elems[i].bytes = packets * 100;
	}
}

static uint64_t packets_of(struct state *state, const char *id)
{
	uint32_t revision = gw_store_current(state->target.store);
	struct gw_numbers *numbers = gw_store_numbers(state->target.store, revision);
	struct gw_ruleset *observed;
	struct gw_carried *carried;
	struct gw_count *counts;
	uint64_t packets = 0;
	size_t n, n_carried;

	assert_non_null(numbers);
	assert_int_equal(state->target.kernel->ops->observe(state->target.kernel, &observed), 0);
	assert_int_equal(
		gw_store_carried(state->target.store, revision, state->arena, &carried, &n_carried),
		0);
	gw_counts_collect(state->arena, observed, numbers, UINT32_MAX, carried, n_carried, &counts,
			  &n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(counts[i].id, id) == 0)
			packets += counts[i].packets;
	gw_ruleset_free(observed);
	gw_numbers_free(numbers);
	return packets;
}

static void counts_never_go_back(void **ret)
{
	struct state *state = *ret;

	(void)applied(state, site_a);
	count(state, 7);
	assert_int_equal(packets_of(state, "web"), 7);
	/* A number that is given up. */
	(void)applied(state, site_narrow);
	assert_int_equal(packets_of(state, "web"), 7);
	count(state, 5);
	assert_int_equal(packets_of(state, "web"), 12);
	/* A rule that goes and comes back. */
	(void)applied(state, ZONES "policies:\n" DENY);
	(void)applied(state, site_narrow);
	assert_int_equal(packets_of(state, "web"), 12);
	/* A rule that stays keeps its element. */
	count(state, 9);
	(void)applied(state, ZONES "policies:\n"
				   "  - {id: web, from: wan, to: dmz, source: [192.0.2.0/24], "
				   "services: [tcp/80], action: accept" DUTIES "}\n" MAIL);
	assert_int_equal(packets_of(state, "web"), 12 + 9);
}

static enum gw_exit count_more(void *context, uint32_t number, struct gw_diags *diags)
{
	(void)number;
	(void)diags;
	count(context, 12);
	return GW_EXIT_OK;
}

static void what_is_counted_after_the_comparison_is_not_lost(void **ret)
{
	struct state *state = *ret;
	struct gw_change change = {
		.who = "op", .note = "", .before_send = count_more, .context = state
	};
	uint32_t revision;

	(void)applied(state, site_a);
	count(state, 7);
	assert_int_equal(prepare_at(state, site_narrow, NOW), GW_EXIT_OK);
	assert_int_equal(gw_transaction_commit(&state->transaction, &state->target, &change,
					       &revision, &state->diags),
			 GW_EXIT_OK);
	assert_int_equal(packets_of(state, "web"), 12);
	/* Nor if the comparison has to be repeated. */
	count(state, 1);
	assert_int_equal(prepare_at(state, site_a, NOW), GW_EXIT_OK);
	state->fake->interferences = 2;
	assert_int_equal(gw_transaction_commit(&state->transaction, &state->target, &change,
					       &revision, &state->diags),
			 GW_EXIT_OK);
	assert_int_equal(packets_of(state, "web"), 12 + 12);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_second_apply_of_the_same_config_sends_nothing),
		TEST(a_change_and_its_rollback_are_revisions_of_their_own),
		TEST(a_config_that_only_reads_differently_is_a_revision_without_operations),
		TEST(numbers_stay_while_a_rule_permits_what_it_did),
		TEST(invalid_configs_and_broken_assertions_change_nothing),
		TEST(a_refusal_at_any_operation_changes_nothing),
		TEST(a_withdrawal_that_is_refused_is_drift_that_an_apply_ends),
		TEST(what_the_kernel_took_before_a_disturbance_counts),
		TEST(a_change_without_its_withdrawals_was_made),
		TEST(without_permission_nothing_changes),
		TEST(a_store_that_cannot_be_written_keeps_the_kernel_as_it_was),
		TEST(a_damaged_revision_is_reported),
		TEST(another_programs_change_is_looked_at_anew),
		TEST(changes_that_keep_coming_end_the_attempt),
		TEST(what_others_took_away_is_put_back_without_a_revision),
		TEST(a_number_that_others_made_live_is_taken_away),
		TEST(a_change_that_the_kernel_took_is_noted_by_the_next_run),
		TEST(numbers_of_a_change_that_did_not_arrive_are_not_given_again),
		TEST(a_lost_state_directory_does_not_bring_numbers_back),
		TEST(an_exception_that_ended_is_cleaned_up_once),
		TEST(counts_never_go_back),
		TEST(what_is_counted_after_the_comparison_is_not_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
