/*
 * Signing a zone (RFC 4034, 4035): DNSKEY, the NSEC chain and a signature for every RRset that the zone is
 * authoritative for. Pure: keys, times and threads are arguments; the same arguments give the same zone
 * where the algorithm is deterministic.
 *
 *	struct gw_zone_signing signing = { .keys = keys, .n_keys = 2, .published = published, … };
 *	err = gw_zone_sign(&data, &signing);
 *
 * Left unsigned: NS at a delegation, and all below it or below DNAME (glue). What an earlier signing has left
 * in the data (RRSIG, NSEC, NSEC3, NSEC3PARAM, DNSKEY) is dropped first.
 */
#ifndef DNS_ZONE_SIGN_H
#define DNS_ZONE_SIGN_H

#include "dns/zone/keys.h"
#include "dns/zone/lint.h"
#include "dns/zone/signer.h"

/** A key that signs: the DNSKEY RRset with CDS and CDNSKEY, or all the rest, or both. */
struct gw_zone_signing_key {
	struct gw_zone_signer signer;
	bool keys, zone;
};

struct gw_zone_signing {
	const struct gw_zone_signing_key *keys;
	size_t n_keys;
	const struct gw_zone_dnskey *const *published; /* the DNSKEY RRset */
	size_t n_published;
	uint32_t dnskey_ttl;
	/* Unix time. Each signature ends up to `jitter_s` earlier, by a hash of its name and type, so that not
	 * all have to be made again at once. */
	int64_t inception, expiration;
	uint32_t jitter_s;
	unsigned int threads; /* 0: one for each processor */
};

/**
 * Signs; the data is in canonical order then. 0; -EINVAL: no SOA at the apex, or no key for one of the two
 * tasks; -EIO: a signer failed, and the data must not be used.
 */
int gw_zone_sign(struct gw_zone_data *data, const struct gw_zone_signing *signing);

#endif
