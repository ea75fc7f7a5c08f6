/*
 * The audit trail as its readers see it: the files below STATE/audit, without the program that writes
 * them. Every class is a log of its own; records have an index in their log, from 0, and a number
 * (`seq`) that runs through all of them. Retention may have deleted a log's first records: then the
 * subtrees that they made up are left.
 *
 *	err = gw_trail_open("/var/lib/gw/audit", &trail);
 *	for (i = 0; i < gw_trail_count(trail); i++) {
 *		err = gw_trail_read(trail, i, 0, &cursor);
 *		while ((err = gw_trail_next(cursor, &line)) == 0)
 *			… line.bytes …
 *		gw_trail_cursor_free(cursor);
 *	}
 *	gw_trail_close(trail);
 *
 *	CLASS/0000000000000120.log    a segment: its first record's index, and records, a line each
 *	CLASS/deleted                 subtrees of what retention deleted, "LEVEL BASE64" a line
 *
 * Lines that begin with `#` are the writer's own and no records. A segment may be filled up with zero
 * bytes; records end there. Records may be added while they are read. A trail may be read by several threads, each with
 * cursors of its own.
 */
#ifndef GW_AUDIT_TRAIL_H
#define GW_AUDIT_TRAIL_H

#include "gw/audit/proof.h"

/** A record as it is stored, without the newline; borrowed until the next call. */
struct gw_trail_line {
	uint64_t index; /* in its log */
	const char *bytes;
	size_t len;
};

struct gw_trail;
struct gw_trail_cursor;

/** Opens the trail in folder `path`. -ENOENT: there is none. */
int gw_trail_open(const char *path, struct gw_trail **ret);
/** Frees it; accepts NULL. */
void gw_trail_close(struct gw_trail *trail);

/** How many classes have records, or a place for them, and their names. */
size_t gw_trail_count(const struct gw_trail *trail);
const char *const *gw_trail_names(const struct gw_trail *trail);
/** The folder of the whole trail, as a descriptor; borrowed. */
int gw_trail_dir(const struct gw_trail *trail);

/** What retention has deleted of a log: as many leaves as records are gone. 0 or -errno. */
int gw_trail_deleted(const struct gw_trail *trail, size_t log, struct gw_forest *ret);

/** Reads a log from `index` on, or from the first record that is left. 0 or -errno. */
int gw_trail_read(const struct gw_trail *trail, size_t log, uint64_t index,
		  struct gw_trail_cursor **ret);
/**
 * The next record. -ENOENT: there is none yet; the call may be repeated. -EBADMSG: what follows is
 * damaged, gw_trail_where says where.
 */
int gw_trail_next(struct gw_trail_cursor *cursor, struct gw_trail_line *ret);
/**
 * The lines before the records of a segment, once for each segment that was come to: what the writer goes on
 * from after a restart. NULL if it was asked for already. Borrowed until the next call of gw_trail_next.
 */
const char *gw_trail_take_header(struct gw_trail_cursor *cursor, size_t *ret_len);
/** "change/0000000000000120.log, record 133": what would be read next; borrowed. */
const char *gw_trail_where(struct gw_trail_cursor *cursor);
/** Frees it; accepts NULL. */
void gw_trail_cursor_free(struct gw_trail_cursor *cursor);

#endif
