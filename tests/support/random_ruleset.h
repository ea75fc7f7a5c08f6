/*
 * Random rulesets that a kernel accepts, and random changes of them: what the tests of plans run
 * on. A ruleset is drawn from a recipe, a table of seeds with one for each thing that may be in
 * it; so a change is a change of some seeds, and all else stays as it was.
 *
 *	struct ruleset_recipe recipe;
 *	ruleset_recipe_draw(&recipe, seed);
 *	a = ruleset_recipe_build(&recipe);
 *	ruleset_recipe_change(&recipe, seed, 3);
 *	b = ruleset_recipe_build(&recipe);
 *
 * Chains of low numbers are base chains and may jump to those of higher ones only, so there are no
 * loops; verdict maps are looked up in the first half of the chains and lead to the second.
 */
#ifndef TESTS_SUPPORT_RANDOM_RULESET_H
#define TESTS_SUPPORT_RANDOM_RULESET_H

#include "gw/ruleset/ruleset.h"

#define RECIPE_CHAINS 10
#define RECIPE_RULES  12
#define RECIPE_SETS   10
#define RECIPE_ELEMS  12

/* Seeds; 0: there is no such thing. */
struct ruleset_recipe {
	uint64_t chains[RECIPE_CHAINS];
	uint64_t rules[RECIPE_CHAINS][RECIPE_RULES];
	uint64_t sets[RECIPE_SETS];
	uint64_t elems[RECIPE_SETS][RECIPE_ELEMS];
	int64_t now_ms; /* elements with a timeout end hours after this */
};

void ruleset_recipe_draw(struct ruleset_recipe *recipe, uint64_t seed);
/** Changes, adds, removes or moves `n` things. */
void ruleset_recipe_change(struct ruleset_recipe *recipe, uint64_t seed, unsigned int n);
/** The ruleset, finished; the caller's. Objects have origins, as those that the compiler makes. */
struct gw_ruleset *ruleset_recipe_build(const struct ruleset_recipe *recipe);

/** The ruleset of a newly drawn recipe. */
struct gw_ruleset *random_ruleset(uint64_t seed);

#endif
