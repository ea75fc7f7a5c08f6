/* Steps from the entries of all files to one tree. Internal to gw/conf. */
#ifndef GW_CONF_TREE_H
#define GW_CONF_TREE_H

#include "gw/conf/conf.h"

/**
 * Merges the `n` top-level entries of all files, in the order read, in place: maps by key, lists by
 * appending. What two files disagree about is reported. Returns how many are left.
 */
size_t gw_conf_merge(struct gw_arena *arena, struct gw_entry *entries, size_t n,
		     struct gw_diags *diags);

/** Replaces every scalar `${name}` below `root` by what `site: {vars: …}` says. */
void gw_conf_substitute(struct gw_arena *arena, struct gw_node *root, struct gw_diags *diags);

#endif
