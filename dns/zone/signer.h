/*
 * What signs zones: a private key that only its maker knows how to use. Signers in files are made by
 * gw_zone_key_signer (keys.h); one in an HSM would be another set of three functions, in a helper process.
 *
 * Signatures are made in batches, because a round trip to an HSM costs more than the signature, and in
 * sessions, one for each thread, because what OpenSSL prepares for a key can be used again (18.8 µs for
 * an ECDSA P-256 signature instead of 21.8).
 *
 *	err = signer.ops->begin(&signer, &session);
 *	items[0] = (struct gw_zone_signature){ .data = octets, .len = n_octets };
 *	err = signer.ops->sign(session, items, n);
 *	… items[0].octets, items[0].n_octets                as RRSIG has it
 *	signer.ops->end(session);
 */
#ifndef DNS_ZONE_SIGNER_H
#define DNS_ZONE_SIGNER_H

#include <stddef.h>
#include <stdint.h>

struct gw_zone_dnskey;
struct gw_zone_signer;
struct gw_zone_session;

#define GW_ZONE_SIGNATURE_MAX 512u /* octets: RSA of 4096 bits */

struct gw_zone_signature {
	const void *data; /* RRSIG RDATA without signature, and the RRset (RFC 4034, 3.1.8.1) */
	size_t len;
	uint8_t octets[GW_ZONE_SIGNATURE_MAX];
	size_t n_octets;
};

struct gw_zone_signer_ops {
	/** A session for the thread that asks. 0 or -EIO. */
	int (*begin)(const struct gw_zone_signer *signer, struct gw_zone_session **ret);
	/** Makes all signatures of a batch, or -EIO: then none of them is to be used. */
	int (*sign)(struct gw_zone_session *session, struct gw_zone_signature *items, size_t n);
	/** Accepts NULL. */
	void (*end)(struct gw_zone_session *session);
};

/** Copied freely; borrows the key, which must outlive it and its sessions. */
struct gw_zone_signer {
	const struct gw_zone_signer_ops *ops;
	const struct gw_zone_dnskey *key;
	const void *context; /* the maker's */
};

#endif
