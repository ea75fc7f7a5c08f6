/* gw-ipv6guardd: hears of the frames that the kernel has refused, finds out whose they are, and acts. */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/conf/conf.h"
#include "gw/core/mem.h"
#include "gw/daemon/packet.h"
#include "gw/report/json.h"
#include "ipv6guard/guard.h"
#include "ipv6guard/router_end.h"

#define HOUSEKEEPING_S 5
#define FLOWS          4096u
#define MEMORY_MAX     (64u << 20)

/* ---- housekeeping ---------------------------------------------------------------------------- */

static void save(struct ipv6guard_state *state)
{
	int err;

	if (!state->changed)
		return;
	err = ipv6guard_keep_save(state->devices, state->daemon->state_dir);
	if (err)
		gw_daemon_say(state->daemon, "the devices cannot be written to %s: %s",
			      state->daemon->state_dir, strerror(-err));
	state->changed = false; /* said once, not at every turn */
}

static void on_housekeeping(evutil_socket_t fd, short what, void *context)
{
	struct ipv6guard_state *state = context;
	int64_t now = (int64_t)time(NULL);

	(void)fd;
	(void)what;
	if (state->model && state->model->response.retention_s)
		ipv6guard_devices_forget(state->devices, now - state->model->response.retention_s,
					 now);
	ipv6guard_listen_turn(state, now);
	ipv6guard_refused_ask(state);
	save(state);
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	ipv6guard_frames_ask(context);
}

/* ---- hooks of the frame ---------------------------------------------------------------------- */

/* The file of leases may stand anywhere (gw/link/leases.c), and is replaced when it is written. */
static char *folder_of_leases(void)
{
	const char *path = getenv("GW_LEASES"), *slash = path ? strrchr(path, '/') : NULL;
	char *folder;

	if (!slash || slash == path)
		return NULL;
	folder = gw_strdup(path);
	folder[slash - path] = '\0';
	return folder;
}

/* With CAP_NET_RAW, which is given up next; without it `coverage` says what is missing. */
static int guard_open(struct gw_daemon *daemon)
{
	struct ipv6guard_state *state = gw_zalloc(1, sizeof(*state));

	daemon->state = state;
	state->daemon = daemon;
	state->log_fd = -1;
	state->capture = IPV6GUARD_CAPTURE_NONE;
	state->packet_fd = gw_packet_open();
	if (state->packet_fd >= 0 &&
	    gw_packet_mark(state->packet_fd, IPV6GUARD_ROUTER_END_MARK) < 0) {
		(void)close(state->packet_fd);
		state->packet_fd = -1;
	}
	if (state->packet_fd < 0)
		state->packet_fd = -1;
	ipv6guard_listen_open(state);
	daemon->read_dir = folder_of_leases();
	return 0;
}

#ifndef __clang__
#pragma GCC diagnostic push
/* gcc 12 does not see that the state is reachable through the daemon. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
static int guard_start(struct gw_daemon *daemon)
{
	static const struct timeval period = { HOUSEKEEPING_S, 0 };
	struct ipv6guard_state *state = daemon->state;
	int err;

	state->counts = gw_zalloc(IPV6GUARD_COUNTS_MAX, sizeof(*state->counts));
	state->flows = gw_v6_flows_new(FLOWS);
	state->devices = ipv6guard_devices_new(IPV6GUARD_DEVICES_MAX);
	state->bindings = ipv6guard_bindings_new(IPV6GUARD_BINDING_MAX);
	state->vendors = ipv6guard_vendors_new(IPV6GUARD_VENDOR_DIR);
	err = ipv6guard_keep_load(state->devices, daemon->state_dir, (int64_t)time(NULL));
	if (err)
		gw_daemon_say(daemon, "devices in %s: %s; what can be read is used",
			      daemon->state_dir, strerror(-err));
	state->retry = evtimer_new(daemon->base, on_retry, state);
	state->housekeeping = event_new(daemon->base, -1, EV_PERSIST, on_housekeeping, state);
	if (!state->retry || !state->housekeeping)
		gw_out_of_memory();
	(void)event_add(state->housekeeping, &period);
	ipv6guard_segments_prepare(state);
	return 0;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

static void guard_connected(struct gw_daemon *daemon)
{
	ipv6guard_frames_ask(daemon->state);
	ipv6guard_refused_ask(daemon->state);
}

static void open_capture(struct ipv6guard_state *state)
{
	uint32_t mib = state->model ? state->model->response.capture_mib : 0;
	int err = ipv6guard_capture_open(&state->capture, state->daemon->state_dir, mib);

	if (err)
		gw_daemon_say(state->daemon, "no frames are kept in %s: %s",
			      state->daemon->state_dir, strerror(-err));
}

static void guard_configured(struct gw_daemon *daemon)
{
	struct ipv6guard_state *state = daemon->state;

	state->model = gw_policy_section(daemon->config->policy, GW_SECTION_IPV6GUARD);
	ipv6guard_segments_prepare(state);
	open_capture(state);
	gw_conf_drop_tree(daemon->config->conf);
}

static void guard_reload(struct gw_daemon *daemon)
{
	struct ipv6guard_state *state = daemon->state;

	ipv6guard_vendors_free(state->vendors);
	state->vendors = ipv6guard_vendors_new(IPV6GUARD_VENDOR_DIR);
	ipv6guard_segments_prepare(state); /* ports have other numbers when they come again */
}

