/* Router advertisements: who sends them, and what he may say. */
#include <string.h>

#include "ipv6guard/walk.h"

#define MTU_MIN          1280u
#define MTU_MAX          65535u
#define HOP_LIMIT_LOW    32u      /* below, distant hosts cannot be reached */
#define REACHABLE_MAX_MS 3600000u /* RFC 4861, 6.2.1 */
#define RETRANS_MAX_MS   60000u
#define PREFERENCE_HIGH  1u

static const uint8_t no_mac[GW_MAC_LEN];

bool gw_v6_peer_is(const struct gw_v6_walk *walk, const struct gw_v6_peer *peer,
		   const uint8_t *address)
{
	if (peer->port && peer->port != walk->frame->port)
		return false;
	if (memcmp(peer->mac, no_mac, GW_MAC_LEN) != 0 &&
	    memcmp(peer->mac, walk->result->evidence.eth_src, GW_MAC_LEN) != 0)
		return false;
	return !address || gw_v6_is_unspecified(peer->address) ||
	       memcmp(peer->address, address, 16) == 0;
}

/* Routers are heeded where IPv6 is meant; stub routers also where it stays local. */
static bool is_heeded(const struct gw_v6_context *context, const struct gw_v6_router *router)
{
	return context->mode == GW_V6_GUARDED || context->mode == GW_V6_OPEN ||
	       (context->mode == GW_V6_LOCAL && router->stub);
}

const struct gw_v6_router *gw_v6_router_of(const struct gw_v6_walk *walk, const uint8_t *address)
{
	const struct gw_v6_context *context = walk->context;

	for (size_t i = 0; i < context->n_routers; i++)
		if (is_heeded(context, &context->routers[i]) &&
		    gw_v6_peer_is(walk, &context->routers[i].peer, address))
			return &context->routers[i];
	return NULL;
}

bool gw_v6_is_router_address(const struct gw_v6_context *context, const uint8_t *address)
{
	for (size_t i = 0; i < context->n_routers; i++)
		if (memcmp(context->routers[i].peer.address, address, 16) == 0)
			return true;
	return false;
}

/* Does somebody else speak in the name of a listed router? The router itself does not, also where none is
 * heeded. */
static bool is_impersonated(const struct gw_v6_walk *walk, const uint8_t *address)
{
	const struct gw_v6_context *context = walk->context;

	for (size_t i = 0; i < context->n_routers; i++)
		if (!walk->depth && gw_v6_peer_is(walk, &context->routers[i].peer, address))
			return false;
	return gw_v6_is_router_address(context, address);
}

static bool is_allowed(const struct gw_v6_prefix *prefixes, size_t n, const uint8_t *address,
		       uint8_t length)
{
	for (size_t i = 0; i < n; i++)
		if (gw_v6_prefix_has(&prefixes[i], address, length))
			return true;
	return false;
}

static size_t kept(uint16_t n, size_t max)
{
	return n < max ? n : max;
}

/* ---- stub routers ------------------------------------------------------------------------------ */

static bool is_unique_local(const uint8_t *address)
{
	return (address[0] & 0xfe) == 0xfc;
}

/* The way of a Thread border router: no default route, routes and prefixes of unique local addresses,
 * and nothing that changes how hosts reach others. */
static bool is_stub_advert(const struct gw_v6_nd *nd)
{
	const uint32_t harmless = GW_V6_ND_SOURCE_MAC | GW_V6_ND_PREFIX | GW_V6_ND_ROUTE |
				  GW_V6_ND_MTU | GW_V6_ND_FLAGS | GW_V6_ND_NONCE;

	if (nd->lifetime_s || !nd->n_routes || nd->faults || nd->managed || nd->other ||
	    (nd->options & ~harmless) || nd->n_routes > GW_V6_ND_ROUTES ||
	    nd->n_prefixes > GW_V6_ND_PREFIXES)
		return false;
	for (unsigned int i = 0; i < nd->n_routes; i++)
		if (!is_unique_local(nd->routes[i].address) || nd->routes[i].length < 7)
			return false;
	for (unsigned int i = 0; i < nd->n_prefixes; i++)
		if (!is_unique_local(nd->prefixes[i].address) || nd->prefixes[i].length != 64)
			return false;
	return true;
}

/* ---- content ----------------------------------------------------------------------------------- */

