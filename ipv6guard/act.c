/* What follows from an offence: quarantine first, for every millisecond counts; then who it was, and the
 * record. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gw/core/mem.h"
#include "gw/report/json.h"
#include "ipv6guard/guard.h"

/* ---- what is known of a device --------------------------------------------------------------- */

static json_t *addrs4_json(const struct ipv6guard_device *device)
{
	json_t *list = json_array();

	for (size_t i = 0; i < device->n_addrs4; i++) {
		const struct ipv6guard_addr4 *addr = &device->addrs4[i];
		char text[INET_ADDRSTRLEN];
		json_t *object = json_object();

		(void)inet_ntop(AF_INET, addr->bytes, text, sizeof(text)); /* has room */
		gw_json_set(object, "address", json_string(text));
		gw_json_set(object, "source", json_string(ipv6guard_source_text(addr->source)));
		gw_json_set(object, "at", json_integer(addr->at));
		gw_json_add(list, object);
	}
	return list;
}

static json_t *addresses_json(const struct ipv6guard_device *device)
{
	json_t *list = json_array();

	for (size_t i = 0; i < device->n_addresses; i++) {
		const struct ipv6guard_address *address = &device->addresses[i];
		char text[INET6_ADDRSTRLEN];
		json_t *object = json_object();

		(void)inet_ntop(AF_INET6, address->bytes, text, sizeof(text)); /* has room */
		gw_json_set(object, "address", json_string(text));
		gw_json_set(object, "first", json_integer(address->first));
		gw_json_set(object, "last", json_integer(address->last));
		gw_json_add(list, object);
	}
	return list;
}

/* A text with its source and age; null if there is none. */
static json_t *fact_json(const char *text, const char *source, int64_t at)
{
	json_t *object;

	if (!*text)
		return json_null();
	object = json_object();
	gw_json_set(object, "text", gw_json_text(text));
	gw_json_set(object, "source", json_string(source));
	gw_json_set(object, "at", json_integer(at));
	return object;
}

static json_t *time_or_null(int64_t time, int64_t now)
{
	return time > now ? json_integer(time) : json_null();
}

json_t *ipv6guard_device_json(const struct ipv6guard_state *state,
			      const struct ipv6guard_device *device)
{
	json_t *object = json_object();
	char mac[GW_MAC_TEXT], vendor[IPV6GUARD_VENDOR_MAX] = "";
	bool many = !gw_mac_is_device(device->mac);
	int64_t now = (int64_t)time(NULL);

	(void)ipv6guard_vendors_find(state->vendors, device->mac, vendor);
	gw_json_set(object, "mac",
		    many ? json_null() : json_string(gw_mac_format(device->mac, mac)));
	gw_json_set(object, "random", json_boolean(ipv6guard_mac_is_local(device->mac)));
	gw_json_set(object, "vendor", *vendor ? gw_json_text(vendor) : json_null());
	gw_json_set(object, "port", gw_json_text(device->port));
	gw_json_set(object, "segment", gw_json_text(device->segment));
	gw_json_set(object, "vlan", device->vlan ? json_integer(device->vlan) : json_null());
	gw_json_set(object, "known",
		    fact_json(device->known ? device->port : "",
			      ipv6guard_source_text(device->known_by), device->known_at));
	gw_json_set(object, "ipv4", addrs4_json(device));
	gw_json_set(object, "ipv6", addresses_json(device));
	gw_json_set(object, "ipv6_ever", json_integer(device->n_addresses_ever));
	gw_json_set(object, "name",
		    fact_json(device->name, ipv6guard_name_source_text(device->name_source),
			      device->name_at));
	gw_json_set(object, "login", fact_json(device->login, "802.1X", device->login_at));
	gw_json_set(object, "first", json_integer(device->first));
	gw_json_set(object, "last", json_integer(device->last));
	gw_json_set(object, "frames", gw_json_number(device->frames));
	gw_json_set(object, "quarantined_until", time_or_null(device->quarantined_until, now));
	gw_json_set(object, "allowed", json_boolean(device->allowed_until > now));
	gw_json_set(object, "allowed_until",
		    device->allowed_until == INT64_MAX ? json_null()
						       : time_or_null(device->allowed_until, now));
	gw_json_set(object, "allowed_by",
		    device->allowed_until > now ? gw_json_text(device->allowed_by) : json_null());
	return object;
}

/* ---- quarantine ------------------------------------------------------------------------------ */

/* A request on its way: the device may have given way to another meanwhile. */
struct asked {
	struct ipv6guard_state *state;
	char port[IPV6GUARD_PORT_MAX];
	uint8_t mac[GW_MAC_LEN];
	int64_t frame_us; /* when the kernel had the frame, Unix time */
};

