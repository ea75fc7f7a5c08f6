/*
 * Keys that sign zones: DNSKEY and what is derived from it (key tag, DS, CDS, CDNSKEY), making, sealing
 * and using the private half.
 *
 * A private key is one file, `keys/TAG` in its zone's folder, mode 0600. Its head is text that says
 * whose key it is; the key itself is sealed with AES-256-GCM under a key of the vault (vault.h) and
 * bound to that head, so that neither can be changed or moved to another zone unnoticed. Users of a key
 * see `struct gw_zone_signer` (signer.h) alone: a key in an HSM is another maker of such signers.
 *
 * Within a zone a key is known by its tag. Two keys with one tag cannot be told apart by validators but
 * by trying both, and operators mix them up; no key gets a tag that a key of the zone, present or past,
 * has or would have with its REVOKE bit (RFC 5011) set.
 *
 *	err = gw_zone_key_generate(&zone, GW_ZONE_KSK, GW_ZONE_ECDSAP256SHA256, 0, taken, n_taken, &key);
 *	err = gw_zone_key_write(folder, vault, key);
 *	…
 *	err = gw_zone_key_read(folder, vault, &zone, tag, diags, &key);
 *	gw_zone_key_signer(key, &signer);
 *	gw_zone_key_free(key);
 */
#ifndef DNS_ZONE_KEYS_H
#define DNS_ZONE_KEYS_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "dns/zone/zone_name.h"
#include "gw/core/attributes.h"
#include "gw/core/diag.h"
#include "gw/core/text.h"
#include "gw/policy/settings.h"

/* ---- algorithms ------------------------------------------------------------------------------- */

/** IANA's numbers. What is not here (SHA-1, DSA, GOST, MD5) is refused: RFC 9904, 9905, 9906. */
enum gw_zone_algorithm {
	GW_ZONE_RSASHA256 = 8,
	GW_ZONE_ECDSAP256SHA256 = 13, /* default */
	GW_ZONE_ECDSAP384SHA384 = 14,
	GW_ZONE_ED25519 = 15,
	GW_ZONE_ED448 = 16,
};

#define GW_ZONE_RSA_BITS_MIN 2048u
#define GW_ZONE_RSA_BITS_MAX 4096u

/** "ECDSAP256SHA256"; NULL for a number that is none of ours. */
const char *gw_zone_algorithm_name(uint8_t number);
/** By that name or the number as text; false: none of ours. */
bool gw_zone_algorithm_by_name(const char *name, enum gw_zone_algorithm *ret);
/** Whether `crypto: {profile: …}` permits to sign zones with it. */
bool gw_zone_algorithm_allowed(enum gw_zone_algorithm algorithm, enum gw_crypto_profile profile);

/* ---- the public half -------------------------------------------------------------------------- */

enum gw_zone_role {
	GW_ZONE_KSK, /* signs the DNSKEY RRset; the parent's DS refers to it */
	GW_ZONE_ZSK, /* signs everything else */
	GW_ZONE_CSK, /* does both */
};
/** "ksk", "zsk", "csk". */
extern const char *const gw_zone_role_names[3];
/** True if the parent has (is to have) a DS of it. */
static inline bool gw_zone_role_signs_keys(enum gw_zone_role role)
{
	return role != GW_ZONE_ZSK;
}
static inline bool gw_zone_role_signs_zone(enum gw_zone_role role)
{
	return role != GW_ZONE_KSK;
}

#define GW_ZONE_DNSKEY_MAX 1024u /* octets of RDATA: RSA of 4096 bits takes 519 */
#define GW_ZONE_DS_MAX     52u   /* with SHA-384 */

struct gw_zone_dnskey {
	uint16_t tag;
	uint8_t algorithm;
	uint16_t len;
	uint8_t rdata[GW_ZONE_DNSKEY_MAX]; /* flags, protocol, algorithm, key */
};

/** The tag of DNSKEY RDATA (RFC 4034, appendix B); 0 for less than its four fixed octets. */
uint16_t gw_zone_key_tag(const uint8_t *rdata, size_t len);
/** Takes DNSKEY RDATA apart; -EBADMSG: not that of a zone key with an algorithm of ours. */
int gw_zone_dnskey_parse(const uint8_t *rdata, size_t len, struct gw_zone_dnskey *ret);
/** True if the tag, or the one with the REVOKE bit set, is among `taken` or so theirs is. */
bool gw_zone_tag_collides(const struct gw_zone_dnskey *key,
			  const struct gw_zone_dnskey *const *taken, size_t n_taken);

