#include "dns/zone/keys.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "gw/core/mem.h"

#define FLAGS_ZSK 256u
#define FLAGS_KSK 257u /* with SEP */

/* One tag in 30,000 is taken where a zone had two keys: so many attempts in a row do not fail by chance. */
#define TAG_ATTEMPTS 64

/* ---- between OpenSSL's form and DNSKEY RDATA --------------------------------------------------- */

/* RFC 3110: length of the exponent, exponent, modulus. */
static size_t rsa_public(const EVP_PKEY *pkey, uint8_t *out, size_t room)
{
	BIGNUM *e = NULL, *n = NULL;
	size_t len = 0;

	if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
	    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1) {
		size_t e_len = (size_t)BN_num_bytes(e), n_len = (size_t)BN_num_bytes(n);

		if (e_len > 0 && e_len < 256 && 1 + e_len + n_len <= room) {
			out[0] = (uint8_t)e_len;
			(void)BN_bn2bin(e, out + 1);
			(void)BN_bn2bin(n, out + 1 + e_len);
			len = 1 + e_len + n_len;
		}
	}
	BN_free(e);
	BN_free(n);
	return len;
}

/* RFC 6605: both coordinates, without the octet that says so. */
static size_t ec_public(const EVP_PKEY *pkey, uint8_t *out, size_t room)
{
	uint8_t point[1 + 2 * 66];
	size_t len = 0;

	if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
					    &len) != 1 ||
	    len < 2 || point[0] != POINT_CONVERSION_UNCOMPRESSED || len - 1 > room)
		return 0;
	memcpy(out, point + 1, len - 1);
	return len - 1;
}

static size_t edwards_public(const EVP_PKEY *pkey, uint8_t *out, size_t room)
{
	size_t len = room;

	return EVP_PKEY_get_raw_public_key(pkey, out, &len) == 1 ? len : 0;
}

static size_t public_octets(const EVP_PKEY *pkey, uint8_t algorithm, uint8_t *out, size_t room)
{
	switch ((enum gw_zone_algorithm)algorithm) {
	case GW_ZONE_RSASHA256:
		return EVP_PKEY_is_a(pkey, "RSA") ? rsa_public(pkey, out, room) : 0;
	case GW_ZONE_ECDSAP256SHA256:
		return EVP_PKEY_is_a(pkey, "EC") && EVP_PKEY_get_bits(pkey) == 256
			       ? ec_public(pkey, out, room)
			       : 0;
	case GW_ZONE_ECDSAP384SHA384:
		return EVP_PKEY_is_a(pkey, "EC") && EVP_PKEY_get_bits(pkey) == 384
			       ? ec_public(pkey, out, room)
			       : 0;
	case GW_ZONE_ED25519:
		return EVP_PKEY_is_a(pkey, "ED25519") ? edwards_public(pkey, out, room) : 0;
	case GW_ZONE_ED448:
		return EVP_PKEY_is_a(pkey, "ED448") ? edwards_public(pkey, out, room) : 0;
	}
	return 0;
}

/* The DNSKEY of a private key; false if that is not one of the algorithm. */
static bool derive_public(const EVP_PKEY *pkey, uint8_t algorithm, enum gw_zone_role role,
			  struct gw_zone_dnskey *ret)
{
	unsigned int flags = gw_zone_role_signs_keys(role) ? FLAGS_KSK : FLAGS_ZSK;
	uint8_t rdata[GW_ZONE_DNSKEY_MAX] = { (uint8_t)(flags >> 8), (uint8_t)flags, 3, algorithm };
	size_t len = public_octets(pkey, algorithm, rdata + 4, sizeof(rdata) - 4);

	return len && gw_zone_dnskey_parse(rdata, len + 4, ret) == 0;
}

/* ---- making ------------------------------------------------------------------------------------ */

void gw_zone_key_free(struct gw_zone_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->private_);
	gw_free(key);
}

static EVP_PKEY *make_private(enum gw_zone_algorithm algorithm, size_t rsa_bits)
{
	switch (algorithm) {
	case GW_ZONE_RSASHA256:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", rsa_bits);
	case GW_ZONE_ECDSAP256SHA256:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	case GW_ZONE_ECDSAP384SHA384:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	case GW_ZONE_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case GW_ZONE_ED448:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	}
	return NULL;
}

static int check_wish(const struct gw_zone_key_wish *wish, unsigned int rsa_bits,
		      struct gw_diags *diags)
{
	const struct gw_loc nowhere = { 0 };

