/*
 * A version of a zone on its way from the master file to its servers. The commands of gwctl are stretches of this way:
 *
 *	read        the master file, judged by lint; the version that is served now
 *	schedule    what keys the next version shows, by the ledger and the clock (roll.h)
 *	sign        what changed (sign.h)
 *	write       to a file beside the one that is served, and read that back
 *	prove       all that it holds (verify.h)
 *	publish     on record, then the file, the server, and on record that it is out (publish.h)
 *
 * A step that fails leaves what is served as it is. A kill between two steps is caught up with by the next publish: what
 * is on record tells what may be visible.
 */
#ifndef DNS_ZONE_RELEASE_H
#define DNS_ZONE_RELEASE_H

#include "dns/zone/key_ops.h"
#include "dns/zone/lint.h"
#include "dns/zone/sign.h"
#include "dns/zone/zone_diff.h"

struct gw_policy;

struct gw_zone_release {
	const struct gw_zone_config *zone;
	struct gw_zone_config policy; /* of `zone`, with the TTL of keys filled in */
	struct gw_arena *arena;       /* the caller's */
	struct gw_diags *diags;
	int64_t now;
	struct gw_zone_data data_read, served_read, written_read;
	struct gw_zone_store data, served;
	struct gw_zone_store written; /* as read back */
	struct gw_text text;          /* what was written */
	bool has_served;
	struct gw_zone_work work;
	struct gw_zone_keys keys;
	struct gw_zone_signed made;
};

/** An empty one; gw_zone_release_done in any case. */
void gw_zone_release_init(struct gw_zone_release *release, const struct gw_zone_config *zone,
			  struct gw_arena *arena, struct gw_diags *diags, int64_t now);
void gw_zone_release_done(struct gw_zone_release *release);

/** Reads and judges the master file below `dir`. -EINVAL with diagnostics: it has errors. */
int gw_zone_release_read(struct gw_zone_release *release, const char *dir,
			 const struct gw_policy *policy);
/** Reads what is served, if anything is. -EBADMSG with diagnostics: it cannot be read. */
int gw_zone_release_read_served(struct gw_zone_release *release);
/** Reads a zone that was signed from any file. -EBADMSG with diagnostics. */
int gw_zone_release_read_file(struct gw_zone_release *release, const char *path,
			      struct gw_zone_data *ret_read, struct gw_zone_store *ret);

/**
 * Decides what the next version shows; `history` NULL: the zone never had keys. -EAGAIN with a diagnostic: it is
 * to be signed, and no key may be used yet.
 */
int gw_zone_release_schedule(struct gw_zone_release *release,
			     const struct gw_zone_history *history);
/** Signs with the keys of the ledger (NULL: none). -errno with a diagnostic. */
int gw_zone_release_sign(struct gw_zone_release *release, const struct gw_zone_ledger *ledger,
			 const struct gw_zone_vault *vault);
/**
 * Writes what was made to a file beside `path`, reads that back, and removes it: what is proved is what everybody
 * will read, and `text` is that. -EBADMSG with a diagnostic: it is not what was signed; or -errno.
 */
int gw_zone_release_write(struct gw_zone_release *release, const char *path);
/** Proves a signed zone against what the parent is known to have. False after diagnostics. */
bool gw_zone_release_prove(const struct gw_zone_release *release,
			   const struct gw_zone_history *history, const struct gw_zone_store *zone);
/**
 * Publishes the text: with a ledger, on record first. Where nothing changed, the file stays, and the server is told all
 * the same: an earlier call may have ended before that. -errno with a diagnostic.
 */
int gw_zone_release_publish(struct gw_zone_release *release, struct gw_zone_ledger *ledger,
			    const char *actor, const char *reason);

#endif
