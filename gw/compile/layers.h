/*
 * From rules to layers: the groups of rules that one kernel rule decides by look-ups (compile.h
 * tells the idea).
 *
 * Terms. A rule is a product source x destination x service. Each large host list is a kernel set
 * of its own, so a rule that names large lists gives one term per combination.
 *
 * Scopes. Zones whose addresses a term can never match are left out of its `from` and `to`; what
 * remains is its scope. The lists themselves need no cutting: anti-spoofing and the egress check
 * have made sure of the zones' addresses before any layer is asked. So terms with one scope share a
 * layer in all the pairs of zones of the scope, and a rule `any -> any` costs as many elements as a
 * rule between two zones.
 *
 * Groups. Terms of one scope, tier, action, window and kind (which dimensions are looked up, and in
 * what; logged or not; guarded or not, see windows.c) form a group, and a group is normally one layer.
 * Everything that names a group comes from its terms' own properties, so that adding or removing a
 * rule does not move other rules.
 *
 * Levels. Within a layer the first rule by id has the cell. That is all the order that accepting
 * rules need. In the tiers that drop and reject, where the first rule by id must decide, rules that
 * overlap and differ in action get levels, in order of ids: a rule's level is at least that of
 * each earlier rule in conflict with it in its own group, and above that of each such rule in
 * another group. Layers are asked in order of levels: so of two rules in conflict, either both are
 * in one layer, where the cell is the first one's, or the first is asked before. Exceptions that
 * overlap get different levels too, so that when one ends the other takes over.
 *
 * Splitting. A layer with far more cells than rules is split in two, first into wide and narrow
 * lists, then by a bit of a hash of the id; layers that drop and reject are split by order of ids,
 * which keeps the order of conflicting rules.
 */
#ifndef GW_COMPILE_LAYERS_H
#define GW_COMPILE_LAYERS_H

#include "gw/compile/classes.h"
#include "gw/policy/decide.h"

/** Where a layer holds: all pairs of `from` and `to`, but of a zone with itself those in `same`. */
struct gw_scope {
	struct gw_zone_set from, to, same;
	bool gateway; /* traffic to the gateway: `to` is empty */
};

/** How a dimension is matched. */
enum gw_match_kind {
	GW_MATCH_ANY,
	GW_MATCH_LIST,  /* by class */
	GW_MATCH_LARGE, /* in the set of a large host list */
};

struct gw_term {
	const struct gw_rule_def *rule;
	size_t rule_index; /* in gw_policy.rules */
	uint32_t number;
	const struct gw_hosts *source_large, *dest_large; /* of GW_MATCH_LARGE */
	uint32_t scope;                                   /* index in gw_layers.scopes */
	uint32_t level;
	uint64_t group_hash;
	uint8_t tier;                  /* enum gw_tier */
	uint8_t source, dest, service; /* enum gw_match_kind */
	bool logged, guarded;          /* guarded: of rules that accept */
};

/** The dimensions of a layer that classes cut. */
enum gw_dimension {
	GW_DIM_SOURCE4,
	GW_DIM_SOURCE6,
	GW_DIM_DEST4,
	GW_DIM_DEST6,
	GW_DIM_SERVICE,
	GW_DIM_COUNT
};

struct gw_layer {
	const struct gw_term
		*terms; /* in order of rule ids; [0] stands for all in what they share */
	size_t n_terms;
	uint64_t name;    /* hash of what names the layer */
	const char *zone; /* the one that all its packets come from; NULL if there are several */
	uint32_t id, icmp_id; /* keys in the kernel's maps; ICMP services have one of their own */
	struct gw_classes classes[GW_DIM_COUNT];
	uint32_t *class_ids[GW_DIM_COUNT];    /* as the kernel knows them; never 0 */
	uint32_t *list_of_term[GW_DIM_COUNT]; /* which list of the dimension a term has */
};

struct gw_layers {
	struct gw_scope *scopes;
	size_t n_scopes;
	struct gw_layer *items; /* in the order in which a packet asks them */
	size_t n;
};

/** What the terms are made from. */
struct gw_layer_input {
	const struct gw_policy *policy;
	const uint32_t *numbers; /* by index in policy->rules; 0: leave the rule out */
	const bool *guarded;     /* likewise */
};

/** All layers of the policy; everything is in `arena`. */
void gw_layers_build(struct gw_arena *arena, const struct gw_layer_input *input,
		     struct gw_layers *ret);

/** True if the scope holds for this pair; `to` is NULL for the gateway. */
bool gw_scope_covers(const struct gw_scope *scope, const struct gw_zone *from,
		     const struct gw_zone *to);
/** How many pairs it holds for. */
size_t gw_scope_pairs(const struct gw_scope *scope, const struct gw_policy *policy);

#endif
