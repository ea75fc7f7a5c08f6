/* Interfaces and addresses of the gateway, over rtnetlink (libmnl). */
#ifndef GW_LINK_LINK_H
#define GW_LINK_LINK_H

#include "gw/core/addr.h"
#include "gw/core/arena.h"

struct gw_link_addr {
	enum gw_family family;
	gw_u128 addr;
	unsigned int prefix_len;
};

struct gw_link {
	const char *name;
	unsigned int index;
	unsigned int master; /* bridge or bond that it is a port of; 0: none */
	bool up;
	bool bridge; /* it is a bridge itself */
	bool has_mac;
	uint8_t mac[6];
	struct gw_link_addr *addrs;
	size_t n_addrs;
};

struct gw_links {
	struct gw_link *items; /* by name, lo included */
	size_t n;
};

/** All interfaces of this network namespace, in the arena. 0 or -errno. Interrupted dumps are
 * repeated. */
int gw_links_read(struct gw_arena *arena, struct gw_links *ret);
/** The interface with this name, or NULL. */
const struct gw_link *gw_links_find(const struct gw_links *links, const char *name);

#endif
