/*
 * gw-ratelimitd inside: what conntrack tells of becomes counts of targets and contacts of inside hosts, those
 * become findings, and findings modes, records and requests to gwd.
 *
 *	events.c    connections from the descriptor that gwd handed over: whose they are, counted and lost ones
 *	targets.c   who is attacked: policies that let strangers in, prefixes, and the gateway itself
 *	machine.c   what the machine says of itself: its connection table, fragments, the line
 *	tick.c      ten times a second: findings of each target, its mode, and why
 *	attacks.c   attacks from their start to their end
 *	stones.c    inside hosts that do harm, and what is done about them
 *	feeds.c     block lists from files, handed to gwd
 *	keep.c      what is usual, on disk
 *	verbs.c     what gwctl asks
 * Pure: judge.h, mode.h, baseline.h, sketch.h, scan.h, feed.h.
 *
 * Nothing here enforces: what the kernel holds goes on when the daemon is dead.
 */
#ifndef RATELIMIT_WATCH_H
#define RATELIMIT_WATCH_H

#include <sys/stat.h>

#include "gw/daemon/daemon.h"
#include "gw/nft/flows.h"
#include "ratelimit/baseline.h"
#include "ratelimit/mode.h"
#include "ratelimit/ratelimit.h"
#include "ratelimit/scan.h"

struct event;

#define RATELIMIT_TARGETS   256u
#define RATELIMIT_PREFIXES  64u /* of them */
#define RATELIMIT_NAME      80u
#define RATELIMIT_TOP       10u /* of a top list */
#define RATELIMIT_COUNTERS  128u
#define RATELIMIT_REASONS   8u   /* decisions that are remembered of a target */
#define RATELIMIT_ATTACKS   128u /* that are remembered */
#define RATELIMIT_STONES    128u
#define RATELIMIT_CACHE     4096u /* destinations whose target is known */
#define RATELIMIT_FEEDS     32u
#define RATELIMIT_FEED_NAME 33u
#define RATELIMIT_LINGER_S  30u
#define RATELIMIT_LEARNED   (RATELIMIT_METRIC_COUNT + 1u) /* metrics, and lingering connections */
#define RATELIMIT_TOLD_A_S  10u                           /* records a second, whatever happens */

enum ratelimit_target_kind {
	RATELIMIT_TARGET_POLICY,  /* what a policy lets strangers reach */
	RATELIMIT_TARGET_PREFIX,  /* /24 or /64 of ours */
	RATELIMIT_TARGET_GATEWAY, /* the machine itself, and what no policy explains */
};

/** Why a mode was entered. */
struct ratelimit_reason {
	int64_t time; /* Unix time */
	enum ratelimit_mode from, to;
	bool found; /* `finding` was it; else it was quiet for long enough */
	struct ratelimit_finding finding;
	bool link_full;
};

struct ratelimit_target {
	char name[RATELIMIT_NAME]; /* "" : the place is free */
	enum ratelimit_target_kind kind;
	struct ratelimit_addr prefix;
	int64_t last_ms; /* somebody came */
	struct ratelimit_window window;
	struct ratelimit_baseline usual[RATELIMIT_LEARNED];
	struct ratelimit_regime regime;
	struct ratelimit_pulse pulse;
	struct ratelimit_finding findings[RATELIMIT_VECTOR_COUNT];
	size_t n_findings;
	struct ratelimit_reason reasons[RATELIMIT_REASONS];
	uint64_t n_reasons;
	struct ratelimit_sketch *sources, *dests;
	/* The minute that is being learned. */
	double minute[RATELIMIT_LEARNED];
	unsigned int minute_ticks;
	bool minute_suspicious;
	/* Connections that were completed, by the second, and that have gone. */
	uint64_t completed[RATELIMIT_LINGER_S + 1], gone;
	unsigned int second;
	uint64_t destinations
		[2][4]; /* of a prefix: the last bits of addresses, this second and before */
	int attack;     /* number of the attack that goes on; -1: none */
};

struct ratelimit_attack {
	uint64_t number; /* 0: the place is free */
	char target[RATELIMIT_NAME];
	enum ratelimit_vector vector;
	uint32_t vectors;   /* bits of all that were found */
	int64_t start, end; /* Unix time; end 0: it goes on */
	double rate, peak, threshold, proven;
	int64_t peak_time;
	enum ratelimit_mode worst;
	bool link_full;
	struct ratelimit_heavy sources[RATELIMIT_TOP], dests[RATELIMIT_TOP];
	size_t n_sources, n_dests;
	uint64_t seen; /* newcomers of which these are the heaviest */
};

/** An inside host that did harm. */
struct ratelimit_stone {
	int64_t time; /* Unix time; 0: the place is free */
	struct ratelimit_deed_finding finding;
	bool asked, effective; /* for quarantine, and gwd did it */
	int64_t until;
	const char *spared; /* why it was not asked for; NULL: it was */
	char failure[96];   /* what gwd said; "" */
};

/** A block list, as it was read last. */
struct ratelimit_feed_state {
	char name[RATELIMIT_FEED_NAME]; /* "" : the place is free */
	bool in_force, refused, missing;
	bool retry;   /* it is to be read again, though the file is the same */
	int64_t read; /* Unix time; 0: not yet */
	off_t size;
	struct timespec changed;
	size_t entries, left_out;
	char complaint[192]; /* "" */
};

/** What the machine says of itself. */
struct ratelimit_machine {
	bool readable;
	uint64_t connections, connections_max;
	uint64_t fragments; /* ever */
	uint64_t line_octets;
	int64_t line_ms; /* when that was; 0: not read yet */
	double line_mbit;
	bool line_full;
};

