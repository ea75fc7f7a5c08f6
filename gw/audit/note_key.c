/*
 * Keys of signed notes: their text form, their ids, and the private half. OpenSSL keeps private keys
 * in memory of its own, which it wipes; what passes through our hands in between we wipe.
 */
#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "gw/audit/note_internal.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"
#include "gw/core/utf8.h"

#define ED25519_LEN 32u

/* ---- names ----------------------------------------------------------------------------------- */

/* White space of Unicode, as the readers of notes in use define it. */
static bool is_space(uint32_t c)
{
	return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
	       c == 0x205f || c == 0x3000;
}

bool gw_note_name_is_valid(const char *name, size_t len)
{
	const char *end = name + len;

	if (!len || len > GW_NOTE_NAME_MAX)
		return false;
	while (name < end) {
		uint32_t c = gw_utf8_next(&name, end);

		if (c == GW_UTF8_INVALID || c < 0x20 || c == '+' || is_space(c))
			return false;
	}
	return true;
}

/* ---- public keys ----------------------------------------------------------------------------- */

/* Ed25519 ids cover the name; those of ECDSA are, for history's sake, of the key alone. */
static uint32_t key_id(const struct gw_note_key *key)
{
	uint8_t input[GW_NOTE_NAME_MAX + 2 + GW_NOTE_PUBLIC_MAX], digest[SHA256_DIGEST_LENGTH];
	size_t len = 0;

	if (key->type == GW_NOTE_ED25519) {
		len = strlen(key->name);
		memcpy(input, key->name, len);
		input[len++] = '\n';
		input[len++] = (uint8_t)key->type;
	}
	memcpy(input + len, key->public, key->public_len);
	(void)SHA256(input, len + key->public_len, digest);
	return (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 |
	       digest[3];
}

EVP_PKEY *gw_note_key_load(const struct gw_note_key *key)
{
	const uint8_t *at = key->public;
	EVP_PKEY *loaded;

	if (key->type == GW_NOTE_ED25519)
		return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->public,
						   key->public_len);
	loaded = d2i_PUBKEY(NULL, &at, (long)key->public_len);
	if (loaded && at == key->public + key->public_len && gw_note_pkey_is_p256(loaded))
		return loaded;
	EVP_PKEY_free(loaded);
	return NULL;
}

bool gw_note_pkey_is_p256(const EVP_PKEY *key)
{
	char group[32];
	size_t len;

	return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
	       EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1 &&
	       strcmp(group, SN_X9_62_prime256v1) == 0;
}

static bool can_be_loaded(const struct gw_note_key *key)
{
	EVP_PKEY *loaded = gw_note_key_load(key);

	EVP_PKEY_free(loaded);
	return loaded != NULL;
}

int gw_note_key_parse(const char *text, size_t len, struct gw_note_key *ret)
{
	const char *plus = memchr(text, '+', len), *end = text + len;
	struct gw_note_key key = { 0 };
	uint8_t bytes[1 + GW_NOTE_PUBLIC_MAX];
	char id[9];
	ssize_t n;

	if (!plus || !gw_note_name_is_valid(text, (size_t)(plus - text)) || end - plus < 11 ||
	    plus[9] != '+')
		return -EBADMSG;
	n = gw_base64_decode(plus + 10, (size_t)(end - plus - 10), bytes, sizeof(bytes));
	if (n < 2 || (bytes[0] != GW_NOTE_ED25519 && bytes[0] != GW_NOTE_ECDSA))
		return -EBADMSG;
	memcpy(key.name, text, (size_t)(plus - text));
	key.type = bytes[0] == GW_NOTE_ECDSA ? GW_NOTE_ECDSA : GW_NOTE_ED25519;
	key.public_len = (size_t)n - 1;
	memcpy(key.public, bytes + 1, key.public_len);
	if ((key.type == GW_NOTE_ED25519 && key.public_len != ED25519_LEN) || !can_be_loaded(&key))
		return -EBADMSG;
	key.id = key_id(&key);
	(void)snprintf(id, sizeof(id), "%08x", key.id);
	if (memcmp(id, plus + 1, 8) != 0)
		return -EBADMSG;
	*ret = key;
	return 0;
}

