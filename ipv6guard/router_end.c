#include "ipv6guard/router_end.h"

#include <string.h>

#define OPTION_PREFIX 3
#define OPTION_ROUTE  24
#define OPTION_RDNSS  25

struct writer {
	uint8_t *bytes;
	size_t len;
};

/* Room for an option of so many octets, zeroed but for its kind and length. */
static uint8_t *add_option(struct writer *writer, uint8_t kind, size_t size)
{
	uint8_t *option = writer->bytes + writer->len;

	memset(option, 0, size);
	option[0] = kind;
	option[1] = (uint8_t)(size / 8);
	writer->len += size;
	return option;
}

static void add_options(struct writer *writer, const struct gw_v6_nd *advert)
{
	uint8_t *option;

	for (size_t i = 0; i < advert->n_prefixes && i < GW_V6_ND_PREFIXES; i++) {
		const struct gw_v6_nd_prefix *prefix = &advert->prefixes[i];

		option = add_option(writer, OPTION_PREFIX, 32);
		option[2] = prefix->length;
		option[3] = (uint8_t)(prefix->on_link << 7 | prefix->autonomous << 6);
		memcpy(option + 16, prefix->address, 16); /* both lifetimes are zero */
	}
	for (size_t i = 0; i < advert->n_routes && i < GW_V6_ND_ROUTES; i++) {
		option = add_option(writer, OPTION_ROUTE, 24);
		option[2] = advert->routes[i].length;
		option[3] = (uint8_t)(advert->routes[i].preference << 3);
		memcpy(option + 8, advert->routes[i].address, 16);
	}
	if (!advert->n_servers)
		return;
	option = add_option(writer, OPTION_RDNSS,
			    8 + 16 * (size_t)(advert->n_servers < GW_V6_ND_SERVERS
						      ? advert->n_servers
						      : GW_V6_ND_SERVERS));
	for (size_t i = 0; i < advert->n_servers && i < GW_V6_ND_SERVERS; i++)
		memcpy(option + 8 + 16 * i, advert->servers[i], 16);
}

/* RFC 4443 2.3: over the pseudo-header, which has length and next header behind the addresses. */
static uint16_t checksum(const uint8_t *addresses, const uint8_t *message, size_t len)
{
	uint64_t sum = len + 58;

	for (size_t i = 0; i < 32; i += 2)
		sum += (uint64_t)addresses[i] << 8 | addresses[i + 1];
	for (size_t i = 0; i < len; i += 2)
		sum += (uint64_t)message[i] << 8 | message[i + 1]; /* options are of even length */
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

size_t ipv6guard_router_end(const struct gw_v6_nd *advert, const uint8_t link_local[16],
			    const uint8_t mac[GW_MAC_LEN], uint8_t out[IPV6GUARD_ROUTER_END_MAX])
{
	static const uint8_t all_nodes_mac[] = { 0x33, 0x33, 0, 0, 0, 1 };
	static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };
	uint8_t *ip = out + 14, *icmp = ip + 40;
	struct writer writer = { icmp, 16 };
	uint16_t sum;

	memset(out, 0, 14 + 40 + 16);
	memcpy(out, all_nodes_mac, GW_MAC_LEN);
	memcpy(out + GW_MAC_LEN, mac, GW_MAC_LEN);
	out[12] = 0x86;
	out[13] = 0xdd;
	ip[0] = 0x60;
	ip[6] = 58;
	ip[7] = 255;
	memcpy(ip + 8, link_local, 16);
	memcpy(ip + 24, all_nodes, 16);
	icmp[0] =
		GW_V6_ICMP_ROUTER_ADVERT; /* hop limit and timers are left to others, lifetime 0 */
	add_options(&writer, advert);
	ip[4] = (uint8_t)(writer.len >> 8);
	ip[5] = (uint8_t)writer.len;
	sum = checksum(ip + 8, icmp, writer.len);
	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;
	return 14 + 40 + writer.len;
}
