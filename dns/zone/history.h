/*
 * What happened to a zone's keys, and what follows from it: entries, and the state that they add up to.
 * Pure; ledger.h keeps entries in a file.
 *
 * What resolvers may have in their caches depends on what was ever visible, not on what was meant. So
 * what the world sees is on record twice: `publish` before a zone goes out (resolvers may see it from
 * now on), `published` when it is out (the one before is no longer given out); likewise `asked`
 * before the parent is asked for a DS set, `seen` when all its servers give it out. After a kill in
 * between both versions count as visible, which is true.
 *
 * A key's states follow from that: generated → backed up (proved by a restore) → published → active →
 * retired → removed. An entry that would break this order is refused, by whoever appends it and
 * by whoever reads it later.
 */
#ifndef DNS_ZONE_HISTORY_H
#define DNS_ZONE_HISTORY_H

#include "dns/zone/keys.h"
#include "gw/core/arena.h"

/* ---- sets of keys ----------------------------------------------------------------------------- */

#define GW_ZONE_LIVE_MAX 16u /* keys of a zone that are in use at a time */

/** Key tags, ascending. */
struct gw_zone_tags {
	uint8_t n;
	uint16_t tag[GW_ZONE_LIVE_MAX];
};

bool gw_zone_tags_has(const struct gw_zone_tags *set, uint16_t tag);
/** True if all of `a` is in `b`. */
bool gw_zone_tags_within(const struct gw_zone_tags *a, const struct gw_zone_tags *b);
bool gw_zone_tags_equal(const struct gw_zone_tags *a, const struct gw_zone_tags *b);
/** False if there is no room. Adding what is there is fine. */
bool gw_zone_tags_add(struct gw_zone_tags *set, uint16_t tag);
void gw_zone_tags_remove(struct gw_zone_tags *set, uint16_t tag);

/* ---- what is visible -------------------------------------------------------------------------- */

/** What a zone shows of its keys. A change of any of it is a new version. */
struct gw_zone_shown {
	struct gw_zone_tags keys;         /* in the DNSKEY RRset */
	struct gw_zone_tags key_signers;  /* that sign it */
	struct gw_zone_tags zone_signers; /* that sign everything else */
	struct gw_zone_tags cds;          /* in CDS and CDNSKEY */
	bool cds_delete;                  /* CDS 0 0 0 00 instead */
	uint32_t dnskey_ttl;
	uint32_t max_ttl; /* the longest of all RRsets in the zone */
};
bool gw_zone_shown_equal(const struct gw_zone_shown *a, const struct gw_zone_shown *b);

/** What the parent shows of them. */
struct gw_zone_parent {
	struct gw_zone_tags ds; /* of DS that match a key of the zone */
	uint32_t strangers;     /* DS that match none */
	uint32_t ttl;
};

/* ---- entries ---------------------------------------------------------------------------------- */

enum gw_zone_event {
	GW_ZONE_GENERATED,   /* tag, role, dnskey */
	GW_ZONE_BACKED_UP,   /* tags; backup: a restore from that file has proved them */
	GW_ZONE_INTRODUCED,  /* tag: the key is to be used; instead of `other`, if not 0 */
	GW_ZONE_WITHDRAWN,   /* tag: the key is to go */
	GW_ZONE_COMPROMISED, /* tag: somebody else has it; goes without margins */
	GW_ZONE_PUBLISH,     /* shown */
	GW_ZONE_PUBLISHED,   /* the last `publish` is out */
	GW_ZONE_ASKED,       /* parent: asked for this set */
	GW_ZONE_SEEN,        /* parent: all servers show this */
	GW_ZONE_EVENT_COUNT
};
extern const char *const gw_zone_event_names[GW_ZONE_EVENT_COUNT];

#define GW_ZONE_ACTOR_MAX  64u
#define GW_ZONE_REASON_MAX 256u
#define GW_ZONE_BACKUP_HEX 65u

