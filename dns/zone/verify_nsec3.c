/* NSEC3: one for the hash of each name and empty non-terminal, in one circle (RFC 5155, 7.1 and 8). */
#include <string.h>

#include "dns/zone/denial.h"
#include "dns/zone/verify_internal.h"
#include "gw/core/mem.h"

/* An NSEC3 record, taken apart. */
struct nsec3 {
	const struct gw_zone_rr *rr;
	uint8_t hash[GW_ZONE_HASH]; /* of its name */
	const uint8_t *next, *types;
	size_t types_len;
	bool opt_out;
};

struct circle {
	const struct gw_zone_checked *checked;
	struct gw_zone_hand *hand;
	struct nsec3 *items; /* heap; in order of their hashes, as the zone has them */
	size_t n, capacity;
	bool opt_out;                 /* one of them is */
	struct gw_zone_owner *owners; /* heap; the zone's, those with NSEC3 alone left out */
	size_t n_owners;
};

static size_t index_of(const struct circle *circle, const struct gw_zone_rr *rr)
{
	return (size_t)(rr - circle->checked->zone->rrs);
}

/* ---- records ------------------------------------------------------------------------------------- */

/* What RFC 9276 wants and we make: SHA-1, no iterations, no salt. */
static bool has_our_parameters(const struct gw_zone_rr *rr)
{
	return rr->len >= GW_ZONE_NSEC3PARAM_LEN && rr->rdata[0] == 1 &&
	       !(rr->rdata[1] & ~GW_ZONE_OPT_OUT) && !gw_dns_u16(rr->rdata + 2) && !rr->rdata[4];
}

static bool parse(const struct gw_zone_store *zone, const struct gw_zone_rr *rr, struct nsec3 *ret)
{
	size_t head = GW_ZONE_NSEC3_FIXED + 1 + GW_ZONE_HASH;

	if (!has_our_parameters(rr) || rr->len < head ||
	    rr->rdata[GW_ZONE_NSEC3_FIXED] != GW_ZONE_HASH ||
	    rr->name_len != 1u + GW_ZONE_HASH_TEXT + zone->apex_len)
		return false;
	*ret = (struct nsec3){ .rr = rr,
			       .next = rr->rdata + GW_ZONE_NSEC3_FIXED + 1,
			       .types = rr->rdata + head,
			       .types_len = rr->len - head,
			       .opt_out = rr->rdata[1] & GW_ZONE_OPT_OUT };
	return gw_zone_hash_parse(rr->name + 1, rr->name[0], ret->hash);
}

static void list_records(struct circle *circle)
{
	const struct gw_zone_store *zone = circle->checked->zone;

	for (size_t i = 0; i < zone->n; i++) {
		struct nsec3 item;

		if (zone->rrs[i].type != GW_DNS_NSEC3)
			continue;
		if (!parse(zone, &zone->rrs[i], &item)) {
			gw_zone_find_error(circle->hand, GW_D_VERIFY_NSEC3, i,
					   "%s is malformed, or has iterations or a salt",
					   gw_zone_rr_text(circle->hand, &zone->rrs[i]));
			continue;
		}
		circle->opt_out |= item.opt_out;
		gw_push(circle->items, circle->n, circle->capacity, item);
	}
}

static void check_circle(const struct circle *circle)
{
	for (size_t i = 0; i < circle->n; i++) {
		const struct nsec3 *item = &circle->items[i];
		const struct nsec3 *next = &circle->items[(i + 1) % circle->n];

		if (memcmp(item->next, next->hash, GW_ZONE_HASH) != 0 ||
		    (next != &circle->items[0] &&
		     memcmp(item->hash, next->hash, GW_ZONE_HASH) == 0))
			gw_zone_find_error(circle->hand, GW_D_VERIFY_CHAIN,
					   index_of(circle, item->rr),
					   "%s does not lead to the next one",
					   gw_zone_rr_text(circle->hand, item->rr));
		if (item->rr->ttl != circle->checked->negative_ttl)
			gw_zone_find_warning(circle->hand, GW_D_VERIFY_TTL,
					     index_of(circle, item->rr),
					     "%s: TTL %u, by SOA it should be %u",
					     gw_zone_rr_text(circle->hand, item->rr), item->rr->ttl,
					     circle->checked->negative_ttl);
	}
}

/* ---- names --------------------------------------------------------------------------------------- */

static void list_owners(struct circle *circle)
{
	const struct gw_zone_checked *checked = circle->checked;

	circle->owners = gw_zalloc(checked->n_owners, sizeof(*circle->owners));
	for (size_t i = 0; i < checked->n_owners; i++)
		if (!gw_zone_is_hash_owner(checked, &checked->owners[i]))
			circle->owners[circle->n_owners++] = checked->owners[i];
}

