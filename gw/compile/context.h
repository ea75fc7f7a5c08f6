/*
 * What the files of the compiler share: the state of one run and the helpers that all of them use.
 * Order of a run (compile.c): numbers and guards, layers, sets with their elements, chains.
 * Chains that others jump to may be made later: names decide, and the kernel gets chains first.
 */
#ifndef GW_COMPILE_CONTEXT_H
#define GW_COMPILE_CONTEXT_H

#include "gw/compile/compile.h"
#include "gw/compile/expr.h"
#include "gw/compile/layers.h"

struct gw_compiler {
	const struct gw_policy *policy;
	struct gw_arena *scratch; /* freed at the end of the run */
	struct gw_ruleset *ruleset;
	struct gw_arena *arena; /* of the ruleset */
	uint32_t *numbers;      /* by rule; 0: not compiled (expired) */
	bool *guarded;          /* by rule: accepts, and a windowed deny overlaps it */
	bool any_guarded;
	bool translates;                          /* see struct gw_numbers */
	const char **hosts_sets[GW_FAMILY_COUNT]; /* names of large lists' sets, by host index */
	struct gw_layers layers;
	const struct gw_origin *gw; /* of what is always there */
	const struct gw_origin *between;
	const struct gw_origin *rule_origins, *zone_origins, *nat_origins; /* by index */
};

/* ---- registers: keys are built from KEY on, results from CLASS on ------------------------- */
#define REG_KEY     GW_REG(0)
#define REG_LAYER   GW_REG(8)
#define REG_SOURCE  GW_REG(9)
#define REG_DEST    GW_REG(10)
#define REG_SERVICE GW_REG(11)
#define REG_NUMBER  GW_REG(12)
#define REG_SPARE   GW_REG(13)

/* ---- compile.c ---------------------------------------------------------------------------- */

/** A new chain; the pointer is valid until the next chain is added. */
struct gw_chain *gw_compile_chain(struct gw_compiler *c, const char *name,
				  const struct gw_origin *origin);
struct gw_chain *gw_compile_base_chain(struct gw_compiler *c, const char *name, uint32_t hook,
				       int32_t priority, const char *type, bool policy_drop);
/** The set of this name, which exists; valid until the next set is added. */
struct gw_set *gw_compile_set(struct gw_compiler *c, const char *name);
void gw_compile_rule(struct gw_compiler *c, struct gw_chain *chain, const struct gw_exprs *e,
		     const struct gw_origin *origin, const char *comment);
/** A rule that does nothing but jump, go to or end. */
void gw_compile_verdict(struct gw_compiler *c, struct gw_chain *chain, enum gw_verdict_code verdict,
			const char *target, const struct gw_origin *origin, const char *comment);

/* ---- marks.c: the connection mark ---------------------------------------------------------- */

/** reg = number that the connection carries. */
void gw_compile_mark_get(const struct gw_compiler *c, struct gw_exprs *e, uint32_t reg);
/** The connection carries the number in `reg`, other bits of the mark unchanged. */
void gw_compile_mark_set(const struct gw_compiler *c, struct gw_exprs *e, uint32_t reg);
/** Rules that let live connections pass. */
void gw_compile_live(struct gw_compiler *c, struct gw_chain *chain);
/** Rules for what conntrack cannot place and for what belongs to dead connections. */
void gw_compile_invalid(struct gw_compiler *c, struct gw_chain *chain);
void gw_compile_related(struct gw_compiler *c, struct gw_chain *chain);
/** Accepts the packet if the number in `reg` is in this set of live ones, and counts it there. */
void gw_compile_accept_live(struct gw_exprs *e, const char *set, uint32_t reg);
/** Goes on if the packet is of this direction of its connection (IP_CT_DIR_…). */
void gw_compile_direction(struct gw_exprs *e, uint8_t direction);
/** Goes on if the state is among `states` (bits of the kernel's ct state). */
void gw_compile_states(struct gw_exprs *e, uint32_t states);
#define GW_STATE_INVALID     (1u << 0)
#define GW_STATE_ESTABLISHED (1u << 1)
#define GW_STATE_RELATED     (1u << 2)
#define GW_STATE_NEW         (1u << 3)
#define GW_STATE_UNTRACKED   (1u << 6)

/* ---- sets.c, elements.c -------------------------------------------------------------------- */

void gw_compile_sets(struct gw_compiler *c);
void gw_compile_elements(struct gw_compiler *c);
/** Name of the set of a large host list. */
const char *gw_compile_hosts_set(struct gw_compiler *c, const struct gw_hosts *hosts,
				 enum gw_family family);
/** A set of one field with these addresses; `definition` has the origin of all. */
void gw_compile_interval_set(struct gw_compiler *c, const struct gw_set *definition,
			     struct gw_addrset addrs, enum gw_family family);
/** The set of the layer's classes or cells: `base` (say "dst4") of its zone. See sets.c. */
const char *gw_compile_layer_set_name(struct gw_arena *arena, const struct gw_layer *layer,
				      const char *base);
