/* What scan.c remembers of an inside host, in a table of fixed size (scan_host.c). */
#ifndef RATELIMIT_SCAN_HOST_H
#define RATELIMIT_SCAN_HOST_H

#include "ratelimit/scan.h"

#define RATELIMIT_PORTS   4u /* of a host that are watched at once */
#define RATELIMIT_SET_LEN 4u /* words of 64 bits */

/** Destinations at one port in the last ten seconds, counted by the bits that are set (linear counting). */
struct ratelimit_port {
	uint64_t set[RATELIMIT_SET_LEN];
	int64_t since_ms; /* 0: free */
	int64_t first_ms; /* of the contacts that are still silent */
	uint32_t contacts, answered;
	uint16_t port;
	uint8_t protocol;
};

struct ratelimit_host {
	struct ratelimit_addr addr;
	bool used;
	uint32_t number; /* of the place's occupants: who was asked for may have given way */
	uint32_t next;   /* of the same chain */
	int64_t last_ms;
	/* The walk. */
	int32_t steps;
	uint32_t contacts, failures;
	int64_t walk_ms; /* its first contact */
	struct ratelimit_addr examples[RATELIMIT_EXAMPLES];
	unsigned int n_examples;
	struct ratelimit_port ports[RATELIMIT_PORTS];
	/* Flows of this second, and of the one before. */
	int64_t second;
	uint32_t begun, answered, begun_before, answered_before;
	int64_t told_ms[RATELIMIT_DEED_COUNT];
};

struct ratelimit_hosts {
	uint64_t seed;
	uint32_t capacity, used, chains, hand;
	uint64_t displaced;
	struct ratelimit_host *items;
	uint32_t *heads;
};

void ratelimit_hosts_init(struct ratelimit_hosts *hosts, uint32_t capacity, uint64_t seed);
void ratelimit_hosts_done(struct ratelimit_hosts *hosts);
/** NULL: it is not known. */
struct ratelimit_host *ratelimit_hosts_find(const struct ratelimit_hosts *hosts,
					    struct ratelimit_addr addr);
/** Known from now on; one that was silent for long gives way if it must be. */
struct ratelimit_host *ratelimit_hosts_see(struct ratelimit_hosts *hosts,
					   struct ratelimit_addr addr, int64_t now_ms);
void ratelimit_host_forget_walk(struct ratelimit_host *host);

/** The watch over this port, begun anew if its ten seconds are over. */
struct ratelimit_port *ratelimit_host_port(struct ratelimit_host *host, uint8_t protocol,
					   uint16_t port, int64_t now_ms);
void ratelimit_port_add(struct ratelimit_port *port, uint64_t hash);
/** About how many destinations. */
uint32_t ratelimit_port_destinations(const struct ratelimit_port *port);

#endif
