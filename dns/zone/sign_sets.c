/* RRset by RRset: what was signed before and is the same keeps its signatures, for all others there is a job. */
#include <string.h>

#include "dns/zone/sign_internal.h"
#include "dns/zone/zonemd.h"
#include "gw/core/mem.h"

struct walk {
	const struct gw_zone_store *complete, *previous;
	const struct gw_zone_signing *signing;
	struct gw_zone_sign_part *part;
	size_t from, to; /* the name's records in `previous` */
};

static bool signs(const struct gw_zone_signing_key *key, uint16_t type)
{
	return type == GW_DNS_DNSKEY || type == GW_DNS_CDS || type == GW_DNS_CDNSKEY ? key->keys
										     : key->zone;
}

/* Moves on to this name in `previous`, or to where it would be. */
static void follow(struct walk *walk, const struct gw_zone_rr *name)
{
	const struct gw_zone_store *previous = walk->previous;

	if (!previous)
		return;
	while (walk->to < previous->n) {
		const struct gw_zone_rr *rr = &previous->rrs[walk->to];
		int order =
			gw_zone_same_name(rr, name) ? 0 : gw_zone_name_cmp(rr->name, name->name);

		if (order > 0)
			break;
		walk->from = walk->to;
		walk->to = gw_zone_name_end(previous, walk->to);
		if (order == 0)
			return;
		walk->part->changed = true; /* a name that is gone */
	}
	walk->from = walk->to;
}

/* ---- the same as before? ------------------------------------------------------------------------- */

static bool is_same_set(const struct walk *walk, const struct gw_zone_rr *set, size_t n)
{
	const struct gw_zone_rr *at = NULL;
	size_t i = walk->from;

	while (i < walk->to && walk->previous->rrs[i].type != set->type)
		i++;
	if (walk->to - i < n || (walk->to - i > n && walk->previous->rrs[i + n].type == set->type))
		return false;
	at = &walk->previous->rrs[i];
	for (size_t k = 0; k < n; k++)
		if (at[k].type != set->type || at[k].ttl != set[k].ttl ||
		    !gw_zone_same_rdata(&at[k], &set[k]))
			return false;
	return true;
}

/* Serial, scheme and algorithm; the digest is made again if anything changed, and only then. */
static bool is_same_zonemd(const struct walk *walk, const struct gw_zone_rr *set)
{
	for (size_t i = walk->from; i < walk->to; i++) {
		const struct gw_zone_rr *rr = &walk->previous->rrs[i];

		if (rr->type == GW_DNS_ZONEMD)
			return rr->ttl == set->ttl && rr->len == set->len &&
			       memcmp(rr->rdata, set->rdata, GW_ZONE_ZONEMD_HEAD) == 0;
	}
	return false;
}

/* The signature by this key, if it is one that we would have made and its time has not come. */
static const struct gw_zone_rr *find_signature(const struct walk *walk,
					       const struct gw_zone_rr *set,
					       const struct gw_zone_dnskey *key)
{
	const struct gw_zone_signing *signing = walk->signing;

	for (size_t i = walk->from; i < walk->to; i++) {
		const struct gw_zone_rr *rr = &walk->previous->rrs[i];
		int64_t begins, ends;

		if (rr->type != GW_DNS_RRSIG || rr->len < GW_ZONE_RRSIG_FIXED ||
		    gw_dns_u16(rr->rdata) != set->type || rr->rdata[2] != key->algorithm ||
		    gw_dns_u16(rr->rdata + 16) != key->tag)
			continue;
		ends = gw_dns_u32(rr->rdata + 8);
		begins = gw_dns_u32(rr->rdata + 12);
		if (rr->ttl == set->ttl && gw_dns_u32(rr->rdata + 4) == set->ttl &&
		    begins <= signing->now &&
		    ends >= signing->now + signing->policy->signatures.refresh &&
		    ends <= signing->now + signing->policy->signatures.validity)
			return rr;
	}
	return NULL;
}

/* ---- one RRset ----------------------------------------------------------------------------------- */