	if (!gw_zone_algorithm_allowed(wish->algorithm, wish->profile)) {
		const char *name = gw_zone_algorithm_name((uint8_t)wish->algorithm);

		gw_diag(diags, GW_D_ZONE_KEY_ALGORITHM, nowhere,
			"no zone is signed with algorithm %u%s%s here",
			(unsigned int)wish->algorithm, name ? ", " : "", name ? name : "");
		gw_diag_hint(diags,
			     name ? "`crypto: {profile: …}` decides" : "use ECDSAP256SHA256");
		return -EPERM;
	}
	if (wish->algorithm == GW_ZONE_RSASHA256 &&
	    (rsa_bits < GW_ZONE_RSA_BITS_MIN || rsa_bits > GW_ZONE_RSA_BITS_MAX)) {
		gw_diag(diags, GW_D_ZONE_KEY_ALGORITHM, nowhere,
			"RSA of %u bits: %u to %u are allowed", rsa_bits, GW_ZONE_RSA_BITS_MIN,
			GW_ZONE_RSA_BITS_MAX);
		return -EPERM;
	}
	return 0;
}

/* A key whatever its tag; NULL if OpenSSL fails. */
static struct gw_zone_key *make(const struct gw_zone_key_wish *wish, unsigned int rsa_bits)
{
	struct gw_zone_key *key = gw_zalloc(1, sizeof(*key));

	key->zone = *wish->zone;
	key->role = wish->role;
	key->created = wish->now;
	key->private_ = make_private(wish->algorithm, rsa_bits);
	if (!key->private_ ||
	    !derive_public(key->private_, (uint8_t)wish->algorithm, wish->role, &key->public_)) {
		gw_zone_key_free(key);
		return NULL;
	}
	return key;
}

int gw_zone_key_generate(const struct gw_zone_key_wish *wish, struct gw_diags *diags,
			 struct gw_zone_key **ret)
{
	unsigned int rsa_bits = wish->rsa_bits ? wish->rsa_bits : GW_ZONE_RSA_BITS_MIN;
	int error = check_wish(wish, rsa_bits, diags);

	if (error)
		return error;
	for (int i = 0; i < TAG_ATTEMPTS; i++) {
		struct gw_zone_key *key = make(wish, rsa_bits);

		if (!key)
			return -EIO;
		if (!gw_zone_tag_collides(&key->public_, wish->taken, wish->n_taken)) {
			*ret = key;
			return 0;
		}
		gw_zone_key_free(key);
	}
	return -EEXIST;
}

/* ---- out and in -------------------------------------------------------------------------------- */

int gw_zone_key_export(const struct gw_zone_key *key, struct gw_text *secret)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->private_);
	unsigned char *der = NULL;
	int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;

	PKCS8_PRIV_KEY_INFO_free(info);
	if (len <= 0)
		return -EIO;
	gw_text_add(secret, (const char *)der, (size_t)len);
	OPENSSL_clear_free(der, (size_t)len);
	return 0;
}

/* NULL: no private key, or something behind it. */
static EVP_PKEY *parse_private(const unsigned char *der, size_t len)
{
	const unsigned char *at = der;
	PKCS8_PRIV_KEY_INFO *info =
		len <= LONG_MAX ? d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)len) : NULL;
	EVP_PKEY *pkey = info && at == der + len ? EVP_PKCS82PKEY(info) : NULL;

	PKCS8_PRIV_KEY_INFO_free(info);
	return pkey;
}

int gw_zone_key_import(const struct gw_zone_key *like, const void *der, size_t len,
		       struct gw_zone_key **ret)
{
	struct gw_zone_key *key = gw_zalloc(1, sizeof(*key));
	struct gw_zone_dnskey derived;

	*key = *like;
	key->private_ = parse_private(der, len);
	if (!key->private_ ||
	    !derive_public(key->private_, like->public_.algorithm, like->role, &derived) ||
	    derived.len != like->public_.len ||
	    memcmp(derived.rdata, like->public_.rdata, derived.len) != 0 ||
	    gw_zone_key_prove(key) < 0) {
		gw_zone_key_free(key);
		return -EBADMSG;
	}
	*ret = key;
	return 0;
}

int gw_zone_key_prove(const struct gw_zone_key *key)
{
	static const uint8_t challenge[] = "gw: this key is whole";
	bool edwards = key->public_.algorithm == GW_ZONE_ED25519 ||
		       key->public_.algorithm == GW_ZONE_ED448;
	const EVP_MD *digest = edwards ? NULL : EVP_sha256();
	uint8_t signature[GW_ZONE_RSA_BITS_MAX / 8];
	size_t len = sizeof(signature);
	EVP_MD_CTX *sign = EVP_MD_CTX_new(), *verify = EVP_MD_CTX_new();
	bool holds;

	if (!sign || !verify)
		gw_out_of_memory();
	holds = EVP_DigestSignInit(sign, NULL, digest, NULL, key->private_) == 1 &&
		EVP_DigestSign(sign, signature, &len, challenge, sizeof(challenge)) == 1 &&
		EVP_DigestVerifyInit(verify, NULL, digest, NULL, key->private_) == 1 &&
		EVP_DigestVerify(verify, signature, len, challenge, sizeof(challenge)) == 1;
	EVP_MD_CTX_free(sign);
	EVP_MD_CTX_free(verify);
	return holds ? 0 : -EBADMSG;
}
