/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <event2/event.h>
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
/* clang-format on */

#include <linux/netfilter.h>

#include "gw/agent/drift.h"
#include "gw/agent/durable.h"
#include "gw/agent/expiry.h"
#include "gw/core/mem.h"
#include "tests/support/fake_kernel.h"

struct state {
	char dir[64];
	struct fake_kernel *fake;
	struct gw_agent agent;
	struct gw_diags diags;
	struct gw_arena *arena;
	int64_t expires;
};

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));
	struct gw_agent *agent = &state->agent;

	(void)snprintf(state->dir, sizeof(state->dir), "/tmp/gw-expiry-XXXXXX");
	assert_non_null(mkdtemp(state->dir));
	gw_diags_init(&state->diags);
	state->arena = gw_arena_new();
	state->fake = fake_kernel_new();
	state->fake->now_ms = time(NULL) * 1000;
	agent->state_dir = state->dir;
	agent->base = event_base_new();
	agent->target.kernel = &state->fake->base;
	assert_int_equal(gw_store_open(state->dir, &agent->target.store, &state->diags), 0);
	assert_int_equal(gw_store_lock(agent->target.store, &state->diags), 0);
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;
	struct gw_agent *agent = &state->agent;

	gw_part_drift.stop(agent);
	gw_part_expiry.stop(agent);
	gw_config_free(agent->config);
	gw_numbers_free(agent->numbers);
	gw_store_close(agent->target.store);
	gw_kernel_free(agent->target.kernel);
	event_base_free(agent->base);
	assert_int_equal(gw_durable_remove_tree(AT_FDCWD, state->dir), 0);
	gw_diags_done(&state->diags);
	gw_arena_free(state->arena);
	gw_free(state);
	return 0;
}

/* Applies a config with an exception that ends in so many seconds, and starts the part. */
static void start(struct state *state, int seconds)
{
	struct gw_transaction transaction;
	char yaml[1024], expires[32];
	struct gw_conf_file file = { "gw.yaml", yaml, 0 };
	const struct gw_config_origin origin = { .files = &file, .n_files = 1 };
	struct tm tm;

	state->expires = time(NULL) + seconds;
	assert_non_null(gmtime_r(&state->expires, &tm));
	(void)strftime(expires, sizeof(expires), "%FT%TZ", &tm);
	file.len = (size_t)snprintf(
		yaml, sizeof(yaml),
		"gw: 1\nsite: {name: t}\nzones:\n"
		"  wan: {interfaces: [wan0], untrusted: true}\n"
		"  dmz: {interfaces: [dmz0], nets: [203.0.113.0/28]}\n"
		"exceptions:\n"
		"  - {id: exc, from: wan, to: dmz, services: [tcp/22], expires: %s, reason: r, "
		"requested_by: a, approved_by: [b], ticket: t}\n",
		expires);
	assert_int_equal(gw_transaction_prepare(&transaction, &origin, &state->agent.target,
						time(NULL), &state->diags),
			 GW_EXIT_OK);
	assert_int_equal(gw_transaction_commit(&transaction, &state->agent.target,
					       &(struct gw_change){ .who = "op", .note = "" },
					       &state->agent.revision, &state->diags),
			 GW_EXIT_OK);
	state->agent.config = transaction.config;
	state->agent.numbers = transaction.numbers;
	transaction.config = NULL;
	transaction.numbers = NULL;
	gw_transaction_done(&transaction);
	assert_int_equal(gw_part_expiry.open(&state->agent), 0);
	assert_int_equal(gw_part_expiry.start(&state->agent), 0);
}

static struct gw_elem *element(struct state *state)
{
	struct gw_set *set = gw_ruleset_set(state->fake->held, "live_timed");

	return set && set->n_elems ? &set->elems[0] : NULL;
}

static uint64_t carried(struct state *state)
{
	struct gw_carried *list;
	size_t n;

	assert_int_equal(gw_store_carried(state->agent.target.store, state->agent.revision,
					  state->arena, &list, &n),
			 0);
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].id, "exc") == 0)
			return list[i].packets;
	return 0;
}

