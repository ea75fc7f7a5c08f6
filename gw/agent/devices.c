/*
 * Devices of zones with an admission register: which are registered, admitted for a time, or refused,
 * when each was first and last seen, and where. Refused ones are kept by the kernel for a day
 * (rt_seen…); the agent asks every half minute, so that a device that comes by night is still listed a
 * month later. What it has seen is in devices.json; a device is noted there before it is announced.
 */
#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <linux/netfilter.h>
#include <string.h>
#include <time.h>

#include "gw/agent/durable.h"
#include "gw/agent/emergency.h"
#include "gw/conf/schema.h"
#include "gw/core/mac.h"
#include "gw/core/mem.h"
#include "gw/link/link.h"
#include "gw/link/neighbours.h"
#include "gw/report/json.h"

#define FILE_NAME   "devices.json"
#define FILE_LIMIT  (16u << 20)
#define DEVICES_MAX 16384u /* then those not seen for longest are forgotten */
#define POLL_S      30
#define SAVE_S      600 /* times alone are not worth a write more often */

struct device {
	uint8_t mac[6];
	char zone[GW_NAME_MAX + 1];
	int64_t first, last; /* Unix time */
	bool has_addr;
	enum gw_family family;
	gw_u128 addr; /* the last one */
};

struct gw_devices {
	struct device *items; /* by zone, then MAC */
	size_t n, capacity;
	struct event *timer;
	int64_t saved;
	bool changed, fresh; /* since it was saved: anything, a new device */
};

/* ---- the table ------------------------------------------------------------------------------ */

static int compare(const struct device *a, const struct device *b)
{
	int order = strcmp(a->zone, b->zone);

	return order ? order : memcmp(a->mac, b->mac, sizeof(a->mac));
}

static size_t place_of(const struct gw_devices *devices, const struct device *like)
{
	size_t low = 0, high = devices->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&devices->items[middle], like) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct device *find(const struct gw_devices *devices, const char *zone, const uint8_t mac[6])
{
	struct device like = { 0 };
	size_t at;

	memcpy(like.mac, mac, sizeof(like.mac));
	(void)strncpy(like.zone, zone, GW_NAME_MAX);
	at = place_of(devices, &like);
	return at < devices->n && compare(&devices->items[at], &like) == 0 ? &devices->items[at]
									   : NULL;
}

static void forget_oldest(struct gw_devices *devices)
{
	size_t oldest = 0;

	assert(devices->items && devices->n);
	for (size_t i = 1; i < devices->n; i++)
		if (devices->items[i].last < devices->items[oldest].last)
			oldest = i;
	devices->n--;
	memmove(&devices->items[oldest], &devices->items[oldest + 1],
		(devices->n - oldest) * sizeof(*devices->items));
}

/* True if the device was not known. */
static bool see(struct gw_devices *devices, const struct device *now)
{
	struct device *known = find(devices, now->zone, now->mac);
	size_t at;

	if (known) {
		devices->changed |= now->last > known->last;
		if (now->last > known->last)
			known->last = now->last;
		if (now->has_addr && now->last >= known->last) {
			known->has_addr = true;
			known->family = now->family;
			known->addr = now->addr;
		}
		return false;
	}
	if (devices->n >= DEVICES_MAX)
		forget_oldest(devices);
	at = place_of(devices, now);
	gw_push(devices->items, devices->n, devices->capacity, *now);
	memmove(&devices->items[at + 1], &devices->items[at],
		(devices->n - 1 - at) * sizeof(*devices->items));
	devices->items[at] = *now;
	devices->changed = devices->fresh = true;
	return true;
}

/* ---- on disk -------------------------------------------------------------------------------- */

static json_t *device_json(const struct device *device)
{
	char mac[GW_MAC_TEXT], addr[GW_ADDR_TEXT];
	json_t *object = json_object();

	gw_json_set(object, "zone", json_string(device->zone));
	gw_json_set(object, "mac", json_string(gw_mac_format(device->mac, mac)));
	gw_json_set(object, "first", json_integer(device->first));
	gw_json_set(object, "last", json_integer(device->last));
	gw_json_set(object, "address",
		    device->has_addr
			    ? json_string(gw_addr_format(device->family, device->addr, addr))
			    : json_null());
	return object;
}

