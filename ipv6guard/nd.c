#include "ipv6guard/nd.h"

#include <string.h>

#include "gw/core/mem.h"
#include "ipv6guard/cursor.h"

/* Option numbers (IANA, ICMPv6 neighbour discovery). */
enum number {
	OPTION_SOURCE_MAC = 1,
	OPTION_TARGET_MAC = 2,
	OPTION_PREFIX = 3,
	OPTION_REDIRECTED = 4,
	OPTION_MTU = 5,
	OPTION_ROUTE = 24,
	OPTION_RDNSS = 25,
	OPTION_DNSSL = 31,
	OPTION_PREF64 = 38,
};

/* Where the options begin. */
#define ROUTER_SOLICIT_LEN 8u
#define ROUTER_ADVERT_LEN  16u
#define NEIGHBOUR_LEN      24u
#define REDIRECT_LEN       40u
#define OPTION_UNIT        8u

static void read_mac(struct gw_v6_nd *nd, const uint8_t *option)
{
	if (nd->n_macs && memcmp(nd->macs[0], option + 2, GW_MAC_LEN) != 0)
		nd->faults |= GW_V6_ND_MAC_MANY;
	if (nd->n_macs < GW_V6_ND_MACS)
		memcpy(nd->macs[nd->n_macs], option + 2, GW_MAC_LEN);
	nd->n_macs++;
}

static void read_prefix(struct gw_v6_nd *nd, const uint8_t *option)
{
	struct gw_v6_nd_prefix *prefix;

	if (nd->n_prefixes++ >= GW_V6_ND_PREFIXES)
		return;
	prefix = &nd->prefixes[nd->n_prefixes - 1];
	prefix->length = option[2];
	prefix->on_link = option[3] & 0x80;
	prefix->autonomous = option[3] & 0x40;
	prefix->valid_s = gw_v6_u32(option + 4);
	prefix->preferred_s = gw_v6_u32(option + 8);
	memcpy(prefix->address, option + 16, 16);
}

static void read_route(struct gw_v6_nd *nd, const uint8_t *option, size_t len)
{
	struct gw_v6_nd_route *route;

	if (nd->n_routes++ >= GW_V6_ND_ROUTES)
		return;
	route = &nd->routes[nd->n_routes - 1];
	*route = (struct gw_v6_nd_route){ .length = option[2],
					  .preference = option[3] >> 3 & 3,
					  .lifetime_s = gw_v6_u32(option + 4) };
	memcpy(route->address, option + 8, len - 8);
	/* As much of the prefix as its length needs. */
	if (route->length > (len - 8) * 8)
		nd->faults |= GW_V6_ND_OPTION_SIZE;
}

static void read_dns(struct gw_v6_nd *nd, const uint8_t *option, size_t len)
{
	uint32_t lifetime = gw_v6_u32(option + 4);

	if (lifetime > nd->dns_s)
		nd->dns_s = lifetime;
	for (size_t at = 8; option[0] == OPTION_RDNSS && at + 16 <= len; at += 16) {
		if (nd->n_servers < GW_V6_ND_SERVERS)
			memcpy(nd->servers[nd->n_servers], option + at, 16);
		nd->n_servers++;
	}
}

static void read_pref64(struct gw_v6_nd *nd, const uint8_t *option)
{
	static const uint8_t lengths[] = { 96, 64, 56, 48, 40, 32 };
	unsigned int code = option[3] & 7u;

	if (nd->pref64_length)
		return;
	if (code < GW_COUNT(lengths))
		nd->pref64_length = lengths[code];
	else
		nd->faults |= GW_V6_ND_OPTION_SIZE;
	memcpy(nd->pref64, option + 4, sizeof(nd->pref64));
}

/* Which options there are, and the units that they take. */
static const struct kind {
	uint8_t number, units_min, units_max;
	enum gw_v6_nd_option option;
} kinds[] = {
	{ OPTION_SOURCE_MAC, 1, 1, GW_V6_ND_SOURCE_MAC },
	{ OPTION_TARGET_MAC, 1, 1, GW_V6_ND_TARGET_MAC },
	{ OPTION_PREFIX, 4, 4, GW_V6_ND_PREFIX },
	{ OPTION_REDIRECTED, 1, 255, GW_V6_ND_REDIRECTED },
	{ OPTION_MTU, 1, 1, GW_V6_ND_MTU },
	{ 7, 1, 1, GW_V6_ND_MOBILE },
	{ 8, 1, 1, GW_V6_ND_MOBILE },
	{ 11, 1, 255, GW_V6_ND_SEND },
	{ 12, 1, 255, GW_V6_ND_SEND },
	{ 13, 2, 2, GW_V6_ND_SEND },
	{ 14, 1, 255, GW_V6_ND_NONCE },
	{ OPTION_ROUTE, 1, 3, GW_V6_ND_ROUTE },
	{ OPTION_RDNSS, 3, 255, GW_V6_ND_RDNSS },
	{ 26, 1, 1, GW_V6_ND_FLAGS },
	{ OPTION_DNSSL, 2, 255, GW_V6_ND_DNSSL },
	{ 33, 1, 255, GW_V6_ND_REGISTER },
	{ 37, 1, 255, GW_V6_ND_PORTAL },
	{ OPTION_PREF64, 2, 2, GW_V6_ND_PREF64 },
	{ 144, 1, 255, GW_V6_ND_ENCRYPTED_DNS },
};

