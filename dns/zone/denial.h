/*
 * Denial of existence: a chain of records that says which names and types there are, so that a signed answer can
 * say that there are no others. NSEC (RFC 4034, 4) names them in order; NSEC3 (RFC 5155) by their SHA-1, so that the
 * zone cannot be walked in passing; as RFC 9276 wants it: no further iterations, no salt. With opt-out
 * the chain leaves out delegations without DS.
 */
#ifndef DNS_ZONE_DENIAL_H
#define DNS_ZONE_DENIAL_H

#include "dns/zone/authority.h"
#include "dns/zone/config.h"

#define GW_ZONE_HASH      20u
#define GW_ZONE_HASH_TEXT 32u /* in base32hex */
#define GW_ZONE_NSEC3_FIXED                                                                        \
	5u /* octets before the salt: algorithm, flags, iterations, length of the salt */
#define GW_ZONE_OPT_OUT        1u /* flag of NSEC3 */
#define GW_ZONE_NSEC3PARAM_LEN 5u /* without salt */

/**
 * `ret` gets the records of `zone`, which it borrows, and the chain; without signatures. -EEXIST: two names have one
 * hash; -ENAMETOOLONG: no hash fits before the zone's name. gw_zone_done in any case.
 */
int gw_zone_deny(const struct gw_zone_store *zone, enum gw_zone_denial denial, uint32_t ttl,
		 unsigned int threads, struct gw_zone_store *ret);

/** A name that a chain of NSEC3 covers. */
struct gw_zone_hashed {
	uint8_t hash[GW_ZONE_HASH];
	uint8_t name_len;
	const uint8_t *name;
	const struct gw_zone_owner *owner; /* NULL: an empty non-terminal */
};

/**
 * All names that a chain of NSEC3 has to cover, empty non-terminals too, in order of their hashes; on the heap. With
 * `opt_out` without delegations that have no DS, and without what exists for their sake alone.
 */
size_t gw_zone_hash_names(const struct gw_zone_store *zone, const struct gw_zone_owner *owners,
			  size_t n, bool opt_out, unsigned int threads,
			  struct gw_zone_hashed **ret);

/** base32hex of RFC 4648 in lower case. */
void gw_zone_hash_text(const uint8_t hash[GW_ZONE_HASH], uint8_t ret[GW_ZONE_HASH_TEXT]);
/** False: it is not 32 digits of it. */
bool gw_zone_hash_parse(const uint8_t *text, size_t len, uint8_t ret[GW_ZONE_HASH]);

#endif
