/*
 * The life of exceptions: when each began, was first used, is about to end and has ended. The kernel ends
 * them, whoever is alive; this is the memory of it, and pure: time, config and counts are arguments,
 * what happened is told to a function. The list is a file of the state directory (exceptions.json):
 *
 *	{"schema": "gw.exceptions/1", "revision": 119, "exceptions": [{"id", "expires", "started",
 *	  "first_use", "warned", "packets", "bytes", "carry", "final_packets", "final_bytes"}]}
 *
 * An exception's element takes its counts with it when it ends. So the list has the last reading; at the
 * end that becomes `final`, what the counts carried with the revision must at least be for this id:
 * a sum, not an addition, so that doing it twice does no harm.
 */
#ifndef GW_AGENT_EXCEPTIONS_H
#define GW_AGENT_EXCEPTIONS_H

#include "gw/compile/numbers.h"
#include "gw/policy/policy.h"
#include "gw/policy/settings.h"
#include "gw/ruleset/ruleset.h"

struct gw_exception {
	char *id;        /* heap */
	uint32_t number; /* of its element; 0: not known yet */
	int64_t expires, started;
	int64_t first_use;       /* seen; 0: not used yet */
	uint32_t warned_s;       /* the shortest warning that was given; UINT32_MAX: none */
	uint64_t packets, bytes; /* of its element, when it was last seen */
	bool carry;              /* it has ended: the finals must be carried */
	uint64_t final_packets, final_bytes;
};

struct gw_exceptions {
	struct gw_exception *items; /* heap */
	size_t n, capacity;
	uint32_t revision; /* that the readings belong to */
	bool changed;      /* since it was stored */
};

enum gw_exception_event {
	GW_EXCEPTION_STARTED,
	GW_EXCEPTION_CHANGED, /* it ends at another time than it did */
	GW_EXCEPTION_USED,
	GW_EXCEPTION_ENDING,
	GW_EXCEPTION_ENDED,
	GW_EXCEPTION_WITHDRAWN, /* before its time */
};
typedef void gw_exception_fn(const struct gw_exception *exception, enum gw_exception_event event,
			     void *context);

void gw_exceptions_done(struct gw_exceptions *list);

/** Follows a new config: what it adds has started, what it no longer has was withdrawn. */
void gw_exceptions_follow(struct gw_exceptions *list, const struct gw_policy *policy,
			  const struct gw_numbers *numbers, int64_t now, gw_exception_fn *fn,
			  void *context);
/** Takes the readings of a set of numbers in force. */
void gw_exceptions_read(struct gw_exceptions *list, const struct gw_set *live, int64_t now,
			gw_exception_fn *fn, void *context);
/**
 * Warns of what ends soon: once for each of the times before the end, and not of those that had
 * passed when the exception began.
 */
void gw_exceptions_warn(struct gw_exceptions *list, const struct gw_change_settings *settings,
			int64_t now, gw_exception_fn *fn, void *context);
/**
 * Ends what is over. `live` is what the kernel holds now: an element that is still there (the kernel's
 * clock was slower) keeps its counts until it is deleted. The exceptions stay in the list, with
 * `carry`, until gw_exceptions_forget. True if any has ended.
 */
bool gw_exceptions_end(struct gw_exceptions *list, const struct gw_set *live, int64_t now,
		       gw_exception_fn *fn, void *context);
/** Removes those with `carry`: their counts are stored. */
void gw_exceptions_forget(struct gw_exceptions *list);
/** When the next one ends, as Unix time; INT64_MAX: none will. */
int64_t gw_exceptions_next(const struct gw_exceptions *list);

void gw_exceptions_print(const struct gw_exceptions *list, struct gw_text *out);
/** Into an empty list; -EBADMSG if the text is not ours. */
int gw_exceptions_parse(struct gw_exceptions *list, const char *json, size_t len);

#endif
