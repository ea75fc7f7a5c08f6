/*
 * Time-stamps of RFC 3161: somebody else's word for when a checkpoint existed at the latest. They say
 * nothing of consistency, and are no substitute for checkpoints that others hold.
 *
 *	CLASS/stamps/120.tsr    the authority's reply for the checkpoint of 120 records
 *
 * `openssl ts -verify` reads the replies, too. A stamper has one thread, which talks to the authority
 * over HTTP (the reply is signed; TLS would add nothing).
 */
#ifndef GW_AUDIT_TIMESTAMP_H
#define GW_AUDIT_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

#include "gw/core/text.h"

#define GW_TIMESTAMP_MAX (64u << 10) /* bytes of a reply */

/** Appends a request for the stamp of `bytes`, as DER, with a fresh nonce. -EIO. */
int gw_timestamp_request(const void *bytes, size_t len, struct gw_text *out);

/**
 * Asks the authority at `url` (http://…) and appends its reply. `timeout_s` is for all of it.
 * -EINVAL for the URL, -EHOSTUNREACH or -EBADMSG for what comes back.
 */
int gw_timestamp_fetch(const char *url, const struct gw_text *request, int timeout_s,
		       struct gw_text *out);

/**
 * Holds a reply against `bytes`, and against its request where that is at hand (NULL: it is not).
 * With `ca_file`, its signature must lead to an authority in there. Writes the time it states.
 * -EBADMSG: no granted stamp, or of something else; -EKEYREJECTED: not signed by that authority.
 */
int gw_timestamp_verify(const char *reply, size_t reply_len, const struct gw_text *request,
			const void *bytes, size_t len, const char *ca_file, int64_t *ret_time);

struct gw_stamper_options {
	int dir; /* of the audit trail, borrowed while it runs */
	const char *const *names;
	size_t n_names;
	const char *url;
	unsigned int interval_s;
};

struct gw_stamper_status {
	uint64_t stamps, failures; /* since start */
	int last_error;            /* 0: none */
};

struct gw_stamper;

/**
 * Starts the thread, which stamps the newest checkpoint of each class at once and at intervals. The URL
 * is copied, names are not.
 */
int gw_stamper_start(const struct gw_stamper_options *options, struct gw_stamper **ret);
void gw_stamper_status(struct gw_stamper *stamper, struct gw_stamper_status *ret);
/** Ends the thread, also while it waits for the authority. Accepts NULL. */
void gw_stamper_stop(struct gw_stamper *stamper);

#endif
