/*
 * The devices that were seen, each with all that is known of it. Pure: time comes as an argument.
 *
 * A device is a MAC at a port: addresses of IPv6 change by the hour, and a MAC that turns up at another
 * port may be forged. What it uses as addresses is folded into it, the latest few by name and all by number.
 * Every fact has a source and an age.
 *
 * Bounded, whatever comes in: so many devices, of which strangers (nothing but their own frames speaks for
 * them) give way first, the one longest not seen before others. Where a port brings forth new MACs by the
 * hundred, further ones are one device of that port, with MAC zero.
 */
#ifndef IPV6GUARD_DEVICES_H
#define IPV6GUARD_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/mac.h"
#include "ipv6guard/names.h"

#define IPV6GUARD_DEVICES_MAX   4096u
#define IPV6GUARD_ADDRESSES_MAX 8u /* of IPv6, the latest */
#define IPV6GUARD_ADDRS4_MAX    4u
#define IPV6GUARD_ALERTS_MAX    16u /* classes of one device that were told within the hour */
#define IPV6GUARD_PORT_MAX      16u /* with the NUL, as the kernel's */
#define IPV6GUARD_SEGMENT_MAX   33u
/* New MACs of one port within ten minutes that are devices of their own. */
#define IPV6GUARD_NEW_MAX    64u
#define IPV6GUARD_NEW_WINDOW 600

enum ipv6guard_source {
	IPV6GUARD_FROM_NOWHERE,
	IPV6GUARD_FROM_NEIGHBOURS, /* the gateway's own ARP table */
	IPV6GUARD_FROM_LEASE,
	IPV6GUARD_FROM_FRAME,  /* what the device itself says */
	IPV6GUARD_FROM_BRIDGE, /* the bridge's forwarding table */
	IPV6GUARD_FROM_LOGIN,  /* 802.1X, told by the vpnauth module */
	IPV6GUARD_SOURCE_COUNT
};
const char *ipv6guard_source_text(enum ipv6guard_source source);

struct ipv6guard_address {
	uint8_t bytes[16];
	int64_t first, last;
};

struct ipv6guard_addr4 {
	uint8_t bytes[4];
	enum ipv6guard_source source;
	int64_t at;
};

/** When something was told last, and how often it was held back since. */
struct ipv6guard_told {
	int64_t last;
	uint32_t held;
	uint8_t class_id; /* enum gw_v6_class */
};

struct ipv6guard_device {
	char port[IPV6GUARD_PORT_MAX];
	uint8_t mac[GW_MAC_LEN]; /* all zeroes: many that the port has brought forth */
	uint16_t vlan;
	char segment[IPV6GUARD_SEGMENT_MAX];
	int64_t first, last; /* Unix time, as all times here */
	uint64_t frames;
	struct ipv6guard_address addresses[IPV6GUARD_ADDRESSES_MAX];
	uint8_t n_addresses;
	uint32_t n_addresses_ever;
	struct ipv6guard_addr4 addrs4[IPV6GUARD_ADDRS4_MAX];
	uint8_t n_addrs4;
	char name[IPV6GUARD_NAME_MAX];
	enum ipv6guard_name_source name_source;
	int64_t name_at;
	int64_t nameless_since; /* something was told without a name, which is looked for; 0: not */
	char login[IPV6GUARD_NAME_MAX];
	int64_t login_at;
	/* Something else than its own frames speaks for it: it is in a table of the kernel's. */
	bool known;
	enum ipv6guard_source known_by;
	int64_t known_at;
	struct ipv6guard_told told[IPV6GUARD_ALERTS_MAX];
	uint8_t n_told;
	int64_t background_told;
	int64_t hostile_last;
	int64_t quarantined_until;
	int64_t allowed_until; /* INT64_MAX: for ever */
	char allowed_by[IPV6GUARD_NAME_MAX];
	/* Of the table. */
	bool used;
	uint32_t next_same, previous, next; /* in the hash chain and in the order of last sight */
};

struct ipv6guard_devices;

/** A table for `max` devices. */
struct ipv6guard_devices *ipv6guard_devices_new(size_t max);
void ipv6guard_devices_free(struct ipv6guard_devices *devices);
size_t ipv6guard_devices_count(const struct ipv6guard_devices *devices);
/** Devices that had to give way to others before their time. */
uint64_t ipv6guard_devices_displaced(const struct ipv6guard_devices *devices);

/**
 * The device with this MAC at this port, seen now; made if it is not there. May be the port's device of
 * many. Valid until the next call of this function.
 */
struct ipv6guard_device *ipv6guard_devices_see(struct ipv6guard_devices *devices, const char *port,
					       const uint8_t mac[GW_MAC_LEN], int64_t now);
/** The same for a device that was known before, last seen then: no flood, and no frame. */
struct ipv6guard_device *ipv6guard_devices_restore(struct ipv6guard_devices *devices,
						   const char *port, const uint8_t mac[GW_MAC_LEN],
						   int64_t last);
/** NULL: it is not there. */
struct ipv6guard_device *ipv6guard_devices_find(struct ipv6guard_devices *devices, const char *port,
						const uint8_t mac[GW_MAC_LEN]);
/** The device at place `i`, from 0 to IPV6GUARD_DEVICES_MAX - 1 or the table's maximum; NULL: none. */
struct ipv6guard_device *ipv6guard_devices_at(struct ipv6guard_devices *devices, size_t i);
size_t ipv6guard_devices_places(const struct ipv6guard_devices *devices);
/** Forgets all that were not seen since `before`, but those with an allowance or in quarantine then. */
void ipv6guard_devices_forget(struct ipv6guard_devices *devices, int64_t before, int64_t now);

/* ---- facts ---------------------------------------------------------------------------------- */

/** The kernel knows it at this port. */
void ipv6guard_device_is_known(struct ipv6guard_devices *devices, struct ipv6guard_device *device,
			       enum ipv6guard_source source, int64_t now);
void ipv6guard_device_address(struct ipv6guard_device *device, const uint8_t address[16],
			      int64_t now);
void ipv6guard_device_addr4(struct ipv6guard_device *device, const uint8_t address[4],
			    enum ipv6guard_source source, int64_t now);
/**
 * A name, cleaned already. A lease beats what the device says by DHCP, that beats DHCPv6, and that
 * multicast DNS; what was not confirmed for a day gives way to any.
 */
void ipv6guard_device_name(struct ipv6guard_device *device, const char *name,
			   enum ipv6guard_name_source source, int64_t now);
void ipv6guard_device_login(struct ipv6guard_device *device, const char *login, int64_t now);

#endif
