/*
 * gwd, the agent: the only writer to the kernel. One libevent loop; what it does is split into parts,
 * each a file with its verbs and its timers. Parts meet in struct gw_agent and nowhere else.
 *
 *	change.c     apply and rollback
 *	approvals.c  has a change the approvals that it needs?
 *	settle.c     confirm, abort, wait: what becomes of a change that waits
 *	undo.c       the change that waits to be confirmed, and its way back
 *	boot.c       what is loaded when the agent starts
 *	drift.c      what others change in the kernel
 *	expiry.c     exceptions: begun, used, about to end, ended
 *	clock.c      the clock of the wall: set, synchronised or not
 *	verbs_observe.c  what the kernel holds, for gwctl
 *	gauges.c     what there is to be seen, for gw-metricsd
 *	host.c       settings of the kernel that the config declares
 *	emergency.c  measures that are in force: measures.c takes them, devices.c admits devices
 *	modules.c    what modules may ask for on their own socket
 *	feeds.c      bans by the list, and whether the kernel has all of them
 *	pair_verbs.c quarantine of a device at a port, which the IPv6 guard asks for
 *	handover.c   what they are handed there: the config in force, sockets that need privileges
 *	record.c     what happened, for those who watch and for the audit trail
 *	trail.c      the audit trail: sealed, forwarded, deleted when its time is over
 *
 * Rules: nothing is acknowledged before it is on disk; what the kernel enforces needs no agent; an
 * agent that starts puts an end to whatever one before it has left half done.
 */
#ifndef GW_AGENT_AGENT_H
#define GW_AGENT_AGENT_H

#include "gw/agent/pending.h"
#include "gw/agent/transaction.h"
#include "gw/ipc/ipc.h"

struct event_base;
struct gw_undo;
struct gw_audit;
struct gw_agent_trail;
struct gw_host_watch;
struct gw_emergency;
struct gw_adoption;
struct gw_agent_pairs;

/* What a peer may do: bits of gw_verb.permission. */
#define GW_AGENT_OPERATE   1u /* everything on the control socket */
#define GW_AGENT_RATELIMIT 2u /* what a module may ask for on its socket: see modules.c */
#define GW_AGENT_IPV6GUARD 4u
#define GW_AGENT_VPNAUTH   8u
#define GW_AGENT_DNS       16u
#define GW_AGENT_METRICS   32u
#define GW_AGENT_MODULES   62u /* any of them */

struct gw_agent {
	const char *state_dir, *run_dir;
	struct event_base *base;
	struct gw_target target;
	struct gw_ipc_server *control, *module;
	int64_t started; /* Unix time */
	/* In force: revision 0 and no config before the first apply. */
	uint32_t revision;
	struct gw_config *config;
	struct gw_numbers *numbers;
	struct gw_undo *undo;
	struct gw_agent_trail *trail;   /* trail.c */
	struct gw_host_watch *host;     /* host.c */
	struct gw_emergency *emergency; /* emergency.c */
	struct gw_agent_pairs *pairs;   /* pair_verbs.c */
	struct gw_drift *drift;         /* drift.c */
	struct gw_expiry *expiry;       /* expiry.c */
	struct gw_clock *clock;         /* clock.c */
	struct gw_adoption *adoption;   /* adoption.h; NULL until the kernel was looked at */
	bool shared;                    /* the table is not taken for the agent alone */
	uint64_t rollbacks;             /* ever */
	bool apply_failed;              /* the last change that was asked for was not made */
};

/** A part of the agent. Hooks may be NULL. */
struct gw_agent_part {
	const char *name;
	/* When the state directory is ours, before the kernel is touched. -errno. */
	int (*open)(struct gw_agent *agent);
	/* When the kernel holds the revision in force and before the first request. -errno. */
	int (*start)(struct gw_agent *agent);
	void (*stop)(struct gw_agent *agent);
	/* After every change of the revision in force. */
	void (*applied)(struct gw_agent *agent);
};

/* ---- agent.c --------------------------------------------------------------------------------- */

/**
 * Opens what needs privileges: state directory, kernel, and with `sockets` the sockets, which nobody finds
 * yet. No thread is started. GW_EXIT_OK, or what went wrong as diagnostics.
 */
enum gw_exit gw_agent_open(struct gw_agent *agent, bool sockets, struct gw_diags *diags);
/** Starts all parts, and loads what the kernel should hold. */
enum gw_exit gw_agent_start(struct gw_agent *agent, struct gw_diags *diags);
/** From now on clients find the sockets, and requests are answered. */
enum gw_exit gw_agent_listen(struct gw_agent *agent, struct gw_diags *diags);
void gw_agent_stop(struct gw_agent *agent);
/**
 * Makes what a transaction has put in force that of the agent, and tells the parts. Takes config and
 * numbers out of the transaction.
 */
void gw_agent_adopt(struct gw_agent *agent, struct gw_transaction *transaction, uint32_t revision);
/** The number for `gw_revision.keep` and other settings of the config in force; defaults without. */
const struct gw_change_settings *gw_agent_change_settings(const struct gw_agent *agent);

