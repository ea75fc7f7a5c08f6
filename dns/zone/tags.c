#include <string.h>

#include "dns/zone/history.h"

bool gw_zone_tags_has(const struct gw_zone_tags *set, uint16_t tag)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->tag[i] == tag)
			return true;
	return false;
}

bool gw_zone_tags_within(const struct gw_zone_tags *a, const struct gw_zone_tags *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!gw_zone_tags_has(b, a->tag[i]))
			return false;
	return true;
}

bool gw_zone_tags_equal(const struct gw_zone_tags *a, const struct gw_zone_tags *b)
{
	return a->n == b->n && gw_zone_tags_within(a, b);
}

bool gw_zone_tags_add(struct gw_zone_tags *set, uint16_t tag)
{
	size_t at = 0;

	if (gw_zone_tags_has(set, tag))
		return true;
	if (set->n == GW_ZONE_LIVE_MAX)
		return false;
	while (at < set->n && set->tag[at] < tag)
		at++;
	memmove(set->tag + at + 1, set->tag + at, (set->n - at) * sizeof(*set->tag));
	set->tag[at] = tag;
	set->n++;
	return true;
}

void gw_zone_tags_remove(struct gw_zone_tags *set, uint16_t tag)
{
	for (size_t i = 0; i < set->n; i++) {
		if (set->tag[i] != tag)
			continue;
		set->n--;
		memmove(set->tag + i, set->tag + i + 1, (set->n - i) * sizeof(*set->tag));
		set->tag[set->n] = 0;
		return;
	}
}