/* Lets timers run until the exception has ended. */
static void run_to_the_end(struct state *state)
{
	while (gw_expiry_exceptions(&state->agent)->n)
		assert_int_equal(event_base_loop(state->agent.base, EVLOOP_ONCE), 0);
	assert_true(time(NULL) >= state->expires);
}

static void after_a_jump_an_exception_ends_at_the_right_moment(void **ret)
{
	struct state *state = *ret;

	start(state, 3600);
	assert_int_equal(element(state)->expires_ms, state->expires * 1000);
	/* The clock was put forward by half an hour: what the kernel counts down ends too late. */
	element(state)->expires_ms += 1800000;
	element(state)->packets = 5;
	gw_expiry_clock_jumped(&state->agent);
	assert_int_equal(element(state)->expires_ms, state->expires * 1000);
	assert_int_equal(element(state)->packets, 5);
	/* And back by more: it ends too early, or has already. */
	state->fake->now_ms = state->expires * 1000 + 1;
	fake_kernel_hold(state->fake, state->fake->held);
	assert_int_equal(state->fake->base.ops->read_elements(
				 &state->fake->base, NFPROTO_INET, state->arena,
				 &(struct gw_set){ .name = "live_timed", .n_key = 1 }),
			 0);
	assert_null(element(state));
	state->fake->now_ms = time(NULL) * 1000;
	gw_expiry_clock_jumped(&state->agent);
	assert_int_equal(element(state)->expires_ms, state->expires * 1000);
}

static void the_last_reading_of_an_exception_is_carried_on(void **ret)
{
	struct state *state = *ret;

	start(state, 2);
	element(state)->packets = 9;
	/* On a machine that is slow the end can be there at once. */
	while (gw_expiry_exceptions(&state->agent)->n &&
	       gw_expiry_exceptions(&state->agent)->items[0].packets != 9)
		assert_int_equal(event_base_loop(state->agent.base, EVLOOP_ONCE), 0);
	state->fake->now_ms = state->expires * 1000 + 1; /* the kernel ends it */
	run_to_the_end(state);
	assert_int_equal(carried(state), 9);
	/* What it has left in other sets is gone, and that is nobody's drift. */
	assert_int_equal(gw_part_drift.open(&state->agent), 0);
	assert_int_equal(gw_drift_check(&state->agent), 0);
	assert_int_equal(gw_drift_state(&state->agent)->found, 0);
}

static void an_exception_that_the_kernel_ends_late_is_counted_once(void **ret)
{
	struct state *state = *ret;

	start(state, 2);
	element(state)->packets = 9;
	run_to_the_end(state); /* the kernel's clock stands still */
	assert_null(element(state));
	assert_int_equal(carried(state), 9);
}

static void counts_that_a_killed_agent_has_stored_are_not_added_again(void **ret)
{
	static const char killed[] =
		"{\"schema\": \"gw.exceptions/1\", \"revision\": 1, \"exceptions\": [{\"id\": "
		"\"exc\", \"number\": 16, \"expires\": 1, \"started\": 1, \"first_use\": 1, "
		"\"warned\": 4294967295, \"packets\": 4, \"bytes\": 400, \"carry\": true, "
		"\"final_packets\": 9, \"final_bytes\": 900}]}";
	struct state *state = *ret;
	int dir = open(state->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(dir >= 0);
	start(state, 3600);
	for (int i = 0; i < 2; i++) {
		gw_part_expiry.stop(&state->agent);
		assert_int_equal(gw_durable_replace(dir, "exceptions.json", killed, strlen(killed)),
				 0);
		assert_int_equal(gw_part_expiry.open(&state->agent), 0);
		assert_int_equal(carried(state), 9);
		assert_int_equal(gw_expiry_exceptions(&state->agent)->n, 0);
	}
	(void)close(dir);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(after_a_jump_an_exception_ends_at_the_right_moment),
		TEST(the_last_reading_of_an_exception_is_carried_on),
		TEST(an_exception_that_the_kernel_ends_late_is_counted_once),
		TEST(counts_that_a_killed_agent_has_stored_are_not_added_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
