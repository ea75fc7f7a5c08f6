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
struct gw_table;

struct gw_section {
	/**
	 * The model of what stands under the key, which may be nothing (NULL); in loader->arena. Adds
	 * diagnostics and goes on, as the sections of the core do. The whole policy but the other
	 * modules' models is there already.
	 */
	const void *(*load)(struct gw_loader *loader, struct gw_node *node);
	/** Adds chains, sets and rules to the desired ruleset; NULL: nothing to add. */
	void (*compile)(struct gw_compiler *compiler, const void *model);
};

/** By key; NULL while no module has taken it. */
extern const struct gw_section *const gw_sections[GW_SECTION_COUNT];

/* The keys of modules' sections, which load.c names. */
extern const struct gw_table ipv6guard_table, gw_table_dns, gw_table_metrics;

/** What the module made of its section, NULL if no module owns it. */
const void *gw_policy_section(const struct gw_policy *policy, enum gw_section_id id);

#endif
