/*
 * Signed notes (C2SP signed-note): text with one or more signature lines, the form in which the
 * audit trail's checkpoints and keys leave the gateway. Any tool for notes can verify them.
 *
 *	gw/tokyo-01/audit/change            text: whole lines
 *	120
 *	CsUYapGG…
 *	                                    an empty line
 *	— gw/tokyo-01/audit/change Az3g…    name, base64(key id, signature)
 *
 * A key is known by its name and its id, a short hash. One key pair may sign under several names.
 * Ed25519 (type 1) is what all public tools read, ECDSA P-256 with SHA-256 (type 2) is for sites whose
 * rules ask for it.
 *
 *	struct gw_note_signer *signer;
 *	gw_note_signer_new(GW_NOTE_ED25519, &signer);
 *	gw_note_write("text\n", 5, signer, "gw/tokyo-01/audit/change", &out);
 *	err = gw_note_open(out.bytes, out.len, &key, 1, &note);
 */
#ifndef GW_AUDIT_NOTE_H
#define GW_AUDIT_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/text.h"

/* A note written by others may be this large, and have so many signatures (16 must be read). */
#define GW_NOTE_MAX            (256u << 10)
#define GW_NOTE_SIGNATURES_MAX 64u
#define GW_NOTE_NAME_MAX       160u
#define GW_NOTE_PUBLIC_MAX     96u /* a P-256 key as SubjectPublicKeyInfo has 91 bytes */

/** Signature types, with the numbers of signed-note. */
enum gw_note_type {
	GW_NOTE_ED25519 = 1,
	GW_NOTE_ECDSA = 2,
};

/** A key that verifies. */
struct gw_note_key {
	char name[GW_NOTE_NAME_MAX + 1];
	uint32_t id;
	enum gw_note_type type;
	uint8_t public[GW_NOTE_PUBLIC_MAX]; /* 32 bytes of Ed25519, or DER of a P-256 key */
	size_t public_len;
};

/** A key pair that signs. Its secret is wiped when it is freed. */
struct gw_note_signer;

/** A note that was verified; `text` borrows the bytes that were opened. */
struct gw_note {
	const char *text;
	size_t text_len;  /* with the last newline */
	size_t verified;  /* signatures of known keys */
	size_t first_key; /* the place of the first of them among the keys */
	size_t unknown;   /* signatures of others, which say nothing */
};

/** True for what may name a key: no spaces, no plus sign, no control characters, valid UTF-8. */
bool gw_note_name_is_valid(const char *name, size_t len);

/** Reads "name+hash+base64". -EBADMSG for anything else, or where the hash does not fit. */
int gw_note_key_parse(const char *text, size_t len, struct gw_note_key *ret);
/** Appends it in that form, without a newline. */
void gw_note_key_print(const struct gw_note_key *key, struct gw_text *out);
/** The same public key under another name, with the id that goes with it. -EINVAL for no name. */
int gw_note_key_rename(const struct gw_note_key *key, const char *name, struct gw_note_key *ret);
/** True if both are the same public key, under whatever name. */
bool gw_note_key_same_public(const struct gw_note_key *a, const struct gw_note_key *b);

/** Frees it; accepts NULL. */
void gw_note_signer_free(struct gw_note_signer *signer);
/** Makes a new key pair. -EIO where the library cannot. */
int gw_note_signer_new(enum gw_note_type type, struct gw_note_signer **ret);
/** Reads a private key, PKCS #8 in PEM. -EBADMSG for anything but an Ed25519 or P-256 key. */
int gw_note_signer_read(const char *pem, size_t len, struct gw_note_signer **ret);
/** Appends it as PKCS #8 in PEM. The caller wipes `out`. */
int gw_note_signer_print(const struct gw_note_signer *signer, struct gw_text *out);
/** What verifies its signatures under `name`. -EINVAL for no name. */
int gw_note_signer_key(const struct gw_note_signer *signer, const char *name,
		       struct gw_note_key *ret);

/**
 * Appends the note of `text`, signed under `name`. -EINVAL where text or name cannot be of a note,
 * -EIO where the library cannot sign.
 */
int gw_note_write(const char *text, size_t len, const struct gw_note_signer *signer,
		  const char *name, struct gw_text *out);

/** Appends one more signature line for `text` to a note. Errors as gw_note_write. */
int gw_note_sign(const char *text, size_t len, const struct gw_note_signer *signer,
		 const char *name, struct gw_text *out);

/**
 * Verifies a note. All signatures of known keys must be right and there must be one; those of
 * unknown keys are ignored. -EBADMSG: it is no note. -EKEYREJECTED: a known key's signature is
 * wrong. -ENOKEY: no signature of a known key. `ret` is valid after success only.
 */
int gw_note_open(const char *bytes, size_t len, const struct gw_note_key *keys, size_t n_keys,
		 struct gw_note *ret);

/**
 * The next note of several that stand one behind the other, as in a file that notes are appended to;
 * `*at` moves behind it. Their texts must be free of empty lines. NULL at the end, and where what
 * is left is no whole note: then `*at` stays before `end`.
 */
const char *gw_note_next(const char **at, const char *end, size_t *ret_len);

#endif