static void add_job(const struct walk *walk, const struct gw_zone_rr *set, size_t n, size_t key)
{
	struct gw_zone_sign_part *part = walk->part;
	struct gw_zone_sign_jobs *jobs =
		set->type == GW_DNS_ZONEMD && gw_zone_is_apex(walk->complete, set) ? &part->last
										   : &part->jobs;
	size_t len = gw_zone_rrsig_head(walk->complete) +
		     gw_zone_signature_len(walk->signing->keys[key].signer.key);
	struct gw_zone_sign_job job = {
		.set = set,
		.n = n,
		.key = key,
		.rdata = gw_arena_zalloc(part->out.arena, len, 1),
		.len = len,
	};

	gw_zone_sign_head(walk->complete, walk->signing, &job);
	gw_zone_add(&part->sigs, &(struct gw_zone_rr){ .name = set->name,
						       .name_len = set->name_len,
						       .type = GW_DNS_RRSIG,
						       .ttl = set->ttl,
						       .rdata = job.rdata,
						       .len = (uint16_t)len,
						       .file = GW_ZONE_NO_FILE });
	gw_push(jobs->items, jobs->n, jobs->capacity, job);
}

/* Signatures of SOA and ZONEMD are made anew in any case: if anything changes at all, they do. */
static void sign_set(const struct walk *walk, const struct gw_zone_rr *set, size_t n)
{
	bool last = (set->type == GW_DNS_SOA || set->type == GW_DNS_ZONEMD) &&
		    gw_zone_is_apex(walk->complete, set);
	bool same = walk->from < walk->to &&
		    (last && set->type == GW_DNS_ZONEMD ? is_same_zonemd(walk, set)
							: is_same_set(walk, set, n));

	walk->part->changed |= !same;
	for (size_t k = 0; k < walk->signing->n_keys; k++) {
		const struct gw_zone_signing_key *key = &walk->signing->keys[k];
		const struct gw_zone_rr *kept;

		if (!signs(key, set->type))
			continue;
		kept = same ? find_signature(walk, set, key->signer.key) : NULL;
		if (kept && !last) {
			gw_zone_add(&walk->part->sigs, kept);
			walk->part->kept++;
		} else {
			add_job(walk, set, n, k);
			walk->part->changed |= !kept;
		}
	}
}

/* ---- one name ------------------------------------------------------------------------------------ */

static void walk_name(struct walk *walk, const struct gw_zone_owner *owner)
{
	const struct gw_zone_store *zone = walk->complete;
	struct gw_zone_sign_part *part = walk->part;
	size_t middle = owner->from;

	follow(walk, &zone->rrs[owner->from]);
	part->sigs.n = 0;
	for (size_t i = owner->from, end; i < owner->to; i = end) {
		end = gw_zone_set_end(zone, i, owner->to);
		if (zone->rrs[i].type < GW_DNS_RRSIG)
			middle = end;
		if (gw_zone_is_signed(owner->standing, zone->rrs[i].type))
			sign_set(walk, &zone->rrs[i], end - i);
		else if (walk->previous)
			part->changed |= !is_same_set(walk, &zone->rrs[i], end - i);
	}
	gw_zone_sort(&part->sigs);
	gw_zone_append(&part->out, zone->rrs + owner->from, middle - owner->from);
	gw_zone_append(&part->out, part->sigs.rrs, part->sigs.n);
	gw_zone_append(&part->out, zone->rrs + middle, owner->to - middle);
}

void gw_zone_sign_walk(const struct gw_zone_store *complete, const struct gw_zone_owner *owners,
		       size_t from, size_t to, const struct gw_zone_store *previous,
		       const struct gw_zone_signing *signing, struct gw_zone_sign_part *part)
{
	struct walk walk = {
		.complete = complete, .previous = previous, .signing = signing, .part = part
	};

	part->changed = !previous;
	if (previous && from < to)
		walk.from = walk.to =
			from ? gw_zone_find(previous, complete->rrs[owners[from].from].name) : 0;
	for (size_t i = from; i < to; i++)
		walk_name(&walk, &owners[i]);
}
