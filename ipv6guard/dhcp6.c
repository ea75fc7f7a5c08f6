#include "ipv6guard/dhcp6.h"

#include <string.h>

#include "gw/core/mem.h"
#include "ipv6guard/cursor.h"

/* Message types. */
#define ADVERTISE     2
#define REPLY         7
#define RECONFIGURE   10
#define RELAY_FORWARD 12
#define RELAY_REPLY   13

#define RELAY_HEADER  34u /* type, hops, two addresses */
#define OPTION_CLIENT 1
#define OPTION_IA_NA  3
#define OPTION_ADDR   5
#define OPTION_RELAY  9
#define OPTION_DNS    23

bool gw_v6_dhcp6_from_server(uint8_t type)
{
	return type == ADVERTISE || type == REPLY || type == RECONFIGURE;
}

static const struct kind {
	uint16_t number;
	enum gw_v6_dhcp6_option option;
} kinds[] = {
	{ OPTION_IA_NA, GW_V6_DHCP6_IA_NA },
	{ 4, GW_V6_DHCP6_IA_TA },
	{ OPTION_RELAY, GW_V6_DHCP6_RELAYED },
	{ 14, GW_V6_DHCP6_RAPID },
	{ OPTION_DNS, GW_V6_DHCP6_DNS },
	{ 24, GW_V6_DHCP6_SEARCH },
	{ 25, GW_V6_DHCP6_IA_PD },
	{ 31, GW_V6_DHCP6_NTP },
	{ 56, GW_V6_DHCP6_NTP },
	{ 39, GW_V6_DHCP6_FQDN },
	{ 59, GW_V6_DHCP6_BOOT },
	{ 60, GW_V6_DHCP6_BOOT },
	{ 64, GW_V6_DHCP6_AFTR },
	{ 94, GW_V6_DHCP6_S46 },
	{ 95, GW_V6_DHCP6_S46 },
	{ 96, GW_V6_DHCP6_S46 },
	{ 103, GW_V6_DHCP6_PORTAL },
	{ 144, GW_V6_DHCP6_ENCRYPTED_DNS },
};

static void read_duid(struct gw_v6_dhcp6 *message, struct gw_v6_bytes data)
{
	if (data.len < 3 || data.len > GW_V6_DHCP6_DUID) {
		message->faults |= GW_V6_DHCP6_OPTION_SIZE;
		return;
	}
	memcpy(message->duid, data.at, data.len);
	message->duid_len = (uint8_t)data.len;
}

/* The first address that is inside of an IA_NA. */
static void read_address(struct gw_v6_dhcp6 *message, struct gw_v6_bytes data)
{
	if (!gw_v6_take(&data, 12)) {
		message->faults |= GW_V6_DHCP6_OPTION_SIZE;
		return;
	}
	while (data.len && !message->has_address) {
		const uint8_t *option = gw_v6_take(&data, 4);
		size_t len = option ? gw_v6_u16(option + 2) : 0;
		const uint8_t *body = option ? gw_v6_take(&data, len) : NULL;

		if (!body) {
			message->faults |= GW_V6_DHCP6_OPTION_END;
			return;
		}
		if (gw_v6_u16(option) != OPTION_ADDR || len < 24)
			continue;
		message->has_address = true;
		memcpy(message->address, body, 16);
		message->valid_s = gw_v6_u32(body + 20);
	}
}

static void read_servers(struct gw_v6_dhcp6 *message, struct gw_v6_bytes data)
{
	const uint8_t *address;

	if (data.len % 16)
		message->faults |= GW_V6_DHCP6_OPTION_SIZE;
	while ((address = gw_v6_take(&data, 16))) {
		if (message->n_servers < GW_V6_DHCP6_SERVERS)
			memcpy(message->servers[message->n_servers], address, 16);
		message->n_servers++;
	}
}

static void read_option(struct gw_v6_dhcp6 *message, uint16_t number, struct gw_v6_bytes data)
{
	for (size_t i = 0; i < GW_COUNT(kinds); i++)
		if (kinds[i].number == number)
			message->options |= (uint32_t)kinds[i].option;
	if (number == OPTION_CLIENT)
		read_duid(message, data);
	else if (number == OPTION_IA_NA)
		read_address(message, data);
	else if (number == OPTION_DNS)
		read_servers(message, data);
}

/* All options of one level; the relayed message among them is returned, or nothing. */
static struct gw_v6_bytes read_options(struct gw_v6_dhcp6 *message, struct gw_v6_bytes bytes)
{
	struct gw_v6_bytes relayed = { NULL, 0 };

	while (bytes.len) {
		const uint8_t *option = gw_v6_take(&bytes, 4);
		size_t len = option ? gw_v6_u16(option + 2) : 0;
		const uint8_t *data = option ? gw_v6_take(&bytes, len) : NULL;

		if (!data) {
			message->faults |= GW_V6_DHCP6_OPTION_END;
			break;
		}
		if (message->n_options++ >= GW_V6_DHCP6_OPTIONS) {
			message->faults |= GW_V6_DHCP6_OPTION_MANY;
			break;
		}
		read_option(message, gw_v6_u16(option), (struct gw_v6_bytes){ data, len });
		if (gw_v6_u16(option) == OPTION_RELAY)
			relayed = (struct gw_v6_bytes){ data, len };
	}
	return relayed;
}

static bool is_relay(const struct gw_v6_bytes *bytes)
{
	return bytes->len && (bytes->at[0] == RELAY_FORWARD || bytes->at[0] == RELAY_REPLY);
}

void gw_v6_dhcp6_read(const uint8_t *bytes, size_t len, struct gw_v6_dhcp6 *ret)
{
	struct gw_v6_bytes rest = { bytes, len };
	const uint8_t *header;

	memset(ret, 0, sizeof(*ret));
	if (len)
		ret->type = ret->inner_type = bytes[0];
	for (unsigned int depth = 0; is_relay(&rest); depth++) {
		if (depth == GW_V6_DHCP6_RELAYS) {
			ret->faults |= GW_V6_DHCP6_RELAY_DEPTH;
			return;
		}
		if (!gw_v6_take(&rest, RELAY_HEADER)) {
			ret->faults |= GW_V6_DHCP6_SHORT;
			return;
		}
		rest = read_options(ret, rest);
		if (!rest.at)
			return;
	}
	header = gw_v6_take(&rest, 4);
	if (!header) {
		ret->faults |= GW_V6_DHCP6_SHORT;
		return;
	}
	ret->inner_type = header[0];
	ret->transaction = gw_v6_u32(header) & 0xffffff;
	(void)read_options(ret, rest);
}
