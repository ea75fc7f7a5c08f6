/* What is usual, on disk and back; and what is damaged. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "ratelimit/watch.h"

static char dir[] = "/tmp/gw-usual-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[64];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/usual.jsonl", dir);
	(void)unlink(path);
	return rmdir(dir);
}

static struct ratelimit_state *new_state(void)
{
	struct ratelimit_state *state = gw_zalloc(1, sizeof(*state));

	ratelimit_targets_open(state);
	return state;
}

static void free_state(struct ratelimit_state *state)
{
	ratelimit_targets_close(state);
	gw_free(state);
}

static void what_is_usual_survives_a_restart(void **state)
{
	struct ratelimit_state *before = new_state(), *after = new_state();
	struct ratelimit_target *target, *prefix;

	(void)state;
	assert_int_equal(ratelimit_keep_load(after, dir), 0); /* none yet */
	target = ratelimit_target_get(before, RATELIMIT_TARGET_POLICY, "web-in", 1);
	prefix = ratelimit_target_get(before, RATELIMIT_TARGET_PREFIX, "203.0.113.0/24", 1);
	target->usual[RATELIMIT_METRIC_UDP].hours[17] = 12.5F;
	prefix->usual[RATELIMIT_METRIC_UDP].hours[17] = 1;
	ratelimit_target_gateway(before)->usual[RATELIMIT_METRIC_COUNT].hours[0] = 3;
	assert_int_equal(ratelimit_keep_save(before, dir), 0);
	assert_int_equal(ratelimit_keep_load(after, dir), 0);
	target = ratelimit_target_called(after, "web-in");
	assert_non_null(target);
	assert_true(target->usual[RATELIMIT_METRIC_UDP].hours[17] == 12.5F);
	assert_true(target->usual[RATELIMIT_METRIC_UDP].hours[18] < 0);
	assert_true(ratelimit_target_gateway(after)->usual[RATELIMIT_METRIC_COUNT].hours[0] == 3);
	assert_null(ratelimit_target_called(after, "203.0.113.0/24"));
	free_state(before);
	free_state(after);
}

static void damaged_lines_are_left_out(void **state)
{
	static const char *const lines[] = {
		"nonsense\n",
		"{}\n",
		"{\"target\": 5, \"usual\": []}\n",
		"{\"target\": \"x\", \"usual\": [1, 2]}\n",
		"{\"target\": \"x\", \"usual\": [[1], [], [], [], [], []]}\n",
		"[[[[[[\n",
	};
	char path[64];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/usual.jsonl", dir);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct ratelimit_state *after = new_state();
		FILE *out = fopen(path, "we");

		assert_non_null(out);
		assert_true(fputs(lines[i], out) >= 0);
		assert_int_equal(fclose(out), 0);
		assert_int_equal(ratelimit_keep_load(after, dir), -EBADMSG);
		free_state(after);
	}
}

static void there_is_never_more_room_than_there_is(void **state)
{
	struct ratelimit_state *full = new_state();
	struct ratelimit_target *gateway = ratelimit_target_gateway(full);
	char name[32];

	(void)state;
	for (unsigned int i = 0; i < 2 * RATELIMIT_TARGETS; i++) {
		struct ratelimit_target *target;

		(void)snprintf(name, sizeof(name), "p%u", i);
		target = ratelimit_target_get(
			full, i % 2 ? RATELIMIT_TARGET_PREFIX : RATELIMIT_TARGET_POLICY, name,
			1000);
		if (i < RATELIMIT_PREFIXES)
			assert_string_equal(target->name, name);
	}
	assert_ptr_equal(ratelimit_target_get(full, RATELIMIT_TARGET_PREFIX, "one more", 1000),
			 gateway);
	/* An hour later those that nobody came to give way. */
	assert_string_equal(
		ratelimit_target_get(full, RATELIMIT_TARGET_PREFIX, "one more", 4000000)->name,
		"one more");
	free_state(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_usual_survives_a_restart),
		cmocka_unit_test(damaged_lines_are_left_out),
		cmocka_unit_test(there_is_never_more_room_than_there_is),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
