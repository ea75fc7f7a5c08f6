/*
 * From segments to tables `netdev gw` and `bridge gw`. Pure. What a frame of a segment meets:
 *
 *   ingress_<segment>  (netdev, on the segment's devices; bridge: by the name of the port)
 *      UDP that cannot be a tunnel, TCP, over plain IPv4: accept   few comparisons for what is most, and one
 *                                                    look-up: not while anything is in quarantine
 *      in quarantine: drop
 *      not IPv4 by kind and version: goto frames_<segment>
 *      goto ipv4_<segment>
 *   ipv4_<segment>, udp_<segment>   protocols and ports that carry IPv6 inside: drop tunnel
 *   answers_<segment>               at ports: answers that switch IPv6 or a proxy on (compile_takeover.c)
 *   frames_<segment>
 *      ARP for IPv4: accept;  listed carriers and tags: accept
 *      IPv6 by kind and version: goto ipv6_<segment>
 *      the rest: drop disguised, tagged or carrier
 *   ipv6_<segment>   off: nothing passes, and the drop says what it was
 *                    local: link-local sources and destinations, kinds that neighbours need
 *                    guarded: first-hop security; chains of its own for ND, MLD, RA, DHCPv6
 *   egress_<segment> (netdev; off and local) what the gateway itself may send there
 *   drop_<segment>_<class>
 *
 * Every rule that accepts names all that must hold; headers that cannot be found match nothing.
 */
#ifndef IPV6GUARD_COMPILE_H
#define IPV6GUARD_COMPILE_H

#include "gw/compile/expr.h"
#include "ipv6guard/ipv6guard.h"

struct gw_compiler;

/** The section's part of the ruleset: the tables, if any segment is not open. */
void ipv6guard_compile(struct gw_compiler *compiler, const void *model);

/** Both tables for `guard`, added to `ruleset`. */
void ipv6guard_compile_tables(struct gw_ruleset *ruleset, const struct ipv6guard *guard);

/* ---- shared by the files of the compiler ---------------------------------------------------- */

/** One segment in one table. */
struct ipv6guard_compiler {
	struct gw_ruleset *table;
	struct gw_arena *arena;
	const struct ipv6guard_segment *segment;
	const struct gw_origin *origin;    /* the segment's line */
	bool drops[IPV6GUARD_CLASS_COUNT]; /* which drop chains are jumped to */
};

struct gw_chain *ipv6guard_chain(struct ipv6guard_compiler *c, const char *kind);
/** "<kind>_<segment>" in the arena. */
const char *ipv6guard_name(const struct ipv6guard_compiler *c, const char *kind);
/** The name of the drop chain, which will be there. */
const char *ipv6guard_drop(struct ipv6guard_compiler *c, enum ipv6guard_class class);
void ipv6guard_rule(struct ipv6guard_compiler *c, const char *chain, const struct gw_exprs *e,
		    const char *comment);
/** Ends the rule: accept, or goto `chain`. */
void ipv6guard_accept(struct ipv6guard_compiler *c, const char *chain, struct gw_exprs *e,
		      const char *comment);
void ipv6guard_goto(struct ipv6guard_compiler *c, const char *chain, struct gw_exprs *e,
		    const char *target, const char *comment);
/** A set of single numbers, one or two octets wide; `key` is GW_TYPE_PROTO or GW_TYPE_PORT. */
void ipv6guard_number_set(struct ipv6guard_compiler *c, const char *name, enum gw_type key,
			  const uint16_t *numbers, size_t n);

/* Conditions. Registers GW_REG(0) to GW_REG(7) are theirs. */
void ipv6guard_ethertype(struct gw_exprs *e, uint16_t type);
/** Kind of frame and version of the header, in one load across both. */
void ipv6guard_is_ip(struct gw_exprs *e, uint16_t ethertype, uint8_t version);
void ipv6guard_byte(struct gw_exprs *e, uint32_t base, uint32_t offset, uint8_t value);
void ipv6guard_bytes(struct gw_exprs *e, uint32_t base, uint32_t offset, const void *bytes,
		     uint32_t len);
