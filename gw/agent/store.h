/*
 * The state directory: revisions stored whole, and the lock that keeps two writers apart. A
 * revision holds all that belongs to one state of the gateway: the config files, the numbers of
 * its rules, and the counts carried over from numbers given up. Every file is made durable (fsync)
 * before the revision's folder gets its name by rename, and `current` changes by rename, so a kill
 * or a power cut leaves the old state or the new one.
 *
 *	/var/lib/gw/lock
 *	/var/lib/gw/current                       number of the revision in force
 *	/var/lib/gw/rollbacks                     how many there were, for monitoring
 *	/var/lib/gw/revisions/000118/meta.json
 *	/var/lib/gw/revisions/000118/numbers.json
 *	/var/lib/gw/revisions/000118/carried.json
 *	/var/lib/gw/revisions/000118/compiled     the ruleset (gw_ruleset_encode)
 *	/var/lib/gw/revisions/000118/config/…     the files, as they were read
 *
 * A revision above `current` is one whose commit was interrupted: see gw_store_pending.
 */
#ifndef GW_AGENT_STORE_H
#define GW_AGENT_STORE_H

#include "gw/compile/numbers.h"
#include "gw/conf/conf.h"
#include "gw/core/diag.h"
#include "gw/ruleset/ruleset.h"

struct gw_store;

/** What is known of a revision without reading its files. */
struct gw_revision {
	uint32_t number;
	int64_t time;          /* applied, Unix time */
	const char *who;       /* login name behind sudo, else user name */
	const char *note;      /* -m text, may be empty */
	const char *digest;    /* of the compiled ruleset, hex */
	const char *ticket;    /* NULL: none was named */
	const char *approvals; /* who has signed its plan, "op-03, op-08"; NULL: nobody */
	uint32_t rules;
	bool undoing;   /* it only undid the revision before it */
	bool emergency; /* with fewer approvals than usual */
	bool lockdown;  /* of the config, only what gw_policy_lockdown leaves is in force */
	bool damaged;   /* meta.json cannot be read: only `number` is known, texts are empty */
};

/** Counts of numbers that were given up, by rule id. */
struct gw_carried {
	const char *id;
	uint64_t packets, bytes;
};

/** A revision to be stored. All borrowed. */
struct gw_revision_content {
	const struct gw_conf_file *files;
	size_t n_files;
	const struct gw_numbers *numbers;
	const struct gw_ruleset *compiled; /* NULL: not kept */
	const struct gw_carried *carried;
	size_t n_carried;
};

/** $GW_STATE_DIR or /var/lib/gw. */
const char *gw_store_default_dir(void);

/** Opens, and makes if need be (0750), the state directory. 0, or -errno with a diagnostic. */
int gw_store_open(const char *dir, struct gw_store **ret, struct gw_diags *diags);
/** The same to look at: makes nothing. A directory that is not there is a store without revisions. */
int gw_store_look(const char *dir, struct gw_store **ret, struct gw_diags *diags);
/** Closes it and releases the lock. Accepts NULL. */
void gw_store_close(struct gw_store *store);
/** Takes the writer's lock; -EBUSY with a diagnostic that names the holder. */
int gw_store_lock(struct gw_store *store, struct gw_diags *diags);

/** All revisions, newest first, in the arena. 0 or -errno. */
int gw_store_history(struct gw_store *store, struct gw_arena *arena, struct gw_revision **ret,
		     size_t *ret_n);
/** Number of the revision in force; 0 if there is none. */
uint32_t gw_store_current(struct gw_store *store);
/** One revision's facts; -ENOENT, or -EBADMSG if it is damaged. */
int gw_store_revision(struct gw_store *store, uint32_t number, struct gw_arena *arena,
		      struct gw_revision *ret);
/** The newest revision if it is not in force: its commit was interrupted. 0: there is none. */
uint32_t gw_store_pending(struct gw_store *store);
/** Deletes a pending revision: its change was never made. */
int gw_store_discard(struct gw_store *store, uint32_t number);

/** Stores a revision under the next number; `revision->number` is ignored. Not yet in force. */
int gw_store_add(struct gw_store *store, const struct gw_revision *revision,
		 const struct gw_revision_content *content, uint32_t *ret_number,
		 struct gw_diags *diags);
/** Puts a stored revision in force. */
int gw_store_set_current(struct gw_store *store, uint32_t number, struct gw_diags *diags);
/**
 * Deletes the oldest revisions until `keep` are left; never the one in force, nor emergency changes that wait for
 * their review, of which at most 256 are kept beyond.
 */
void gw_store_prune(struct gw_store *store, size_t keep);

/**
 * The first file of a revision that is missing, unreadable or not what was stored, as a path in the
 * arena; NULL if all are in order. For messages, after something could not be read.
 */
const char *gw_store_damage(struct gw_store *store, uint32_t number, struct gw_arena *arena);
/** What to say of an error of reading a revision: which file is damaged, else the errno's text. */
const char *gw_store_explain(struct gw_store *store, uint32_t number, int err,
			     struct gw_arena *arena);
/** The config files of a revision, in the arena. -ENOENT. */
int gw_store_files(struct gw_store *store, uint32_t number, struct gw_arena *arena,
		   struct gw_conf_file **ret, size_t *ret_n);
/** The numbers of a revision, owned by the caller; NULL if it is not there or damaged. */
struct gw_numbers *gw_store_numbers(struct gw_store *store, uint32_t number);
/** The counts carried over up to a revision, in the arena. */
int gw_store_carried(struct gw_store *store, uint32_t number, struct gw_arena *arena,
		     struct gw_carried **ret, size_t *ret_n);
/** Replaces them, sorted by id; the old or the new ones are on disk at any instant. 0 or -errno. */
int gw_store_set_carried(struct gw_store *store, uint32_t number, const struct gw_carried *carried,
			 size_t n);
/** Changes that were undone because nobody confirmed them, ever (rollbacks.c). */
uint64_t gw_store_rollbacks(struct gw_store *store);
int gw_store_set_rollbacks(struct gw_store *store, uint64_t count);

#endif
