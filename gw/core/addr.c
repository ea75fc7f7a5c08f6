/* Addresses as text and as bytes. The system's own parser and printer do the work (inet_pton,
 * inet_ntop: the latter prints RFC 5952 form); what is ours is prefixes, ranges and the choice of
 * the shortest form. */
#include "gw/core/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

gw_u128 gw_addr_from_bytes(enum gw_family family, const uint8_t *bytes)
{
	gw_u128 addr = 0;

	for (unsigned int i = 0; i < gw_family_bits(family) / 8; i++)
		addr = addr << 8 | bytes[i];
	return addr;
}

void gw_addr_to_bytes(enum gw_family family, gw_u128 addr, uint8_t *out)
{
	for (unsigned int i = gw_family_bits(family) / 8; i-- > 0; addr >>= 8)
		out[i] = (uint8_t)addr;
}

static enum gw_addr_error address_parse(const char *text, size_t len, enum gw_family *ret_family,
					gw_u128 *ret_addr)
{
	char copy[GW_ADDR_TEXT];
	uint8_t bytes[16];

	if (len == 0 || len >= sizeof(copy))
		return GW_ADDR_SYNTAX;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*ret_family = memchr(copy, ':', len) ? GW_FAMILY_IPV6 : GW_FAMILY_IPV4;
	if (inet_pton(*ret_family == GW_FAMILY_IPV4 ? AF_INET : AF_INET6, copy, bytes) != 1)
		return GW_ADDR_SYNTAX;
	*ret_addr = gw_addr_from_bytes(*ret_family, bytes);
	/* ::ffff:192.0.2.1 never appears on the wire: it would be a rule that matches nothing. */
	if (*ret_family == GW_FAMILY_IPV6 && *ret_addr >> 32 == 0xffff)
		return GW_ADDR_SYNTAX;
	return GW_ADDR_OK;
}

static enum gw_addr_error prefix_length_parse(const char *text, enum gw_family family,
					      unsigned int *ret)
{
	unsigned int value = 0;
	size_t len = strlen(text);

	if (len == 0 || len > 3)
		return GW_ADDR_PREFIX_LENGTH;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return GW_ADDR_PREFIX_LENGTH;
		value = value * 10 + (unsigned int)(text[i] - '0');
	}
	if (value > gw_family_bits(family) || (len > 1 && text[0] == '0'))
		return GW_ADDR_PREFIX_LENGTH;
	*ret = value;
	return GW_ADDR_OK;
}

static enum gw_addr_error prefix_range(enum gw_family family, gw_u128 addr, unsigned int length,
				       struct gw_range *ret)
{
	/* A shift by all 128 bits is undefined, so /0 stands apart. */
	gw_u128 hosts = length == 0 ? gw_family_max(family)
				    : ((gw_u128)1 << (gw_family_bits(family) - length)) - 1;

	ret->lo = addr & ~hosts;
	ret->hi = addr | hosts;
	return addr & hosts ? GW_ADDR_HOST_BITS : GW_ADDR_OK;
}

enum gw_addr_error gw_addr_parse(const char *text, enum gw_family *ret_family,
				 struct gw_range *ret_range)
{
	const char *slash = strchr(text, '/'), *dash = strchr(text, '-');
	size_t first_len = slash  ? (size_t)(slash - text)
			   : dash ? (size_t)(dash - text)
				  : strlen(text);
	enum gw_family family, end_family;
	enum gw_addr_error error;
	unsigned int length;
	gw_u128 addr, end;

	error = address_parse(text, first_len, &family, &addr);
	if (error)
		return error;
	if (slash) {
		error = prefix_length_parse(slash + 1, family, &length);
		if (error)
			return error;
		*ret_family = family;
		return prefix_range(family, addr, length, ret_range);
	}
	end = addr;
	if (dash) {
		error = address_parse(dash + 1, strlen(dash + 1), &end_family, &end);
		if (error)
			return error;
		if (end_family != family)
			return GW_ADDR_RANGE_FAMILY;
		if (end < addr)
			return GW_ADDR_RANGE_ORDER;
	}
	*ret_family = family;
	*ret_range = (struct gw_range){ addr, end };
	return GW_ADDR_OK;
}

const char *gw_addr_format(enum gw_family family, gw_u128 addr, char out[GW_ADDR_TEXT])
{
	uint8_t bytes[16];

	gw_addr_to_bytes(family, addr, bytes);
	/* Cannot fail: the family is known and the room suffices. */
	(void)inet_ntop(family == GW_FAMILY_IPV4 ? AF_INET : AF_INET6, bytes, out, GW_ADDR_TEXT);
	return out;
}

/* The prefix length if the range is exactly one prefix, else -1. */
static int range_prefix_length(enum gw_family family, struct gw_range range)
{
	gw_u128 hosts = range.hi - range.lo;
	int length = (int)gw_family_bits(family);

	/* A prefix has 2^k addresses, and its first one has k zero bits at the end. */
	if ((hosts & (hosts + 1)) != 0 || (range.lo & hosts) != 0)
		return -1;
	for (; hosts; hosts >>= 1)
		length--;
	return length;
}

const char *gw_range_format(enum gw_family family, struct gw_range range,
			    char out[2 * GW_ADDR_TEXT])
{
	char lo[GW_ADDR_TEXT], hi[GW_ADDR_TEXT];
	int length = range_prefix_length(family, range);

	(void)gw_addr_format(family, range.lo, lo);
	if (range.lo == range.hi)
		(void)snprintf(out, 2 * sizeof(lo), "%s", lo);
	else if (length >= 0)
		(void)snprintf(out, 2 * sizeof(lo), "%s/%d", lo, length);
	else
		(void)snprintf(out, 2 * sizeof(lo), "%s-%s", lo,
			       gw_addr_format(family, range.hi, hi));
	return out;
}