static bool device_from_json(const json_t *object, struct device *ret)
{
	const char *mac = json_string_value(json_object_get(object, "mac"));
	const char *zone = json_string_value(json_object_get(object, "zone"));
	const char *addr = json_string_value(json_object_get(object, "address"));
	struct gw_range range;

	*ret = (struct device){ .first = json_integer_value(json_object_get(object, "first")),
				.last = json_integer_value(json_object_get(object, "last")) };
	if (!mac || !zone || strlen(zone) > GW_NAME_MAX ||
	    !gw_mac_parse(mac, strlen(mac), ret->mac))
		return false;
	(void)strncpy(ret->zone, zone, GW_NAME_MAX); /* it fits */
	ret->has_addr = addr && gw_addr_parse(addr, &ret->family, &range) == GW_ADDR_OK;
	if (ret->has_addr)
		ret->addr = range.lo;
	return true;
}

/* Only what helps people is in the file: without it, or with half of it, the list begins anew. */
static void load(struct gw_devices *devices, int dir)
{
	struct gw_arena *arena = gw_arena_new();
	json_t *root = NULL, *item;
	struct device device;
	size_t len, i;
	char *bytes;

	if (gw_durable_read(dir, FILE_NAME, FILE_LIMIT, arena, &bytes, &len) == 0)
		root = json_loadb(bytes, len, 0, NULL);
	json_array_foreach(root, i, item) if (device_from_json(item, &device))(void)
		see(devices, &device);
	json_decref(root);
	gw_arena_free(arena);
	devices->changed = devices->fresh = false;
}

static void save(struct gw_devices *devices, int dir, int64_t now)
{
	gw_auto_text struct gw_text text = { 0 };
	json_t *root;

	if (!devices->changed || (!devices->fresh && now < devices->saved + SAVE_S))
		return;
	root = json_array();
	for (size_t i = 0; i < devices->n; i++)
		gw_json_add(root, device_json(&devices->items[i]));
	gw_json_print(root, &text);
	json_decref(root);
	if (gw_durable_replace(dir, FILE_NAME, text.bytes, text.len) < 0)
		return; /* the next poll tries again */
	devices->saved = now;
	devices->changed = devices->fresh = false;
}

/* ---- looking -------------------------------------------------------------------------------- */

static void announce(struct gw_agent *agent, const struct device *device)
{
	char mac[GW_MAC_TEXT];

	gw_agent_record(agent, &(struct gw_agent_event){
				       .event = "device.refused",
				       .subject = gw_mac_format(device->mac, mac),
				       .reason = "the zone's register does not know it",
				       .detail = device_json(device),
			       });
}

/* Devices that the kernel has refused since a day. */
static void poll_refused(struct gw_agent *agent, const struct gw_zone *zone, enum gw_family family,
			 int64_t now)
{
	struct gw_kernel *kernel = agent->target.kernel;
	struct gw_arena *arena = gw_arena_new();
	struct gw_set set = { .name = gw_seen_set_name(arena, zone, family),
			      .key = { GW_TYPE_ETHER,
				       family == GW_FAMILY_IPV4 ? GW_TYPE_IPV4 : GW_TYPE_IPV6 },
			      .n_key = 2,
			      .timeout = true,
			      .dynamic = true };
	struct device device = { .has_addr = true, .family = family };

	(void)strncpy(device.zone, zone->name, GW_NAME_MAX);
	if (kernel->ops->read_elements(kernel, NFPROTO_INET, arena, &set) < 0)
		set.n_elems = 0; /* a revision without the register, for a moment */
	for (size_t i = 0; i < set.n_elems; i++) {
		const struct gw_elem *elem = &set.elems[i];
		int64_t last = (elem->expires_ms - GW_SEEN_TIMEOUT_MS) / 1000;

		memcpy(device.mac, elem->key, sizeof(device.mac));
		device.addr = gw_addr_from_bytes(family, elem->key + gw_type_slot(GW_TYPE_ETHER));
		device.first = device.last = last > 0 && last < now ? last : now;
		if (see(agent->emergency->devices, &device))
			announce(agent, &device);
	}
	gw_free(set.elems);
	gw_arena_free(arena);
}

