/*
 * Stepping stones: what inside hosts do to others. Pure: flows and their outcomes in, findings out, in memory
 * that does not grow.
 *
 * Scans are told by the outcome of first contacts (threshold random walk, Jung et al. 2004): a host that talks
 * to addresses it has never talked to finds most of them there; one that guesses finds few. With 0.8 and 0.2
 * as the shares and 1 % of errors of either kind, every failure is a step up, every success a step down, and
 * four steps up decide. An unanswered contact is a failure after half a second; if the answer comes
 * later, it is taken back. At ports by which machines are administered eight contacts without any answer
 * decide sooner. When several others fail as well, and nothing at all comes back to anybody, it is the line,
 * and nobody is judged.
 *
 * Who talks to how many at one port (fan-out), and who begins more flows than are answered (flood), is
 * judged beside it; mail is for hosts that are named.
 */
#ifndef RATELIMIT_SCAN_H
#define RATELIMIT_SCAN_H

#include "ratelimit/sketch.h"

enum ratelimit_deed {
	RATELIMIT_DEED_SCAN,
	RATELIMIT_DEED_FANOUT,
	RATELIMIT_DEED_FLOOD,
	RATELIMIT_DEED_MAIL,
	RATELIMIT_DEED_SPOOF,
	RATELIMIT_DEED_COUNT
};
const char *ratelimit_deed_name(enum ratelimit_deed deed);
const char *ratelimit_deed_text(enum ratelimit_deed deed, bool japanese);

/** What is wanted of it; 0 in a number: that is not judged. */
struct ratelimit_scan_settings {
	uint32_t timeout_ms; /* without an answer a contact has failed */
	uint32_t fanout;     /* destinations of one port in ten seconds, most of them silent */
	uint32_t flood;      /* flows a second that are not answered */
	bool mail;           /* only hosts that are named send mail; who is, says the caller */
	uint32_t hosts;      /* that are remembered at once */
	uint64_t seed;
};

/** A flow of an inside host, as it began. */
struct ratelimit_contact {
	struct ratelimit_addr host, dest;
	uint8_t protocol;
	uint16_t port, source_port;
	bool may_mail;
};

#define RATELIMIT_EXAMPLES 4u

struct ratelimit_deed_finding {
	enum ratelimit_deed deed;
	struct ratelimit_addr host;
	uint8_t protocol;
	uint16_t port;               /* of what decided; 0: many */
	uint32_t contacts, failures; /* first contacts, since the walk began */
	uint32_t destinations;       /* of a fan-out: about so many */
	uint32_t rate;               /* of a flood: a second */
	int64_t took_ms;             /* since the first of these contacts */
	struct ratelimit_addr examples[RATELIMIT_EXAMPLES];
	unsigned int n_examples;
};

struct ratelimit_scan_counts {
	uint64_t contacts, first, failed, answered, taken_back;
	uint64_t overrun;   /* contacts that gave way to others before their outcome was known */
	uint64_t displaced; /* hosts that gave way to others */
	uint64_t line_down; /* findings that were not made because the others had no luck either */
	uint32_t hosts;
};

struct ratelimit_scan;

struct ratelimit_scan *ratelimit_scan_new(const struct ratelimit_scan_settings *settings);
void ratelimit_scan_free(struct ratelimit_scan *scan);
/** From now on these; hosts and seed stay as they were. */
void ratelimit_scan_set(struct ratelimit_scan *scan,
			const struct ratelimit_scan_settings *settings);
/** A flow begins. */
void ratelimit_scan_begin(struct ratelimit_scan *scan, const struct ratelimit_contact *contact,
			  int64_t now_ms);
/** It was answered, or refused. */
void ratelimit_scan_outcome(struct ratelimit_scan *scan, const struct ratelimit_contact *contact,
			    bool success, int64_t now_ms);
/** At least every 100 ms: time passes. */
void ratelimit_scan_turn(struct ratelimit_scan *scan, int64_t now_ms);
/** The next finding; false: none waits. A host is found once a deed and minute. */
bool ratelimit_scan_next(struct ratelimit_scan *scan, struct ratelimit_deed_finding *ret);
/** All is forgiven: an operator has released the host, or its time is over. */
void ratelimit_scan_forgive(struct ratelimit_scan *scan, struct ratelimit_addr host);
void ratelimit_scan_counts(const struct ratelimit_scan *scan, struct ratelimit_scan_counts *ret);

#endif
