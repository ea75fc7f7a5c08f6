/* What the parts of the proof have in common; see verify.h. */
#ifndef DNS_ZONE_VERIFY_INTERNAL_H
#define DNS_ZONE_VERIFY_INTERNAL_H

#include "dns/zone/authority.h"
#include "dns/zone/verify.h"

#define GW_ZONE_VERIFY_KEYS_MAX 32u /* more would be an attack on validators (CVE-2023-50387) */
#define GW_ZONE_FINDINGS_MAX    1000u

struct gw_zone_public;

/** How the zone denies names. */
enum gw_zone_chain {
	GW_ZONE_CHAIN_NONE,
	GW_ZONE_CHAIN_NSEC,
	GW_ZONE_CHAIN_NSEC3,
};

struct gw_zone_fault {
	size_t at; /* record: findings are told in its order */
	enum gw_diag_id id;
	bool warning;
	const char *message;
};
/** Of one thread: what it found, and what it works with. */
struct gw_zone_hand {
	struct gw_arena *arena;
	struct gw_zone_fault *findings; /* heap */
	size_t n, capacity;
	struct gw_zone_public *keys[GW_ZONE_VERIFY_KEYS_MAX]; /* sessions */
	struct gw_text message;                               /* what is signed */
};

struct gw_zone_checked {
	const struct gw_zone_store *zone;
	const struct gw_zone_proof *proof;
	struct gw_zone_owner *owners; /* heap */
	size_t n_owners;
	struct gw_zone_dnskey keys[GW_ZONE_VERIFY_KEYS_MAX]; /* those that sign */
	size_t n_keys;
	uint8_t algorithms[GW_ZONE_VERIFY_KEYS_MAX]; /* theirs */
	size_t n_algorithms;
	uint32_t key_signers; /* bits of keys whose signature of the DNSKEY RRset holds */
	uint32_t negative_ttl;
	enum gw_zone_chain chain;
	struct gw_zone_hand *hands; /* heap; one for each thread */
	unsigned int n_hands;
};

/** Adds a finding about the record. */
void gw_zone_find_error(struct gw_zone_hand *hand, enum gw_diag_id id, size_t at,
			const char *format, ...) __attribute__((format(printf, 4, 5)));
void gw_zone_find_warning(struct gw_zone_hand *hand, enum gw_diag_id id, size_t at,
			  const char *format, ...) __attribute__((format(printf, 4, 5)));
/** "www.example. A", in the hand's arena. */
const char *gw_zone_rr_text(struct gw_zone_hand *hand, const struct gw_zone_rr *rr);
const char *gw_zone_wire_text(struct gw_zone_hand *hand, const uint8_t *name, size_t len);

/** The length of the name that begins at `octets` and ends within `len`; 0: none does. */
size_t gw_zone_wire_name(const uint8_t *octets, size_t len);

/** True for a name that is there for its NSEC3 alone. */
bool gw_zone_is_hash_owner(const struct gw_zone_checked *checked,
			   const struct gw_zone_owner *owner);

/* verify_apex.c */
bool gw_zone_check_apex(struct gw_zone_checked *checked, struct gw_zone_hand *hand);
void gw_zone_check_trust(struct gw_zone_checked *checked, struct gw_zone_hand *hand);
void gw_zone_check_zonemd(const struct gw_zone_checked *checked, struct gw_zone_hand *hand);
/* verify_sets.c: one name */
void gw_zone_check_signatures(struct gw_zone_checked *checked, struct gw_zone_hand *hand,
			      const struct gw_zone_owner *owner);
/* verify_nsec.c: one name; verify_nsec3.c: all */
void gw_zone_check_nsec(const struct gw_zone_checked *checked, struct gw_zone_hand *hand,
			size_t owner);
void gw_zone_check_nsec3(const struct gw_zone_checked *checked, struct gw_zone_hand *hand);
/** Whether the bitmap of NSEC or NSEC3 has exactly the types of this name (NULL: none), and those in `extra`. */
bool gw_zone_types_are(const struct gw_zone_checked *checked, const struct gw_zone_owner *owner,
		       const uint8_t *bitmap, size_t len, bool has_signatures);
/* verify_glue.c: all */
void gw_zone_check_delegations(const struct gw_zone_checked *checked, struct gw_zone_hand *hand);

#endif
