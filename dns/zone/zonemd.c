#include "dns/zone/zonemd.h"

#include <openssl/evp.h>
#include <string.h>

#include "gw/core/mem.h"

/* Records are put together in here, because a call for each would cost more than the digest. */
#define ROOM (256u << 10)
#define HEAD (GW_DNS_NAME_MAX + 10u)

struct digest {
	EVP_MD_CTX *md;
	uint8_t *octets;
	size_t len;
};

/* OpenSSL fails here for want of memory only. */
static void flush(struct digest *digest)
{
	if (EVP_DigestUpdate(digest->md, digest->octets, digest->len) != 1)
		gw_out_of_memory();
	digest->len = 0;
}

static uint8_t *put16(uint8_t *at, unsigned int value)
{
	*at++ = (uint8_t)(value >> 8);
	*at++ = (uint8_t)value;
	return at;
}

/* The record in canonical wire form (RFC 8976, 3.3.1). */
static void add(struct digest *digest, const struct gw_zone_rr *rr)
{
	uint8_t *at;

	if (ROOM - digest->len < HEAD + rr->len)
		flush(digest);
	at = digest->octets + digest->len;
	memcpy(at, rr->name, rr->name_len);
	at = put16(at + rr->name_len, rr->type);
	at = put16(at, 1 /* IN */);
	at = put16(at, rr->ttl >> 16);
	at = put16(at, rr->ttl & 0xffff);
	at = put16(at, rr->len);
	if (rr->len)
		memcpy(at, rr->rdata, rr->len);
	digest->len = (size_t)(at - digest->octets) + rr->len;
}

/* ZONEMD of the apex and its signatures are what the digest is for (3.3.1, 4). */
static bool is_left_out(const struct gw_zone_store *zone, const struct gw_zone_rr *rr)
{
	return (rr->type == GW_DNS_ZONEMD || (rr->type == GW_DNS_RRSIG && rr->len >= 2 &&
					      gw_dns_u16(rr->rdata) == GW_DNS_ZONEMD)) &&
	       gw_zone_is_apex(zone, rr);
}

size_t gw_zone_zonemd(const struct gw_zone_store *zone, uint8_t algorithm, uint8_t ret[64])
{
	const EVP_MD *md = algorithm == GW_ZONE_ZONEMD_SHA384   ? EVP_sha384()
			   : algorithm == GW_ZONE_ZONEMD_SHA512 ? EVP_sha512()
								: NULL;
	struct digest digest = { 0 };
	unsigned int len = 0;

	if (!md)
		return 0;
	digest.md = EVP_MD_CTX_new();
	digest.octets = gw_zalloc(ROOM, 1);
	if (!digest.md || EVP_DigestInit_ex(digest.md, md, NULL) != 1)
		gw_out_of_memory();
	for (size_t i = 0; i < zone->n; i++)
		if (!is_left_out(zone, &zone->rrs[i]))
			add(&digest, &zone->rrs[i]);
	flush(&digest);
	if (EVP_DigestFinal_ex(digest.md, ret, &len) != 1)
		gw_out_of_memory();
	EVP_MD_CTX_free(digest.md);
	gw_free(digest.octets);
	return len;
}
