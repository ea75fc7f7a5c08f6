/*
 * Which terms of a pair may overlap which others. Internal to the analysis in gw/policy.
 *
 * Each of the three dimensions is cut into up to 64 strips that hold about equally many terms. For
 * each strip there is a bitmap of the terms that touch it. Terms that may overlap a given one are
 * those that share a strip with it in every dimension: a few ORs and ANDs of bitmaps.
 */
#ifndef GW_POLICY_CANDIDATES_H
#define GW_POLICY_CANDIDATES_H

#include "gw/policy/pairs.h"

/** The pair's index, built when first asked for. */
const struct gw_candidates *gw_candidates_get(struct gw_arena *arena, struct gw_pair *pair);

/** A walk over the candidates of one term, in order of the terms; the term itself is left out. */
struct gw_candidate_walk {
	const struct gw_candidates *candidates;
	size_t term, word;
	uint64_t bits; /* of `word`, still to be visited */
};

void gw_candidates_begin(const struct gw_candidates *candidates, size_t term,
			 struct gw_candidate_walk *walk);
/** The next one in `*ret`, or false at the end. */
bool gw_candidates_next(struct gw_candidate_walk *walk, size_t *ret);

#endif
