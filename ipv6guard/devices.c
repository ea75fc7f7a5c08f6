#include "ipv6guard/devices.h"

#include <string.h>

#include "gw/core/mem.h"

#define NONE      UINT32_MAX
#define PORTS_MAX 256u
#define DAY       86400

/* Two orders of last sight. */
enum list { STRANGERS, KNOWN, LISTS };

struct order {
	uint32_t newest, oldest;
};

/* How many new devices a port has brought forth lately. */
struct port {
	char name[IPV6GUARD_PORT_MAX];
	int64_t since;
	uint32_t n;
};

struct ipv6guard_devices {
	struct ipv6guard_device *items;
	uint32_t *buckets;
	size_t max, n_buckets, n;
	uint32_t unused; /* chain by `next` of places that were given back */
	size_t fresh;    /* places from here on were never used */
	struct order orders[LISTS];
	struct port ports[PORTS_MAX];
	uint64_t displaced;
};

const char *ipv6guard_source_text(enum ipv6guard_source source)
{
	static const char *const texts[IPV6GUARD_SOURCE_COUNT] = {
		[IPV6GUARD_FROM_NOWHERE] = "",      [IPV6GUARD_FROM_NEIGHBOURS] = "neighbours",
		[IPV6GUARD_FROM_LEASE] = "lease",   [IPV6GUARD_FROM_FRAME] = "frame",
		[IPV6GUARD_FROM_BRIDGE] = "bridge", [IPV6GUARD_FROM_LOGIN] = "802.1X",
	};

	return texts[source];
}

/* ---- the table ------------------------------------------------------------------------------- */

struct ipv6guard_devices *ipv6guard_devices_new(size_t max)
{
	struct ipv6guard_devices *devices = gw_zalloc(1, sizeof(*devices));

	devices->max = max;
	devices->n_buckets = 1;
	while (devices->n_buckets < max)
		devices->n_buckets *= 2;
	/* Zeroed memory that nobody has touched costs nothing. */
	devices->items = gw_zalloc(max, sizeof(*devices->items));
	devices->buckets = gw_zalloc(devices->n_buckets, sizeof(*devices->buckets));
	devices->unused = NONE;
	for (size_t i = 0; i < devices->n_buckets; i++)
		devices->buckets[i] = NONE;
	for (size_t i = 0; i < LISTS; i++)
		devices->orders[i] = (struct order){ NONE, NONE };
	return devices;
}

void ipv6guard_devices_free(struct ipv6guard_devices *devices)
{
	if (!devices)
		return;
	gw_free(devices->items);
	gw_free(devices->buckets);
	gw_free(devices);
}

size_t ipv6guard_devices_count(const struct ipv6guard_devices *devices)
{
	return devices->n;
}

size_t ipv6guard_devices_places(const struct ipv6guard_devices *devices)
{
	return devices->fresh;
}

uint64_t ipv6guard_devices_displaced(const struct ipv6guard_devices *devices)
{
	return devices->displaced;
}

struct ipv6guard_device *ipv6guard_devices_at(struct ipv6guard_devices *devices, size_t i)
{
	return i < devices->fresh && devices->items[i].used ? &devices->items[i] : NULL;
}

static uint32_t place_of(const struct ipv6guard_devices *devices,
			 const struct ipv6guard_device *device)
{
	return (uint32_t)(device - devices->items);
}

/* The addresses are whoever's who sends them, but a chain is never longer than the table. */
static size_t bucket_of(const struct ipv6guard_devices *devices, const char *port,
			const uint8_t mac[GW_MAC_LEN])
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (; *port; port++)
		hash = (hash ^ (uint8_t)*port) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < GW_MAC_LEN; i++)
		hash = (hash ^ mac[i]) * UINT64_C(0x100000001b3);
	return (size_t)(hash ^ hash >> 32) & (devices->n_buckets - 1);
}

struct ipv6guard_device *ipv6guard_devices_find(struct ipv6guard_devices *devices, const char *port,
						const uint8_t mac[GW_MAC_LEN])
{
	uint32_t place = devices->buckets[bucket_of(devices, port, mac)];

	while (place != NONE) {
		struct ipv6guard_device *device = &devices->items[place];

		if (memcmp(device->mac, mac, GW_MAC_LEN) == 0 &&
		    strncmp(device->port, port, sizeof(device->port)) == 0)
			return device;
		place = device->next_same;
	}
	return NULL;
}

