#include "gw/report/region.h"

#include <netinet/in.h>

#include "gw/policy/analyze.h"
#include "gw/report/json.h"

#define SHOWN_MAX 4u /* entries of a list; the rest is counted */

static void put_more(struct gw_text *out, size_t n)
{
	if (n > SHOWN_MAX)
		gw_text_printf(out, ",… (%zu more)", n - SHOWN_MAX);
}

static void put_ranges(struct gw_text *out, enum gw_family family, struct gw_addrset set)
{
	char text[2 * GW_ADDR_TEXT];

	for (size_t i = 0; i < set.n && i < SHOWN_MAX; i++)
		gw_text_printf(out, "%s%s", i ? "," : "",
			       gw_range_format(family, set.ranges[i], text));
	put_more(out, set.n);
}

/* A zone by its name, and a zone less a few addresses, or a block list, by what is missing. */
static void put_addresses(struct gw_text *out, struct gw_arena *arena, enum gw_family family,
			  struct gw_addrset set, const struct gw_zone *zone)
{
	struct gw_addrset missing;

	if (gw_addrset_equal(set, gw_addrset_all(family))) {
		gw_text_puts(out, "any");
		return;
	}
	if (!zone || set.n <= SHOWN_MAX) {
		if (!zone || !gw_addrset_equal(set, zone->space[family])) {
			put_ranges(out, family, set);
			return;
		}
	}
	missing = gw_addrset_subtract(arena, zone->space[family], set);
	if (!gw_addrset_subset(set, zone->space[family]) || missing.n > set.n) {
		put_ranges(out, family, set);
		return;
	}
	gw_text_printf(out, "%s (%s)", zone->name, family == GW_FAMILY_IPV4 ? "IPv4" : "IPv6");
	if (missing.n) {
		gw_text_puts(out, " except ");
		put_ranges(out, family, missing);
	}
}

/* The other family's ICMP, which a region of mixed services may hold, never happens. */
static bool is_foreign(enum gw_family family, struct gw_range keys)
{
	uint32_t protocol = family == GW_FAMILY_IPV4 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;

	return keys.lo >> 16 == protocol && keys.hi >> 16 == protocol;
}

static void put_services(struct gw_text *out, struct gw_arena *arena,
			 const struct gw_region *region)
{
	size_t n = 0;

	for (size_t i = 0; i < region->service.n; i++) {
		if (is_foreign(region->family, region->service.ranges[i]))
			continue;
		if (n < SHOWN_MAX)
			gw_text_printf(out, "%s%s", n ? "," : "",
				       gw_service_text(arena, region->service.ranges[i]));
		n++;
	}
	put_more(out, n);
}

const char *gw_report_region(struct gw_arena *arena, const struct gw_region *region,
			     const struct gw_zone *from, const struct gw_zone *to)
{
	gw_auto_text struct gw_text text = { 0 };

	put_addresses(&text, arena, region->family, region->source, from);
	gw_text_puts(&text, " -> ");
	put_addresses(&text, arena, region->family, region->dest, to);
	gw_text_putc(&text, ' ');
	put_services(&text, arena, region);
	return gw_arena_strndup(arena, text.bytes, text.len);
}

static json_t *addresses_json(enum gw_family family, struct gw_addrset set)
{
	json_t *array = json_array();
	char text[2 * GW_ADDR_TEXT];

	for (size_t i = 0; i < set.n; i++)
		gw_json_add(array, json_string(gw_range_format(family, set.ranges[i], text)));
	return array;
}

json_t *gw_report_region_json(struct gw_arena *arena, const struct gw_region *region)
{
	json_t *object = json_object(), *services = json_array();

	gw_json_set(object, "family",
		    json_string(region->family == GW_FAMILY_IPV4 ? "ipv4" : "ipv6"));
	gw_json_set(object, "sources", addresses_json(region->family, region->source));
	gw_json_set(object, "destinations", addresses_json(region->family, region->dest));
	for (size_t i = 0; i < region->service.n; i++)
		if (!is_foreign(region->family, region->service.ranges[i]))
			gw_json_add(services, gw_json_text(gw_service_text(
						      arena, region->service.ranges[i])));
	gw_json_set(object, "services", services);
	return object;
}
