#include "ipv6guard/surroundings.h"

#include <string.h>

#define MACS_COUNTED 64u /* more make no difference */

void ipv6guard_surroundings_done(struct ipv6guard_surroundings *surroundings)
{
	gw_arena_free(surroundings->arena);
	*surroundings = (struct ipv6guard_surroundings){ .pictures = surroundings->pictures,
							 .failures = surroundings->failures };
}

void ipv6guard_surroundings_look(struct ipv6guard_surroundings *surroundings, int64_t now_ms)
{
	int64_t age = now_ms - surroundings->taken_ms;

	if (surroundings->arena && age >= 0 && age < IPV6GUARD_PICTURE_MS)
		return;
	ipv6guard_surroundings_done(surroundings);
	surroundings->arena = gw_arena_new();
	surroundings->taken_ms = now_ms;
	surroundings->pictures++;
	/* What cannot be read is left out: an alert without a name is better than none. */
	if (gw_links_read(surroundings->arena, &surroundings->links) < 0) {
		surroundings->links.n = 0;
		surroundings->failures++;
	}
	if (gw_fdb_read(surroundings->arena, &surroundings->fdb, &surroundings->n_fdb) < 0) {
		surroundings->n_fdb = 0;
		surroundings->failures++;
	}
	if (gw_neighbours_read(surroundings->arena, &surroundings->neighbours,
			       &surroundings->n_neighbours) < 0) {
		surroundings->n_neighbours = 0;
		surroundings->failures++;
	}
	gw_leases_read(surroundings->arena, &surroundings->leases);
}

const struct gw_link *ipv6guard_link_by_index(const struct ipv6guard_surroundings *surroundings,
					      unsigned int index)
{
	for (size_t i = 0; index && i < surroundings->links.n; i++)
		if (surroundings->links.items[i].index == index)
			return &surroundings->links.items[i];
	return NULL;
}

/* ---- one device ------------------------------------------------------------------------------ */

static bool is_device(const struct ipv6guard_device *device, const uint8_t mac[6])
{
	return memcmp(device->mac, mac, GW_MAC_LEN) == 0;
}

/* The port's own number and that of the bridge that it is a port of, 0: none. */
static void find_port(const struct ipv6guard_surroundings *surroundings, const char *name,
		      unsigned int *ret_index, unsigned int *ret_bridge)
{
	const struct gw_link *link = gw_links_find(&surroundings->links, name);
	const struct gw_link *master =
		link ? ipv6guard_link_by_index(surroundings, link->master) : NULL;

	*ret_index = link ? link->index : 0;
	*ret_bridge = master && master->bridge ? master->index : 0;
}

void ipv6guard_surroundings_tell(const struct ipv6guard_surroundings *surroundings,
				 struct ipv6guard_devices *devices, struct ipv6guard_device *device,
				 int64_t now)
{
	const struct gw_lease *lease = gw_leases_find(&surroundings->leases, device->mac);
	unsigned int index, bridge;
	enum gw_family family;
	struct gw_range range;
	uint8_t bytes[4];

	find_port(surroundings, device->port, &index, &bridge);
	for (size_t i = 0; i < surroundings->n_fdb; i++)
		if (surroundings->fdb[i].port == index && !surroundings->fdb[i].own &&
		    is_device(device, surroundings->fdb[i].mac))
			ipv6guard_device_is_known(devices, device, IPV6GUARD_FROM_BRIDGE, now);
	for (size_t i = 0; i < surroundings->n_neighbours; i++) {
		const struct gw_neighbour *neighbour = &surroundings->neighbours[i];

		if (!is_device(device, neighbour->mac) || neighbour->family != GW_FAMILY_IPV4)
			continue;
		if (index && neighbour->index == index)
			ipv6guard_device_is_known(devices, device, IPV6GUARD_FROM_NEIGHBOURS, now);
		if (neighbour->index != index && neighbour->index != bridge)
			continue;
		gw_addr_to_bytes(GW_FAMILY_IPV4, neighbour->addr, bytes);
		ipv6guard_device_addr4(device, bytes, IPV6GUARD_FROM_NEIGHBOURS, now);
	}
	if (!lease)
		return;
	if (gw_addr_parse(lease->addr, &family, &range) == GW_ADDR_OK && family == GW_FAMILY_IPV4 &&
	    range.lo == range.hi) {
		gw_addr_to_bytes(family, range.lo, bytes);
		ipv6guard_device_addr4(device, bytes, IPV6GUARD_FROM_LEASE, now);
	}
	if (lease->name) {
		char name[IPV6GUARD_NAME_MAX];

		if (ipv6guard_clean_name((const uint8_t *)lease->name, strlen(lease->name), name))
			ipv6guard_device_name(device, name, IPV6GUARD_NAME_LEASE, now);
	}
}

/* ---- its place ------------------------------------------------------------------------------- */

/* Different MACs, counted up to a limit. */
struct macs {
	uint8_t items[MACS_COUNTED][GW_MAC_LEN];
	unsigned int n;
};

static void count_mac(struct macs *macs, const uint8_t mac[GW_MAC_LEN])
{
	for (unsigned int i = 0; i < macs->n; i++)
		if (memcmp(macs->items[i], mac, GW_MAC_LEN) == 0)
			return;
	if (macs->n < MACS_COUNTED)
		memcpy(macs->items[macs->n++], mac, GW_MAC_LEN);
}

void ipv6guard_surroundings_place(const struct ipv6guard_surroundings *surroundings,
				  const struct ipv6guard_device *device,
				  struct ipv6guard_place *ret)
{
	struct macs others = { .n = 0 };
	unsigned int index, bridge;

	find_port(surroundings, device->port, &index, &bridge);
	for (size_t i = 0; i < surroundings->links.n; i++)
		ret->is_protected |= surroundings->links.items[i].has_mac &&
				     is_device(device, surroundings->links.items[i].mac);
	for (size_t i = 0; i < surroundings->n_fdb; i++) {
		const struct gw_fdb_entry *entry = &surroundings->fdb[i];

		if (entry->own)
			continue;
		if (is_device(device, entry->mac))
			ret->elsewhere |= bridge && entry->bridge == bridge && entry->port != index;
		else if (entry->port == index)
			count_mac(&others, entry->mac);
	}
	/* Behind an interface that is no port, its neighbours are who is there. */
	for (size_t i = 0; i < surroundings->n_neighbours && !bridge; i++)
		if (surroundings->neighbours[i].index == index &&
		    gw_mac_is_device(surroundings->neighbours[i].mac) &&
		    !is_device(device, surroundings->neighbours[i].mac))
			count_mac(&others, surroundings->neighbours[i].mac);
	ret->others = others.n;
}
