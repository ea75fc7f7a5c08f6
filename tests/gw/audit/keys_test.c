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
#include "gw/audit/keys.h"
#include "gw/core/mem.h"

#define NOW 1795374000 /* 2026-11-23 03:00 UTC */

struct state {
	char path[64];
	int dir;
	struct gw_audit_keys *keys;
	struct gw_text recorded;
	unsigned int records;
	int refuse; /* what recording answers */
	struct gw_log_head heads[2];
};

static int record(uint32_t generation, const char *note, void *context)
{
	struct state *state = context;

	(void)generation;
	if (state->refuse)
		return state->refuse;
	gw_text_puts(&state->recorded, note);
	state->records++;
	return 0;
}

static int open_keys(struct state *state)
{
	gw_audit_keys_free(state->keys);
	state->keys = NULL;
	return gw_audit_keys_open(state->dir, "tokyo-01", GW_NOTE_ED25519, NOW, record, state,
				  &state->keys);
}

static int rotate(struct state *state, enum gw_note_type type)
{
	state->heads[0].size += 10;
	memset(state->heads[0].root, (int)state->heads[0].size, sizeof(state->heads[0].root));
	return gw_audit_keys_rotate(state->keys, type, NOW + 600, state->heads, 2, record, state);
}

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));

	(void)snprintf(state->path, sizeof(state->path), "/tmp/gw-keys-XXXXXX");
	assert_non_null(mkdtemp(state->path));
	state->dir = open(state->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(state->dir >= 0);
	(void)snprintf(state->heads[0].name, sizeof(state->heads[0].name), "change");
	(void)snprintf(state->heads[1].name, sizeof(state->heads[1].name), "auth");
	assert_int_equal(open_keys(state), 0);
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	gw_audit_keys_free(state->keys);
	gw_text_done(&state->recorded);
	(void)close(state->dir);
	(void)gw_durable_remove_tree(AT_FDCWD, state->path);
	gw_free(state);
	return 0;
}

static void read_file(struct state *state, const char *path, struct gw_text *out)
{
	assert_int_equal(gw_audit_file_read(state->dir, path, 1u << 20, out), 0);
}

static void write_file(struct state *state, const char *path, const struct gw_text *text)
{
	assert_int_equal(gw_audit_file_replace(state->dir, path, 0600, text->bytes, text->len), 0);
}

static int read_chain(const struct gw_text *text, const struct gw_note_key *anchor,
		      struct gw_key_chain *ret)
{
	size_t bad;

	return gw_key_chain_read(text->bytes, text->len, anchor, ret, &bad);
}

static void sign_checkpoint(struct state *state, const char *site, const char *log, uint64_t size,
			    struct gw_text *out)
{
	struct gw_checkpoint checkpoint = { .size = size };

	assert_int_equal(gw_checkpoint_origin(site, log, checkpoint.origin), 0);
	assert_int_equal(gw_checkpoint_write(&checkpoint, gw_audit_keys_signer(state->keys), out),
			 0);
}

/* ---- right ----------------------------------------------------------------------------------- */

static void a_key_is_made_once_and_only_its_owner_reads_it(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text chain = { 0 };
	struct stat stat;

	assert_int_equal(fstatat(state->dir, "keys/signer.pem", &stat, 0), 0);
	assert_int_equal(stat.st_mode & 0777, 0600);
	assert_int_equal(gw_audit_keys_generation(state->keys), 1);
	assert_int_equal(open_keys(state), 0);
	assert_int_equal(gw_audit_keys_generation(state->keys), 1);
	assert_string_equal(gw_audit_keys_site(state->keys), "tokyo-01");
	assert_int_equal(gw_audit_keys_since(state->keys), NOW);
	assert_int_equal(state->records, 1);
	read_file(state, "keys/chain", &chain);
	assert_string_equal(chain.bytes, state->recorded.bytes);
}