struct ratelimit_state {
	struct gw_daemon *daemon;
	const struct ratelimit_watch *watch; /* in daemon->config; NULL: none yet */
	uint64_t seed;
	struct ratelimit_target *targets;
	uint16_t *cache; /* by destination: 1 + target */
	uint64_t *cache_keys;
	struct ratelimit_scan *scan;
	struct ratelimit_machine machine;
	struct ratelimit_attack attacks[RATELIMIT_ATTACKS];
	uint64_t n_attacks;
	struct ratelimit_stone stones[RATELIMIT_STONES];
	uint64_t n_stones;
	struct ratelimit_feed_state feeds[RATELIMIT_FEEDS]; /* as the config lists them */
	int64_t feeds_turned, bans_compared;                /* Unix time */
	uint64_t bans_intended, bans_enforced;
	/* The descriptor from gwd. */
	int events_fd; /* -1: none */
	struct event *readable, *retry, *tick;
	const char *events_missing; /* why there is none; NULL: there is one */
	uint64_t events, events_inbound, events_outbound, overruns;
	int64_t tick_ms, minute_ms, second_ms;
	unsigned int told; /* records of this second */
	uint64_t held;     /* that were not told because of it */
	uint64_t quarantines, quarantines_failed;
	bool changed;
	int64_t kept;
};

/** Milliseconds of a clock that never goes back. */
int64_t ratelimit_clock_ms(void);

/* ---- events.c -------------------------------------------------------------------------------- */

void ratelimit_events_ask(struct ratelimit_state *state);
void ratelimit_events_stop(struct ratelimit_state *state);
/** One event: pure apart from `state`. */
void ratelimit_see(struct ratelimit_state *state, const struct gw_flow_event *event,
		   int64_t now_ms);

/* ---- targets.c ------------------------------------------------------------------------------- */

void ratelimit_targets_open(struct ratelimit_state *state);
void ratelimit_targets_close(struct ratelimit_state *state);
/** After a new config: destinations are looked up anew. */
void ratelimit_targets_forget(struct ratelimit_state *state);
struct ratelimit_target *ratelimit_target_called(struct ratelimit_state *state, const char *name);
/** The one of this name, made if there is room for it; else the gateway. */
struct ratelimit_target *ratelimit_target_get(struct ratelimit_state *state,
					      enum ratelimit_target_kind kind, const char *name,
					      int64_t now_ms);
/** Who is meant by a flow of a stranger's; NULL: it is none of a stranger's. */
struct ratelimit_target *ratelimit_target_of(struct ratelimit_state *state,
					     const struct gw_flow_event *event, int64_t now_ms);
struct ratelimit_target *ratelimit_prefix_of(struct ratelimit_state *state,
					     const struct gw_flow_event *event, int64_t now_ms);
/** The gateway itself. */
struct ratelimit_target *ratelimit_target_gateway(const struct ratelimit_state *state);

/* ---- machine.c ------------------------------------------------------------------------------- */

/** Reads it; what is not readable stays as it was. The number of fragments since the last time. */
uint32_t ratelimit_machine_read(struct ratelimit_machine *machine,
				const struct ratelimit_watch *watch, const char *proc,
				int64_t now_ms);

/* ---- tick.c ---------------------------------------------------------------------------------- */

/** Time has passed: judges all targets. */
void ratelimit_tick(struct ratelimit_state *state, int64_t now_ms, int64_t now);
/** A reason in words, for people. */
void ratelimit_reason_text(const struct ratelimit_reason *reason, char *ret, size_t size);
void ratelimit_finding_text(const struct ratelimit_finding *finding, char *ret, size_t size);

/* ---- attacks.c ------------------------------------------------------------------------------- */

/** The target's mode and findings are new: an attack begins, goes on or ends. */
void ratelimit_attack_follow(struct ratelimit_state *state, struct ratelimit_target *target,
			     int64_t now);
/** False if there is none with this number, or it was long ago. */
const struct ratelimit_attack *ratelimit_attack_find(const struct ratelimit_state *state,
						     uint64_t number);
json_t *ratelimit_attack_json(const struct ratelimit_state *state,
			      const struct ratelimit_attack *attack);
json_t *ratelimit_top_json(const struct ratelimit_heavy *top, size_t n);
/** Puts it on record, unless too much was within this second; then it is counted. */
void ratelimit_tell(struct ratelimit_state *state, const struct gw_daemon_record *record);

/* ---- stones.c -------------------------------------------------------------------------------- */

/** Takes what the scan detector has found, and answers it. */
void ratelimit_stones_turn(struct ratelimit_state *state, int64_t now_ms, int64_t now);
json_t *ratelimit_stone_json(const struct ratelimit_stone *stone);

/* ---- feeds.c --------------------------------------------------------------------------------- */

/** The config is another: these feeds from now on. */
void ratelimit_feeds_prepare(struct ratelimit_state *state);
/** Now and then: reads those that have changed. */
void ratelimit_feeds_turn(struct ratelimit_state *state, int64_t now);
json_t *ratelimit_feed_json(const struct ratelimit_feed_state *feed);

/* ---- keep.c ---------------------------------------------------------------------------------- */

/** -errno; a file that is not there is none to be read. */
int ratelimit_keep_load(struct ratelimit_state *state, const char *dir);
int ratelimit_keep_save(const struct ratelimit_state *state, const char *dir);

extern const struct gw_verb ratelimit_verbs[];

#endif
