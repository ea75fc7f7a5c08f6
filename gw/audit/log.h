/*
 * One class of the audit trail on disk: the segment being written, and the state of the chain and the
 * tree at its end. Internal to the writer; used by its thread alone.
 *
 * A segment begins with lines that hold the state before its first record, so that opening a log reads
 * one segment, whatever the length of the log:
 *
 *	# gw.audit/1 change 120 1734     class, index of the first record, next seq
 *	# subtree 6 BASE64               of the tree of all records before, largest first
 *	# previous BASE64                leaf hash of the last of them
 */
#ifndef GW_AUDIT_LOG_H
#define GW_AUDIT_LOG_H

#include <stdatomic.h>
#include <sys/types.h>

#include "gw/audit/proof.h"
#include "gw/core/text.h"

/** Where a log ends. */
struct gw_audit_log_end {
	uint64_t first; /* index of the segment's first record */
	uint64_t index; /* of the next record */
	off_t offset;   /* where it goes */
	struct gw_forest forest;
	uint8_t previous[GW_HASH_LEN];
};

/** Sizes of segments, in octets. */
struct gw_audit_log_sizes {
	off_t least, most;
};

struct gw_audit_log {
	const char *name;
	const struct gw_audit_log_sizes *sizes;
	int dir; /* of the class */
	int fd;  /* of the segment; -1: there is none yet */
	off_t size;
	struct gw_audit_log_end end;
	int64_t begun;      /* Unix time of the segment's first record; 0: none */
	struct gw_text out; /* lines that are not written yet; they begin at end.offset - out.len */
	bool dirty;
	bool unsettled; /* segments that gw_audit_log_restore could not take away are still there */
	/* The segment that follows, filled with zeroes under the name `next`. */
	atomic_bool next_ready, next_wanted;
	atomic_llong next_wish; /* how large it should be */
	off_t next_size;
};

/** Opens the log of a class below `dir`, and finds its end. `ret_seq`: the highest number in it. */
int gw_audit_log_open(struct gw_audit_log *log, int dir, const char *name,
		      const struct gw_audit_log_sizes *sizes, uint64_t *ret_seq);
void gw_audit_log_close(struct gw_audit_log *log);

/** Adds a line, newline included, and moves the end. Begins a new segment where there is no room. */
int gw_audit_log_add(struct gw_audit_log *log, const char *line, size_t len, uint64_t seq,
		     int64_t now);
/** Writes what was added and syncs it. */
int gw_audit_log_sync(struct gw_audit_log *log);
/** Ends the segment; the next one is begun with seq as its next number. */
int gw_audit_log_roll(struct gw_audit_log *log, uint64_t seq);
/** Goes back to where the log ended before, after a failure. Later lines are cut off. */
int gw_audit_log_restore(struct gw_audit_log *log, const struct gw_audit_log_end *end);

/** Makes the file `next`, all on disk; for the thread that fills segments in advance. */
int gw_audit_log_prepare_next(struct gw_audit_log *log);

/** Name of the segment that begins at `first`. */
void gw_audit_log_segment_name(uint64_t first, char ret[32]);
/** The indices at which the segments below `dir` begin, in order; heap array. */
int gw_audit_log_segments(int dir, uint64_t **ret, size_t *ret_n);
/** Reads the state at the beginning of a segment. -EBADMSG: it has no such lines. */
int gw_audit_log_read_header(const char *bytes, size_t len, struct gw_audit_log_end *ret,
			     uint64_t *ret_seq, size_t *ret_header_len);
/** The value of a numeric member of a record's line; 0 if it has none. */
uint64_t gw_audit_log_seq_of(const char *line, size_t len);

#endif
