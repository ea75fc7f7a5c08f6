/*
 * The state directory: revisions stored whole, the numbers in use, and the lock that keeps two
 * writers apart. Every write is made durable (fsync of file and folder) before it is acknowledged,
 * and replaces its file by rename, so a kill or a power cut leaves the old or the new one.
 *
 *	/var/lib/gw/lock
 *	/var/lib/gw/current            number of the revision that the kernel should hold
 *	/var/lib/gw/numbers.json
 *	/var/lib/gw/counters.json      counts of numbers that were given up, per rule id
 *	/var/lib/gw/revisions/000118/{meta.json,config/…,ruleset}
 */
#ifndef GW_AGENT_STORE_H
#define GW_AGENT_STORE_H

#include "gw/compile/numbers.h"
#include "gw/conf/conf.h"
#include "gw/core/diag.h"

struct gw_store;

struct gw_revision {
	uint32_t number;
	int64_t time; /* applied, Unix time */
	const char *who; /* login name behind sudo, else user name */
	const char *note; /* -m text, may be empty */
	const char *digest; /* of the compiled ruleset, hex */
	const char *config_digest;
	size_t rules, files;
};

/** Opens (and creates, 0700) the state directory. `GW_STATE_DIR` overrides the default. */
int gw_store_open(const char *dir, struct gw_store **ret, struct gw_diags *diags);
void gw_store_close(struct gw_store *store);
/** Takes the writer's lock; -EBUSY with a diagnostic naming the holder's pid. */
int gw_store_lock(struct gw_store *store, struct gw_diags *diags);

/** All revisions, newest first, in the arena. */
int gw_store_history(struct gw_store *store, struct gw_arena *arena, struct gw_revision **ret,
		     size_t *ret_n);
/** The revision that was applied last; 0 if none. */
uint32_t gw_store_current(struct gw_store *store);
/** Writes a new revision; `ret_number` is its number. It becomes current by gw_store_set_current. */
int gw_store_add(struct gw_store *store, const struct gw_revision *revision,
		 const struct gw_conf *conf, uint32_t *ret_number, struct gw_diags *diags);
int gw_store_set_current(struct gw_store *store, uint32_t number, struct gw_diags *diags);
/** The config files of a revision, in the arena. -ENOENT. */
int gw_store_files(struct gw_store *store, uint32_t number, struct gw_arena *arena,
		   struct gw_conf_file **ret, size_t *ret_n);
/** Deletes the oldest revisions until `keep` are left; never the current one. */
int gw_store_prune(struct gw_store *store, size_t keep);

/** Numbers in use; NULL if there are none yet. Owned by the caller. */
struct gw_numbers *gw_store_numbers(struct gw_store *store);
int gw_store_save_numbers(struct gw_store *store, const struct gw_numbers *numbers);

/** Counts carried over from numbers given up: packets and bytes by rule id. */
struct gw_carried {
	const char *id;
	uint64_t packets, bytes;
};
int gw_store_carried(struct gw_store *store, struct gw_arena *arena, struct gw_carried **ret,
		     size_t *ret_n);
int gw_store_save_carried(struct gw_store *store, const struct gw_carried *carried, size_t n);

#endif
