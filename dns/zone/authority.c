#include "dns/zone/authority.h"

#include "gw/core/mem.h"

static bool hides(const struct gw_zone_store *zone, const struct gw_zone_owner *cut,
		  const struct gw_zone_rr *rr)
{
	const struct gw_zone_rr *above = &zone->rrs[cut->from];

	return rr->name_len > above->name_len &&
	       gw_zone_name_within(rr->name, rr->name_len, above->name, above->name_len);
}

size_t gw_zone_owners(const struct gw_zone_store *zone, struct gw_zone_owner **ret)
{
	struct gw_zone_owner cut = { .standing = GW_ZONE_OWN };
	size_t n = 0, capacity = 0;
	bool below = false;

	*ret = NULL;
	for (size_t i = 0; i < zone->n;) {
		struct gw_zone_owner found = { .from = (uint32_t)i, .standing = GW_ZONE_OWN };
		bool ns = false, dname = false;

		do {
			ns |= zone->rrs[i].type == GW_DNS_NS;
			dname |= zone->rrs[i].type == GW_DNS_DNAME;
		} while (++i < zone->n && gw_zone_same_name(&zone->rrs[i], &zone->rrs[found.from]));
		found.to = (uint32_t)i;
		below = below && hides(zone, &cut, &zone->rrs[found.from]);
		if (below) {
			found.standing = GW_ZONE_OCCLUDED;
			found.cut = cut.from;
		} else if (ns && !gw_zone_is_apex(zone, &zone->rrs[found.from])) {
			found.standing = GW_ZONE_DELEGATION;
		}
		if (!below && (dname || found.standing == GW_ZONE_DELEGATION)) {
			cut = found;
			below = true;
		}
		gw_push(*ret, n, capacity, found);
	}
	return n;
}

bool gw_zone_owner_has(const struct gw_zone_store *zone, const struct gw_zone_owner *owner,
		       uint16_t type)
{
	for (size_t i = owner->from; i < owner->to; i++)
		if (zone->rrs[i].type == type)
			return true;
	return false;
}

bool gw_zone_is_signed(enum gw_zone_standing standing, uint16_t type)
{
	switch (standing) {
	case GW_ZONE_OWN:
		return type != GW_DNS_RRSIG;
	case GW_ZONE_DELEGATION:
		return type == GW_DNS_DS || type == GW_DNS_NSEC;
	case GW_ZONE_OCCLUDED:
		break;
	}
	return false;
}
