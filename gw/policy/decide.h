/*
 * The meaning of the policy language, written once and plainly: which rule decides a packet. This
 * is what `explain` prints and what the differential test holds the kernel to.
 */
#ifndef GW_POLICY_DECIDE_H
#define GW_POLICY_DECIDE_H

#include "gw/policy/policy.h"
#include "gw/policy/region.h"
#include "gw/policy/section.h"

enum gw_verdict_cause {
	GW_CAUSE_RULE,      /* `rule` decided */
	GW_CAUSE_BETWEEN,   /* no rule matched: between.default (or drop, towards the gateway) */
	GW_CAUSE_SPOOF,     /* the source cannot be in the zone `from` */
	GW_CAUSE_MISROUTED, /* the destination cannot be in the zone `to` */
	GW_CAUSE_IPV6_OFF,  /* IPv6 into or out of a zone with `ipv6: off` */
	GW_CAUSE_REFUSED,   /* a module's rules: `refusal` */
};

struct gw_decision {
	enum gw_action action;
	enum gw_verdict_cause cause;
	const struct gw_rule_def *rule; /* for GW_CAUSE_RULE */
	struct gw_refusal refusal;      /* for GW_CAUSE_REFUSED */
	struct gw_loc loc;              /* of what decided */
};

/**
 * Decides the first packet of a connection from zone `from` to zone `to` (NULL: to the gateway) at
 * `now`. Addresses are the real ones: source before snat, destination after dnat. Where several
 * rules of the deciding tier match, the one named is the first in compile order (see
 * gw_rule_before), the same that the kernel counts. What modules refuse is asked here and not by what
 * reasons about all packets at once (reach.h, assertions): there, a little more seems to pass than does.
 */
struct gw_decision gw_decide(const struct gw_policy *policy, const struct gw_zone *from,
			     const struct gw_zone *to, const struct gw_packet *packet, int64_t now);

/** True if `rule` matches this packet between these zones at `now`, precedence aside. */
bool gw_rule_matches(const struct gw_rule_def *rule, const struct gw_zone *from,
		     const struct gw_zone *to, const struct gw_packet *packet, int64_t now);
/** True if the window (NULL: always) is open at `now`. */
bool gw_window_open(const struct gw_window *window, int64_t now);

/** The tiers, in the order in which they decide. */
enum gw_tier {
	GW_TIER_LOCKED, /* locked drop and reject */
	GW_TIER_EXCEPTION,
	GW_TIER_DENY,
	GW_TIER_ACCEPT,
};
enum gw_tier gw_rule_tier(const struct gw_rule_def *rule);

/** Of two rules of one tier, both matching, does `a` come first? By id: total and stable. */
bool gw_rule_before(const struct gw_rule_def *a, const struct gw_rule_def *b);

/** The dnat rule that rewrites this packet from `from` (as sent by the client), or NULL. */
const struct gw_nat *gw_decide_dnat(const struct gw_policy *policy, const struct gw_zone *from,
				    const struct gw_packet *packet);
/** The snat or masquerade rule for it (real destination), or NULL. */
const struct gw_nat *gw_decide_snat(const struct gw_policy *policy, const struct gw_zone *from,
				    const struct gw_zone *to, const struct gw_packet *packet);

/** The zone whose space holds the address, if exactly one declares it; else NULL. */
const struct gw_zone *gw_zone_of_address(const struct gw_policy *policy, enum gw_family family,
					 gw_u128 addr);

/** The rule nearest to matching: fewest of source, dest, service, window fail. NULL if none. */
const struct gw_rule_def *gw_decide_nearest(const struct gw_policy *policy,
					    const struct gw_zone *from, const struct gw_zone *to,
					    const struct gw_packet *packet, int64_t now);

#endif