static void guard_stop(struct gw_daemon *daemon)
{
	struct ipv6guard_state *state = daemon->state;

	if (!state)
		return;
	if (state->devices)
		save(state);
	ipv6guard_frames_stop(state);
	ipv6guard_announce_stop(state);
	ipv6guard_listen_close(state);
	ipv6guard_capture_close(&state->capture);
	if (state->retry)
		event_free(state->retry);
	if (state->housekeeping)
		event_free(state->housekeeping);
	if (state->packet_fd >= 0)
		(void)close(state->packet_fd);
	for (size_t i = 0; i < IPV6GUARD_EVENTS_MAX; i++)
		json_decref(state->events[i].detail);
	json_decref(state->refused);
	gw_arena_free(state->contexts_arena);
	ipv6guard_surroundings_done(&state->surroundings);
	ipv6guard_vendors_free(state->vendors);
	ipv6guard_bindings_free(state->bindings);
	ipv6guard_devices_free(state->devices);
	gw_v6_flows_free(state->flows);
	gw_free(state->counts);
	gw_free(state);
	daemon->state = NULL;
}

/* ---- what it counts -------------------------------------------------------------------------- */

static uint64_t lost(const struct ipv6guard_state *state)
{
	return state->frames_lost_before + (state->reader ? gw_frame_lost(state->reader) : 0);
}

static void guard_status(struct gw_daemon *daemon, json_t *fields)
{
	const struct ipv6guard_state *state = daemon->state;

	gw_json_set(fields, "events_from_kernel", json_boolean(state->log_fd >= 0));
	gw_json_set(fields, "events_missing", gw_json_text(state->log_missing));
	gw_json_set(fields, "frames", gw_json_number(state->frames));
	gw_json_set(fields, "frames_lost", gw_json_number(lost(state)));
	gw_json_set(fields, "devices", gw_json_number(ipv6guard_devices_count(state->devices)));
	gw_json_set(fields, "background", gw_json_number(state->told[GW_V6_BACKGROUND]));
	gw_json_set(fields, "active", gw_json_number(state->told[GW_V6_ACTIVE]));
	gw_json_set(fields, "hostile", gw_json_number(state->told[GW_V6_HOSTILE]));
	gw_json_set(fields, "held_back", gw_json_number(state->held));
	gw_json_set(fields, "quarantines", gw_json_number(state->quarantines));
	gw_json_set(fields, "quarantines_failed", gw_json_number(state->quarantines_failed));
	gw_json_set(fields, "response_us", json_integer(state->response_us));
	gw_json_set(fields, "response_us_max", json_integer(state->response_us_max));
	gw_json_set(fields, "told_us", json_integer(state->told_us));
	gw_json_set(fields, "told_us_max", json_integer(state->told_us_max));
	gw_json_set(fields, "captured", gw_json_number(state->capture.frames));
	gw_json_set(fields, "vendors", gw_json_number(ipv6guard_vendors_count(state->vendors)));
	gw_json_set(fields, "segments",
		    gw_json_number(state->model ? state->model->n_segments : 0));
}

