/*
 * The ledger of a zone's keys: the file `ledger` in the zone's folder. Append-only, a JSON object a line,
 * each with a SHA-256 over itself and that of the line before it (`link`; the first one's follows from the
 * zone's name), synced before anything is done that depends on it. Nobody edits it: a changed, missing or moved line is found
 * when it is read, and the zone's keys do not move until it is put right (from a backup, or from the
 * audit trail, which has every line too: gw_zone_ledger_rebuild).
 *
 * A line that a kill cut off was acknowledged to nobody. It is moved to `ledger.torn` and the ledger
 * goes on.
 *
 * A zone's folder outlives the zone: whoever deletes and later restores a zone gets its keys back.
 *
 *	state/vault                       what seals the keys
 *	state/zones/example.go.jp/ledger
 *	state/zones/example.go.jp/keys/12345
 *
 *	err = gw_zone_ledger_open(state_fd, "example.go.jp", diags, &ledger);     locks it
 *	entry = (struct gw_zone_entry){ .event = GW_ZONE_WITHDRAWN, .time = now, .tag = 12345 };
 *	err = gw_zone_ledger_append(ledger, &entry, diags);
 *	gw_zone_roll_next(gw_zone_ledger_history(ledger), …);                     roll.h
 *	gw_zone_ledger_close(ledger);
 */
#ifndef DNS_ZONE_LEDGER_H
#define DNS_ZONE_LEDGER_H

#include "dns/zone/history.h"

struct gw_zone_ledger;

/** Is told each entry with its line, newline excluded, once it is in the file: for the audit trail. */
typedef int gw_zone_ledger_sink(const struct gw_zone_name *zone, const struct gw_zone_entry *entry,
				const char *line, size_t len, void *context);

/**
 * Opens a zone's ledger and locks it; makes it where there is none. -EBUSY: another process has it;
 * -EBADMSG: damaged; other -errno; with a diagnostic.
 */
int gw_zone_ledger_open(int state, const struct gw_zone_name *zone, struct gw_diags *diags,
			struct gw_zone_ledger **ret);
/** Opens it to look only: no lock, nothing is made or put right. -ENOENT: the zone has none. */
int gw_zone_ledger_look(int state, const struct gw_zone_name *zone, struct gw_diags *diags,
			struct gw_zone_ledger **ret);
/** Accepts NULL. */
void gw_zone_ledger_close(struct gw_zone_ledger *ledger);

/**
 * Entries go to `sink` from now on, and first those that it has not taken yet (a kill between ledger and
 * sink loses none). What it has taken is the number in the file `ledger.recorded`. 0, or the
 * sink's error: entries stay to be told.
 */
int gw_zone_ledger_tell(struct gw_zone_ledger *ledger, gw_zone_ledger_sink *sink, void *context);

/** Appends an entry: durable when the call returns 0. -EINVAL: it cannot follow; with a diagnostic. */
int gw_zone_ledger_append(struct gw_zone_ledger *ledger, const struct gw_zone_entry *entry,
			  struct gw_diags *diags);

/** What the entries add up to. The ledger's. */
const struct gw_zone_history *gw_zone_ledger_history(const struct gw_zone_ledger *ledger);
const struct gw_zone_name *gw_zone_ledger_zone(const struct gw_zone_ledger *ledger);
/** All lines, newlines included. The ledger's, until the next entry. */
const char *gw_zone_ledger_lines(const struct gw_zone_ledger *ledger, size_t *ret_len);
/** The zone's folder, for its key files. The ledger's. */
int gw_zone_ledger_folder(const struct gw_zone_ledger *ledger);

/**
 * Puts a whole ledger in place, which the caller has read (gw_zone_ledger_read). The one that is there is
 * kept as `ledger.replaced`. -EBUSY or other -errno.
 */
int gw_zone_ledger_replace(int state, const struct gw_zone_name *zone, const char *lines,
			   size_t len);

/**
 * Makes a ledger anew from its lines, in any order and with doubles, as the audit trail has them.
 * -EEXIST: the one that is there is sound, and knows as much; -EBADMSG: lines are missing or
 * changed; with a diagnostic.
 */
int gw_zone_ledger_rebuild(int state, const struct gw_zone_name *zone, const char *const *lines,
			   size_t n, struct gw_diags *diags);

/* ---- in memory -------------------------------------------------------------------------------- */

#define GW_ZONE_LEDGER_MAX      (64u << 20) /* octets */
#define GW_ZONE_LEDGER_LINE_MAX 16384u

struct gw_zone_chain {
	uint64_t n;
	uint8_t link[32]; /* of the last line */
};

/** The chain before the first line. */
void gw_zone_chain_begin(const struct gw_zone_name *zone, struct gw_zone_chain *ret);
/** Appends an entry's line, newline included, and moves the chain. */
void gw_zone_ledger_print(struct gw_zone_chain *chain, const struct gw_zone_entry *entry,
			  struct gw_text *out);
/** Reads a line, newline excluded, that must follow the chain. NULL, or what is wrong (constant). */
const char *gw_zone_ledger_parse(struct gw_zone_chain *chain, const char *line, size_t len,
				 struct gw_zone_entry *ret);
/**
 * Reads a whole ledger into `history`. Returns how many octets of complete lines there are; what
 * follows was cut off. -EBADMSG with a diagnostic that says which line of `path`.
 */
int64_t gw_zone_ledger_read(const struct gw_zone_name *zone, const char *path, const char *bytes,
			    size_t len, struct gw_diags *diags, struct gw_zone_chain *chain,
			    struct gw_zone_history *history);

#endif
