/* Rulesets for the tests of gw/nft: everything that the kernel has to hand back unchanged. */
#ifndef TESTS_SUPPORT_NFT_SAMPLE_H
#define TESTS_SUPPORT_NFT_SAMPLE_H

#include "gw/ruleset/ruleset.h"

/** Every kind of expression, set and element, in a table `inet gw`; expiries relative to now_ms. */
struct gw_ruleset *nft_sample(int64_t now_ms);

/** The same chains and sets with rules and elements that `seed` picks. */
struct gw_ruleset *nft_sample_random(unsigned int seed);

/** One random expression of this kind, well-formed but not always one that the kernel takes. */
struct gw_expr nft_sample_expr(struct gw_arena *arena, enum gw_expr_kind kind, unsigned int *seed);

/** Fails the test, naming the first object that differs. */
void nft_sample_assert_same(const struct gw_ruleset *wanted, const struct gw_ruleset *seen);

#endif
