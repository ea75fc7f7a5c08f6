/* gw-ratelimitd: tells attacks from crowds and scanners from people, records them, and asks gwd to act. */
#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "gw/conf/conf.h"
#include "gw/core/mem.h"
#include "gw/report/json.h"
#include "ratelimit/watch.h"

#define HOSTS      8192u /* inside hosts that are remembered */
#define SAVE_S     600
#define MEMORY_MAX (96u << 20)

static void settings_of(const struct ratelimit_state *state, struct ratelimit_scan_settings *ret)
{
	const struct ratelimit_watch *watch = state->watch;

	*ret = (struct ratelimit_scan_settings){ .timeout_ms = 500,
						 .hosts = HOSTS,
						 .seed = state->seed };
	if (!watch)
		return;
	ret->fanout = watch->fanout;
	ret->flood = watch->flood;
	ret->mail = watch->mail;
}

/* ---- time ------------------------------------------------------------------------------------ */

static void save(struct ratelimit_state *state, int64_t now)
{
	int err = ratelimit_keep_save(state, state->daemon->state_dir);

	state->kept = now;
	if (err)
		gw_daemon_say(state->daemon, "what is usual cannot be written to %s: %s",
			      state->daemon->state_dir, strerror(-err));
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
	struct ratelimit_state *state = context;
	int64_t now = (int64_t)time(NULL);

	(void)fd;
	(void)what;
	if (!state->watch)
		return;
	ratelimit_tick(state, ratelimit_clock_ms(), now);
	ratelimit_feeds_turn(state, now);
	if (now - state->kept >= SAVE_S || now < state->kept)
		save(state, now);
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	ratelimit_events_ask(context);
}

/* ---- hooks of the frame ---------------------------------------------------------------------- */

/* Before the sandbox, which has no use for randomness later. */
static int watch_open(struct gw_daemon *daemon)
{
	struct ratelimit_state *state = gw_zalloc(1, sizeof(*state));

	daemon->state = state;
	state->daemon = daemon;
	state->events_fd = -1;
	if (getrandom(&state->seed, sizeof(state->seed), 0) != sizeof(state->seed)) {
		gw_daemon_say(daemon, "there is no randomness: %s", strerror(errno));
		return -EIO;
	}
	return 0;
}

#ifndef __clang__
#pragma GCC diagnostic push
/* gcc 12 does not see that the state is reachable through the daemon. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
static int watch_start(struct gw_daemon *daemon)
{
	static const struct timeval period = { 0, RATELIMIT_TICK_MS * 1000 };
	struct ratelimit_state *state = daemon->state;
	struct ratelimit_scan_settings settings;
	int err;

	ratelimit_targets_open(state);
	settings_of(state, &settings);
	state->scan = ratelimit_scan_new(&settings);
	state->kept = (int64_t)time(NULL);
	err = ratelimit_keep_load(state, daemon->state_dir);
	if (err)
		gw_daemon_say(daemon, "what is usual, in %s: %s; what can be read is used",
			      daemon->state_dir, strerror(-err));
	state->retry = evtimer_new(daemon->base, on_retry, state);
	state->tick = event_new(daemon->base, -1, EV_PERSIST, on_tick, state);
	if (!state->retry || !state->tick)
		gw_out_of_memory();
	(void)event_add(state->tick, &period);
	return 0;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

static void watch_connected(struct gw_daemon *daemon)
{
	ratelimit_events_ask(daemon->state);
}

static void watch_configured(struct gw_daemon *daemon)
{
	struct ratelimit_state *state = daemon->state;
	const struct ratelimit *model =
		gw_policy_section(daemon->config->policy, GW_SECTION_LIMITS);
	struct ratelimit_scan_settings settings;

	state->watch = model ? &model->watch : NULL;
	settings_of(state, &settings);
	ratelimit_scan_set(state->scan, &settings);
	ratelimit_targets_forget(state);
	ratelimit_feeds_prepare(state);
	gw_conf_drop_tree(daemon->config->conf);
}

static void watch_stop(struct gw_daemon *daemon)
{
	struct ratelimit_state *state = daemon->state;

	if (!state)
		return;
	if (state->targets)
		save(state, (int64_t)time(NULL));
	ratelimit_events_stop(state);
	if (state->retry)
		event_free(state->retry);
	if (state->tick)
		event_free(state->tick);
	ratelimit_scan_free(state->scan);
	ratelimit_targets_close(state);
	gw_free(state);
	daemon->state = NULL;
}

/* ---- what it counts -------------------------------------------------------------------------- */

