/*
 * What was said of one log at certain sizes: its root when it had so many records. Records are hashed
 * once, in order, and each mark is compared when its size is reached.
 */
#ifndef GW_AUDIT_MARKS_H
#define GW_AUDIT_MARKS_H

#include "gw/audit/keys.h"
#include "gw/audit/proof.h"
#include "gw/core/diag.h"

struct gw_mark {
	uint64_t size;
	uint8_t root[GW_HASH_LEN];
	const char *source; /* "the checkpoint in …"; in the arena of the marks */
	/* A note whose signature was not verified yet: it is when it matters. NULL: verified. */
	const char *note;
	size_t note_len;
};

struct gw_marks {
	struct gw_arena *arena;
	struct gw_mark *items; /* heap */
	size_t n, capacity;
};

void gw_marks_add(struct gw_marks *marks, const struct gw_mark *mark);
/** In order of size. */
void gw_marks_sort(struct gw_marks *marks);
void gw_marks_done(struct gw_marks *marks);

#endif
