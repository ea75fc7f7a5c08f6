#include "tests/support/zone_keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The tag is a sum of 16-bit words, carry included: the last one makes up for the others. */
struct gw_zone_dnskey zone_dnskey(uint16_t tag, enum gw_zone_role role)
{
	uint8_t rdata[4 + 64] = { 1, gw_zone_role_signs_keys(role) ? 1 : 0, 3, 13 };
	uint16_t rest = (uint16_t)(tag - gw_zone_key_tag(rdata, sizeof(rdata)));
	struct gw_zone_dnskey key;

	for (uint16_t carry = 0; carry <= 2; carry++) {
		rdata[66] = (uint8_t)((uint16_t)(rest - carry) >> 8);
		rdata[67] = (uint8_t)(rest - carry);
		if (gw_zone_key_tag(rdata, sizeof(rdata)) == tag &&
		    gw_zone_dnskey_parse(rdata, sizeof(rdata), &key) == 0)
			return key;
	}
	abort();
}

struct gw_zone_tags zone_tags(size_t n, ...)
{
	struct gw_zone_tags set = { .n = 0 };
	va_list args;

	va_start(args, n);
	for (size_t i = 0; i < n; i++)
		(void)gw_zone_tags_add(&set, (uint16_t)va_arg(args, int));
	va_end(args);
	return set;
}

struct gw_zone_entry zone_generated(int64_t time, uint16_t tag, enum gw_zone_role role)
{
	return (struct gw_zone_entry){ .event = GW_ZONE_GENERATED,
				       .time = time,
				       .tag = tag,
				       .role = role,
				       .dnskey = zone_dnskey(tag, role) };
}

struct gw_zone_entry zone_backed_up(int64_t time, uint16_t tag)
{
	struct gw_zone_entry entry = { .event = GW_ZONE_BACKED_UP,
				       .time = time,
				       .tags = zone_tags(1, tag) };

	(void)snprintf(entry.backup, sizeof(entry.backup), "%064d", 7);
	return entry;
}

struct gw_zone_entry zone_introduced(int64_t time, uint16_t tag, uint16_t other)
{
	return (struct gw_zone_entry){
		.event = GW_ZONE_INTRODUCED, .time = time, .tag = tag, .other = other
	};
}
