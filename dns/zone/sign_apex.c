/* The zone as it is to be signed: without what an earlier signing left, with the keys of now. */
#include <errno.h>
#include <string.h>

#include "dns/zone/denial.h"
#include "dns/zone/sign_internal.h"
#include "dns/zone/zonemd.h"

#define ROOM_FOR_OURS 64u /* records at the apex; more are fine */
#define SOA_TAIL      20u /* serial, refresh, retry, expire, minimum */

static void put32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

static bool is_of_signing(uint16_t type)
{
	return type == GW_DNS_RRSIG || type == GW_DNS_NSEC || type == GW_DNS_NSEC3;
}

static bool is_of_apex(uint16_t type)
{
	return type == GW_DNS_NSEC3PARAM || type == GW_DNS_DNSKEY || type == GW_DNS_CDS ||
	       type == GW_DNS_CDNSKEY || type == GW_DNS_ZONEMD;
}

/* A record of ours at the apex; returns its RDATA. */
static uint8_t *add(struct gw_zone_store *zone, uint16_t type, uint32_t ttl, const void *rdata,
		    size_t len)
{
	uint8_t *copy = gw_arena_memdup(zone->arena, rdata, len);

	gw_zone_add(zone, &(struct gw_zone_rr){ .name = zone->apex,
						.name_len = zone->apex_len,
						.type = type,
						.ttl = ttl,
						.rdata = copy,
						.len = (uint16_t)len,
						.file = GW_ZONE_NO_FILE });
	return copy;
}

/* CDS and CDNSKEY say the same, for parents differ in which of them they read. */
static void add_cds(struct gw_zone_store *zone, const struct gw_zone_signing *signing)
{
	uint32_t ttl = signing->policy->policy.timing.dnskey_ttl;
	uint8_t ds[GW_ZONE_DS_MAX];

	if (signing->cds_delete) {
		(void)add(zone, GW_DNS_CDS, ttl, gw_zone_cds_delete, sizeof(gw_zone_cds_delete));
		(void)add(zone, GW_DNS_CDNSKEY, ttl, gw_zone_cdnskey_delete,
			  sizeof(gw_zone_cdnskey_delete));
		return;
	}
	for (size_t i = 0; i < signing->n_cds; i++) {
		const struct gw_zone_dnskey *key = signing->cds[i];
		size_t len = gw_zone_ds(signing->policy->name, key, GW_ZONE_DIGEST_SHA256, ds);

		(void)add(zone, GW_DNS_CDS, ttl, ds, len);
		(void)add(zone, GW_DNS_CDNSKEY, ttl, key->rdata, key->len);
	}
}

static void add_ours(const struct gw_zone_signing *signing, uint32_t soa_ttl,
		     struct gw_zone_composed *ret)
{
	static const uint8_t nsec3param[GW_ZONE_NSEC3PARAM_LEN] = { 1 }; /* RFC 9276 */
	static const uint8_t zonemd[GW_ZONE_ZONEMD_LEN] = {
		[4] = GW_ZONE_ZONEMD_SIMPLE, [5] = GW_ZONE_ZONEMD_SHA384
	};

	for (size_t i = 0; i < signing->n_published; i++)
		(void)add(&ret->zone, GW_DNS_DNSKEY, signing->policy->policy.timing.dnskey_ttl,
			  signing->published[i]->rdata, signing->published[i]->len);
	add_cds(&ret->zone, signing);
	if (signing->policy->denial != GW_ZONE_DENIAL_NSEC && signing->n_published)
		(void)add(&ret->zone, GW_DNS_NSEC3PARAM, 0, nsec3param, sizeof(nsec3param));
	if (signing->policy->zonemd)
		ret->zonemd = add(&ret->zone, GW_DNS_ZONEMD, soa_ttl, zonemd, sizeof(zonemd));
}

static const struct gw_zone_rr *find_soa(const struct gw_zone_store *zone)
{
	size_t n;
	const struct gw_zone_rr *soa = gw_zone_get(zone, zone->apex, GW_DNS_SOA, &n);

	return soa && n == 1 && soa->len >= SOA_TAIL + 2 ? soa : NULL;
}

