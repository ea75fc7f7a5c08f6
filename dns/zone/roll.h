/*
 * Rollovers: which change of a zone's keys is safe now, and when the next one will be.
 *
 * There is no script per kind of rollover. A validator puts together a DS RRset, a DNSKEY RRset and a
 * signed RRset that it may have got at different times. From the history follows which versions of each
 * can still be in a cache: those that servers give out, and those that they gave out less than a TTL (and
 * the time that secondaries lag) ago. A step is safe if every combination that it makes possible is a
 * valid chain: some DS of its DS RRset matches a key that signs its DNSKEY RRset, and a key of that signs
 * the RRset. When it is not safe yet, the combinations that are broken say until when, and that is the
 * reason that a plan prints. The intervals of RFC 7583 come out of it (roll_test.c compares them), and so
 * do mixed cases that no script foresees: two rollovers at a time, a TTL that was lowered meanwhile, a
 * kill between two steps. roll_model_test.c proves it against simulated servers and caches.
 *
 * Steps lead from what is shown to what is wanted: keys that are introduced and not retired.
 *
 *	ZSK	publish the key; sign with it once every cache has it; remove the old one once no cache
 *		has its signatures (pre-publication)
 *	KSK	publish the key, both sign; swap the DS; remove the old one once no cache has its DS
 *		(double-KSK). Or add its DS; swap the keys; remove the old DS (double-DS).
 *	CSK	both at a time
 *	none	ask the parent to delete the DS (CDS 0); unsign once no cache has one
 *
 * A compromised key goes the same way without margins: the chain is never broken, since the
 * zone would be away from validators for as long as the forger could use the key anyway.
 *
 * Pure: history, timing and the clock are arguments.
 */
#ifndef DNS_ZONE_ROLL_H
#define DNS_ZONE_ROLL_H

#include "dns/zone/history.h"
#include "gw/core/arena.h"

enum gw_zone_ksk_style {
	GW_ZONE_DOUBLE_KSK, /* default: one change at the parent */
	GW_ZONE_DOUBLE_DS,  /* the DNSKEY RRset stays small; two changes at the parent */
};

/** How long things take, in seconds. */
struct gw_zone_timing {
	uint32_t dnskey_ttl, max_ttl; /* of the zone as it is to be published */
	uint32_t propagation; /* until all servers of the zone give out what was published */
	uint32_t signing; /* from a change of signers until every signature is new; 0: at once */
	uint32_t ds_ttl;  /* of the parent's DS, while none was seen */
	uint32_t
		parent_propagation; /* until servers that nobody can ask (anycast) follow the others */
	uint32_t registration;      /* until the parent acts, as a rule: for forecasts alone */
	uint32_t publish_margin;    /* more than RFC 7583 asks for, before a key is relied on */
	uint32_t retire_margin;     /* and before one is removed */
	uint32_t zsk_life, ksk_life; /* of a key; 0: until somebody rolls it */
	enum gw_zone_ksk_style style;
	bool unsign; /* no key is wanted: the zone is to become insecure */
};

/* ---- what to do now --------------------------------------------------------------------------- */

enum gw_zone_step_kind {
	GW_ZONE_STEP_GENERATE,    /* a key is old, or to go, and has no successor */
	GW_ZONE_STEP_BACK_UP,     /* a key waits for its backup */
	GW_ZONE_STEP_PUBLISH,     /* keys enter the DNSKEY RRset, and KSKs sign it */
	GW_ZONE_STEP_SWAP,        /* double-DS: KSKs take each other's place */
	GW_ZONE_STEP_SIGN,        /* other keys sign the zone */
	GW_ZONE_STEP_ASK_PARENT,  /* for a DS set */
	GW_ZONE_STEP_WAIT_PARENT, /* until all its servers show that */
	GW_ZONE_STEP_REMOVE,      /* keys leave the DNSKEY RRset */
	GW_ZONE_STEP_UNSIGN,      /* keys and signatures go */
	GW_ZONE_STEP_KIND_COUNT
};

