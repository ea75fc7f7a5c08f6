/*
 * Signing a zone (RFC 4034, 4035): DNSKEY, CDS and CDNSKEY, the proof of denial, a signature for every RRset that the
 * zone is authoritative for, ZONEMD. Pure: keys, times and threads are arguments; the same arguments give the same
 * zone where the algorithm is deterministic.
 *
 *	struct gw_zone_signing signing = { .policy = config, .keys = keys, .n_keys = 2, .published = …, .now = now };
 *	err = gw_zone_sign(&zone, previous, &signing, diags, &ret);
 *	… ret.zone, ret.changed …
 *	gw_zone_done(&ret.zone);
 *
 * Everything but the signatures is made anew each time, which takes moments; then RRset by RRset is compared with
 * the zone signed before, and where it is the same, so are its signatures until `refresh` is due. So what
 * comes out does not depend on how one got there, and what did not change is the same octet by octet. Where
 * nothing changed at all, the zone before is what comes out, with its serial.
 *
 * Left unsigned: NS at a delegation, and all below it or below DNAME (glue). What an earlier signing has left
 * in the data (RRSIG, NSEC, NSEC3; at the apex NSEC3PARAM, DNSKEY, CDS, CDNSKEY, ZONEMD) is dropped first; RRsets
 * get the least TTL of their records (RFC 2181, 5.2).
 */
#ifndef DNS_ZONE_SIGN_H
#define DNS_ZONE_SIGN_H

#include "dns/zone/config.h"
#include "dns/zone/keys.h"
#include "dns/zone/signer.h"
#include "dns/zone/zone.h"

/** A key that signs: the DNSKEY RRset with CDS and CDNSKEY, or all the rest, or both. */
struct gw_zone_signing_key {
	struct gw_zone_signer signer;
	bool keys, zone;
};

#define GW_ZONE_SIGNING_KEYS_MAX 32u

struct gw_zone_signing {
	/* denial, serial, zonemd, signatures, policy.timing.dnskey_ttl and the name are what is asked of it. */
	const struct gw_zone_config *policy;
	const struct gw_zone_signing_key *keys;
	size_t n_keys;
	const struct gw_zone_dnskey *const *published; /* the DNSKEY RRset */
	size_t n_published;
	/* For which keys the parent is to have DS (CDS and CDNSKEY; RFC 7344); none: both are left out. */
	const struct gw_zone_dnskey *const *cds;
	size_t n_cds;
	bool cds_delete; /* the parent is to delete all DS (RFC 8078, 4) */
	int64_t now;
	unsigned int threads; /* 0: one for each processor */
};

struct gw_zone_signed {
	struct gw_zone_store zone; /* borrows from what it was made of */
	uint32_t serial;
	bool changed;      /* from the one before */
	size_t made, kept; /* signatures */
};

/**
 * Signs; without any key, makes the next version of an unsigned zone: serial, ZONEMD. `zone` and `previous` (NULL: all is signed) are sorted, and must outlive the result.
 * 0; with a diagnostic -EINVAL: no SOA at the apex, no key for one of the two tasks, or another zone's `previous`;
 * -EPERM: the policy's times do not fit SOA and TTLs; -ERANGE: the serial would not be newer; -EEXIST: see denial.h;
 * -EIO: a signer failed. `ret->zone` is empty then.
 */
int gw_zone_sign(const struct gw_zone_store *zone, const struct gw_zone_store *previous,
		 const struct gw_zone_signing *signing, struct gw_diags *diags,
		 struct gw_zone_signed *ret);

#endif
