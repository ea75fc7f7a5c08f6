#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "gw/audit/note.h"
#include "gw/core/mem.h"

#define NAME "gw/tokyo-01/audit/change"
#define TEXT "gw/tokyo-01/audit/change\n3\nsomething\n"

/* Published with the notes of the checksum database of Go: a key and what it signed. */
#define PETER_KEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define PETER_NOTE                                                                                 \
	"If you think cryptography is the answer to your problem,\n"                               \
	"then you don't know what your problem is.\n\n"                                            \
	"\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSN" \
	"XgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

struct state {
	struct gw_note_signer *signers[2];
	struct gw_note_key keys[2]; /* of both, named NAME */
	struct gw_text note;        /* by the first */
};

static int setup(void **ret)
{
	static const enum gw_note_type types[] = { GW_NOTE_ED25519, GW_NOTE_ECDSA };
	struct state *state = gw_zalloc(1, sizeof(*state));

	for (size_t i = 0; i < GW_COUNT(types); i++) {
		assert_int_equal(gw_note_signer_new(types[i], &state->signers[i]), 0);
		assert_int_equal(gw_note_signer_key(state->signers[i], NAME, &state->keys[i]), 0);
	}
	assert_int_equal(gw_note_write(TEXT, strlen(TEXT), state->signers[0], NAME, &state->note),
			 0);
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	gw_note_signer_free(state->signers[0]);
	gw_note_signer_free(state->signers[1]);
	gw_text_done(&state->note);
	gw_free(state);
	return 0;
}

static int open_with(const struct gw_text *note, const struct gw_note_key *keys, size_t n)
{
	struct gw_note opened;

	return gw_note_open(note->bytes, note->len, keys, n, &opened);
}

/* ---- right ----------------------------------------------------------------------------------- */

static void what_was_signed_verifies_with_both_kinds_of_key(void **ret)
{
	struct state *state = *ret;

	for (size_t i = 0; i < 2; i++) {
		gw_auto_text struct gw_text note = { 0 };
		struct gw_note opened;

		assert_int_equal(gw_note_write(TEXT, strlen(TEXT), state->signers[i], NAME, &note),
				 0);
		assert_int_equal(gw_note_open(note.bytes, note.len, state->keys, 2, &opened), 0);
		assert_int_equal(opened.first_key, i);
		assert_int_equal(opened.verified, 1);
		assert_int_equal(opened.text_len, strlen(TEXT));
		assert_memory_equal(opened.text, TEXT, opened.text_len);
	}
}

static void a_published_note_of_another_tool_verifies(void **ret)
{
	struct gw_note_key key;
	struct gw_note note;
	gw_auto_text struct gw_text printed = { 0 };

	(void)ret;
	assert_int_equal(gw_note_key_parse(PETER_KEY, strlen(PETER_KEY), &key), 0);
	assert_int_equal(key.id, 0xc74f20a3);
	assert_int_equal(gw_note_open(PETER_NOTE, strlen(PETER_NOTE), &key, 1, &note), 0);
	assert_int_equal(note.text_len, strstr(PETER_NOTE, "\n\n") - PETER_NOTE + 1);
	gw_note_key_print(&key, &printed);
	assert_string_equal(printed.bytes, PETER_KEY);
}

static void a_note_may_hold_empty_lines_and_other_scripts(void **ret)
{
	static const char text[] = "\n\nA\n\n\xe6\x9d\xb1\xe4\xba\xac\n\xe2\x80\x94 x AAAA\n";
	struct state *state = *ret;
	gw_auto_text struct gw_text note = { 0 };
	struct gw_note opened;

	assert_int_equal(gw_note_write(text, strlen(text), state->signers[0], NAME, &note), 0);
	assert_int_equal(gw_note_open(note.bytes, note.len, state->keys, 1, &opened), 0);
	assert_int_equal(opened.text_len, strlen(text));
}

static void signatures_of_unknown_keys_say_nothing(void **ret)
{
	struct state *state = *ret;
	struct gw_note opened;

	gw_text_puts(&state->note, "\xe2\x80\x94 witness.example AAAAAAAAAAAA\n");
	/* A key of this name, but with another id, and one with this id, but another name. */
	gw_text_puts(&state->note, "\xe2\x80\x94 " NAME " AAAAAAAAAAAA\n");
	assert_int_equal(gw_note_open(state->note.bytes, state->note.len, state->keys, 2, &opened),
			 0);
	assert_int_equal(opened.unknown, 2);
	assert_int_equal(opened.verified, 1);
}

