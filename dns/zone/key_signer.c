/* Signatures in the form that RRSIG has (RFC 3110, 6605, 8080). */
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <string.h>

#include "dns/zone/keys.h"
#include "gw/core/mem.h"

static const EVP_MD *digest_of(uint8_t algorithm)
{
	switch ((enum gw_zone_algorithm)algorithm) {
	case GW_ZONE_RSASHA256:
	case GW_ZONE_ECDSAP256SHA256:
		return EVP_sha256();
	case GW_ZONE_ECDSAP384SHA384:
		return EVP_sha384();
	case GW_ZONE_ED25519:
	case GW_ZONE_ED448:
		break;
	}
	return NULL; /* these digest for themselves */
}

/* RFC 6605, section 4: r and s, each as long as the curve's numbers. */
static int to_raw(const uint8_t *der, size_t len, size_t half, uint8_t *ret, size_t *ret_len)
{
	const unsigned char *at = der;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
	bool done = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), ret, (int)half) == (int)half &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(pair), ret + half, (int)half) == (int)half;

	ECDSA_SIG_free(pair);
	*ret_len = 2 * half;
	return done ? 0 : -EIO;
}

int gw_zone_key_sign(const struct gw_zone_key *key, const void *data, size_t len,
		     uint8_t ret[GW_ZONE_SIGNATURE_MAX], size_t *ret_len)
{
	uint8_t algorithm = key->public_.algorithm, signature[GW_ZONE_SIGNATURE_MAX];
	size_t signature_len = sizeof(signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done =
		context &&
		EVP_DigestSignInit(context, NULL, digest_of(algorithm), NULL, key->private_) == 1 &&
		EVP_DigestSign(context, signature, &signature_len, data, len) == 1;

	EVP_MD_CTX_free(context);
	if (!done)
		return -EIO;
	if (algorithm == GW_ZONE_ECDSAP256SHA256)
		return to_raw(signature, signature_len, 32, ret, ret_len);
	if (algorithm == GW_ZONE_ECDSAP384SHA384)
		return to_raw(signature, signature_len, 48, ret, ret_len);
	memcpy(ret, signature, signature_len);
	*ret_len = signature_len;
	return 0;
}
