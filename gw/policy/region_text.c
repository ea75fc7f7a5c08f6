/* Services and regions in the operator's own words. */
#include <stdio.h>

#include "gw/core/text.h"
#include "gw/policy/analyze.h"
#include "gw/policy/service.h"

#define ITEMS_SHOWN 4u

static void add_protocol(struct gw_text *text, uint8_t number)
{
	const struct gw_protocol *protocol = gw_protocol_by_number(number);

	if (protocol)
		gw_text_puts(text, protocol->name);
	else
		gw_text_printf(text, "proto/%u", number);
}

static void add_icmp(struct gw_text *text, uint8_t protocol, uint16_t lo, uint16_t hi)
{
	uint8_t type = (uint8_t)(lo >> 8);
	const char *name = gw_icmp_type_name(protocol, type);

	if (name)
		gw_text_printf(text, "/%s", name);
	else
		gw_text_printf(text, "/%u", type);
	if (lo >> 8 != hi >> 8)
		gw_text_printf(text, "-%u", hi >> 8);
	else if (lo == hi && (lo & 0xff)) /* code 0 is what most types have */
		gw_text_printf(text, "/%u", lo & 0xff);
}

/* A range within one protocol. */
static void add_one_protocol(struct gw_text *text, uint32_t lo, uint32_t hi)
{
	uint8_t number = (uint8_t)(lo >> 16);
	uint16_t first = (uint16_t)lo, last = (uint16_t)hi;
	const struct gw_protocol *protocol = gw_protocol_by_number(number);

	add_protocol(text, number);
	if (first == 0 && last == UINT16_MAX)
		return;
	if (number == 1 || number == 58) {
		add_icmp(text, number, first, last);
	} else if (protocol && protocol->ports) {
		gw_text_printf(text, "/%u", first);
		if (first != last)
			gw_text_printf(text, "-%u", last);
	}
}

const char *gw_service_text(struct gw_arena *arena, struct gw_range keys)
{
	gw_auto_text struct gw_text text = { 0 };
	uint32_t lo = (uint32_t)keys.lo, hi = (uint32_t)keys.hi;

	if (lo == 0 && hi == GW_SERVICE_MAX)
		return "any";
	if (lo >> 16 == hi >> 16) {
		add_one_protocol(&text, lo, hi);
	} else if ((lo & 0xffff) == 0 && (hi & 0xffff) == 0xffff) {
		gw_text_printf(&text, "proto/%u-%u", lo >> 16, hi >> 16);
	} else {
		/* What a subtraction leaves: the end of one protocol to the start of another. */
		add_one_protocol(&text, lo, lo | 0xffff);
		gw_text_puts(&text, " to ");
		add_one_protocol(&text, hi & ~0xffffu, hi);
	}
	return gw_arena_strndup(arena, text.bytes, text.len);
}

static void add_addresses(struct gw_text *text, enum gw_family family, struct gw_addrset set)
{
	char range[2 * GW_ADDR_TEXT];

	if (set.n == 1 && set.ranges[0].lo == 0 && set.ranges[0].hi == gw_family_max(family)) {
		gw_text_puts(text, family == GW_FAMILY_IPV4 ? "any IPv4" : "any IPv6");
		return;
	}
	for (size_t i = 0; i < set.n && i < ITEMS_SHOWN; i++)
		gw_text_printf(text, "%s%s", i ? "," : "",
			       gw_range_format(family, set.ranges[i], range));
	if (set.n > ITEMS_SHOWN)
		gw_text_printf(text, ",… (%zu more)", set.n - ITEMS_SHOWN);
}

const char *gw_region_text(struct gw_arena *arena, const struct gw_region *region)
{
	gw_auto_text struct gw_text text = { 0 };

	add_addresses(&text, region->family, region->source);
	gw_text_puts(&text, " -> ");
	add_addresses(&text, region->family, region->dest);
	gw_text_putc(&text, ' ');
	for (size_t i = 0; i < region->service.n && i < ITEMS_SHOWN; i++)
		gw_text_printf(&text, "%s%s", i ? "," : "",
			       gw_service_text(arena, region->service.ranges[i]));
	if (region->service.n > ITEMS_SHOWN)
		gw_text_printf(&text, ",… (%zu more)", region->service.n - ITEMS_SHOWN);
	return gw_arena_strndup(arena, text.bytes, text.len);
}
