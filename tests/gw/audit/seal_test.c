/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/agent/durable.h"
#include "gw/audit/files.h"
#include "gw/audit/seal.h"
#include "gw/core/mem.h"

#define NOW 1795374000

struct state {
	char path[64];
	int dir;
	struct gw_seal *seal;
	struct gw_log_head heads[2];
	unsigned int recorded;
};

static int record(uint32_t generation, const char *note, void *context)
{
	struct state *state = context;

	(void)generation, (void)note;
	state->recorded++;
	return 0;
}

static void open_seal(struct state *state)
{
	const struct gw_seal_options options = { .dir = state->dir,
						 .site = "tokyo-01",
						 .type = GW_NOTE_ED25519,
						 .interval_s = 60,
						 .records = 100,
						 .key_period_s = 600,
						 .record = record,
						 .context = state };

	gw_seal_close(state->seal);
	assert_int_equal(gw_seal_open(&options, NOW, &state->seal), 0);
}

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));

	(void)snprintf(state->path, sizeof(state->path), "/tmp/gw-seal-XXXXXX");
	assert_non_null(mkdtemp(state->path));
	state->dir = open(state->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(state->heads[0].name, sizeof(state->heads[0].name), "change");
	(void)snprintf(state->heads[1].name, sizeof(state->heads[1].name), "access");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(mkdirat(state->dir, state->heads[i].name, 0750), 0);
	open_seal(state);
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	gw_seal_close(state->seal);
	(void)close(state->dir);
	(void)gw_durable_remove_tree(AT_FDCWD, state->path);
	gw_free(state);
	return 0;
}

static void grow(struct gw_log_head *head, uint64_t records)
{
	head->size += records;
	memset(head->root, (int)head->size, sizeof(head->root));
}

static int tick(struct state *state, int64_t monotonic_s)
{
	return gw_seal_tick(state->seal, state->heads, 2, monotonic_s, NOW + monotonic_s);
}

/* How many checkpoints a class has, all of them right. */
static size_t count(struct state *state, const char *name, uint64_t *ret_size)
{
	gw_auto_text struct gw_text chain_text = { 0 }, all = { 0 }, newest = { 0 }, path = { 0 };
	struct gw_key_chain chain;
	struct gw_checkpoint checkpoint = { 0 };
	const char *at, *note, *last = NULL;
	size_t n = 0, len, bad;

	assert_int_equal(gw_audit_file_read(state->dir, "keys/chain", 1u << 20, &chain_text), 0);
	assert_int_equal(gw_key_chain_read(chain_text.bytes, chain_text.len, NULL, &chain, &bad),
			 0);
	gw_text_printf(&path, "%s/checkpoints", name);
	assert_int_equal(gw_audit_file_read(state->dir, path.bytes, 1u << 20, &all), 0);
	path.bytes[path.len - 1] = '\0';
	assert_int_equal(gw_audit_file_read(state->dir, path.bytes, 1u << 20, &newest), 0);
	for (at = all.bytes; (note = gw_note_next(&at, all.bytes + all.len, &len)); n++) {
		assert_int_equal(
			gw_key_chain_checkpoint(&chain, name, note, len, &checkpoint, NULL), 0);
		last = note;
	}
	assert_string_equal(last, newest.bytes);
	*ret_size = checkpoint.size;
	gw_key_chain_done(&chain);
	return n;
}

static void assert_sealed(struct state *state, const char *name, size_t n, uint64_t size)
{
	uint64_t got;

	assert_int_equal(count(state, name, &got), n);
	assert_int_equal(got, size);
}

/* ---------------------------------------------------------------------------------------------- */

static void logs_are_sealed_at_intervals_also_while_nothing_happens(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(tick(state, 0), 0);
	assert_sealed(state, "change", 1, 0);
	grow(&state->heads[0], 3);
	assert_int_equal(tick(state, 30), 0);
	assert_sealed(state, "change", 1, 0);
	assert_int_equal(gw_seal_due_in(state->seal, 30), 30);
	assert_int_equal(tick(state, 60), 0);
	assert_sealed(state, "change", 2, 3);
	assert_sealed(state, "access", 2, 0);
	assert_int_equal(tick(state, 120), 0);
	assert_sealed(state, "access", 3, 0);
}

static void many_records_are_sealed_at_once(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(tick(state, 0), 0);
	grow(&state->heads[0], 99);
	assert_int_equal(tick(state, 1), 0);
	assert_sealed(state, "change", 1, 0);
	grow(&state->heads[0], 1);
	assert_int_equal(tick(state, 1), 0);
	assert_sealed(state, "change", 2, 100);
	assert_sealed(state, "access", 1, 0);
}

static void keys_change_after_their_period_and_with_every_start(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(tick(state, 0), 0);
	assert_int_equal(gw_audit_keys_generation(gw_seal_keys(state->seal)), 1);
	grow(&state->heads[0], 5);
	assert_int_equal(tick(state, 600), 0);
	assert_int_equal(gw_audit_keys_generation(gw_seal_keys(state->seal)), 2);
	assert_int_equal(state->recorded, 2);
	open_seal(state);
	assert_int_equal(tick(state, 601), 0);
	assert_int_equal(gw_audit_keys_generation(gw_seal_keys(state->seal)), 3);
	assert_int_equal(tick(state, 661), 0);
	assert_int_equal(gw_audit_keys_generation(gw_seal_keys(state->seal)), 3);
	assert_sealed(state, "change", 4, 5);
}

static void a_log_that_shrank_or_changed_is_not_signed_again(void **ret)
{
	struct state *state = *ret;

	grow(&state->heads[0], 5);
	assert_int_equal(tick(state, 0), 0);
	state->heads[0].root[0] ^= 1;
	assert_int_equal(tick(state, 60), -ESTALE);
	/* The others go on. */
	assert_sealed(state, "access", 2, 0);
	state->heads[0].root[0] ^= 1;
	state->heads[0].size = 4;
	assert_int_equal(tick(state, 600), -ESTALE);
	/* Also by a process that has not signed it itself, and not by a note of a new key. */
	open_seal(state);
	assert_int_equal(tick(state, 1200), -ESTALE);
	assert_int_equal(gw_seal_all(state->seal, state->heads, 2, 1200), -ESTALE);
	assert_int_equal(gw_audit_keys_generation(gw_seal_keys(state->seal)), 1);
	assert_sealed(state, "change", 1, 5);
	state->heads[0].size = 5;
	assert_int_equal(tick(state, 1260), 0);
}

static void what_could_not_be_written_stays_due(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(tick(state, 0), 0);
	grow(&state->heads[0], 1);
	assert_int_equal(renameat(state->dir, "change", state->dir, "away"), 0);
	assert_int_equal(tick(state, 60), -ENOENT);
	assert_int_equal(renameat(state->dir, "away", state->dir, "change"), 0);
	assert_int_equal(tick(state, 61), 0);
	assert_sealed(state, "change", 2, 1);
	assert_sealed(state, "access", 2, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(logs_are_sealed_at_intervals_also_while_nothing_happens),
		CASE(many_records_are_sealed_at_once),
		CASE(keys_change_after_their_period_and_with_every_start),
		CASE(a_log_that_shrank_or_changed_is_not_signed_again),
		CASE(what_could_not_be_written_stays_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
