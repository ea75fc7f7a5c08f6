/* The top of a zone: SOA, keys, what the parent trusts, CDS and CDNSKEY, ZONEMD. */
#include <string.h>

#include "dns/zone/verify_internal.h"
#include "dns/zone/zonemd.h"

#define SOA_TAIL 20u /* serial, refresh, retry, expire, minimum */

static size_t index_of(const struct gw_zone_checked *checked, const struct gw_zone_rr *rr)
{
	return (size_t)(rr - checked->zone->rrs);
}

/* ---- keys ---------------------------------------------------------------------------------------- */

static void add_algorithm(struct gw_zone_checked *checked, uint8_t algorithm)
{
	for (size_t i = 0; i < checked->n_algorithms; i++)
		if (checked->algorithms[i] == algorithm)
			return;
	checked->algorithms[checked->n_algorithms++] = algorithm;
}

static void read_keys(struct gw_zone_checked *checked, struct gw_zone_hand *hand)
{
	size_t n = 0;
	const struct gw_zone_rr *set =
		gw_zone_get(checked->zone, checked->zone->apex, GW_DNS_DNSKEY, &n);

	for (size_t i = 0; set && i < n; i++) {
		struct gw_zone_dnskey *key = &checked->keys[checked->n_keys];

		if (checked->n_keys == GW_ZONE_VERIFY_KEYS_MAX) {
			gw_zone_find_error(hand, GW_D_VERIFY_KEYS, index_of(checked, &set[i]),
					   "there are more than %u keys", GW_ZONE_VERIFY_KEYS_MAX);
			return;
		}
		if (gw_zone_dnskey_parse(set[i].rdata, set[i].len, key) < 0) {
			gw_zone_find_error(
				hand, GW_D_VERIFY_KEYS, index_of(checked, &set[i]),
				"key %u is revoked, no zone key, or has an algorithm that is "
				"not allowed",
				gw_zone_key_tag(set[i].rdata, set[i].len));
			continue;
		}
		add_algorithm(checked, key->algorithm);
		checked->n_keys++;
	}
	if (!checked->n_keys)
		gw_zone_find_error(hand, GW_D_VERIFY_KEYS, 0, "the zone has no key");
}

/* ---- SOA, NS, the kind of chain -------------------------------------------------------------------- */

static bool has(const struct gw_zone_checked *checked, uint16_t type)
{
	return gw_zone_get(checked->zone, checked->zone->apex, type, NULL) != NULL;
}

static void find_chain(struct gw_zone_checked *checked, struct gw_zone_hand *hand)
{
	bool nsec = has(checked, GW_DNS_NSEC), nsec3 = has(checked, GW_DNS_NSEC3PARAM);

	checked->chain = nsec3  ? GW_ZONE_CHAIN_NSEC3
			 : nsec ? GW_ZONE_CHAIN_NSEC
				: GW_ZONE_CHAIN_NONE;
	if (!nsec && !nsec3)
		gw_zone_find_error(hand, GW_D_VERIFY_CHAIN, 0,
				   "the top of the zone has neither NSEC nor NSEC3PARAM");
}

bool gw_zone_check_apex(struct gw_zone_checked *checked, struct gw_zone_hand *hand)
{
	const struct gw_zone_store *zone = checked->zone;
	size_t n = 0;
	const struct gw_zone_rr *soa = gw_zone_get(zone, zone->apex, GW_DNS_SOA, &n);
	uint32_t minimum;

	if (!soa || n != 1 || soa->len < SOA_TAIL + 2 || !gw_zone_is_apex(zone, &zone->rrs[0])) {
		gw_zone_find_error(
			hand, GW_D_VERIFY_STRUCTURE, 0,
			"there is no SOA record at the top of the zone, or more than one");
		return false;
	}
	minimum = gw_dns_u32(soa->rdata + soa->len - 4);
	checked->negative_ttl = minimum < soa->ttl ? minimum : soa->ttl;
	if (!has(checked, GW_DNS_NS))
		gw_zone_find_error(hand, GW_D_VERIFY_STRUCTURE, 0,
				   "there is no NS record at the top of the zone");
	if (has(checked, GW_DNS_DS))
		gw_zone_find_error(hand, GW_D_VERIFY_DELEGATION, 0,
				   "there is DS at the top of the zone; it belongs to the parent");
	read_keys(checked, hand);
	find_chain(checked, hand);
	return true;
}

/* ---- trust --------------------------------------------------------------------------------------- */

static bool is_trusted(const struct gw_zone_checked *checked, const struct gw_zone_name *name,
		       const struct gw_zone_dnskey *key)
{
	for (size_t i = 0; i < checked->proof->n_ds; i++)
		if (gw_zone_ds_is_of(name, key, checked->proof->ds[i].rdata,
				     checked->proof->ds[i].len))
			return true;
	return false;
}

