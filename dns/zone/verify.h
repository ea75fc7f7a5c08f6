/*
 * The proof that a signed zone is right, before anybody sees it. Nothing is taken over from signing: the records alone
 * are looked at, as a validator and a secondary would, all of them:
 *
 *	- every RRset that must be signed is, by every algorithm of the DNSKEY RRset, with TTL, labels and times
 *	  that fit, and by keys that the trust leads to; no signature is there that should not be;
 *	- the chain of NSEC or NSEC3 leads through all names and back, with exactly the types that there are;
 *	- delegations have DS that can be used and the addresses that they need; nothing else is hidden there;
 *	- ZONEMD is the digest of the zone; CDS and CDNSKEY speak of its keys.
 *
 *	const struct gw_zone_proof proof = { .now = now, .left = refresh, .ds = ds, .n_ds = 1 };
 *	if (gw_zone_verify(&zone, &proof, diags))
 *		… publish …
 *
 * Findings are diagnostics GW2211 to GW2225. Errors would make validators or secondaries refuse something; the rest are
 * warnings. Pure but for its threads.
 */
#ifndef DNS_ZONE_VERIFY_H
#define DNS_ZONE_VERIFY_H

#include "dns/zone/keys.h"
#include "dns/zone/zone.h"

/** RDATA of a DS that the parent has. */
struct gw_zone_trust {
	uint8_t rdata[GW_ZONE_DS_MAX];
	size_t len;
};

struct gw_zone_proof {
	int64_t now;
	uint32_t left; /* seconds for which each signature must stay valid */
	/* One of them at least must lead to a key that signs the DNSKEY RRset; none: the parent has none yet. */
	const struct gw_zone_trust *ds;
	size_t n_ds;
	bool zonemd;          /* there must be one */
	unsigned int threads; /* 0: one for each processor */
};

/** True if there are no errors; else, or with warnings, after adding diagnostics. The zone is sorted. */
bool gw_zone_verify(const struct gw_zone_store *zone, const struct gw_zone_proof *proof,
		    struct gw_diags *diags);

#endif
