/* The bytes come from strangers: every read is checked against what was captured. */
#include "gw/report/packet.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "gw/policy/service.h"

#define IPV6_HEADERS_MAX 8u

/* Where the transport header starts, and what it is. */
struct transport {
	uint8_t protocol;
	size_t offset; /* beyond what was captured: unknown */
};

static uint16_t get_u16(const struct gw_logged_packet *packet, size_t at)
{
	return (uint16_t)(packet->bytes[at] << 8 | packet->bytes[at + 1]);
}

static bool read_ipv4(const struct gw_logged_packet *packet, struct transport *ret)
{
	size_t header = (size_t)(packet->bytes[0] & 15) * 4;

	if (packet->len < 20 || header < 20)
		return false;
	/* Later fragments have no ports. */
	*ret = (struct transport){ packet->bytes[9],
				   get_u16(packet, 6) & 0x1fff ? packet->len : header };
	return true;
}

static bool is_extension(uint8_t header)
{
	return header == IPPROTO_HOPOPTS || header == IPPROTO_ROUTING ||
	       header == IPPROTO_DSTOPTS || header == IPPROTO_FRAGMENT;
}

static bool read_ipv6(const struct gw_logged_packet *packet, struct transport *ret)
{
	uint8_t protocol;
	size_t at = 40;

	if (packet->len < at)
		return false;
	protocol = packet->bytes[6];
	for (unsigned int i = 0; i < IPV6_HEADERS_MAX && is_extension(protocol); i++) {
		if (at + 8 > packet->len)
			break;
		if (protocol == IPPROTO_FRAGMENT && get_u16(packet, at + 2) & 0xfff8) {
			protocol = packet->bytes[at];
			at = packet->len;
			break;
		}
		protocol = packet->bytes[at];
		at += protocol == IPPROTO_FRAGMENT ? 8 : ((size_t)packet->bytes[at + 1] + 1) * 8;
	}
	*ret = (struct transport){ protocol, at };
	return true;
}

static const char *protocol_name(struct gw_arena *arena, uint8_t number)
{
	const struct gw_protocol *protocol = gw_protocol_by_number(number);

	return protocol ? protocol->name : gw_arena_printf(arena, "proto/%u", number);
}

const char *gw_report_packet(struct gw_arena *arena, const struct gw_logged_packet *packet)
{
	bool ipv4 = packet->family == AF_INET;
	enum gw_family family = ipv4 ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;
	char source[GW_ADDR_TEXT], dest[GW_ADDR_TEXT];
	const struct gw_protocol *protocol;
	struct transport transport;

	if (!packet->len || !(ipv4 ? read_ipv4(packet, &transport) : read_ipv6(packet, &transport)))
		return "a packet without a whole IP header";
	(void)gw_addr_format(family, gw_addr_from_bytes(family, packet->bytes + (ipv4 ? 12 : 8)),
			     source);
	(void)gw_addr_format(family, gw_addr_from_bytes(family, packet->bytes + (ipv4 ? 16 : 24)),
			     dest);
	protocol = gw_protocol_by_number(transport.protocol);
	if (transport.offset + 4 > packet->len)
		return gw_arena_printf(arena, "%s -> %s %s", source, dest,
				       protocol_name(arena, transport.protocol));
	if (protocol && protocol->ports)
		return gw_arena_printf(arena, "%s %u -> %s %s/%u", source,
				       get_u16(packet, transport.offset), dest, protocol->name,
				       get_u16(packet, transport.offset + 2));
	if (transport.protocol == IPPROTO_ICMP || transport.protocol == IPPROTO_ICMPV6) {
		uint8_t type = packet->bytes[transport.offset];
		const char *name = gw_icmp_type_name(transport.protocol, type);

		return gw_arena_printf(arena, "%s -> %s %s/%s", source, dest,
				       protocol_name(arena, transport.protocol),
				       name ? name : gw_arena_printf(arena, "%u", type));
	}
	return gw_arena_printf(arena, "%s -> %s %s", source, dest,
			       protocol_name(arena, transport.protocol));
}
