/*
 * Signatures of OpenSSH over files (SSHSIG, PROTOCOL.sshsig): parsed and verified in this process, so that
 * who approved a plan does not depend on a program that is run. Keys: Ed25519, ECDSA over the three
 * NIST curves, RSA with SHA-2, and both kinds of FIDO keys (sk-).
 *
 *	struct gw_sshsig signature;
 *	err = gw_sshsig_parse(text, len, arena, &signature, &why);
 *	if (!err)
 *		err = gw_sshsig_verify(&signature, "gwctl-plan@v1", message, message_len, &why);
 *	… and is signature.key one that we know? see signers.h
 */
#ifndef GW_APPROVAL_SSHSIG_H
#define GW_APPROVAL_SSHSIG_H

#include <stddef.h>
#include <stdint.h>

#include "gw/core/arena.h"

#define GW_SSHSIG_TEXT_MAX 16384u /* characters of the armoured form */
#define GW_SSH_RSA_MIN     3072u  /* bits */

struct gw_octets {
	const uint8_t *bytes;
	size_t len;
};

/** All parts are in the arena. */
struct gw_sshsig {
	struct gw_octets key; /* the public key as it stands in known files, decoded */
	struct gw_octets name_space, hash, signature;
};

/**
 * Takes the armoured text apart: one signature and nothing else but white space around it. -EBADMSG
 * with the reason in `*why`, a constant.
 */
int gw_sshsig_parse(const char *text, size_t len, struct gw_arena *arena, struct gw_sshsig *ret,
		    const char **why);

/**
 * 0 if the signature is that of its key over the message, in exactly this namespace. -EKEYREJECTED
 * with the reason in `*why`. Whether the key counts is not looked at.
 */
int gw_sshsig_verify(const struct gw_sshsig *signature, const char *name_space, const void *message,
		     size_t len, const char **why);

/** A public key of a kind that we accept? Else the reason in `*why`. */
int gw_ssh_key_check(struct gw_octets key, const char **why);

#endif