static bool is_of_zone(const struct gw_zone *zone, const struct gw_links *links, unsigned int index)
{
	for (size_t i = 0; i < zone->n_interfaces; i++) {
		const struct gw_link *link = gw_links_find(links, zone->interfaces[i].name);

		if (link && link->index == index)
			return true;
	}
	return false;
}

/* Those that the gateway talks to, admitted as a rule. */
static void poll_neighbours(struct gw_agent *agent, const struct gw_zone *zone,
			    const struct gw_links *links, const struct gw_neighbour *neighbours,
			    size_t n, int64_t now)
{
	struct device device = { .first = now, .last = now, .has_addr = true };

	(void)strncpy(device.zone, zone->name, GW_NAME_MAX);
	for (size_t i = 0; i < n; i++) {
		if (!gw_mac_is_device(neighbours[i].mac) ||
		    !is_of_zone(zone, links, neighbours[i].index))
			continue;
		memcpy(device.mac, neighbours[i].mac, sizeof(device.mac));
		device.family = neighbours[i].family;
		device.addr = neighbours[i].addr;
		(void)see(agent->emergency->devices,
			  &device); /* refused ones come from the kernel */
	}
}

static void poll(struct gw_agent *agent)
{
	const struct gw_policy *policy = agent->config ? agent->config->policy : NULL;
	struct gw_arena *arena = gw_arena_new();
	struct gw_neighbour *neighbours = NULL;
	struct gw_links links = { 0 };
	int64_t now = time(NULL);
	size_t n = 0;

	if (gw_links_read(arena, &links) < 0 || gw_neighbours_read(arena, &neighbours, &n) < 0)
		n = 0; /* then only refused ones are seen this time */
	for (size_t i = 0; policy && i < policy->n_zones; i++) {
		const struct gw_zone *zone = &policy->zones[i];

		if (!zone->admission)
			continue;
		for (int f = 0; f < GW_FAMILY_COUNT; f++)
			poll_refused(agent, zone, (enum gw_family)f, now);
		poll_neighbours(agent, zone, &links, neighbours, n, now);
	}
	save(agent->emergency->devices, agent->emergency->dir, now);
	gw_arena_free(arena);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	poll(context);
}

/* ---- start and stop ------------------------------------------------------------------------- */

static int devices_start(struct gw_agent *agent)
{
	struct timeval period = { POLL_S, 0 };
	struct gw_devices *devices = gw_zalloc(1, sizeof(*devices));

	agent->emergency->devices = devices;
	load(devices, agent->emergency->dir);
	devices->timer = event_new(agent->base, -1, EV_PERSIST, on_timer, agent);
	if (!devices->timer || event_add(devices->timer, &period) < 0)
		return -ENOMEM;
	return 0;
}

static void devices_stop(struct gw_agent *agent)
{
	struct gw_devices *devices = agent->emergency ? agent->emergency->devices : NULL;

	if (!devices)
		return;
	devices->saved = 0;
	save(devices, agent->emergency->dir, time(NULL));
	if (devices->timer)
		event_free(devices->timer);
	gw_free(devices->items);
	gw_free(devices);
	agent->emergency->devices = NULL;
}

const struct gw_agent_part gw_part_devices = {
	.name = "devices",
	.start = devices_start,
	.stop = devices_stop,
};

/* ---- listing -------------------------------------------------------------------------------- */

static int compare_mac(const void *mac, const void *device)
{
	return memcmp(mac, ((const struct gw_device *)device)->mac, 6);
}

static const struct gw_device *registered(const struct gw_admission *admission,
					  const uint8_t mac[6])
{
	if (!admission->n_devices)
		return NULL;
	return bsearch(mac, admission->devices, admission->n_devices, sizeof(*admission->devices),
		       compare_mac);
}

static const struct gw_measure *admitted(const struct gw_agent *agent, const char *zone,
					 const uint8_t mac[6])
{
	struct gw_measure like = { .kind = GW_MEASURE_KIND_ADMIT, .subject = zone };
	const struct gw_measure *found;

	gw_measure_set_mac(&like, mac);
	found = gw_measures_find(&agent->emergency->measures, &like);
	return found && !gw_measure_is_over(found, time(NULL)) ? found : NULL;
}

