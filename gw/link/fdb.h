/* Which MAC is at which port: the forwarding tables of this machine's bridges, over rtnetlink. */
#ifndef GW_LINK_FDB_H
#define GW_LINK_FDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/arena.h"

struct gw_fdb_entry {
	uint8_t mac[6];
	unsigned int port;   /* index */
	unsigned int bridge; /* index, 0: not told */
	uint16_t vlan;       /* 0: none */
	bool own;            /* of the machine itself, or written by hand; not learnt */
};

/** All entries, in the arena; -errno. Interrupted dumps are repeated. */
int gw_fdb_read(struct gw_arena *arena, struct gw_fdb_entry **ret, size_t *ret_n);

#endif
