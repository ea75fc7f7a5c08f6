/*
 * Who may approve: a file in the form of OpenSSH's allowed_signers (ssh-keygen(1)), a person a line:
 *
 *	op-03 namespaces="gwctl-plan@v1",valid-before="20270331" ssh-ed25519 AAAA… comment
 *
 * and a file of keys that no longer count, "ssh-ed25519 AAAA…" a line. A person may have several keys
 * and counts once; a key of two persons is refused, because it would count for two.
 */
#ifndef GW_APPROVAL_SIGNERS_H
#define GW_APPROVAL_SIGNERS_H

#include <stdbool.h>

#include "gw/approval/sshsig.h"
#include "gw/core/diag.h"

#define GW_SIGNERS_MAX 256u

struct gw_signer {
	const char *principal;
	struct gw_octets key;
	int64_t valid_after, valid_before; /* Unix time; 0 and INT64_MAX: unlimited */
	bool revoked;
	struct gw_loc loc;
};

struct gw_signers {
	struct gw_signer *items; /* in the arena */
	size_t n;
};

/**
 * Reads the signers who may sign in `name_space`; others in the file are left out. Adds a diagnostic for
 * each line that cannot be used. True if there was none.
 */
bool gw_signers_read(const struct gw_source *source, const char *name_space, struct gw_arena *arena,
		     struct gw_diags *diags, struct gw_signers *ret);
/** Marks those whose key stands in `source`. True if every line could be read. */
bool gw_signers_revoke(struct gw_signers *signers, const struct gw_source *source,
		       struct gw_diags *diags);
/** The one with this key, or NULL. */
const struct gw_signer *gw_signers_find(const struct gw_signers *signers, struct gw_octets key);

#endif