void ipv6guard_masked(struct gw_exprs *e, uint32_t base, uint32_t offset, const uint8_t *mask,
		      const uint8_t *value, uint32_t len, uint32_t op);
void ipv6guard_in(struct gw_exprs *e, uint32_t base, uint32_t offset, uint32_t len, const char *set,
		  bool inverted);
/** meta l4proto, which the kernel finds behind all headers. */
void ipv6guard_l4proto(struct gw_exprs *e, uint8_t protocol);
void ipv6guard_has_header(struct gw_exprs *e, uint8_t header);
/** Goes on if sreg's limit is (over: is not) kept to. */
void ipv6guard_limit(struct gw_exprs *e, const char *set, uint32_t rate, bool over);
/** port . MAC [. source address] in registers 0 on. */
void ipv6guard_load_sender(struct gw_exprs *e, bool address);
void ipv6guard_link_local(struct gw_exprs *e, uint32_t offset);

#define IPV6_SOURCE   8u /* offsets in the headers */
#define IPV6_DEST     24u
#define IPV4_PROTOCOL 9u
#define TYPE_IPV4     0x0800

/* compile_ipv4.c */
/** Decides about IPv4 without a tag; what is none goes to `others`. */
void ipv6guard_compile_ipv4(struct ipv6guard_compiler *c, const char *chain, const char *others);
/** The same on the way out, where the gateway's policies have judged what is no tunnel by its protocol. */
void ipv6guard_compile_own_ipv4(struct ipv6guard_compiler *c, const char *chain,
				const char *others);

/* compile_takeover.c: answers that switch IPv6 or a proxy on. */
bool ipv6guard_judges_answers(const struct ipv6guard_segment *segment);
/** The rules of the UDP chain over IPv4, and the chain for answers about names. */
void ipv6guard_compile_takeover(struct ipv6guard_compiler *c, const char *chain);
/** What is UDP and may be such an answer is asked about there; returns if nothing is against it. */
void ipv6guard_jump_answers(struct ipv6guard_compiler *c, const char *chain);

/* compile_frames.c: what all modes have. compile_ipv6.c: off, local. compile_guarded.c: guarded */
void ipv6guard_compile_frames(struct ipv6guard_compiler *c, const char *chain);
void ipv6guard_compile_egress(struct ipv6guard_compiler *c, const char *chain);
void ipv6guard_compile_off(struct ipv6guard_compiler *c, const char *chain);
void ipv6guard_compile_local(struct ipv6guard_compiler *c, const char *chain);
void ipv6guard_compile_guarded(struct ipv6guard_compiler *c, const char *chain);
/** A set of ports and MACs of listed servers. */
void ipv6guard_sender_set(struct ipv6guard_compiler *c, const char *kind,
			  const struct ipv6guard_server *servers, size_t n);
/** compile_headers.c: refuses extension headers but MLD's and fragments; else on to the next rule. */
void ipv6guard_compile_headers(struct ipv6guard_compiler *c, const char *chain);
/* compile_discovery.c */
/** Where the source guard is on: refuses sources that are not bound to their sender. */
void ipv6guard_compile_source_guard(struct ipv6guard_compiler *c, const char *chain);
/** Goes on to the next rule if it is no neighbour discovery and no MLD; decides about them. */
void ipv6guard_compile_discovery(struct ipv6guard_compiler *c, const char *chain);
/** The same for packets from the unspecified address, of which nothing else passes. */
void ipv6guard_compile_unspecified(struct ipv6guard_compiler *c, const char *chain);
/** compile_router_end.c: on the way out, the end of a rogue router. */
void ipv6guard_compile_router_end(struct ipv6guard_compiler *c, const char *chain);
/** compile_router.c: advertisements, decided for good. */
void ipv6guard_compile_router(struct ipv6guard_compiler *c, const char *chain);

#endif