static void keys_survive_their_text_forms(void **ret)
{
	struct state *state = *ret;

	for (size_t i = 0; i < 2; i++) {
		gw_auto_text struct gw_text pem = { 0 }, line = { 0 };
		struct gw_note_signer *again;
		struct gw_note_key key;

		assert_int_equal(gw_note_signer_print(state->signers[i], &pem), 0);
		assert_int_equal(gw_note_signer_read(pem.bytes, pem.len, &again), 0);
		assert_int_equal(gw_note_signer_key(again, NAME, &key), 0);
		assert_memory_equal(&key, &state->keys[i], sizeof(key));
		gw_note_signer_free(again);
		gw_note_key_print(&key, &line);
		memset(&key, 0, sizeof(key));
		assert_int_equal(gw_note_key_parse(line.bytes, line.len, &key), 0);
		assert_memory_equal(&key, &state->keys[i], sizeof(key));
	}
}

/* ---- wrong ----------------------------------------------------------------------------------- */

static void a_note_of_another_key_is_refused(void **ret)
{
	struct state *state = *ret;
	struct gw_note_signer *stranger;
	struct gw_note_key key;

	assert_int_equal(gw_note_signer_new(GW_NOTE_ED25519, &stranger), 0);
	assert_int_equal(gw_note_signer_key(stranger, NAME, &key), 0);
	assert_int_equal(open_with(&state->note, &key, 1), -ENOKEY);
	/* The stranger's key with the id of ours: the signature itself decides. */
	key.id = state->keys[0].id;
	assert_int_equal(open_with(&state->note, &key, 1), -EKEYREJECTED);
	assert_int_equal(open_with(&state->note, NULL, 0), -ENOKEY);
	gw_note_signer_free(stranger);
}

static void a_key_under_another_name_does_not_count(void **ret)
{
	struct state *state = *ret;
	struct gw_note_key renamed;

	assert_int_equal(gw_note_key_rename(&state->keys[0], "gw/osaka-01/audit/change", &renamed),
			 0);
	assert_true(gw_note_key_same_public(&renamed, &state->keys[0]));
	assert_int_not_equal(renamed.id, state->keys[0].id);
	assert_int_equal(open_with(&state->note, &renamed, 1), -ENOKEY);
}

static void no_bit_of_a_note_can_be_changed(void **ret)
{
	struct state *state = *ret;

	for (size_t i = 0; i < state->note.len; i++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			state->note.bytes[i] = (char)(state->note.bytes[i] ^ (1 << bit));
			if (open_with(&state->note, state->keys, 2) == 0)
				fail_msg("bit %u of byte %zu", bit, i);
			state->note.bytes[i] = (char)(state->note.bytes[i] ^ (1 << bit));
		}
	}
	assert_int_equal(open_with(&state->note, state->keys, 2), 0);
}

static void no_part_of_a_note_is_a_note(void **ret)
{
	struct state *state = *ret;

	for (size_t len = 0; len < state->note.len; len++) {
		struct gw_note opened;
		/* Of exactly that size: then the sanitizer sees reads past it. */
		char *cut = gw_zalloc(1, len + (len == 0));

		memcpy(cut, state->note.bytes, len);
		if (gw_note_open(cut, len, state->keys, 2, &opened) == 0)
			fail_msg("the first %zu bytes", len);
		gw_free(cut);
	}
}

static void what_only_looks_like_a_note_is_refused(void **ret)
{
	struct state *state = *ret;
	const char *const signature = strstr(state->note.bytes, "\xe2\x80\x94");
	static const struct {
		const char *name, *before, *after;
	} cases[] = {
		{ "bytes behind the last line", TEXT "\n", "x" },
		{ "an empty line at the end", TEXT "\n", "\n" },
		{ "a second text", TEXT "\n", "\nmore\n" },
		{ "a line that is no signature", TEXT "\n", "hello\n" },
		{ "a hyphen for the dash", TEXT "\n", "- a AAAAAAAAAAAA\n" },
		{ "no name", TEXT "\n", "\xe2\x80\x94  AAAAAAAAAAAA\n" },
		{ "a plus in the name", TEXT "\n", "\xe2\x80\x94 a+b AAAAAAAAAAAA\n" },
		{ "a wide space in the name", TEXT "\n",
		  "\xe2\x80\x94 a\xe3\x80\x80"
		  "b AAAAAAAAAAAA\n" },
		{ "no signature", TEXT "\n", "\xe2\x80\x94 a\n" },
		{ "a signature of no bytes", TEXT "\n", "\xe2\x80\x94 a AAAA\n" },
		{ "cut base64", TEXT "\n", "\xe2\x80\x94 a AAAAAAAAAAA\n" },
		{ "base64 with rests", TEXT "\n", "\xe2\x80\x94 a AAAAAAAAAAB=\n" },
		{ "a blank behind the signature", TEXT "\n", "\xe2\x80\x94 a AAAAAAAAAAAA \n" },
		{ "carriage returns", TEXT "\n", "\xe2\x80\x94 a AAAAAAAAAAAA\r\n" },
		{ "a control character", "a\x01\n\n", "" },
		{ "a byte that is no UTF-8", "a\x7f\xff\n\n", "" },
		{ "overlong UTF-8", "a\xc0\xaf\n\n", "" },
		{ "no text", "\n", "" },
		{ "no empty line", "text\n", "" },
	};

	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		gw_auto_text struct gw_text note = { 0 };

		gw_text_puts(&note, cases[i].before);
		gw_text_puts(&note, signature);
		gw_text_puts(&note, cases[i].after);
		if (open_with(&note, state->keys, 2) != -EBADMSG)
			fail_msg("%s", cases[i].name);
	}
}

