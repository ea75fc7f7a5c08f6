/*
 * IPv6 in the payload of UDP. Ordinary payloads must not be taken for it, and there are 10^8 of them for each
 * true one: text begins with a 6 in its first nibble, and DNS and mDNS with the zeroes of Teredo's
 * headers. So several properties must hold at once, which no choice of port can replace (RFC 4380):
 *
 *   the optional headers of Teredo parse, and what is behind them has version 6;
 *   the length fits: exactly, or what is left over parses as trailers of RFC 6081;
 *   the next header is one that is in use;
 *   both addresses are such as one could send from or to;
 *   one is of 2001::/32 with a server in it that could exist, or the two are those of the
 *   exchange with a Teredo server (fe80::/64 with Teredo's marks, ff02::2).
 *
 * All of them: Teredo, at the first packet. All but the last: raw IPv6 (FOU), which is believed when a flow
 * repeats it (flows.h).
 */
#ifndef IPV6GUARD_TEREDO_H
#define IPV6GUARD_TEREDO_H

#include <stdbool.h>

#include "ipv6guard/cursor.h"

enum gw_v6_in_udp {
	GW_V6_IN_UDP_NOTHING,
	GW_V6_IN_UDP_RAW,
	GW_V6_IN_UDP_TEREDO,
};

/** Judges a payload; ret_packet is the IPv6 packet in it where there is one. */
enum gw_v6_in_udp gw_v6_in_udp(struct gw_v6_bytes payload, struct gw_v6_bytes *ret_packet);

/** The same of a packet that stands at the front: version, length, next header and addresses. */
bool gw_v6_is_packet(struct gw_v6_bytes bytes);

#endif
