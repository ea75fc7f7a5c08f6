/*
 * Backups of keys and ledgers: one file for all zones, sealed under a passphrase of its own, that
 * alone brings everything back on another machine. A backup counts once it has been restored: the file
 * is read from disk as a restore would read it, and every key in it is opened, compared with its DNSKEY
 * and made to sign. Only then do the ledgers say `backed-up`.
 *
 *	gw.zone-backup/1
 *	gw.zone-vault/1 …                       salt and cost of this backup's passphrase
 *	sealed { zones/FOLDER/ledger            an archive (ustar), sealed in one piece
 *	         zones/FOLDER/keys/TAG }        PKCS #8
 *
 * After a disaster a ledger that comes from a backup knows nothing of what was published since. The
 * audit trail does (gw_zone_ledger_rebuild); without it, put on record what the servers of zone and parent
 * show (`publish`, `published`, `seen`) before anything else.
 */
#ifndef DNS_ZONE_KEY_BACKUP_H
#define DNS_ZONE_KEY_BACKUP_H

#include "dns/zone/ledger.h"
#include "dns/zone/vault.h"

#define GW_ZONE_BACKUP_MAX (256u << 20)

struct gw_zone_backup_counts {
	uint32_t zones, keys;
};

/** Who makes or restores a backup, and with what. The secret is the backup's own. */
struct gw_zone_backup {
	const char *path;
	const void *secret;
	size_t secret_len;
	const char *actor;
	int64_t now;
};

/**
 * Writes keys and ledgers of all zones below `state` (0600, whole or not at all), reads the file back and
 * proves it, and puts on record which keys are safe now. -errno with a diagnostic.
 */
int gw_zone_backup_write(int state, const struct gw_zone_vault *vault,
			 const struct gw_zone_backup *backup, struct gw_diags *diags,
			 struct gw_zone_backup_counts *ret);

/** The drill: proves a backup from the file and its secret alone. Changes nothing. */
int gw_zone_backup_check(const struct gw_zone_backup *backup, struct gw_diags *diags,
			 struct gw_zone_backup_counts *ret);

/**
 * Brings keys and ledgers back below `state`, sealed under its vault. A ledger in place that goes on from
 * the backup's stays: going back would forget what resolvers have seen. Where one contradicts it, nothing
 * is written at all (-EEXIST). A restore that was cut off is finished by the next.
 */
int gw_zone_backup_restore(int state, const struct gw_zone_vault *vault,
			   const struct gw_zone_backup *backup, struct gw_diags *diags,
			   struct gw_zone_backup_counts *ret);

#endif
