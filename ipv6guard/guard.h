/*
 * gw-ipv6guardd inside: what the kernel refused becomes events, devices with names, records, and requests
 * for quarantine.
 *
 *	frames.c       frames from the descriptor that gwd handed over: judged, and put down to a device
 *	act.c          what follows: quarantine first, then the record with all that is known
 *	bindings.c     who uses which address (source guard, spoofed neighbours); pure
 *	segments.c     the config's segments as the classifier wants them
 *	listen.c       names of devices, listened for on demand
 *	announce_end.c the end of a rogue router, told to hosts that the gateway does not bridge
 *	keep.c         the devices on disk; capture.c: refused frames
 *	refused.c      the kernel's own counters
 *	verbs.c        what gwctl asks
 *	coverage.c     what cannot be enforced from here
 *
 * Nothing here enforces: the kernel has refused a frame before the daemon hears of it, and goes on when the
 * daemon is dead.
 */
#ifndef IPV6GUARD_GUARD_H
#define IPV6GUARD_GUARD_H

#include "gw/daemon/daemon.h"
#include "gw/nft/frames.h"
#include "ipv6guard/bindings.h"
#include "ipv6guard/capture.h"
#include "ipv6guard/classify.h"
#include "ipv6guard/devices.h"
#include "ipv6guard/ipv6guard.h"
#include "ipv6guard/respond.h"
#include "ipv6guard/surroundings.h"
#include "ipv6guard/vendors.h"

struct event;

#define IPV6GUARD_EVENTS_MAX 256u
#define IPV6GUARD_COUNTS_MAX 1024u /* of segment, class and reason */
#define IPV6GUARD_LISTENERS  4u    /* ports where names are listened for at once */
#define IPV6GUARD_LOUD_MAX   256u  /* hostile MACs that are remembered for ten minutes */

/** An event as gwctl shows it. */
struct ipv6guard_event {
	int64_t time;
	json_t *detail;
};

/** How often the kernel told of frames of a class in a segment. */
struct ipv6guard_count {
	char segment[IPV6GUARD_SEGMENT_MAX];
	char reason[16]; /* of the kernel's: the chain that dropped it */
	enum gw_v6_class class_id;
	uint64_t n;
};

/** A device that was hostile lately: to see who invents MACs. */
struct ipv6guard_loud {
	char port[IPV6GUARD_PORT_MAX];
	uint8_t mac[GW_MAC_LEN];
	int64_t last;
};

/** Hears at a port what devices call themselves. */
struct ipv6guard_listener {
	struct ipv6guard_state *state;
	int fd; /* -1: none could be opened */
	struct event *readable;
	char port[IPV6GUARD_PORT_MAX];
	int64_t until; /* 0: it does not listen */
};

struct ipv6guard_segment_context;
struct ending;

struct ipv6guard_state {
	struct gw_daemon *daemon;
	const struct ipv6guard *model;              /* in daemon->config; NULL: none yet */
	struct ipv6guard_segment_context *contexts; /* by the model's segments */
	struct gw_arena *contexts_arena;
	struct gw_v6_flows *flows;
	struct ipv6guard_devices *devices;
	struct ipv6guard_bindings *bindings;
	struct ipv6guard_vendors *vendors;
	struct ipv6guard_surroundings surroundings;
	/* The descriptor from gwd. */
	int log_fd; /* -1: none */
	struct gw_frame_reader *reader;
	struct event *readable, *retry, *housekeeping;
	const char *log_missing; /* why there is none; NULL: there is one */
	uint64_t frames, frames_lost_before, overruns, frames_unknown;
	struct ipv6guard_count *counts;
	size_t n_counts;
	struct ipv6guard_loud loud[IPV6GUARD_LOUD_MAX];
	struct ipv6guard_event events[IPV6GUARD_EVENTS_MAX];
	uint64_t n_events;      /* ever; the latest are kept */
	uint64_t told[4], held; /* by severity */
	uint64_t quarantines, quarantines_failed, ends_announced;
	int64_t response_us,
		response_us_max;      /* from a frame to quarantine: the last, the longest */
	int64_t told_us, told_us_max; /* from a frame to its event with the device's identity */
	json_t *refused;              /* as gwd has told it last; NULL: not yet */
	struct ipv6guard_capture capture;
	struct ipv6guard_listener listeners[IPV6GUARD_LISTENERS];
	int packet_fd;         /* to announce the end of rogue routers; -1: none */
	struct ending *ending; /* one that is being announced */
	int64_t ended_ms;      /* when the last one was */
	bool changed;          /* what is on disk is out of date */
};

