/*
 * Signing as a person: by ssh-keygen, which knows agents and FIDO keys and asks for PINs.
 */
#ifndef GW_CTL_SIGN_H
#define GW_CTL_SIGN_H

#include "gw/approval/sshsig.h"
#include "gw/ctl/ctl.h"

/** The key to sign with: what the option `key` names, or the first of the usual ones; NULL: none. */
const char *gw_ctl_sign_key(struct gw_ctl *ctl);

/** The public half of the key in that file, in the arena; no octets if it cannot be read. */
struct gw_octets gw_ctl_public_key(struct gw_ctl *ctl, const char *key);

/**
 * Signs `text` in `name_space` with the key in that file (the public half is enough if an agent holds the
 * private one). The signature, in the arena, is one that we accept; NULL after a diagnostic.
 */
const char *gw_ctl_sign(struct gw_ctl *ctl, const char *key, const char *name_space,
			const char *text);

#endif
