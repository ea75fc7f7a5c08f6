/* When an agent may believe the note of the one before it, and when it must look. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/agent/adoption.h"
#include "gw/agent/durable.h"
#include "gw/core/mem.h"
#include "tests/support/fake_kernel.h"

struct state {
	char dir[64];
	struct fake_kernel *fake;
	struct gw_agent agent;
	struct gw_diags diags;
};

static void write_file(const struct state *state, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", state->dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* A first revision, which is in force. */
static void apply(struct state *state)
{
	static const char yaml[] = "gw: 1\nsite: {name: t}\nzones:\n"
				   "  wan: {interfaces: [wan0], untrusted: true}\n";
	const struct gw_conf_file file = { "gw.yaml", yaml, sizeof(yaml) - 1 };
	const struct gw_config_origin origin = { .files = &file, .n_files = 1 };
	const struct gw_change change = { .who = "op", .note = "" };
	struct gw_transaction transaction;

	assert_int_equal(gw_transaction_prepare(&transaction, &origin, &state->agent.target,
						time(NULL), &state->diags),
			 GW_EXIT_OK);
	assert_int_equal(gw_transaction_commit(&transaction, &state->agent.target, &change,
					       &state->agent.revision, &state->diags),
			 GW_EXIT_OK);
	gw_transaction_done(&transaction);
}

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));
	struct gw_agent *agent = &state->agent;

	(void)snprintf(state->dir, sizeof(state->dir), "/tmp/gw-adoption-XXXXXX");
	assert_non_null(mkdtemp(state->dir));
	gw_diags_init(&state->diags);
	state->fake = fake_kernel_new();
	state->fake->netns = 4711;
	agent->state_dir = state->dir;
	agent->target.kernel = &state->fake->base;
	assert_int_equal(gw_store_open(state->dir, &agent->target.store, &state->diags), 0);
	assert_int_equal(gw_store_lock(agent->target.store, &state->diags), 0);
	write_file(state, "measures.jsonl", "one\n");
	apply(state);
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	gw_store_close(state->agent.target.store);
	gw_kernel_free(state->agent.target.kernel);
	assert_int_equal(gw_durable_remove_tree(AT_FDCWD, state->dir), 0);
	gw_diags_done(&state->diags);
	gw_free(state);
	return 0;
}

/* Notes the present state as right, as an agent does that is killed then. */
static void note(struct state *state)
{
	struct gw_adoption *adoption = gw_adoption_open(&state->agent);

	gw_adoption_note(adoption, gw_adoption_generation(adoption));
	gw_adoption_close(adoption);
}

/* Would the next agent believe it? */
static bool holds(struct state *state)
{
	struct gw_adoption *adoption = gw_adoption_open(&state->agent);
	bool result = gw_adoption_holds(adoption, state->agent.revision);

	gw_adoption_close(adoption);
	return result;
}

static void nothing_is_believed_without_a_note(void **state)
{
	assert_false(holds(*state));
}

static void what_nobody_touched_is_taken_over(void **state)
{
	note(*state);
	assert_true(holds(*state));
	assert_true(holds(*state)); /* looking changes nothing */
}

static void any_transaction_since_is_a_reason_to_look(void **ret)
{
	struct state *state = *ret;

	note(state);
	state->fake->held->generation++;
	assert_false(holds(state));
}

static void another_namespace_is_another_kernel(void **ret)
{
	struct state *state = *ret;

	note(state);
	state->fake->netns++;
	assert_false(holds(state));
	state->fake->netns = 0;
	assert_false(holds(state));
}

static void another_revision_is_not_what_the_kernel_holds(void **ret)
{
	struct state *state = *ret;
	struct gw_adoption *adoption;

	note(state);
	adoption = gw_adoption_open(&state->agent);
	assert_true(gw_adoption_holds(adoption, state->agent.revision));
	assert_false(gw_adoption_holds(adoption, state->agent.revision + 1));
	assert_false(gw_adoption_holds(adoption, 0));
	gw_adoption_close(adoption);
}

/* A measure that was written down, and whose agent died before the kernel had it. */
static void a_longer_journal_is_a_reason_to_look(void **ret)
{
	struct state *state = *ret;

	note(state);
	write_file(state, "measures.jsonl", "one\ntwo\n");
	assert_false(holds(state));
}

static void a_torn_note_is_none(void **ret)
{
	struct state *state = *ret;

	note(state);
	write_file(state, "kernel-state", "gw.kernel/1 ");
	assert_false(holds(state));
}

static void what_we_did_ourselves_counts_and_nothing_else(void **ret)
{
	struct state *state = *ret;
	struct gw_adoption *adoption;

	note(state);
	adoption = gw_adoption_open(&state->agent);
	state->fake->held->generation++; /* the table is taken for the agent */
	gw_adoption_passed(adoption, 1);
	assert_true(gw_adoption_holds(adoption, state->agent.revision));
	state->fake->held->generation++; /* somebody else */
	assert_false(gw_adoption_holds(adoption, state->agent.revision));
	gw_adoption_close(adoption);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_believed_without_a_note),
		TEST(what_nobody_touched_is_taken_over),
		TEST(any_transaction_since_is_a_reason_to_look),
		TEST(another_namespace_is_another_kernel),
		TEST(another_revision_is_not_what_the_kernel_holds),
		TEST(a_longer_journal_is_a_reason_to_look),
		TEST(a_torn_note_is_none),
		TEST(what_we_did_ourselves_counts_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
