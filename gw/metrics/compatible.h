/* Names of other exporters, for dashboards that exist: `metrics: {compatible: …}`. */
#ifndef GW_METRICS_COMPATIBLE_H
#define GW_METRICS_COMPATIBLE_H

#include "gw/metrics/view.h"

void gw_view_expose_compatible(const struct gw_view *view, struct gw_exposition *out);

#endif
