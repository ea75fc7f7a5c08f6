/*
 * The memory of the classifier: UDP flows in which something like an IPv6 packet was seen, and IPv6
 * datagrams that come in pieces. Both are tables of a fixed size; the oldest entry of a bucket gives way,
 * so that an attacker can make us forget but not grow.
 */
#ifndef IPV6GUARD_FLOWS_H
#define IPV6GUARD_FLOWS_H

#include <stdbool.h>

#include "ipv6guard/classify.h"
#include "ipv6guard/cursor.h"

/** Three packets within a minute are believed. */
#define GW_V6_FLOW_HITS      3u
#define GW_V6_FLOW_WINDOW_MS 60000u

/** Notes that a packet of this flow looked like raw IPv6. True once that is to be believed. */
bool gw_v6_flows_hit(struct gw_v6_flows *flows, uint64_t now_ms, const uint8_t *src,
		     const uint8_t *dst, size_t address_len, uint16_t src_port, uint16_t dst_port);

/**
 * Notes a fragment. True if it overlaps another one of its datagram (RFC 5722), or if there are more
 * separate pieces than are kept; an exact copy of an earlier fragment does not.
 */
bool gw_v6_flows_fragment(struct gw_v6_flows *flows, uint64_t now_ms, const uint8_t *src,
			  const uint8_t *dst, uint32_t id, uint16_t offset,
			  struct gw_v6_bytes data);

#endif
