#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "gw/audit/checkpoint.h"
#include "gw/core/mem.h"

struct state {
	struct gw_note_signer *signer;
	struct gw_checkpoint checkpoint;
	struct gw_note_key key; /* with the name of its origin */
	struct gw_text note;
};

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));

	state->checkpoint.size = 20852163;
	memset(state->checkpoint.root, 0x5a, sizeof(state->checkpoint.root));
	assert_int_equal(gw_checkpoint_origin("tokyo-01", "change", state->checkpoint.origin), 0);
	assert_int_equal(gw_note_signer_new(GW_NOTE_ED25519, &state->signer), 0);
	assert_int_equal(gw_note_signer_key(state->signer, state->checkpoint.origin, &state->key),
			 0);
	assert_int_equal(gw_checkpoint_write(&state->checkpoint, state->signer, &state->note), 0);
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	gw_note_signer_free(state->signer);
	gw_text_done(&state->note);
	gw_free(state);
	return 0;
}

static void a_checkpoint_reads_back_as_written(void **ret)
{
	struct state *state = *ret;
	struct gw_checkpoint read;

	assert_string_equal(state->checkpoint.origin, "gw/tokyo-01/audit/change");
	assert_int_equal(
		gw_checkpoint_open(state->note.bytes, state->note.len, &state->key, 1, &read), 0);
	assert_memory_equal(&read, &state->checkpoint, sizeof(read));
}

/* The same pair of keys signs all classes; the names keep them apart. */
static void the_key_of_another_log_does_not_count(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text note = { 0 }, text = { 0 };
	struct gw_note_key keys[2] = { state->key };
	struct gw_checkpoint read;

	assert_int_equal(gw_note_key_rename(&state->key, "gw/tokyo-01/audit/auth", &keys[1]), 0);
	/* Our text, signed under the other class's name. */
	gw_text_add(&text, state->note.bytes,
		    (size_t)(strstr(state->note.bytes, "\n\n") + 1 - state->note.bytes));
	assert_int_equal(gw_note_write(text.bytes, text.len, state->signer, keys[1].name, &note),
			 0);
	assert_int_equal(gw_checkpoint_open(note.bytes, note.len, keys, 2, &read), -ENOKEY);
	assert_int_equal(gw_checkpoint_open(note.bytes, note.len, keys, 1, &read), -ENOKEY);
}

static void texts_that_are_no_checkpoint_are_refused(void **ret)
{
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
	static const struct {
		const char *text;
		int err;
	} cases[] = {
		{ "a\n0\n" ROOT "\n", 0 },
		{ "a\n18446744073709551615\n" ROOT "\n", 0 },
		{ "a\n7\n" ROOT "\nextension\n", 0 },
		{ "", -EBADMSG },
		{ "\n0\n" ROOT "\n", -EBADMSG },
		{ "a b\n0\n" ROOT "\n", -EBADMSG },
		{ "a+b\n0\n" ROOT "\n", -EBADMSG },
		{ "a\n", -EBADMSG },
		{ "a\n0\n", -EBADMSG },
		{ "a\n\n" ROOT "\n", -EBADMSG },
		{ "a\n00\n" ROOT "\n", -EBADMSG },
		{ "a\n07\n" ROOT "\n", -EBADMSG },
		{ "a\n-1\n" ROOT "\n", -EBADMSG },
		{ "a\n+1\n" ROOT "\n", -EBADMSG },
		{ "a\n 1\n" ROOT "\n", -EBADMSG },
		{ "a\n1x\n" ROOT "\n", -EBADMSG },
		{ "a\n18446744073709551616\n" ROOT "\n", -EBADMSG },
		{ "a\n99999999999999999999999\n" ROOT "\n", -EBADMSG },
		{ "a\n7\n" ROOT, -EBADMSG },
		{ "a\n7\n\n", -EBADMSG },
		{ "a\n7\nAAAA\n", -EBADMSG },
		{ "a\n7\n" ROOT "AAAA\n", -EBADMSG },
		{ "a\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", -EBADMSG },
		{ "a\n7\n" ROOT "\n\n", -EBADMSG },
		{ "a\n7\n" ROOT "\nextension", -EBADMSG },
	};

	(void)ret;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_checkpoint read;
		int err = gw_checkpoint_parse(cases[i].text, strlen(cases[i].text), &read);

		if (err != cases[i].err)
			fail_msg("%d for `%s`", err, cases[i].text);
	}
}

static void sites_that_cannot_name_a_log_are_refused(void **ret)
{
	char origin[GW_NOTE_NAME_MAX + 1], site[GW_NOTE_NAME_MAX + 1];

	(void)ret;
	memset(site, 'a', GW_NOTE_NAME_MAX);
	site[GW_NOTE_NAME_MAX] = '\0';
	assert_int_equal(gw_checkpoint_origin(site, "change", origin), -EINVAL);
	assert_int_equal(gw_checkpoint_origin("a b", "change", origin), -EINVAL);
	assert_int_equal(gw_checkpoint_origin("a+b", "change", origin), -EINVAL);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_checkpoint_reads_back_as_written),
		CASE(the_key_of_another_log_does_not_count),
		CASE(texts_that_are_no_checkpoint_are_refused),
		CASE(sites_that_cannot_name_a_log_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
