/* The neighbour tables of this network namespace (ARP and neighbour discovery), over rtnetlink. */
#ifndef GW_LINK_NEIGHBOURS_H
#define GW_LINK_NEIGHBOURS_H

#include "gw/core/addr.h"
#include "gw/core/arena.h"

struct gw_neighbour {
	enum gw_family family;
	gw_u128 addr;
	uint8_t mac[6];
	unsigned int index; /* of the interface */
};

/** Those with a MAC of Ethernet, in the arena; -errno. Interrupted dumps are repeated. */
int gw_neighbours_read(struct gw_arena *arena, struct gw_neighbour **ret, size_t *ret_n);

#endif
