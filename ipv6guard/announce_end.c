/*
 * Telling hosts that a rogue router has ended, on segments that the gateway does not bridge: there they
 * hear it without the gateway. Three times, since multicast gets lost on wireless links, and again at most
 * every ten seconds.
 */
#include <event2/event.h>
#include <net/if.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/daemon/packet.h"
#include "gw/report/json.h"
#include "ipv6guard/guard.h"
#include "ipv6guard/router_end.h"

#define PERIOD_MS 10000
#define TIMES     3

static const struct timeval pauses[TIMES] = { { 0, 0 }, { 0, 100000 }, { 0, 400000 } };

/* One that is being sent. */
struct ending {
	struct ipv6guard_state *state;
	struct event *timer;
	unsigned int index, sent;
	size_t len;
	uint8_t frame[IPV6GUARD_ROUTER_END_MAX];
};

static void send_next(evutil_socket_t fd, short what, void *context)
{
	struct ending *ending = context;
	struct ipv6guard_state *state = ending->state;
	int err = 0;

	(void)fd;
	(void)what;
	if (state->packet_fd >= 0)
		err = gw_packet_send(state->packet_fd, ending->index, ending->frame, ending->len);
	if (err && !ending->sent)
		gw_daemon_say(state->daemon, "the end of a rogue router cannot be announced: %s",
			      strerror(-err));
	if (++ending->sent < TIMES) {
		(void)event_add(ending->timer, &pauses[ending->sent]);
		return;
	}
	state->ending = NULL;
	event_free(ending->timer);
	gw_free(ending);
}

void ipv6guard_announce_stop(struct ipv6guard_state *state)
{
	if (!state->ending)
		return;
	event_free(state->ending->timer);
	gw_free(state->ending);
	state->ending = NULL;
}

/* A router that nobody has listed, with a route or an address to give. */
static bool is_rogue_router(const struct ipv6guard_case *found)
{
	const struct gw_v6_result *result = found->result;
	const struct gw_v6_evidence *evidence = &result->evidence;

	return result->detail == GW_V6_DETAIL_ND && result->u.nd.type == GW_V6_ICMP_ROUTER_ADVERT &&
	       evidence->has_ipv6 && !evidence->depth && evidence->src[0] == 0xfe &&
	       (evidence->src[1] & 0xc0) == 0x80 &&
	       (result->u.nd.lifetime_s || result->u.nd.n_prefixes || result->u.nd.n_routes);
}

/* Whoever imitates a listed router would have its end announced. */
static bool is_listed(const struct ipv6guard_case *found)
{
	const struct ipv6guard_segment *segment = found->segment;

	for (size_t i = 0; i < segment->n_routers; i++) {
		uint8_t address[16];

		gw_addr_to_bytes(GW_FAMILY_IPV6, segment->routers[i].link_local, address);
		if (memcmp(address, found->result->evidence.src, sizeof(address)) == 0 ||
		    memcmp(segment->routers[i].mac, found->device->mac, GW_MAC_LEN) == 0)
			return true;
	}
	return false;
}

/* The gateway's own router address is nobody else's, whoever says so. */
static bool is_own(const struct ipv6guard_state *state, const struct ipv6guard_case *found)
{
	gw_u128 address = gw_addr_from_bytes(GW_FAMILY_IPV6, found->result->evidence.src);

	for (size_t i = 0; i < state->surroundings.links.n; i++) {
		const struct gw_link *link = &state->surroundings.links.items[i];

		if (link->has_mac && memcmp(link->mac, found->device->mac, GW_MAC_LEN) == 0)
			return true;
		for (size_t k = 0; k < link->n_addrs; k++)
			if (link->addrs[k].family == GW_FAMILY_IPV6 &&
			    link->addrs[k].addr == address)
				return true;
	}
	return false;
}

void ipv6guard_announce_end(struct ipv6guard_state *state, const struct ipv6guard_case *found,
			    int64_t now_ms)
{
	const struct gw_link *link =
		ipv6guard_link_by_index(&state->surroundings, if_nametoindex(found->device->port));
	char mac[GW_MAC_TEXT];
	struct ending *ending;

	if (!found->segment || !found->segment->counter_ra || !is_rogue_router(found) ||
	    is_listed(found) || is_own(state, found) || !link || link->master || !link->has_mac ||
	    state->ending ||
	    (state->ended_ms && now_ms >= state->ended_ms && now_ms - state->ended_ms < PERIOD_MS))
		return;
	state->ended_ms = now_ms;
	if (state->packet_fd < 0)
		return; /* `coverage` says so */
	ending = gw_zalloc(1, sizeof(*ending));
	ending->state = state;
	ending->index = link->index;
	ending->len = ipv6guard_router_end(&found->result->u.nd, found->result->evidence.src,
					   link->mac, ending->frame);
	ending->timer = evtimer_new(state->daemon->base, send_next, ending);
	if (!ending->timer)
		gw_out_of_memory();
	state->ending = ending;
	state->ends_announced++;
	(void)event_add(ending->timer, &pauses[0]);
	gw_daemon_record(state->daemon,
			 &(struct gw_daemon_record){
				 .class_ = "attack",
				 .event = "attack.ipv6_router_ended",
				 .subject = gw_mac_format(found->device->mac, mac),
				 .reason = "told hosts that the rogue router has ended",
				 .detail = json_pack("{s:s, s:s}", "segment", found->segment->name,
						     "port", found->device->port) });
}
