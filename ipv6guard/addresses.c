/* Kinds of IPv6 addresses, from their bytes. */
#include <string.h>

#include "ipv6guard/walk.h"

static const uint8_t zeroes[16];

bool gw_v6_is_link_local(const uint8_t *address)
{
	return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

bool gw_v6_is_unspecified(const uint8_t *address)
{
	return memcmp(address, zeroes, 16) == 0;
}

bool gw_v6_is_multicast(const uint8_t *address)
{
	return address[0] == 0xff;
}

bool gw_v6_stays_on_link(const uint8_t *address)
{
	if (gw_v6_is_multicast(address))
		return (address[1] & 0x0f) == 2;
	return gw_v6_is_link_local(address);
}

bool gw_v6_is_martian(const uint8_t *address)
{
	/* ::ffff:0:0/96; and ::/96, of which :: alone is an address (of a host without one). */
	if (memcmp(address, zeroes, 10) != 0)
		return false;
	if (address[10] == 0xff && address[11] == 0xff)
		return true;
	return address[10] == 0 && address[11] == 0 && memcmp(address + 12, zeroes, 4) != 0;
}

bool gw_v6_prefix_has(const struct gw_v6_prefix *prefix, const uint8_t *address, uint8_t length)
{
	unsigned int whole = prefix->length / 8u, bits = prefix->length % 8u;

	if (length < prefix->length || memcmp(prefix->address, address, whole) != 0)
		return false;
	return bits == 0 || ((prefix->address[whole] ^ address[whole]) >> (8 - bits)) == 0;
}
