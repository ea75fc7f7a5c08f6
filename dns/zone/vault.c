#include "dns/zone/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "gw/audit/files.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

#define VAULT_FILE "vault"
#define VAULT_MAX  1024u
#define SECRET_MIN 12u
#define SECRET_MAX 4096u
#define SALT_LEN   16u
#define NONCE_LEN  12u
#define TAG_LEN    16u
#define KEY_LEN    32u

/*
 * scrypt, RFC 7914: 64 MiB and about 0.2 s for each guess. The file says what it was made with, but
 * not more than this: a hostile file does not get to choose how much memory we take.
 */
#define SCRYPT_N     65536u
#define SCRYPT_R     8u
#define SCRYPT_P     1u
#define SCRYPT_BYTES (2ull * 128 * SCRYPT_N * SCRYPT_R)

_Static_assert(GW_ZONE_SEAL_EXTRA == SALT_LEN + NONCE_LEN + TAG_LEN, "what sealing adds");

void gw_zone_vault_done(struct gw_zone_vault *vault)
{
	explicit_bzero(vault, sizeof(*vault));
}

/* ---- the vault's key ---------------------------------------------------------------------------- */

/* scrypt's output: the key, the check value, the id. */
struct stretched {
	uint8_t key[KEY_LEN];
	uint8_t check[KEY_LEN];
	uint8_t id[GW_ZONE_VAULT_ID];
};

static int stretch(const void *secret, size_t len, const uint8_t salt[SALT_LEN],
		   struct stretched *ret)
{
	return EVP_PBE_scrypt(secret, len, salt, SALT_LEN, SCRYPT_N, SCRYPT_R, SCRYPT_P,
			      SCRYPT_BYTES, (unsigned char *)ret, sizeof(*ret)) == 1
		       ? 0
		       : -EIO;
}

static void take(struct stretched *stretched, struct gw_zone_vault *ret)
{
	memcpy(ret->key, stretched->key, sizeof(ret->key));
	memcpy(ret->id, stretched->id, sizeof(ret->id));
	explicit_bzero(stretched, sizeof(*stretched));
}

#define HEAD "gw.zone-vault/1 scrypt 65536 8 1 "

int gw_zone_vault_make(const void *secret, size_t len, struct gw_text *file,
		       struct gw_zone_vault *ret)
{
	uint8_t salt[SALT_LEN];
	struct stretched stretched;

	if (RAND_bytes(salt, sizeof(salt)) != 1 || stretch(secret, len, salt, &stretched) < 0)
		return -EIO;
	gw_text_puts(file, HEAD);
	gw_base64_encode(file, salt, sizeof(salt));
	gw_text_putc(file, ' ');
	gw_base64_encode(file, stretched.check, sizeof(stretched.check));
	gw_text_putc(file, '\n');
	take(&stretched, ret);
	return 0;
}

/* Reads "BASE64", followed by `end`, of exactly `size` octets. NULL: it is something else. */
static const char *octets(const char *at, const char *limit, char end, void *ret, size_t size)
{
	const char *stop = memchr(at, end, (size_t)(limit - at));

	if (!stop || gw_base64_decode(at, (size_t)(stop - at), ret, size) != (ssize_t)size)
		return NULL;
	return stop + 1;
}

int gw_zone_vault_unlock(const char *file, size_t file_len, const void *secret, size_t len,
			 struct gw_zone_vault *ret)
{
	const char *at = file, *end = file + file_len;
	uint8_t salt[SALT_LEN], check[KEY_LEN];
	struct stretched stretched;

	if (file_len < strlen(HEAD) || memcmp(file, HEAD, strlen(HEAD)) != 0)
		return -EBADMSG;
	at = octets(at + strlen(HEAD), end, ' ', salt, sizeof(salt));
	if (at)
		at = octets(at, end, '\n', check, sizeof(check));
	if (at != end)
		return -EBADMSG;
	if (stretch(secret, len, salt, &stretched) < 0)
		return -EIO;
	if (CRYPTO_memcmp(check, stretched.check, sizeof(check)) != 0) {
		explicit_bzero(&stretched, sizeof(stretched));
		return -EACCES;
	}
	take(&stretched, ret);
	return 0;
}

