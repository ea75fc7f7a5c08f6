/*
 * What seals the keys of a gateway's zones: one secret, stretched once (scrypt), from which each file's
 * key is derived (HKDF). So a thousand keys cost no more than one to open, and guessing the
 * passphrase costs as much as it should.
 *
 * The file `vault` in the state directory holds the salt and the cost, and a check value that tells a
 * wrong passphrase from a damaged key file. It is no secret. The secret is a passphrase file, or a
 * systemd credential (LoadCredential=, SetCredentialEncrypted=), which the service manager keeps out of
 * sight.
 */
#ifndef DNS_ZONE_VAULT_H
#define DNS_ZONE_VAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/diag.h"
#include "gw/core/text.h"

#define GW_ZONE_VAULT_ID 8u

struct gw_zone_vault {
	uint8_t id[GW_ZONE_VAULT_ID]; /* says which vault sealed something; no secret */
	uint8_t key[32];
};

/** Wipes the keys. */
void gw_zone_vault_done(struct gw_zone_vault *vault);

/**
 * Appends the secret that `source` names to `secret`: the content of a file that nobody else may read,
 * or, as "credential:NAME", a credential of the service manager's. A newline at the end is no part of it.
 * -errno with a diagnostic.
 */
int gw_zone_secret_read(const char *source, struct gw_diags *diags, struct gw_text *secret);

/**
 * Opens the vault below `state` with a secret; makes it where there is none. -EACCES: not its secret;
 * other -errno; with a diagnostic.
 */
int gw_zone_vault_open(int state, const void *secret, size_t len, struct gw_diags *diags,
		       struct gw_zone_vault *ret);

/* ---- the same in memory ----------------------------------------------------------------------- */

/** Appends a new vault's file for a secret. */
int gw_zone_vault_make(const void *secret, size_t len, struct gw_text *file,
		       struct gw_zone_vault *ret);
/** Opens a vault's file. -EBADMSG: it is none; -EACCES: not its secret. */
int gw_zone_vault_unlock(const char *file, size_t file_len, const void *secret, size_t len,
			 struct gw_zone_vault *ret);

#define GW_ZONE_SEAL_EXTRA 44u /* salt of 16, nonce of 12, tag of 16 octets */

/** Appends salt, nonce, ciphertext and tag of `plain`, bound to `context`. 0 or -EIO. */
int gw_zone_seal(const struct gw_zone_vault *vault, const void *context, size_t context_len,
		 const void *plain, size_t len, struct gw_text *sealed);
/** Appends what was sealed. -EBADMSG: not by this vault with this context, or changed since. */
int gw_zone_unseal(const struct gw_zone_vault *vault, const void *context, size_t context_len,
		   const void *sealed, size_t len, struct gw_text *plain);

#endif
