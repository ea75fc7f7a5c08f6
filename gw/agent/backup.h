/*
 * The state directory in one file, and back. The file is a tar archive that any tar reads; its first
 * member says what it is, its last is MANIFEST, the SHA-256 of every other file in the form of sha256sum,
 * so that an archive that was cut short or changed is recognised before anything is touched.
 *
 *	tar -xf gw.tar && sha256sum -c MANIFEST
 *
 * A backup needs no lock: revisions never change once they have their name. Private keys (*.pem) stay
 * out unless they are asked for.
 *
 * A restore proves the archive first, unpacks it beside the state directory, and swaps the two in one
 * step; what was there before stays as `<dir>.replaced`. Two things only ever go forward: an audit
 * trail that is there is kept and the archive's left in the archive, and numbers of rules that were
 * given out since the backup are not given out again.
 */
#ifndef GW_AGENT_BACKUP_H
#define GW_AGENT_BACKUP_H

#include "gw/agent/store.h"

struct gw_backup_options {
	bool keys;     /* private keys, too */
	bool no_audit; /* without the audit trail, which may be large */
};

/** What was written or read. */
struct gw_backup_report {
	size_t files;
	uint64_t bytes;
	size_t keys_left_out;
	uint32_t revision; /* in force; 0: none */
	bool audit_kept;   /* restore: the present trail stays */
	const char
		*replaced; /* restore: where the old state is, in the arena; NULL: there was none */
};

/**
 * Writes the state directory `dir` to a new file `path`, which has its name only once it is complete
 * and on disk. 0, or -errno with a diagnostic.
 */
int gw_backup_write(const char *dir, const char *path, const struct gw_backup_options *options,
		    int64_t now, struct gw_arena *arena, struct gw_backup_report *ret,
		    struct gw_diags *diags);

/** Reads an archive through and proves its digests. 0, or -errno with a diagnostic. */
int gw_backup_verify(int fd, const char *path, struct gw_arena *arena, struct gw_backup_report *ret,
		     struct gw_diags *diags);

/**
 * Makes the state directory that of the archive. -EBUSY with a diagnostic if an agent or another
 * gwctl holds the lock; other -errno with a diagnostic. On any failure `dir` is as it was.
 */
int gw_backup_restore(const char *dir, const char *path, struct gw_arena *arena,
		      struct gw_backup_report *ret, struct gw_diags *diags);

#endif
