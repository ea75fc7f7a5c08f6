/*
 * What people do with keys, each as one call: make the first ones, replace one, replace one in a hurry.
 * Every call leaves key file and ledger so that the next gw_zone_roll_next knows what to do; none changes
 * what is published. New keys wait for a backup (key_backup.h) before they go further.
 *
 *	struct gw_zone_key_ops ops = { .ledger = ledger, .vault = &vault, … };
 *	err = gw_zone_key_compromise(&ops, 12345, diags, &successor);
 *	err = gw_zone_backup_write(…);
 *	gw_zone_roll_plan(gw_zone_ledger_history(ledger), &timing, now, &plan);
 */
#ifndef DNS_ZONE_KEY_OPS_H
#define DNS_ZONE_KEY_OPS_H

#include "dns/zone/ledger.h"
#include "dns/zone/vault.h"

struct gw_zone_key_ops {
	struct gw_zone_ledger *ledger;
	const struct gw_zone_vault *vault;
	enum gw_crypto_profile profile;
	enum gw_zone_algorithm algorithm; /* of first keys; a successor has its predecessor's */
	unsigned int rsa_bits;            /* 0: the least that is allowed */
	const char *actor, *reason;       /* reason may be NULL */
	int64_t now;
};

/** Makes the zone's first keys: one CSK, or a KSK and a ZSK. -EEXIST: it has keys that are in use. */
int gw_zone_keys_begin(const struct gw_zone_key_ops *ops, bool csk, struct gw_diags *diags);

/** Makes a successor of a key that is in use, and starts the rollover. -EINVAL: it has one, or is not. */
int gw_zone_key_roll(const struct gw_zone_key_ops *ops, uint16_t tag, struct gw_diags *diags,
		     uint16_t *ret_successor);

/**
 * Puts on record that somebody else may have the key, and makes a successor unless it has one. The rollover
 * goes on without margins.
 */
int gw_zone_key_compromise(const struct gw_zone_key_ops *ops, uint16_t tag, struct gw_diags *diags,
			   uint16_t *ret_successor);

/** The keys that a version of the zone is signed with, each opened. Frees them with gw_zone_keys_free. */
struct gw_zone_keys {
	struct gw_zone_key *keys[GW_ZONE_LIVE_MAX];
	size_t n;
};
int gw_zone_keys_open(const struct gw_zone_ledger *ledger, const struct gw_zone_vault *vault,
		      const struct gw_zone_shown *shown, struct gw_diags *diags,
		      struct gw_zone_keys *ret);
void gw_zone_keys_free(struct gw_zone_keys *keys);

#endif
