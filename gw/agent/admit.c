/*
 * Admitting devices for a time: by an operator, or by the module that has authenticated who uses one
 * (2.2.4.1 (1)(k)). A module admits for identities alone that the zone's register names, for a time that
 * ends by itself, and ends what it began.
 */
#include <errno.h>
#include <string.h>

#include "gw/agent/emergency.h"
#include "gw/core/mac.h"
#include "gw/core/mem.h"

#define MODULE_MAX_S (24 * 3600) /* then the device authenticates again */

/* The zone that was named, or the only one that the device can be meant for. */
static const struct gw_zone *zone_to_admit(struct gw_agent *agent, struct gw_ipc_call *call,
					   const uint8_t mac[6])
{
	const struct gw_policy *policy = agent->config ? agent->config->policy : NULL;
	const char *name = gw_ipc_call_text(call, "zone");
	const struct gw_zone *zone = NULL;
	size_t n = 0, n_seen = 0;

	if (name) {
		zone = gw_emergency_zone(agent, call, name);
		if (!zone || zone->admission)
			return zone;
		gw_ipc_call_refuse(call, GW_EXIT_USAGE,
				   "zone `%s` has no admission register: every "
				   "device may send there",
				   name);
		return NULL;
	}
	for (size_t i = 0; policy && i < policy->n_zones; i++) {
		bool seen = gw_devices_seen(agent, policy->zones[i].name, mac);

		if (!policy->zones[i].admission)
			continue;
		if (!n_seen || seen)
			zone = &policy->zones[i];
		n++;
		n_seen += seen;
	}
	if (n == 1 || n_seen == 1)
		return zone;
	gw_ipc_call_refuse(call, GW_EXIT_USAGE,
			   n ? "name the zone: several have a register"
			     : "no zone has an admission register");
	return NULL;
}

static bool is_registered(const struct gw_admission *admission, const char *identity)
{
	for (size_t i = 0; i < admission->n_identities; i++)
		if (strcmp(admission->identities[i], identity) == 0)
			return true;
	return false;
}

static void record(struct gw_agent *agent, struct gw_ipc_call *call, const char *event,
		   const struct gw_measure *measure, bool failed, const char *reason)
{
	const char *identity = gw_ipc_call_text(call, "identity");
	json_t *detail = gw_measure_json(measure);

	if (identity)
		json_object_set_new(detail, "identity", json_string(identity));
	gw_agent_record(agent, &(struct gw_agent_event){
				       .event = event,
				       .actor = gw_ipc_call_peer(call)->name,
				       .subject = gw_ipc_call_text(call, "mac"),
				       .failed = failed,
				       .reason = reason,
				       .detail = detail,
			       });
}

/* What holds for a module and not for an operator; else a refusal, on record. */
static bool may_admit(struct gw_agent *agent, struct gw_ipc_call *call, const struct gw_zone *zone,
		      const struct gw_measure *measure)
{
	const char *identity = gw_ipc_call_text(call, "identity"), *why = NULL;
	uint64_t for_s = gw_ipc_call_uint(call, "for_s", 0);

	if (gw_ipc_call_may(call, GW_AGENT_OPERATE))
		return true;
	if (!identity)
		why = "a module says whom it has authenticated";
	else if (!for_s || for_s > MODULE_MAX_S)
		why = "a module admits for a day at most";
	else if (!is_registered(zone->admission, identity))
		why = "the identity is not in the register of the zone";
	if (!why)
		return true;
	record(agent, call, "device.refused", measure, true, why);
	gw_ipc_call_refuse(call, GW_EXIT_REFUSED, "%s", why);
	return false;
}

static bool read_mac(struct gw_ipc_call *call, uint8_t ret[6])
{
	const char *text = gw_ipc_call_text(call, "mac");

	if (gw_mac_parse(text, strlen(text), ret) && gw_mac_is_device(ret))
		return true;
	gw_ipc_call_refuse(call, GW_EXIT_USAGE, "`%s` is not the MAC of a device", text);
	return false;
}

