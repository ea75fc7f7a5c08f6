/*
 * ipv6guard: what a frame is, and whether a segment lets it pass. Pure: a frame, what is known of
 * the segment and a bounded memory of flows go in; a verdict with its reasons comes out. No I/O, no
 * clock, no allocation per frame.
 *
 *	struct gw_v6_flows *flows = gw_v6_flows_new(4096);
 *	struct gw_v6_context context = { .mode = GW_V6_OFF };
 *	struct gw_v6_frame frame = { .bytes = bytes, .len = len, .wire_len = len, .port = 3 };
 *	struct gw_v6_result result;
 *
 *	gw_v6_classify(&context, flows, &frame, &result);
 *	if (result.severity >= GW_V6_ACTIVE)
 *		report(gw_v6_class_info(result.class_id)->name, result.evidence.eth_src);
 *
 * A frame has findings, each a class of the table in classes.def; there the modes that stop it are
 * written down. The verdict is GW_V6_DROP if the mode stops any of the findings, so what is added to
 * a frame can never make it pass (deny-lists fail open; the frame itself must first be on the
 * allow-list: ARP, IPv4, IPv6 where intended, listed EtherTypes). The gravest finding names the
 * frame, the outermost one among equals: a tunnel with a router advertisement in it is a tunnel.
 * How a frame was bent to get past filters is no class but a set of tricks beside it.
 *
 * Findings of one frame only, and of few frames of one flow (Teredo, overlapping fragments). What
 * takes counting (floods, sweeps, hoarding) or identity is up to the caller; who owns which address is
 * asked of it (struct gw_v6_bindings).
 */
#ifndef IPV6GUARD_CLASSIFY_H
#define IPV6GUARD_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/mac.h"
#include "ipv6guard/dhcp6.h"
#include "ipv6guard/nd.h"

enum gw_v6_mode {
	GW_V6_OFF,     /* no IPv6 at all */
	GW_V6_LOCAL,   /* link-local addresses and groups only: local discovery lives */
	GW_V6_GUARDED, /* IPv6 with first-hop security */
	GW_V6_OPEN,    /* nothing is stopped */
};
#define GW_V6_MODE_COUNT 4
/** "off", "local", "guarded", "open". */
const char *gw_v6_mode_name(enum gw_v6_mode mode);
/** False if it is none of these. */
bool gw_v6_mode_parse(const char *text, enum gw_v6_mode *ret);

enum gw_v6_severity {
	GW_V6_NONE,       /* nothing to tell */
	GW_V6_BACKGROUND, /* ordinary hosts do it by themselves */
	GW_V6_ACTIVE,     /* somebody uses or tries it */
	GW_V6_HOSTILE,    /* an act against others */
};
const char *gw_v6_severity_name(enum gw_v6_severity severity);

enum gw_v6_class {
	GW_V6_CLASS_NONE, /* ordinary traffic */
#define GW_V6_CLASS(symbol, number, name, severity, stops, tells, catalogue, en, ja)               \
	GW_V6_CLASS_##symbol,
#include "ipv6guard/classes.def"
#undef GW_V6_CLASS
	GW_V6_CLASS_COUNT
};

/** What the table says of a class; constant. */
struct gw_v6_class_info {
	uint16_t number;       /* stable */
	const char *name;      /* stable: "rogue-router" */
	const char *catalogue; /* "B01" */
	enum gw_v6_severity severity;
	uint8_t stops, tells; /* modes, as 1 << enum gw_v6_mode */
	const char *text_en, *text_ja;
};
/** Never NULL for a valid class; GW_V6_CLASS_NONE is "ordinary", number 0. */
const struct gw_v6_class_info *gw_v6_class_info(enum gw_v6_class class_id);
/** GW_V6_CLASS_COUNT if there is none of that name. */
enum gw_v6_class gw_v6_class_by_name(const char *name);

/** A set of classes. */
struct gw_v6_classes {
	uint64_t bits[2];
};
static inline bool gw_v6_classes_have(const struct gw_v6_classes *set, enum gw_v6_class class_id)
{
	return set->bits[(unsigned int)class_id / 64] >> ((unsigned int)class_id % 64) & 1;
}
static inline void gw_v6_classes_add(struct gw_v6_classes *set, enum gw_v6_class class_id)
{
	set->bits[(unsigned int)class_id / 64] |= UINT64_C(1) << ((unsigned int)class_id % 64);
}

/* ---- what is known of the segment -------------------------------------------------------------- */

struct gw_v6_prefix {
	uint8_t address[16];
	uint8_t length;
};

/** Whom a rule is about. Zeroes mean any. */
struct gw_v6_peer {
	uint32_t port; /* as in struct gw_v6_frame */
	uint8_t mac[GW_MAC_LEN];
	uint8_t address[16]; /* its link-local address */
};

