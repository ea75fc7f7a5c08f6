/* What the parts of signing have in common; see sign.h. */
#ifndef DNS_ZONE_SIGN_INTERNAL_H
#define DNS_ZONE_SIGN_INTERNAL_H

#include "dns/zone/authority.h"
#include "dns/zone/sign.h"

/* ---- sign_apex.c: what is in the zone before its chain and signatures ----------------------------- */

struct gw_zone_composed {
	struct gw_zone_store zone;
	uint8_t *soa;    /* RDATA, to write the serial to */
	uint8_t *zonemd; /* NULL: none is asked for */
	size_t soa_len;
	uint32_t file_serial, previous_serial;
	bool has_previous;
	uint32_t negative_ttl, max_ttl;
};

/** -EINVAL, with a diagnostic. gw_zone_done on the zone in any case. */
int gw_zone_compose(const struct gw_zone_store *zone, const struct gw_zone_store *previous,
		    const struct gw_zone_signing *signing, struct gw_diags *diags,
		    struct gw_zone_composed *ret);
/** Writes it into SOA and ZONEMD. */
void gw_zone_compose_serial(const struct gw_zone_composed *composed, uint32_t serial);

/* ---- sign_sets.c: which signatures can stay ------------------------------------------------------- */

/** A signature to be made. */
struct gw_zone_sign_job {
	const struct gw_zone_rr *set;
	size_t n;
	size_t key;     /* index */
	uint8_t *rdata; /* of the RRSIG: room for all of it */
	size_t len;
};
struct gw_zone_sign_jobs {
	struct gw_zone_sign_job *items; /* heap */
	size_t n, capacity;
};

/** A stretch of the zone, with signatures that are still to be made. */
struct gw_zone_sign_part {
	struct gw_zone_store out;
	struct gw_zone_store sigs;           /* of one name, while it is walked */
	struct gw_zone_sign_jobs jobs, last; /* `last`: after all others, for ZONEMD digests them */
	size_t kept;
	bool changed;
};

/** Puts a part together: the names from…to of the complete zone, each with its signatures. */
void gw_zone_sign_walk(const struct gw_zone_store *complete, const struct gw_zone_owner *owners,
		       size_t from, size_t to, const struct gw_zone_store *previous,
		       const struct gw_zone_signing *signing, struct gw_zone_sign_part *part);

/* ---- sign_jobs.c ---------------------------------------------------------------------------------- */

/** The octets of the key's signatures. */
size_t gw_zone_signature_len(const struct gw_zone_dnskey *key);
/** When a signature of this RRset that is made now ends: spread by a hash of name and type. */
uint32_t gw_zone_signature_ends(const struct gw_zone_signing *signing,
				const struct gw_zone_rr *set);
/** Writes the RDATA but for the signature. */
void gw_zone_sign_head(const struct gw_zone_store *zone, const struct gw_zone_signing *signing,
		       const struct gw_zone_sign_job *job);
/** Makes all of them, behind their heads. 0 or -EIO. */
int gw_zone_sign_jobs(const struct gw_zone_store *zone, const struct gw_zone_signing *signing,
		      const struct gw_zone_sign_jobs *jobs);

/** The octets of RRSIG RDATA before the signer's name. */
#define GW_ZONE_RRSIG_FIXED 18u

static inline size_t gw_zone_rrsig_head(const struct gw_zone_store *zone)
{
	return GW_ZONE_RRSIG_FIXED + zone->apex_len;
}

#endif
