/*
 * Definitions that may name each other: `hosts:` and `services:`. Visits them so that each is built
 * after all that it names, and refuses cycles. Internal to gw/policy.
 */
#ifndef GW_POLICY_DEFINE_H
#define GW_POLICY_DEFINE_H

#include "gw/policy/loader.h"

struct gw_definition {
	const char *name;
	struct gw_loc loc;
	struct gw_node *value;
	unsigned int height; /* levels of names below it; 0 until it was visited */
	bool visiting;
};

struct gw_definitions {
	struct gw_loader *loader;
	struct gw_definition *items; /* by name */
	size_t n;
	enum gw_diag_id cycle;
	/** True if an item of the list is a name. */
	bool (*is_name)(const char *text);
	/** Adds the diagnostic for a name that is not defined. */
	void (*report_unknown)(struct gw_loader *loader, struct gw_loc loc, const char *name);
	/** Builds the definition at `index`; all that it names has been built. */
	void (*build)(struct gw_definitions *definitions, size_t index);
	void *result; /* for `build` */
};

/** Sets `items` from a map of names, sorted by name. Reserved names are reported. */
void gw_definitions_init(struct gw_definitions *definitions, const struct gw_node *map);
/** Builds all definitions. */
void gw_definitions_build(struct gw_definitions *definitions);
/** The place of a definition, or definitions->n. */
size_t gw_definitions_find(const struct gw_definitions *definitions, const char *name);

#endif
