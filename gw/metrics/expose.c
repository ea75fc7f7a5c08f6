/* The exposition of the core: which series there are, in an order that never changes. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gw/core/mem.h"
#include "gw/metrics/catalogue.h"
#include "gw/metrics/compatible.h"
#include "gw/metrics/view.h"
#include "gw/policy/policy.h"

/* Besides two for each rule. */
#define SERIES_BESIDES 500u
/* As long as there are so few policies that three more series of each fit in, they stand with the rest. */
#define DETAILED_MAX   50u
#define EXCEPTIONS_MAX 64u
#define SOON_S         (30 * 86400)

static void begin(struct gw_exposition *out, enum gw_metric_id id)
{
	const struct gw_metric *metric = gw_metric(id);

	gw_exposition_family(out, metric->name, metric->type, metric->unit, metric->help);
}

static void one(struct gw_exposition *out, enum gw_metric_id id, uint64_t value)
{
	begin(out, id);
	gw_exposition_sample(out, NULL, value);
}

static void labelled(struct gw_exposition *out, const char *name, const char *label, uint64_t value)
{
	gw_auto_text struct gw_text labels = { 0 };

	gw_exposition_label(&labels, name, label);
	gw_exposition_sample(out, labels.bytes, value);
}

/* ---- the agent ------------------------------------------------------------------------------- */

static void expose_config(const struct gw_view *view, struct gw_exposition *out)
{
	const json_t *changes = json_object_get(view->agent, "changes");
	const json_t *last = json_array_get(changes, 0);
	const json_t *confirm = json_object_get(view->agent, "confirm");

	one(out, GW_M_REVISION, gw_view_number(view, NULL, "revision"));
	if (last) {
		one(out, GW_M_LAST_APPLY,
		    (uint64_t)json_integer_value(json_object_get(last, "time")));
		one(out, GW_M_EMERGENCY, json_is_true(json_object_get(last, "emergency")));
	}
	one(out, GW_M_APPLY_SUCCESS, !gw_view_flag(view, NULL, "apply_failed"));
	one(out, GW_M_CONFIRM_PENDING, json_is_object(confirm));
	if (json_is_object(confirm))
		one(out, GW_M_CONFIRM_DEADLINE, gw_view_number(view, "confirm", "until"));
	one(out, GW_M_ROLLBACKS, view->agent_counters[GW_COUNTER_ROLLBACKS].shown);
	one(out, GW_M_DRIFT, gw_view_number(view, "drift", "objects"));
	one(out, GW_M_DRIFT_FOUND, view->agent_counters[GW_COUNTER_DRIFT_FOUND].shown);
	one(out, GW_M_DRIFT_REPAIRED, view->agent_counters[GW_COUNTER_DRIFT_REPAIRED].shown);
	one(out, GW_M_TABLE_OWNED, gw_view_flag(view, "drift", "owned"));
}

static void expose_object(struct gw_exposition *out, enum gw_metric_id id, json_t *object,
			  const char *label)
{
	void *at;

	begin(out, id);
	for (at = json_object_iter(object); at; at = json_object_iter_next(object, at))
		labelled(out, label, json_object_iter_key(at),
			 (uint64_t)json_integer_value(json_object_iter_value(at)));
}

static void expose_audit(const struct gw_view *view, struct gw_exposition *out)
{
	const json_t *audit = json_object_get(view->agent, "audit");

	expose_object(out, GW_M_AUDIT_RECORDS, json_object_get(audit, "records"), "class");
	one(out, GW_M_AUDIT_QUEUE, gw_view_number(view, "audit", "queued"));
	one(out, GW_M_AUDIT_DROPPED, view->agent_counters[GW_COUNTER_AUDIT_DROPPED].shown);
	one(out, GW_M_AUDIT_WRITABLE,
	    gw_view_flag(view, "audit", "open") && !gw_view_flag(view, "audit", "failing"));
	one(out, GW_M_AUDIT_SEALED, gw_view_flag(view, "audit", "sealed"));
	one(out, GW_M_AUDIT_CHAIN, gw_view_flag(view, "audit", "intact"));
	if (!gw_view_flag(view, "audit", "forwarding"))
		return;
	one(out, GW_M_COLLECTOR, !gw_view_flag(view, "audit", "collector_away"));
	one(out, GW_M_COLLECTOR_WAITING, gw_view_number(view, "audit", "collector_waiting"));
}

