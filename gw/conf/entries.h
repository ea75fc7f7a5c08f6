/* Keys of maps that occur more than once. Internal to gw/conf. */
#ifndef GW_CONF_ENTRIES_H
#define GW_CONF_ENTRIES_H

#include "gw/conf/conf.h"

/** The entries of one key, at least two, in the order written. Makes the first stand for all. */
typedef void gw_group_fn(struct gw_entry *const *group, size_t n, void *context);

/** Calls `fn` for every key that occurs more than once, drops all but the first of each, and
 * returns how many entries are left. */
size_t gw_entries_group(struct gw_entry *entries, size_t n, gw_group_fn *fn, void *context);

#endif