static void read_option(struct gw_v6_nd *nd, const uint8_t *option, size_t len)
{
	const struct kind *kind = kinds;

	while (kind < kinds + GW_COUNT(kinds) && kind->number != option[0])
		kind++;
	if (kind == kinds + GW_COUNT(kinds)) {
		nd->options |= GW_V6_ND_UNKNOWN;
		return;
	}
	nd->options |= (uint32_t)kind->option;
	if (option[1] < kind->units_min || option[1] > kind->units_max) {
		nd->faults |= GW_V6_ND_OPTION_SIZE;
		return;
	}
	switch (option[0]) {
	case OPTION_SOURCE_MAC:
	case OPTION_TARGET_MAC:
		read_mac(nd, option);
		return;
	case OPTION_PREFIX:
		read_prefix(nd, option);
		return;
	case OPTION_MTU:
		nd->mtu = gw_v6_u32(option + 4);
		return;
	case OPTION_ROUTE:
		read_route(nd, option, len);
		return;
	case OPTION_RDNSS:
	case OPTION_DNSSL:
		read_dns(nd, option, len);
		return;
	case OPTION_PREF64:
		read_pref64(nd, option);
		return;
	default:
		return;
	}
}

static void read_options(struct gw_v6_nd *nd, struct gw_v6_bytes bytes)
{
	while (bytes.len) {
		const uint8_t *option = gw_v6_peek(&bytes, 2);
		size_t len = option ? option[1] * OPTION_UNIT : 0;

		if (option && !len) {
			nd->faults |= GW_V6_ND_OPTION_ZERO;
			return;
		}
		if (!option || !gw_v6_take(&bytes, len)) {
			nd->faults |= GW_V6_ND_OPTION_END;
			return;
		}
		if (nd->n_options++ >= GW_V6_ND_OPTIONS) {
			nd->faults |= GW_V6_ND_OPTION_MANY;
			return;
		}
		read_option(nd, option, len);
	}
}

static void read_router_advert(struct gw_v6_nd *nd, const uint8_t *message)
{
	nd->hop_limit = message[4];
	nd->managed = message[5] & 0x80;
	nd->other = message[5] & 0x40;
	nd->preference = message[5] >> 3 & 3;
	nd->lifetime_s = gw_v6_u16(message + 6);
	nd->reachable_ms = gw_v6_u32(message + 8);
	nd->retrans_ms = gw_v6_u32(message + 12);
}

static size_t fixed_length(uint8_t type)
{
	if (type == GW_V6_ICMP_ROUTER_SOLICIT)
		return ROUTER_SOLICIT_LEN;
	if (type == GW_V6_ICMP_ROUTER_ADVERT)
		return ROUTER_ADVERT_LEN;
	return type == GW_V6_ICMP_REDIRECT ? REDIRECT_LEN : NEIGHBOUR_LEN;
}

/* All but the arrays, whose counts say how much of them is set. */
static void clear(struct gw_v6_nd *nd)
{
	memset(nd, 0, offsetof(struct gw_v6_nd, prefixes));
}

void gw_v6_nd_read(const uint8_t *bytes, size_t len, struct gw_v6_nd *ret)
{
	struct gw_v6_bytes rest = { bytes, len };
	const uint8_t *message;

	clear(ret);
	if (len >= 2) {
		ret->type = bytes[0];
		ret->code = bytes[1];
	}
	message = len >= 2 ? gw_v6_take(&rest, fixed_length(bytes[0])) : NULL;
	if (!message) {
		ret->faults |= GW_V6_ND_SHORT;
		return;
	}
	switch (ret->type) {
	case GW_V6_ICMP_ROUTER_ADVERT:
		read_router_advert(ret, message);
		break;
	case GW_V6_ICMP_NEIGHBOUR_ADVERT:
		ret->is_router = message[4] & 0x80;
		ret->solicited = message[4] & 0x40;
		ret->override = message[4] & 0x20;
		memcpy(ret->target, message + 8, 16);
		break;
	case GW_V6_ICMP_REDIRECT:
		memcpy(ret->destination, message + 24, 16);
		memcpy(ret->target, message + 8, 16);
		break;
	case GW_V6_ICMP_NEIGHBOUR_SOLICIT:
		memcpy(ret->target, message + 8, 16);
		break;
	default:
		break;
	}
	read_options(ret, rest);
}