static enum ratelimit_mode worst_mode(const struct ratelimit_state *state)
{
	enum ratelimit_mode worst = RATELIMIT_PEACE;

	for (size_t i = 0; i < RATELIMIT_TARGETS; i++)
		if (*state->targets[i].name && state->targets[i].regime.mode > worst)
			worst = state->targets[i].regime.mode;
	return worst;
}

static void upstream_status(const struct ratelimit_state *state, json_t *fields)
{
	const struct ratelimit_watch *watch = state->watch;

	if (!watch || !watch->interface)
		return;
	gw_json_set(fields, "line", gw_json_text(watch->interface));
	gw_json_set(fields, "line_mbit", json_real(state->machine.line_mbit));
	gw_json_set(fields, "line_rate", json_integer(watch->mbit));
	gw_json_set(fields, "line_full", json_boolean(state->machine.line_full));
	gw_json_set(fields, "carrier", watch->contact ? gw_json_text(watch->contact) : json_null());
	gw_json_set(fields, "ask", watch->ask ? gw_json_text(watch->ask) : json_null());
}

static void watch_status(struct gw_daemon *daemon, json_t *fields)
{
	const struct ratelimit_state *state = daemon->state;
	struct ratelimit_scan_counts scan;

	ratelimit_scan_counts(state->scan, &scan);
	gw_json_set(fields, "mode", json_string(ratelimit_mode_name(worst_mode(state))));
	gw_json_set(fields, "events_from_kernel", json_boolean(state->events_fd >= 0));
	gw_json_set(fields, "events_missing", gw_json_text(state->events_missing));
	gw_json_set(fields, "events", gw_json_number(state->events));
	gw_json_set(fields, "inbound", gw_json_number(state->events_inbound));
	gw_json_set(fields, "outbound", gw_json_number(state->events_outbound));
	gw_json_set(fields, "overruns", gw_json_number(state->overruns));
	gw_json_set(fields, "attacks", gw_json_number(state->n_attacks));
	gw_json_set(fields, "stones", gw_json_number(state->n_stones));
	gw_json_set(fields, "quarantines", gw_json_number(state->quarantines));
	gw_json_set(fields, "quarantines_failed", gw_json_number(state->quarantines_failed));
	gw_json_set(fields, "held_back", gw_json_number(state->held));
	gw_json_set(fields, "hosts", gw_json_number(scan.hosts));
	gw_json_set(fields, "hosts_displaced", gw_json_number(scan.displaced));
	gw_json_set(fields, "contacts", gw_json_number(scan.first));
	gw_json_set(fields, "contacts_failed", gw_json_number(scan.failed));
	gw_json_set(fields, "contacts_unknown", gw_json_number(scan.overrun));
	gw_json_set(fields, "line_down", gw_json_number(scan.line_down));
	gw_json_set(fields, "connections", gw_json_number(state->machine.connections));
	gw_json_set(fields, "connections_max", gw_json_number(state->machine.connections_max));
	gw_json_set(fields, "bans_intended", gw_json_number(state->bans_intended));
	gw_json_set(fields, "bans_enforced", gw_json_number(state->bans_enforced));
	upstream_status(state, fields);
}

