/*
 * What the parts of the agent share that take and lift measures: measures.c (isolate, quarantine, ban,
 * suspend) and devices.c (admit). A measure is on disk before the kernel learns of it, and in the kernel
 * and on record before it is acknowledged.
 */
#ifndef GW_AGENT_EMERGENCY_H
#define GW_AGENT_EMERGENCY_H

#include "gw/agent/agent.h"
#include "gw/agent/measure.h"
#include "gw/core/side.h"

struct event;

struct gw_emergency {
	struct gw_measures measures;
	struct gw_side loading; /* of the journal, until the agent has started */
	int load_error;
	struct event *timer; /* for the next measure to end */
	int dir;             /* the state directory */
	bool behind;         /* the kernel may not have all of them, or bans are not compared yet */
	struct gw_devices *devices;
	/* Bans as they were compared last: feeds.c. */
	struct gw_kernel_state compared; /* generation 0: not yet */
	uint64_t bans_intended, bans_enforced;
};

/** Facts that one request is about. */
struct gw_measure_list {
	struct gw_measure *items; /* heap */
	size_t n, capacity;
};
void gw_measure_list_add(struct gw_measure_list *list, const struct gw_measure *measure);
void gw_measure_list_done(struct gw_measure_list *list);

/* ---- emergency.c ----------------------------------------------------------------------------- */

/**
 * Takes the measures: disk, list, kernel. 0; -ENOENT: noted, but the kernel has no ruleset that knows
 * measures yet, they come into force with the first; else -errno, and nothing has changed.
 */
int gw_emergency_take(struct gw_agent *agent, const struct gw_measure_list *list);
/** Lifts measures that are in force, in the same way. */
int gw_emergency_lift(struct gw_agent *agent, const struct gw_measure_list *list);
/** The zone of the config in force; NULL after a refusal that names the zones there are. */
const struct gw_zone *gw_emergency_zone(struct gw_agent *agent, struct gw_ipc_call *call,
					const char *name);
/** Adds all measures in force of this kind (COUNT: any but admissions and bans) that `wanted` names. */
void gw_emergency_find(const struct gw_emergency *emergency, enum gw_measure_kind kind,
		       const char *wanted, struct gw_measure_list *ret);
/** Answers for measures that were taken or lifted: {"measures", "effective", "contacts"}. */
void gw_emergency_reply(struct gw_agent *agent, struct gw_ipc_call *call,
			const struct gw_measure_list *list, int error);
/** Actor, reason and times of a request. */
void gw_emergency_begin(struct gw_ipc_call *call, enum gw_measure_kind kind,
			struct gw_measure *ret);

/* ---- devices.c ------------------------------------------------------------------------------- */

/** Takes in what the kernel and the neighbour table have seen since. */
void gw_devices_poll(struct gw_agent *agent);
/** True if the device was seen in the zone. */
bool gw_devices_seen(const struct gw_agent *agent, const char *zone, const uint8_t mac[6]);

/* ---- targets.c ------------------------------------------------------------------------------- */

/**
 * The facts that `target` stands for: an address, a network (bans), a MAC with the addresses that it has
 * now, or the name of hosts of the config in force. False after a refusal.
 */
bool gw_emergency_target(struct gw_agent *agent, struct gw_ipc_call *call, const char *target,
			 const struct gw_measure *like, struct gw_measure_list *ret);
/**
 * True if nobody cuts off himself or the administrators; else, unless the request has `force`, a
 * refusal.
 */
bool gw_emergency_is_safe(struct gw_agent *agent, struct gw_ipc_call *call,
			  const struct gw_measure_list *list);

#endif
