/*
 * Verifying with a DNSKEY: a session holds what OpenSSL prepares for the key, so that a thread does that once.
 *
 *	err = gw_zone_public_begin(&dnskey, &session);
 *	valid = gw_zone_public_verify(session, message, len, signature, signature_len);
 *	gw_zone_public_end(session);
 */
#ifndef DNS_ZONE_PUBLIC_KEY_H
#define DNS_ZONE_PUBLIC_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gw_zone_dnskey;
struct gw_zone_public;

/** 0; -EBADMSG: no key of its algorithm. */
int gw_zone_public_begin(const struct gw_zone_dnskey *key, struct gw_zone_public **ret);
/** Accepts NULL. */
void gw_zone_public_end(struct gw_zone_public *session);

/** True if the signature, in the form that RRSIG has, is the key's over that message. */
bool gw_zone_public_verify(struct gw_zone_public *session, const uint8_t *message, size_t len,
			   const uint8_t *signature, size_t signature_len);

#endif