/* The apex comes first. */
static void compose_apex(const struct gw_zone_store *zone, size_t end, const struct gw_zone_rr *soa,
			 const struct gw_zone_signing *signing, struct gw_zone_composed *ret)
{
	for (size_t i = 0; i < end; i++) {
		const struct gw_zone_rr *rr = &zone->rrs[i];

		if (rr != soa && !is_of_signing(rr->type) && !is_of_apex(rr->type))
			gw_zone_add(&ret->zone, rr);
	}
	ret->soa_len = soa->len;
	ret->soa = add(&ret->zone, GW_DNS_SOA, soa->ttl, soa->rdata, soa->len);
	add_ours(signing, soa->ttl, ret);
	gw_zone_sort(&ret->zone);
}

static void compose_rest(const struct gw_zone_store *zone, size_t from, struct gw_zone_store *ret)
{
	size_t run = from;

	for (size_t i = from; i < zone->n; i++) {
		if (!is_of_signing(zone->rrs[i].type))
			continue;
		gw_zone_append(ret, zone->rrs + run, i - run);
		run = i + 1;
	}
	gw_zone_append(ret, zone->rrs + run, zone->n - run);
}

/* One TTL for each RRset; returns the longest. */
static uint32_t even_ttls(struct gw_zone_store *zone)
{
	uint32_t longest = 0;

	for (size_t i = 0, end; i < zone->n; i = end) {
		uint32_t ttl = zone->rrs[i].ttl;

		for (end = i + 1; end < zone->n && zone->rrs[end].type == zone->rrs[i].type &&
				  gw_zone_same_name(&zone->rrs[end], &zone->rrs[i]);
		     end++)
			ttl = zone->rrs[end].ttl < ttl ? zone->rrs[end].ttl : ttl;
		for (size_t k = i; k < end; k++)
			zone->rrs[k].ttl = ttl;
		longest = ttl > longest ? ttl : longest;
	}
	return longest;
}

static bool read_previous(const struct gw_zone_store *zone, const struct gw_zone_store *previous,
			  struct gw_zone_composed *ret)
{
	const struct gw_zone_rr *soa;

	if (!previous)
		return true;
	soa = previous->apex_len == zone->apex_len &&
			      memcmp(previous->apex, zone->apex, zone->apex_len) == 0
		      ? find_soa(previous)
		      : NULL;
	if (!soa)
		return false;
	ret->has_previous = true;
	ret->previous_serial = gw_dns_u32(soa->rdata + soa->len - SOA_TAIL);
	return true;
}

int gw_zone_compose(const struct gw_zone_store *zone, const struct gw_zone_store *previous,
		    const struct gw_zone_signing *signing, struct gw_diags *diags,
		    struct gw_zone_composed *ret)
{
	const struct gw_zone_rr *soa = find_soa(zone);
	uint32_t minimum;
	size_t end;

	*ret = (struct gw_zone_composed){ 0 };
	gw_zone_init(&ret->zone, zone->apex, zone->apex_len);
	gw_zone_reserve(&ret->zone, zone->n + ROOM_FOR_OURS);
	if (!soa || !gw_zone_is_apex(zone, &zone->rrs[0])) {
		gw_diag(diags, GW_D_SIGN_DATA, signing->policy->loc,
			"%s: there is no SOA record at the top of the zone, or more than one",
			signing->policy->name->text);
		return -EINVAL;
	}
	if (!read_previous(zone, previous, ret)) {
		gw_diag(diags, GW_D_SIGN_DATA, signing->policy->loc,
			"%s: the zone that was signed before is another zone",
			signing->policy->name->text);
		return -EINVAL;
	}
	end = gw_zone_name_end(zone, 0);
	compose_apex(zone, end, soa, signing, ret);
	compose_rest(zone, end, &ret->zone);
	ret->max_ttl = even_ttls(&ret->zone);
	ret->file_serial = gw_dns_u32(soa->rdata + soa->len - SOA_TAIL);
	minimum = gw_dns_u32(soa->rdata + soa->len - 4);
	/* What names that do not exist are remembered for (RFC 9077). */
	ret->negative_ttl = minimum < soa->ttl ? minimum : soa->ttl;
	gw_zone_compose_serial(ret, ret->has_previous ? ret->previous_serial : ret->file_serial);
	return 0;
}

void gw_zone_compose_serial(const struct gw_zone_composed *composed, uint32_t serial)
{
	put32(composed->soa + composed->soa_len - SOA_TAIL, serial);
	if (composed->zonemd)
		put32(composed->zonemd, serial);
}