static void expose_agent(const struct gw_view *view, struct gw_exposition *out)
{
	gw_auto_text struct gw_text version = { 0 };

	one(out, GW_M_AGENT_UP, view->agent_up);
	if (!view->agent)
		return;
	gw_exposition_label(&version, "version", gw_view_text(view, NULL, "version"));
	begin(out, GW_M_BUILD);
	gw_exposition_sample(out, version.bytes, 1);
	one(out, GW_M_AGENT_START, gw_view_number(view, NULL, "started"));
	expose_config(view, out);
	expose_object(out, GW_M_MEASURES, json_object_get(view->agent, "measures"), "kind");
	expose_audit(view, out);
	one(out, GW_M_CLOCK_SYNC, gw_view_flag(view, "clock", "synchronised"));
	begin(out, GW_M_CLOCK_ERROR);
	gw_exposition_sample_real(out, NULL,
				  (double)gw_view_number(view, "clock", "max_error_ms") / 1000.0);
	one(out, GW_M_CLOCK_JUMPS, view->agent_counters[GW_COUNTER_CLOCK_JUMPS].shown);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static void expose_policies(const struct gw_view *view, struct gw_exposition *out)
{
	begin(out, GW_M_POLICY_PACKETS);
	for (size_t i = 0; i < view->policy->n_rules; i++)
		gw_exposition_sample(out, view->rules[i].labels, view->rules[i].packets.shown);
	begin(out, GW_M_POLICY_BYTES);
	for (size_t i = 0; i < view->policy->n_rules; i++)
		gw_exposition_sample(out, view->rules[i].labels, view->rules[i].bytes.shown);
}

static void expose_owner(const struct gw_rule_def *rule, struct gw_exposition *out)
{
	gw_auto_text struct gw_text labels = { 0 };
	char date[16] = "";
	struct tm day;
	time_t review = (time_t)rule->review - 1; /* the end of the day */

	if (rule->review && gmtime_r(&review, &day))
		(void)strftime(date, sizeof(date), "%Y-%m-%d", &day);
	gw_exposition_label(&labels, "policy", rule->id);
	gw_exposition_label(&labels, "owner", rule->owner);
	gw_exposition_label(&labels, "ticket", rule->ticket);
	gw_exposition_label(&labels, "review", date);
	gw_exposition_sample(out, labels.bytes, 1);
}

static void expose_details(const struct gw_view *view, struct gw_exposition *out)
{
	size_t n = view->policy->n_rules;

	begin(out, GW_M_POLICY);
	for (size_t i = 0; i < n; i++)
		expose_owner(view->rules[i].rule, out);
	begin(out, GW_M_REVIEW_DUE);
	for (size_t i = 0; i < n; i++)
		if (view->rules[i].rule->review)
			labelled(out, "policy", view->rules[i].rule->id,
				 (uint64_t)view->rules[i].rule->review);
	begin(out, GW_M_POLICY_LAST_HIT);
	for (size_t i = 0; i < n; i++)
		if (view->rules[i].last_hit)
			labelled(out, "policy", view->rules[i].rule->id,
				 (uint64_t)view->rules[i].last_hit);
}

static void expose_totals(const struct gw_view *view, struct gw_exposition *out)
{
	uint64_t kinds[3] = { 0 }, overdue = 0, soon = 0, expired = 0;

	for (size_t i = 0; i < view->policy->n_rules; i++) {
		const struct gw_rule_def *rule = view->rules[i].rule;

		kinds[rule->kind]++;
		overdue += rule->review && rule->review <= view->now;
		soon += rule->review > view->now && rule->review - view->now <= SOON_S;
		expired += rule->kind == GW_RULE_EXCEPTION && rule->expires <= view->now;
	}
	begin(out, GW_M_RULES);
	for (int kind = 0; kind < 3; kind++)
		labelled(out, "kind", gw_rule_kind_name((enum gw_rule_kind)kind), kinds[kind]);
	one(out, GW_M_REVIEWS_OVERDUE, overdue);
	one(out, GW_M_REVIEWS_SOON, soon);
	one(out, GW_M_EXCEPTIONS_EXPIRED, expired);
}

static int compare_expiry(const void *left, const void *right)
{
	const struct gw_rule_def *a = *(const struct gw_rule_def *const *)left;
	const struct gw_rule_def *b = *(const struct gw_rule_def *const *)right;

	if (a->expires != b->expires)
		return a->expires < b->expires ? -1 : 1;
	return strcmp(a->id, b->id);
}

size_t gw_view_exceptions(const struct gw_view *view, const struct gw_rule_def ***ret)
{
	const struct gw_rule_def **items = NULL;
	size_t n = 0, capacity = 0;

	for (size_t i = 0; view->policy && i < view->policy->n_rules; i++)
		if (view->policy->rules[i].kind == GW_RULE_EXCEPTION &&
		    view->policy->rules[i].expires > view->now)
			gw_push(items, n, capacity, &view->policy->rules[i]);
	if (n)
		qsort(items, n, sizeof(const struct gw_rule_def *), compare_expiry);
	*ret = items;
	return n;
}

static void expose_exceptions(const struct gw_view *view, struct gw_exposition *out)
{
	const struct gw_rule_def **items;
	size_t n = gw_view_exceptions(view, &items);

	begin(out, GW_M_EXCEPTION_EXPIRES);
	for (size_t i = 0; i < n && i < EXCEPTIONS_MAX; i++)
		labelled(out, "exception", items[i]->id, (uint64_t)items[i]->expires);
	gw_free(items);
}

static void expose_builtins(const struct gw_view *view, struct gw_exposition *out,
			    enum gw_metric_id id, bool drops, const char *label)
{
	begin(out, id);
	for (int b = GW_BUILTIN_NONE + 1; b < GW_BUILTIN_COUNT; b++)
		if (gw_builtin_drops((enum gw_builtin)b) == drops)
			labelled(out, label, gw_builtin_name((enum gw_builtin)b),
				 view->drops[b].shown);
}

static void expose_rules(const struct gw_view *view, struct gw_exposition *out)
{
	if (!view->policy)
		return;
	expose_totals(view, out);
	expose_builtins(view, out, GW_M_DROPS, true, "reason");
	expose_builtins(view, out, GW_M_OWN, false, "kind");
	expose_exceptions(view, out);
	expose_policies(view, out);
	if (view->policy->n_rules <= DETAILED_MAX)
		expose_details(view, out);
}

/* ---- modules, and the server itself ---------------------------------------------------------- */

static int compare_families(const void *left, const void *right)
{
	const struct gw_family_view *a = *(const struct gw_family_view *const *)left;
	const struct gw_family_view *b = *(const struct gw_family_view *const *)right;

	return strcmp(a->name, b->name);
}

/* A family that several modules have is written once, as the formats want it. */
static void expose_modules(const struct gw_view *view, struct gw_exposition *out)
{
	const struct gw_family_view **all = NULL;
	size_t n = 0, capacity = 0;

	begin(out, GW_M_MODULE_UP);
	for (size_t m = 0; m < GW_MODULES_MAX; m++) {
		const struct gw_module_view *module = &view->modules[m];

		if (module->expected)
			labelled(out, "module", module->name, module->up);
		for (size_t i = 0; i < module->n_families; i++)
			gw_push(all, n, capacity, &module->families[i]);
	}
	if (n)
		qsort(all, n, sizeof(const struct gw_family_view *), compare_families);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(all[i]->name, all[i - 1]->name) != 0)
			gw_exposition_family(out, all[i]->name, all[i]->type, NULL, all[i]->help);
		else if (all[i]->type != all[i - 1]->type)
			continue; /* two modules that do not agree: the first is believed */
		for (size_t k = 0; k < all[i]->n_samples; k++)
			gw_exposition_sample(out, all[i]->samples[k].labels,
					     all[i]->samples[k].series.shown);
	}
	gw_free(all);
}

