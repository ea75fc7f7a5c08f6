/* What is served where: paths, and the texts behind them, written once a snapshot and only if asked for. */
#ifndef GW_METRICS_SERVE_H
#define GW_METRICS_SERVE_H

#include "gw/metrics/watch.h"

struct gw_serve;

struct gw_serve *gw_serve_new(struct gw_daemon *daemon);
void gw_serve_free(struct gw_serve *serve); /* accepts NULL */
/** Listens where the config in force says, and there alone. */
void gw_serve_configured(struct gw_serve *serve);
struct gw_http *gw_serve_http(struct gw_serve *serve);

#endif
