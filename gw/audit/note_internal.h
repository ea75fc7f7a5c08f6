/* What the files of signed notes share. */
#ifndef GW_AUDIT_NOTE_INTERNAL_H
#define GW_AUDIT_NOTE_INTERNAL_H

#include <openssl/evp.h>

#include "gw/audit/note.h"

struct gw_note_signer {
	enum gw_note_type type;
	EVP_PKEY *pair;
};

/** The public key for OpenSSL, owned by the caller; NULL where the bytes are no such key. */
EVP_PKEY *gw_note_key_load(const struct gw_note_key *key);
/** True for a key on the curve P-256. */
bool gw_note_pkey_is_p256(const EVP_PKEY *key);

#endif
