/* Signed notes: writing and verifying. Keys are in note_key.c. */
#include "gw/audit/note.h"

#include <errno.h>
#include <string.h>

#include "gw/audit/note_internal.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"
#include "gw/core/utf8.h"

/* A signature line begins with an em dash and a space. */
#define DASH     "\xe2\x80\x94 "
#define DASH_LEN 4u
/* Key id and signature: post-quantum ones of other parties are read, and ignored, too. */
#define SIGNATURE_MAX 8192u

/* ---- text ------------------------------------------------------------------------------------ */

/* Whole lines of UTF-8 without control characters. */
static bool is_text(const char *bytes, size_t len)
{
	const char *end = bytes + len;

	if (!len || end[-1] != '\n')
		return false;
	while (bytes < end) {
		uint32_t c = gw_utf8_next(&bytes, end);

		if (c == GW_UTF8_INVALID || (c < 0x20 && c != '\n'))
			return false;
	}
	return true;
}

/* ---- signatures ------------------------------------------------------------------------------ */

static const EVP_MD *digest_of(enum gw_note_type type)
{
	return type == GW_NOTE_ECDSA ? EVP_sha256() : NULL; /* Ed25519 hashes by itself */
}

static bool verify(const struct gw_note_key *key, const char *text, size_t len,
		   const uint8_t *signature, size_t signature_len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY *public = gw_note_key_load(key);
	bool right = context && public &&
		     EVP_DigestVerifyInit(context, NULL, digest_of(key->type), NULL, public) == 1 &&
		     EVP_DigestVerify(context, signature, signature_len, (const uint8_t *)text,
				      len) == 1;

	EVP_PKEY_free(public);
	EVP_MD_CTX_free(context);
	return right;
}

/* Writes the signature behind the key's id; 0 or -errno. */
static int sign(const struct gw_note_signer *signer, const char *text, size_t len, uint8_t *ret,
		size_t *ret_len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done = context &&
		    EVP_DigestSignInit(context, NULL, digest_of(signer->type), NULL,
				       signer->pair) == 1 &&
		    EVP_DigestSign(context, ret, ret_len, (const uint8_t *)text, len) == 1;

	EVP_MD_CTX_free(context);
	return done ? 0 : -EIO;
}

int gw_note_sign(const char *text, size_t len, const struct gw_note_signer *signer,
		 const char *name, struct gw_text *out)
{
	uint8_t signature[4 + 128];
	size_t signature_len = sizeof(signature) - 4;
	struct gw_note_key key;
	int err = is_text(text, len) ? gw_note_signer_key(signer, name, &key) : -EINVAL;

	if (!err)
		err = sign(signer, text, len, signature + 4, &signature_len);
	if (err)
		return err;
	for (unsigned int i = 0; i < 4; i++)
		signature[i] = (uint8_t)(key.id >> (24 - 8 * i));
	gw_text_printf(out, DASH "%s ", name);
	gw_base64_encode(out, signature, signature_len + 4);
	gw_text_putc(out, '\n');
	return 0;
}

int gw_note_write(const char *text, size_t len, const struct gw_note_signer *signer,
		  const char *name, struct gw_text *out)
{
	gw_auto_text struct gw_text line = { 0 };
	int err = gw_note_sign(text, len, signer, name, &line);

	if (err)
		return err;
	gw_text_add(out, text, len);
	gw_text_putc(out, '\n');
	gw_text_add(out, line.bytes, line.len);
	return 0;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* One signature line; all borrowed but the signature. */
struct line {
	const char *name;
	size_t name_len;
	uint32_t id;
	uint8_t signature[SIGNATURE_MAX];
	size_t signature_len;
};

/* `len` without the newline. */
static int read_line(const char *text, size_t len, struct line *ret)
{
	const char *space;
	uint8_t bytes[4 + SIGNATURE_MAX];
	ssize_t n;

	if (len < DASH_LEN || memcmp(text, DASH, DASH_LEN) != 0)
		return -EBADMSG;
	text += DASH_LEN;
	len -= DASH_LEN;
	space = memchr(text, ' ', len);
	if (!space || !gw_note_name_is_valid(text, (size_t)(space - text)))
		return -EBADMSG;
	ret->name = text;
	ret->name_len = (size_t)(space - text);
	n = gw_base64_decode(space + 1, len - ret->name_len - 1, bytes, sizeof(bytes));
	if (n < 5)
		return -EBADMSG;
	ret->id = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
		  bytes[3];
	ret->signature_len = (size_t)n - 4;
	memcpy(ret->signature, bytes + 4, ret->signature_len);
	return 0;
}

static bool is_key_of(const struct gw_note_key *key, const struct line *line)
{
	return key->id == line->id && strlen(key->name) == line->name_len &&
	       memcmp(key->name, line->name, line->name_len) == 0;
}

/*
 * Holds one signature against the keys. Two keys may share name and id, as ids are short; the note is
 * refused only if none of them made the signature.
 */
static int check_line(const struct line *line, const struct gw_note_key *keys, size_t n_keys,
		      struct gw_note *note)
{
	bool known = false;

	for (size_t i = 0; i < n_keys; i++) {
		if (!is_key_of(&keys[i], line))
			continue;
		known = true;
		if (!verify(&keys[i], note->text, note->text_len, line->signature,
			    line->signature_len))
			continue;
		if (!note->verified++)
			note->first_key = i;
		return 0;
	}
	if (known)
		return -EKEYREJECTED;
	note->unknown++;
	return 0;
}

/* Where the signatures begin: behind the last empty line. NULL where there is none. */
static const char *find_signatures(const char *bytes, size_t len)
{
	for (size_t i = len; i >= 2; i--)
		if (bytes[i - 1] == '\n' && bytes[i - 2] == '\n')
			return bytes + i;
	return NULL;
}

int gw_note_open(const char *bytes, size_t len, const struct gw_note_key *keys, size_t n_keys,
		 struct gw_note *ret)
{
	const char *at, *end = bytes + len;
	struct gw_note note = { .text = bytes };
	struct line line;
	int err = 0;

	if (len > GW_NOTE_MAX || !is_text(bytes, len))
		return -EBADMSG;
	at = find_signatures(bytes, len);
	if (!at || at == end || at - bytes < 2)
		return -EBADMSG;
	note.text_len = (size_t)(at - bytes) - 1;
	if (!is_text(bytes, note.text_len))
		return -EBADMSG;
	for (size_t n = 0; !err && at < end; n++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if (n == GW_NOTE_SIGNATURES_MAX)
			return -EBADMSG;
		err = read_line(at, (size_t)(newline - at), &line);
		if (!err)
			err = check_line(&line, keys, n_keys, &note);
		at = newline + 1;
	}
	if (!err && !note.verified)
		err = -ENOKEY;
	if (!err)
		*ret = note;
	return err;
}

const char *gw_note_next(const char **at, const char *end, size_t *ret_len)
{
	const char *start = *at, *line = *at;
	bool signatures = false;

	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		bool signature =
			(size_t)(end - line) > DASH_LEN && memcmp(line, DASH, DASH_LEN) == 0;

		if (signatures && !signature)
			break;
		if (!newline)
			return NULL;
		/* The empty line, and at once a signature. */
		if (newline == line && line > start)
			signatures = true;
		line = newline + 1;
	}
	if (!signatures || memcmp(line - 2, "\n\n", 2) == 0)
		return NULL;
	*at = line;
	*ret_len = (size_t)(line - start);
	return start;
}
