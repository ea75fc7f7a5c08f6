/*
 * Asking one server at one address, within a deadline: over UDP, over TCP where the answer is cut, and for a
 * transfer of the whole zone. Blocking; who asks many servers does so in as many threads.
 *
 * Answers are hostile until proved otherwise: one that does not match the question is not seen, and a transfer
 * ends at a limit of octets. What they say is the caller's to judge.
 */
#ifndef DNS_ZONE_ASK_H
#define DNS_ZONE_ASK_H

#include "dns/zone/message.h"
#include "dns/zone/tsig.h"
#include "gw/core/addr.h"

struct gw_dns_peer {
	enum gw_family family;
	gw_u128 addr;
	uint16_t port;
	const struct gw_tsig_key *key; /* NULL: without TSIG */
	int64_t deadline_ms;           /* by gw_dns_clock_ms */
};

/** Why there is no answer. */
enum gw_dns_trouble {
	GW_DNS_ANSWERED,
	GW_DNS_SILENT,      /* in time */
	GW_DNS_UNREACHABLE, /* the network or the machine says no */
	GW_DNS_BROKEN,      /* what came is no DNS message, or not about the question */
	GW_DNS_BAD_TSIG, /* what came is not made with the key, or the server says that ours is not */
	GW_DNS_CUT,      /* a transfer ended in the middle */
	GW_DNS_TOO_LONG, /* a transfer went over the limit */
};

struct gw_dns_reply {
	uint8_t bytes[GW_DNS_MESSAGE_MAX];
	struct gw_dns_message message;
	bool tcp;
	bool truncated;          /* over UDP, so that TCP was asked */
	bool tsig;               /* proved */
	int64_t skew;            /* the server's clock less ours, by its TSIG */
	unsigned int tsig_error; /* what the server says is wrong with ours */
	unsigned int took_ms;
};

/** Milliseconds of a clock that nobody sets. */
int64_t gw_dns_clock_ms(void);

/** Asks over UDP, with repetitions; over TCP if the answer is cut. */
enum gw_dns_trouble gw_dns_ask(const struct gw_dns_peer *peer, const uint8_t *name, size_t name_len,
			       uint16_t type, struct gw_dns_reply *ret);
/** Asks over TCP. */
enum gw_dns_trouble gw_dns_ask_tcp(const struct gw_dns_peer *peer, const uint8_t *name,
				   size_t name_len, uint16_t type, struct gw_dns_reply *ret);

#define GW_DNS_TRANSFER_MAX (UINT64_C(4) << 30) /* octets */

/** Is given each message of a transfer; false ends it as GW_DNS_BROKEN. */
typedef bool gw_dns_transfer_fn(const struct gw_dns_message *message, bool *ret_last,
				void *context);
/**
 * Transfers the zone (AXFR) over TCP. `fn` says when it was the last message. `reply` has room for one
 * message, and tells of TSIG and of a refusal (its rcode).
 */
enum gw_dns_trouble gw_dns_transfer(const struct gw_dns_peer *peer, const uint8_t *zone,
				    size_t zone_len, gw_dns_transfer_fn *fn, void *context,
				    struct gw_dns_reply *reply);

#endif
