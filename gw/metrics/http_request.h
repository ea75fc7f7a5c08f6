/* The head of an HTTP/1 request, as far as a server needs it that has two methods and no bodies. Pure. */
#ifndef GW_METRICS_HTTP_REQUEST_H
#define GW_METRICS_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

/* What a client may send before it has asked for anything. */
#define GW_HTTP_HEAD_MAX   8192u
#define GW_HTTP_FIELDS_MAX 64u

/** A part of the request's octets: no NUL behind it. */
struct gw_http_part {
	const char *bytes; /* NULL: not given */
	size_t len;
};

struct gw_http_request {
	bool head; /* HEAD: the answer has no body */
	struct gw_http_part path, query;
	struct gw_http_part host, accept, language;
};

/**
 * Reads the request at the start of `bytes`, and points into it. 0; -EAGAIN: it has not come as a whole;
 * else the status of HTTP to answer with, 400 and up.
 */
int gw_http_parse(const char *bytes, size_t len, struct gw_http_request *ret);

/** True if the part is exactly this text; `_has_word`: if one of its items, up to `,` or `;`, is. */
bool gw_http_is(struct gw_http_part part, const char *text);
bool gw_http_has_item(struct gw_http_part part, const char *item);
/** The value of a parameter of a query; bytes NULL: none. Nothing is decoded. */
struct gw_http_part gw_http_parameter(struct gw_http_part query, const char *name);
/** True if Japanese is asked for, and before English. */
bool gw_http_prefers_japanese(struct gw_http_part language);
/**
 * True if `host` is an address, localhost or one of the names, whatever the port. A site that has its
 * own name point here is refused by this (DNS rebinding).
 */
bool gw_http_host_is_known(struct gw_http_part host, const char *const *names, size_t n);

#endif