static void list_device(const struct gw_agent *agent, const struct gw_zone *zone,
			const struct device *device, json_t *list)
{
	const struct gw_device *known = registered(zone->admission, device->mac);
	const struct gw_measure *measure = admitted(agent, zone->name, device->mac);
	json_t *object = device_json(device);

	if (!device->first) {
		gw_json_set(object, "first", json_null());
		gw_json_set(object, "last", json_null());
	}
	gw_json_set(object, "state",
		    json_string(known     ? "registered"
				: measure ? "admitted"
					  : "refused"));
	gw_json_set(object, "note",
		    gw_json_text(known     ? known->note
				 : measure ? measure->reason
					   : NULL));
	gw_json_set(object, "until",
		    measure && !known && measure->until ? json_integer(measure->until)
							: json_null());
	gw_json_add(list, object);
}

/* Seen ones, and those of the register and of admissions that were never seen. */
static void list_zone(const struct gw_agent *agent, const struct gw_zone *zone, json_t *list)
{
	const struct gw_devices *devices = agent->emergency->devices;
	const struct gw_measures *measures = &agent->emergency->measures;
	struct device never = { 0 };

	(void)strncpy(never.zone, zone->name, GW_NAME_MAX);
	for (size_t i = 0; i < devices->n; i++)
		if (strcmp(devices->items[i].zone, zone->name) == 0)
			list_device(agent, zone, &devices->items[i], list);
	for (size_t i = 0; i < zone->admission->n_devices; i++) {
		memcpy(never.mac, zone->admission->devices[i].mac, sizeof(never.mac));
		if (!find(devices, zone->name, never.mac))
			list_device(agent, zone, &never, list);
	}
	for (size_t i = 0; i < measures->n; i++) {
		const struct gw_measure *measure = &measures->items[i];

		if (measure->kind != GW_MEASURE_KIND_ADMIT ||
		    strcmp(measure->subject, zone->name) != 0 ||
		    find(devices, zone->name, measure->key) ||
		    registered(zone->admission, measure->key))
			continue;
		memcpy(never.mac, measure->key, sizeof(never.mac));
		list_device(agent, zone, &never, list);
	}
}

static void run_devices(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	const struct gw_policy *policy = agent->config ? agent->config->policy : NULL;
	const char *only = gw_ipc_call_text(call, "zone");
	gw_auto_text struct gw_text text = { 0 };
	json_t *list, *root;
	int file;

	if (only && !gw_emergency_zone(agent, call, only))
		return;
	poll(agent);
	list = json_array();
	for (size_t i = 0; policy && i < policy->n_zones; i++)
		if (policy->zones[i].admission &&
		    (!only || strcmp(policy->zones[i].name, only) == 0))
			list_zone(agent, &policy->zones[i], list);
	root = json_object();
	gw_json_set(root, "devices", list);
	gw_json_print(root, &text);
	json_decref(root);
	file = gw_memfd_write(text.bytes, text.len);
	if (file < 0)
		gw_ipc_call_refuse(call, GW_EXIT_FAILED, "the list cannot be written: %s",
				   strerror(-file));
	else
		gw_ipc_call_reply(call, GW_EXIT_OK, NULL, file);
}

/* ---- for those who admit --------------------------------------------------------------------- */

void gw_devices_poll(struct gw_agent *agent)
{
	poll(agent);
}

bool gw_devices_seen(const struct gw_agent *agent, const char *zone, const uint8_t mac[6])
{
	return find(agent->emergency->devices, zone, mac) != NULL;
}

// clang-format off
static const struct gw_ipc_field devices_fields[] = {
	{ "zone", GW_IPC_TEXT, .max = 32, .help = "Of this zone alone." },
	{ .name = NULL },
};

const struct gw_verb gw_verbs_devices[] = {
	{ "devices", "Lists the devices of zones with an admission register.", devices_fields, NULL, NULL,
	  "JSON: {\"devices\": […]}", .permission = GW_AGENT_OPERATE, .run = run_devices },
	{ .name = NULL },
};
// clang-format on
