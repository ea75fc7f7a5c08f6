/*
 * The writer of expositions: the text format of Prometheus (0.0.4) and OpenMetrics 1.0, which differ in
 * how the name of a counter is announced and in how the text ends. A daemon that serves metrics by other
 * ways than gw-metricsd writes them with this.
 *
 *	struct gw_exposition out = { .text = &text, .open_metrics = true, .series_max = 500 };
 *	gw_exposition_family(&out, "gw_drops", GW_METRIC_COUNTER, NULL, "Dropped packets, by reason.");
 *	gw_exposition_label(&labels, "reason", "spoof");
 *	gw_exposition_sample(&out, labels.bytes, 17);
 *	gw_exposition_end(&out);
 */
#ifndef GW_METRICS_EXPOSITION_H
#define GW_METRICS_EXPOSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "gw/core/text.h"

enum gw_metric_type {
	GW_METRIC_COUNTER, /* its samples end with _total */
	GW_METRIC_GAUGE,
	GW_METRIC_INFO, /* its samples end with _info and are 1 */
};

struct gw_exposition {
	struct gw_text *text;
	bool open_metrics;
	uint64_t series_max;      /* 0: no limit */
	uint64_t series, dropped; /* written, and left out because of the limit */
	/* Of the family that is being written. */
	const char *name;
	enum gw_metric_type type;
};

/**
 * Begins a family; `name` without _total or _info, borrowed until the next one. `unit` may be NULL, else the
 * name ends with it.
 */
void gw_exposition_family(struct gw_exposition *out, const char *name, enum gw_metric_type type,
			  const char *unit, const char *help);
/** A sample; `labels` as gw_exposition_label writes them, NULL or "": none. */
void gw_exposition_sample(struct gw_exposition *out, const char *labels, uint64_t value);
void gw_exposition_sample_real(struct gw_exposition *out, const char *labels, double value);
void gw_exposition_end(struct gw_exposition *out);

/** Adds `name="value"`, after a comma where there is something already. Values may hold anything. */
void gw_exposition_label(struct gw_text *labels, const char *name, const char *value);

/** "counter", …; false for any other word. */
bool gw_metric_type_parse(const char *word, enum gw_metric_type *ret);

#endif
