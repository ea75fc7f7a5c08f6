/*
 * Who made a device, by the first octets of its MAC: the IEEE's lists of 24, 28 and 36 bits from Debian's
 * package ieee-data. What is kept in memory is an index of 8 octets an entry; names are read from the
 * files when they are asked for. Without the package there are no makers, and no other difference.
 */
#ifndef IPV6GUARD_VENDORS_H
#define IPV6GUARD_VENDORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IPV6GUARD_VENDOR_MAX 64u
#define IPV6GUARD_VENDOR_DIR "/usr/share/ieee-data"

struct ipv6guard_vendors;

/** Reads the lists in a folder. Never NULL; without lists it finds nothing. */
struct ipv6guard_vendors *ipv6guard_vendors_new(const char *dir);
void ipv6guard_vendors_free(struct ipv6guard_vendors *vendors);
/** How many entries there are. */
size_t ipv6guard_vendors_count(const struct ipv6guard_vendors *vendors);
/** The maker, from the most specific list; false if it is not known, as of every random MAC. */
bool ipv6guard_vendors_find(const struct ipv6guard_vendors *vendors, const uint8_t mac[6],
			    char out[IPV6GUARD_VENDOR_MAX]);
/** True if the MAC was given locally: at random, or by somebody who chose it. */
bool ipv6guard_mac_is_local(const uint8_t mac[6]);

#endif
