/*
 * All that is known of the gateway at one moment: what the exposition and the page are written from. Both
 * only read it.
 */
#ifndef GW_METRICS_VIEW_H
#define GW_METRICS_VIEW_H

#include <jansson.h>

#include "gw/compile/numbers.h"
#include "gw/core/text.h"
#include "gw/metrics/exposition.h"
#include "gw/metrics/history.h"
#include "gw/metrics/http.h"
#include "gw/metrics/metrics.h"
#include "gw/metrics/series.h"

/* ---- rules ----------------------------------------------------------------------------------- */

struct gw_rule_view {
	const struct gw_rule_def *rule; /* of the config in force */
	const char *from, *to;          /* as texts */
	const char *labels;             /* policy, from, to, action */
	struct gw_series packets, bytes;
	int64_t last_hit; /* Unix time; 0: none was seen */
};

/* ---- modules --------------------------------------------------------------------------------- */

struct gw_sample_view {
	const char *labels;       /* as the exposition has them */
	const char *const *pairs; /* names and values in turn */
	size_t n_pairs;
	struct gw_series
		series; /* goes on when the module is started anew; of a gauge: its value */
};

struct gw_family_view {
	const char *name, *help;
	enum gw_metric_type type;
	const struct gw_sample_view *samples;
	size_t n_samples;
};

#define GW_MODULES_MAX 4u

struct gw_module_view {
	const char *name;
	bool expected, up;                     /* expected: it was there since the start */
	const struct gw_family_view *families; /* sorted by name; of the last answer */
	size_t n_families;
};

/** The family of this name, in any module; NULL if there is none. */
struct gw_view;
const struct gw_family_view *gw_view_family(const struct gw_view *view, const char *name);
/** The value of a label of a sample, NULL if it has none. */
const char *gw_sample_label(const struct gw_sample_view *sample, const char *name);

/* ---- all of it ------------------------------------------------------------------------------- */

/* What gwd counts since its start, which goes on here. */
enum gw_agent_counter {
	GW_COUNTER_ROLLBACKS,
	GW_COUNTER_DRIFT_FOUND,
	GW_COUNTER_DRIFT_REPAIRED,
	GW_COUNTER_CLOCK_JUMPS,
	GW_COUNTER_AUDIT_DROPPED,
	GW_COUNTER_COUNT
};

struct gw_view {
	int64_t now;                    /* Unix time */
	const struct gw_policy *policy; /* NULL: nothing was applied yet, or gwd was never there */
	const struct gw_metrics_settings *settings;
	uint32_t revision;          /* of the policy */
	struct gw_rule_view *rules; /* parallel to policy->rules */
	struct gw_series drops[GW_BUILTIN_COUNT], drop_bytes[GW_BUILTIN_COUNT];
	bool agent_up;
	const json_t *agent; /* the last answer of gwd (gw/agent/gauges.c), NULL: none yet */
	struct gw_series agent_counters[GW_COUNTER_COUNT];
	int64_t read_at;     /* Unix time of that answer */
	double read_seconds; /* that it took */
	uint64_t reads_failed;
	struct gw_module_view modules[GW_MODULES_MAX];
	const struct gw_history *history;
	const struct gw_http_counts *http;
	uint64_t textfile_failures;
};

/** A member of the agent's answer: "drift", "objects"; 0, false or "" where it is not there. */
uint64_t gw_view_number(const struct gw_view *view, const char *object, const char *key);
bool gw_view_flag(const struct gw_view *view, const char *object, const char *key);
const char *gw_view_text(const struct gw_view *view, const char *object, const char *key);

/** Exceptions that are not over, the next to end first: a heap array; how many. */
size_t gw_view_exceptions(const struct gw_view *view, const struct gw_rule_def ***ret);

/* True for what is dropped; the rest of what is built in accepts. */
bool gw_builtin_drops(enum gw_builtin builtin);

/* ---- writers --------------------------------------------------------------------------------- */

/** All metrics, within the budget of series. */
void gw_view_expose(const struct gw_view *view, bool open_metrics, struct gw_text *out);
/** Owners, tickets and dates of every policy: 3 series each. */
void gw_view_expose_policies(const struct gw_view *view, bool open_metrics, struct gw_text *out);
/** The page. */
void gw_view_page(const struct gw_view *view, bool japanese, struct gw_text *out);

#endif
