/*
 * The audit trail as a source of a forwarder. Keeps a cursor per class, so that what was sent last
 * need not be searched for.
 *
 *	err = gw_trail_source_init(&source, "/var/lib/gw/audit");
 *	err = gw_forward_start(&options, &source.forward, &forward);
 *	gw_forward_stop(forward);
 *	gw_trail_source_done(&source);
 *
 * It must not move while a forwarder uses it; each forwarder has its own.
 */
#ifndef GW_AUDIT_TRAIL_SOURCE_H
#define GW_AUDIT_TRAIL_SOURCE_H

#include "gw/audit/forward.h"
#include "gw/audit/trail.h"

struct gw_trail_source {
	struct gw_forward_source forward;
	struct gw_trail *trail;
	struct gw_trail_cursor *cursors[GW_FORWARD_LOGS_MAX];
	uint64_t next[GW_FORWARD_LOGS_MAX]; /* index that the cursor reads next */
};

/** Opens the trail. Errors as gw_trail_open, -E2BIG for too many classes. */
int gw_trail_source_init(struct gw_trail_source *source, const char *path);
void gw_trail_source_done(struct gw_trail_source *source);

#endif