/* ---- record.c -------------------------------------------------------------------------------- */

/** Something that happened. All borrowed but `detail`. */
struct gw_agent_event {
	const char *event; /* "change.applied" */
	const char *actor; /* who; NULL: the agent itself */
	const char *subject;
	bool failed;
	const char *reason; /* NULL: none */
	json_t *detail;     /* NULL: none; taken over */
};
/**
 * Puts it on record and tells subscribers. Returns when the record is durable, or when it is known
 * that it cannot be now: then it waits in memory, and the alarm is given.
 */
void gw_agent_record(struct gw_agent *agent, const struct gw_agent_event *event);
/** True while changes must not be made, because they could not be recorded. */
bool gw_agent_must_refuse(const struct gw_agent *agent);

/* ---- trail.c --------------------------------------------------------------------------------- */

/** The audit trail of the agent; NULL if it could not be opened. */
struct gw_audit *gw_agent_audit(const struct gw_agent *agent);

/** How the trail fares, for monitoring. */
struct gw_agent_trail_state {
	bool sealed;   /* its checkpoints are signed as they should be */
	bool tampered; /* records that were signed are missing or changed */
	bool forwarding, collector_away;
	uint64_t collector_waiting; /* records, while the collector is away */
};
struct gw_agent_trail_state gw_agent_trail_state(const struct gw_agent *agent);

/* ---- undo.c ---------------------------------------------------------------------------------- */

/** Picks up what an agent before this one has left: see boot.c. */
struct gw_undo *gw_undo_new(struct gw_agent *agent);
void gw_undo_free(struct gw_undo *undo);
/** The change that waits; NULL: none. */
const struct gw_pending *gw_undo_pending(const struct gw_undo *undo);
/** Notes on disk that `pending` waits; a step before the kernel learns of it. */
int gw_undo_prepare(struct gw_undo *undo, const struct gw_pending *pending);
/** The change was made: the clock runs. `connection` is the one that asked for it, 0: not known. */
void gw_undo_arm(struct gw_undo *undo, uint64_t connection);
/** The change was not made: nothing waits. */
void gw_undo_forget(struct gw_undo *undo);
/** Goes back now. `why` is for the record: "not confirmed in time", "aborted by op-17". */
enum gw_exit gw_undo_now(struct gw_undo *undo, const char *actor, const char *why,
			 struct gw_diags *diags);
/** Keeps the change. */
int gw_undo_confirm(struct gw_undo *undo, const struct gw_peer *peer);
/** The connection that asked for the change that waits. */
uint64_t gw_undo_connection(const struct gw_undo *undo);
/** Answers the call when the change is confirmed or undone. */
void gw_undo_wait(struct gw_undo *undo, struct gw_ipc_call *call);

/* ---- boot.c ---------------------------------------------------------------------------------- */

/**
 * Sees to it that the kernel holds what it should: the last confirmed revision, or the one that still
 * waits, or lockdown. What it holds already is left as it is.
 */
enum gw_exit gw_agent_boot(struct gw_agent *agent, struct gw_diags *diags);

/* ---- announce.c ------------------------------------------------------------------------------ */

/** A line on the terminals of all who are logged in. */
void gw_announce(const char *text);

/* ---- parts ----------------------------------------------------------------------------------- */

extern const struct gw_agent_part gw_part_trail;
extern const struct gw_agent_part gw_part_emergency; /* emergency.c: measures in force */
extern const struct gw_agent_part gw_part_devices;   /* devices.c: who may send into a zone */
extern const struct gw_agent_part gw_part_clock;     /* clock.c: is the time right? */
extern const struct gw_agent_part gw_part_expiry;    /* expiry.c: exceptions and their end */
extern const struct gw_agent_part gw_part_drift;     /* drift.c: what others change */
extern const struct gw_agent_part gw_part_host;      /* host.c: settings of the kernel */
extern const struct gw_agent_part gw_part_handover;  /* handover.c: modules learn of a new config */

/* ---- verbs ----------------------------------------------------------------------------------- */

/** All that the control socket understands; ends with NULL. */
extern const struct gw_verb *const gw_agent_control_verbs[];
extern const struct gw_verb gw_verbs_change[];
extern const struct gw_verb gw_verbs_settle[];
extern const struct gw_verb gw_verbs_review[]; /* revision_review.c */
extern const struct gw_verb gw_verbs_clock[];
extern const struct gw_verb gw_verbs_drift[];
extern const struct gw_verb gw_verbs_observe[];
extern const struct gw_verb gw_verbs_gauges[];
extern const struct gw_verb gw_verbs_modules[];
extern const struct gw_verb gw_verbs_handover[];
extern const struct gw_verb gw_verbs_zone[];
/** What the peer's user may ask for on the socket of the modules; 0: nothing (modules.c). */
unsigned int gw_agent_module_permissions(int fd, const struct gw_peer *peer, void *context);
extern const struct gw_verb gw_verbs_measures[];
extern const struct gw_verb gw_verbs_feeds[];
extern const struct gw_verb gw_verbs_devices[];
extern const struct gw_verb gw_verbs_admit[];

#endif
