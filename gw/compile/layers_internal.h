/* Shared by the files that build layers; see layers.h. */
#ifndef GW_COMPILE_LAYERS_INTERNAL_H
#define GW_COMPILE_LAYERS_INTERNAL_H

#include "gw/compile/layers.h"

/** Terms in order of rule ids, and the scopes that they refer to; both in `arena`. */
void gw_terms_build(struct gw_arena *arena, const struct gw_layer_input *input,
		    struct gw_layers *layers, struct gw_term **ret, size_t *ret_n);

/** True if the two terms belong to one group. */
bool gw_term_same_group(const struct gw_term *a, const struct gw_term *b);

/** Gives every term its level. `terms` are in order of rule ids. */
void gw_terms_level(struct gw_arena *arena, struct gw_term *terms, size_t n);

#endif
