#include "dns/zone/public_key.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <string.h>

#include "dns/zone/keys.h"
#include "gw/core/mem.h"

#define FIXED   4u   /* octets of DNSKEY RDATA before the key */
#define DER_MAX 128u /* of an ECDSA signature */

struct gw_zone_public {
	EVP_PKEY *key;
	const EVP_MD *digest; /* NULL: the algorithm digests for itself */
	size_t half;          /* of an ECDSA signature; 0: another algorithm */
	EVP_PKEY_CTX *context;
};

/* ---- keys ---------------------------------------------------------------------------------------- */

static EVP_PKEY *from_params(const char *type, const OSSL_PARAM *params)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (context && params && EVP_PKEY_fromdata_init(context) == 1)
		(void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY,
					(OSSL_PARAM *)(uintptr_t)params); /* NULL stays NULL */
	EVP_PKEY_CTX_free(context);
	return key;
}

/* RFC 6605, 4: x and y. */
static EVP_PKEY *ec_key(const char *curve, size_t half, const uint8_t *octets, size_t len)
{
	uint8_t point[1 + 2 * 48] = { POINT_CONVERSION_UNCOMPRESSED };
	char group[16];
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * half),
		OSSL_PARAM_construct_end(),
	};

	if (len != 2 * half)
		return NULL;
	(void)snprintf(group, sizeof(group), "%s", curve);
	memcpy(point + 1, octets, len);
	return from_params("EC", params);
}

/* RFC 3110, 2: length of the exponent, exponent, modulus. */
static EVP_PKEY *rsa_key(const uint8_t *octets, size_t len)
{
	size_t head = len && octets[0] ? 1 : 3, exponent;
	OSSL_PARAM_BLD *build = NULL;
	OSSL_PARAM *params = NULL;
	BIGNUM *e = NULL, *n = NULL;
	EVP_PKEY *key = NULL;

	if (len <= head)
		return NULL;
	exponent = head == 1 ? octets[0] : (size_t)octets[1] << 8 | octets[2];
	if (len <= head + exponent || len - head - exponent > GW_ZONE_RSA_BITS_MAX / 8)
		return NULL;
	e = BN_bin2bn(octets + head, (int)exponent, NULL);
	n = BN_bin2bn(octets + head + exponent, (int)(len - head - exponent), NULL);
	build = OSSL_PARAM_BLD_new();
	if (e && n && build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	key = from_params("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(e);
	BN_free(n);
	return key;
}

static EVP_PKEY *read_key(const struct gw_zone_dnskey *key)
{
	const uint8_t *octets = key->rdata + FIXED;
	size_t len = key->len - FIXED;

	switch ((enum gw_zone_algorithm)key->algorithm) {
	case GW_ZONE_RSASHA256:
		return rsa_key(octets, len);
	case GW_ZONE_ECDSAP256SHA256:
		return ec_key("P-256", 32, octets, len);
	case GW_ZONE_ECDSAP384SHA384:
		return ec_key("P-384", 48, octets, len);
	case GW_ZONE_ED25519:
		return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, octets, len);
	case GW_ZONE_ED448:
		return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED448, NULL, octets, len);
	}
	return NULL;
}

/* ---- sessions ------------------------------------------------------------------------------------ */

void gw_zone_public_end(struct gw_zone_public *session)
{
	if (!session)
		return;
	EVP_PKEY_CTX_free(session->context);
	EVP_PKEY_free(session->key);
	gw_free(session);
}

int gw_zone_public_begin(const struct gw_zone_dnskey *key, struct gw_zone_public **ret)
{
	struct gw_zone_public *session = gw_zalloc(1, sizeof(*session));

	session->key = read_key(key);
	session->digest =
		key->algorithm == GW_ZONE_ECDSAP384SHA384 ? EVP_sha384()
		: key->algorithm == GW_ZONE_RSASHA256 || key->algorithm == GW_ZONE_ECDSAP256SHA256
			? EVP_sha256()
			: NULL;
	session->half = key->algorithm == GW_ZONE_ECDSAP256SHA256   ? 32
			: key->algorithm == GW_ZONE_ECDSAP384SHA384 ? 48
								    : 0;
	if (session->key)
		session->context = EVP_PKEY_CTX_new(session->key, NULL);
	if (session->context &&
	    (!session->digest ||
	     (EVP_PKEY_verify_init(session->context) == 1 &&
	      EVP_PKEY_CTX_set_signature_md(session->context, session->digest) == 1))) {
		*ret = session;
		return 0;
	}
	gw_zone_public_end(session);
	return -EBADMSG;
}

/* RFC 6605, 4: r and s, as OpenSSL wants them. Returns the length; 0: it is no signature. */
static size_t to_der(size_t half, const uint8_t *raw, size_t len, uint8_t ret[DER_MAX])
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r, *s;
	uint8_t *at = ret;
	int n = 0;

	if (pair && len == 2 * half) {
		r = BN_bin2bn(raw, (int)half, NULL);
		s = BN_bin2bn(raw + half, (int)half, NULL);
		if (r && s && ECDSA_SIG_set0(pair, r, s) == 1)
			n = i2d_ECDSA_SIG(pair, &at);
	}
	ECDSA_SIG_free(pair);
	return n > 0 ? (size_t)n : 0;
}

static bool verify_digest(struct gw_zone_public *session, const uint8_t *message, size_t len,
			  const uint8_t *signature, size_t signature_len)
{
	uint8_t digest[EVP_MAX_MD_SIZE], der[DER_MAX];
	unsigned int n;

	if (session->half) {
		signature_len = to_der(session->half, signature, signature_len, der);
		signature = der;
	}
	return signature_len && EVP_Digest(message, len, digest, &n, session->digest, NULL) == 1 &&
	       EVP_PKEY_verify(session->context, signature, signature_len, digest, n) == 1;
}

/* Edwards curves take the message itself. */
static bool verify_message(const struct gw_zone_public *session, const uint8_t *message, size_t len,
			   const uint8_t *signature, size_t signature_len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool valid = context &&
		     EVP_DigestVerifyInit(context, NULL, NULL, NULL, session->key) == 1 &&
		     EVP_DigestVerify(context, signature, signature_len, message, len) == 1;

	EVP_MD_CTX_free(context);
	return valid;
}

bool gw_zone_public_verify(struct gw_zone_public *session, const uint8_t *message, size_t len,
			   const uint8_t *signature, size_t signature_len)
{
	return session->digest ? verify_digest(session, message, len, signature, signature_len)
			       : verify_message(session, message, len, signature, signature_len);
}
