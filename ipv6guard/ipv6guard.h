/*
 * The IPv6 guard: no IPv6 where none is meant, no rogue where it is.
 *
 * Segments. A segment is where frames come in: interfaces, and ports of bridges. Every zone is one, and
 * `ipv6guard: {segments: …}` describes it further or adds more. Its mode says how much IPv6 there is:
 *
 *   off      none: IPv4, ARP and listed carriers pass
 *   local    between link-local addresses only: no router, no DHCPv6, no tunnel
 *   guarded  IPv6 is meant; routers and DHCPv6 servers are those that are listed
 *   open     not judged
 *
 * The kernel enforces it (compile*.c) with every daemon dead, in two tables beside `inet gw`:
 *
 *   netdev gw  ingress_<segment>, egress_<segment>: hooks on the segment's devices, by name. From Linux
 *              6.16 a hook waits for a device that is not there; older kernels refuse it.
 *   bridge gw  prerouting: the same rules for ports of bridges, found by the name of the port, so that
 *              a port that appears later is judged from its first frame on kernels of any age
 *
 * All chains are allow-lists: what no rule accepts goes to drop_<segment>_<class>, which counts it in
 * @frames, logs it to NFLOG within a rate for each (port, MAC), and drops it. Matches are positive, since
 * one that needs a header fails where the header is missing; nothing asks `ip6 nexthdr`.
 *
 * Who writes what: @rt_quarantine and @rt_bindings are written by gwd, which modules ask; @rt_log_rate…
 * by the kernel. Keys of all are in ipv6guard_sets.
 */
#ifndef IPV6GUARD_IPV6GUARD_H
#define IPV6GUARD_IPV6GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/addr.h"
#include "gw/core/diag.h"
#include "gw/core/mac.h"
#include "gw/policy/policy.h"
#include "gw/policy/section.h"
#include "gw/ruleset/ruleset.h"

/* ---- what the config says ------------------------------------------------------------------- */

enum ipv6guard_mode {
	IPV6GUARD_OPEN,
	IPV6GUARD_OFF,
	IPV6GUARD_LOCAL,
	IPV6GUARD_GUARDED,
};

/** Frames that are neither ARP nor IP, and that a segment may carry all the same. */
enum ipv6guard_carrier {
	IPV6GUARD_EAPOL,        /* 802.1X: 0x888e, 0x88c7 */
	IPV6GUARD_LLDP,         /* 0x88cc */
	IPV6GUARD_STP,          /* spanning tree: 802.2, SAP 0x42 */
	IPV6GUARD_LACP,         /* slow protocols and flow control: 0x8809, 0x8808 */
	IPV6GUARD_PTP,          /* clocks: 0x88f7 */
	IPV6GUARD_CFM,          /* connectivity faults: 0x8902 */
	IPV6GUARD_WOL,          /* wake on LAN: 0x0842 */
	IPV6GUARD_PPPOE,        /* 0x8863, 0x8864 with IPv4 inside */
	IPV6GUARD_PRIORITY_TAG, /* 802.1Q with VLAN 0 around ARP or IPv4 */
	IPV6GUARD_CARRIERS
};

/** What carries IPv6 over IPv4. Refused unless listed. */
enum ipv6guard_tunnel {
	IPV6GUARD_6IN4,   /* protocol 41: 6in4, 6to4, 6rd, ISATAP, 6over4 */
	IPV6GUARD_GRE,    /* 47 */
	IPV6GUARD_IPIP,   /* 4, 94, and 108 IPComp, which hides what it carries */
	IPV6GUARD_ETHER,  /* 97 EtherIP, 115 L2TPv3, 137 MPLS-in-IP, 55, 98 */
	IPV6GUARD_TEREDO, /* UDP 3544, and any port by what is inside */
	IPV6GUARD_TSP,    /* UDP 3653; TCP 3653, TIC 3874 */
	IPV6GUARD_AYIYA,  /* UDP and TCP 5072, heartbeat 3740 */
	IPV6GUARD_UDP,    /* VXLAN, Geneve, GUE, GTP, L2TP, GRE and MPLS over UDP */
	IPV6GUARD_TUNNELS
};

struct ipv6guard_router {
	const char *port; /* device; NULL: any of the segment */
	uint8_t mac[GW_MAC_LEN];
	gw_u128 link_local;
	/* Prefixes that it may announce, and addresses of name servers (RDNSS). */
	struct gw_addrset prefixes;
	struct gw_addrset dns;
	uint32_t lifetime_max; /* router lifetime in seconds; 0: a router for its prefixes only */
	bool preference_high;  /* may say that it is preferred */
	bool managed;          /* may set M and O */
	struct gw_loc loc;
};

