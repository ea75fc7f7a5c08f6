#include "gw/metrics/watch.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/metrics/families.h"
#include "gw/metrics/reading.h"
#include "gw/metrics/rules.h"

#define MODULE_ANSWER_MAX (1u << 20)
#define INTERVAL_S        5

struct module {
	struct gw_watch *watch;
	struct gw_module_view *view;
	struct gw_link *link;
	char path[256];
	struct gw_arena *arena; /* of what the view holds */
	bool asked;
	int64_t answered_ms;
};

struct gw_watch {
	struct gw_daemon *daemon;
	void (*changed)(void *context);
	void *context;
	struct gw_view view;
	struct gw_history history;
	struct gw_arena *arena; /* of the rules' views */
	json_t *agent;          /* the last answer */
	struct event *tick;
	bool asked;
	int64_t asked_ms, answered_ms;
	struct module modules[GW_MODULES_MAX];
};

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail for this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- gwd ------------------------------------------------------------------------------------- */

static void note_counts(struct gw_watch *watch, int file, int64_t elapsed_ms)
{
	struct gw_arena *arena = gw_arena_new();
	gw_auto_free uint8_t *bytes = NULL;
	struct gw_count *counts = NULL;
	size_t len, n;
	int err = gw_memfd_read(file, GW_READING_BYTES_MAX, &bytes, &len);

	if (!err)
		err = gw_reading_parse(arena, bytes, len, &counts, &n);
	if (!err)
		gw_rules_note(&watch->view, counts, n, elapsed_ms);
	else
		watch->view.reads_failed++;
	gw_arena_free(arena);
}

/* What gwd counts since its own start goes on here from one gwd to the next. */
static void note_agent_counters(struct gw_view *view, int64_t elapsed_ms)
{
	static const struct {
		const char *object, *key;
	} keys[GW_COUNTER_COUNT] = {
		[GW_COUNTER_ROLLBACKS] = { NULL, "rollbacks" },
		[GW_COUNTER_DRIFT_FOUND] = { "drift", "found" },
		[GW_COUNTER_DRIFT_REPAIRED] = { "drift", "repaired" },
		[GW_COUNTER_CLOCK_JUMPS] = { "clock", "jumps" },
		[GW_COUNTER_AUDIT_DROPPED] = { "audit", "lost" },
	};

	for (int i = 0; i < GW_COUNTER_COUNT; i++)
		gw_series_note(&view->agent_counters[i],
			       gw_view_number(view, keys[i].object, keys[i].key), elapsed_ms);
}

static double rate_of(const struct gw_view *view, const char *name, const char *passing)
{
	const struct gw_family_view *family = gw_view_family(view, name);
	double sum = 0;

	for (size_t i = 0; family && i < family->n_samples; i++) {
		const char *verdict = gw_sample_label(&family->samples[i], "verdict");

		if (!passing || !verdict || strcmp(verdict, passing) != 0)
			sum += family->samples[i].series.rate;
	}
	return sum;
}

static void note_history(struct gw_watch *watch)
{
	double rates[GW_HISTORY_LINES] = {
		[GW_HISTORY_PASSED] = gw_rules_passed(&watch->view),
		[GW_HISTORY_DROPPED] = gw_rules_dropped(&watch->view),
		[GW_HISTORY_QUERIES] = rate_of(&watch->view, "gw_dns_queries", NULL),
		[GW_HISTORY_IPV6] = rate_of(&watch->view, "gw_ipv6guard_frames", "accept"),
	};

	gw_history_note(&watch->history, rates, now_ms());
}

static void take_answer(struct gw_watch *watch, const json_t *reply, int file)
{
	struct gw_view *view = &watch->view;
	int64_t now = now_ms(), elapsed = watch->answered_ms ? now - watch->answered_ms : 0;

	json_decref(watch->agent);
	watch->agent = json_incref((json_t *)(uintptr_t)reply);
	view->agent = reply;
	view->read_at = view->now = (int64_t)time(NULL);
	view->read_seconds = (double)(now - watch->asked_ms) / 1000.0;
	watch->answered_ms = now;
	note_agent_counters(view, elapsed);
	if (file >= 0)
		note_counts(watch, file, elapsed);
	else if (view->policy)
		view->reads_failed++;
	note_history(watch);
}

static void on_gauges(struct gw_link *link, const json_t *reply, int file, void *context)
{
	struct gw_watch *watch = context;

	(void)link;
	watch->asked = false;
	watch->view.agent_up = gw_link_is_ok(reply);
	if (gw_link_is_ok(reply))
		take_answer(watch, reply, file);
	else
		watch->view.reads_failed++;
	if (file >= 0)
		(void)close(file); /* was read from only */
	watch->changed(watch->context);
}

static void ask_agent(struct gw_watch *watch)
{
	struct gw_link_counts counts;

	gw_link_counts(watch->daemon->link, &counts);
	if (!counts.connected) {
		/* What waits in the queue would be answered long after it was asked. */
		watch->view.agent_up = false;
		return;
	}
	if (watch->asked)
		return;
	watch->asked_ms = now_ms();
	watch->asked =
		gw_link_ask(watch->daemon->link, "gauges", NULL, GW_LINK_ONCE, on_gauges, watch);
}