/* `router` NULL: one that may not say anything. */
static void judge_prefixes(struct gw_v6_walk *walk, const struct gw_v6_nd *nd,
			   const struct gw_v6_router *router)
{
	size_t n = kept(nd->n_prefixes, GW_V6_ND_PREFIXES);

	for (size_t i = 0; i < n; i++) {
		const struct gw_v6_nd_prefix *prefix = &nd->prefixes[i];
		bool allowed = router && is_allowed(router->prefixes, router->n_prefixes,
						    prefix->address, prefix->length);

		/* The shape of an address needs 64 bits (RFC 4862, 5.5.3). */
		if (prefix->autonomous && (!allowed || prefix->length != 64))
			gw_v6_mark(walk, GW_V6_CLASS_RA_PREFIX);
		if (prefix->on_link && !allowed)
			gw_v6_mark(walk, GW_V6_CLASS_RA_ON_LINK);
	}
	if (nd->n_prefixes > GW_V6_ND_PREFIXES)
		gw_v6_mark(walk, GW_V6_CLASS_RA_PREFIX);
}

static void judge_routes(struct gw_v6_walk *walk, const struct gw_v6_nd *nd,
			 const struct gw_v6_router *router)
{
	size_t n = kept(nd->n_routes, GW_V6_ND_ROUTES);

	for (size_t i = 0; i < n; i++) {
		const struct gw_v6_nd_route *route = &nd->routes[i];

		if (!router ||
		    !is_allowed(router->routes, router->n_routes, route->address, route->length))
			gw_v6_mark(walk, GW_V6_CLASS_RA_ROUTE);
	}
	if (nd->n_routes > GW_V6_ND_ROUTES)
		gw_v6_mark(walk, GW_V6_CLASS_RA_ROUTE);
}

static void judge_dns(struct gw_v6_walk *walk, const struct gw_v6_nd *nd,
		      const struct gw_v6_router *router)
{
	size_t n = kept(nd->n_servers, GW_V6_ND_SERVERS);
	bool allowed = router && router->n_dns && nd->n_servers <= GW_V6_ND_SERVERS;

	if (!(nd->options & (GW_V6_ND_RDNSS | GW_V6_ND_DNSSL)))
		return;
	for (size_t i = 0; i < n && allowed; i++)
		allowed = is_allowed(router->dns, router->n_dns, nd->servers[i], 128);
	if (!allowed)
		gw_v6_mark(walk, GW_V6_CLASS_RA_DNS);
}

static void judge_parameters(struct gw_v6_walk *walk, const struct gw_v6_nd *nd)
{
	if (((nd->options & GW_V6_ND_MTU) && (nd->mtu < MTU_MIN || nd->mtu > MTU_MAX)) ||
	    (nd->hop_limit && nd->hop_limit < HOP_LIMIT_LOW) ||
	    nd->reachable_ms > REACHABLE_MAX_MS || nd->retrans_ms > RETRANS_MAX_MS)
		gw_v6_mark(walk, GW_V6_CLASS_RA_LINK);
}

static void judge_grants(struct gw_v6_walk *walk, const struct gw_v6_nd *nd, uint32_t grants)
{
	if ((nd->options & GW_V6_ND_PREF64) && !(grants & GW_V6_GRANT_PREF64))
		gw_v6_mark(walk, GW_V6_CLASS_RA_PREF64);
	if ((nd->options & (GW_V6_ND_PORTAL | GW_V6_ND_ENCRYPTED_DNS)) &&
	    !(grants & GW_V6_GRANT_PORTAL))
		gw_v6_mark(walk, GW_V6_CLASS_RA_PORTAL);
	if (((nd->managed || nd->other) && !(grants & GW_V6_GRANT_MANAGED)) ||
	    (nd->preference == PREFERENCE_HIGH && !(grants & GW_V6_GRANT_HIGH)))
		gw_v6_mark(walk, GW_V6_CLASS_RA_FLAGS);
}

void gw_v6_judge_router_advert(struct gw_v6_walk *walk, const struct gw_v6_ip *ip,
			       const struct gw_v6_nd *nd)
{
	const struct gw_v6_router *router = walk->depth ? NULL : gw_v6_router_of(walk, ip->src);

	if (!router) {
		if (is_stub_advert(nd) && !is_impersonated(walk, ip->src)) {
			gw_v6_mark(walk, GW_V6_CLASS_RA_STUB);
			return;
		}
		gw_v6_mark(walk,
			   nd->lifetime_s == 0 && gw_v6_is_router_address(walk->context, ip->src)
				   ? GW_V6_CLASS_ROUTER_KILL
				   : GW_V6_CLASS_ROUTER_ADVERT);
	} else if ((router->stub && nd->lifetime_s) ||
		   (router->max_lifetime && nd->lifetime_s > router->max_lifetime)) {
		gw_v6_mark(walk, GW_V6_CLASS_ROUTER_ADVERT);
	}
	judge_prefixes(walk, nd, router);
	judge_routes(walk, nd, router);
	judge_dns(walk, nd, router);
	judge_parameters(walk, nd);
	judge_grants(walk, nd, router ? router->grants : 0);
}