static void check_types(const struct circle *circle, const struct nsec3 *item,
			const struct gw_zone_hashed *name)
{
	const struct gw_zone_owner *owner = name->owner;
	bool has_signatures = owner && (owner->standing == GW_ZONE_OWN ||
					gw_zone_owner_has(circle->checked->zone, owner, GW_DNS_DS));

	if (!gw_zone_types_are(circle->checked, owner, item->types, item->types_len,
			       has_signatures))
		gw_zone_find_error(circle->hand, GW_D_VERIFY_TYPES, index_of(circle, item->rr),
				   "%s: its types are not those of %s",
				   gw_zone_rr_text(circle->hand, item->rr),
				   gw_zone_wire_text(circle->hand, name->name, name->name_len));
}

static void tell_missing(const struct circle *circle, const struct gw_zone_hashed *name)
{
	gw_zone_find_error(circle->hand, GW_D_VERIFY_CHAIN, name->owner ? name->owner->from : 0,
			   "%s has no NSEC3",
			   gw_zone_wire_text(circle->hand, name->name, name->name_len));
}

static bool is_at(const struct gw_zone_hashed *names, size_t n, size_t i, const uint8_t *hash)
{
	return i < n && memcmp(names[i].hash, hash, GW_ZONE_HASH) == 0;
}

/* All names against all NSEC3, both in order. What is not `required` may be left out where opt-out says so. */
static void match(const struct circle *circle, const struct gw_zone_hashed *names, size_t n,
		  const struct gw_zone_hashed *required, size_t n_required)
{
	size_t k = 0, r = 0;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *hash = names[i].hash;

		while (k < circle->n && memcmp(circle->items[k].hash, hash, GW_ZONE_HASH) < 0)
			k++;
		while (r < n_required && memcmp(required[r].hash, hash, GW_ZONE_HASH) < 0)
			r++;
		if (k < circle->n && memcmp(circle->items[k].hash, hash, GW_ZONE_HASH) == 0)
			check_types(circle, &circle->items[k], &names[i]);
		else if (is_at(required, n_required, r, hash) ||
			 !circle->items[k ? k - 1 : circle->n - 1].opt_out)
			tell_missing(circle, &names[i]);
	}
}

/* NSEC3 of names that there are not. */
static void find_extra(const struct circle *circle, const struct gw_zone_hashed *names, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < circle->n; i++) {
		while (k < n && memcmp(names[k].hash, circle->items[i].hash, GW_ZONE_HASH) < 0)
			k++;
		if (!is_at(names, n, k, circle->items[i].hash))
			gw_zone_find_error(circle->hand, GW_D_VERIFY_CHAIN,
					   index_of(circle, circle->items[i].rr),
					   "%s is of no name that the zone has",
					   gw_zone_rr_text(circle->hand, circle->items[i].rr));
	}
}

static void check_names(struct circle *circle)
{
	const struct gw_zone_checked *checked = circle->checked;
	gw_auto_free struct gw_zone_hashed *all = NULL, *required = NULL;
	size_t n, n_required = 0;

	list_owners(circle);
	n = gw_zone_hash_names(checked->zone, circle->owners, circle->n_owners, false,
			       checked->n_hands, &all);
	if (circle->opt_out)
		n_required = gw_zone_hash_names(checked->zone, circle->owners, circle->n_owners,
						true, checked->n_hands, &required);
	match(circle, all, n, required, n_required);
	find_extra(circle, all, n);
}

static bool check_parameters(const struct circle *circle)
{
	const struct gw_zone_store *zone = circle->checked->zone;
	size_t n = 0;
	const struct gw_zone_rr *param = gw_zone_get(zone, zone->apex, GW_DNS_NSEC3PARAM, &n);

	if (!param)
		return false;
	if (n == 1 && param->len == GW_ZONE_NSEC3PARAM_LEN && !param->rdata[1] &&
	    has_our_parameters(param))
		return true;
	gw_zone_find_error(circle->hand, GW_D_VERIFY_NSEC3, index_of(circle, param),
			   "NSEC3PARAM is not `1 0 0 -`");
	return false;
}

void gw_zone_check_nsec3(const struct gw_zone_checked *checked, struct gw_zone_hand *hand)
{
	struct circle circle = { .checked = checked, .hand = hand };
	bool wanted = checked->chain == GW_ZONE_CHAIN_NSEC3 && check_parameters(&circle);

	list_records(&circle);
	if (wanted && circle.n) {
		check_circle(&circle);
		check_names(&circle);
	} else if (wanted) {
		gw_zone_find_error(hand, GW_D_VERIFY_CHAIN, 0, "the zone has no NSEC3");
	} else if (circle.n && checked->chain != GW_ZONE_CHAIN_NSEC3) {
		gw_zone_find_error(hand, GW_D_VERIFY_CHAIN, index_of(&circle, circle.items[0].rr),
				   "the zone has NSEC3, but no NSEC3PARAM");
	}
	gw_free(circle.items);
	gw_free(circle.owners);
}
