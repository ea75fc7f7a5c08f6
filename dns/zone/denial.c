#include "dns/zone/denial.h"

#include <errno.h>
#include <string.h>

#include "dns/zone/parallel.h"
#include "gw/core/mem.h"

#define PIECE      4096u
#define BITMAP_MAX (256u * 34u) /* windows of 34 octets */
#define NSEC3_HEAD (GW_ZONE_NSEC3_FIXED + 1u + GW_ZONE_HASH)

/* What threads share: each has an arena, and writes the records of its items to their places. */
struct chain {
	const struct gw_zone_store *zone;
	const struct gw_zone_owner *owners; /* those in the chain */
	const struct gw_zone_hashed *hashed;
	size_t n;
	uint32_t ttl;
	bool opt_out;
	struct gw_zone_store made; /* a record for each item */
	struct gw_arena *arenas[GW_ZONE_THREADS_MAX];
};

/* ---- types --------------------------------------------------------------------------------------- */

/* The windows of RFC 4034, 4.1.2; types come in ascending order. */
struct bitmap {
	uint8_t *octets;
	size_t used, window; /* where the last window begins */
};

static void add_type(struct bitmap *map, uint16_t type)
{
	size_t octet = (type & 255u) / 8;
	uint8_t *window = map->octets + map->window;

	if (!map->used || *window != type >> 8) {
		map->window = map->used;
		window = map->octets + map->window;
		window[0] = (uint8_t)(type >> 8);
		window[1] = 0;
	}
	while (window[1] <= octet)
		window[2 + window[1]++] = 0;
	window[2 + octet] |= (uint8_t)(0x80 >> type % 8);
	map->used = map->window + 2u + window[1];
}

static bool is_served(const struct gw_zone_owner *owner, uint16_t type)
{
	return owner->standing != GW_ZONE_DELEGATION || type == GW_DNS_NS || type == GW_DNS_DS;
}

/* The types of a name and those that signing adds, `extra`. */
static size_t put_types(const struct gw_zone_store *zone, const struct gw_zone_owner *owner,
			const uint16_t *extra, size_t n, uint8_t *ret)
{
	struct bitmap map = { 0 };
	size_t k = 0;

	map.octets = ret;
	for (size_t i = owner->from; i < owner->to; i++) {
		uint16_t type = zone->rrs[i].type;

		if (!is_served(owner, type))
			continue;
		while (k < n && extra[k] < type)
			add_type(&map, extra[k++]);
		add_type(&map, type);
	}
	while (k < n)
		add_type(&map, extra[k++]);
	return map.used;
}

/* ---- records ------------------------------------------------------------------------------------- */

static struct gw_zone_rr make(const uint8_t *name, size_t name_len, uint16_t type, uint32_t ttl,
			      const uint8_t *rdata, size_t len)
{
	return (struct gw_zone_rr){ .name = name,
				    .name_len = (uint8_t)name_len,
				    .type = type,
				    .ttl = ttl,
				    .rdata = rdata,
				    .len = (uint16_t)len,
				    .file = GW_ZONE_NO_FILE };
}

static void make_nsec(void *context, unsigned int thread, size_t from, size_t to)
{
	static const uint16_t extra[] = { GW_DNS_RRSIG, GW_DNS_NSEC };
	const struct chain *chain = context;
	uint8_t rdata[GW_DNS_NAME_MAX + BITMAP_MAX];

	for (size_t i = from; i < to; i++) {
		const struct gw_zone_owner *owner = &chain->owners[i];
		const struct gw_zone_rr *first = &chain->zone->rrs[owner->from];
		const struct gw_zone_rr *next =
			&chain->zone->rrs[chain->owners[(i + 1) % chain->n].from];
		size_t len = next->name_len;

		memcpy(rdata, next->name, len);
		len += put_types(chain->zone, owner, extra, GW_COUNT(extra), rdata + len);
		chain->made.rrs[i] = make(first->name, first->name_len, GW_DNS_NSEC, chain->ttl,
					  gw_arena_memdup(chain->arenas[thread], rdata, len), len);
	}
}

/* A delegation without DS has nothing that is signed, and an empty non-terminal has nothing at all. */
static bool has_signatures(const struct gw_zone_store *zone, const struct gw_zone_owner *owner)
{
	return owner->standing == GW_ZONE_OWN || gw_zone_owner_has(zone, owner, GW_DNS_DS);
}

static void make_nsec3(void *context, unsigned int thread, size_t from, size_t to)
{
	static const uint16_t extra[] = { GW_DNS_RRSIG };
	const struct chain *chain = context;
	const struct gw_zone_store *zone = chain->zone;
	uint8_t rdata[NSEC3_HEAD + BITMAP_MAX] = { 1, chain->opt_out ? GW_ZONE_OPT_OUT : 0 };

	rdata[GW_ZONE_NSEC3_FIXED] = GW_ZONE_HASH;
	for (size_t i = from; i < to; i++) {
		const struct gw_zone_hashed *item = &chain->hashed[i];
		const struct gw_zone_hashed *next = &chain->hashed[(i + 1) % chain->n];
		size_t len = NSEC3_HEAD, name_len = 1u + GW_ZONE_HASH_TEXT + zone->apex_len;
		uint8_t name[GW_DNS_NAME_MAX + 1u + GW_ZONE_HASH_TEXT] = { GW_ZONE_HASH_TEXT };

		memcpy(rdata + GW_ZONE_NSEC3_FIXED + 1, next->hash, GW_ZONE_HASH);
		if (item->owner)
			len += put_types(zone, item->owner, extra,
					 has_signatures(zone, item->owner) ? 1 : 0, rdata + len);
		gw_zone_hash_text(item->hash, name + 1);
		memcpy(name + 1 + GW_ZONE_HASH_TEXT, zone->apex, zone->apex_len);
		chain->made.rrs[i] = make(gw_arena_memdup(chain->arenas[thread], name, name_len),
					  name_len, GW_DNS_NSEC3, chain->ttl,
					  gw_arena_memdup(chain->arenas[thread], rdata, len), len);
	}
}

