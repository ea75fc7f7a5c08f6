/*
 * A change that waits to be confirmed, on disk before the kernel learns of it (pending.json in the state
 * directory). While the file is there, the change is undone when its time is over, whoever has died
 * meanwhile; confirming removes the file, and nothing else. A gateway that has booted anew has lost
 * its time: what was not confirmed before is not loaded.
 */
#ifndef GW_AGENT_PENDING_H
#define GW_AGENT_PENDING_H

#include <jansson.h>

#include "gw/agent/store.h"

struct gw_pending {
	uint32_t revision; /* waits */
	uint32_t fallback; /* confirmed last; 0: none ever was, lockdown takes its place */
	/* The end by CLOCK_BOOTTIME of this boot, which no clock setting moves. */
	int64_t deadline_ms;
	char boot_id[40];
	int64_t until;   /* the same as Unix time, for people */
	uint32_t time_s; /* that was given */
	char who[64];
	int32_t pid, session; /* of the process that asked for it, and its kernel session */
};

/** Milliseconds of CLOCK_BOOTTIME. */
int64_t gw_boottime_ms(void);
/** The kernel's id of this boot; "" if it cannot be read. */
void gw_boot_id(char ret[40]);

/** What is left; 0 if the time is over or it was another boot's. */
int64_t gw_pending_left_ms(const struct gw_pending *pending, const char *boot_id, int64_t now_ms);

/** As `status` tells it; null for NULL. The caller's. */
json_t *gw_pending_json(const struct gw_pending *pending);

/** Puts it on disk. 0 or -errno. */
int gw_pending_write(struct gw_store *store, const struct gw_pending *pending);
/** -ENOENT: nothing waits; -EBADMSG: the file is damaged. */
int gw_pending_read(struct gw_store *store, struct gw_pending *ret);
/** Nothing waits any more; on disk when it returns 0. */
int gw_pending_clear(struct gw_store *store);

#endif