struct ipv6guard_server {
	const char *port; /* NULL: any of the segment */
	uint8_t mac[GW_MAC_LEN];
	struct gw_loc loc;
};

struct ipv6guard_segment {
	const char *name;
	const struct gw_zone *zone; /* of its interfaces, NULL: of none */
	enum ipv6guard_mode mode;
	const struct gw_interface *interfaces; /* by name */
	size_t n_interfaces;
	const struct gw_interface *ports; /* of bridges; `lan*` means all that begin so */
	size_t n_ports;
	const uint16_t
		*vlans; /* tags that pass, because their frames are judged on a VLAN's device */
	size_t n_vlans;
	bool carriers[IPV6GUARD_CARRIERS];
	bool tunnels[IPV6GUARD_TUNNELS];
	const struct ipv6guard_router *routers;
	size_t n_routers;
	const struct ipv6guard_server *servers; /* of DHCPv6 */
	size_t n_servers;
	/* May answer DHCPv4 and questions for any name, at ports. */
	const struct ipv6guard_server *ipv4_servers;
	size_t n_ipv4_servers;
	bool monitor;      /* judged and told, and nothing is stopped */
	bool source_guard; /* only addresses in @rt_bindings may be used */
	uint32_t nd_rate;  /* neighbour and router solicitations a second and (port, MAC) */
	uint32_t mld_rate; /* MLD reports, likewise */
	bool counter_ra;   /* announce the end of a rogue router's prefixes */
	struct gw_loc loc;
};

struct ipv6guard_response {
	uint32_t quarantine_s;           /* 0: nothing is put into quarantine by itself */
	bool shared;                     /* also at ports where other devices are */
	const struct gw_device *protect; /* never put into quarantine; by MAC */
	size_t n_protect;
	uint32_t retention_s; /* of devices that are not seen any more */
	uint32_t capture_mib; /* kept of incidents; 0: none */
};

/** The model of `ipv6guard:`; gw_policy_section(policy, GW_SECTION_IPV6GUARD), never NULL. */
struct ipv6guard {
	const struct ipv6guard_segment *segments; /* by name */
	size_t n_segments;
	struct ipv6guard_response response;
};

extern const struct gw_section ipv6guard_section;

const char *ipv6guard_mode_name(enum ipv6guard_mode mode);
/** The segment that this device belongs to: by name, then by pattern. NULL: none. */
const struct ipv6guard_segment *ipv6guard_segment_of(const struct ipv6guard *guard,
						     const char *device);

/* ---- what is refused by addresses, protocol and port alone ------------------------------------ */

#define IPV6GUARD_TUNNEL_PROTOCOLS 15u
#define IPV6GUARD_TUNNEL_PORTS     13u
#define IPV6GUARD_TUNNEL_TCP_PORTS 3u

bool ipv6guard_refuses_tunnel(const struct ipv6guard_segment *segment,
			      enum ipv6guard_tunnel tunnel);
/** Protocols of IPv4, and ports of UDP in ascending order, that the segment refuses: how many. */
size_t ipv6guard_refused_protocols(const struct ipv6guard_segment *segment,
				   uint16_t ret[IPV6GUARD_TUNNEL_PROTOCOLS]);
size_t ipv6guard_refused_ports(const struct ipv6guard_segment *segment,
			       uint16_t ret[IPV6GUARD_TUNNEL_PORTS]);
/** Ports of TCP, likewise: none but where hosts meet at ports of a bridge. */
size_t ipv6guard_refused_tcp_ports(const struct ipv6guard_segment *segment,
				   uint16_t ret[IPV6GUARD_TUNNEL_TCP_PORTS]);

/** The section's hooks `judge` and `count` (judge.c, refusals.c). */
bool ipv6guard_judge(const void *model, const struct gw_zone *zone, bool inward,
		     const struct gw_packet *packet, struct gw_refusal *ret);
size_t ipv6guard_count_refusals(const void *model, const struct gw_ruleset *observed,
				struct gw_arena *arena, struct gw_refusal **ret);

/* ---- what stands in the kernel -------------------------------------------------------------- */

