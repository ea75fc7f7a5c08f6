/*
 * The watcher: asks gwd and the modules every few seconds, and keeps the view that everything is written
 * from. A question that was not answered yet is not asked again.
 */
#ifndef GW_METRICS_WATCH_H
#define GW_METRICS_WATCH_H

#include "gw/daemon/daemon.h"
#include "gw/metrics/view.h"

struct gw_watch;

/** `changed` is called after each new snapshot. */
struct gw_watch *gw_watch_new(struct gw_daemon *daemon, void (*changed)(void *context),
			      void *context);
void gw_watch_free(struct gw_watch *watch); /* accepts NULL */
/** Works by the config that the daemon has now. */
void gw_watch_configured(struct gw_watch *watch);
/** What is known now; `now` in it is that of the call. */
struct gw_view *gw_watch_view(struct gw_watch *watch);

#endif