/* From the frame to the kernel's set: what operators want to know. */
static void measure(struct ipv6guard_state *state, const struct asked *asked, const json_t *reply)
{
	int64_t took = json_integer_value(json_object_get(reply, "taken_us")) - asked->frame_us;

	if (took < 0)
		return; /* the clock was set */
	state->response_us = took;
	if (took > state->response_us_max)
		state->response_us_max = took;
}

static void quarantined(struct gw_link *link, const json_t *reply, int file, void *context)
{
	struct asked *asked = context;
	struct ipv6guard_state *state = asked->state;
	struct ipv6guard_device *device =
		ipv6guard_devices_find(state->devices, asked->port, asked->mac);
	char mac[GW_MAC_TEXT];

	(void)link;
	if (file >= 0)
		(void)close(file); /* this verb attaches nothing */
	if (gw_link_is_ok(reply)) {
		state->quarantines++;
		measure(state, asked, reply);
	} else {
		state->quarantines_failed++;
		if (device)
			device->quarantined_until = 0; /* the next act asks again */
		if (reply)
			gw_daemon_say(state->daemon, "%s at %s was not put into quarantine: %s",
				      gw_mac_format(asked->mac, mac), asked->port,
				      gw_link_complaint(reply));
	}
	gw_free(asked);
}

static void quarantine(struct ipv6guard_state *state, const struct ipv6guard_case *found,
		       uint32_t for_s)
{
	const struct ipv6guard_device *device = found->device;
	struct asked *asked = gw_zalloc(1, sizeof(*asked));
	char mac[GW_MAC_TEXT], reason[160];

	asked->state = state;
	asked->frame_us = found->frame->time_us;
	memcpy(asked->port, device->port, sizeof(asked->port));
	memcpy(asked->mac, device->mac, sizeof(asked->mac));
	(void)snprintf(reason, sizeof(reason), "%s: %s",
		       gw_v6_class_info(found->result->class_id)->name,
		       gw_v6_class_info(found->result->class_id)->text_en);
	if (!gw_link_ask(state->daemon->link, "ipv6-quarantine",
			 json_pack("{s:s, s:s, s:I, s:s}", "port", device->port, "mac",
				   gw_mac_format(device->mac, mac), "for_s", (json_int_t)for_s,
				   "reason", reason),
			 GW_LINK_KEEP, quarantined, asked)) {
		state->quarantines_failed++;
		found->device->quarantined_until = 0;
		gw_free(asked);
	}
}

/* ---- circumstances --------------------------------------------------------------------------- */

/* How many MACs of this port were hostile lately; notes this one. */
static unsigned int count_loud(struct ipv6guard_state *state, const struct ipv6guard_device *device,
			       int64_t now)
{
	struct ipv6guard_loud *place = NULL, *oldest = &state->loud[0];
	unsigned int n = 0;

	for (size_t i = 0; i < IPV6GUARD_LOUD_MAX; i++) {
		struct ipv6guard_loud *loud = &state->loud[i];

		if (loud->last < oldest->last)
			oldest = loud;
		if (strcmp(loud->port, device->port) != 0)
			continue;
		if (memcmp(loud->mac, device->mac, GW_MAC_LEN) == 0)
			place = loud;
		else if (now - loud->last < IPV6GUARD_INVENTED_WINDOW)
			n++;
	}
	if (!place) {
		place = oldest;
		memcpy(place->port, device->port, sizeof(place->port));
		memcpy(place->mac, device->mac, sizeof(place->mac));
	}
	place->last = now;
	return n + 1;
}

static bool is_protected(const struct ipv6guard_state *state, const uint8_t mac[GW_MAC_LEN])
{
	for (size_t i = 0; state->model && i < state->model->response.n_protect; i++)
		if (memcmp(state->model->response.protect[i].mac, mac, GW_MAC_LEN) == 0)
			return true;
	return false;
}

/* ---- telling --------------------------------------------------------------------------------- */

static json_t *tricks_json(uint32_t tricks)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < GW_V6_TRICK_COUNT; i++)
		if (tricks >> i & 1)
			gw_json_add(list,
				    json_string(gw_v6_trick_name((enum gw_v6_trick)(1u << i))));
	return list;
}

