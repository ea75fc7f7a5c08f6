/*
 * Connections as conntrack tells of them: what begins, is answered and ends. A module reads events from the
 * descriptor that gwd hands it (gw_conntrack_open).
 *
 *	while ((err = gw_flow_event_read(fd, &event)) == 0)
 *		…
 */
#ifndef GW_NFT_FLOWS_H
#define GW_NFT_FLOWS_H

#include "gw/core/addr.h"

struct nlattr;

/** One direction of a connection. */
struct gw_flow_tuple {
	gw_u128 source, dest;
	uint8_t protocol;
	uint16_t source_port, dest_port; /* 0 where the protocol has none */
	bool icmp;
	uint16_t icmp_key; /* type << 8 | code */
};

enum gw_flow_what {
	GW_FLOW_BEGUN,
	GW_FLOW_CHANGED,
	GW_FLOW_GONE,
};

struct gw_flow_event {
	enum gw_flow_what what;
	enum gw_family family;
	struct gw_flow_tuple original, reply;
	bool answered;     /* something came back */
	bool assured;      /* of TCP: whoever began it has completed the handshake */
	uint8_t tcp_state; /* TCP_CONNTRACK_…; 0: none was told */
	uint32_t mark;
	uint64_t packets[2],
		octets[2]; /* of a connection that is gone, if the kernel counts them */
};

/** A direction out of the attribute that holds it (CTA_TUPLE_…). False if it is none. */
bool gw_flow_tuple_parse(const struct nlattr *attr, enum gw_family family,
			 struct gw_flow_tuple *ret);
/** One message of the kernel's; false if it tells of no connection. For fuzzers too. */
bool gw_flow_event_parse(const void *message, size_t len, struct gw_flow_event *ret);
/** The next event. -EAGAIN: none waits; -ENOBUFS: some were lost, go on; other -errno: the end. */
int gw_flow_event_read(int fd, struct gw_flow_event *ret);

#endif
