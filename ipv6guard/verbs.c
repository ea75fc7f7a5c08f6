/* What gwctl asks of gw-ipv6guardd. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gw/core/mem.h"
#include "gw/report/json.h"
#include "ipv6guard/guard.h"

#define FOR_MAX_S (3650u * 86400u)

static void run_devices(struct gw_ipc_call *call, void *context)
{
	const struct gw_daemon *daemon = context;
	struct ipv6guard_state *state = daemon->state;
	json_t *list = json_array();
	int64_t now = (int64_t)time(NULL);

	ipv6guard_surroundings_look(&state->surroundings, ipv6guard_clock_ms());
	for (size_t i = 0; i < ipv6guard_devices_places(state->devices); i++) {
		struct ipv6guard_device *device = ipv6guard_devices_at(state->devices, i);

		if (!device)
			continue;
		ipv6guard_surroundings_tell(&state->surroundings, state->devices, device, now);
		gw_json_add(list, ipv6guard_device_json(state, device));
	}
	gw_daemon_reply_list(call, "devices", list);
}

static void run_events(struct gw_ipc_call *call, void *context)
{
	const struct gw_daemon *daemon = context;
	const struct ipv6guard_state *state = daemon->state;
	uint64_t first =
		state->n_events > IPV6GUARD_EVENTS_MAX ? state->n_events - IPV6GUARD_EVENTS_MAX : 0;
	json_t *list = json_array();

	for (uint64_t i = first; i < state->n_events; i++) {
		const struct ipv6guard_event *event = &state->events[i % IPV6GUARD_EVENTS_MAX];
		json_t *object = json_object();

		gw_json_set(object, "time", json_integer(event->time));
		gw_json_set(object, "detail", json_incref(event->detail));
		gw_json_add(list, object);
	}
	gw_daemon_reply_list(call, "events", list);
}

static void run_coverage(struct gw_ipc_call *call, void *context)
{
	struct gw_daemon *daemon = context;

	gw_daemon_reply_list(call, "segments", ipv6guard_coverage(daemon->state));
}

/* ---- allow ----------------------------------------------------------------------------------- */

static void release(struct ipv6guard_state *state, struct ipv6guard_device *device)
{
	char mac[GW_MAC_TEXT];

	if (device->quarantined_until <= (int64_t)time(NULL))
		return;
	device->quarantined_until = 0;
	(void)gw_link_ask(state->daemon->link, "ipv6-release",
			  json_pack("{s:s, s:s, s:s}", "port", device->port, "mac",
				    gw_mac_format(device->mac, mac), "reason",
				    "an operator has allowed the device"),
			  GW_LINK_KEEP, NULL, NULL);
}

static void allow(struct ipv6guard_state *state, struct ipv6guard_device *device,
		  struct gw_ipc_call *call, int64_t until)
{
	device->allowed_until = until;
	(void)snprintf(device->allowed_by, sizeof(device->allowed_by), "%s",
		       gw_ipc_call_peer(call)->name);
	if (until)
		release(state, device);
	state->changed = true;
}

static void run_allow(struct gw_ipc_call *call, void *context)
{
	struct gw_daemon *daemon = context;
	struct ipv6guard_state *state = daemon->state;
	const char *text = gw_ipc_call_text(call, "mac"), *port = gw_ipc_call_text(call, "port");
	uint64_t for_s = gw_ipc_call_uint(call, "for_s", 0);
	bool end = gw_ipc_call_flag(call, "end");
	int64_t until = end ? 0 : for_s ? (int64_t)time(NULL) + (int64_t)for_s : INT64_MAX;
	uint8_t mac[GW_MAC_LEN];
	json_int_t n = 0;

	if (!gw_mac_parse(text, strlen(text), mac) || !gw_mac_is_device(mac)) {
		gw_ipc_call_refuse(call, 64, "`%s` is not the MAC of a device", text);
		return;
	}
	for (size_t i = 0; i < ipv6guard_devices_places(state->devices); i++) {
		struct ipv6guard_device *device = ipv6guard_devices_at(state->devices, i);

		if (!device || memcmp(device->mac, mac, GW_MAC_LEN) != 0 ||
		    (port && strcmp(device->port, port) != 0))
			continue;
		allow(state, device, call, until);
		n++;
	}
	if (!n) {
		gw_ipc_call_refuse(call, 1, "%s was not seen%s%s", text, port ? " at " : "",
				   port ? port : "");
		return;
	}
	gw_daemon_record(
		daemon,
		&(struct gw_daemon_record){
			.class_ = "exception",
			.event = end ? "exception.ipv6_ended" : "exception.ipv6_allowed",
			.actor = gw_ipc_call_peer(call)->name,
			.subject = text,
			.reason = gw_ipc_call_text(call, "reason"),
			.detail = json_pack("{s:s?, s:I}", "port", port, "until",
					    until == INT64_MAX ? (json_int_t)0 : (json_int_t)until),
		});
	gw_ipc_call_reply(call, 0, json_pack("{s:I}", "n", n), -1);
}

