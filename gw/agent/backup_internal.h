/* What writing and reading a backup share. Internal to gw/agent. */
#ifndef GW_AGENT_BACKUP_INTERNAL_H
#define GW_AGENT_BACKUP_INTERNAL_H

#include <openssl/evp.h>

#include "gw/agent/backup.h"
#include "gw/core/tar.h"
#include "gw/core/text.h"

#define GW_BACKUP_ABOUT    "ABOUT"
#define GW_BACKUP_MANIFEST "MANIFEST"
#define GW_BACKUP_STATE    "state" /* folder of the archive with the state directory's content */
#define GW_BACKUP_CHUNK    65536u

/** A line of the manifest: "digest  path\n". */
void gw_backup_manifest_add(struct gw_text *manifest, EVP_MD_CTX *context, const char *path);
/** Adds the diagnostic for a file that cannot be read or written; returns `err`. */
int gw_backup_failed(enum gw_diag_id id, const char *path, int err, struct gw_diags *diags);

/** A backup while it is read. */
struct gw_restore {
	const char *path; /* of the archive */
	struct gw_arena *arena;
	struct gw_backup_report *report;
	struct gw_tar_reader tar;
	struct gw_text manifest; /* made from what is read */
	EVP_MD_CTX *context;
	char *chunk;
	size_t members;
	/* Unpacking; -1 while only proving. */
	int staging;
	bool with_audit;
	bool keys;     /* the archive has them */
	char time[24]; /* when it was made: digits */
	uid_t uid;     /* of files unpacked; -1: as they come */
	gid_t gid;
};

void gw_restore_init(struct gw_restore *restore, int fd);
void gw_restore_done(struct gw_restore *restore);
/** Reads the archive to its end and proves it; unpacks it if there is a staging folder. */
int gw_restore_read(struct gw_restore *restore, struct gw_diags *diags);
/** Adds the diagnostic that the archive is damaged; -EBADMSG. */
int gw_restore_damaged(const struct gw_restore *restore, const char *what, struct gw_diags *diags);

#endif