void gw_note_key_print(const struct gw_note_key *key, struct gw_text *out)
{
	uint8_t bytes[1 + GW_NOTE_PUBLIC_MAX];

	bytes[0] = (uint8_t)key->type;
	memcpy(bytes + 1, key->public, key->public_len);
	gw_text_printf(out, "%s+%08x+", key->name, key->id);
	gw_base64_encode(out, bytes, key->public_len + 1);
}

int gw_note_key_rename(const struct gw_note_key *key, const char *name, struct gw_note_key *ret)
{
	struct gw_note_key renamed = *key;
	size_t len = strlen(name);

	if (!gw_note_name_is_valid(name, len))
		return -EINVAL;
	memcpy(renamed.name, name, len + 1);
	renamed.id = key_id(&renamed);
	*ret = renamed;
	return 0;
}

bool gw_note_key_same_public(const struct gw_note_key *a, const struct gw_note_key *b)
{
	return a->type == b->type && a->public_len == b->public_len &&
	       memcmp(a->public, b->public, a->public_len) == 0;
}

/* ---- key pairs ------------------------------------------------------------------------------- */

void gw_note_signer_free(struct gw_note_signer *signer)
{
	if (!signer)
		return;
	EVP_PKEY_free(signer->pair);
	gw_free(signer);
}

/* Takes the pair over, also when it fails. */
static int make_signer(EVP_PKEY *pair, struct gw_note_signer **ret)
{
	struct gw_note_signer *signer;
	enum gw_note_type type = GW_NOTE_ED25519;

	if (EVP_PKEY_get_base_id(pair) != EVP_PKEY_ED25519) {
		type = GW_NOTE_ECDSA;
		if (!gw_note_pkey_is_p256(pair)) {
			EVP_PKEY_free(pair);
			return -EBADMSG;
		}
	}
	signer = gw_zalloc(1, sizeof(*signer));
	signer->type = type;
	signer->pair = pair;
	*ret = signer;
	return 0;
}

int gw_note_signer_new(enum gw_note_type type, struct gw_note_signer **ret)
{
	EVP_PKEY *pair = type == GW_NOTE_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
						 : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	return pair ? make_signer(pair, ret) : -EIO;
}

/* A daemon asks nobody for a password: an encrypted key is none that it can use. */
/* The type is OpenSSL's. NOLINTNEXTLINE(readability-non-const-parameter) */
static int no_password(char *buffer, int size, int writing, void *context)
{
	(void)buffer, (void)size, (void)writing, (void)context;
	return -1;
}

int gw_note_signer_read(const char *pem, size_t len, struct gw_note_signer **ret)
{
	BIO *bio;
	EVP_PKEY *pair;

	if (!len || len > 8192)
		return -EBADMSG;
	bio = BIO_new_mem_buf(pem, (int)len);
	if (!bio)
		gw_out_of_memory();
	pair = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	return pair ? make_signer(pair, ret) : -EBADMSG;
}

int gw_note_signer_print(const struct gw_note_signer *signer, struct gw_text *out)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *bytes;
	long len;
	int err = -EIO;

	if (!bio)
		gw_out_of_memory();
	if (PEM_write_bio_PKCS8PrivateKey(bio, signer->pair, NULL, NULL, 0, NULL, NULL) == 1) {
		len = BIO_get_mem_data(bio, &bytes);
		gw_text_add(out, bytes, (size_t)len);
		err = 0;
	}
	BIO_free(bio);
	return err;
}

int gw_note_signer_key(const struct gw_note_signer *signer, const char *name,
		       struct gw_note_key *ret)
{
	struct gw_note_key key = { .type = signer->type, .public_len = sizeof(key.public) };
	uint8_t *at = key.public;
	int len;

	if (signer->type == GW_NOTE_ED25519) {
		if (EVP_PKEY_get_raw_public_key(signer->pair, key.public, &key.public_len) != 1)
			return -EIO;
	} else {
		len = i2d_PUBKEY(signer->pair, NULL);
		if (len <= 0 || (size_t)len > sizeof(key.public))
			return -EIO;
		key.public_len = (size_t)i2d_PUBKEY(signer->pair, &at);
	}
	return gw_note_key_rename(&key, name, ret);
}