static void whoever_knows_one_key_trusts_those_that_follow(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text chain = { 0 }, first = { 0 }, third = { 0 };
	struct gw_note_key second;
	struct gw_key_chain read;
	struct gw_checkpoint checkpoint;
	uint32_t generation;

	sign_checkpoint(state, "tokyo-01", "change", 5, &first);
	assert_int_equal(rotate(state, GW_NOTE_ECDSA), 0);
	assert_int_equal(gw_note_signer_key(gw_audit_keys_signer(state->keys),
					    "gw/tokyo-01/audit/auth", &second),
			 0);
	assert_int_equal(rotate(state, GW_NOTE_ED25519), 0);
	assert_int_equal(gw_audit_keys_generation(state->keys), 3);
	assert_int_equal(open_keys(state), 0);
	assert_int_equal(gw_audit_keys_generation(state->keys), 3);
	sign_checkpoint(state, "tokyo-01", "change", 25, &third);
	read_file(state, "keys/chain", &chain);

	assert_int_equal(read_chain(&chain, &second, &read), 0);
	assert_int_equal(read.n, 3);
	assert_int_equal(read.anchor, 1);
	assert_string_equal(read.site, "tokyo-01");
	assert_int_equal(read.links[2].heads[0].size, 20);
	assert_string_equal(read.links[2].heads[1].name, "auth");
	assert_int_equal(gw_key_chain_checkpoint(&read, "change", third.bytes, third.len,
						 &checkpoint, &generation),
			 0);
	assert_int_equal(generation, 3);
	/* The first key came before the one that is known; nothing says that it is ours. */
	assert_int_equal(
		gw_key_chain_checkpoint(&read, "change", first.bytes, first.len, &checkpoint, NULL),
		-ENOKEY);
	gw_key_chain_done(&read);

	assert_int_equal(read_chain(&chain, NULL, &read), 0);
	assert_int_equal(gw_key_chain_checkpoint(&read, "change", first.bytes, first.len,
						 &checkpoint, &generation),
			 0);
	assert_int_equal(generation, 1);
	/* Of another class, and so no checkpoint of this one. */
	assert_int_equal(
		gw_key_chain_checkpoint(&read, "auth", first.bytes, first.len, &checkpoint, NULL),
		-ENOKEY);
	gw_key_chain_done(&read);
}

static void the_old_private_key_is_gone(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text before = { 0 }, after = { 0 };

	read_file(state, "keys/signer.pem", &before);
	assert_int_equal(rotate(state, GW_NOTE_ED25519), 0);
	read_file(state, "keys/signer.pem", &after);
	assert_string_not_equal(before.bytes, after.bytes);
	assert_int_equal(faccessat(state->dir, "keys/next.pem", F_OK, 0), -1);
}

/* ---- interrupted ----------------------------------------------------------------------------- */

static void without_its_record_a_key_is_not_used(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text before = { 0 }, after = { 0 };

	read_file(state, "keys/signer.pem", &before);
	state->refuse = -ENOSPC;
	assert_int_equal(rotate(state, GW_NOTE_ED25519), -ENOSPC);
	assert_int_equal(gw_audit_keys_generation(state->keys), 1);
	read_file(state, "keys/signer.pem", &after);
	assert_string_equal(before.bytes, after.bytes);
	assert_int_equal(open_keys(state), 0);
	assert_int_equal(gw_audit_keys_generation(state->keys), 1);
	assert_int_equal(faccessat(state->dir, "keys/next.pem", F_OK, 0), -1);
}

/* Killed when the chain has the new key's note: before and after the old key was overwritten. */
static void an_interrupted_change_is_finished(void **ret)
{
	struct state *state = *ret;

	for (unsigned int zeroed = 0; zeroed < 2; zeroed++) {
		gw_auto_text struct gw_text before = { 0 }, after = { 0 };
		uint32_t generation;

		read_file(state, "keys/signer.pem", &before);
		assert_int_equal(rotate(state, GW_NOTE_ED25519), 0);
		generation = gw_audit_keys_generation(state->keys);
		read_file(state, "keys/signer.pem", &after);
		write_file(state, "keys/next.pem", &after);
		if (zeroed)
			memset(before.bytes, 0, before.len);
		write_file(state, "keys/signer.pem", &before);
		assert_int_equal(open_keys(state), 0);
		assert_int_equal(gw_audit_keys_generation(state->keys), generation);
		assert_int_equal(faccessat(state->dir, "keys/next.pem", F_OK, 0), -1);
		assert_int_equal(open_keys(state), 0);
	}
}

static void a_note_that_was_cut_while_it_was_appended_is_taken_off(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text chain = { 0 }, cut = { 0 }, after = { 0 };

	read_file(state, "keys/chain", &chain);
	for (size_t len = 1; len < chain.len; len++) {
		gw_text_done(&cut);
		gw_text_add(&cut, chain.bytes, chain.len);
		gw_text_add(&cut, chain.bytes, len);
		write_file(state, "keys/chain", &cut);
		/* A key line of the first note may follow the whole one as another signature would. */
		if (open_keys(state) < 0)
			fail_msg("%zu bytes", len);
	}
	gw_text_done(&after);
	read_file(state, "keys/chain", &after);
	assert_string_equal(after.bytes, chain.bytes);
	assert_int_equal(rotate(state, GW_NOTE_ED25519), 0);
}

/* ---- wrong ----------------------------------------------------------------------------------- */

