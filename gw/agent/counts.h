/*
 * What the rules have counted. The kernel counts in elements whose key is a rule's number; a number
 * that is given up takes its counts with it, so a change adds those to what is carried from revision to
 * revision, and a rule's count never goes back.
 */
#ifndef GW_AGENT_COUNTS_H
#define GW_AGENT_COUNTS_H

#include "gw/agent/store.h"
#include "gw/ruleset/ruleset.h"

struct gw_count {
	const char *id; /* of a rule; of what is built in: gw_builtin_name */
	bool builtin;
	uint64_t packets, bytes;
};

/**
 * The counts in `observed`, with what was carried added, sorted by id. In the arena. `mark_mask` is
 * that of the policy that the numbers belong to.
 */
void gw_counts_collect(struct gw_arena *arena, const struct gw_ruleset *observed,
		       const struct gw_numbers *numbers, uint32_t mark_mask,
		       const struct gw_carried *carried, size_t n_carried, struct gw_count **ret,
		       size_t *ret_n);

/** What must be carried on when `desired` replaces `observed`: counts whose element goes. */
void gw_counts_carry(struct gw_arena *arena, const struct gw_ruleset *observed,
		     const struct gw_ruleset *desired, const struct gw_numbers *numbers,
		     uint32_t mark_mask, const struct gw_carried *carried, size_t n_carried,
		     struct gw_carried **ret, size_t *ret_n);

/** The highest number that the kernel has an element for; 0 if none. */
uint32_t gw_counts_highest_number(const struct gw_ruleset *observed);

/** True for sets whose elements are numbers with counters. */
bool gw_counts_numbers(const struct gw_set *set);

#endif
