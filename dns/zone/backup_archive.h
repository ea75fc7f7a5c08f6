/* The archive inside a backup: written zone by zone, read member by member. Internal to backups. */
#ifndef DNS_ZONE_BACKUP_ARCHIVE_H
#define DNS_ZONE_BACKUP_ARCHIVE_H

#include "dns/zone/ledger.h"
#include "gw/core/tar.h"

/** Adds a zone: its ledger, and each key that is not removed, or whose file is there still. */
int gw_zone_archive_put(struct gw_tar_writer *writer, const struct gw_zone_ledger *ledger,
			const struct gw_zone_vault *vault, struct gw_diags *diags);

/** A zone as the archive has it. */
struct gw_zone_archived {
	struct gw_zone_name zone;
	const char *lines; /* of its ledger */
	size_t len;
	struct gw_zone_history history;
};

/** What is made of it: any may be NULL; one that does not return 0 ends the reading. */
struct gw_zone_archive_reader {
	int (*zone)(const struct gw_zone_archived *zone, void *context);
	int (*key)(const struct gw_zone_archived *zone, const struct gw_zone_key *key,
		   void *context);
	void *context;
};

/**
 * Reads an archive. A zone is given before its keys, and each key that is given has been proved: it is the
 * one whose DNSKEY the ledger has, and signs. -EBADMSG with a diagnostic: something is damaged or
 * missing.
 */
int gw_zone_archive_read(int fd, const struct gw_zone_archive_reader *reader,
			 struct gw_diags *diags);

#endif