static void expose_server(const struct gw_view *view, struct gw_exposition *out)
{
	const struct gw_http_counts *http = view->http;

	one(out, GW_M_SNAPSHOT, (uint64_t)view->read_at);
	begin(out, GW_M_SNAPSHOT_DURATION);
	gw_exposition_sample_real(out, NULL, view->read_seconds);
	one(out, GW_M_SNAPSHOT_FAILED, view->reads_failed);
	one(out, GW_M_TEXTFILE_FAILURES, view->textfile_failures);
	if (http) {
		begin(out, GW_M_HTTP_ANSWERS);
		labelled(out, "class", "2xx", http->ok);
		labelled(out, "class", "4xx", http->client_errors);
		labelled(out, "class", "5xx", http->server_errors);
		begin(out, GW_M_HTTP_ENDED);
		labelled(out, "reason", "timeout", http->timeouts);
		labelled(out, "reason", "displaced", http->displaced);
		labelled(out, "reason", "refused", http->refused);
		one(out, GW_M_HTTP_CONNECTIONS, http->connections);
	}
	one(out, GW_M_SERIES_LEFT_OUT, out->dropped);
}

/* ---- public ---------------------------------------------------------------------------------- */

void gw_view_expose(const struct gw_view *view, bool open_metrics, struct gw_text *text)
{
	struct gw_exposition out = { .text = text, .open_metrics = open_metrics };

	out.series_max = SERIES_BESIDES + 2 * (view->policy ? view->policy->n_rules : 0);
	expose_agent(view, &out);
	expose_rules(view, &out);
	/* What a module sends is what there may be too much of; the server's own has its place. */
	out.series_max -= 32;
	expose_modules(view, &out);
	out.series_max += 32;
	expose_server(view, &out);
	/* Asked for by name, so beyond the budget. */
	out.series_max = 0;
	gw_view_expose_compatible(view, &out);
	gw_exposition_end(&out);
}

void gw_view_expose_policies(const struct gw_view *view, bool open_metrics, struct gw_text *text)
{
	struct gw_exposition out = { .text = text, .open_metrics = open_metrics };

	if (view->policy)
		expose_details(view, &out);
	gw_exposition_end(&out);
}
