/* Segments of the config as the classifier wants them: ports by number, prefixes one by one. */
#include "ipv6guard/segments.h"

#include <net/if.h>
#include <string.h>

#include "gw/core/mem.h"
#include "ipv6guard/guard.h"

struct ipv6guard_segment_context {
	struct gw_v6_context context;
};

static enum gw_v6_mode mode_of(enum ipv6guard_mode mode)
{
	static const enum gw_v6_mode modes[] = {
		[IPV6GUARD_OPEN] = GW_V6_OPEN,
		[IPV6GUARD_OFF] = GW_V6_OFF,
		[IPV6GUARD_LOCAL] = GW_V6_LOCAL,
		[IPV6GUARD_GUARDED] = GW_V6_GUARDED,
	};

	return modes[mode];
}

static struct gw_v6_peer peer_of(ipv6guard_port_fn *number, const char *port,
				 const uint8_t mac[GW_MAC_LEN])
{
	struct gw_v6_peer peer = { .port = port && number ? number(port) : 0 };

	memcpy(peer.mac, mac, GW_MAC_LEN);
	return peer;
}

static const struct gw_v6_peer *peers_of(struct gw_arena *arena, ipv6guard_port_fn *number,
					 const struct ipv6guard_server *servers, size_t n)
{
	struct gw_v6_peer *peers = gw_arena_array(arena, n, struct gw_v6_peer);

	for (size_t i = 0; i < n; i++)
		peers[i] = peer_of(number, servers[i].port, servers[i].mac);
	return peers;
}

/* The largest prefix that begins at `lo` and ends at or before `hi`; its last address. */
static gw_u128 cut_prefix(gw_u128 lo, gw_u128 hi, struct gw_v6_prefix *ret)
{
	unsigned int host_bits = 0;

	while (host_bits < 128) {
		gw_u128 size_mask = ((gw_u128)2 << host_bits) - 1; /* all ones at 127 */

		if (lo & size_mask || hi - lo < size_mask)
			break;
		host_bits++;
	}
	ret->length = (uint8_t)(128 - host_bits);
	gw_addr_to_bytes(GW_FAMILY_IPV6, lo, ret->address);
	return host_bits == 128 ? ~(gw_u128)0 : lo + (((gw_u128)1 << host_bits) - 1);
}

static const struct gw_v6_prefix *prefixes_of(struct gw_arena *arena, struct gw_addrset set,
					      size_t *ret_n)
{
	struct gw_v6_prefix *items = gw_arena_array(arena, set.n * 256, struct gw_v6_prefix);
	size_t n = 0;

	for (size_t i = 0; i < set.n; i++) {
		gw_u128 at = set.ranges[i].lo, last;

		/* A range is at most 2 x 128 prefixes. */
		do {
			last = cut_prefix(at, set.ranges[i].hi, &items[n++]);
			at = last + 1;
		} while (last < set.ranges[i].hi);
	}
	*ret_n = n;
	return items;
}

static struct gw_v6_router router_of(struct gw_arena *arena, ipv6guard_port_fn *number,
				     const struct ipv6guard_router *from)
{
	struct gw_v6_router router = {
		.peer = peer_of(number, from->port, from->mac),
		.stub = !from->lifetime_max,
		.max_lifetime = (uint16_t)(from->lifetime_max > UINT16_MAX ? UINT16_MAX
									   : from->lifetime_max),
		.grants = GW_V6_GRANT_REDIRECT | GW_V6_GRANT_QUERIER,
	};

	gw_addr_to_bytes(GW_FAMILY_IPV6, from->link_local, router.peer.address);
	router.prefixes = prefixes_of(arena, from->prefixes, &router.n_prefixes);
	router.routes = router.prefixes;
	router.n_routes = router.n_prefixes;
	router.dns = prefixes_of(arena, from->dns, &router.n_dns);
	if (from->managed)
		router.grants |= GW_V6_GRANT_MANAGED;
	if (from->preference_high)
		router.grants |= GW_V6_GRANT_HIGH;
	return router;
}

void ipv6guard_segment_context(struct gw_arena *arena, const struct ipv6guard_segment *segment,
			       ipv6guard_port_fn *number, struct gw_v6_context *ret)
{
	struct gw_v6_router *routers =
		gw_arena_array(arena, segment->n_routers, struct gw_v6_router);

	for (size_t i = 0; i < segment->n_routers; i++)
		routers[i] = router_of(arena, number, &segment->routers[i]);
	*ret = (struct gw_v6_context){
		.mode = mode_of(segment->mode),
		.routers = routers,
		.n_routers = segment->n_routers,
		.dhcp6_servers = peers_of(arena, number, segment->servers, segment->n_servers),
		.n_dhcp6_servers = segment->n_servers,
		.dhcp4_servers =
			peers_of(arena, number, segment->ipv4_servers, segment->n_ipv4_servers),
		.n_dhcp4_servers = segment->n_ipv4_servers,
	};
}

/* ---- of the config in force ------------------------------------------------------------------ */

/* One that is not there now is no peer now: UINT32_MAX is the number of none. */
static uint32_t present(const char *port)
{
	uint32_t number = if_nametoindex(port);

	return number ? number : UINT32_MAX;
}

static enum gw_v6_owner owner(void *data, uint32_t port, const uint8_t mac[GW_MAC_LEN],
			      const uint8_t address[16])
{
	const struct ipv6guard_state *state = data;

	return ipv6guard_bindings_owner(state->bindings, port, mac, address,
					ipv6guard_clock_ms() / 1000);
}

void ipv6guard_segments_prepare(struct ipv6guard_state *state)
{
	gw_arena_free(state->contexts_arena);
	state->contexts_arena = gw_arena_new();
	state->contexts = NULL;
	if (!state->model)
		return;
	state->contexts = gw_arena_array(state->contexts_arena, state->model->n_segments,
					 struct ipv6guard_segment_context);
	for (size_t i = 0; i < state->model->n_segments; i++) {
		struct gw_v6_context *context = &state->contexts[i].context;

		ipv6guard_segment_context(state->contexts_arena, &state->model->segments[i],
					  present, context);
		context->bindings = (struct gw_v6_bindings){ .owner = owner, .data = state };
	}
}

const struct gw_v6_context *ipv6guard_context_of(const struct ipv6guard_state *state,
						 const struct ipv6guard_segment *segment)
{
	static const struct gw_v6_context nothing_meant = { .mode = GW_V6_OFF };

	return segment ? &state->contexts[segment - state->model->segments].context
		       : &nothing_meant;
}
