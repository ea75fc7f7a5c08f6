/* Which measure stops a packet: the rules of gw/compile/measures.c, for `explain`. */
#include <string.h>

#include "gw/agent/measure.h"

static bool holds(const struct gw_measure *measure, enum gw_family family, gw_u128 addr)
{
	enum gw_family of;
	struct gw_range range;

	return gw_measure_range(measure, &of, &range) && of == family && addr >= range.lo &&
	       addr <= range.hi;
}

/* `other` NULL: the gateway. */
static bool cuts_zone(const struct gw_measure *measure, const struct gw_zone *zone,
		      const struct gw_zone *other)
{
	uint32_t how;

	if (!zone || zone == other || strcmp(measure->subject, zone->name) != 0)
		return false;
	memcpy(&how, measure->key, sizeof(how));
	if (how == GW_ISOLATED_UNTRUSTED)
		return other && other->untrusted;
	return !other || !other->management;
}

static bool cuts_host(const struct gw_measure *measure, enum gw_family family, gw_u128 addr,
		      const struct gw_zone *other)
{
	return holds(measure, family, addr) && !(other && other->management);
}

static bool stops(const struct gw_measure *measure, const struct gw_measure_question *q)
{
	switch (measure->kind) {
	case GW_MEASURE_KIND_ISOLATE:
		return cuts_zone(measure, q->from, q->to) || cuts_zone(measure, q->to, q->from);
	case GW_MEASURE_KIND_QUARANTINE:
		return !gw_addrset_contains(q->reach, q->source) &&
		       !gw_addrset_contains(q->reach, q->dest) &&
		       (cuts_host(measure, q->family, q->source, q->to) ||
			cuts_host(measure, q->family, q->dest, q->from));
	case GW_MEASURE_KIND_BAN:
	case GW_MEASURE_KIND_SUSPEND:
		return holds(measure, q->family, q->source) || holds(measure, q->family, q->dest);
	default:
		return false;
	}
}

const struct gw_measure *gw_measures_stopping(const struct gw_measures *measures,
					      const struct gw_measure_question *question,
					      int64_t now)
{
	for (size_t i = 0; i < measures->n; i++)
		if (!gw_measure_is_over(&measures->items[i], now) &&
		    stops(&measures->items[i], question))
			return &measures->items[i];
	return NULL;
}