/** Why a step cannot be earlier. */
enum gw_zone_why {
	GW_ZONE_WHY_NOW,        /* nothing hinders it */
	GW_ZONE_WHY_OLD_DS,     /* caches may have a DS RRset of before */
	GW_ZONE_WHY_OLD_KEYS,   /* caches may have a DNSKEY RRset of before */
	GW_ZONE_WHY_OLD_SIGNED, /* caches may have signatures of before */
	GW_ZONE_WHY_PARENT,     /* the parent has not done what it was asked for */
	GW_ZONE_WHY_AGE,        /* the key is not old enough */
	GW_ZONE_WHY_WITHDRAWN,  /* the key is to go, or compromised */
	GW_ZONE_WHY_BACKUP,     /* no restore has proved a backup of the key */
	GW_ZONE_WHY_COUNT
};

#define GW_ZONE_NEVER INT64_MAX

struct gw_zone_step {
	enum gw_zone_step_kind kind;
	struct gw_zone_tags keys; /* that enter, sign, go; the DS set that is wanted */
	struct gw_zone_tags old;  /* that they replace */
	enum gw_zone_why why;
	int64_t at;                /* earliest; GW_ZONE_NEVER: not before something else happens */
	int64_t since;             /* what caches may have was given out until then */
	uint32_t ttl, lag, margin; /* at = since + these, where it waits for caches */
	bool forecast;             /* rests on the parent acting as it does as a rule */
};

/**
 * What is to be done at `now`, all of it safe. In this order, each on record before it is done: ask
 * (`asked`; a parent that looks at CDS may act as soon as they are out), publish (`publish`, `published`).
 */
struct gw_zone_work {
	bool publish;               /* the zone is to be signed and published as `shown` says */
	struct gw_zone_shown shown; /* also when nothing changes */
	bool ask;                   /* the parent is to be asked for `ds` */
	bool wait; /* it has been, and has not answered: asking for `ds` again does no harm */
	struct gw_zone_tags ds;       /* empty: delete all */
	struct gw_zone_tags unbacked; /* keys that wait for a backup */
	struct gw_zone_tags due;      /* keys that need a successor: their age, or they are to go */
};

void gw_zone_roll_next(const struct gw_zone_history *history, const struct gw_zone_timing *timing,
		       int64_t now, struct gw_zone_work *ret);

/**
 * True if no validator can find the chain broken in what is visible now: every combination of versions
 * that may be in caches is valid. False right after a mistake that was made elsewhere, such as a DS
 * that somebody else changed; `*ret_until` is then when the last bad one has left the caches.
 */
bool gw_zone_roll_holds(const struct gw_zone_history *history, const struct gw_zone_timing *timing,
			int64_t now, int64_t *ret_until);

/* ---- what follows ----------------------------------------------------------------------------- */

#define GW_ZONE_PLAN_MAX 64u

struct gw_zone_plan {
	struct gw_zone_step steps[GW_ZONE_PLAN_MAX]; /* in order of time; the first are due now */
	size_t n;
	int64_t now;
	bool broken; /* gw_zone_roll_holds says no */
	int64_t broken_until;
};

/** Plays the future forward as far as a roll, and the next one, reach. */
void gw_zone_roll_plan(const struct gw_zone_history *history, const struct gw_zone_timing *timing,
		       int64_t now, struct gw_zone_plan *ret);

/** Appends what a step does, such as "sign the zone with key 12345 instead of 54321". */
void gw_zone_step_text(const struct gw_zone_step *step, bool japanese, struct gw_text *out);
/** Appends why it cannot be earlier. Nothing for GW_ZONE_WHY_NOW. */
void gw_zone_step_reason(const struct gw_zone_step *step, bool japanese, struct gw_text *out);
/** Appends one sentence: what the operator must do now, if anything. */
void gw_zone_plan_now(const struct gw_zone_plan *plan, const char *zone, bool japanese,
		      struct gw_text *out);

#endif
