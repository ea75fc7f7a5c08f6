/*
 * The end of a rogue router, as its own advertisement with all lifetimes zero (RFC 4861 6.2.5): hosts give up
 * its default route and its other routes at once and stop using its addresses for new connections. Addresses
 * stay valid for two hours (RFC 4862 5.5.3 e), so that quarantine must follow.
 *
 * It looks as if the rogue router had sent it, since hosts heed nothing else. Therefore it is sent only where the
 * operator wants it, never for a router that is listed, and rarely.
 */
#ifndef IPV6GUARD_ROUTER_END_H
#define IPV6GUARD_ROUTER_END_H

#include <stddef.h>
#include <stdint.h>

#include "gw/core/mac.h"
#include "ipv6guard/nd.h"

/** The mark by which the gateway's own ruleset lets it out (compile_router_end.c). */
#define IPV6GUARD_ROUTER_END_MARK 0x67773645u

/** Ethernet, IPv6, ICMPv6 and options of as many prefixes, routes and servers as are kept. */
#define IPV6GUARD_ROUTER_END_MAX                                                                   \
	(14 + 40 + 16 + 32 * GW_V6_ND_PREFIXES + 24 * GW_V6_ND_ROUTES + 8 + 16 * GW_V6_ND_SERVERS)

/**
 * Writes the frame, to all nodes; its length. `link_local` is the rogue router's, `mac` that of the interface
 * that sends it.
 */
size_t ipv6guard_router_end(const struct gw_v6_nd *advert, const uint8_t link_local[16],
			    const uint8_t mac[GW_MAC_LEN], uint8_t out[IPV6GUARD_ROUTER_END_MAX]);

#endif
