/* Services, packets and regions as text for people, in the words of the policy language. */
#include <netinet/in.h>

#include "gw/core/text.h"
#include "gw/policy/analyze.h"
#include "gw/policy/service.h"

#define SHOWN_MAX 4u /* entries of a list; the rest is counted */

static const struct gw_range all_services = { 0, GW_SERVICE_MAX };

static void add_protocol(struct gw_text *text, uint8_t number)
{
	const struct gw_protocol *protocol = gw_protocol_by_number(number);

	if (protocol)
		gw_text_puts(text, protocol->name);
	else
		gw_text_printf(text, "proto/%u", number);
}

static void add_icmp_type(struct gw_text *text, uint8_t protocol, unsigned int type)
{
	const char *name = gw_icmp_type_name(protocol, (uint8_t)type);

	if (name)
		gw_text_puts(text, name);
	else
		gw_text_printf(text, "%u", type);
}

static void add_icmp(struct gw_text *text, uint8_t protocol, unsigned int from, unsigned int until)
{
	unsigned int from_type = from >> 8, from_code = from & 0xff;
	unsigned int until_type = until >> 8, until_code = until & 0xff;

	add_protocol(text, protocol);
	gw_text_putc(text, '/');
	if (from_type == until_type) {
		add_icmp_type(text, protocol, from_type);
		if (from == until)
			gw_text_printf(text, "/%u", from_code);
		else if (from_code != 0 || until_code != 0xff)
			gw_text_printf(text, "/%u-%u", from_code, until_code);
	} else if (from_code == 0 && until_code == 0xff) {
		gw_text_printf(text, "%u-%u", from_type, until_type);
	} else {
		gw_text_printf(text, "%u/%u-%u/%u", from_type, from_code, until_type, until_code);
	}
}

/* Keys of one protocol. */
static void add_keys(struct gw_text *text, uint32_t from, uint32_t until)
{
	uint8_t number = (uint8_t)(from >> 16);
	const struct gw_protocol *protocol = gw_protocol_by_number(number);
	unsigned int from_port = from & 0xffff, until_port = until & 0xffff;

	if (from_port == 0 && until_port == 0xffff) {
		add_protocol(text, number);
	} else if (number == IPPROTO_ICMP || number == IPPROTO_ICMPV6) {
		add_icmp(text, number, from_port, until_port);
	} else {
		add_protocol(text, number);
		if (protocol && protocol->ports)
			gw_text_printf(text, "/%u", from_port);
		if (protocol && protocol->ports && until_port != from_port)
			gw_text_printf(text, "-%u", until_port);
	}
}

static void add_service(struct gw_text *text, struct gw_range keys)
{
	uint32_t from = (uint32_t)keys.lo, until = (uint32_t)keys.hi;
	uint32_t first_whole = (from + 0xffff) >> 16; /* protocols that the range holds whole */
	uint32_t end_whole = (until + 1) >> 16;

	if (from == all_services.lo && until == all_services.hi) {
		gw_text_puts(text, "any");
		return;
	}
	if (from >> 16 == until >> 16) {
		add_keys(text, from, until);
		return;
	}
	if (from & 0xffff) {
		add_keys(text, from, from | 0xffff);
		gw_text_putc(text, ',');
	}
	if (end_whole == first_whole + 1)
		add_protocol(text, (uint8_t)first_whole);
	else if (end_whole > first_whole)
		gw_text_printf(text, "proto/%u-%u", first_whole, end_whole - 1);
	if ((until & 0xffff) != 0xffff) {
		if (end_whole > first_whole)
			gw_text_putc(text, ',');
		add_keys(text, until & ~UINT32_C(0xffff), until);
	}
}

static void add_more(struct gw_text *text, size_t n)
{
	if (n > SHOWN_MAX)
		gw_text_printf(text, ",… (%zu more)", n - SHOWN_MAX);
}

static void add_addresses(struct gw_text *text, enum gw_family family, struct gw_addrset set)
{
	char buffer[2 * GW_ADDR_TEXT];

	if (gw_addrset_equal(set, gw_addrset_all(family))) {
		gw_text_puts(text, "any");
		return;
	}
	for (size_t i = 0; i < set.n && i < SHOWN_MAX; i++)
		gw_text_printf(text, "%s%s", i ? "," : "",
			       gw_range_format(family, set.ranges[i], buffer));
	add_more(text, set.n);
}

const char *gw_region_text(struct gw_arena *arena, const struct gw_region *region)
{
	gw_auto_text struct gw_text text = { 0 };

	add_addresses(&text, region->family, region->source);
	gw_text_puts(&text, " -> ");
	add_addresses(&text, region->family, region->dest);
	gw_text_putc(&text, ' ');
	for (size_t i = 0; i < region->service.n && i < SHOWN_MAX; i++) {
		if (i)
			gw_text_putc(&text, ',');
		add_service(&text, region->service.ranges[i]);
	}
	add_more(&text, region->service.n);
	return gw_arena_strndup(arena, text.bytes, text.len);
}

const char *gw_packet_text(struct gw_arena *arena, const struct gw_packet *packet)
{
	gw_auto_text struct gw_text text = { 0 };
	char buffer[GW_ADDR_TEXT];
	uint8_t number = (uint8_t)(packet->service >> 16);
	bool icmp = number == IPPROTO_ICMP || number == IPPROTO_ICMPV6;

	gw_text_puts(&text, gw_addr_format(packet->family, packet->source, buffer));
	gw_text_puts(&text, " -> ");
	gw_text_puts(&text, gw_addr_format(packet->family, packet->dest, buffer));
	gw_text_putc(&text, ' ');
	if (icmp && (packet->service & 0xff) == 0) /* code 0 goes without saying */
		add_icmp(&text, number, packet->service & 0xffff,
			 (packet->service & 0xffff) | 0xff);
	else
		add_keys(&text, packet->service, packet->service);
	return gw_arena_strndup(arena, text.bytes, text.len);
}

const char *gw_service_text(struct gw_arena *arena, struct gw_range keys)
{
	gw_auto_text struct gw_text text = { 0 };

	add_service(&text, keys);
	return gw_arena_strndup(arena, text.bytes, text.len);
}