/* ---- modules --------------------------------------------------------------------------------- */

static json_t *families_of(const json_t *reply, int file)
{
	gw_auto_free uint8_t *bytes = NULL;
	json_t *attached, *families;
	size_t len;

	if (file < 0)
		return json_incref(json_object_get(reply, "families"));
	if (gw_memfd_read(file, MODULE_ANSWER_MAX, &bytes, &len) < 0)
		return NULL;
	attached = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL);
	families = json_incref(json_object_get(attached, "families"));
	json_decref(attached);
	return families;
}

static void on_metrics(struct gw_link *link, const json_t *reply, int file, void *context)
{
	struct module *module = context;
	struct gw_arena *arena;
	json_t *families;
	int64_t now = now_ms();

	(void)link;
	module->asked = false;
	module->view->up = gw_link_is_ok(reply);
	if (module->view->up) {
		module->view->expected = true;
		arena = gw_arena_new();
		families = families_of(reply, file);
		gw_families_read(arena, families, module->view,
				 module->answered_ms ? now - module->answered_ms : 0,
				 &module->view->families, &module->view->n_families);
		json_decref(families);
		gw_arena_free(module->arena);
		module->arena = arena;
		module->answered_ms = now;
	}
	if (file >= 0)
		(void)close(file); /* was read from only */
}

static void ask_module(struct module *module)
{
	struct gw_link_counts counts;

	gw_link_counts(module->link, &counts);
	if (!counts.connected) {
		module->view->up = false;
		return;
	}
	if (!module->asked)
		module->asked = gw_link_ask(module->link, "metrics", NULL, GW_LINK_ONCE, on_metrics,
					    module);
}

static void open_modules(struct gw_watch *watch)
{
	static const char *const names[GW_MODULES_MAX] = { "dns", "ipv6guard", "ratelimit",
							   "vpnauth" };

	for (size_t i = 0; i < GW_MODULES_MAX; i++) {
		struct module *module = &watch->modules[i];

		module->watch = watch;
		module->view = &watch->view.modules[i];
		module->view->name = names[i];
		(void)snprintf(module->path, sizeof(module->path), "%s/%s/control",
			       watch->daemon->run_dir, names[i]);
		module->link = gw_link_new(watch->daemon->base,
					   &(struct gw_link_settings){ .path = module->path });
		gw_link_start(module->link);
	}
}

/* ---- public ---------------------------------------------------------------------------------- */

static void set_tick(struct gw_watch *watch)
{
	struct timeval wait = { INTERVAL_S, 0 };

	if (watch->view.settings && watch->view.settings->interval_s)
		wait.tv_sec = (time_t)watch->view.settings->interval_s;
	(void)event_add(watch->tick, &wait);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
	struct gw_watch *watch = context;

	(void)fd;
	(void)what;
	/* Without `metrics:` nobody can read it, and gwd is left alone. */
	if (watch->view.settings) {
		for (size_t i = 0; i < GW_MODULES_MAX; i++)
			ask_module(&watch->modules[i]);
		ask_agent(watch);
		if (!watch->view.agent_up)
			watch->changed(watch->context);
	}
	set_tick(watch);
}

struct gw_watch *gw_watch_new(struct gw_daemon *daemon, void (*changed)(void *context),
			      void *context)
{
	struct gw_watch *watch = gw_zalloc(1, sizeof(*watch));

	watch->daemon = daemon;
	watch->changed = changed;
	watch->context = context;
	watch->view.history = &watch->history;
	watch->tick = evtimer_new(daemon->base, on_tick, watch);
	if (!watch->tick)
		gw_out_of_memory();
	open_modules(watch);
	set_tick(watch);
	return watch;
}

void gw_watch_free(struct gw_watch *watch)
{
	if (!watch)
		return;
	for (size_t i = 0; i < GW_MODULES_MAX; i++) {
		gw_link_free(watch->modules[i].link);
		gw_arena_free(watch->modules[i].arena);
	}
	event_free(watch->tick);
	gw_arena_free(watch->arena);
	json_decref(watch->agent);
	gw_free(watch);
}

void gw_watch_configured(struct gw_watch *watch)
{
	struct gw_view *view = &watch->view;
	const struct gw_policy *policy = watch->daemon->config->policy;
	struct gw_arena *arena = gw_arena_new();

	view->rules = gw_rules_follow(arena, policy, view->rules,
				      view->policy ? view->policy->n_rules : 0);
	gw_arena_free(watch->arena);
	watch->arena = arena;
	view->policy = policy;
	view->settings = gw_policy_section(policy, GW_SECTION_METRICS);
	view->revision = watch->daemon->revision;
	/* At once, so that what is shown first is of this config. */
	if (view->settings)
		event_active(watch->tick, EV_TIMEOUT, 0);
}

struct gw_view *gw_watch_view(struct gw_watch *watch)
{
	watch->view.now = (int64_t)time(NULL);
	return &watch->view;
}
