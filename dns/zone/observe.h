/*
 * What one server shows of a zone, at one address: facts without judgement (judge.h).
 *
 * An authoritative server is asked for SOA, NS, DNSKEY and ZONEMD with their signatures, for the addresses of
 * name servers inside the zone, once over TCP, and for the zone as a whole (AXFR), whose records are reduced
 * to a digest that does not depend on their order. A server of the parent is asked for the delegation
 * and the DS. Counts of what a server may make us keep are limited; more of it is called broken.
 */
#ifndef DNS_ZONE_OBSERVE_H
#define DNS_ZONE_OBSERVE_H

#include "dns/zone/ask.h"
#include "dns/zone/config.h"

#define GW_ZONE_SEEN_NAMES  32u /* NS, and addresses of them */
#define GW_ZONE_SEEN_KEYS   16u
#define GW_ZONE_SEEN_DS     32u
#define GW_ZONE_SEEN_SIGNED 16u

/** A name server, or one of its addresses. */
struct gw_zone_seen_address {
	struct gw_dns_name name;
	enum gw_family family;
	gw_u128 addr;
};

struct gw_zone_seen_ds {
	uint8_t rdata[4 + 64];
	uint16_t len;
};

/** How far a digest of the whole zone came. */
enum gw_zone_transfer {
	GW_ZONE_TRANSFER_NOT_TRIED,
	GW_ZONE_TRANSFER_REFUSED,
	GW_ZONE_TRANSFER_FAILED,
	GW_ZONE_TRANSFER_DONE,
};

struct gw_zone_seen {
	/* where */
	const struct gw_zone_server *server;
	const struct gw_zone_address *address;
	bool parent;
	const struct gw_tsig_key *key;

	/* whether */
	enum gw_dns_trouble trouble; /* of the first question */
	unsigned int rcode;
	bool authoritative, recursion, tcp;
	enum gw_dns_trouble tcp_trouble;
	bool tsig;
	int64_t skew;
	unsigned int tsig_error;
	unsigned int took_ms;
	bool broken; /* an answer could not be read, or held more than we keep */

	/* what */
	bool has_soa;
	uint32_t serial, refresh, expire;
	struct gw_dns_name ns[GW_ZONE_SEEN_NAMES];
	size_t n_ns;
	struct gw_zone_seen_address addresses[GW_ZONE_SEEN_NAMES]; /* inside the zone; glue */
	size_t n_addresses;
	struct gw_zone_dnskey keys[GW_ZONE_SEEN_KEYS];
	size_t n_keys;
	struct gw_zone_tags key_signers; /* of the DNSKEY RRset */
	struct gw_zone_seen_ds ds[GW_ZONE_SEEN_DS];
	size_t n_ds;
	uint32_t ds_ttl;
	uint8_t zonemd[64];
	size_t zonemd_len;

	/* signatures: of what was asked for, or of the whole zone if it was transferred */
	bool has_signatures;
	int64_t first_expiry, last_inception;
	struct gw_dns_name first_owner;
	uint16_t first_type;

	/* the whole */
	enum gw_zone_transfer transfer;
	enum gw_dns_trouble transfer_trouble;
	unsigned int transfer_rcode;
	uint64_t records;
	uint8_t digest[32];
};

/** Asks. Where to ask is set in `seen` already; `now` is Unix time, for the ends of signatures. */
void gw_zone_observe(struct gw_zone_seen *seen, const struct gw_zone_name *zone, int64_t now,
		     int64_t deadline_ms);

/** Appends what a message says to `seen`. False if it cannot be read. Pure. */
bool gw_zone_observe_message(struct gw_zone_seen *seen, const struct gw_zone_name *zone,
			     const struct gw_dns_message *message, int64_t now);

/** A digest over records in any order. */
struct gw_zone_digest_sum {
	uint64_t word[4];
	uint64_t records;
};
/** Adds a record (canonical RDATA). */
void gw_zone_digest_add(struct gw_zone_digest_sum *sum, const struct gw_dns_name *owner,
			uint16_t type, uint32_t ttl, const void *rdata, size_t len);

#endif
