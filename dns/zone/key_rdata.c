/* DNSKEY and DS in wire and presentation form. */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "dns/zone/keys.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

#define FLAG_ZONE   0x0100u
#define FLAG_REVOKE 0x0080u
#define PROTOCOL    3

const uint8_t gw_zone_cds_delete[5] = { 0, 0, 0, 0, 0 };
const uint8_t gw_zone_cdnskey_delete[5] = { 0, 0, 3, 0, 0 };

uint16_t gw_zone_key_tag(const uint8_t *rdata, size_t len)
{
	uint32_t sum = 0;

	if (len < 4)
		return 0;
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? rdata[i] : (uint32_t)rdata[i] << 8;
	return (uint16_t)(sum + (sum >> 16));
}

int gw_zone_dnskey_parse(const uint8_t *rdata, size_t len, struct gw_zone_dnskey *ret)
{
	struct gw_zone_dnskey key = { .len = (uint16_t)len };

	if (len < 5 || len > sizeof(key.rdata) || !(rdata[0] & FLAG_ZONE >> 8) ||
	    rdata[1] & FLAG_REVOKE || rdata[2] != PROTOCOL || !gw_zone_algorithm_name(rdata[3]))
		return -EBADMSG;
	memcpy(key.rdata, rdata, len);
	key.algorithm = rdata[3];
	key.tag = gw_zone_key_tag(rdata, len);
	*ret = key;
	return 0;
}

/* The tag that the key has once it is revoked (RFC 5011, section 3). */
static uint16_t revoked_tag(const struct gw_zone_dnskey *key)
{
	struct gw_zone_dnskey revoked = *key;

	revoked.rdata[1] |= FLAG_REVOKE;
	return gw_zone_key_tag(revoked.rdata, revoked.len);
}

bool gw_zone_tag_collides(const struct gw_zone_dnskey *key,
			  const struct gw_zone_dnskey *const *taken, size_t n_taken)
{
	uint16_t revoked = revoked_tag(key);

	for (size_t i = 0; i < n_taken; i++) {
		uint16_t other = revoked_tag(taken[i]);

		if (key->tag == taken[i]->tag || key->tag == other || revoked == taken[i]->tag)
			return true;
	}
	return false;
}

static void digest(const EVP_MD *algorithm, const struct gw_zone_name *zone,
		   const struct gw_zone_dnskey *key, uint8_t *ret)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	/* OpenSSL fails here for want of memory only. */
	if (!context || EVP_DigestInit_ex(context, algorithm, NULL) != 1 ||
	    EVP_DigestUpdate(context, zone->wire, zone->len) != 1 ||
	    EVP_DigestUpdate(context, key->rdata, key->len) != 1 ||
	    EVP_DigestFinal_ex(context, ret, NULL) != 1)
		gw_out_of_memory();
	EVP_MD_CTX_free(context);
}

size_t gw_zone_ds(const struct gw_zone_name *zone, const struct gw_zone_dnskey *key,
		  enum gw_zone_digest kind, uint8_t ret[GW_ZONE_DS_MAX])
{
	const EVP_MD *algorithm = kind == GW_ZONE_DIGEST_SHA384 ? EVP_sha384() : EVP_sha256();

	ret[0] = (uint8_t)(key->tag >> 8);
	ret[1] = (uint8_t)key->tag;
	ret[2] = key->algorithm;
	ret[3] = (uint8_t)kind;
	digest(algorithm, zone, key, ret + 4);
	return 4 + (size_t)EVP_MD_get_size(algorithm);
}

bool gw_zone_ds_is_of(const struct gw_zone_name *zone, const struct gw_zone_dnskey *key,
		      const uint8_t *rdata, size_t len)
{
	uint8_t expected[GW_ZONE_DS_MAX];

	if (len < 4 || (rdata[3] != GW_ZONE_DIGEST_SHA256 && rdata[3] != GW_ZONE_DIGEST_SHA384))
		return false;
	return gw_zone_ds(zone, key, (enum gw_zone_digest)rdata[3], expected) == len &&
	       memcmp(expected, rdata, len) == 0;
}

void gw_zone_ds_text(const uint8_t *rdata, size_t len, struct gw_text *out)
{
	if (len < 4)
		return;
	gw_text_printf(out, "%u %u %u ", rdata[0] << 8 | rdata[1], rdata[2], rdata[3]);
	for (size_t i = 4; i < len; i++)
		gw_text_printf(out, "%02X", rdata[i]);
}

void gw_zone_dnskey_text(const struct gw_zone_dnskey *key, struct gw_text *out)
{
	gw_text_printf(out, "%u %u %u ", key->rdata[0] << 8 | key->rdata[1], key->rdata[2],
		       key->rdata[3]);
	gw_base64_encode(out, key->rdata + 4, key->len - 4u);
}
