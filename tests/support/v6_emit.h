/* Inside of v6_frames: what is being bent, and how it is put down with its label. */
#ifndef TESTS_SUPPORT_V6_EMIT_H
#define TESTS_SUPPORT_V6_EMIT_H

#include "tests/support/v6_cases.h"
#include "tests/support/v6_frames.h"

#define V6_SHOWN_MAX 6

/* What a variant shows of itself, outermost first; whether the case can still be seen. */
struct v6_shown {
	enum gw_v6_class classes[V6_SHOWN_MAX];
	enum gw_v6_class after[2]; /* behind what the case does */
	bool behind_ip;            /* `classes` show behind the addresses */
	bool hides;                /* what is behind the IP header */
	bool hides_all;            /* the addresses too */
	bool hides_macs;           /* who sent the frame is not who sent the packet */
};

struct v6_emitter {
	struct v6_samples *samples;
	const struct v6_case6 *six; /* one of the three */
	const struct v6_case4 *four;
	const struct v6_case2 *two;
	const char *variant;
	bool accepted;
	uint8_t part, parts;
	bool needs_flow;
};

/** Adds a frame. */
void v6_emit(struct v6_emitter *emitter, const struct v6_bytes *frame,
	     const struct v6_shown *shown);

/** Layer 3 with what goes around it. */
struct v6_l3 {
	const uint8_t *eth_dst, *eth_src;
	unsigned int type;
	const struct v6_bytes *bytes;
};

/* v6_variants6.c: ways to bend an IPv6 packet; v6_wrap.c: ways to carry anything. */
void v6_bend_six(struct v6_emitter *emitter, const struct v6_case6 *from);
void v6_bend_four(struct v6_emitter *emitter, const struct v6_case4 *from);
void v6_wrap(struct v6_emitter *emitter, const struct v6_l3 *l3);
/** IPv6 in tunnels, and tunnels in those. */
void v6_tunnel(struct v6_emitter *emitter, const struct v6_bytes *packet);

#endif
