/*
 * Forwarding the audit trail to a syslog receiver over TLS. The trail itself is the queue: for each
 * receiver a small file says how far it has got. So nothing is stored twice. When a receiver
 * closes, what it was sent in the last seconds is sent again, and after a connection that broke, what
 * was sent in its last minute: nobody knows what of it was read and kept. `seq` in each message tells.
 *
 * A forwarder has one thread, which reads through a struct gw_forward_source and owns its
 * connection. Start, wake and stop come from the owner's thread.
 *
 *	err = gw_forward_start(&options, &source, &forward);
 *	gw_forward_wake(forward);         records have become durable
 *	gw_forward_stop(forward);
 */
#ifndef GW_AUDIT_FORWARD_H
#define GW_AUDIT_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include "gw/audit/tls.h"

#define GW_FORWARD_LOGS_MAX 16u

/** Where records come from; called by the forwarder's thread only. */
struct gw_forward_source {
	void *context;
	size_t n_logs;
	const char *const *names; /* of the classes */
	/**
	 * The first durable record of a log at `*index` or, where that has been deleted, behind it:
	 * its line without the newline is appended to `ret`. -ENOENT: none yet.
	 */
	int (*next)(void *context, size_t log, uint64_t *index, struct gw_text *ret);
	/** Appends the log's newest checkpoint. -ENOENT: none. */
	int (*checkpoint)(void *context, size_t log, struct gw_text *ret);
};

struct gw_forward_options {
	struct gw_tls_options receiver; /* its `stop` is not looked at */
	const char *name;               /* of the receiver: names its file */
	const char *host;               /* of this gateway, in messages about checkpoints */
	int dir;                        /* of the audit trail, borrowed while it runs */
	/* Waiting after a failure: doubled up to the last. */
	int backoff_first_ms, backoff_last_ms;
};

struct gw_forward_status {
	bool connected;
	bool settled;          /* nothing would be sent again if the receiver closed now */
	uint64_t sent;         /* records, since start */
	uint64_t acknowledged; /* records of all logs before the places from which it goes on */
	uint64_t failures;     /* connections that could not be made, or broke */
	char last_error[160];  /* "" for none */
};

struct gw_forward;

/** Starts the thread. All is copied but the source's names. */
int gw_forward_start(const struct gw_forward_options *options,
		     const struct gw_forward_source *source, struct gw_forward **ret);
/** Says that there is something new. */
void gw_forward_wake(struct gw_forward *forward);
void gw_forward_status(struct gw_forward *forward, struct gw_forward_status *ret);
/** Ends the thread and frees all. Accepts NULL. */
void gw_forward_stop(struct gw_forward *forward);

#endif