static json_t *detail_json(const struct ipv6guard_state *state, const struct ipv6guard_case *found,
			   const struct ipv6guard_answer *answer)
{
	const struct gw_v6_class_info *info = gw_v6_class_info(found->result->class_id);
	const char *spared = ipv6guard_spared_text(answer->spared);
	json_t *object = json_object();

	gw_json_set(object, "class", json_string(info->name));
	gw_json_set(object, "number", json_integer(info->number));
	gw_json_set(object, "case", json_string(info->catalogue));
	gw_json_set(object, "severity", json_string(gw_v6_severity_name(found->result->severity)));
	gw_json_set(object, "text", json_string(info->text_en));
	gw_json_set(object, "text_ja", json_string(info->text_ja));
	gw_json_set(object, "refused_as", gw_json_text(found->reason));
	gw_json_set(object, "mode",
		    found->segment ? json_string(ipv6guard_mode_name(found->segment->mode))
				   : json_null());
	gw_json_set(object, "passed", json_boolean(found->segment && found->segment->monitor));
	gw_json_set(object, "tricks", tricks_json(found->result->tricks));
	gw_json_set(object, "held_back", json_integer(answer->held));
	gw_json_set(object, "quarantine", json_boolean(!spared));
	gw_json_set(object, "spared", gw_json_text(spared));
	gw_json_set(object, "device", ipv6guard_device_json(state, found->device));
	return object;
}

/* The latest are kept; takes `detail` over. */
static void keep_event(struct ipv6guard_state *state, json_t *detail, int64_t now)
{
	struct ipv6guard_event *event = &state->events[state->n_events % IPV6GUARD_EVENTS_MAX];

	json_decref(event->detail);
	*event = (struct ipv6guard_event){ .time = now, .detail = detail };
	state->n_events++;
}

/* How long after the frame it was told, with all that is known of the device. */
static void measure_telling(struct ipv6guard_state *state, int64_t frame_us)
{
	struct timespec now;
	int64_t took;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail with this clock */
	took = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 - frame_us;
	if (took < 0)
		return; /* the clock was set */
	state->told_us = took;
	if (took > state->told_us_max)
		state->told_us_max = took;
}

static void tell(struct ipv6guard_state *state, const struct ipv6guard_case *found,
		 const struct ipv6guard_answer *answer, int64_t now)
{
	static const char *const events[] = {
		[GW_V6_NONE] = "device.ipv6_seen",
		[GW_V6_BACKGROUND] = "device.ipv6_seen",
		[GW_V6_ACTIVE] = "device.ipv6_used",
		[GW_V6_HOSTILE] = "attack.ipv6",
	};
	enum gw_v6_severity severity = found->result->severity;
	const struct ipv6guard_device *device = found->device;
	json_t *detail = detail_json(state, found, answer);
	char mac[GW_MAC_TEXT];

	state->told[severity]++;
	gw_daemon_record(state->daemon,
			 &(struct gw_daemon_record){
				 .class_ = severity == GW_V6_HOSTILE ? "attack" : "device",
				 .event = events[severity],
				 .subject = gw_mac_is_device(device->mac)
						    ? gw_mac_format(device->mac, mac)
						    : device->port,
				 .reason = gw_v6_class_info(found->result->class_id)->text_en,
				 .detail = json_incref(detail),
			 });
	keep_event(state, detail, now);
	measure_telling(state, found->frame->time_us);
	state->changed = true;
}

void ipv6guard_act(struct ipv6guard_state *state, const struct ipv6guard_case *found, int64_t now,
		   int64_t now_ms)
{
	const struct ipv6guard_offence offence = { found->result->class_id,
						   found->result->severity };
	struct ipv6guard_rules rules = { .quarantine_s = 0 };
	struct ipv6guard_place place = { .is_protected = false };
	struct ipv6guard_answer answer;

	/* The kernel drops all that comes from a device in quarantine; that was told. */
	if (strcmp(found->reason, "quarantine") == 0)
		return;
	place.is_watched = found->segment && found->segment->monitor;
	if (state->model)
		rules = (struct ipv6guard_rules){ state->model->response.quarantine_s,
						  state->model->response.shared };
	if (offence.severity == GW_V6_HOSTILE) {
		ipv6guard_surroundings_look(&state->surroundings, now_ms);
		ipv6guard_surroundings_tell(&state->surroundings, state->devices, found->device,
					    now);
		ipv6guard_surroundings_place(&state->surroundings, found->device, &place);
		place.is_protected |= is_protected(state, found->device->mac);
		place.hostile = count_loud(state, found->device, now);
	}
	answer = ipv6guard_respond(found->device, &offence, &place, &rules, now);
	if (answer.spared == IPV6GUARD_NOT_SPARED)
		quarantine(state, found, rules.quarantine_s);
	if (offence.severity == GW_V6_HOSTILE && !place.is_watched)
		ipv6guard_announce_end(state, found, now_ms);
	if (!answer.tell) {
		state->held++;
		return;
	}
	if (offence.severity != GW_V6_HOSTILE) {
		ipv6guard_surroundings_look(&state->surroundings, now_ms);
		ipv6guard_surroundings_tell(&state->surroundings, state->devices, found->device,
					    now);
	}
	tell(state, found, &answer, now);
	ipv6guard_listen_for(state, found->device, now);
}
