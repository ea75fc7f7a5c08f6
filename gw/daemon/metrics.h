/*
 * What a module counts, as families of OpenMetrics in JSON: the answer to `metrics`.
 *
 *	struct gw_metrics metrics;
 *	gw_metrics_init(&metrics);
 *	family = gw_metrics_family(&metrics, "gw_ipv6guard_frames", "counter", "Frames by …");
 *	gw_metrics_add(family, 17, (const char *const[]){ "class", "tunnel", NULL });
 */
#ifndef GW_DAEMON_METRICS_H
#define GW_DAEMON_METRICS_H

#include <jansson.h>
#include <stdint.h>

struct gw_metrics {
	json_t *families;
};

void gw_metrics_init(struct gw_metrics *metrics);
void gw_metrics_done(struct gw_metrics *metrics);
/** A new family; `name` is without `_total`. Borrowed. */
json_t *gw_metrics_family(struct gw_metrics *metrics, const char *name, const char *type,
			  const char *help);
/** A sample. `labels`: names and values in turn, NULL at the end; NULL: none. */
void gw_metrics_add(json_t *family, uint64_t value, const char *const *labels);
/** A family with one sample and no label. */
void gw_metrics_one(struct gw_metrics *metrics, const char *name, const char *type,
		    const char *help, uint64_t value);

#endif