/* ---- who is logged in ------------------------------------------------------------------------ */

/* From the vpnauth module, or whatever runs 802.1X on this machine. */
static void run_login(struct gw_ipc_call *call, void *context)
{
	struct gw_daemon *daemon = context;
	struct ipv6guard_state *state = daemon->state;
	const char *text = gw_ipc_call_text(call, "mac"), *port = gw_ipc_call_text(call, "port");
	const char *who = gw_ipc_call_text(call, "identity");
	char clean[IPV6GUARD_NAME_MAX];
	struct ipv6guard_device *device;
	uint8_t mac[GW_MAC_LEN];

	if (!gw_mac_parse(text, strlen(text), mac) || !gw_mac_is_device(mac) || !*port ||
	    strlen(port) >= IPV6GUARD_PORT_MAX ||
	    !ipv6guard_clean_name((const uint8_t *)who, strlen(who), clean)) {
		gw_ipc_call_refuse(call, 64, "port, MAC or identity is none");
		return;
	}
	device = ipv6guard_devices_find(state->devices, port, mac);
	if (!device)
		device = ipv6guard_devices_restore(state->devices, port, mac, (int64_t)time(NULL));
	ipv6guard_device_is_known(state->devices, device, IPV6GUARD_FROM_LOGIN,
				  (int64_t)time(NULL));
	ipv6guard_device_login(device, clean, (int64_t)time(NULL));
	state->changed = true;
	gw_ipc_call_reply(call, 0, NULL, -1);
}

// clang-format off
static const struct gw_ipc_field allow_fields[] = {
	{ "mac", GW_IPC_TEXT, .required = true, .max = 17, .help = "MAC of the device." },
	{ "port", GW_IPC_TEXT, .max = 15, .help = "At this port alone." },
	{ "for_s", GW_IPC_UINT, .max = FOR_MAX_S, .help = "Seconds; 0: until it is ended." },
	{ "end", GW_IPC_BOOL, .help = "End the allowance." },
	{ "reason", GW_IPC_TEXT, .max = 256, .help = "Why, for the record." },
	{ .name = NULL },
};
static const struct gw_ipc_field login_fields[] = {
	{ "port", GW_IPC_TEXT, .required = true, .max = 15, .help = "Port that the login was at." },
	{ "mac", GW_IPC_TEXT, .required = true, .max = 17, .help = "MAC of the device." },
	{ "identity", GW_IPC_TEXT, .required = true, .max = 253, .help = "Who has logged in." },
	{ .name = NULL },
};

#define LIST(key) "JSON: {\"" key "\": […]}, if the reply has no field of this name"

const struct gw_verb ipv6guard_verbs[] = {
	{ "devices", "Devices that were seen.", NULL, NULL, NULL, LIST("devices"), GW_DAEMON_READ, run_devices },
	{ "events", "The latest events.", NULL, NULL, NULL, LIST("events"), GW_DAEMON_READ, run_events },
	{ "coverage", "What cannot be enforced from here.", NULL, NULL, NULL, LIST("segments"), GW_DAEMON_READ, run_coverage },
	{ "allow", "Tells no more of a device, and keeps it out of quarantine.", allow_fields, NULL, NULL, NULL,
	  GW_DAEMON_OPERATE, run_allow },
	{ "login", "Notes who has logged in with a device.", login_fields, NULL, NULL, NULL,
	  GW_DAEMON_OPERATE | GW_DAEMON_LOGIN, run_login },
	{ .name = NULL },
};
// clang-format on
