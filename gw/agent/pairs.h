/*
 * Quarantine of a device at a port: pairs of a port (bridge port or interface, by name) and a MAC, of which
 * no frame passes. The IPv6 guard asks for them; its share of the ruleset declares the sets, in the tables
 * `netdev gw` and `bridge gw`, and their rules. gwd alone writes the elements, and keeps the list on disk
 * for the next boot. So it is with bindings, which address a device may use at a port, but those are learnt
 * anew and kept by the kernel alone.
 */
#ifndef GW_AGENT_PAIRS_H
#define GW_AGENT_PAIRS_H

#include <jansson.h>
#include <net/if.h>

#include "gw/agent/agent.h"
#include "gw/core/mac.h"

#define GW_PAIRS_MAX 4096u

/* The sets, of which gw/ knows no more than this. */
#define GW_PAIRS_SET   "rt_quarantine" /* IFNAME . ETHER */
#define GW_PAIRS_GUARD "rt_guard" /* PROTO: GW_PAIRS_IN_USE while rt_quarantine holds anything */
/* A bit of its own, and the protocols whose packets then do not take the short way: TCP, UDP. */
#define GW_PAIRS_IN_USE                                                                            \
	{                                                                                          \
		1, 6, 17                                                                           \
	}
#define GW_FRAMES_SET   "frames"      /* MARK segment . MARK class . MARK verdict, counters */
#define GW_BINDINGS_SET "rt_bindings" /* IFNAME . ETHER . IPV6 */

struct gw_pair {
	char port[IFNAMSIZ];
	uint8_t mac[GW_MAC_LEN];
	int64_t since, until; /* Unix time */
	char actor[64], reason[192];
};

struct gw_pairs {
	struct gw_pair *items; /* heap, by the time they were added */
	size_t n, capacity;
};

/** Devices in quarantine at a port now. */
size_t gw_agent_pairs_count(const struct gw_agent *agent);

/* ---- pairs.c --------------------------------------------------------------------------------- */

/** The pair, or NULL. */
struct gw_pair *gw_pairs_find(const struct gw_pairs *pairs, const char *port,
			      const uint8_t mac[GW_MAC_LEN]);
/** Adds the pair, or takes the place of the one found. False if the list is full. */
bool gw_pairs_put(struct gw_pairs *pairs, const struct gw_pair *pair);
void gw_pairs_remove(struct gw_pairs *pairs, struct gw_pair *pair);
/** True for what can be the name of a device. */
bool gw_pair_port_ok(const char *port);
json_t *gw_pair_json(const struct gw_pair *pair);
/** Reads and writes the list in the folder `dir`. A damaged file is -EBADMSG, a missing one empty. */
int gw_pairs_load(struct gw_pairs *pairs, int dir);
int gw_pairs_save(const struct gw_pairs *pairs, int dir);

/* ---- pairs_kernel.c -------------------------------------------------------------------------- */

/** Adds what is in force to the sets of a ruleset that is about to be loaded. */
void gw_pairs_complete(const struct gw_pairs *pairs, struct gw_ruleset *ruleset, int64_t now);
/**
 * Makes the kernel's elements what they should be. -ENOENT: the kernel has no such set, because no segment
 * is guarded.
 */
int gw_pairs_sync(const struct gw_pairs *pairs, struct gw_kernel *kernel, int64_t now);

/** An address that a device may use at a port until then. */
struct gw_binding {
	char port[IFNAMSIZ];
	uint8_t mac[GW_MAC_LEN], address[16];
	int64_t until;
};
/** Adds the binding, or gives it a new end. -ENOENT likewise. */
int gw_binding_send(struct gw_kernel *kernel, const struct gw_binding *binding);

/**
 * What was refused, as the kernel counts it: [segment, class, verdict, packets, octets] for each of both families,
 * those with none left out. The caller's; an empty list where no segment is guarded.
 */
json_t *gw_frames_json(struct gw_kernel *kernel);

/* ---- pair_verbs.c ---------------------------------------------------------------------------- */

extern const struct gw_verb gw_verbs_pairs[];
extern const struct gw_agent_part gw_part_pairs;
/** To be called where the ruleset is completed that is about to be loaded. */
void gw_agent_pairs_complete(const struct gw_agent *agent, struct gw_ruleset *ruleset);

#endif