/** The same as a set, made if it is not there; valid until the next set is added. */
struct gw_set *gw_compile_layer_set(struct gw_compiler *c, const struct gw_layer *layer,
				    const char *base);
/** Sizes of the sets whose buckets the kernel lays out once, from what they hold. */
void gw_compile_sizes(struct gw_compiler *c);
/** Adds `number` to a set, or `number` -> `verdict` to a verdict map. */
void gw_compile_number_elem(struct gw_compiler *c, const char *set, uint32_t number,
			    enum gw_verdict_code verdict, const char *chain, int64_t expires_ms,
			    const struct gw_origin *origin);
/** Adds interface (. second interface, if not NULL) -> jump `chain`. */
void gw_compile_interface_elem(struct gw_compiler *c, const char *set, const char *interface,
			       const char *second, const char *chain,
			       const struct gw_origin *origin);
void gw_compile_zone_elems(struct gw_compiler *c, const char *set, const struct gw_zone *zone,
			   const char *chain);
void gw_compile_pair_elems(struct gw_compiler *c, const char *set, const struct gw_zone *from,
			   const struct gw_zone *to, const char *chain);
/** The classes of a layer into the sets of addresses and services. */
void gw_compile_layer_classes(struct gw_compiler *c, const struct gw_layer *layer,
			      const struct gw_origin *origin);

/* ---- match.c: kernel rules of layers ------------------------------------------------------- */

/** The conditions under which one kernel rule of a layer holds. */
struct gw_layer_case {
	bool family_matters;
	enum gw_family family;
	bool icmp; /* services of ICMP; else of all other protocols */
};
/** Cases in which the layer can match at all: at most 4. */
size_t gw_layer_cases(const struct gw_layer *layer, struct gw_layer_case ret[4]);
/** Look-ups of all dimensions: the rule goes on if each finds something. Fills the class registers.
 */
void gw_compile_layer_match(struct gw_compiler *c, struct gw_exprs *e, const struct gw_layer *layer,
			    const struct gw_layer_case *condition);
/** The layers of each pair of zones and of the gateway: chains pair_… and to_gateway_…. */
void gw_compile_layers(struct gw_compiler *c);

/* ---- drops.c ------------------------------------------------------------------------------- */

void gw_compile_drops(struct gw_compiler *c);
/** Where a builtin reason drops: "drop_spoof" …; constant. */
const char *gw_compile_drop_chain(enum gw_builtin builtin);
/** Marks the packet with REG_NUMBER, counts it in @deny and drops or rejects it. */
void gw_compile_deny(struct gw_exprs *e, enum gw_action action, bool log);
/** Up to the rate of each number (in `reg`), a log record of a packet that goes on. */
void gw_compile_log_accepted(const struct gw_compiler *c, struct gw_exprs *e, uint32_t reg);

/* ---- windows.c ----------------------------------------------------------------------------- */

void gw_compile_guards(struct gw_compiler *c);
void gw_compile_windows(struct gw_compiler *c);
/** Name of the chain that accepts while the window is open. */
const char *gw_compile_window_chain(struct gw_compiler *c, const struct gw_window *window);
/** Goes on while this part of a window is now. */
void gw_compile_window_part(struct gw_exprs *e, const struct gw_window_part *part);
/** Name of the chain that logs and accepts the connections of a logged layer. */
const char *gw_compile_log_chain(struct gw_compiler *c, const struct gw_layer *layer);
/** Which set holds the rules of the layer while they are live. */
const char *gw_compile_live_set(const struct gw_term *term);

/* ---- measures.c, admission.c ---------------------------------------------------------------- */

/** Adds a diagnostic and returns false if two zones share a gw_zone_id. */
bool gw_compile_zone_ids_differ(const struct gw_policy *policy, struct gw_diags *diags);
void gw_compile_measure_sets(struct gw_compiler *c);
/** The chains guard_forward, guard_input and guard_output. */
void gw_compile_measures(struct gw_compiler *c);
/** A rule that asks one of them while any measure is in force. */
void gw_compile_guard(struct gw_compiler *c, struct gw_chain *chain, const char *guard);
/** REG_KEY = source address of Ethernet; the rule ends where there is none (tunnels). */
void gw_compile_ether_source(struct gw_exprs *e);

/** Begins a zone's source chain with its register's rules; returns the chain for those that may go on. */
struct gw_chain *gw_compile_admission(struct gw_compiler *c, const struct gw_zone *zone,
				      struct gw_chain *chain);

/* ---- spoof.c, chains_forward.c, chains_gateway.c, nat.c ------------------------------------ */

void gw_compile_spoof(struct gw_compiler *c);
void gw_compile_forward(struct gw_compiler *c);
void gw_compile_gateway(struct gw_compiler *c);
void gw_compile_nat(struct gw_compiler *c);

#endif
