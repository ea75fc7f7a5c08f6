/* host.json: what settings of the kernel were before gw changed them. Internal to gw/agent. */
#ifndef GW_AGENT_HOST_SAVED_H
#define GW_AGENT_HOST_SAVED_H

#include "gw/agent/store.h"

struct gw_host_saved {
	const char *path;
	const char *previous; /* before the first change */
	const char *written;  /* by us */
};

struct gw_host_saved_list {
	struct gw_host_saved *items; /* sorted by path; in the arena */
	size_t n;
};

/**
 * Reads host.json; empty if there is none, or if it is from before the machine was booted (`boot`).
 * -EBADMSG if it is damaged.
 */
int gw_host_saved_read(struct gw_store *store, const char *boot, struct gw_arena *arena,
		       struct gw_host_saved_list *ret);
/** Replaces host.json; on disk when it returns. 0 or -errno. */
int gw_host_saved_write(struct gw_store *store, const char *boot,
			const struct gw_host_saved_list *list);
/** The entry of a path, or NULL. */
const struct gw_host_saved *gw_host_saved_find(const struct gw_host_saved_list *list,
					       const char *path);

#endif
