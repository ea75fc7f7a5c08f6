/*
 * The keys that sign the audit trail's checkpoints. A stolen key must not be good for the past: keys
 * are changed, and the private half of the old one is erased. Each new key is announced by a note
 * that the old key signs, and that note also says how long every log was and what its root was:
 * whoever trusts one key of the chain can follow it to all later ones, and nothing that a
 * note of the chain covers can be changed with a key that is still there.
 *
 *	keys/signer.pem   the private key, 0600
 *	keys/chain        notes, one per key: its place, since when, its public half, the logs' heads
 *
 *	gw/tokyo-01/audit/keys
 *	2
 *	2026-11-23T03:00:00Z
 *	gw/tokyo-01/audit/keys+c74f20a3+ARpc…
 *	change 120 CsUYapGG…
 *
 *	— gw/tokyo-01/audit/keys …          by key 1, then by key 2
 *
 * The gateway's side is struct gw_audit_keys, which owns its descriptor and key. Whoever verifies reads
 * the chain into a struct gw_key_chain, from a key that he knows.
 */
#ifndef GW_AUDIT_KEYS_H
#define GW_AUDIT_KEYS_H

#include <stdint.h>

#include "gw/audit/checkpoint.h"
#include "gw/core/arena.h"

#define GW_AUDIT_LOGS_MAX 16u
/* A note of the chain has about 1 KiB: some 60,000 keys. */
#define GW_AUDIT_CHAIN_MAX (64u << 20)

/** How far one log was; `name` is that of its class. */
struct gw_log_head {
	char name[32];
	uint64_t size;
	uint8_t root[GW_CHECKPOINT_HASH];
};

/* ---- signing --------------------------------------------------------------------------------- */

struct gw_audit_keys;

/** Called with a note of the chain before its key is used; must not return before it is recorded. */
typedef int (*gw_key_recorder)(uint32_t generation, const char *note, void *context);

/** Frees it; accepts NULL. */
void gw_audit_keys_free(struct gw_audit_keys *keys);

/**
 * Opens the keys below `dir` (of the whole audit trail), finishes a change that was interrupted, and
 * makes the first key where there is none: of `type`, for `site`. The chain keeps the site that it
 * began with. -ENOKEY: the private key is missing or is not the chain's last. -EBADMSG: the chain
 * is damaged. Other errors are those of files.
 */
int gw_audit_keys_open(int dir, const char *site, enum gw_note_type type, int64_t now,
		       gw_key_recorder record, void *context, struct gw_audit_keys **ret);

/**
 * Changes to a new key of `type`. On an error the old key stays in use, also where it came between
 * the record and the change.
 */
int gw_audit_keys_rotate(struct gw_audit_keys *keys, enum gw_note_type type, int64_t now,
			 const struct gw_log_head *heads, size_t n_heads, gw_key_recorder record,
			 void *context);

/** The key in use; borrowed. */
const struct gw_note_signer *gw_audit_keys_signer(const struct gw_audit_keys *keys);
/** The site of the trail; borrowed. */
const char *gw_audit_keys_site(const struct gw_audit_keys *keys);
/** The place of the key in use, from 1, and since when it is. */
uint32_t gw_audit_keys_generation(const struct gw_audit_keys *keys);
int64_t gw_audit_keys_since(const struct gw_audit_keys *keys);

/* ---- verifying ------------------------------------------------------------------------------- */

/** One note of the chain, with its key under the name `gw/SITE/audit/keys`. */
struct gw_key_link {
	uint32_t generation;
	int64_t since;
	struct gw_note_key key;
	struct gw_log_head heads[GW_AUDIT_LOGS_MAX]; /* when it came into use */
	size_t n_heads;
	bool trusted; /* the anchor, or it follows from the anchor */
};

struct gw_key_chain {
	char site[GW_NOTE_NAME_MAX + 1];
	struct gw_key_link *links; /* in order of generation; heap */
	size_t n, capacity;
	size_t anchor; /* place of the key that is known; n where no link has it */
};

/**
 * Reads and verifies a chain: every note must follow from the one before. `anchor` is the key
 * that the reader knows, under any name of the site; NULL takes the first of the chain at its word.
 * -EBADMSG: damaged, `ret_bad` is the place of the first bad note from 1. -ENOKEY: the anchor's
 * key is none of the chain.
 */
int gw_key_chain_read(const char *bytes, size_t len, const struct gw_note_key *anchor,
		      struct gw_key_chain *ret, size_t *ret_bad);
/** Frees what the chain holds. */
void gw_key_chain_done(struct gw_key_chain *chain);

/**
 * Verifies a checkpoint of class `log` with the trusted keys of the chain. Errors as
 * gw_checkpoint_open; `ret_generation` may be NULL.
 */
int gw_key_chain_checkpoint(const struct gw_key_chain *chain, const char *log, const char *bytes,
			    size_t len, struct gw_checkpoint *ret, uint32_t *ret_generation);

/** Writes the text of a link's note. */
void gw_key_link_print(const struct gw_key_link *link, struct gw_text *out);
/** Reads it. -EBADMSG. */
int gw_key_link_parse(const char *text, size_t len, struct gw_key_link *ret);

#endif