/* What a listed router may do beyond saying that it is one. */
enum gw_v6_grant {
	GW_V6_GRANT_PREF64 = 1 << 0,  /* NAT64 prefix */
	GW_V6_GRANT_PORTAL = 1 << 1,  /* captive portal, encrypted resolvers */
	GW_V6_GRANT_MANAGED = 1 << 2, /* M and O flags */
	GW_V6_GRANT_HIGH = 1 << 3,    /* preference high */
	GW_V6_GRANT_REDIRECT = 1 << 4,
	GW_V6_GRANT_QUERIER = 1 << 5, /* MLD queries */
};

struct gw_v6_router {
	struct gw_v6_peer peer;
	bool stub;             /* may announce routes to what is behind it, never a default route */
	uint32_t grants;       /* GW_V6_GRANT_… */
	uint16_t max_lifetime; /* seconds; 0: no limit */
	const struct gw_v6_prefix *prefixes; /* that it may announce, on-link or for addresses */
	size_t n_prefixes;
	const struct gw_v6_prefix *routes; /* that it may announce; more specific ones count */
	size_t n_routes;
	const struct gw_v6_prefix *dns; /* name servers that it may announce; then also domains */
	size_t n_dns;
};

enum gw_v6_owner {
	GW_V6_OWNER_UNKNOWN,   /* nobody is known to have it */
	GW_V6_OWNER_SELF,      /* the one who sent this frame */
	GW_V6_OWNER_OTHER,     /* another device */
	GW_V6_OWNER_TENTATIVE, /* another device is about to take it (DAD) */
};
/** The caller's knowledge of who has which address; it must answer without waiting. */
struct gw_v6_bindings {
	enum gw_v6_owner (*owner)(void *data, uint32_t port, const uint8_t mac[GW_MAC_LEN],
				  const uint8_t address[16]);
	void *data;
};

/** All zeroes: mode off, nobody listed. Borrowed while a frame is classified. */
struct gw_v6_context {
	enum gw_v6_mode mode;
	const struct gw_v6_router *routers; /* heeded in `guarded`; stub routers in `local` too */
	size_t n_routers;
	const struct gw_v6_peer *dhcp6_servers; /* heeded in `guarded` */
	size_t n_dhcp6_servers;
	const struct gw_v6_peer *dhcp4_servers; /* heeded in all modes */
	size_t n_dhcp4_servers;
	const uint16_t *ethertypes; /* that pass beside ARP and IP; NULL: GW_V6_ETHERTYPES */
	size_t n_ethertypes;
	struct gw_v6_classes permitted; /* findings that the operator has allowed here */
	struct gw_v6_bindings bindings; /* owner NULL: nobody is known */
};

/* What pass beside ARP and IPv4 where nothing else is said: 802.1X and its preauthentication, LLDP,
 * link aggregation, flow control, time, CFM, wake on LAN. None of them carries IPv6. */
#define GW_V6_ETHERTYPES                                                                           \
	{                                                                                          \
		0x888e, 0x88c7, 0x88cc, 0x8809, 0x8808, 0x88f7, 0x8902, 0x0842                     \
	}

/* ---- a frame ------------------------------------------------------------------------------------ */

struct gw_v6_frame {
	const uint8_t *bytes; /* from the Ethernet header on */
	size_t len;           /* as captured */
	size_t wire_len;      /* as sent; more than len where the capture cut it off */
	uint32_t port;        /* bridge port or interface, by any number but 0; 0: not known */
	uint64_t time_ms;     /* by a clock that never goes back; for flows */
	uint8_t lifted_tags; /* VLAN tags that the kernel has taken off (PACKET_AUXDATA, NFULA_VLAN) */
};