/* CDS and CDNSKEY are about keys that are in the zone, and about the same ones (RFC 7344, 4 and 5). */
static void check_cds(const struct gw_zone_checked *checked, struct gw_zone_hand *hand,
		      const struct gw_zone_name *name)
{
	size_t n_cds = 0, n_cdnskey = 0;
	const struct gw_zone_rr *cds =
		gw_zone_get(checked->zone, checked->zone->apex, GW_DNS_CDS, &n_cds);
	const struct gw_zone_rr *cdnskey =
		gw_zone_get(checked->zone, checked->zone->apex, GW_DNS_CDNSKEY, &n_cdnskey);
	uint32_t by_cds = 0, by_cdnskey = 0;

	for (size_t i = 0; cds && i < n_cds; i++) {
		uint32_t found = 0;

		for (size_t k = 0; k < checked->n_keys; k++)
			if (gw_zone_ds_is_of(name, &checked->keys[k], cds[i].rdata, cds[i].len))
				found |= UINT32_C(1) << k;
		by_cds |= found;
		if (!found && (n_cds > 1 || cds->len != sizeof(gw_zone_cds_delete) ||
			       memcmp(cds->rdata, gw_zone_cds_delete, cds->len) != 0))
			gw_zone_find_error(hand, GW_D_VERIFY_CDS, index_of(checked, &cds[i]),
					   "CDS is of no key that the zone has");
	}
	for (size_t i = 0; cdnskey && i < n_cdnskey; i++) {
		uint32_t found = 0;

		for (size_t k = 0; k < checked->n_keys; k++)
			if (checked->keys[k].len == cdnskey[i].len &&
			    memcmp(checked->keys[k].rdata, cdnskey[i].rdata, cdnskey[i].len) == 0)
				found |= UINT32_C(1) << k;
		by_cdnskey |= found;
		if (!found && (n_cdnskey > 1 || cdnskey->len != sizeof(gw_zone_cdnskey_delete) ||
			       memcmp(cdnskey->rdata, gw_zone_cdnskey_delete, cdnskey->len) != 0))
			gw_zone_find_error(hand, GW_D_VERIFY_CDS, index_of(checked, &cdnskey[i]),
					   "CDNSKEY is no key that the zone has");
	}
	if (cds && cdnskey && by_cds != by_cdnskey)
		gw_zone_find_error(hand, GW_D_VERIFY_CDS, index_of(checked, cds),
				   "CDS and CDNSKEY are not about the same keys");
}

void gw_zone_check_trust(struct gw_zone_checked *checked, struct gw_zone_hand *hand)
{
	const char *text = gw_zone_wire_text(hand, checked->zone->apex, checked->zone->apex_len);
	struct gw_zone_name name;
	bool trusted = !checked->proof->n_ds;

	if (gw_zone_name_parse(text, &name) < 0)
		return; /* it is the name of a zone that was configured */
	check_cds(checked, hand, &name);
	for (size_t i = 0; i < checked->n_keys && !trusted; i++)
		trusted = checked->key_signers >> i & 1 &&
			  is_trusted(checked, &name, &checked->keys[i]);
	if (!trusted)
		gw_zone_find_error(hand, GW_D_VERIFY_TRUST, 0,
				   "no DS leads to a key that signs the DNSKEY records");
}

/* ---- ZONEMD -------------------------------------------------------------------------------------- */

static void check_digest(const struct gw_zone_checked *checked, struct gw_zone_hand *hand,
			 const struct gw_zone_rr *rr, uint32_t serial)
{
	uint8_t digest[64];
	size_t len, at = index_of(checked, rr);

	if (rr->len <= GW_ZONE_ZONEMD_HEAD || rr->rdata[4] != GW_ZONE_ZONEMD_SIMPLE ||
	    !(len = gw_zone_zonemd(checked->zone, rr->rdata[5], digest))) {
		gw_zone_find_warning(hand, GW_D_VERIFY_ZONEMD, at,
				     "ZONEMD is of a scheme or algorithm that is not known");
		return;
	}
	if (gw_dns_u32(rr->rdata) != serial)
		gw_zone_find_error(hand, GW_D_VERIFY_ZONEMD, at,
				   "ZONEMD is for serial %u, SOA says %u", gw_dns_u32(rr->rdata),
				   serial);
	if (rr->len != GW_ZONE_ZONEMD_HEAD + len ||
	    memcmp(rr->rdata + GW_ZONE_ZONEMD_HEAD, digest, len) != 0)
		gw_zone_find_error(hand, GW_D_VERIFY_ZONEMD, at,
				   "ZONEMD is not the digest of the zone");
}

void gw_zone_check_zonemd(const struct gw_zone_checked *checked, struct gw_zone_hand *hand)
{
	const struct gw_zone_store *zone = checked->zone;
	const struct gw_zone_rr *soa = gw_zone_get(zone, zone->apex, GW_DNS_SOA, NULL), *set;
	size_t n = 0;

	set = gw_zone_get(zone, zone->apex, GW_DNS_ZONEMD, &n);
	if (!set && checked->proof->zonemd)
		gw_zone_find_error(hand, GW_D_VERIFY_ZONEMD, 0, "the zone has no ZONEMD");
	if (n > 2)
		gw_zone_find_error(hand, GW_D_VERIFY_ZONEMD, index_of(checked, set),
				   "there are more than two ZONEMD records");
	for (size_t i = 0; set && i < n && n <= 2; i++)
		check_digest(checked, hand, &set[i], gw_dns_u32(soa->rdata + soa->len - SOA_TAIL));
}
