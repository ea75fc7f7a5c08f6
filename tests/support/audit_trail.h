/*
 * An audit trail on disk, written in the simplest way there is, with its keys and checkpoints: for
 * tests of what reads and verifies it.
 *
 *	struct audit_trail trail;
 *	audit_trail_make(&trail, "/tmp/x/state/audit");
 *	audit_trail_add(&trail, 0, "change.applied", "op-17");
 *	audit_trail_seal(&trail);
 */
#ifndef TESTS_SUPPORT_AUDIT_TRAIL_H
#define TESTS_SUPPORT_AUDIT_TRAIL_H

#include "gw/audit/proof.h"
#include "gw/audit/seal.h"

/** Classes by number: 0 is "change", 1 is "access". */
#define AUDIT_TRAIL_LOGS 2u

struct audit_trail {
	char path[256];
	int dir;
	uint64_t seq; /* of the last record */
	struct gw_forest forests[AUDIT_TRAIL_LOGS];
	uint64_t segment[AUDIT_TRAIL_LOGS]; /* first index of the one being written */
	struct gw_seal *seal;
	int64_t monotonic_s;
	unsigned int key_records;
};

/** Makes the folder and a first key for the site `tokyo-01`. */
void audit_trail_make(struct audit_trail *trail, const char *path, enum gw_note_type type);
/** Appends a record; its result is `ok`. */
void audit_trail_add(struct audit_trail *trail, size_t log, const char *event, const char *actor);
/** Appends a line as it is to the log and its tree. */
void audit_trail_add_line(struct audit_trail *trail, size_t log, const char *line);
/** Begins a new segment of the log. */
void audit_trail_new_segment(struct audit_trail *trail, size_t log);
/** Signs checkpoints of all logs. */
void audit_trail_seal(struct audit_trail *trail);
/** Changes the key. */
void audit_trail_rotate(struct audit_trail *trail);
/** "change/0000000000000000.log": the path of the segment being written, below the trail. */
const char *audit_trail_segment(const struct audit_trail *trail, size_t log, char ret[64]);
void audit_trail_done(struct audit_trail *trail);

#endif