/* ---- sealing ------------------------------------------------------------------------------------- */

/* Each sealed thing has a key of its own, so that random nonces never meet under one key. */
static int derive(const struct gw_zone_vault *vault, const uint8_t salt[SALT_LEN],
		  uint8_t ret[KEY_LEN])
{
	static const unsigned char label[] = "gw zone seal";
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
	size_t len = KEY_LEN;
	bool done = context && EVP_PKEY_derive_init(context) == 1 &&
		    EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha256()) == 1 &&
		    EVP_PKEY_CTX_set1_hkdf_salt(context, salt, SALT_LEN) == 1 &&
		    EVP_PKEY_CTX_set1_hkdf_key(context, vault->key, KEY_LEN) == 1 &&
		    EVP_PKEY_CTX_add1_hkdf_info(context, label, sizeof(label) - 1) == 1 &&
		    EVP_PKEY_derive(context, ret, &len) == 1;

	EVP_PKEY_CTX_free(context);
	return done ? 0 : -EIO;
}

/* One pass of AES-256-GCM; `tag` is written when sealing, checked when opening. */
static bool gcm(bool sealing, const uint8_t *key, const uint8_t *nonce, const void *aad,
		size_t aad_len, const void *in, size_t len, uint8_t *out, uint8_t tag[TAG_LEN])
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int n = 0, rest = 0;
	bool done = context && len <= INT_MAX && aad_len <= INT_MAX &&
		    EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce, sealing) == 1 &&
		    EVP_CipherUpdate(context, NULL, &n, aad, (int)aad_len) == 1 &&
		    (!len || EVP_CipherUpdate(context, out, &n, in, (int)len) == 1);

	if (done && !sealing)
		done = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) == 1;
	done = done && EVP_CipherFinal_ex(context, out + (len ? n : 0), &rest) == 1;
	if (done && sealing)
		done = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, tag) == 1;
	EVP_CIPHER_CTX_free(context);
	return done;
}

int gw_zone_seal(const struct gw_zone_vault *vault, const void *context, size_t context_len,
		 const void *plain, size_t len, struct gw_text *sealed)
{
	uint8_t head[SALT_LEN + NONCE_LEN], key[KEY_LEN], tag[TAG_LEN];
	gw_auto_free uint8_t *out = gw_zalloc(len + 1, 1);
	int error = RAND_bytes(head, sizeof(head)) == 1 ? derive(vault, head, key) : -EIO;

	if (!error && !gcm(true, key, head + SALT_LEN, context, context_len, plain, len, out, tag))
		error = -EIO;
	explicit_bzero(key, sizeof(key));
	if (error)
		return error;
	gw_text_add(sealed, (const char *)head, sizeof(head));
	gw_text_add(sealed, (const char *)out, len);
	gw_text_add(sealed, (const char *)tag, sizeof(tag));
	return 0;
}

int gw_zone_unseal(const struct gw_zone_vault *vault, const void *context, size_t context_len,
		   const void *sealed, size_t len, struct gw_text *plain)
{
	const uint8_t *at = sealed;
	uint8_t key[KEY_LEN], tag[TAG_LEN], *out;
	size_t plain_len;
	bool done;

	if (len < GW_ZONE_SEAL_EXTRA)
		return -EBADMSG;
	plain_len = len - GW_ZONE_SEAL_EXTRA;
	memcpy(tag, at + len - TAG_LEN, TAG_LEN);
	out = gw_zalloc(plain_len + 1, 1);
	done = derive(vault, at, key) == 0 && gcm(false, key, at + SALT_LEN, context, context_len,
						  at + SALT_LEN + NONCE_LEN, plain_len, out, tag);
	explicit_bzero(key, sizeof(key));
	if (done)
		gw_text_add(plain, (const char *)out, plain_len);
	explicit_bzero(out, plain_len);
	gw_free(out);
	return done ? 0 : -EBADMSG;
}

/* ---- files ---------------------------------------------------------------------------------------- */

static const struct gw_loc nowhere;

