/*
 * What the rules have counted. The kernel counts in elements whose key is a rule's number; a number
 * that is given up takes its counts with it, so a change adds those to what is carried from revision to
 * revision, and a rule's count never goes back. What is stored with a revision before the kernel learns
 * of it is what was observed; when the change is made, the kernel's own last counts replace it
 * (gw_counts_settle), so that not one packet is missing. A program that is killed between the two
 * leaves the first: packets of the few milliseconds in between are missing then, none is twice.
 */
#ifndef GW_AGENT_COUNTS_H
#define GW_AGENT_COUNTS_H

#include "gw/agent/store.h"
#include "gw/plan/plan.h"
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

/**
 * Adds to `gone` what the transaction that sent `part` has ended: of what it deleted, the last counts,
 * as the kernel told them (part->finals from `from` on) or as they were observed; less what it
 * added again with counts. Numbers can come several times; differences may wrap.
 */
void gw_counts_settle(const struct gw_plan *part, size_t from, struct gw_finals *gone);

/** What must be carried on after that: what was carried, with `gone` added. */
void gw_counts_carry_gone(struct gw_arena *arena, const struct gw_finals *gone,
			  const struct gw_numbers *numbers, uint32_t mark_mask,
			  const struct gw_carried *carried, size_t n_carried,
			  struct gw_carried **ret, size_t *ret_n);

/** The highest number that the kernel has an element for; 0 if none. */
uint32_t gw_counts_highest_number(const struct gw_ruleset *observed);

/** True for sets whose elements are numbers with counters. */
bool gw_counts_numbers(const struct gw_set *set);

#endif