/* ---- chains -------------------------------------------------------------------------------------- */

static void make_all(struct chain *chain, unsigned int threads,
		     void (*work)(void *context, unsigned int thread, size_t from, size_t to),
		     struct gw_zone_store *ret)
{
	gw_zone_reserve(&chain->made, chain->n);
	gw_zone_reserve(ret, chain->zone->n + chain->n);
	for (unsigned int i = 0; i < threads; i++)
		chain->arenas[i] = gw_arena_new();
	gw_zone_parallel(threads, chain->n, PIECE, work, chain);
	for (unsigned int i = 0; i < threads; i++)
		gw_arena_adopt(ret->arena, chain->arenas[i]);
}

/* The records of each name with its NSEC at the place that its type has. */
static void merge_nsec(const struct chain *chain, struct gw_zone_store *ret)
{
	const struct gw_zone_store *zone = chain->zone;
	size_t from = 0;

	for (size_t i = 0; i < chain->n; i++) {
		size_t at = chain->owners[i].from;

		while (at < chain->owners[i].to && zone->rrs[at].type < GW_DNS_NSEC)
			at++;
		gw_zone_append(ret, zone->rrs + from, at - from);
		gw_zone_add(ret, &chain->made.rrs[i]);
		from = at;
	}
	gw_zone_append(ret, zone->rrs + from, zone->n - from);
}

static void deny_by_name(const struct gw_zone_store *zone, struct gw_zone_owner *owners, size_t n,
			 uint32_t ttl, unsigned int threads, struct gw_zone_store *ret)
{
	struct chain chain = { .zone = zone, .owners = owners, .ttl = ttl };

	for (size_t i = 0; i < n; i++)
		if (owners[i].standing != GW_ZONE_OCCLUDED)
			owners[chain.n++] = owners[i];
	make_all(&chain, threads, make_nsec, ret);
	merge_nsec(&chain, ret);
	gw_zone_done(&chain.made);
}

/* Hashed names stand between the others, in order. */
static void merge_nsec3(const struct chain *chain, const struct gw_zone_owner *owners, size_t n,
			struct gw_zone_store *ret)
{
	const struct gw_zone_store *zone = chain->zone;
	bool tie = false;
	size_t k = 0, from = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = owners[i].from;

		for (int order; k < chain->n; k++) {
			order = gw_zone_name_cmp(chain->made.rrs[k].name, zone->rrs[at].name);
			tie |= order == 0;
			if (order >= 0)
				break;
			gw_zone_append(ret, zone->rrs + from, at - from);
			gw_zone_add(ret, &chain->made.rrs[k]);
			from = at;
		}
	}
	gw_zone_append(ret, zone->rrs + from, zone->n - from);
	gw_zone_append(ret, chain->made.rrs + k, chain->n - k);
	if (tie)
		gw_zone_sort(ret); /* somebody has a name that is the hash of another */
}

static int deny_by_hash(const struct gw_zone_store *zone, const struct gw_zone_owner *owners,
			size_t n, bool opt_out, uint32_t ttl, unsigned int threads,
			struct gw_zone_store *ret)
{
	struct chain chain = { .zone = zone, .ttl = ttl, .opt_out = opt_out };
	gw_auto_free struct gw_zone_hashed *hashed = NULL;

	if (1u + GW_ZONE_HASH_TEXT + zone->apex_len > GW_DNS_NAME_MAX)
		return -ENAMETOOLONG;
	chain.n = gw_zone_hash_names(zone, owners, n, opt_out, threads, &hashed);
	chain.hashed = hashed;
	for (size_t i = 1; i < chain.n; i++)
		if (memcmp(hashed[i - 1].hash, hashed[i].hash, GW_ZONE_HASH) == 0)
			return -EEXIST;
	make_all(&chain, threads, make_nsec3, ret);
	merge_nsec3(&chain, owners, n, ret);
	gw_zone_done(&chain.made);
	return 0;
}

int gw_zone_deny(const struct gw_zone_store *zone, enum gw_zone_denial denial, uint32_t ttl,
		 unsigned int threads, struct gw_zone_store *ret)
{
	gw_auto_free struct gw_zone_owner *owners = NULL;
	size_t n = gw_zone_owners(zone, &owners);
	int err = 0;

	gw_zone_init(ret, zone->apex, zone->apex_len);
	switch (denial) {
	case GW_ZONE_DENIAL_NSEC:
		deny_by_name(zone, owners, n, ttl, threads, ret);
		break;
	case GW_ZONE_DENIAL_NSEC3:
	case GW_ZONE_DENIAL_NSEC3_OPT_OUT:
		err = deny_by_hash(zone, owners, n, denial == GW_ZONE_DENIAL_NSEC3_OPT_OUT, ttl,
				   threads, ret);
		break;
	}
	return err;
}
