/*
 * Names that devices give themselves: in DHCPv4, DHCPv6 and multicast DNS. Whatever a device likes stands in
 * them, so they are cut and cleaned before anybody else sees them, and are never more than a hint.
 */
#ifndef IPV6GUARD_NAMES_H
#define IPV6GUARD_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IPV6GUARD_NAME_MAX 64u

enum ipv6guard_name_source {
	IPV6GUARD_NAME_NONE,
	IPV6GUARD_NAME_LEASE, /* of a DHCP server on this machine */
	IPV6GUARD_NAME_DHCP,
	IPV6GUARD_NAME_DHCP6,
	IPV6GUARD_NAME_MDNS,
	IPV6GUARD_NAME_SOURCE_COUNT
};

/** A name, and the addresses of the frame that told it. */
struct ipv6guard_name {
	char text[IPV6GUARD_NAME_MAX];
	enum ipv6guard_name_source source;
	uint8_t mac[6];  /* source of the frame */
	uint8_t addr[4]; /* IPv4 source, or what was asked for; all zeroes: none */
};

/**
 * Keeps what may stand in a name of a host: letters, digits, `-`, `_`, `.`, and what people read in other
 * scripts; no control, hidden or white characters, no broken UTF-8. Cut to 63 octets, never inside a
 * character; without a final dot or `.local`. False if nothing is left.
 */
bool ipv6guard_clean_name(const uint8_t *bytes, size_t len, char out[IPV6GUARD_NAME_MAX]);

/** The name that a frame tells of its sender; false if it tells none. The frame may be anything. */
bool ipv6guard_find_name(const uint8_t *frame, size_t len, struct ipv6guard_name *ret);

/** "dhcp" and so on. */
const char *ipv6guard_name_source_text(enum ipv6guard_name_source source);

#endif
