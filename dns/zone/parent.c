#include "dns/zone/parent.h"

#include <string.h>

static bool has(const struct gw_zone_seen *seen, const struct gw_zone_seen_ds *ds)
{
	for (size_t i = 0; i < seen->n_ds; i++)
		if (seen->ds[i].len == ds->len &&
		    memcmp(seen->ds[i].rdata, ds->rdata, ds->len) == 0)
			return true;
	return false;
}

static bool is_same(const struct gw_zone_seen *a, const struct gw_zone_seen *b)
{
	for (size_t i = 0; i < a->n_ds; i++)
		if (!has(b, &a->ds[i]))
			return false;
	for (size_t i = 0; i < b->n_ds; i++)
		if (!has(a, &b->ds[i]))
			return false;
	return true;
}

static void add(const struct gw_zone_name *zone, const struct gw_zone_history *history,
		const struct gw_zone_seen_ds *ds, struct gw_zone_parent *ret)
{
	for (size_t i = 0; i < history->n_keys; i++) {
		const struct gw_zone_dnskey *key = &history->keys[i].dnskey;

		if (gw_zone_ds_is_of(zone, key, ds->rdata, ds->len) &&
		    gw_zone_tags_add(&ret->ds, key->tag))
			return;
	}
	ret->strangers++;
}

bool gw_zone_parent_agrees(const struct gw_zone_name *zone, const struct gw_zone_history *history,
			   const struct gw_zone_seen *seen, size_t n, struct gw_zone_parent *ret)
{
	*ret = (struct gw_zone_parent){ 0 };
	for (size_t i = 0; i < n; i++) {
		if (seen[i].trouble != GW_DNS_ANSWERED || seen[i].rcode != GW_DNS_NOERROR ||
		    seen[i].broken || !is_same(&seen[0], &seen[i]))
			return false;
		/* Caches keep the longest. */
		ret->ttl = seen[i].ds_ttl > ret->ttl ? seen[i].ds_ttl : ret->ttl;
	}
	for (size_t i = 0; n && i < seen[0].n_ds; i++)
		add(zone, history, &seen[0].ds[i], ret);
	return n > 0;
}

bool gw_zone_parent_is_news(const struct gw_zone_history *history,
			    const struct gw_zone_parent *parent)
{
	const struct gw_zone_parent *last = &gw_zone_history_seen(history)->parent;
	const struct gw_zone_ds_version *asked = gw_zone_history_asked(history);

	return !gw_zone_tags_equal(&last->ds, &parent->ds) ||
	       last->strangers != parent->strangers ||
	       (asked && gw_zone_tags_equal(&asked->parent.ds, &parent->ds));
}
