/*
 * Zones of any records: signing, proving and comparing them never leave their octets, and what was signed is the same
 * however one got there. Input: records, each of a name (number of labels, letters), type, TTL, length, RDATA.
 */
#include <stdlib.h>
#include <string.h>

#include "dns/zone/sign.h"
#include "dns/zone/verify.h"
#include "dns/zone/zone_diff.h"

#define NOW         1800000000
#define RECORDS_MAX 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t apex[] = "\7example";
static const uint8_t soa[] = "\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1";

/* ---- a signer without mathematics -------------------------------------------------------------------- */

static int begin(const struct gw_zone_signer *signer, struct gw_zone_session **ret)
{
	(void)signer;
	*ret = NULL;
	return 0;
}

static int sign(struct gw_zone_session *session, struct gw_zone_signature *items, size_t n)
{
	(void)session;
	for (size_t i = 0; i < n; i++) {
		memset(items[i].octets, ((const uint8_t *)items[i].data)[items[i].len - 1], 64);
		items[i].n_octets = 64;
	}
	return 0;
}

static void end(struct gw_zone_session *session)
{
	(void)session;
}

static struct gw_zone_signed sign_zone(const struct gw_zone_store *zone,
				       const struct gw_zone_store *previous,
				       const struct gw_zone_config *config, struct gw_diags *diags)
{
	static const struct gw_zone_signer_ops ops = { begin, sign, end };
	static const struct gw_zone_dnskey dnskey = {
		.tag = 1, .algorithm = GW_ZONE_ED25519, .len = 36, .rdata = { 1, 1, 3, 15 }
	};
	static const struct gw_zone_dnskey *const published[] = { &dnskey };
	const struct gw_zone_signing_key key = { { &ops, &dnskey, NULL }, true, true };
	const struct gw_zone_signing signing = { .policy = config,
						 .keys = &key,
						 .n_keys = 1,
						 .published = published,
						 .n_published = 1,
						 .now = NOW,
						 .threads = 1 };
	struct gw_zone_signed ret;

	(void)gw_zone_sign(zone, previous, &signing, diags, &ret);
	return ret;
}

/* ---- records -------------------------------------------------------------------------------------------- */

static void put_apex(struct gw_zone_store *zone, const uint8_t *rdata, size_t len)
{
	gw_zone_add(zone, &(struct gw_zone_rr){ .name = zone->apex,
						.name_len = zone->apex_len,
						.type = GW_DNS_SOA,
						.ttl = 1,
						.rdata = rdata,
						.len = (uint16_t)len });
}

static size_t take(struct gw_zone_store *zone, const uint8_t *data, size_t size)
{
	uint8_t name[3 * 2 + sizeof(apex)];
	struct gw_zone_rr rr = { .name_len = 0 };
	size_t labels = data[0] & 3, at = 1;

	if (size < 6 + labels)
		return size;
	for (size_t i = 0; i < labels; i++) {
		name[rr.name_len++] = 1;
		name[rr.name_len++] = (uint8_t)("*ab"[data[at++] % 3]);
	}
	memcpy(name + rr.name_len, apex, sizeof(apex));
	rr.name_len = (uint8_t)(rr.name_len + sizeof(apex));
	rr.type = gw_dns_u16(data + at);
	rr.ttl = data[at + 2] & 3u;
	rr.len = data[at + 3] < size - at - 4 ? data[at + 3] : (uint16_t)(size - at - 4);
	at += 4;
	rr.rdata = gw_arena_memdup(zone->arena, data + at, rr.len);
	rr.name = gw_arena_memdup(zone->arena, name, rr.name_len);
	gw_zone_add(zone, &rr);
	return at + rr.len;
}

static void compare(const struct gw_zone_store *a, const struct gw_zone_store *b, bool same)
{
	struct gw_zone_diff diff = { 0 };

	gw_zone_diff(a, b, GW_ZONE_DIFF_ALL, &diff);
	if (same && diff.n)
		abort();
	gw_zone_diff_done(&diff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct gw_zone_proof proof = { .now = NOW, .threads = 1 };
	struct gw_zone_config config = { .serial = GW_ZONE_SERIAL_KEEP,
					 .signatures = { .validity = 100, .refresh = 10 } };
	struct gw_zone_signed first, again;
	struct gw_zone_store zone;
	struct gw_zone_name name;
	struct gw_diags diags;

	if (size < 1 || gw_zone_name_parse("example", &name) < 0)
		return 0;
	config.name = &name;
	config.denial = (enum gw_zone_denial)(data[0] % 3);
	config.zonemd = data[0] & 4;
	gw_diags_init(&diags);
	gw_zone_init(&zone, apex, sizeof(apex));
	put_apex(&zone, soa, sizeof(soa) - 1);
	for (size_t at = 1; at < size && zone.n < RECORDS_MAX;)
		at += take(&zone, data + at, size - at);
	gw_zone_sort(&zone);
	(void)gw_zone_verify(&zone, &proof, &diags);
	first = sign_zone(&zone, NULL, &config, &diags);
	if (first.zone.n) {
		(void)gw_zone_verify(&first.zone, &proof, &diags);
		again = sign_zone(&zone, &first.zone, &config, &diags);
		compare(&first.zone, &again.zone, true);
		compare(&zone, &first.zone, false);
		gw_zone_done(&again.zone);
		again = sign_zone(&first.zone, &zone, &config, &diags);
		gw_zone_done(&again.zone);
	}
	gw_zone_done(&first.zone);
	gw_zone_done(&zone);
	gw_diags_done(&diags);
	return 0;
}
