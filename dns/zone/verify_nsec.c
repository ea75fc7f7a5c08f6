/* NSEC: at each name that the zone answers for, with its types and the next such name (RFC 4034, 4). */
#include <string.h>

#include "dns/zone/verify_internal.h"

/* ---- types --------------------------------------------------------------------------------------- */

/* Types out of a bitmap, one after the other. */
struct cursor {
	const uint8_t *at, *end;
	const uint8_t *octets; /* of the window */
	unsigned int window, bit, bits;
	int last; /* the window before */
};

/* The next type; -1 at the end; -2: it is malformed. */
static int next_type(struct cursor *cursor)
{
	for (;;) {
		while (cursor->bit < cursor->bits) {
			unsigned int bit = cursor->bit++;

			if (cursor->octets[bit / 8] & 0x80 >> bit % 8)
				return (int)(cursor->window << 8 | bit);
		}
		if (cursor->at == cursor->end)
			return -1;
		if (cursor->end - cursor->at < 2 || *cursor->at <= cursor->last || !cursor->at[1] ||
		    cursor->at[1] > 32 || cursor->end - cursor->at - 2 < cursor->at[1] ||
		    !cursor->at[1 + cursor->at[1]]) /* zeroes at the end are left out */
			return -2;
		cursor->last = *cursor->at;
		cursor->window = *cursor->at;
		cursor->octets = cursor->at + 2;
		cursor->bit = 0;
		cursor->bits = cursor->at[1] * 8u;
		cursor->at += 2 + cursor->at[1];
	}
}

static bool is_served(const struct gw_zone_owner *owner, uint16_t type)
{
	if (owner->standing == GW_ZONE_DELEGATION)
		return type == GW_DNS_NS || type == GW_DNS_DS || type == GW_DNS_NSEC;
	return type != GW_DNS_NSEC3; /* which no bitmap has (RFC 5155, 7.1) */
}

bool gw_zone_types_are(const struct gw_zone_checked *checked, const struct gw_zone_owner *owner,
		       const uint8_t *bitmap, size_t len, bool has_signatures)
{
	struct cursor cursor = { .at = bitmap, .end = bitmap + len, .last = -1 };
	bool missing = has_signatures; /* RRSIG, which the bitmap must have */
	int found = next_type(&cursor);

	for (size_t i = owner ? owner->from : 0; owner && i < owner->to; i++) {
		uint16_t type = checked->zone->rrs[i].type;

		if (type == GW_DNS_RRSIG || !is_served(owner, type) ||
		    (i > owner->from && checked->zone->rrs[i - 1].type == type))
			continue;
		if (found == GW_DNS_RRSIG && type > GW_DNS_RRSIG && missing) {
			missing = false;
			found = next_type(&cursor);
		}
		if (found != type)
			return false;
		found = next_type(&cursor);
	}
	if (found == GW_DNS_RRSIG && missing) {
		missing = false;
		found = next_type(&cursor);
	}
	return found == -1 && !missing;
}

/* ---- the chain ----------------------------------------------------------------------------------- */

static const struct gw_zone_rr *find_nsec(const struct gw_zone_checked *checked,
					  const struct gw_zone_owner *owner, size_t *ret_n)
{
	const struct gw_zone_rr *nsec = NULL;

	*ret_n = 0;
	for (size_t i = owner->from; i < owner->to; i++) {
		if (checked->zone->rrs[i].type != GW_DNS_NSEC)
			continue;
		nsec = nsec ? nsec : &checked->zone->rrs[i];
		(*ret_n)++;
	}
	return nsec;
}

/* The first record of the next name in the chain; after the last one the apex. */
static const struct gw_zone_rr *next_name(const struct gw_zone_checked *checked, size_t owner)
{
	for (size_t i = owner + 1; i < checked->n_owners; i++)
		if (checked->owners[i].standing != GW_ZONE_OCCLUDED)
			return &checked->zone->rrs[checked->owners[i].from];
	return &checked->zone->rrs[0];
}

static void check_record(const struct gw_zone_checked *checked, struct gw_zone_hand *hand,
			 size_t owner, const struct gw_zone_rr *nsec)
{
	const struct gw_zone_rr *next = next_name(checked, owner);
	size_t len = gw_zone_wire_name(nsec->rdata, nsec->len);
	size_t at = (size_t)(nsec - checked->zone->rrs);

	if (len != next->name_len || memcmp(nsec->rdata, next->name, len) != 0)
		gw_zone_find_error(hand, GW_D_VERIFY_CHAIN, at, "%s: the next name is %s, not %s",
				   gw_zone_rr_text(hand, nsec),
				   gw_zone_wire_text(hand, next->name, next->name_len),
				   len ? gw_zone_wire_text(hand, nsec->rdata, len)
				       : "what it says");
	else if (!gw_zone_types_are(checked, &checked->owners[owner], nsec->rdata + len,
				    nsec->len - len, true))
		gw_zone_find_error(hand, GW_D_VERIFY_TYPES, at,
				   "%s: its types are not those of the name",
				   gw_zone_rr_text(hand, nsec));
	if (nsec->ttl != checked->negative_ttl)
		gw_zone_find_warning(hand, GW_D_VERIFY_TTL, at,
				     "%s: TTL %u, by SOA it should be %u",
				     gw_zone_rr_text(hand, nsec), nsec->ttl, checked->negative_ttl);
}

void gw_zone_check_nsec(const struct gw_zone_checked *checked, struct gw_zone_hand *hand,
			size_t owner)
{
	const struct gw_zone_owner *name = &checked->owners[owner];
	const struct gw_zone_rr *first = &checked->zone->rrs[name->from];
	size_t n;
	const struct gw_zone_rr *nsec = find_nsec(checked, name, &n);
	bool wanted = checked->chain == GW_ZONE_CHAIN_NSEC && name->standing != GW_ZONE_OCCLUDED;

	if (wanted && n == 1)
		check_record(checked, hand, owner, nsec);
	else if (n != wanted)
		gw_zone_find_error(
			hand, GW_D_VERIFY_CHAIN, name->from, "%s has %zu NSEC records, not %d",
			gw_zone_wire_text(hand, first->name, first->name_len), n, wanted);
}
