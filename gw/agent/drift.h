/*
 * What others change in our table. The kernel tells of every transaction and who sent it; all is
 * compared a moment later, and at intervals besides, because events can be lost. The difference goes on
 * record with the lines of the config that it is about and the process that made it, and is put right
 * unless `change.drift` is `report`. Changes that keep coming are put right together, and so many
 * times a minute at most; then an alarm is raised, and it goes on as often as the limit allows.
 *
 * Where the kernel can, nobody else gets that far: the table belongs to the agent's socket (see
 * gw_kernel_ops.own).
 */
#ifndef GW_AGENT_DRIFT_H
#define GW_AGENT_DRIFT_H

#include "gw/agent/agent.h"
#include "gw/agent/culprit.h"

/* Repairs that a minute may see; more is a fight with another program, which is to be ended. */
#define GW_DRIFT_REPAIRS 10u
#define GW_DRIFT_MINUTE  60000

/** When the last repairs were, in ms of a clock that never jumps. */
struct gw_drift_budget {
	int64_t times_ms[GW_DRIFT_REPAIRS];
	size_t next;
	bool full;
};
/** True if a repair may be made now; it counts as made. */
bool gw_drift_budget_take(struct gw_drift_budget *budget, int64_t now_ms);
/** When the next may be made. */
int64_t gw_drift_budget_next(const struct gw_drift_budget *budget);

/* Processes named in one record; more are counted only. */
#define GW_DRIFT_CULPRITS 16u

/** What one comparison has found. */
struct gw_drift_finding {
	struct gw_culprit culprits[GW_DRIFT_CULPRITS];
	size_t n_culprits;
	uint64_t changes; /* transactions of others */
	bool lost;        /* events were: others may have made changes that nobody is named for */
};
/** Adds a change to those that wait for the comparison; one process counts once. */
void gw_drift_add(struct gw_drift_finding *finding, const struct gw_culprit *culprit);

#define GW_DRIFT_WHO 160u

/** For status and metrics. */
struct gw_drift_state {
	bool owned;       /* others cannot change the table */
	uint64_t objects; /* that differed at the last comparison, and still do: gw_drift_objects */
	uint64_t found, repaired; /* since the start */
	int64_t checked;          /* Unix time of the last comparison */
	int64_t last; /* Unix time of the last change by others; 0: none since the start */
	char who[GW_DRIFT_WHO]; /* made it: "nft[4711] of op-17 and 2 more" */
};
const struct gw_drift_state *gw_drift_state(const struct gw_agent *agent);

/** Compares now, and repairs as configured. 0 or -errno if the kernel could not be read. */
int gw_drift_check(struct gw_agent *agent);

#endif
