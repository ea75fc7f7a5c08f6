#include "dns/zone/zone_diff.h"

#include "gw/core/mem.h"

#define SOA_TAIL 20u /* serial, refresh, retry, expire, minimum */

struct walk {
	const struct gw_zone_store *before, *after;
	enum gw_zone_diff_of of;
	struct gw_zone_diff *ret;
};

/* What signing makes by itself. */
static bool is_made(const struct gw_zone_store *zone, const struct gw_zone_rr *rr)
{
	if (rr->type == GW_DNS_RRSIG || rr->type == GW_DNS_NSEC || rr->type == GW_DNS_NSEC3)
		return true;
	return (rr->type == GW_DNS_NSEC3PARAM || rr->type == GW_DNS_DNSKEY ||
		rr->type == GW_DNS_CDS || rr->type == GW_DNS_CDNSKEY ||
		rr->type == GW_DNS_ZONEMD) &&
	       gw_zone_is_apex(zone, rr);
}

static void add(const struct walk *walk, const struct gw_zone_rr *rr, bool added)
{
	const struct gw_zone_difference item = { rr, added };
	struct gw_zone_diff *ret = walk->ret;

	if (walk->of == GW_ZONE_DIFF_DATA && is_made(added ? walk->after : walk->before, rr))
		return;
	gw_push(ret->items, ret->n, ret->capacity, item);
	if (added)
		ret->added++;
	else
		ret->removed++;
}

static bool is_same_but_serial(const struct gw_zone_rr *a, const struct gw_zone_rr *b)
{
	size_t serial = a->len - SOA_TAIL;

	return a->type == GW_DNS_SOA && b->type == GW_DNS_SOA && a->ttl == b->ttl &&
	       a->len == b->len && a->len > SOA_TAIL && memcmp(a->rdata, b->rdata, serial) == 0 &&
	       memcmp(a->rdata + serial + 4, b->rdata + serial + 4, SOA_TAIL - 4) == 0;
}

/* The end of the RRset. */
static size_t end_of(const struct gw_zone_store *zone, size_t i)
{
	size_t end = i + 1;

	while (end < zone->n && zone->rrs[end].type == zone->rrs[i].type &&
	       gw_zone_same_name(&zone->rrs[end], &zone->rrs[i]))
		end++;
	return end;
}

/* Adds what is in `these` and not in `those`; both are sorted. */
static void add_missing(const struct walk *walk, const struct gw_zone_rr *these, size_t n,
			const struct gw_zone_rr *those, size_t n_those, bool added)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		int order = -1;

		while (k < n_those && (order = gw_zone_rr_cmp(&these[i], &those[k])) > 0)
			k++;
		if (k == n_those || order != 0 || these[i].ttl != those[k].ttl)
			add(walk, &these[i], added);
	}
}

/* An RRset that both have. */
static void compare_sets(const struct walk *walk, const struct gw_zone_rr *before, size_t n_before,
			 const struct gw_zone_rr *after, size_t n_after)
{
	if (walk->of == GW_ZONE_DIFF_DATA && n_before == 1 && n_after == 1 &&
	    is_same_but_serial(before, after))
		return;
	add_missing(walk, before, n_before, after, n_after, false);
	add_missing(walk, after, n_after, before, n_before, true);
}

static int order_of(const struct gw_zone_rr *a, const struct gw_zone_rr *b)
{
	int order = gw_zone_same_name(a, b) ? 0 : gw_zone_name_cmp(a->name, b->name);

	return order ? order : (a->type > b->type) - (a->type < b->type);
}

void gw_zone_diff(const struct gw_zone_store *before, const struct gw_zone_store *after,
		  enum gw_zone_diff_of of, struct gw_zone_diff *ret)
{
	const struct walk walk = { before, after, of, ret };
	size_t i = 0, k = 0;

	*ret = (struct gw_zone_diff){ 0 };
	while (i < before->n || k < after->n) {
		int order = i == before->n  ? 1
			    : k == after->n ? -1
					    : order_of(&before->rrs[i], &after->rrs[k]);

		if (order < 0) {
			add(&walk, &before->rrs[i++], false);
		} else if (order > 0) {
			add(&walk, &after->rrs[k++], true);
		} else {
			size_t i_end = end_of(before, i), k_end = end_of(after, k);

			compare_sets(&walk, &before->rrs[i], i_end - i, &after->rrs[k], k_end - k);
			i = i_end;
			k = k_end;
		}
	}
}

void gw_zone_diff_done(struct gw_zone_diff *diff)
{
	gw_free(diff->items);
	*diff = (struct gw_zone_diff){ 0 };
}
