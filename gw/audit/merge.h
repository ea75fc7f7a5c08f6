/*
 * The records of all classes, or of one, in order of their numbers.
 *
 *	err = gw_merge_new(trail, NULL, &merge);
 *	while ((err = gw_merge_next(merge, &record)) == 0)
 *		… record.view.event …
 *	gw_merge_free(merge);
 */
#ifndef GW_AUDIT_MERGE_H
#define GW_AUDIT_MERGE_H

#include "gw/audit/trail.h"
#include "gw/audit/view.h"

/** Borrowed until the next call. */
struct gw_merge_record {
	const char *class_name;
	struct gw_trail_line line;
	const struct gw_audit_view *view; /* its texts are "" if the line is no record */
};

struct gw_merge;

/** `class_name` NULL: all. -ENOENT: there is no such class. */
int gw_merge_new(const struct gw_trail *trail, const char *class_name, struct gw_merge **ret);
/** -ENOENT: there is none yet, and the call may be repeated. -EBADMSG: damaged, see gw_merge_where. */
int gw_merge_next(struct gw_merge *merge, struct gw_merge_record *ret);
/** The place that could not be read; borrowed. */
const char *gw_merge_where(const struct gw_merge *merge);
/** Accepts NULL. */
void gw_merge_free(struct gw_merge *merge);

#endif
