/*
 * A server of HTTP/1 for readers: GET and HEAD, one request a connection, no bodies. Everything a client can
 * hold on to is bounded: the head of its request (8 KiB), the time that it may take for it and for its
 * answer as a whole, and the number of connections; when there are too many, the one that has been
 * asking for longest makes room.
 */
#ifndef GW_METRICS_HTTP_H
#define GW_METRICS_HTTP_H

#include <stdint.h>

#include "gw/core/text.h"
#include "gw/metrics/http_request.h"

struct event_base;
struct gw_http;

struct gw_http_limits {
	unsigned int connections;
	unsigned int request_ms, answer_ms; /* as a whole, however busy the client is */
};
#define GW_HTTP_LIMITS ((struct gw_http_limits){ 64, 5000, 20000 })

/** Octets that many answers share. */
struct gw_http_body;
/** Takes the text over. The caller holds one reference. */
struct gw_http_body *gw_http_body_new(struct gw_text *text);
struct gw_http_body *gw_http_body_ref(struct gw_http_body *body);
void gw_http_body_unref(struct gw_http_body *body); /* accepts NULL */
size_t gw_http_body_len(const struct gw_http_body *body);
const char *gw_http_body_bytes(const struct gw_http_body *body);

struct gw_http_answer {
	int status;         /* 200, 404, … */
	const char *type;   /* Content-Type */
	const char *fields; /* more fields, each line ended with CRLF; NULL: none */
	struct gw_http_body
		*body; /* a reference, which the server gives back; NULL: the status as text */
};

typedef void gw_http_answer_fn(const struct gw_http_request *request, struct gw_http_answer *answer,
			       void *context);

struct gw_http_counts {
	uint64_t ok, client_errors, server_errors; /* answers by class of status */
	uint64_t timeouts, displaced, refused;     /* connections that were ended without one */
	unsigned int connections;
};

struct gw_http *gw_http_new(struct event_base *base, struct gw_http_limits limits,
			    gw_http_answer_fn *answer, void *context);
/** Accepts NULL. Bodies on their way are given back. */
void gw_http_free(struct gw_http *http);
/** Takes over a socket that listens. -errno, and then it is still the caller's. */
int gw_http_listen(struct gw_http *http, int fd);
/** Stops listening everywhere; connections go on. */
void gw_http_stop_listening(struct gw_http *http);
const struct gw_http_counts *gw_http_counts(const struct gw_http *http);

#endif
