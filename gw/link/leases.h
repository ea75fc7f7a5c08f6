/* Leases of DHCP servers on this machine, and who makes the devices: for lists that people read. */
#ifndef GW_LINK_LEASES_H
#define GW_LINK_LEASES_H

#include "gw/core/addr.h"
#include "gw/core/arena.h"

struct gw_lease {
	uint8_t mac[6];
	const char *addr; /* as the server writes it */
	const char *name; /* that the device has told; NULL: none. Whatever the device likes */
};

struct gw_leases {
	struct gw_lease *items;
	size_t n;
};

/**
 * Reads the text of a lease file: that of dnsmasq, Kea (memfile) or ISC dhcpd, which it tells by its
 * look. Lines that it does not understand are left out. In the arena.
 */
void gw_leases_parse(struct gw_arena *arena, const char *text, struct gw_leases *ret);
/** Those of the servers that are installed in the usual place, or of the file $GW_LEASES. */
void gw_leases_read(struct gw_arena *arena, struct gw_leases *ret);
/** The newest lease of the device, or NULL. */
const struct gw_lease *gw_leases_find(const struct gw_leases *leases, const uint8_t mac[6]);

/**
 * The maker of a device by the first three bytes of its MAC, from the IEEE's list (Debian package
 * ieee-data) as text; NULL if it is not in it. In the arena.
 */
const char *gw_vendor_find(struct gw_arena *arena, const char *list, const uint8_t mac[6]);
/** The list, or NULL where the package is not installed. In the arena. */
const char *gw_vendors_read(struct gw_arena *arena);

#endif
