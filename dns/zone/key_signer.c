/* The signer of a key that is in memory. Signatures are in the form of RFC 3110, 6605 and 8080. */
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "dns/zone/keys.h"
#include "dns/zone/signer.h"
#include "gw/core/mem.h"

struct gw_zone_session {
	EVP_PKEY *key;
	const EVP_MD *digest; /* NULL: the algorithm digests for itself */
	size_t half;          /* of an ECDSA signature; 0: another algorithm */
	EVP_PKEY_CTX *context;
};

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
	return NULL;
}

static void end(struct gw_zone_session *session)
{
	if (!session)
		return;
	EVP_PKEY_CTX_free(session->context);
	gw_free(session);
}

static int begin(const struct gw_zone_signer *signer, struct gw_zone_session **ret)
{
	const struct gw_zone_key *key = signer->context;
	struct gw_zone_session *session = gw_zalloc(1, sizeof(*session));
	uint8_t algorithm = key->public_.algorithm;

	session->key = key->private_;
	session->digest = digest_of(algorithm);
	session->half = algorithm == GW_ZONE_ECDSAP256SHA256   ? 32
			: algorithm == GW_ZONE_ECDSAP384SHA384 ? 48
							       : 0;
	session->context = EVP_PKEY_CTX_new(session->key, NULL);
	if (session->context &&
	    (!session->digest ||
	     (EVP_PKEY_sign_init(session->context) == 1 &&
	      EVP_PKEY_CTX_set_signature_md(session->context, session->digest) == 1))) {
		*ret = session;
		return 0;
	}
	end(session);
	return -EIO;
}

/* RFC 6605, section 4: r and s, each as long as the curve's numbers. */
static bool to_raw(size_t half, struct gw_zone_signature *item)
{
	uint8_t der[GW_ZONE_SIGNATURE_MAX];
	const unsigned char *at = der;
	ECDSA_SIG *pair;
	bool done;

	memcpy(der, item->octets, item->n_octets);
	pair = d2i_ECDSA_SIG(NULL, &at, (long)item->n_octets);
	done = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), item->octets, (int)half) == (int)half &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(pair), item->octets + half, (int)half) == (int)half;
	ECDSA_SIG_free(pair);
	item->n_octets = 2 * half;
	return done;
}

static bool sign_digest(struct gw_zone_session *session, struct gw_zone_signature *item)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int len;

	return EVP_Digest(item->data, item->len, digest, &len, session->digest, NULL) == 1 &&
	       EVP_PKEY_sign(session->context, item->octets, &item->n_octets, digest, len) == 1 &&
	       (!session->half || to_raw(session->half, item));
}

/* Edwards curves take the message itself. */
static bool sign_message(const struct gw_zone_session *session, struct gw_zone_signature *item)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done =
		context && EVP_DigestSignInit(context, NULL, NULL, NULL, session->key) == 1 &&
		EVP_DigestSign(context, item->octets, &item->n_octets, item->data, item->len) == 1;

	EVP_MD_CTX_free(context);
	return done;
}

static int sign(struct gw_zone_session *session, struct gw_zone_signature *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		items[i].n_octets = sizeof(items[i].octets);
		if (!(session->digest ? sign_digest(session, &items[i])
				      : sign_message(session, &items[i])))
			return -EIO;
	}
	return 0;
}

void gw_zone_key_signer(const struct gw_zone_key *key, struct gw_zone_signer *ret)
{
	static const struct gw_zone_signer_ops ops = { begin, sign, end };

	*ret = (struct gw_zone_signer){ .ops = &ops, .key = &key->public_, .context = key };
}
