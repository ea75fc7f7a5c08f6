/*
 * The audit trail as its writer sees it. A record is put into a queue; a thread of its own numbers and
 * chains what has gathered there, writes it and syncs it once, and only then are the records
 * acknowledged: many callers share one sync. Readers use trail.h, which describes the files.
 *
 *	err = gw_audit_open(&(struct gw_audit_options){ .dir = "/var/lib/gw/audit", … }, &audit);
 *	gw_audit_append(audit, &(struct gw_audit_record){ .class_ = GW_AUDIT_CHANGE,
 *							  .module = "gwd",
 *							  .event = "change.applied", … },
 *			done, context);
 *	…                                   the loop sees gw_audit_fd and calls gw_audit_dispatch
 *	gw_audit_flush(audit);              or wait for all that was appended so far
 *	gw_audit_close(audit);
 *
 * A record is one line of JSON with a fixed envelope: seq (through all classes, without gaps), t, mono,
 * clock, gw, class, module, event, actor, subject, result, reason, detail, salt, prev. `prev` is the
 * leaf hash (RFC 6962) of the record before it in its class; `salt` keeps what was deleted from
 * being guessed from its hash. Segments are filled with zeroes in advance, so that a sync moves data
 * alone (measured: 0.18 ms instead of 0.43 ms).
 *
 * When records cannot be written they stay queued and are tried again; what happens meanwhile is the
 * class's `on_failure`. Nothing that was acknowledged is ever lost; what had to be given up is
 * counted in an `audit.gap` record.
 */
#ifndef GW_AUDIT_AUDIT_H
#define GW_AUDIT_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "gw/audit/keys.h"
#include "gw/policy/settings.h"

/** In the order of gw_audit_class_names. */
enum gw_audit_class {
	GW_AUDIT_CHANGE,
	GW_AUDIT_MEASURE,
	GW_AUDIT_EXCEPTION,
	GW_AUDIT_ACCESS,
	GW_AUDIT_ATTACK,
	GW_AUDIT_DEVICE,
	GW_AUDIT_SYSTEM,
	GW_AUDIT_CLASS_COUNT
};

#define GW_AUDIT_DETAIL_MAX 49152u /* octets; with the rest a record stays below 64 KiB */
#define GW_AUDIT_TEXT_MAX   1024u  /* of any other text; longer ones are cut */

/** All borrowed. Texts that are not UTF-8 are escaped, not refused. */
struct gw_audit_record {
	enum gw_audit_class class_;
	const char *module, *event;
	const char *actor;   /* NULL: the module itself */
	const char *subject; /* NULL: none */
	bool failed;
	const char *reason; /* NULL: none */
	const char *detail; /* a JSON object as text; NULL: none */
};

struct gw_audit_options {
	const char *dir, *site;
	/* Retention and responses of the classes, in order, copied; NULL: kept for ever, and in
	 * memory while they cannot be written. */
	const struct gw_audit_class_settings *classes;
	uint32_t segment_min, segment_max; /* octets; 0: 256 KiB and 64 MiB */
	uint32_t queue_max;                /* octets kept while writing fails; 0: 8 MiB */
	/* The trail can (not) be written: called by gw_audit_dispatch. NULL: nobody is told. */
	void (*alarm)(bool failing, const char *text, void *context);
	void *context;
};

struct gw_audit;
/** `seq` 0: the record was given up, `error` says why. Called by gw_audit_dispatch. */
typedef void gw_audit_done(uint64_t seq, int error, void *context);

/**
 * Opens the trail and picks up where it ends: what a kill left half written was never acknowledged
 * and goes, kept in a file `torn-…` beside. -EBUSY: another process writes it; other -errno.
 */
int gw_audit_open(const struct gw_audit_options *options, struct gw_audit **ret);
/** Writes what is queued, and ends. Accepts NULL. */
void gw_audit_close(struct gw_audit *audit);

/** Queues a record. -EMSGSIZE: its detail is too long. */
int gw_audit_append(struct gw_audit *audit, const struct gw_audit_record *record,
		    gw_audit_done *done, void *context);
/** Waits until all that was queued so far is durable; -errno if it cannot be written now. */
int gw_audit_flush(struct gw_audit *audit);

/** Readable when there is something for gw_audit_dispatch; owned by the trail. */
int gw_audit_fd(const struct gw_audit *audit);
void gw_audit_dispatch(struct gw_audit *audit);

/** True while nothing new may be granted, because it could not be recorded (REFUSE_GRANTS). */
bool gw_audit_refuses(struct gw_audit *audit, enum gw_audit_class class_);
/** What the records' `clock` says from now on. */
void gw_audit_set_clock(struct gw_audit *audit, bool synchronised);
/** Records are those of this site from now on. */
void gw_audit_set_site(struct gw_audit *audit, const char *site);
/** The settings of the classes have changed: GW_AUDIT_CLASS_COUNT of them, copied. */
void gw_audit_set_classes(struct gw_audit *audit, const struct gw_audit_class_settings *classes);

/** How far the logs are on disk, for sealing; at most GW_AUDIT_CLASS_COUNT. */
size_t gw_audit_heads(struct gw_audit *audit, struct gw_log_head ret[GW_AUDIT_CLASS_COUNT]);

struct gw_audit_counts {
	uint64_t written, lost, queued;
	bool failing;
};
struct gw_audit_counts gw_audit_counts(struct gw_audit *audit);

/**
 * Deletes segments all of whose records are past the retention of their class, after recording it. What
 * is left still verifies. Returns how many records were deleted, or -errno.
 */
int64_t gw_audit_expire(struct gw_audit *audit, int64_t now);

#endif
