/* The cases of the catalogue, before anybody bends them: tables for IPv6, for IPv4 and for the rest. */
#ifndef TESTS_SUPPORT_V6_CASES_H
#define TESTS_SUPPORT_V6_CASES_H

#include "ipv6guard/classify.h"
#include "tests/support/v6_build.h"

enum v6_flags {
	V6_BY_ADDRESS = 1 << 0, /* its class shows in the addresses, whatever follows them */
	V6_BY_MAC = 1 << 1,     /* … only in the MACs of the frame */
	V6_ROUTER = 1 << 2,     /* sent by the listed router */
	V6_STUB = 1 << 3,       /* … stub router */
	V6_VICTIM = 1 << 4,     /* sent by the victim: an ordinary host */
	V6_OPTIONS = 1 << 5,    /* neighbour discovery with options, of which more can be added */
	V6_MLD = 1 << 6,        /* with Router Alert */
	V6_PLAIN = 1 << 7,      /* benign, and not bent */
	V6_FINE = 1 << 9,       /* nothing is wrong with it where its sender is heeded */
	V6_NO_FAULTS = 1 << 8,  /* its class depends on being well formed */
};

/** IPv6: `payload` follows UDP or TCP header if there are ports, else it is the upper layer. */
struct v6_case6 {
	const char *id, *name;
	enum gw_v6_class class_id; /* that it is known by */
	enum gw_v6_class guarded;  /* where listed routers are heeded; as class_id if that is 0 */
	const char *src, *dst;
	uint8_t hop, next;
	uint16_t src_port, dst_port;
	const char *payload;
	unsigned int flags;
	const char *victim; /* what an unguarded one does */
};
extern const struct v6_case6 v6_cases6[];
extern const size_t v6_cases6_n;
extern const struct v6_case6 v6_benign6[];
extern const size_t v6_benign6_n;

/* What is inside of a tunnel. */
enum v6_inner {
	V6_INNER_NONE,
	V6_INNER_SIX,    /* IPv6 with TCP */
	V6_INNER_RA,     /* IPv6 with a router advertisement */
	V6_INNER_TEREDO, /* IPv6 between Teredo addresses */
	V6_INNER_6TO4,
	V6_INNER_ISATAP,
	V6_INNER_FOUR,   /* IPv4 with an echo request */
	V6_INNER_ETHER6, /* an Ethernet frame with IPv6 */
	V6_INNER_ETHER4,
};

struct v6_case4 {
	const char *id, *name;
	enum gw_v6_class class_id;
	uint8_t protocol;
	const char *dst; /* NULL: some host on the Internet */
	uint16_t src_port, dst_port;
	const char *head; /* before what is inside */
	enum v6_inner inner;
	const char *tail;
	unsigned int flags;
	const char *victim;
};
extern const struct v6_case4 v6_cases4[];
extern const size_t v6_cases4_n;

/** Frames that are neither. `head` begins with the destination. */
struct v6_case2 {
	const char *id, *name;
	enum gw_v6_class class_id;
	const char *head;
	enum v6_inner inner;
	const char *victim;
};
extern const struct v6_case2 v6_cases2[];
extern const size_t v6_cases2_n;

void v6_packet_of(const struct v6_case6 *from, struct v6_packet *ret);
void v6_inner_packet(enum v6_inner inner, struct v6_bytes *out);
/** The IPv4 packet of a case. */
void v6_ipv4_of(const struct v6_case4 *from, const struct v6_ipv4 *bent, struct v6_bytes *out);
/** What its IP header carries. */
void v6_ipv4_payload(const struct v6_case4 *from, struct v6_bytes *out);

#endif