/* ---- frames.c -------------------------------------------------------------------------------- */

/** Asks gwd for the descriptor. */
void ipv6guard_frames_ask(struct ipv6guard_state *state);
void ipv6guard_frames_stop(struct ipv6guard_state *state);

/* ---- act.c ----------------------------------------------------------------------------------- */

/** An offence of a device, as the classifier found it. */
struct ipv6guard_case {
	struct ipv6guard_device *device;
	const struct ipv6guard_segment
		*segment;   /* NULL: of a config that is not in force any more */
	const char *reason; /* the kernel's: of the chain that dropped it */
	const struct gw_v6_result *result;
	const struct gw_logged_frame *frame;
};
void ipv6guard_act(struct ipv6guard_state *state, const struct ipv6guard_case *found, int64_t now,
		   int64_t now_ms);
/** All that is known of a device. */
json_t *ipv6guard_device_json(const struct ipv6guard_state *state,
			      const struct ipv6guard_device *device);

/* ---- segments.c ------------------------------------------------------------------------------ */

/** Prepares what the classifier needs for each segment of the model. */
void ipv6guard_segments_prepare(struct ipv6guard_state *state);
/** For a segment of the model; NULL gives one in which nothing is meant to pass. */
const struct gw_v6_context *ipv6guard_context_of(const struct ipv6guard_state *state,
						 const struct ipv6guard_segment *segment);

/* ---- announce_end.c -------------------------------------------------------------------------- */

/** Says on the segment that a rogue router has ended, if that is wanted there and the frame is one. */
void ipv6guard_announce_end(struct ipv6guard_state *state, const struct ipv6guard_case *found,
			    int64_t now_ms);
void ipv6guard_announce_stop(struct ipv6guard_state *state);

/* ---- listen.c -------------------------------------------------------------------------------- */

/** Opens the sockets, which needs CAP_NET_RAW; without, there are none. */
void ipv6guard_listen_open(struct ipv6guard_state *state);
void ipv6guard_listen_close(struct ipv6guard_state *state);
/** Something was told of a device: if it has no name, one is listened for. */
void ipv6guard_listen_for(struct ipv6guard_state *state, struct ipv6guard_device *device,
			  int64_t now);
/** Now and then: looks for names that came by other ways, and ends what has lasted long enough. */
void ipv6guard_listen_turn(struct ipv6guard_state *state, int64_t now);

/* ---- refused.c ------------------------------------------------------------------------------- */

/** Asks gwd for the kernel's counters. */
void ipv6guard_refused_ask(struct ipv6guard_state *state);
void ipv6guard_refused_metrics(const struct ipv6guard_state *state, struct gw_metrics *metrics);

/* ---- keep.c ---------------------------------------------------------------------------------- */

/** -errno; a file that is not there is none to be read. Lines that cannot be read are left out. */
int ipv6guard_keep_load(struct ipv6guard_devices *devices, const char *dir, int64_t now);
int ipv6guard_keep_save(struct ipv6guard_devices *devices, const char *dir);

/* ---- verbs.c, coverage.c --------------------------------------------------------------------- */

extern const struct gw_verb ipv6guard_verbs[];
/** What cannot be enforced, for each segment and port. */
json_t *ipv6guard_coverage(struct ipv6guard_state *state);

/** Milliseconds of a clock that never goes back. */
int64_t ipv6guard_clock_ms(void);

#endif
