/* A policy from YAML text, for tests that look at the model only. */
#ifndef TESTS_SUPPORT_SITE_POLICY_H
#define TESTS_SUPPORT_SITE_POLICY_H

#include "gw/policy/load.h"

/** What every policy must have, to be put behind its other keys. */
#define SITE_DUTIES ", owner: o, ticket: t, review: 2099-12-31"
/** What every exception must have besides its end. */
#define SITE_REASONS ", ticket: t, reason: r, requested_by: x, approved_by: [y]"

/** Loads the text, which must be free of errors (it is printed otherwise, and the test ends). */
struct gw_config *site_policy(const char *yaml, int64_t now);

/** The rule with this id, which must exist. */
const struct gw_rule_def *site_rule(const struct gw_config *config, const char *id);
/** The zone with this name, which must exist; NULL for "gateway". */
const struct gw_zone *site_zone(const struct gw_config *config, const char *name);

/** A packet from text: "10.20.0.1 10.30.0.1 tcp/80". */
struct gw_packet;
struct gw_packet site_packet(const char *text);

#endif
