/*
 * What can pass between a pair of zones: the common core of reachability, assertions and the
 * difference of two policies. Internal to gw/policy.
 */
#ifndef GW_POLICY_REACH_H
#define GW_POLICY_REACH_H

#include "gw/policy/analyze.h"
#include "gw/policy/moments.h"

struct gw_passing {
	const struct gw_rule_def *rule;
	struct gw_region region;
	int64_t moment; /* when it passes: one of the moments asked for */
};

/** Arrays in the arena. */
struct gw_passings {
	struct gw_passing *items;
	size_t n, capacity;
};

/** The question: what passes in `pair`, within `within`, at any of `moments`? */
struct gw_reach_query {
	struct gw_arena *arena;
	struct gw_pair *pair;
	const struct gw_region *within; /* NULL: everything */
	struct gw_moments moments;
	int64_t now; /* which exceptions are live */
	size_t max;  /* stop after so many answers; 0: no limit */
};

/**
 * Adds the answers: disjoint from each other, exceptions first, then in order of ids. Answers to
 * earlier questions in `ret` are not looked at: ask for disjoint `within`s to keep all disjoint.
 */
void gw_reach_find(const struct gw_reach_query *query, struct gw_passings *ret);

/** The locked or plain deny that decides this packet at `moment`, exceptions aside; NULL: none. */
const struct gw_rule_def *gw_reach_denier(const struct gw_pair *pair,
					  const struct gw_packet *packet, int64_t moment);

#endif
