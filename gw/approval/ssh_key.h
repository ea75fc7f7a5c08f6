/* Public keys of SSH as OpenSSL has them. Internal to gw/approval. */
#ifndef GW_APPROVAL_SSH_KEY_H
#define GW_APPROVAL_SSH_KEY_H

#include <openssl/evp.h>
#include <stdbool.h>

#include "gw/approval/sshsig.h"

enum gw_ssh_kind {
	GW_SSH_ED25519,
	GW_SSH_ECDSA,
	GW_SSH_RSA,
};

/** A kind of key: its name, and how its signatures are made. */
struct gw_ssh_type {
	const char *name; /* in the key */
	enum gw_ssh_kind kind;
	const char *curve;  /* ECDSA: SSH's name */
	const char *group;  /* ECDSA: OpenSSL's */
	const char *digest; /* ECDSA */
	bool fido;          /* sk-: signed by an authenticator */
};

struct gw_ssh_key {
	const struct gw_ssh_type *type;
	struct gw_octets application; /* FIDO */
	EVP_PKEY *pkey;               /* NULL until it is made */
};

/** Reads a public key. -EBADMSG with the reason. The caller frees `pkey`. */
int gw_ssh_key_read(struct gw_octets octets, struct gw_ssh_key *ret, const char **why);

#endif
