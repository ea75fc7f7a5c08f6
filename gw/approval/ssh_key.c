#include "gw/approval/ssh_key.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <string.h>

#include "gw/approval/wire.h"
#include "gw/core/mem.h"

static const struct gw_ssh_type types[] = {
	{ "ssh-ed25519", GW_SSH_ED25519, NULL, NULL, NULL, false },
	{ "ecdsa-sha2-nistp256", GW_SSH_ECDSA, "nistp256", "P-256", "SHA256", false },
	{ "ecdsa-sha2-nistp384", GW_SSH_ECDSA, "nistp384", "P-384", "SHA384", false },
	{ "ecdsa-sha2-nistp521", GW_SSH_ECDSA, "nistp521", "P-521", "SHA512", false },
	{ "ssh-rsa", GW_SSH_RSA, NULL, NULL, NULL, false },
	{ "sk-ssh-ed25519@openssh.com", GW_SSH_ED25519, NULL, NULL, NULL, true },
	{ "sk-ecdsa-sha2-nistp256@openssh.com", GW_SSH_ECDSA, "nistp256", "P-256", "SHA256", true },
};

static const struct gw_ssh_type *find_type(struct gw_octets name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (gw_octets_are(name, types[i].name))
			return &types[i];
	return NULL;
}

static EVP_PKEY *from_params(const char *algorithm, OSSL_PARAM_BLD *builder)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
	EVP_PKEY *pkey = NULL;

	if (params && context && EVP_PKEY_fromdata_init(context) == 1 &&
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	return pkey;
}

/* OpenSSL refuses a point that is not on the curve. */
static EVP_PKEY *make_ec(const struct gw_ssh_type *type, struct gw_octets point)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;

	if (builder && point.len && point.bytes[0] == POINT_CONVERSION_UNCOMPRESSED &&
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, type->group, 0) ==
		    1 &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.bytes,
					     point.len) == 1)
		pkey = from_params("EC", builder);
	OSSL_PARAM_BLD_free(builder);
	return pkey;
}

static EVP_PKEY *make_rsa(struct gw_octets e, struct gw_octets n)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM *exponent = BN_bin2bn(e.bytes, (int)e.len, NULL);
	BIGNUM *modulus = BN_bin2bn(n.bytes, (int)n.len, NULL);
	EVP_PKEY *pkey = NULL;

	if (builder && exponent && modulus &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
		pkey = from_params("RSA", builder);
	BN_free(modulus);
	BN_free(exponent);
	OSSL_PARAM_BLD_free(builder);
	return pkey;
}

/*
 * Points of small order: multiples of them are so few that anybody finds a signature that fits. The sign,
 * the highest bit, is left out.
 */
static bool has_small_order(const uint8_t point[32])
{
	static const uint8_t small[][32] = {
		{ 0 },
		{ 1 },
		{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
		  0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
		  0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
		{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
		  0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
		  0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
	};
	uint8_t masked[32];
	size_t ones = 1;

	memcpy(masked, point, sizeof(masked));
	masked[31] &= 0x7f;
	for (size_t i = 0; i < GW_COUNT(small); i++)
		if (memcmp(masked, small[i], sizeof(masked)) == 0)
			return true;
	/* p - 1, p and p + 1, where p = 2^255 - 19: other ways to write -1, 0 and 1. */
	while (ones < 31 && masked[ones] == 0xff)
		ones++;
	return ones == 31 && masked[31] == 0x7f && masked[0] >= 0xec && masked[0] <= 0xee;
}

static const char *read_ed25519(struct gw_ssh_cursor *cursor, struct gw_ssh_key *key)
{
	struct gw_octets public;

	if (!gw_ssh_take_string(cursor, &public) || public.len != 32)
		return "its key is not one of Ed25519";
	if (public.len == 32 && has_small_order(public.bytes))
		return "its key is one that anybody can sign for";
	key->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public.bytes, public.len);
	return NULL;
}

static const char *read_ecdsa(struct gw_ssh_cursor *cursor, struct gw_ssh_key *key)
{
	struct gw_octets curve, point;

	if (!gw_ssh_take_string(cursor, &curve) || !gw_octets_are(curve, key->type->curve) ||
	    !gw_ssh_take_string(cursor, &point))
		return "its key is not one of the curve that it names";
	key->pkey = make_ec(key->type, point);
	return NULL;
}

static const char *read_rsa(struct gw_ssh_cursor *cursor, struct gw_ssh_key *key)
{
	struct gw_octets e, n;

	if (!gw_ssh_take_number(cursor, &e) || !gw_ssh_take_number(cursor, &n) || e.len > 8 ||
	    n.len > 2048)
		return "its key is not one of RSA";
	key->pkey = make_rsa(e, n);
	if (key->pkey && EVP_PKEY_get_bits(key->pkey) < (int)GW_SSH_RSA_MIN)
		return "its RSA key is shorter than 3072 bits";
	return NULL;
}

int gw_ssh_key_read(struct gw_octets octets, struct gw_ssh_key *ret, const char **why)
{
	struct gw_ssh_cursor cursor = { octets.bytes, octets.bytes + octets.len };
	struct gw_ssh_key key = { 0 };
	struct gw_octets name;

	*why = NULL;
	if (!gw_ssh_take_string(&cursor, &name) || !(key.type = find_type(name))) {
		*why = "its key is of a kind that is not accepted";
		return -EBADMSG;
	}
	switch (key.type->kind) {
	case GW_SSH_ED25519:
		*why = read_ed25519(&cursor, &key);
		break;
	case GW_SSH_ECDSA:
		*why = read_ecdsa(&cursor, &key);
		break;
	case GW_SSH_RSA:
		*why = read_rsa(&cursor, &key);
		break;
	}
	if (!*why && key.type->fido && !gw_ssh_take_string(&cursor, &key.application))
		*why = "its FIDO key names no application";
	if (!*why && cursor.at != cursor.end)
		*why = "something follows its key";
	if (!*why && !key.pkey)
		*why = "its key cannot be used";
	if (*why) {
		EVP_PKEY_free(key.pkey);
		return -EBADMSG;
	}
	*ret = key;
	return 0;
}

int gw_ssh_key_check(struct gw_octets octets, const char **why)
{
	struct gw_ssh_key key;
	int err = gw_ssh_key_read(octets, &key, why);

	if (!err)
		EVP_PKEY_free(key.pkey);
	return err;
}