static void run_admit(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	struct gw_measure_list list = { 0 };
	struct gw_measure measure;
	const struct gw_zone *zone;
	uint8_t mac[6];
	int err;

	if (!read_mac(call, mac))
		return;
	gw_devices_poll(agent);
	zone = zone_to_admit(agent, call, mac);
	if (!zone)
		return;
	gw_emergency_begin(call, GW_MEASURE_KIND_ADMIT, &measure);
	measure.subject = zone->name;
	gw_measure_set_mac(&measure, mac);
	if (!may_admit(agent, call, zone, &measure))
		return;
	if (gw_measures_count(&agent->emergency->measures, GW_MEASURE_KIND_ADMIT) >=
	    GW_DEVICES_MAX) {
		gw_ipc_call_refuse(call, GW_EXIT_REFUSED, "%u devices are admitted already",
				   GW_DEVICES_MAX);
		return;
	}
	gw_measure_list_add(&list, &measure);
	err = gw_emergency_take(agent, &list);
	record(agent, call, "device.admitted", &measure, err && err != -ENOENT, measure.reason);
	gw_emergency_reply(agent, call, &list, err);
	gw_measure_list_done(&list);
}

/* The session of the device has ended: its admission, too, if it is the module's own. */
static void run_dismiss(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	struct gw_measure_list found = { 0 }, own = { 0 };
	const char *name = gw_ipc_call_peer(call)->name;
	uint8_t mac[6];
	int err;

	if (!read_mac(call, mac))
		return;
	gw_emergency_find(agent->emergency, GW_MEASURE_KIND_ADMIT, gw_ipc_call_text(call, "mac"),
			  &found);
	for (size_t i = 0; i < found.n; i++)
		if (strcmp(found.items[i].actor, name) == 0)
			gw_measure_list_add(&own, &found.items[i]);
	if (own.n) {
		err = gw_emergency_lift(agent, &own);
		record(agent, call, "device.dismissed", &own.items[0], err && err != -ENOENT,
		       gw_ipc_call_text(call, "reason"));
		gw_emergency_reply(agent, call, &own, err);
	} else {
		gw_ipc_call_refuse(call, GW_EXIT_FAILED, "%s has not admitted that device", name);
	}
	gw_measure_list_done(&own);
	gw_measure_list_done(&found);
}

// clang-format off
static const struct gw_ipc_field admit_fields[] = {
	{ "mac", GW_IPC_TEXT, .required = true, .max = 17, .help = "MAC address of the device." },
	{ "zone", GW_IPC_TEXT, .max = 32, .help = "Zone with a register; not needed where only one can be meant." },
	{ "identity", GW_IPC_TEXT, .max = 256, .help = "Who was authenticated on the device; modules must say so." },
	{ "for_s", GW_IPC_UINT, .max = UINT32_MAX, .help = "Seconds until it ends by itself; 0: when it is lifted." },
	{ "reason", GW_IPC_TEXT, .max = 256, .help = "Why, for the record." },
	{ "force", GW_IPC_BOOL, .help = "Has no meaning here." },
	{ "session", GW_IPC_TEXT, .max = 64, .help = "Has no meaning here." },
	{ .name = NULL },
};
static const struct gw_ipc_field dismiss_fields[] = {
	{ "mac", GW_IPC_TEXT, .required = true, .max = 17, .help = "MAC address of the device." },
	{ "identity", GW_IPC_TEXT, .max = 256, .help = "Who used it, for the record." },
	{ "reason", GW_IPC_TEXT, .max = 256, .help = "Why, for the record." },
	{ .name = NULL },
};

const struct gw_verb gw_verbs_admit[] = {
	{ "admit", "Admits a device to a zone for a time.", admit_fields, NULL,
	  .permission = GW_AGENT_OPERATE | GW_AGENT_VPNAUTH, .run = run_admit },
	{ "dismiss", "Ends what the module itself has admitted.", dismiss_fields, NULL,
	  .permission = GW_AGENT_VPNAUTH, .run = run_dismiss },
	{ .name = NULL },
};
// clang-format on