static void a_missing_or_foreign_private_key_is_an_error(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text first = { 0 };

	read_file(state, "keys/signer.pem", &first);
	assert_int_equal(rotate(state, GW_NOTE_ED25519), 0);
	write_file(state, "keys/signer.pem", &first);
	assert_int_equal(open_keys(state), -ENOKEY);
	assert_int_equal(unlinkat(state->dir, "keys/signer.pem", 0), 0);
	assert_int_equal(open_keys(state), -ENOKEY);
	/* No chain to a key that is there: somebody took it away. */
	write_file(state, "keys/signer.pem", &first);
	assert_int_equal(unlinkat(state->dir, "keys/chain", 0), 0);
	assert_int_equal(open_keys(state), -ENOKEY);
}

static void no_byte_of_a_chain_can_be_changed(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text chain = { 0 };
	struct gw_key_chain read;

	assert_int_equal(rotate(state, GW_NOTE_ECDSA), 0);
	assert_int_equal(rotate(state, GW_NOTE_ED25519), 0);
	read_file(state, "keys/chain", &chain);
	for (size_t i = 0; i < chain.len; i++) {
		chain.bytes[i] ^= 1;
		if (read_chain(&chain, NULL, &read) == 0)
			fail_msg("byte %zu", i);
		chain.bytes[i] ^= 1;
	}
}

static void a_chain_with_a_link_taken_out_or_made_up_is_refused(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text chain = { 0 }, text = { 0 };
	const char *notes[4], *at;
	size_t lens[4], bad = 0;
	struct gw_key_chain read;

	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(rotate(state, GW_NOTE_ED25519), 0);
	read_file(state, "keys/chain", &chain);
	at = chain.bytes;
	for (unsigned int i = 0; i < 4; i++) {
		notes[i] = gw_note_next(&at, chain.bytes + chain.len, &lens[i]);
		assert_non_null(notes[i]);
	}
	/* Without the second; the first twice; in another order; without the first. */
	static const unsigned int orders[][4] = {
		{ 0, 2, 3, 4 }, { 0, 0, 1, 2 }, { 0, 2, 1, 3 }, { 1, 2, 3, 4 }
	};
	for (size_t o = 0; o < GW_COUNT(orders); o++) {
		gw_text_done(&text);
		for (size_t i = 0; i < 4 && orders[o][i] < 4; i++)
			gw_text_add(&text, notes[orders[o][i]], lens[orders[o][i]]);
		assert_int_equal(gw_key_chain_read(text.bytes, text.len, NULL, &read, &bad),
				 -EBADMSG);
		assert_int_equal(bad, o == 3 ? 1 : 2);
	}
}

static void a_chain_of_another_site_or_key_is_not_ours(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text chain = { 0 };
	struct gw_note_signer *stranger;
	struct gw_note_key ours, other;
	struct gw_key_chain read;

	read_file(state, "keys/chain", &chain);
	assert_int_equal(gw_note_signer_new(GW_NOTE_ED25519, &stranger), 0);
	assert_int_equal(gw_note_signer_key(stranger, "gw/tokyo-01/audit/keys", &other), 0);
	assert_int_equal(read_chain(&chain, &other, &read), -ENOKEY);
	assert_int_equal(gw_note_signer_key(gw_audit_keys_signer(state->keys),
					    "gw/osaka-01/audit/keys", &ours),
			 0);
	assert_int_equal(read_chain(&chain, &ours, &read), -ENOKEY);
	assert_int_equal(gw_note_key_rename(&ours, "gw/tokyo-01/audit/change", &ours), 0);
	assert_int_equal(read_chain(&chain, &ours, &read), 0);
	gw_key_chain_done(&read);
	gw_note_signer_free(stranger);
}

static void a_log_that_shrinks_breaks_the_chain(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text chain = { 0 };
	struct gw_key_chain read;
	size_t bad = 0;

	assert_int_equal(rotate(state, GW_NOTE_ED25519), 0);
	state->heads[0].size = 0;
	assert_int_equal(gw_audit_keys_rotate(state->keys, GW_NOTE_ED25519, NOW, state->heads, 2,
					      record, state),
			 0);
	read_file(state, "keys/chain", &chain);
	assert_int_equal(gw_key_chain_read(chain.bytes, chain.len, NULL, &read, &bad), -EBADMSG);
	assert_int_equal(bad, 3);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_key_is_made_once_and_only_its_owner_reads_it),
		CASE(whoever_knows_one_key_trusts_those_that_follow),
		CASE(the_old_private_key_is_gone),
		CASE(without_its_record_a_key_is_not_used),
		CASE(an_interrupted_change_is_finished),
		CASE(a_note_that_was_cut_while_it_was_appended_is_taken_off),
		CASE(a_missing_or_foreign_private_key_is_an_error),
		CASE(no_byte_of_a_chain_can_be_changed),
		CASE(a_chain_with_a_link_taken_out_or_made_up_is_refused),
		CASE(a_chain_of_another_site_or_key_is_not_ours),
		CASE(a_log_that_shrinks_breaks_the_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