static void guard_metrics(struct gw_daemon *daemon, struct gw_metrics *metrics)
{
	const struct ipv6guard_state *state = daemon->state;
	json_t *family = gw_metrics_family(
		metrics, "gw_ipv6guard_logged_frames", "counter",
		"Refused frames that the kernel told of, by what they were and why; a sample.");

	ipv6guard_refused_metrics(state, metrics);
	for (size_t i = 0; i < state->n_counts; i++) {
		const struct ipv6guard_count *count = &state->counts[i];
		const struct gw_v6_class_info *info = gw_v6_class_info(count->class_id);
		const char *const labels[] = { "segment", count->segment, "class", info->name,
					       "reason",  count->reason,  NULL };

		gw_metrics_add(family, count->n, labels);
	}
	family = gw_metrics_family(metrics, "gw_ipv6guard_events", "counter",
				   "Events that were told, by severity.");
	for (int i = GW_V6_BACKGROUND; i <= GW_V6_HOSTILE; i++) {
		const char *const labels[] = { "severity",
					       gw_v6_severity_name((enum gw_v6_severity)i), NULL };

		gw_metrics_add(family, state->told[i], labels);
	}
	gw_metrics_one(metrics, "gw_ipv6guard_events_held_back", "counter",
		       "Events that were not told because their like was, lately.", state->held);
	gw_metrics_one(metrics, "gw_ipv6guard_frames_lost", "counter",
		       "Logged frames that were lost on the way from the kernel.", lost(state));
	gw_metrics_one(metrics, "gw_ipv6guard_devices", "gauge", "Devices that are known.",
		       ipv6guard_devices_count(state->devices));
	gw_metrics_one(metrics, "gw_ipv6guard_devices_displaced", "counter",
		       "Devices that gave way to others before their time.",
		       ipv6guard_devices_displaced(state->devices));
	gw_metrics_one(metrics, "gw_ipv6guard_quarantines", "counter",
		       "Devices that were put into quarantine.", state->quarantines);
	gw_metrics_one(metrics, "gw_ipv6guard_quarantines_failed", "counter",
		       "Devices that gwd did not put into quarantine.", state->quarantines_failed);
	gw_metrics_one(metrics, "gw_ipv6guard_captured_frames", "counter",
		       "Refused frames that were written to disk.", state->capture.frames);
	gw_metrics_one(metrics, "gw_ipv6guard_capture_failures", "counter",
		       "Refused frames that could not be written.", state->capture.failures);
	gw_metrics_one(metrics, "gw_ipv6guard_router_ends", "counter",
		       "Rogue routers whose end was announced.", state->ends_announced);
}

static const struct gw_sandbox_path paths[] = {
	{ IPV6GUARD_VENDOR_DIR, GW_SANDBOX_READ },
	{ "/var/lib/misc", GW_SANDBOX_READ }, /* leases: gw/link/leases.c */
	{ "/var/lib/kea", GW_SANDBOX_READ },
	{ "/var/lib/dhcp", GW_SANDBOX_READ },
	{ "/sys", GW_SANDBOX_READ }, /* what a port is */
	{ NULL, GW_SANDBOX_READ },
};

static const struct gw_daemon_module module = {
	.name = "ipv6guard",
	.program = "gw-ipv6guardd",
	.about = "Finds out whose frames the kernel has refused because they carry IPv6 where none "
		 "is\n"
		 "meant, records it, and asks gwd to quarantine the hostile. The kernel enforces "
		 "without it.\n",
	.verbs = ipv6guard_verbs,
	.paths = paths,
	.memory_max = MEMORY_MAX,
	.open = guard_open,
	.start = guard_start,
	.connected = guard_connected,
	.configured = guard_configured,
	.reload = guard_reload,
	.status = guard_status,
	.metrics = guard_metrics,
	.stop = guard_stop,
};

int main(int argc, char **argv)
{
	return gw_daemon_main(&module, argc, argv);
}
