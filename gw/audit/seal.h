/*
 * Sealing the audit trail: signed checkpoints of every class at regular intervals, also while nothing
 * happens, and keys that are changed. A reader who finds no seal of the last interval, or one of
 * a key that was to be gone, knows that something is wrong.
 *
 *	CLASS/checkpoint    the newest one
 *	CLASS/checkpoints   all of them, one behind the other
 *
 * The agent calls gw_seal_tick from a timer and after records were written:
 *
 *	err = gw_seal_open(&options, now, &seal);
 *	err = gw_seal_tick(seal, heads, n_heads, monotonic_s, now);
 *	gw_seal_close(seal);
 *
 * Not safe for threads; `dir` is borrowed, the keys are owned.
 */
#ifndef GW_AUDIT_SEAL_H
#define GW_AUDIT_SEAL_H

#include "gw/audit/keys.h"

struct gw_seal_options {
	int dir; /* of the audit trail */
	const char *site;
	enum gw_note_type type;
	unsigned int interval_s;   /* between checkpoints */
	uint64_t records;          /* after so many new ones earlier; 0: never */
	unsigned int key_period_s; /* how long a key is used; 0: always */
	/* Puts a note of the key chain into the trail; returns when it is durable. */
	gw_key_recorder record;
	void *context;
};

struct gw_seal;

/**
 * Opens the keys and reads the newest checkpoints. `now` is Unix time, for the records of new keys.
 * Errors as gw_audit_keys_open, and -EBADMSG for a damaged checkpoint.
 */
int gw_seal_open(const struct gw_seal_options *options, int64_t now, struct gw_seal **ret);
/** Frees it; accepts NULL. */
void gw_seal_close(struct gw_seal *seal);

/**
 * Signs what is due. `monotonic_s` is a clock that is never set, so that no jump of the time of day
 * leaves a gap. -ESTALE: a log is shorter than, or differs from, what was signed of it, and
 * is not signed again; the others are. Other errors are those of files; what is due stays due.
 */
int gw_seal_tick(struct gw_seal *seal, const struct gw_log_head *heads, size_t n_heads,
		 int64_t monotonic_s, int64_t now);
/** Signs all logs now, as before the end of the program. Errors as gw_seal_tick. */
int gw_seal_all(struct gw_seal *seal, const struct gw_log_head *heads, size_t n_heads,
		int64_t monotonic_s);
/** Changes the key now, whatever its age. Errors as gw_audit_keys_rotate. */
int gw_seal_rotate(struct gw_seal *seal, const struct gw_log_head *heads, size_t n_heads,
		   int64_t monotonic_s, int64_t now);

/** Seconds until something is due; for the timer. */
unsigned int gw_seal_due_in(const struct gw_seal *seal, int64_t monotonic_s);
/** The keys in use; borrowed. */
const struct gw_audit_keys *gw_seal_keys(const struct gw_seal *seal);

#endif