/* ---- order of last sight --------------------------------------------------------------------- */

static struct order *order_of(struct ipv6guard_devices *devices,
			      const struct ipv6guard_device *device)
{
	return &devices->orders[device->known ? KNOWN : STRANGERS];
}

static void unlink_from(struct ipv6guard_devices *devices, struct ipv6guard_device *device)
{
	struct order *order = order_of(devices, device);

	if (device->previous != NONE)
		devices->items[device->previous].next = device->next;
	else
		order->newest = device->next;
	if (device->next != NONE)
		devices->items[device->next].previous = device->previous;
	else
		order->oldest = device->previous;
}

static void link_first(struct ipv6guard_devices *devices, struct ipv6guard_device *device)
{
	struct order *order = order_of(devices, device);

	device->previous = NONE;
	device->next = order->newest;
	if (order->newest != NONE)
		devices->items[order->newest].previous = place_of(devices, device);
	else
		order->oldest = place_of(devices, device);
	order->newest = place_of(devices, device);
}

static void forget(struct ipv6guard_devices *devices, struct ipv6guard_device *device)
{
	uint32_t *place = &devices->buckets[bucket_of(devices, device->port, device->mac)];

	while (*place != place_of(devices, device))
		place = &devices->items[*place].next_same;
	*place = device->next_same;
	unlink_from(devices, device);
	*device = (struct ipv6guard_device){ .next = devices->unused };
	devices->unused = place_of(devices, device);
	devices->n--;
}

/* A place for one more, taken from the one that is missed least where there is none. */
static struct ipv6guard_device *take_place(struct ipv6guard_devices *devices)
{
	struct ipv6guard_device *device;

	if (devices->unused == NONE && devices->fresh == devices->max) {
		uint32_t oldest = devices->orders[STRANGERS].oldest;

		if (oldest == NONE)
			oldest = devices->orders[KNOWN].oldest;
		forget(devices, &devices->items[oldest]);
		devices->displaced++;
	}
	if (devices->unused == NONE)
		return &devices->items[devices->fresh++];
	device = &devices->items[devices->unused];
	devices->unused = device->next;
	return device;
}

/* ---- seeing ---------------------------------------------------------------------------------- */

/* True if this port may bring forth one more device of its own. */
static bool port_has_room(struct ipv6guard_devices *devices, const char *name, int64_t now)
{
	struct port *port = NULL, *oldest = &devices->ports[0];

	for (size_t i = 0; i < PORTS_MAX && !port; i++) {
		if (strncmp(devices->ports[i].name, name, IPV6GUARD_PORT_MAX) == 0)
			port = &devices->ports[i];
		else if (devices->ports[i].since < oldest->since)
			oldest = &devices->ports[i];
	}
	if (!port) {
		port = oldest;
		*port = (struct port){ .since = now };
		(void)strncpy(port->name, name, IPV6GUARD_PORT_MAX - 1);
	}
	if (now - port->since >= IPV6GUARD_NEW_WINDOW || now < port->since) {
		port->since = now;
		port->n = 0;
	}
	if (port->n >= IPV6GUARD_NEW_MAX)
		return false;
	port->n++;
	return true;
}

static struct ipv6guard_device *make(struct ipv6guard_devices *devices, const char *port,
				     const uint8_t mac[GW_MAC_LEN], int64_t now)
{
	struct ipv6guard_device *device = take_place(devices);
	size_t bucket;

	*device = (struct ipv6guard_device){ .first = now, .used = true };
	(void)strncpy(device->port, port, sizeof(device->port) - 1);
	memcpy(device->mac, mac, GW_MAC_LEN);
	bucket = bucket_of(devices, device->port, mac);
	device->next_same = devices->buckets[bucket];
	devices->buckets[bucket] = place_of(devices, device);
	link_first(devices, device);
	devices->n++;
	return device;
}

