/*
 * Arbitrary bytes as a signed note, several notes, a checkpoint, a key, a chain of keys, a proof, a
 * time-stamp and base64: reading must end and stay within the bytes. What is read is written again as
 * it was; no arbitrary bytes are signed by our key.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw/audit/keys.h"
#include "gw/audit/timestamp.h"
#include "gw/audit/tlog_proof.h"
#include "gw/core/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Its private half signed the notes of the corpus, and nothing else. */
#define KEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define SIGNED                                                                                     \
	"If you think cryptography is the answer to your problem,\n"                               \
	"then you don't know what your problem is.\n"

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static void check_note(const char *text, size_t size, const struct gw_note_key *key)
{
	struct gw_note note;

	if (gw_note_open(text, size, key, 1, &note) < 0)
		return;
	check(note.text_len == strlen(SIGNED) && memcmp(note.text, SIGNED, note.text_len) == 0,
	      "a note that our key did not sign");
}

static void check_key(const char *text, size_t size)
{
	gw_auto_text struct gw_text printed = { 0 };
	struct gw_note_key key;

	if (gw_note_key_parse(text, size, &key) < 0)
		return;
	gw_note_key_print(&key, &printed);
	check(printed.len == size && memcmp(printed.bytes, text, size) == 0,
	      "a key has two text forms");
}

static void check_base64(const char *text, size_t size)
{
	gw_auto_text struct gw_text again = { 0 };
	char *bytes = malloc(size + 1);
	ssize_t n;

	check(bytes != NULL, "memory");
	n = gw_base64_decode(text, size, bytes, size);
	if (n >= 0) {
		gw_base64_encode(&again, bytes, (size_t)n);
		check(again.len == size && (!size || memcmp(again.bytes, text, size) == 0),
		      "bytes have two encodings");
	}
	free(bytes);
}

/* Notes one behind the other are those bytes, up to where there is none. */
static void check_notes(const char *text, size_t size)
{
	const char *at = text, *end = text + size, *note;
	size_t len;

	while ((note = gw_note_next(&at, end, &len)) != NULL)
		check(note + len == at && at <= end && len > 2, "a note that is not in the bytes");
}

static void check_link(const char *text, size_t size)
{
	gw_auto_text struct gw_text printed = { 0 };
	struct gw_key_link link;

	if (gw_key_link_parse(text, size, &link) < 0)
		return;
	gw_key_link_print(&link, &printed);
	check(printed.len == size && memcmp(printed.bytes, text, size) == 0,
	      "a link of the chain has two text forms");
}

static void check_chain(const char *text, size_t size)
{
	struct gw_key_chain chain;
	size_t bad = 0;

	if (gw_key_chain_read(text, size, NULL, &chain, &bad) < 0)
		return;
	check(chain.n && chain.links[0].generation == 1, "a chain without a beginning");
	gw_key_chain_done(&chain);
}

static void check_proof(const char *text, size_t size)
{
	static const struct gw_checkpoint nothing = { .size = 0 };
	struct gw_tlog_proof proof;

	if (gw_tlog_proof_parse(text, size, &proof) < 0)
		return;
	check(!gw_tlog_proof_holds(&proof, &nothing), "a record in an empty log");
	gw_tlog_proof_done(&proof);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct gw_checkpoint checkpoint;
	struct gw_note_key key;
	int64_t time;

	check(gw_note_key_parse(KEY, strlen(KEY), &key) == 0, "our key");
	check_note(text, size, &key);
	if (gw_checkpoint_parse(text, size, &checkpoint) == 0)
		check(gw_note_name_is_valid(checkpoint.origin, strlen(checkpoint.origin)),
		      "an origin that is no name");
	check_key(text, size);
	check_base64(text, size);
	check_notes(text, size);
	check_link(text, size);
	check_chain(text, size);
	check_proof(text, size);
	check(gw_timestamp_verify(text, size, NULL, "x", 1, NULL, &time) < 0,
	      "a stamp that nobody made");
	return 0;
}