static void a_right_signature_does_not_excuse_a_wrong_one(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text other = { 0 };

	assert_int_equal(gw_note_write("other\n", 6, state->signers[1], NAME, &other), 0);
	gw_text_puts(&state->note, strstr(other.bytes, "\xe2\x80\x94"));
	assert_int_equal(open_with(&state->note, state->keys, 1), 0);
	assert_int_equal(open_with(&state->note, state->keys, 2), -EKEYREJECTED);
}

static void a_signature_for_another_text_is_refused(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text note = { 0 };

	gw_text_puts(&note, "gw/tokyo-01/audit/change\n4\nsomething\n\n");
	gw_text_puts(&note, strstr(state->note.bytes, "\xe2\x80\x94"));
	assert_int_equal(open_with(&note, state->keys, 2), -EKEYREJECTED);
}

static void sizes_and_counts_are_limited(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text many = { 0 }, large = { 0 };

	gw_text_puts(&many, state->note.bytes);
	for (unsigned int i = 1; i < GW_NOTE_SIGNATURES_MAX; i++)
		gw_text_puts(&many, "\xe2\x80\x94 a AAAAAAAAAAAA\n");
	assert_int_equal(open_with(&many, state->keys, 2), 0);
	gw_text_puts(&many, "\xe2\x80\x94 a AAAAAAAAAAAA\n");
	assert_int_equal(open_with(&many, state->keys, 2), -EBADMSG);
	while (large.len < GW_NOTE_MAX)
		gw_text_puts(&large, TEXT);
	gw_text_puts(&large, state->note.bytes);
	assert_int_equal(open_with(&large, state->keys, 2), -EBADMSG);
}

static void only_right_keys_are_read(void **ret)
{
	static const char *const bad[] = {
		"",
		"PeterNeumann",
		"PeterNeumann+c74f20a3",
		"PeterNeumann+c74f20a3+",
		"+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T=",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
		"Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a3+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
	};
	struct gw_note_key key;

	(void)ret;
	for (size_t i = 0; i < GW_COUNT(bad); i++)
		if (gw_note_key_parse(bad[i], strlen(bad[i]), &key) != -EBADMSG)
			fail_msg("`%s` was read", bad[i]);
}

static void only_right_private_keys_are_read(void **ret)
{
	/* Nobody may be asked for the password of an encrypted one. */
	static const char *const bad[] = {
		"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE "
		"KEY-----\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE "
		"KEY-----\n",
		"hello",
	};
	struct gw_note_signer *signer;

	(void)ret;
	for (size_t i = 0; i < GW_COUNT(bad); i++)
		assert_int_equal(gw_note_signer_read(bad[i], strlen(bad[i]), &signer), -EBADMSG);
	assert_int_equal(gw_note_signer_read("", 0, &signer), -EBADMSG);
}

static void what_cannot_be_a_note_is_not_signed(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text out = { 0 };

	assert_int_equal(gw_note_write("a", 1, state->signers[0], NAME, &out), -EINVAL);
	assert_int_equal(gw_note_write("a\t\n", 3, state->signers[0], NAME, &out), -EINVAL);
	assert_int_equal(gw_note_write("a\n", 2, state->signers[0], "a b", &out), -EINVAL);
	assert_int_equal(gw_note_write("a\n", 2, state->signers[0], "", &out), -EINVAL);
	assert_int_equal(out.len, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(what_was_signed_verifies_with_both_kinds_of_key),
		CASE(a_published_note_of_another_tool_verifies),
		CASE(a_note_may_hold_empty_lines_and_other_scripts),
		CASE(signatures_of_unknown_keys_say_nothing),
		CASE(keys_survive_their_text_forms),
		CASE(a_note_of_another_key_is_refused),
		CASE(a_key_under_another_name_does_not_count),
		CASE(no_bit_of_a_note_can_be_changed),
		CASE(no_part_of_a_note_is_a_note),
		CASE(what_only_looks_like_a_note_is_refused),
		CASE(a_right_signature_does_not_excuse_a_wrong_one),
		CASE(a_signature_for_another_text_is_refused),
		CASE(sizes_and_counts_are_limited),
		CASE(only_right_keys_are_read),
		CASE(only_right_private_keys_are_read),
		CASE(what_cannot_be_a_note_is_not_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