static void attack_metrics(const struct ratelimit_state *state, struct gw_metrics *metrics)
{
	json_t *family = gw_metrics_family(metrics, "gw_attack_active", "gauge",
					   "Attacks that go on, by vector.");
	uint64_t active[RATELIMIT_VECTOR_COUNT] = { 0 };

	for (size_t i = 0; i < RATELIMIT_ATTACKS; i++)
		if (state->attacks[i].number && !state->attacks[i].end)
			active[state->attacks[i].vector]++;
	for (int v = 0; v < RATELIMIT_VECTOR_COUNT; v++)
		gw_metrics_add(
			family, active[v],
			(const char *const[]){
				"vector", ratelimit_vector_name((enum ratelimit_vector)v), NULL });
}

static void watch_metrics(struct gw_daemon *daemon, struct gw_metrics *metrics)
{
	const struct ratelimit_state *state = daemon->state;
	struct ratelimit_scan_counts scan;

	ratelimit_scan_counts(state->scan, &scan);
	attack_metrics(state, metrics);
	gw_metrics_one(metrics, "gw_attacks", "counter", "Attacks that were found.",
		       state->n_attacks);
	gw_metrics_one(metrics, "gw_limit_mode", "gauge",
		       "The worst mode of any target: 0 peace, 1 guarded, 2 attack, 3 upstream.",
		       (uint64_t)worst_mode(state));
	gw_metrics_one(metrics, "gw_limit_events", "counter",
		       "Connections that the kernel told of.", state->events);
	gw_metrics_one(metrics, "gw_limit_event_overruns", "counter",
		       "Times that events of the kernel were lost.", state->overruns);
	gw_metrics_one(metrics, "gw_limit_records_held_back", "counter",
		       "Records that were not written because ten were within that second.",
		       state->held);
	gw_metrics_one(metrics, "gw_stone_findings", "counter",
		       "Times that an inside host was found to do harm.", state->n_stones);
	gw_metrics_one(metrics, "gw_stone_quarantines", "counter",
		       "Inside hosts that were put into quarantine.", state->quarantines);
	gw_metrics_one(metrics, "gw_stone_quarantines_failed", "counter",
		       "Inside hosts that gwd did not put into quarantine.",
		       state->quarantines_failed);
	gw_metrics_one(metrics, "gw_stone_contacts", "counter", "First contacts of inside hosts.",
		       scan.first);
	gw_metrics_one(metrics, "gw_stone_contacts_failed", "counter",
		       "First contacts of inside hosts that nobody answered.", scan.failed);
	gw_metrics_one(metrics, "gw_stone_contacts_unknown", "counter",
		       "First contacts whose outcome was not seen for lack of room.", scan.overrun);
	gw_metrics_one(metrics, "gw_bans_intended", "gauge",
		       "Bans that the kernel should hold, as elements of its sets.",
		       state->bans_intended);
	gw_metrics_one(metrics, "gw_bans_enforced", "gauge",
		       "Bans that the kernel held when they were compared.", state->bans_enforced);
	gw_metrics_one(metrics, "gw_conntrack_entries", "gauge", "Connections in the table.",
		       state->machine.connections);
	gw_metrics_one(metrics, "gw_conntrack_entries_limit", "gauge",
		       "Connections that the table holds at most.", state->machine.connections_max);
}

static const struct gw_daemon_module module = {
	.name = "ratelimit",
	.program = "gw-ratelimitd",
	.about = "Tells attacks from crowds and inside hosts that scan from people who browse, by "
		 "what\n"
		 "becomes of connections; records it, and asks gwd to put scanners into "
		 "quarantine.\n"
		 "The kernel enforces without it.\n",
	.verbs = ratelimit_verbs,
	.memory_max = MEMORY_MAX,
	.open = watch_open,
	.start = watch_start,
	.connected = watch_connected,
	.configured = watch_configured,
	.status = watch_status,
	.metrics = watch_metrics,
	.stop = watch_stop,
};

int main(int argc, char **argv)
{
	return gw_daemon_main(&module, argc, argv);
}
