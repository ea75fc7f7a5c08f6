#include "gw/approval/sshsig.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "gw/approval/ssh_key.h"
#include "gw/approval/wire.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"
#include "gw/core/text.h"

#define MAGIC        "SSHSIG"
#define VERSION      1u
#define BEGIN_LINE   "-----BEGIN SSH SIGNATURE-----\n"
#define END_LINE     "-----END SSH SIGNATURE-----"
#define LINE_MAX_LEN 76u

#define FIDO_USER_PRESENT 0x01u

/* ---- the armour ------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The base 64 between the two lines, without line breaks. */
static bool unfold(const char *text, size_t len, struct gw_text *out)
{
	const char *end = text + len;

	while (text < end && is_blank(*text))
		text++;
	while (end > text && is_blank(end[-1]))
		end--;
	if ((size_t)(end - text) < strlen(BEGIN_LINE) + strlen(END_LINE) ||
	    memcmp(text, BEGIN_LINE, strlen(BEGIN_LINE)) != 0 ||
	    memcmp(end - strlen(END_LINE), END_LINE, strlen(END_LINE)) != 0)
		return false;
	text += strlen(BEGIN_LINE);
	end -= strlen(END_LINE);
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		if (!newline || newline == text || (size_t)(newline - text) > LINE_MAX_LEN)
			return false;
		gw_text_add(out, text, (size_t)(newline - text));
		text = newline + 1;
	}
	return out->len > 0;
}

int gw_sshsig_parse(const char *text, size_t len, struct gw_arena *arena, struct gw_sshsig *ret,
		    const char **why)
{
	gw_auto_text struct gw_text folded = { 0 };
	struct gw_ssh_cursor cursor;
	struct gw_octets reserved;
	const uint8_t *magic;
	uint8_t *bytes;
	uint32_t version;
	ssize_t n;

	*why = "it is no SSH signature";
	if (len > GW_SSHSIG_TEXT_MAX || !unfold(text, len, &folded))
		return -EBADMSG;
	bytes = gw_arena_zalloc(arena, folded.len, 1);
	n = gw_base64_decode(folded.bytes, folded.len, bytes, folded.len);
	if (n < 0)
		return -EBADMSG;
	cursor = (struct gw_ssh_cursor){ bytes, bytes + n };
	if (!gw_ssh_take(&cursor, strlen(MAGIC), &magic) ||
	    memcmp(magic, MAGIC, strlen(MAGIC)) != 0 || !gw_ssh_take_u32(&cursor, &version))
		return -EBADMSG;
	if (version != VERSION) {
		*why = "it is of another version";
		return -EBADMSG;
	}
	/* What `reserved` holds today would not be understood: it must be empty. */
	if (!gw_ssh_take_string(&cursor, &ret->key) ||
	    !gw_ssh_take_string(&cursor, &ret->name_space) ||
	    !gw_ssh_take_string(&cursor, &reserved) || reserved.len ||
	    !gw_ssh_take_string(&cursor, &ret->hash) ||
	    !gw_ssh_take_string(&cursor, &ret->signature) || cursor.at != cursor.end)
		return -EBADMSG;
	*why = NULL;
	return 0;
}

/* ---- what is signed -------------------------------------------------------------------------- */

static void put_string(struct gw_text *out, const void *bytes, size_t len)
{
	const char prefix[4] = { (char)(len >> 24), (char)(len >> 16), (char)(len >> 8),
				 (char)len };

	gw_text_add(out, prefix, sizeof(prefix));
	gw_text_add(out, bytes, len);
}

static bool digest(const char *name, const void *bytes, size_t len, uint8_t ret[EVP_MAX_MD_SIZE],
		   size_t *ret_len)
{
	return EVP_Q_digest(NULL, name, NULL, bytes, len, ret, ret_len) == 1;
}

/* "SSHSIG", namespace, nothing, hash, hash of the message. */
static bool signed_data(const struct gw_sshsig *signature, const void *message, size_t len,
			struct gw_text *out, const char **why)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	size_t hash_len = 0;
	const char *name = gw_octets_are(signature->hash, "sha512")   ? "SHA512"
			   : gw_octets_are(signature->hash, "sha256") ? "SHA256"
								      : NULL;

	*why = "its hash is not accepted";
	if (!name || !digest(name, message, len, hash, &hash_len))
		return false;
	gw_text_puts(out, MAGIC);
	put_string(out, signature->name_space.bytes, signature->name_space.len);
	put_string(out, "", 0);
	put_string(out, signature->hash.bytes, signature->hash.len);
	put_string(out, hash, hash_len);
	return true;
}

/* An authenticator signs hashes, and what it has seen: that somebody touched it. */
static bool fido_data(const struct gw_ssh_key *key, uint8_t flags, uint32_t counter,
		      struct gw_text *data)
{
	uint8_t application[EVP_MAX_MD_SIZE], hash[EVP_MAX_MD_SIZE];
	const char tail[5] = { (char)flags, (char)(counter >> 24), (char)(counter >> 16),
			       (char)(counter >> 8), (char)counter };
	size_t len = 0;

