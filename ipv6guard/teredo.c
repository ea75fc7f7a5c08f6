#include "ipv6guard/teredo.h"

#include <netinet/in.h>
#include <string.h>

#include "ipv6guard/walk.h"

#define IPV6_HEADER   40u
#define HEADERS_MAX   4u /* one of each kind is all that is defined */
#define TRAILERS_MAX  8u
#define AUTH_FIXED    13u /* type, two lengths, nonce, confirmation */
#define TEREDO_PREFIX 0x20010000u

/* Type 0x0001: lengths of identifier and value; both, a nonce of 8 bytes and a confirmation follow. */
static bool take_authentication(struct gw_v6_bytes *bytes)
{
	const uint8_t *lengths = gw_v6_peek(bytes, 4);

	return lengths && gw_v6_take(bytes, AUTH_FIXED + lengths[2] + lengths[3]);
}

/* The headers in front of the packet; false if there is none behind them. */
static bool take_headers(struct gw_v6_bytes *bytes)
{
	for (unsigned int i = 0; i < HEADERS_MAX; i++) {
		const uint8_t *type = gw_v6_peek(bytes, 2);

		if (!type)
			return false;
		if (type[0] >> 4 == 6)
			return true;
		if (type[0])
			return false;
		if (type[1] == 0x01) {
			if (!take_authentication(bytes))
				return false;
		} else if (type[1] || !gw_v6_take(bytes, 8)) { /* origin indication */
			return false;
		}
	}
	return false;
}

/* RFC 6081, 4: type and length, which does not count those two. */
static bool are_trailers(struct gw_v6_bytes bytes)
{
	for (unsigned int i = 0; bytes.len && i < TRAILERS_MAX; i++) {
		const uint8_t *trailer = gw_v6_take(&bytes, 2);

		if (!trailer || trailer[0] == 0 || trailer[0] > 5 ||
		    !gw_v6_take(&bytes, trailer[1]))
			return false;
	}
	return bytes.len == 0;
}

static bool is_used_next_header(uint8_t next)
{
	switch (next) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_IPIP:
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_IPV6:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_GRE:
	case IPPROTO_ESP:
	case IPPROTO_AH:
	case IPPROTO_ICMPV6:
	case IPPROTO_NONE:
	case IPPROTO_DSTOPTS:
	case IPPROTO_SCTP:
		return true;
	default:
		return false;
	}
}

/* Global or unique local unicast, link-local, or a group; reserved bits of groups are zero. */
static bool is_plausible(const uint8_t *address, bool source)
{
	if (address[0] >> 5 == 1 || (address[0] & 0xfe) == 0xfc)
		return true;
	if (gw_v6_is_link_local(address))
		return address[1] == 0x80 && gw_v6_u32(address + 2) == 0 && address[6] == 0 &&
		       address[7] == 0;
	return !source && address[0] == 0xff && (address[1] & 0xc0) == 0 &&
	       (address[1] & 0x0f) != 0;
}

/* A server's IPv4 address is public, and the flags are those that are defined (RFC 5991). */
static bool is_teredo_address(const uint8_t *address)
{
	const uint8_t *server = address + 4;

	return gw_v6_u32(address) == TEREDO_PREFIX && server[0] > 0 && server[0] < 224 &&
	       server[0] != 127 && server[0] != 10;
}

/* Before a client has an address: RS to ff02::2 and the RA that answers. */
static bool is_qualification(const uint8_t *header)
{
	static const uint8_t routers[16] = { 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 };
	const uint8_t *src = header + 8, *dst = header + 24;

	return header[6] == IPPROTO_ICMPV6 && gw_v6_is_link_local(src) &&
	       (memcmp(dst, routers, 16) == 0 || gw_v6_is_link_local(dst));
}

static bool is_header(const uint8_t *header)
{
	return header[0] >> 4 == 6 && is_used_next_header(header[6]) && header[7] &&
	       is_plausible(header + 8, true) && is_plausible(header + 24, false);
}

bool gw_v6_is_packet(struct gw_v6_bytes bytes)
{
	const uint8_t *header = gw_v6_take(&bytes, IPV6_HEADER);

	return header && is_header(header) && gw_v6_u16(header + 4) == bytes.len;
}

enum gw_v6_in_udp gw_v6_in_udp(struct gw_v6_bytes payload, struct gw_v6_bytes *ret_packet)
{
	struct gw_v6_bytes rest;
	const uint8_t *header;
	bool bare;

	/* Nearly all payloads end here. */
	if (payload.len < IPV6_HEADER || (payload.at[0] >> 4 != 6 && payload.at[0] != 0))
		return GW_V6_IN_UDP_NOTHING;
	bare = payload.at[0] != 0;
	if (!take_headers(&payload))
		return GW_V6_IN_UDP_NOTHING;
	rest = payload;
	header = gw_v6_take(&rest, IPV6_HEADER);
	if (!header || !is_header(header) || gw_v6_u16(header + 4) > rest.len)
		return GW_V6_IN_UDP_NOTHING;
	*ret_packet = payload;
	/* Receivers take what has something behind it; so is that no reason to let it pass. */
	if (is_teredo_address(header + 8) || is_teredo_address(header + 24))
		return GW_V6_IN_UDP_TEREDO;
	(void)gw_v6_take(&rest, gw_v6_u16(header + 4));
	if (!are_trailers(rest))
		return GW_V6_IN_UDP_NOTHING;
	if (is_qualification(header))
		return GW_V6_IN_UDP_TEREDO;
	return bare && rest.len == 0 ? GW_V6_IN_UDP_RAW : GW_V6_IN_UDP_NOTHING;
}
