#include "gw/agent/wire.h"

#include <string.h>

static void put_u32(uint8_t *bytes, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get_u32(const uint8_t *bytes)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 8 | bytes[i];
	return value;
}

static void put_u128(uint8_t *bytes, gw_u128 value)
{
	for (int i = 0; i < 16; i++)
		bytes[i] = (uint8_t)(value >> (120 - 8 * i));
}

static gw_u128 get_u128(const uint8_t *bytes)
{
	gw_u128 value = 0;

	for (int i = 0; i < 16; i++)
		value = value << 8 | bytes[i];
	return value;
}

void gw_wire_put_connection(const struct gw_connection *connection,
			    uint8_t bytes[GW_WIRE_CONNECTION])
{
	memset(bytes, 0, GW_WIRE_CONNECTION);
	bytes[0] = connection->family == GW_FAMILY_IPV6;
	put_u32(bytes + 4, connection->service);
	put_u32(bytes + 8, connection->mark);
	put_u128(bytes + 12, connection->source);
	put_u128(bytes + 28, connection->dest);
}

bool gw_wire_get_connection(const uint8_t bytes[GW_WIRE_CONNECTION], struct gw_connection *ret)
{
	struct gw_connection connection = {
		.family = bytes[0] ? GW_FAMILY_IPV6 : GW_FAMILY_IPV4,
		.service = get_u32(bytes + 4),
		.mark = get_u32(bytes + 8),
		.source = get_u128(bytes + 12),
		.dest = get_u128(bytes + 28),
	};

	if (bytes[0] > 1 || bytes[1] || bytes[2] || bytes[3])
		return false;
	if (connection.family == GW_FAMILY_IPV4 &&
	    (connection.source > UINT32_MAX || connection.dest > UINT32_MAX))
		return false;
	*ret = connection;
	return true;
}