	if (!digest("SHA256", key->application.bytes, key->application.len, application, &len) ||
	    !digest("SHA256", data->bytes, data->len, hash, &len))
		return false;
	data->len = 0;
	gw_text_add(data, (const char *)application, len);
	gw_text_add(data, tail, sizeof(tail));
	gw_text_add(data, (const char *)hash, len);
	return true;
}

/* ---- verifying ------------------------------------------------------------------------------- */

static bool verify(EVP_PKEY *pkey, const char *digest_name, const uint8_t *signature, size_t len,
		   const struct gw_text *data)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good =
		context &&
		EVP_DigestVerifyInit_ex(context, NULL, digest_name, NULL, NULL, pkey, NULL) == 1 &&
		EVP_DigestVerify(context, signature, len, (const uint8_t *)data->bytes,
				 data->len) == 1;

	EVP_MD_CTX_free(context);
	return good;
}

/* SSH has r and s as two numbers, OpenSSL wants them in DER. */
static bool verify_ecdsa(const struct gw_ssh_key *key, struct gw_octets blob,
			 const struct gw_text *data)
{
	struct gw_ssh_cursor cursor = { blob.bytes, blob.bytes + blob.len };
	struct gw_octets r, s;
	ECDSA_SIG *signature;
	unsigned char *der = NULL;
	bool good = false;
	int len;

	if (!gw_ssh_take_number(&cursor, &r) || !gw_ssh_take_number(&cursor, &s) ||
	    cursor.at != cursor.end || r.len > 66 || s.len > 66)
		return false;
	signature = ECDSA_SIG_new();
	if (!signature)
		return false;
	if (ECDSA_SIG_set0(signature, BN_bin2bn(r.bytes, (int)r.len, NULL),
			   BN_bin2bn(s.bytes, (int)s.len, NULL)) == 1) {
		len = i2d_ECDSA_SIG(signature, &der);
		good = len > 0 && verify(key->pkey, key->type->digest, der, (size_t)len, data);
	}
	OPENSSL_free(der);
	ECDSA_SIG_free(signature);
	return good;
}

static bool verify_rsa(const struct gw_ssh_key *key, struct gw_octets algorithm,
		       struct gw_octets blob, const struct gw_text *data)
{
	/* SHA-1 has the plain name ssh-rsa, and is not in the list. */
	const char *name = gw_octets_are(algorithm, "rsa-sha2-512")   ? "SHA512"
			   : gw_octets_are(algorithm, "rsa-sha2-256") ? "SHA256"
								      : NULL;

	return name && blob.len == (size_t)EVP_PKEY_get_size(key->pkey) &&
	       verify(key->pkey, name, blob.bytes, blob.len, data);
}

static const char *verify_blob(const struct gw_ssh_key *key, struct gw_octets octets,
			       struct gw_text *data)
{
	static const char *const wrong = "it does not belong to this text";
	struct gw_ssh_cursor cursor = { octets.bytes, octets.bytes + octets.len };
	struct gw_octets algorithm, blob;
	const uint8_t *flags = NULL;
	uint32_t counter = 0;
	bool good = false;

	if (!gw_ssh_take_string(&cursor, &algorithm) || !gw_ssh_take_string(&cursor, &blob))
		return "it is cut short";
	if (key->type->fido &&
	    (!gw_ssh_take(&cursor, 1, &flags) || !gw_ssh_take_u32(&cursor, &counter)))
		return "it is cut short";
	if (cursor.at != cursor.end)
		return "something follows it";
	if (key->type->kind != GW_SSH_RSA && !gw_octets_are(algorithm, key->type->name))
		return "it is of another kind than its key";
	if (flags && !(*flags & FIDO_USER_PRESENT))
		return "nobody touched the authenticator";
	if (flags && !fido_data(key, *flags, counter, data))
		return wrong;
	switch (key->type->kind) {
	case GW_SSH_ED25519:
		good = blob.len == 64 && verify(key->pkey, NULL, blob.bytes, blob.len, data);
		break;
	case GW_SSH_ECDSA:
		good = verify_ecdsa(key, blob, data);
		break;
	case GW_SSH_RSA:
		good = verify_rsa(key, algorithm, blob, data);
		break;
	}
	return good ? NULL : wrong;
}

int gw_sshsig_verify(const struct gw_sshsig *signature, const char *name_space, const void *message,
		     size_t len, const char **why)
{
	gw_auto_text struct gw_text data = { 0 };
	struct gw_ssh_key key;

	if (!gw_octets_are(signature->name_space, name_space)) {
		*why = "it was made for another purpose";
		return -EKEYREJECTED;
	}
	if (gw_ssh_key_read(signature->key, &key, why) < 0)
		return -EKEYREJECTED;
	if (signed_data(signature, message, len, &data, why))
		*why = verify_blob(&key, signature->signature, &data);
	EVP_PKEY_free(key.pkey);
	return *why ? -EKEYREJECTED : 0;
}