/** Why a frame was refused: names of drop chains, in log prefixes, labels of metrics. */
enum ipv6guard_class {
	IPV6GUARD_CLASS_CHATTER, /* what every host says at link-up: DAD, MLD, RS, DHCPv6 solicit */
	IPV6GUARD_CLASS_IPV6,    /* other IPv6 where none is meant */
	IPV6GUARD_CLASS_TAGGED,  /* a VLAN tag that is not listed, or tag upon tag */
	IPV6GUARD_CLASS_CARRIER, /* LLC/SNAP, MPLS, PPPoE and every other kind of frame */
	IPV6GUARD_CLASS_DISGUISED,  /* the version is not what the kind of frame says */
	IPV6GUARD_CLASS_TUNNEL,     /* IPv6 over IPv4 */
	IPV6GUARD_CLASS_ROUTER,     /* router advertisement */
	IPV6GUARD_CLASS_REDIRECT,   /* redirect */
	IPV6GUARD_CLASS_DHCPV6,     /* DHCPv6 server, or relay */
	IPV6GUARD_CLASS_NEIGHBOUR,  /* neighbour discovery that no host should send */
	IPV6GUARD_CLASS_MLD,        /* MLD querier, MLD from afar */
	IPV6GUARD_CLASS_FRAGMENT,   /* fragments where none may be (RFC 6980, 7113) */
	IPV6GUARD_CLASS_HEADER,     /* headers that are not permitted, or none that can be found */
	IPV6GUARD_CLASS_SOURCE,     /* a source that is not the sender's, or nobody's */
	IPV6GUARD_CLASS_FLOOD,      /* over a limit */
	IPV6GUARD_CLASS_OWN,        /* of the gateway itself, towards the segment */
	IPV6GUARD_CLASS_QUARANTINE, /* of a device in quarantine, whatever it is */
	IPV6GUARD_CLASS_DHCPV4,     /* DHCPv4 server */
	IPV6GUARD_CLASS_NAMES,      /* an answer about wpad or isatap */
	IPV6GUARD_CLASS_COUNT
};
const char *ipv6guard_class_name(enum ipv6guard_class class);
/**
 * What operators find it under in `gwctl drops` and `explain`: "ipv6-off" for IPv6 where there is to be none,
 * else "ipv6-" and what it was.
 */
const char *ipv6guard_reason(enum ipv6guard_mode mode, enum ipv6guard_class class);
/** True for classes of frames that are IPv6 itself; false for what is about carriers, tunnels, devices. */
bool ipv6guard_class_is_native(enum ipv6guard_class class);

/** Third field of the keys of @frames. */
enum ipv6guard_verdict {
	IPV6GUARD_VERDICT_DROP = 1,
	IPV6GUARD_VERDICT_PASS = 2, /* of segments with `monitor` */
};

/**
 * Whole frames that were refused are logged here, with the prefix "gw6 SEGMENT CLASS"; where the source
 * guard is on, neighbour solicitations that pass, too: "gw6 SEGMENT claim"; and at ports a few of the answers
 * about names that pass: "gw6 SEGMENT answer".
 */
#define IPV6GUARD_LOG_GROUP      106u
#define IPV6GUARD_LOG_PREFIX     "gw6"
#define IPV6GUARD_LOG_RATE       5u  /* frames a second for each (port, MAC) */
#define IPV6GUARD_LOG_PORT_RATE  20u /* more for each port, when too many MACs fill the table */
#define IPV6GUARD_LOG_MACS_MAX   65536u
#define IPV6GUARD_QUARANTINE_MAX 4096u
#define IPV6GUARD_BINDINGS_MAX   65536u

/**
 * Sets of both tables. The port is the name of the device (GW_TYPE_IFNAME).
 *   rt_quarantine  port . MAC, with timeouts: nothing of the device passes, ARP and EAPOL included
 *   rt_guard       one octet: IPV6GUARD_GUARD_QUARANTINE, and the protocols 6 and 17, which then do not take the
 *                  short way, are in it while rt_quarantine holds anything. Whoever adds an element there adds
 *                  these in the same transaction; leaving them for nothing costs every frame some look-ups
 *   rt_bindings    port . MAC . address, with timeouts: who may use which address (source guard)
 *   frames         segment number . class . verdict: counters
 */
#define IPV6GUARD_SET_QUARANTINE   "rt_quarantine"
#define IPV6GUARD_SET_GUARD        "rt_guard"
#define IPV6GUARD_SET_BINDINGS     "rt_bindings"
#define IPV6GUARD_SET_FRAMES       "frames"
#define IPV6GUARD_GUARD_QUARANTINE 1u

/** Number of a segment in the keys of @frames: a hash of its name. */
uint32_t ipv6guard_segment_number(const char *name);

#endif
