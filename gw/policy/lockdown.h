/*
 * Lockdown: what the gateway does before anything was confirmed. Nothing passes through it, and only
 * those reach it who could reach it from a management zone (`management: true`, or the zone named
 * mgmt) anyway. It is what an unconfirmed first revision falls back to, and what is loaded at boot when
 * no stored revision can be read.
 *
 *	struct gw_policy *lockdown = gw_policy_lockdown(arena, config->policy);
 *	if (!gw_policy_has_way_in(lockdown))
 *		… nobody could reach the gateway: say so before it happens …
 *	ruleset = gw_compile(lockdown, gw_numbers_assign(lockdown, previous, policy, diags), …);
 */
#ifndef GW_POLICY_LOCKDOWN_H
#define GW_POLICY_LOCKDOWN_H

#include "gw/policy/policy.h"

/**
 * The policy that is left of `policy` in lockdown: its zones, and its gateway rules as far as they
 * hold for management zones. Pure. In `arena`; borrows from `policy`, which must outlive it.
 */
struct gw_policy *gw_policy_lockdown(struct gw_arena *arena, const struct gw_policy *policy);

/**
 * True if some gateway rule accepts a service of TCP or UDP from a management zone: without one, nobody
 * can reach the gateway over the network in lockdown.
 */
bool gw_policy_has_way_in(const struct gw_policy *policy);

#endif