/* How a frame was bent. */
enum gw_v6_trick {
	GW_V6_TRICK_TAG = 1 << 0,        /* VLAN tag with a real number */
	GW_V6_TRICK_TAG_ZERO = 1 << 1,   /* VLAN 0 */
	GW_V6_TRICK_LLC = 1 << 2,        /* LLC/SNAP */
	GW_V6_TRICK_LLC_LENGTH = 1 << 3, /* … with a wrong length */
	GW_V6_TRICK_CARRIER = 1 << 4,    /* PPPoE, MPLS, … */
	GW_V6_TRICK_HOP_BY_HOP = 1 << 5,
	GW_V6_TRICK_DESTINATION_OPTIONS = 1 << 6,
	GW_V6_TRICK_ROUTING = 1 << 7,
	GW_V6_TRICK_FRAGMENT = 1 << 8,
	GW_V6_TRICK_ATOMIC = 1 << 9,         /* fragment that is whole */
	GW_V6_TRICK_OPAQUE = 1 << 10,        /* ESP, AH, no next header with data */
	GW_V6_TRICK_LENGTH = 1 << 11,        /* payload length beyond the frame */
	GW_V6_TRICK_TRAILER = 1 << 12,       /* more frame than packet, beyond Ethernet's padding */
	GW_V6_TRICK_VERSION = 1 << 13,       /* version and EtherType contradict */
	GW_V6_TRICK_HOP_LIMIT = 1 << 14,     /* not the one that the protocol demands */
	GW_V6_TRICK_CHECKSUM = 1 << 15,      /* wrong: hosts ignore it */
	GW_V6_TRICK_MULTICAST_MAC = 1 << 16, /* group address in a unicast frame or the reverse */
	GW_V6_TRICK_SOURCE_MAC = 1 << 17,    /* link-layer option names another MAC */
	GW_V6_TRICK_OPTION = 1 << 18,        /* option of no length or past the end; too many */
	GW_V6_TRICK_NESTED = 1 << 19,        /* tunnel in a tunnel */
	GW_V6_TRICK_IPV4_OPTIONS = 1 << 20,
	GW_V6_TRICK_IPV4_FRAGMENT = 1 << 21,
	GW_V6_TRICK_JUMBO = 1 << 22, /* payload length 0, as of jumbograms and GRO */
	GW_V6_TRICK_CUT = 1 << 23,   /* the capture ends before the header chain does */
};
#define GW_V6_TRICK_COUNT 24
/** The name of a single one: "vlan-0". */
const char *gw_v6_trick_name(enum gw_v6_trick trick);

enum gw_v6_layer {
	GW_V6_LAYER_ETHERNET,
	GW_V6_LAYER_TAG,
	GW_V6_LAYER_LLC,
	GW_V6_LAYER_CARRIER,
	GW_V6_LAYER_PPP,
	GW_V6_LAYER_ARP,
	GW_V6_LAYER_IPV4,
	GW_V6_LAYER_IPV6,
	GW_V6_LAYER_EXTENSION,
	GW_V6_LAYER_FRAGMENT,
	GW_V6_LAYER_ICMP6,
	GW_V6_LAYER_UDP,
	GW_V6_LAYER_TCP,
	GW_V6_LAYER_TUNNEL,
	GW_V6_LAYER_OPAQUE, /* not looked into: ESP, an unknown protocol, a later fragment */
};
const char *gw_v6_layer_name(enum gw_v6_layer layer);

/** Where the naming finding was made, and between whom. */
struct gw_v6_evidence {
	uint8_t eth_src[GW_MAC_LEN], eth_dst[GW_MAC_LEN];
	uint16_t ethertype; /* the one behind all tags; 0 for 802.3 */
	uint16_t vlan;      /* of the outermost tag in the bytes; 0: none */
	uint8_t n_tags;
	enum gw_v6_layer layer;
	uint32_t offset; /* of that layer in the frame */
	uint8_t depth;   /* of tunnels around it */
	/* The outermost IP header: 4, 6, or 0 for none. IPv4 addresses are the first 4 bytes. */
	uint8_t outer_version;
	uint8_t outer_src[16], outer_dst[16];
	/* The innermost IPv6 header, if any. */
	bool has_ipv6;
	uint8_t src[16], dst[16];
	uint8_t protocol; /* the last next header that could be seen; that of IPv4 without IPv6 */
	uint8_t icmp_type, icmp_code;
	uint16_t src_port, dst_port; /* of UDP or TCP; 0 without */
};

/* Which of the details is filled in. */
enum gw_v6_detail {
	GW_V6_DETAIL_NONE,
	GW_V6_DETAIL_ND,
	GW_V6_DETAIL_DHCP6,
};

enum gw_v6_verdict {
	GW_V6_PASS,
	GW_V6_DROP,
};

struct gw_v6_result {
	enum gw_v6_verdict verdict;
	enum gw_v6_class class_id;    /* names the frame */
	enum gw_v6_severity severity; /* GW_V6_NONE: nothing to report in this mode */
	struct gw_v6_classes found;
	uint32_t tricks; /* GW_V6_TRICK_… */
	struct gw_v6_evidence evidence;
	enum gw_v6_detail detail; /* of the outermost such message */
	union {
		struct gw_v6_nd nd;
		struct gw_v6_dhcp6 dhcp6;
	} u;
};

/**
 * Memory of UDP flows and fragments: `slots` of each (rounded up to a power of two, at most 1 << 20),
 * whatever peers send; the oldest of a bucket gives way. Aborts without memory.
 */
struct gw_v6_flows;
struct gw_v6_flows *gw_v6_flows_new(size_t slots);
void gw_v6_flows_free(struct gw_v6_flows *flows);

/** Judges one frame. `flows` may be NULL: then each frame stands alone. Never fails. */
void gw_v6_classify(const struct gw_v6_context *context, struct gw_v6_flows *flows,
		    const struct gw_v6_frame *frame, struct gw_v6_result *ret);

#endif
