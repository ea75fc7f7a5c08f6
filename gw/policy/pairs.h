/*
 * Which rules speak about which pair of zones, and what of their packets can exist there. Internal
 * to the analysis in gw/policy.
 *
 * Most rules name a few zones; those are listed by pair. Rules for very many pairs (`any`) are
 * listed by the zones that their sources can be in, and looked for in every pair from there, so
 * that 10,000 rules and 256 zones do not become hundreds of millions of entries. What rules match in a pair is computed when the pair is first
 * asked for, and kept.
 */
#ifndef GW_POLICY_PAIRS_H
#define GW_POLICY_PAIRS_H

#include "gw/policy/policy.h"
#include "gw/policy/region.h"

/** What a rule matches in a pair, in one family; never empty. */
struct gw_pair_term {
	const struct gw_rule_def *rule;
	struct gw_region region;
};

struct gw_candidates;

/** A pair of zones. `to` is NULL for traffic to the gateway. */
struct gw_pair {
	const struct gw_zone *from, *to;
	struct gw_pair_term *terms; /* in order of the rules' ids */
	size_t n, capacity;
	struct gw_candidates *candidates; /* index over terms, see candidates.h; NULL: not built */
};

struct gw_rule_list {
	const struct gw_rule_def **rules;
	size_t n, capacity;
};

struct gw_pairs {
	const struct gw_policy *policy;
	struct gw_arena *arena;
	struct gw_pair **pairs;         /* by slot; NULL: not asked for yet */
	struct gw_rule_list *narrow;    /* by slot */
	struct gw_rule_list wide;       /* in order of ids */
	struct gw_rule_list *wide_from; /* by zone: those of `wide` with sources in it */
	bool *wide_known;               /* by zone: wide_from has been made */
	struct gw_addrset **clipped;    /* what of a large host list is in a zone, see pairs.c */
	size_t work;                    /* how many times a rule was looked at for a pair */
};

/** Everything is allocated in `arena`, which must outlive `pairs`. */
void gw_pairs_init(struct gw_pairs *pairs, struct gw_arena *arena, const struct gw_policy *policy);

/** The pair; valid as long as the arena. */
struct gw_pair *gw_pairs_get(struct gw_pairs *pairs, const struct gw_zone *from,
			     const struct gw_zone *to);
/** True if gw_pairs_get has been asked for this pair, so that asking again costs nothing. */
bool gw_pairs_has(const struct gw_pairs *pairs, const struct gw_zone *from,
		  const struct gw_zone *to);

/** The place of the rule's first term in the pair; pair->n if it has none. */
size_t gw_pair_find(const struct gw_pair *pair, const struct gw_rule_def *rule);

#endif
