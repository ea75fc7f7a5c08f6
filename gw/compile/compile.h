/*
 * From the model to the desired ruleset: table `inet gw`. Pure: no I/O, no clock.
 *
 * What a packet meets
 *
 *   prerouting_raw (prerouting, -300: before connection tracking)
 *      iifname vmap @ingress { hq0: jump source_hq, …, lo: accept };  drop no-zone
 *   source_<zone>
 *      with an admission register: is the device in it? drop not-admitted (admission.c)
 *      ipv6: off: drop ipv6-off
 *      the source can be in the zone (its nets, or what no zone declares) and has a way back
 *      (fib saddr . iif, or fib saddr where anti-spoofing is loose): accept
 *      goto source_none: DHCP clients, link-local sources, neighbour discovery: accept; drop spoof
 *   forward (forward, 0, policy drop)
 *      meta nfproto @rt_guard jump guard_forward    while any emergency measure is in force
 *      tcp flags syn: maxseg size set rt mtu (in zones that clamp)
 *      ct mark @live accept          one hash look-up; the element has the rule's counter
 *      ct mark @live_timed accept    the same for exceptions: elements with kernel timeouts
 *      ct mark vmap @live_windowed   rules with hours; or: jump guarded, see windows.c
 *      ct state invalid, untracked: drop invalid
 *      ct state related: drop withdrawn (its connection's mark is not live)
 *      ct direction reply goto replies
 *      oifname != @zoned: drop no-zone
 *      oifname vmap @egress { hq0: jump dest_hq }: can the destination be in the zone that it
 *                                    leaves to? drop misrouted or ipv6-off
 *      iifname . oifname vmap @pairs { … jump pair_hq_wan };  between.default
 *   replies
 *      oifname . iifname vmap @pairs;  drop withdrawn
 *   pair_<from>_<to>
 *      one rule per layer (below); what it does not decide returns
 *   guard_forward (its groups in chains of their own, each behind a bit of @rt_guard: guard_banned,
 *      guard_isolated, …), guard_input, guard_output: source or destination in @rt_banned… or
 *      @rt_suspended…: drop banned, suspended; zone in @rt_isolated, source, destination or MAC in
 *      @rt_quarantined…, unless the other side is a management zone: drop isolated, quarantined
 *      (measures.h)
 *   input (input, 0, policy drop)
 *      lo; @rt_guard jump guard_input; @live, @live_timed, @live_windowed
 *      ICMPv6 133-136 with hop limit 255, MLD 130-132 and 143, which conntrack does not track
 *      invalid, untracked, related: drop
 *      established, direction reply (a connection of the gateway's own): mark GATEWAY_OUT, accept
 *      iifname vmap @inputs { mgmt0: jump to_gateway_mgmt };  drop gateway
 *   output (output, 0, policy accept)
 *      lo; @rt_guard jump guard_output; @live, @live_timed, @live_windowed
 *      established, direction reply: oifname vmap @inputs; drop withdrawn
 *      new or established, direction original: mark GATEWAY_OUT, accept
 *      the rest passes: ICMP errors, resets, neighbour discovery of the gateway's own
 *   nat_prerouting (-100), nat_postrouting (100): chains per zone reached by vmap, see nat.c. Not there
 *      before the first `nat:`, because they cost every packet something; they stay after the last,
 *      for the sake of connections that were translated
 *   drop_<reason>: packet mark set to the reason's number; counted in @deny; logged (capped); drop
 *
 * Layers. Rules are judged by the connection's own addresses, not by the packet's: source = ct
 * original saddr, destination = ct reply saddr (the real server, after dnat), port = ct reply
 * proto-src (ICMP: ct original proto-dst, which holds type and code). So a packet of either
 * direction finds the rule of its connection, and a connection whose rule was withdrawn or
 * narrowed goes on without a lost packet if any rule still permits it.
 *
 * A layer is a group of rules of the same zones, tier and action, with the same window and the
 * same dimensions in use (source, destination, service: any, or looked up, or one large host
 * list); pairs of zones share layers (layers.h). The kernel rule of a layer is
 *
 *      layer . saddr       -> @src4_<zone> or @src6_<zone>   -> class
 *      layer . daddr       -> @dst4_<zone> or @dst6_<zone>   -> class
 *      layer . proto . port -> @services_<zone>              -> class
 *      layer . class . class . class -> @match_<zone> (exceptions: @match_timed) -> number
 *      accept: ct mark set number; number @live (or one of its kin) accept
 *      deny:   meta mark set number; number @deny; drop, reject or the chain that logs first
 *
 * where a dimension that is `any` has class 0 without a look-up and a large list is a look-up in
 * a set of its own (hosts4_<name>, hosts6_<name>). Sets of layers are those of the zone that the
 * packets come from; sets.c says why, and why @live and @deny are no verdict maps.
 *
 * Within a layer, address lists are cut into classes: all addresses that the same lists of the
 * layer contain. A class is named by its lowest address and a layer by what its rules have in
 * common, so that a change of one policy touches only elements of its own. If the cells of a layer
 * would be too many, the layer is split in two; the worst case is a rule per policy, which is what
 * other firewalls start with. Class maps are concatenated interval sets whose entries are disjoint
 * by construction, because the kernel's answer for overlapping entries depends on their order of
 * insertion.
 *
 * Number of sets: constant, plus a few per zone, plus one per family and large host list. Chains:
 * one per pair of zones that has rules, a few per zone, one per window, one per layer that many
 * pairs share.
 */
#ifndef GW_COMPILE_COMPILE_H
#define GW_COMPILE_COMPILE_H

#include "gw/compile/numbers.h"
#include "gw/policy/policy.h"
#include "gw/ruleset/ruleset.h"

/** Base chain of source translation; there once a policy has translated addresses. */
#define GW_NAT_CHAIN "nat_postrouting"

/** What the kernel offers, as far as the compiler must know. */
struct gw_kernel_features {
	bool bitwise_or;    /* needed for a partial mark mask */
	bool hooks_wait;    /* ingress hooks on devices that are not there yet */
	bool hook_patterns; /* and on all whose names begin so */
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

/** The ruleset of a gateway without a config: it forwards nothing. The caller frees it. */
struct gw_ruleset *gw_compile_closed(void);

#endif