/** Kinds of DS: RFC 4509 and 6605. SHA-1 is refused. */
enum gw_zone_digest {
	GW_ZONE_DIGEST_SHA256 = 2, /* default */
	GW_ZONE_DIGEST_SHA384 = 4,
};
/** DS RDATA (and CDS RDATA, which is the same) of a key. Returns its length. */
size_t gw_zone_ds(const struct gw_zone_name *zone, const struct gw_zone_dnskey *key,
		  enum gw_zone_digest digest, uint8_t ret[GW_ZONE_DS_MAX]);
/** True if DS RDATA is one of this key, by either digest. */
bool gw_zone_ds_is_of(const struct gw_zone_name *zone, const struct gw_zone_dnskey *key,
		      const uint8_t *rdata, size_t len);
/** Appends DS RDATA in presentation form: "12345 13 2 AB12…". */
void gw_zone_ds_text(const uint8_t *rdata, size_t len, struct gw_text *out);
/** Appends DNSKEY (and CDNSKEY) RDATA in presentation form: "257 3 13 base64". */
void gw_zone_dnskey_text(const struct gw_zone_dnskey *key, struct gw_text *out);

/** RDATA that asks the parent to delete all DS (RFC 8078, section 4). */
extern const uint8_t gw_zone_cds_delete[5];     /* CDS 0 0 0 00 */
extern const uint8_t gw_zone_cdnskey_delete[5]; /* CDNSKEY 0 3 0 AA== */

/* ---- the private half ------------------------------------------------------------------------- */

struct gw_zone_vault;
struct gw_zone_signer;

/** A key with its private half. Opaque but for what everybody may know. */
struct gw_zone_key {
	struct gw_zone_name zone;
	enum gw_zone_role role;
	int64_t created;
	struct gw_zone_dnskey public_;
	EVP_PKEY *private_;
};

/** Accepts NULL; the private half is wiped by OpenSSL. */
void gw_zone_key_free(struct gw_zone_key *key);

struct gw_zone_key_wish {
	const struct gw_zone_name *zone;
	enum gw_zone_role role;
	enum gw_zone_algorithm algorithm;
	enum gw_crypto_profile profile;
	unsigned int rsa_bits; /* 0: 2048 */
	int64_t now;
	/* All keys that the zone ever had. */
	const struct gw_zone_dnskey *const *taken;
	size_t n_taken;
};

/**
 * Makes a key whose tag is free. -EPERM with a diagnostic: the algorithm or size is not allowed;
 * -EEXIST: no free tag was found in many attempts; -EIO: OpenSSL failed.
 */
int gw_zone_key_generate(const struct gw_zone_key_wish *wish, struct gw_diags *diags,
			 struct gw_zone_key **ret);

/** Appends the private half as unencrypted PKCS #8 (DER): secret, for backups alone. -EIO. */
int gw_zone_key_export(const struct gw_zone_key *key, struct gw_text *secret);
/**
 * Makes a key of PKCS #8. Role, creation time and public half are those of `like` (private_ unused);
 * -EBADMSG: not a key, or not the one whose public half that is.
 */
int gw_zone_key_import(const struct gw_zone_key *like, const void *der, size_t len,
		       struct gw_zone_key **ret);

/** Proves that private and public half belong together: signs a challenge, and verifies it. 0 or -EBADMSG. */
int gw_zone_key_prove(const struct gw_zone_key *key);

/** What signs with the key, which must outlive it; see signer.h. */
void gw_zone_key_signer(const struct gw_zone_key *key, struct gw_zone_signer *ret);

/* ---- key files -------------------------------------------------------------------------------- */

/** Writes `keys/TAG` below the zone's folder: 0600, synced, whole or not at all. 0 or -errno. */
int gw_zone_key_write(int folder, const struct gw_zone_vault *vault, const struct gw_zone_key *key);
/**
 * Reads and opens `keys/TAG` of this zone. -errno with a diagnostic: unreadable, readable by others, of
 * another zone or vault, tampered with.
 */
int gw_zone_key_read(int folder, const struct gw_zone_vault *vault, const struct gw_zone_name *zone,
		     uint16_t tag, struct gw_diags *diags, struct gw_zone_key **ret);
/** The same on bytes that were read already; `path` is for messages. */
int gw_zone_key_open(const struct gw_zone_vault *vault, const struct gw_zone_name *zone,
		     const char *path, const char *bytes, size_t len, struct gw_diags *diags,
		     struct gw_zone_key **ret);

#endif
