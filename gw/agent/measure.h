/*
 * Emergency measures and admissions as data: what is in force, in memory, on disk and in the kernel.
 * The verbs are in measures.c and admission.c.
 *
 * One struct gw_measure is one fact that the kernel enforces: a zone, an address, a network, a MAC. A
 * host with two addresses makes two, which share the subject that the operator named. The list is
 * sorted by where the fact stands in the kernel, so that facts that several measures have made are
 * neighbours: the one that lasts longest counts.
 *
 * On disk they are a journal: a line of JSON for each fact that comes or goes, synced before the kernel
 * learns of it, and written anew when most of it is old. A hundred thousand bans that come one by one
 * therefore do not write a hundred thousand whole files. Half a line at its end was never acknowledged.
 */
#ifndef GW_AGENT_MEASURE_H
#define GW_AGENT_MEASURE_H

#include <jansson.h>

#include "gw/compile/measures.h"
#include "gw/core/texts.h"
#include "gw/nft/nft.h"

enum gw_measure_kind {
	GW_MEASURE_KIND_ISOLATE,
	GW_MEASURE_KIND_QUARANTINE,
	GW_MEASURE_KIND_BAN,
	GW_MEASURE_KIND_SUSPEND,
	GW_MEASURE_KIND_ADMIT,
	GW_MEASURE_KIND_COUNT
};

/** Where facts stand that no set of measures holds. */
#define GW_MEASURE_NOWHERE  ((uint8_t)GW_MEASURE_SET_COUNT)       /* a user without addresses */
#define GW_MEASURE_ADMITTED ((uint8_t)(GW_MEASURE_SET_COUNT + 1)) /* rt_admitted_<subject> */

struct gw_measure {
	/* The fact: key of the element, network order, the last of a range in key_end. Isolation: how and
	 * zone id; a MAC: its six bytes. */
	uint8_t key[16], key_end[16];
	uint8_t set;  /* enum gw_measure_set, or one of the two above */
	uint8_t kind; /* enum gw_measure_kind */
	/* What the operator named: zone, host, user, and of an admission the zone; "" where the fact
	 * says it all. */
	const char *subject;
	const char *actor, *reason;
	int64_t since, until; /* Unix time; until 0: until it is lifted */
};

/** Begins the subject of bans that a list has made: "feed:NAME" (feeds.c). */
#define GW_MEASURE_FEED "feed:"

struct gw_measures {
	struct gw_measure *items; /* sorted */
	size_t n, capacity;
	struct gw_texts texts;
	size_t lines; /* of the journal */
};

/* ---- measure.c ------------------------------------------------------------------------------- */

void gw_measures_init(struct gw_measures *measures);
void gw_measures_done(struct gw_measures *measures);
/** Copies the texts of a measure to where the list keeps each once. */
void gw_measures_keep_texts(struct gw_measures *measures, struct gw_measure *measure);
/** By the fact, then kind and subject: measures that made the same fact are neighbours. */
int gw_measure_compare(const struct gw_measure *a, const struct gw_measure *b);
/** The measure of the same kind, subject and fact; NULL if there is none. */
struct gw_measure *gw_measures_find(const struct gw_measures *measures,
				    const struct gw_measure *like);
/** Adds it, or takes the place of the one found. Texts are copied. */
void gw_measures_put(struct gw_measures *measures, const struct gw_measure *measure);
/** False if it is not there. */
bool gw_measures_remove(struct gw_measures *measures, const struct gw_measure *like);
/** Removes those of `n` that are there, however many they are, in one go. */
void gw_measures_remove_all(struct gw_measures *measures, const struct gw_measure *like, size_t n);
size_t gw_measures_count(const struct gw_measures *measures, enum gw_measure_kind kind);
/** The same for all kinds, without looking at every one of half a million bans. */
void gw_measures_count_all(const struct gw_measures *measures, size_t ret[GW_MEASURE_KIND_COUNT]);

const char *gw_measure_kind_name(enum gw_measure_kind kind);
/** "isolate", … ; false for any other word. */
bool gw_measure_kind_parse(const char *name, enum gw_measure_kind *ret);
bool gw_measure_is_over(const struct gw_measure *measure, int64_t now);

/* Facts. The other members are left alone. */
void gw_measure_set_zone(struct gw_measure *measure, const char *zone, bool untrusted_only);
/** Address or, of bans, network; false if a range is no fact of this kind. */
bool gw_measure_set_range(struct gw_measure *measure, enum gw_family family, struct gw_range range);
void gw_measure_set_mac(struct gw_measure *measure, const uint8_t mac[6]);
bool gw_measure_is_mac(const struct gw_measure *measure);
/** True if the fact is an address or a network. */
bool gw_measure_range(const struct gw_measure *measure, enum gw_family *ret_family,
		      struct gw_range *ret_range);
/** "203.0.113.0/24", "52:54:00:12:34:56", "hq", "hq from untrusted zones". */
#define GW_MEASURE_TEXT 160
const char *gw_measure_text(const struct gw_measure *measure, char out[GW_MEASURE_TEXT]);

/* ---- measure_file.c -------------------------------------------------------------------------- */

json_t *gw_measure_json(const struct gw_measure *measure);
/** Texts are borrowed from the JSON. False if it is none of ours. */
bool gw_measure_from_json(const json_t *json, struct gw_measure *ret);

/** Reads the journal in the folder `dir`; a folder without one gives an empty list. -EBADMSG. */
int gw_measures_load(struct gw_measures *measures, int dir);
/** Notes durably that `n` measures come, or go. 0 or -errno, and then nothing is noted. */
int gw_measures_note(struct gw_measures *measures, int dir, const struct gw_measure *changes,
		     size_t n, bool come);
/** Writes the journal anew if most of its lines are old. Failure harms nothing. */
void gw_measures_compact(struct gw_measures *measures, int dir);

/* ---- measure_judge.c ------------------------------------------------------------------------- */

/** A packet, with its zones: by the connection's own addresses, as in gw/policy/decide.h. */
struct gw_measure_question {
	const struct gw_zone *from, *to; /* to NULL: the gateway */
	enum gw_family family;
	gw_u128 source, dest;
	struct gw_addrset reach; /* of the policy: what hosts in quarantine reach */
};
/** A measure that stops it now; NULL if none does. What is known by its MAC is not judged. */
const struct gw_measure *gw_measures_stopping(const struct gw_measures *measures,
					      const struct gw_measure_question *question,
					      int64_t now);

/* ---- measure_kernel.c ------------------------------------------------------------------------ */

/** Adds what is in force to the run-time sets of a ruleset that is about to be loaded. */
void gw_measures_complete(const struct gw_measures *measures, struct gw_ruleset *ruleset,
			  int64_t now);
/**
 * Makes the elements of one set (enum gw_measure_set, or GW_MEASURE_ADMITTED with its zone) what they
 * should be, and those of @rt_guard with it. -ENOENT: the kernel has no such set yet.
 */
int gw_measures_sync(const struct gw_measures *measures, struct gw_kernel *kernel, uint8_t set,
		     const char *zone, int64_t now);
/** The same after changes of these facts alone, without listing large sets. */
int gw_measures_send(const struct gw_measures *measures, struct gw_kernel *kernel,
		     const struct gw_measure *changes, size_t n, int64_t now);

#endif
