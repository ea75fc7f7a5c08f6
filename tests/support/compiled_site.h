/* A site from YAML text all the way to its ruleset, for tests. Everything must succeed. */
#ifndef TESTS_SUPPORT_COMPILED_SITE_H
#define TESTS_SUPPORT_COMPILED_SITE_H

#include "gw/compile/compile.h"
#include "gw/core/text.h"
#include "gw/policy/load.h"
#include "gw/policy/region.h"

struct compiled_site {
	struct gw_config *config;
	struct gw_numbers *numbers;
	struct gw_ruleset *ruleset;
	int64_t now;
};

/** `before` (may be NULL) is the site that this one replaces: numbers carry over. */
void compiled_site_load(struct compiled_site *site, const char *yaml, int64_t now,
			const struct compiled_site *before);
void compiled_site_done(struct compiled_site *site);
/** Elements of `a` that `b` lacks or has otherwise, and the other way round; rules likewise. */
size_t compiled_site_differences(const struct compiled_site *a, const struct compiled_site *b);

/* Random numbers that a seed repeats exactly (splitmix64). */
struct random {
	uint64_t state;
};
uint64_t random_u64(struct random *random);
unsigned int random_below(struct random *random, unsigned int n);
bool random_chance(struct random *random, unsigned int percent);

/** Zones wan (all else), a, b (two interfaces), c, d (no IPv6): interfaces wan0, a0, b0, b1, c0,
 * d0. */
extern const char *const random_site_zones;
/**
 * A random site: `n_rules` policies, gateway rules and exceptions that overlap a lot. The text of
 * rule i depends on `seeds[i]` only, so that a change of one seed changes one rule (seeds[0] chooses between.default and the mark mask too). Windows and
 * expiry times lie around `now`.
 */
void random_site(struct gw_text *out, const uint64_t *seeds, size_t n_rules, int64_t now);
/** A random packet, mostly from and to where rules are; may be spoofed or misrouted. */
struct gw_packet random_packet(struct random *random, unsigned int *ret_from, unsigned int *ret_to);
/** Of random_packet's zone numbers: name and interface; zone 5 is the gateway (NULL). */
const char *random_site_zone(unsigned int zone);
const char *random_site_interface(unsigned int zone);

#endif
