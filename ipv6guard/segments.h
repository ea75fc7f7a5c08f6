/* A segment of the config as the classifier wants it. */
#ifndef IPV6GUARD_SEGMENTS_H
#define IPV6GUARD_SEGMENTS_H

#include "gw/core/arena.h"
#include "ipv6guard/classify.h"
#include "ipv6guard/ipv6guard.h"

/** The number of a device; never 0. */
typedef uint32_t ipv6guard_port_fn(const char *port);

/**
 * Routers and servers of the segment, in the arena; nobody is known to own an address. Without `number` ports are
 * not asked: frames of a capture have none.
 */
void ipv6guard_segment_context(struct gw_arena *arena, const struct ipv6guard_segment *segment,
			       ipv6guard_port_fn *number, struct gw_v6_context *ret);

#endif
