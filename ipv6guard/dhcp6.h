/* DHCPv6 messages (RFC 8415) and the options that matter to who guards a link. */
#ifndef IPV6GUARD_DHCP6_H
#define IPV6GUARD_DHCP6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GW_V6_DHCP6_SERVERS     8
#define GW_V6_DHCP6_DUID        130 /* RFC 8415, 11.1: 128 behind the type */
#define GW_V6_DHCP6_OPTIONS     128
#define GW_V6_DHCP6_RELAYS      8
#define GW_V6_DHCP6_CLIENT_PORT 546
#define GW_V6_DHCP6_SERVER_PORT 547

enum gw_v6_dhcp6_option {
	GW_V6_DHCP6_IA_NA = 1 << 0,
	GW_V6_DHCP6_IA_TA = 1 << 1,
	GW_V6_DHCP6_IA_PD = 1 << 2,
	GW_V6_DHCP6_DNS = 1 << 3,           /* 23 */
	GW_V6_DHCP6_SEARCH = 1 << 4,        /* 24 */
	GW_V6_DHCP6_NTP = 1 << 5,           /* 31, 56 */
	GW_V6_DHCP6_BOOT = 1 << 6,          /* 59, 60 */
	GW_V6_DHCP6_AFTR = 1 << 7,          /* 64: DS-Lite */
	GW_V6_DHCP6_S46 = 1 << 8,           /* 94, 95, 96: MAP-E, MAP-T, lw4o6 */
	GW_V6_DHCP6_ENCRYPTED_DNS = 1 << 9, /* 144 */
	GW_V6_DHCP6_PORTAL = 1 << 10,       /* 103 */
	GW_V6_DHCP6_FQDN = 1 << 11,         /* 39 */
	GW_V6_DHCP6_RELAYED = 1 << 12,      /* 9 */
	GW_V6_DHCP6_RAPID = 1 << 13,        /* 14 */
};

enum gw_v6_dhcp6_fault {
	GW_V6_DHCP6_SHORT = 1 << 0,
	GW_V6_DHCP6_OPTION_END = 1 << 1,  /* option past the end */
	GW_V6_DHCP6_OPTION_SIZE = 1 << 2, /* of a length that its kind cannot have */
	GW_V6_DHCP6_OPTION_MANY = 1 << 3,
	GW_V6_DHCP6_RELAY_DEPTH = 1 << 4,
};

struct gw_v6_dhcp6 {
	uint8_t type;       /* 1 Solicit … 13 Relay-reply */
	uint8_t inner_type; /* within relay messages; otherwise as type */
	uint32_t transaction;
	uint32_t faults, options;
	uint16_t n_options, n_servers;
	uint8_t servers[GW_V6_DHCP6_SERVERS][16]; /* DNS; n_servers counts all */
	uint8_t duid[GW_V6_DHCP6_DUID];           /* of the client */
	uint8_t duid_len;
	bool has_address; /* the first address of an IA_NA */
	uint8_t address[16];
	uint32_t valid_s; /* … and its lifetime */
};

/** Reads a message. Never fails: what is wrong stands in `faults`. */
void gw_v6_dhcp6_read(const uint8_t *bytes, size_t len, struct gw_v6_dhcp6 *ret);

/** True for what only a server sends to clients: Advertise, Reply, Reconfigure. */
bool gw_v6_dhcp6_from_server(uint8_t type);

#endif
