/*
 * From the model to the desired ruleset: table `inet gw`. Pure: no I/O, no clock.
 *
 * What a packet meets
 *
 *   prerouting_raw (prerouting, -300: before connection tracking)
 *	iifname vmap @ingress { hq0: jump spoof_nets_strict, wan0: jump spoof_outside_strict, lo:
 *accept } interface in no zone: drop no-zone spoof_nets_*:    iifname . saddr @nets4/@nets6 (both
 *link-local and unspecified sources that DHCP, ND and MLD need are allowed), else drop spoof
 *	spoof_outside_*: saddr @inside4/@inside6 (all declared nets): drop spoof
 *	*_strict:        fib saddr . iif oif missing: drop spoof;   *_loose: fib saddr oif missing
 *	ipv6 off:        chain spoof_no_ipv6: nfproto ipv6: drop ipv6-off
 *   forward (forward, 0, policy drop)
 *	tcp flags syn: maxseg size set rt mtu (if a zone clamps)
 *	ct mark & mask vmap @live         one hash look-up; number -> accept, with the rule's
 *counter ct mark & mask vmap @live_timed   the same for exceptions: elements with kernel timeouts
 *	ct state invalid, untracked: drop invalid;  related: drop withdrawn (its connection's mark
 *	                                  is not live)
 *	ct direction reply goto replies
 *	oifname vmap @egress { hq0: jump dest_nets, wan0: jump dest_outside }   drop misrouted
 *	iifname . oifname vmap @pairs { … goto pair_hq_wan }
 *	both interfaces in zones (@zoned): between.default; else drop no-zone
 *   replies: oifname . iifname vmap @pairs; drop withdrawn
 *   pair_<from>_<to>: one rule per layer (below), then between.default
 *   input (input, 0, policy drop)
 *	lo; @live, @live_timed; invalid drop; untracked: ICMPv6 133-136 with hop limit 255 and MLD
 *	130-132, 143: accept (counted as builtin), other untracked drop; related drop;
 *	direction reply (a connection of the gateway's own): set mark GATEWAY_OUT, @live
 *	iifname vmap @inputs { mgmt0: goto to_gateway_mgmt }; drop between
 *   to_gateway_<zone>: one rule per layer, then drop between
 *   output (output, 0, policy accept)
 *	lo; @live, @live_timed; established, direction reply: oifname vmap @inputs, drop withdrawn
 *	new, direction original: set mark GATEWAY_OUT, @live; (related and untracked pass: ICMP
 *	errors, resets and neighbour discovery of the gateway's own)
 *   nat_prerouting (-100), nat_postrouting (100): chains per zone reached by vmap, see nat.c
 *   drop_<reason>: counter, log (capped), drop. reject_rule / drop_rule / …_logged for rules
 *
 * Layers. Rules are judged by the connection's own addresses, not by the packet's: source = ct
 * original saddr, destination = ct reply saddr (the real server, after dnat), port = ct reply
 * proto-src (ICMP: ct original proto-dst, which holds type and code). So a packet of either
 * direction finds the rule of its connection, and a connection whose rule was withdrawn or
 * narrowed goes on without a lost packet if any rule still permits it.
 *
 * A layer is a group of rules of one pair of zones and one tier, with the same window and the same
 * dimensions in use (source, destination, service: any, or looked up, or one large host list).
 * The kernel rule of a layer is
 *	imm layer, saddr -> @src4/@src6 -> class;  imm layer, daddr -> @dst4/@dst6 -> class;
 *	imm layer, proto, port -> @services -> class;
 *	layer . class . class . class -> @match (exceptions: @match_timed) -> number
 *	accept tiers: ct mark set number; number vmap @live / @live_timed
 *	deny tiers:   meta mark set number; number vmap @deny
 * where a dimension that is `any` has class 0 without a look-up and a large list is a look-up in
 * a set of its own (hosts4_<name>, hosts6_<name>).
 * Within a layer, address lists are cut into classes: all addresses that the same lists of
 * the layer contain. A class is numbered by a hash of those lists' names, so that a
 * change of one policy touches only elements of its own. If the cells of a layer would be too many,
 * the layer is split in two; the worst case is a rule per policy, which is what other firewalls
 * start with. Class maps are concatenated interval sets whose entries are disjoint by
 * construction, because the kernel's answer for overlapping entries depends on their order of
 * insertion.
 *
 * Number of sets: constant, plus one per large host list and family. Chains: one per pair of
 * zones that has rules, one per zone, one per window.
 *
 * Windows: the @live element of a windowed rule is `jump window_N`, a chain that accepts while the
 * window is open and falls through when it is not, so that evaluation goes on; @deny elements
 * use `jump window_N_drop` and so on.
 */
#ifndef GW_COMPILE_COMPILE_H
#define GW_COMPILE_COMPILE_H

#include "gw/compile/numbers.h"
#include "gw/policy/policy.h"
#include "gw/ruleset/ruleset.h"

/** What the kernel offers, as far as the compiler must know. */
struct gw_kernel_features {
	bool bitwise_or; /* needed for a partial mark mask */
};

/**
 * The ruleset for `policy`. Expired exceptions (expires <= now) give nothing. Adds a diagnostic and
 * returns NULL if the policy cannot be expressed (partial mask on a kernel without bitwise OR,
 * too many zones' names alike, …). The caller frees the result; it borrows locations from
 * `policy`, which must outlive it.
 */
struct gw_ruleset *gw_compile(const struct gw_policy *policy, const struct gw_numbers *numbers,
			      const struct gw_kernel_features *features, int64_t now,
			      struct gw_diags *diags);

#endif
