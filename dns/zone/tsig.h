/*
 * TSIG (RFC 8945): questions and transfers that only holders of a shared key can have made.
 *
 *	gw_tsig_begin(&session, &key);
 *	gw_tsig_sign(&session, now, &query);
 *	result = gw_tsig_verify(&session, &message, now);      each message of the answer
 */
#ifndef DNS_ZONE_TSIG_H
#define DNS_ZONE_TSIG_H

#include <openssl/types.h>

#include "dns/zone/message.h"
#include "gw/core/diag.h"

#define GW_TSIG_SECRET_MAX 256u
#define GW_TSIG_MAC_MAX    64u
#define GW_TSIG_FUDGE      300u /* seconds that clocks may be apart */

struct gw_tsig_key {
	struct gw_dns_name name, algorithm;
	const char *digest; /* as OpenSSL calls it */
	uint8_t secret[GW_TSIG_SECRET_MAX];
	size_t secret_len;
};

/**
 * Reads a key from a file as tsig-keygen writes it (`key "name" { algorithm hmac-sha256; secret "…"; };`),
 * or from one line `hmac-sha256:name:secret`. HMAC-MD5 and SHA-1 are refused. -errno with a diagnostic.
 */
int gw_tsig_read(const char *path, struct gw_loc loc, struct gw_diags *diags,
		 struct gw_tsig_key *ret);
/** The same on text. NULL, or what is wrong with it (constant). */
const char *gw_tsig_parse(const char *text, struct gw_tsig_key *ret);

/** A question and the messages that answer it. */
struct gw_tsig_session {
	const struct gw_tsig_key *key;
	EVP_MAC_CTX *mac; /* over what has come since the last MAC */
	uint8_t last[GW_TSIG_MAC_MAX];
	size_t last_len;
	unsigned int messages, unsigned_; /* unsigned ones since the last MAC */
	int64_t skew;                     /* the server's clock, less ours, when it last said */
	unsigned int error;               /* that the server has given */
};

void gw_tsig_begin(struct gw_tsig_session *session, const struct gw_tsig_key *key);
void gw_tsig_end(struct gw_tsig_session *session);
/** Appends a TSIG record to a whole query. */
void gw_tsig_sign(struct gw_tsig_session *session, int64_t now, struct gw_text *query);
/**
 * Judges the next message of the answer. 0: proved, or (within a transfer) to be proved by a later
 * one; `last` says that none follows. -EKEYREJECTED: not made with the key, or the server says so
 * (session->error); -EBADMSG.
 */
int gw_tsig_verify(struct gw_tsig_session *session, const struct gw_dns_message *message, bool last,
		   int64_t now);

#endif
