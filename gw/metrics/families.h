/* Families of metrics as modules send them (gw/daemon/metrics.h): looked through before they are believed. */
#ifndef GW_METRICS_FAMILIES_H
#define GW_METRICS_FAMILIES_H

#include "gw/metrics/view.h"

/* What one module may send; more is left out. */
#define GW_FAMILIES_MAX 64u
#define GW_SAMPLES_MAX  256u
#define GW_LABELS_MAX   8u
#define GW_LABEL_MAX    128u

/**
 * The families of `json`, sorted by name, in the arena. What has no name, type or value that can be
 * served is left out. `before`: those of the last answer, for rates.
 */
void gw_families_read(struct gw_arena *arena, const json_t *json,
		      const struct gw_module_view *before, int64_t elapsed_ms,
		      const struct gw_family_view **ret, size_t *ret_n);

#endif