struct gw_zone_entry {
	enum gw_zone_event event;
	int64_t time;
	char actor[GW_ZONE_ACTOR_MAX];
	char reason[GW_ZONE_REASON_MAX]; /* "" for none */
	uint16_t tag, other;
	enum gw_zone_role role;
	struct gw_zone_dnskey dnskey;
	struct gw_zone_tags tags;
	char backup[GW_ZONE_BACKUP_HEX]; /* SHA-256 of the file, in hex */
	struct gw_zone_shown shown;
	struct gw_zone_parent parent;
};

/* ---- what follows from them ------------------------------------------------------------------- */

enum gw_zone_key_state {
	GW_ZONE_KEY_GENERATED,
	GW_ZONE_KEY_BACKED_UP,
	GW_ZONE_KEY_PUBLISHED, /* in the DNSKEY RRset, or its DS at the parent */
	GW_ZONE_KEY_ACTIVE,    /* its signatures are those that count */
	GW_ZONE_KEY_RETIRED,   /* its signatures or its DS have gone; it is still visible */
	GW_ZONE_KEY_REMOVED,   /* neither zone nor parent show it. The file is kept. */
	GW_ZONE_KEY_STATE_COUNT
};
/** "generated", "backed up", … */
extern const char *const gw_zone_key_state_names[GW_ZONE_KEY_STATE_COUNT];

/** A key of the zone, present or past. Times are 0 for what has not happened. */
struct gw_zone_key_story {
	struct gw_zone_dnskey dnskey;
	enum gw_zone_role role;
	int64_t generated, backed_up, introduced;
	int64_t withdrawn; /* is to go since then */
	int64_t compromised;
	int64_t published; /* first in a published DNSKEY RRset */
	int64_t active;    /* first signed what is its to sign */
	int64_t removed;
	uint16_t successor; /* 0: none */
};

/** A version of the zone. `ended` 0: it is the present one. */
struct gw_zone_version {
	struct gw_zone_shown shown;
	int64_t begun; /* may be visible from then on */
	int64_t out;   /* all servers of ours were given it; 0: not on record */
	int64_t ended; /* the next one was out */
};

/** A version of the DS RRset. */
struct gw_zone_ds_version {
	struct gw_zone_parent parent;
	int64_t begun; /* may be visible from then on */
	int64_t seen;  /* 0: asked for, and not seen yet */
	int64_t ended; /* all servers showed another; 0: not yet */
};

struct gw_zone_history {
	uint64_t n_entries;
	int64_t last; /* time of the last entry */
	struct gw_zone_key_story *keys;
	size_t n_keys, keys_capacity;
	struct gw_zone_version *versions; /* the first is the zone without any key */
	size_t n_versions, versions_capacity;
	struct gw_zone_ds_version *parents; /* the first is the parent without a DS */
	size_t n_parents, parents_capacity;
};

void gw_zone_history_init(struct gw_zone_history *history);
void gw_zone_history_done(struct gw_zone_history *history);
/** Adds what an entry says. NULL, or why it cannot follow what is there (constant; nothing changed). */
const char *gw_zone_history_add(struct gw_zone_history *history, const struct gw_zone_entry *entry);

/** NULL: the zone never had a key with this tag. */
const struct gw_zone_key_story *gw_zone_history_key(const struct gw_zone_history *history,
						    uint16_t tag);
enum gw_zone_key_state gw_zone_history_state(const struct gw_zone_history *history, uint16_t tag);
/** What the zone shows: the last version that began. Never NULL. */
const struct gw_zone_version *gw_zone_history_shown(const struct gw_zone_history *history);
/** What all servers of the parent showed when they were last seen. Never NULL. */
const struct gw_zone_ds_version *gw_zone_history_seen(const struct gw_zone_history *history);
/** What the parent was asked for and has not done yet. NULL: nothing. */
const struct gw_zone_ds_version *gw_zone_history_asked(const struct gw_zone_history *history);

#endif
