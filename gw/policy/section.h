/*
 * Top-level keys of gw.yaml that belong to modules. A module declares its table of keys, a function
 * that builds its own model from it, and one that adds to the desired ruleset; gw/sections.c, the one
 * file of the core that knows the modules, lists them.
 *
 *	const struct gw_section gw_section_limits = {
 *		.load = limits_load,
 *		.compile = limits_compile,
 *	};
 *
 * Its keys are declared in a struct gw_table, which the field of the key in load.c points to.
 *
 * The model lives in the policy's arena and keeps no nodes (texts and places of nodes live as long
 * as the config, but gwd frees the nodes themselves). It is found there: gw_policy_section(policy,
 * GW_SECTION_LIMITS).
 */
#ifndef GW_POLICY_SECTION_H
#define GW_POLICY_SECTION_H

#include "gw/policy/policy.h"

struct gw_compiler;
struct gw_loader;
struct gw_node;
struct gw_packet;
struct gw_ruleset;
struct gw_table;

/** What a module refuses, and where the config says so. Texts are constant, the model's or an arena's. */
struct gw_refusal {
	const char *reason; /* what operators find it under, say "ipv6-tunnel" */
	const char *place;  /* what of the module's config refuses it, say "segment guest" */
	struct gw_loc loc;
	uint64_t packets, bytes; /* where it is counted */
};

struct gw_section {
	/**
	 * The model of what stands under the key, which may be nothing (NULL); in loader->arena. Adds
	 * diagnostics and goes on, as the sections of the core do. The whole policy but the other
	 * modules' models is there already.
	 */
	const void *(*load)(struct gw_loader *loader, struct gw_node *node);
	/** Adds chains, sets and rules to the desired ruleset; NULL: nothing to add. */
	void (*compile)(struct gw_compiler *compiler, const void *model);
	/**
	 * Is a packet that comes in from `zone` (else: that leaves to it) refused by its addresses,
	 * protocol and port alone? NULL: the module refuses nothing.
	 */
	bool (*judge)(const void *model, const struct gw_zone *zone, bool inward,
		      const struct gw_packet *packet, struct gw_refusal *ret);
	/** What was refused, from the module's own counters in the kernel: how many. NULL: none. */
	size_t (*count)(const void *model, const struct gw_ruleset *observed,
			struct gw_arena *arena, struct gw_refusal **ret);
};

/** By key; NULL while no module has taken it. */
extern const struct gw_section *const gw_sections[GW_SECTION_COUNT];

/* The keys of modules' sections, which load.c names. */
extern const struct gw_table ipv6guard_table, gw_table_dns, gw_table_metrics, ratelimit_table;

/** Asks all modules: true for the first that refuses the packet. */
bool gw_sections_judge(const struct gw_policy *policy, const struct gw_zone *zone, bool inward,
		       const struct gw_packet *packet, struct gw_refusal *ret);
/** What all modules have refused, with packets: how many; in the arena. */
size_t gw_sections_count(const struct gw_policy *policy, const struct gw_ruleset *observed,
			 struct gw_arena *arena, struct gw_refusal **ret);

/** What the module made of its section, NULL if no module owns it. */
const void *gw_policy_section(const struct gw_policy *policy, enum gw_section_id id);

#endif
