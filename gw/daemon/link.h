/*
 * A module's connection to gwd: on the module's own loop, never blocking, made anew with growing pauses
 * when gwd is not there. Requests wait in a queue with a bound; what finds no room is given up and counted.
 *
 *	struct gw_link *link = gw_link_new(base, &(struct gw_link_settings){ .path = "/run/gw/module", … });
 *	gw_link_start(link);
 *	gw_link_ask(link, "record", fields, GW_LINK_KEEP, answered, context);
 */
#ifndef GW_DAEMON_LINK_H
#define GW_DAEMON_LINK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct gw_link;

struct gw_link_settings {
	const char *path; /* of gwd's socket for modules; borrowed */
	/* Connected: requests that hold for one connection are asked here. May be NULL. */
	void (*connected)(struct gw_link *link, void *context);
	/* Something that gwd tells all who have subscribed. May be NULL. */
	void (*event)(struct gw_link *link, const json_t *event, void *context);
	void *context;
};

/** What becomes of a request when the connection is lost before its answer has come. */
enum gw_link_keep {
	GW_LINK_ONCE, /* it is answered with NULL */
	GW_LINK_KEEP, /* it is asked again, at the risk that gwd does it twice */
};

/**
 * The answer; NULL: the connection was lost, or the link is freed. The attached file is the callee's, -1:
 * none.
 */
typedef void gw_link_answer_fn(struct gw_link *link, const json_t *reply, int file, void *context);

struct gw_link_counts {
	bool connected;
	uint64_t connections; /* that were made since the start */
	uint64_t asked, answered, refused;
	uint64_t given_up; /* no room in the queue, or too large for a message */
	size_t waiting;    /* in the queue now */
};

struct gw_link *gw_link_new(struct event_base *base, const struct gw_link_settings *settings);
/** Ends the connection; what still waits is answered with NULL. Accepts NULL. */
void gw_link_free(struct gw_link *link);
/** Tries to connect, and goes on trying. */
void gw_link_start(struct gw_link *link);
/**
 * Queues a request. Takes `fields` over (NULL: none). `answered` may be NULL. False: given up, and then
 * `answered` is not called.
 */
bool gw_link_ask(struct gw_link *link, const char *verb, json_t *fields, enum gw_link_keep keep,
		 gw_link_answer_fn *answered, void *context);
/** The same with a sealed memfd attached (gw_memfd_write), which is taken over; -1: none. */
bool gw_link_ask_file(struct gw_link *link, const char *verb, json_t *fields, int file,
		      enum gw_link_keep keep, gw_link_answer_fn *answered, void *context);
void gw_link_counts(const struct gw_link *link, struct gw_link_counts *ret);

/** True if gwd did what it was asked for. */
bool gw_link_is_ok(const json_t *reply);
/** What gwd says is wrong, as one line; "" if nothing is. Borrowed from the reply. */
const char *gw_link_complaint(const json_t *reply);

#endif
