/*
 * Neighbour discovery (RFC 4861) and its options, read once into structs of fixed size. What does not
 * fit the caps is counted, so that nothing hides behind a flood of options.
 */
#ifndef IPV6GUARD_ND_H
#define IPV6GUARD_ND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/mac.h"

#define GW_V6_ND_PREFIXES 16
#define GW_V6_ND_ROUTES   16
#define GW_V6_ND_SERVERS  8
#define GW_V6_ND_MACS     4
#define GW_V6_ND_OPTIONS  64 /* more than any host sends; those beyond are not read */

/* ICMPv6 types. */
enum gw_v6_icmp {
	GW_V6_ICMP_MLD_QUERY = 130,
	GW_V6_ICMP_MLD_REPORT = 131,
	GW_V6_ICMP_MLD_DONE = 132,
	GW_V6_ICMP_ROUTER_SOLICIT = 133,
	GW_V6_ICMP_ROUTER_ADVERT = 134,
	GW_V6_ICMP_NEIGHBOUR_SOLICIT = 135,
	GW_V6_ICMP_NEIGHBOUR_ADVERT = 136,
	GW_V6_ICMP_REDIRECT = 137,
	GW_V6_ICMP_MLD2_REPORT = 143,
};

/* Which options were there at all. */
enum gw_v6_nd_option {
	GW_V6_ND_SOURCE_MAC = 1 << 0,
	GW_V6_ND_TARGET_MAC = 1 << 1,
	GW_V6_ND_PREFIX = 1 << 2,
	GW_V6_ND_REDIRECTED = 1 << 3,
	GW_V6_ND_MTU = 1 << 4,
	GW_V6_ND_NONCE = 1 << 5,
	GW_V6_ND_ROUTE = 1 << 6,
	GW_V6_ND_RDNSS = 1 << 7,
	GW_V6_ND_DNSSL = 1 << 8,
	GW_V6_ND_PORTAL = 1 << 9,
	GW_V6_ND_PREF64 = 1 << 10,
	GW_V6_ND_ENCRYPTED_DNS = 1 << 11,
	GW_V6_ND_SEND = 1 << 12,     /* CGA, RSA signature, timestamp */
	GW_V6_ND_FLAGS = 1 << 13,    /* RFC 5175 */
	GW_V6_ND_REGISTER = 1 << 14, /* address registration (RFC 6775) */
	GW_V6_ND_MOBILE = 1 << 15,   /* advertisement interval, home agent */
	GW_V6_ND_UNKNOWN = 1 << 16,
};

/* What is wrong with the message. */
enum gw_v6_nd_fault {
	GW_V6_ND_SHORT = 1 << 0,       /* ends within its fixed part */
	GW_V6_ND_OPTION_ZERO = 1 << 1, /* option of no length */
	GW_V6_ND_OPTION_END = 1 << 2,  /* option past the end of the packet */
	GW_V6_ND_OPTION_SIZE = 1 << 3, /* option of a length that its kind cannot have */
	GW_V6_ND_OPTION_MANY = 1 << 4, /* more than GW_V6_ND_OPTIONS */
	GW_V6_ND_MAC_MANY = 1 << 5,    /* link-layer options that differ */
};

struct gw_v6_nd_prefix {
	uint8_t address[16];
	uint8_t length;
	bool on_link, autonomous;
	uint32_t valid_s, preferred_s;
};

struct gw_v6_nd_route {
	uint8_t address[16];
	uint8_t length;
	uint8_t preference; /* as on the wire: 0 medium, 1 high, 3 low, 2 reserved */
	uint32_t lifetime_s;
};

struct gw_v6_nd {
	uint8_t type, code;
	uint32_t faults;  /* enum gw_v6_nd_fault */
	uint32_t options; /* enum gw_v6_nd_option: seen at least once */
	uint16_t n_options;
	/* Router advertisement. */
	uint8_t hop_limit;
	bool managed, other;
	uint8_t preference; /* as in gw_v6_nd_route */
	uint16_t lifetime_s;
	uint32_t reachable_ms, retrans_ms;
	uint32_t mtu;       /* 0: none */
	uint32_t dns_s;     /* longest lifetime of RDNSS or DNSSL */
	uint8_t pref64[12]; /* the first */
	uint8_t pref64_length;
	/* Neighbour messages and redirects. */
	uint8_t target[16], destination[16];
	bool is_router, solicited, override;
	/* All that were there; at most as many as the caps are kept. */
	uint16_t n_prefixes, n_routes, n_servers, n_macs;
	struct gw_v6_nd_prefix prefixes[GW_V6_ND_PREFIXES];
	struct gw_v6_nd_route routes[GW_V6_ND_ROUTES];
	uint8_t servers[GW_V6_ND_SERVERS][16];   /* RDNSS */
	uint8_t macs[GW_V6_ND_MACS][GW_MAC_LEN]; /* of source and target link-layer options */
};

/**
 * Reads an ICMPv6 message of types 133 to 137 with its options. Never fails: what is wrong stands in
 * `faults`, and what was read until then stays.
 */
void gw_v6_nd_read(const uint8_t *bytes, size_t len, struct gw_v6_nd *ret);

#endif