/* The path that `source` names; false with a diagnostic. */
static bool secret_path(const char *source, struct gw_diags *diags, struct gw_text *path)
{
	static const char credential[] = "credential:";
	const char *name = source + strlen(credential), *dir;

	if (strncmp(source, credential, strlen(credential)) != 0) {
		gw_text_puts(path, source);
		return true;
	}
	dir = secure_getenv("CREDENTIALS_DIRECTORY");
	if (!dir || !*name || strchr(name, '/')) {
		gw_diag(diags, GW_D_ZONE_SECRET, nowhere,
			"the service manager gives no credential `%s`", name);
		gw_diag_hint(diags, "`LoadCredential=%s:FILE` in the unit", name);
		return false;
	}
	gw_text_printf(path, "%s/%s", dir, name);
	return true;
}

/* A secret that others can read is none. */
static int check_mode(const char *path, struct gw_diags *diags)
{
	struct stat stat_;

	if (stat(path, &stat_) < 0) {
		int error = -errno;

		gw_diag(diags, GW_D_ZONE_SECRET, nowhere, "%s: %s", path, strerror(-error));
		return error;
	}
	if (!S_ISREG(stat_.st_mode) || stat_.st_mode & 077) {
		gw_diag(diags, GW_D_ZONE_SECRET, nowhere, "%s: others may read the passphrase",
			path);
		gw_diag_hint(diags, "chmod 600 %s", path);
		return -EPERM;
	}
	return 0;
}

int gw_zone_secret_read(const char *source, struct gw_diags *diags, struct gw_text *secret)
{
	gw_auto_text struct gw_text path = { 0 };
	size_t before = secret->len, len;
	int error;

	if (!secret_path(source, diags, &path))
		return -ENOENT;
	error = check_mode(path.bytes, diags);
	if (error)
		return error;
	error = gw_audit_file_read(AT_FDCWD, path.bytes, SECRET_MAX, secret);
	if (error) {
		gw_diag(diags, GW_D_ZONE_SECRET, nowhere, "%s: %s", path.bytes, strerror(-error));
		return error;
	}
	if (secret->len > before && secret->bytes[secret->len - 1] == '\n')
		secret->bytes[--secret->len] = '\0';
	len = secret->len - before;
	if (len < SECRET_MIN) {
		gw_diag(diags, GW_D_ZONE_SECRET, nowhere,
			"%s: a passphrase of %zu octets; %u are the least", path.bytes, len,
			SECRET_MIN);
		gw_diag_hint(diags, "openssl rand -base64 24");
		return -EINVAL;
	}
	return 0;
}

static int make_file(int state, const void *secret, size_t len, struct gw_zone_vault *ret)
{
	gw_auto_text struct gw_text file = { 0 };
	struct gw_zone_vault vault;
	int error = gw_zone_vault_make(secret, len, &file, &vault);

	if (!error)
		error = gw_audit_file_replace(state, VAULT_FILE, 0600, file.bytes, file.len);
	if (!error)
		*ret = vault;
	gw_zone_vault_done(&vault);
	return error;
}

int gw_zone_vault_open(int state, const void *secret, size_t len, struct gw_diags *diags,
		       struct gw_zone_vault *ret)
{
	gw_auto_text struct gw_text file = { 0 };
	/* Two that start at a time must not make two vaults. Closing it ends the lock. */
	gw_auto_close int lock = openat(state, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = lock < 0 || flock(lock, LOCK_EX) < 0 ? -errno : 0;

	if (!error)
		error = gw_audit_file_read(state, VAULT_FILE, VAULT_MAX, &file);
	if (error == -ENOENT)
		error = make_file(state, secret, len, ret);
	else if (!error)
		error = gw_zone_vault_unlock(file.bytes ? file.bytes : "", file.len, secret, len,
					     ret);
	if (error == -EACCES)
		gw_diag(diags, GW_D_ZONE_SECRET, nowhere,
			"this is not the passphrase that the zones' keys are sealed with");
	else if (error == -EBADMSG)
		gw_diag(diags, GW_D_ZONE_SECRET, nowhere, "the file `" VAULT_FILE "` is damaged");
	else if (error)
		gw_diag(diags, GW_D_ZONE_SECRET, nowhere, "the file `" VAULT_FILE "`: %s",
			strerror(-error));
	if (error == -EBADMSG)
		gw_diag_hint(diags, "move it away and restore a backup");
	return error;
}
