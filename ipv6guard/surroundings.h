/*
 * What the machine knows of the devices around it: interfaces, forwarding tables of bridges, neighbours,
 * leases. A picture, taken when it is asked for and the last one is too old; whoever asks in a flood gets
 * the same picture again.
 */
#ifndef IPV6GUARD_SURROUNDINGS_H
#define IPV6GUARD_SURROUNDINGS_H

#include "gw/link/fdb.h"
#include "gw/link/leases.h"
#include "gw/link/link.h"
#include "gw/link/neighbours.h"
#include "ipv6guard/devices.h"
#include "ipv6guard/respond.h"

#define IPV6GUARD_PICTURE_MS 200 /* how old a picture may be */

struct ipv6guard_surroundings {
	struct gw_arena *arena; /* NULL: no picture yet */
	int64_t taken_ms;       /* by a clock that never goes back */
	struct gw_links links;
	struct gw_fdb_entry *fdb;
	size_t n_fdb;
	struct gw_neighbour *neighbours;
	size_t n_neighbours;
	struct gw_leases leases;
	uint64_t pictures, failures;
};

/** Takes a picture if the last one is too old, or `now` is earlier than it. */
void ipv6guard_surroundings_look(struct ipv6guard_surroundings *surroundings, int64_t now_ms);
void ipv6guard_surroundings_done(struct ipv6guard_surroundings *surroundings);

/** The interface with this number, or name; NULL. */
const struct gw_link *ipv6guard_link_by_index(const struct ipv6guard_surroundings *surroundings,
					      unsigned int index);

/** Adds to a device what is known of it: whether the kernel knows it at its port, addresses, name. */
void ipv6guard_surroundings_tell(const struct ipv6guard_surroundings *surroundings,
				 struct ipv6guard_devices *devices, struct ipv6guard_device *device,
				 int64_t now);
/** Fills `elsewhere`, `others` and, for MACs of the gateway itself, `is_protected`. */
void ipv6guard_surroundings_place(const struct ipv6guard_surroundings *surroundings,
				  const struct ipv6guard_device *device,
				  struct ipv6guard_place *ret);

#endif