struct ipv6guard_device *ipv6guard_devices_see(struct ipv6guard_devices *devices, const char *port,
					       const uint8_t mac[GW_MAC_LEN], int64_t now)
{
	static const uint8_t many[GW_MAC_LEN];
	struct ipv6guard_device *device = ipv6guard_devices_find(devices, port, mac);

	if (!device && !port_has_room(devices, port, now)) {
		mac = many;
		device = ipv6guard_devices_find(devices, port, mac);
	}
	if (!device) {
		device = make(devices, port, mac, now);
	} else {
		unlink_from(devices, device);
		link_first(devices, device);
	}
	device->last = now;
	device->frames++;
	return device;
}

struct ipv6guard_device *ipv6guard_devices_restore(struct ipv6guard_devices *devices,
						   const char *port, const uint8_t mac[GW_MAC_LEN],
						   int64_t last)
{
	struct ipv6guard_device *device = ipv6guard_devices_find(devices, port, mac);

	if (!device)
		device = make(devices, port, mac, last);
	device->last = last;
	return device;
}

void ipv6guard_devices_forget(struct ipv6guard_devices *devices, int64_t before, int64_t now)
{
	for (size_t i = 0; i < devices->fresh; i++) {
		struct ipv6guard_device *device = &devices->items[i];

		if (device->used && device->last < before && device->allowed_until <= now &&
		    device->quarantined_until <= now)
			forget(devices, device);
	}
}

/* ---- facts ----------------------------------------------------------------------------------- */

void ipv6guard_device_is_known(struct ipv6guard_devices *devices, struct ipv6guard_device *device,
			       enum ipv6guard_source source, int64_t now)
{
	if (!device->known) {
		unlink_from(devices, device);
		device->known = true;
		link_first(devices, device);
	}
	device->known_by = source;
	device->known_at = now;
}

void ipv6guard_device_address(struct ipv6guard_device *device, const uint8_t address[16],
			      int64_t now)
{
	struct ipv6guard_address *oldest = &device->addresses[0];

	for (size_t i = 0; i < device->n_addresses; i++) {
		struct ipv6guard_address *known = &device->addresses[i];

		if (memcmp(known->bytes, address, sizeof(known->bytes)) == 0) {
			known->last = now;
			return;
		}
		if (known->last < oldest->last)
			oldest = known;
	}
	if (device->n_addresses < IPV6GUARD_ADDRESSES_MAX)
		oldest = &device->addresses[device->n_addresses++];
	*oldest = (struct ipv6guard_address){ .first = now, .last = now };
	memcpy(oldest->bytes, address, sizeof(oldest->bytes));
	device->n_addresses_ever++;
}

void ipv6guard_device_addr4(struct ipv6guard_device *device, const uint8_t address[4],
			    enum ipv6guard_source source, int64_t now)
{
	struct ipv6guard_addr4 *oldest = &device->addrs4[0];

	for (size_t i = 0; i < device->n_addrs4; i++) {
		struct ipv6guard_addr4 *known = &device->addrs4[i];

		if (memcmp(known->bytes, address, sizeof(known->bytes)) == 0) {
			/* What the device says of itself does not stand for what others know. */
			if (source != IPV6GUARD_FROM_FRAME)
				known->source = source;
			known->at = now;
			return;
		}
		if (known->at < oldest->at)
			oldest = known;
	}
	if (device->n_addrs4 < IPV6GUARD_ADDRS4_MAX)
		oldest = &device->addrs4[device->n_addrs4++];
	*oldest = (struct ipv6guard_addr4){ .source = source, .at = now };
	memcpy(oldest->bytes, address, sizeof(oldest->bytes));
}

void ipv6guard_device_name(struct ipv6guard_device *device, const char *name,
			   enum ipv6guard_name_source source, int64_t now)
{
	/* In the order of the enumeration, the best first. */
	if (device->name_source != IPV6GUARD_NAME_NONE && device->name_source < source &&
	    now - device->name_at < DAY)
		return;
	(void)strncpy(device->name, name, sizeof(device->name) - 1);
	device->name_source = source;
	device->name_at = now;
}

void ipv6guard_device_login(struct ipv6guard_device *device, const char *login, int64_t now)
{
	(void)strncpy(device->login, login, sizeof(device->login) - 1);
	device->login_at = now;
}
