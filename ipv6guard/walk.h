/*
 * Inside of the classifier: one walk from the outermost header inwards. Each layer has a function that
 * takes the bytes behind what was read, marks findings and calls the next. Tunnels count as depth
 * (gw_v6_enter); carriers and tags do not. Work is bounded twice: depth by GW_V6_DEPTH_MAX, all layers
 * together by GW_V6_STEPS_MAX.
 */
#ifndef IPV6GUARD_WALK_H
#define IPV6GUARD_WALK_H

#include "ipv6guard/classify.h"
#include "ipv6guard/cursor.h"

#define GW_V6_DEPTH_MAX 8u
#define GW_V6_STEPS_MAX 64u

/* The IP header that transport is judged with. */
struct gw_v6_ip {
	uint8_t version; /* 4 or 6 */
	const uint8_t *src, *dst;
	uint8_t hop_limit;
	bool fragmented; /* in a fragment, atomic ones included */
	bool router_alert;
	bool whole; /* all of the packet is in the bytes: checksums can be computed */
};

struct gw_v6_walk {
	const struct gw_v6_context *context;
	struct gw_v6_flows *flows; /* may be NULL */
	const struct gw_v6_frame *frame;
	struct gw_v6_result *result;
	unsigned int depth, steps;
	bool carried;  /* by something that IPv6 has no business in */
	bool listed;   /* … which the segment lists */
	bool ethernet; /* MACs of the frame belong to the IP header that is being read */
	enum gw_v6_layer layer;
	size_t offset; /* of the layer that is being judged */
};

/** Adds a finding at the present layer. */
void gw_v6_mark(struct gw_v6_walk *walk, enum gw_v6_class class_id);
static inline void gw_v6_trick(struct gw_v6_walk *walk, enum gw_v6_trick trick)
{
	walk->result->tricks |= (uint32_t)trick;
}
/** Says which layer begins at `at`; false if there were too many of them. */
bool gw_v6_step(struct gw_v6_walk *walk, enum gw_v6_layer layer, const uint8_t *at);
/** Bytes that should be there are not: the capture is cut, or the frame malformed. */
void gw_v6_missing(struct gw_v6_walk *walk, struct gw_v6_bytes rest);
/** Into a tunnel; false, with a finding, if it is too deep. Pair with gw_v6_leave. */
bool gw_v6_enter(struct gw_v6_walk *walk);
void gw_v6_leave(struct gw_v6_walk *walk);

/* carriers.c, encapsulations.c */
void gw_v6_walk_ethernet(struct gw_v6_walk *walk, struct gw_v6_bytes bytes);
void gw_v6_walk_ethertype(struct gw_v6_walk *walk, uint16_t type, struct gw_v6_bytes bytes);
/** Another Ethernet frame within this one, in a carrier or tunnel. */
void gw_v6_walk_inner_ethernet(struct gw_v6_walk *walk, struct gw_v6_bytes bytes);
void gw_v6_walk_ppp(struct gw_v6_walk *walk, struct gw_v6_bytes bytes);
void gw_v6_walk_mpls(struct gw_v6_walk *walk, struct gw_v6_bytes bytes);
/** MACsec, PBB, NSH, TRILL, batman-adv, HSR; false if `type` is none of them. */
bool gw_v6_walk_rare_carrier(struct gw_v6_walk *walk, uint16_t type, struct gw_v6_bytes bytes);
/** IP of the version that the first nibble says; anything else is left alone. */
void gw_v6_walk_ip(struct gw_v6_walk *walk, struct gw_v6_bytes bytes);

/* ipv4.c, ipv6.c */
void gw_v6_walk_ipv4(struct gw_v6_walk *walk, struct gw_v6_bytes bytes);
void gw_v6_walk_ipv6(struct gw_v6_walk *walk, struct gw_v6_bytes bytes);
/** Options of a Hop-by-Hop or Destination Options header, behind its first two bytes. */
void gw_v6_judge_options(struct gw_v6_walk *walk, struct gw_v6_bytes bytes, struct gw_v6_ip *ip);

/** What an EtherType says that stands in a tunnel's header. */
void gw_v6_walk_by_type(struct gw_v6_walk *walk, uint16_t type, struct gw_v6_bytes bytes);

/* tunnels.c: what IP carries by protocol number. False if the protocol is no encapsulation. */
bool gw_v6_walk_encapsulation(struct gw_v6_walk *walk, uint8_t protocol, const struct gw_v6_ip *ip,
			      struct gw_v6_bytes bytes);
void gw_v6_walk_gre(struct gw_v6_walk *walk, struct gw_v6_bytes bytes);
void gw_v6_walk_l2tpv3(struct gw_v6_walk *walk, struct gw_v6_bytes bytes);
/** Marks the mechanism, and walks its content one level deeper; `content` NULL: it cannot be read. */
void gw_v6_walk_marked(struct gw_v6_walk *walk, enum gw_v6_class class_id,
		       void (*content)(struct gw_v6_walk *walk, struct gw_v6_bytes bytes),
		       struct gw_v6_bytes bytes);

/* transport.c, udp_tunnels.c */
void gw_v6_walk_udp(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, struct gw_v6_bytes bytes);
void gw_v6_walk_tcp(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, struct gw_v6_bytes bytes);
/** Encapsulations that are known by their port, and those that are known by their content. */
void gw_v6_judge_udp_tunnels(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, uint16_t src_port,
			     uint16_t dst_port, struct gw_v6_bytes payload);

/* icmp6.c, router.c, dhcp.c, dns.c */
void gw_v6_judge_icmp6(struct gw_v6_walk *walk, const struct gw_v6_ip *ip,
		       struct gw_v6_bytes bytes);
void gw_v6_judge_router_advert(struct gw_v6_walk *walk, const struct gw_v6_ip *ip,
			       const struct gw_v6_nd *nd);
/** The listed router that this frame comes from, or NULL. */
const struct gw_v6_router *gw_v6_router_of(const struct gw_v6_walk *walk, const uint8_t *address);
/** Is it the address of a listed router, whoever uses it? */
bool gw_v6_is_router_address(const struct gw_v6_context *context, const uint8_t *address);
bool gw_v6_peer_is(const struct gw_v6_walk *walk, const struct gw_v6_peer *peer,
		   const uint8_t *address);
void gw_v6_judge_dhcp6(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, uint16_t dst_port,
		       struct gw_v6_bytes bytes);
void gw_v6_judge_dhcp4(struct gw_v6_walk *walk, struct gw_v6_bytes bytes);
void gw_v6_judge_names(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, uint16_t src_port,
		       uint16_t dst_port, struct gw_v6_bytes bytes);

/* addresses.c */
bool gw_v6_is_link_local(const uint8_t *address);
bool gw_v6_is_unspecified(const uint8_t *address);
bool gw_v6_is_multicast(const uint8_t *address);
/** fe80::/10, or a group of the link's scope. */
bool gw_v6_stays_on_link(const uint8_t *address);
/** Loopback, IPv4-mapped or IPv4-compatible: never on the wire. */
bool gw_v6_is_martian(const uint8_t *address);
bool gw_v6_prefix_has(const struct gw_v6_prefix *prefix, const uint8_t *address, uint8_t length);

#endif
