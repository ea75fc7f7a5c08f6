/*
 * A connection to a syslog receiver: TLS (RFC 5425) with messages framed by their length. The receiver's
 * certificate must be signed by a known authority and bear its name.
 *
 * The protocol has no acknowledgements. TCP's say that the other kernel has the bytes; that its process
 * has read them is known only when it closes: a process that goes and leaves bytes unread makes its
 * kernel send a reset. (A TLS 1.3 peer could be asked to update its keys, which it does after
 * reading all before, but receivers that never write do not answer.)
 *
 * All calls block, but no longer than their time-out, and end when `stop` becomes readable.
 */
#ifndef GW_AUDIT_TLS_H
#define GW_AUDIT_TLS_H

#include <stddef.h>

#include "gw/core/text.h"

struct gw_tls_options {
	const char *host, *port;
	const char *name;                 /* in the certificate; NULL: as `host` */
	const char *ca_file;              /* NULL: those the system trusts */
	const char *cert_file, *key_file; /* ours; NULL: none */
	int timeout_ms;
	int stop; /* descriptor, borrowed; -1: none */
};

struct gw_tls;

/** Connects. -EKEYREJECTED: not the receiver that was meant; -ECANCELED: stopped; `why` says more. */
int gw_tls_connect(const struct gw_tls_options *options, struct gw_tls **ret, struct gw_text *why);
/** Sends a message with its frame. */
int gw_tls_send(struct gw_tls *tls, const char *message, size_t len);
/** Returns when the receiver's kernel has acknowledged all. Errors also as gw_tls_check. */
int gw_tls_settle(struct gw_tls *tls);
/**
 * Looks whether the connection is there, without waiting. -EPIPE: the receiver has closed it, and had
 * read all that it acknowledged. -ECONNRESET: it is broken, and perhaps it had not.
 */
int gw_tls_check(struct gw_tls *tls);
/** Readable when there may be something for gw_tls_check. */
int gw_tls_descriptor(const struct gw_tls *tls);
/** Says good-bye, frees it and returns 0 if the receiver had read everything. */
int gw_tls_close(struct gw_tls *tls);
/** Frees a connection that is broken. Accepts NULL. */
void gw_tls_free(struct gw_tls *tls);

#endif
