/*
 * `gwctl zone …`: the operator's side of zones. What its commands share.
 *
 * Keys and ledgers live in the folder `dns` of the state directory, which belongs to whoever runs these
 * commands; gwd has no part in it but the audit trail. Every step is on record there where gwd runs; the ledger
 * keeps what it could not tell until it can.
 */
#ifndef DNS_ZONE_COMMANDS_H
#define DNS_ZONE_COMMANDS_H

#include "dns/zone/config.h"
#include "dns/zone/key_ops.h"
#include "dns/zone/ledger.h"
#include "dns/zone/vault.h"
#include "gw/ctl/ctl.h"

extern const struct gw_command gw_zone_commands[];

/* ---- which zones (commands.c) ----------------------------------------------------------------- */

/** The config's zones; NULL after diagnostics. */
const struct gw_zones_config *gw_zone_ctl_config(struct gw_ctl *ctl);
/** The config's `crypto: {profile: …}`, once it was read. */
enum gw_crypto_profile gw_zone_ctl_profile(const struct gw_ctl *ctl);
/** The zone called `name`; NULL after a usage error. */
const struct gw_zone_config *
gw_zone_ctl_find(struct gw_ctl *ctl, const struct gw_zones_config *zones, const char *name);
/**
 * The zones that the arguments name; all of the config without arguments. GW_EXIT_INVALID or GW_EXIT_USAGE
 * after a diagnostic. In the arena.
 */
enum gw_exit gw_zone_ctl_zones(struct gw_ctl *ctl, const struct gw_zone_config *const **ret,
			       size_t *ret_n);

/* ---- their state (desk.c) --------------------------------------------------------------------- */

/** What a command works on. Starts as all zeroes; gw_zone_desk_done. */
struct gw_zone_desk {
	struct gw_ctl *ctl;
	int state; /* folder */
	bool open;
	struct gw_zone_vault vault;
	struct gw_zone_ledger *ledger;
	bool untold; /* something could not be put on record with gwd */
};

/** Opens the folder; with `make` makes it first. GW_EXIT_FAILED after a diagnostic. */
enum gw_exit gw_zone_desk_open(struct gw_ctl *ctl, bool make, struct gw_zone_desk *ret);
/** Opens the vault with the secret of the config. GW_EXIT_FAILED or GW_EXIT_INVALID. */
enum gw_exit gw_zone_desk_vault(struct gw_zone_desk *desk, const struct gw_zones_config *zones);
/** Opens a zone's ledger to write, in place of the one before, and connects it with the audit trail. */
enum gw_exit gw_zone_desk_ledger(struct gw_zone_desk *desk, const struct gw_zone_name *zone);
/** Opens it to look; GW_EXIT_OK with ledger NULL where the zone has none. */
enum gw_exit gw_zone_desk_look(struct gw_zone_desk *desk, const struct gw_zone_name *zone);
void gw_zone_desk_done(struct gw_zone_desk *desk);
/** Says that gwd was not there, if so, in what the command prints. */
void gw_zone_desk_say_untold(const struct gw_zone_desk *desk);

/**
 * Puts an event on record. Takes `detail` over (NULL: none). False if gwd refuses or does not run; the
 * latter is noted for gw_zone_desk_say_untold.
 */
bool gw_zone_desk_record(struct gw_zone_desk *desk, const struct gw_zone_name *zone,
			 const char *event, bool failed, const char *reason, json_t *detail);

/** The number of a key; false after a usage error. */
bool gw_zone_ctl_tag(struct gw_ctl *ctl, const char *text, uint16_t *ret);
/** What gw_zone_key_… need. */
struct gw_zone_key_ops gw_zone_desk_ops(const struct gw_zone_desk *desk,
					const struct gw_zone_config *zone, const char *reason);

/* ---- the commands ----------------------------------------------------------------------------- */

enum gw_exit gw_cmd_zone_lint(struct gw_ctl *ctl);
enum gw_exit gw_cmd_zone_compare(struct gw_ctl *ctl);
enum gw_exit gw_cmd_zone_status(struct gw_ctl *ctl);
enum gw_exit gw_cmd_zone_keys(struct gw_ctl *ctl);
enum gw_exit gw_cmd_zone_roll(struct gw_ctl *ctl);
enum gw_exit gw_cmd_zone_compromise(struct gw_ctl *ctl);
enum gw_exit gw_cmd_zone_backup(struct gw_ctl *ctl);
enum gw_exit gw_cmd_zone_restore(struct gw_ctl *ctl);
enum gw_exit gw_cmd_zone_plan(struct gw_ctl *ctl);
enum gw_exit gw_cmd_zone_sign(struct gw_ctl *ctl);
enum gw_exit gw_cmd_zone_verify(struct gw_ctl *ctl);
enum gw_exit gw_cmd_zone_publish(struct gw_ctl *ctl);
enum gw_exit gw_cmd_zone_export_ds(struct gw_ctl *ctl);

#endif
