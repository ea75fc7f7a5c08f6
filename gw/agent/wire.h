/*
 * Connections on their way from the agent to gwctl, which counts how many of them a change would
 * end: records of GW_WIRE_CONNECTION octets, big-endian.
 *
 *	family (0: IPv4, 1: IPv6), 3 octets of zero, service key, mark, source, destination
 */
#ifndef GW_AGENT_WIRE_H
#define GW_AGENT_WIRE_H

#include "gw/nft/nft.h"

#define GW_WIRE_CONNECTION 44u

void gw_wire_put_connection(const struct gw_connection *connection,
			    uint8_t bytes[GW_WIRE_CONNECTION]);
/** False if the octets are not those of a connection. */
bool gw_wire_get_connection(const uint8_t bytes[GW_WIRE_CONNECTION], struct gw_connection *ret);

#endif
