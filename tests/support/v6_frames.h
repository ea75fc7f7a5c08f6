/*
 * The frames of the IPv6 guard's tests: every case of the catalogue with every way to bend it, each with
 * what the classifier must call it in each mode and what a victim would do.
 *
 * Labels come from the case and the variant by rule, not from the classifier: of what a case and its
 * variant show, the graver one that counts in the mode; among equals what is done before how it is
 * wrapped (classes from 200 on), and the outer before the inner. A variant that hides what the case does
 * (fragments, encryption, tunnels) leaves its own.
 */
#ifndef TESTS_SUPPORT_V6_FRAMES_H
#define TESTS_SUPPORT_V6_FRAMES_H

#include "ipv6guard/classify.h"

#define V6_LABELS 3 /* modes off, local, guarded */

struct v6_sample {
	unsigned int id; /* from 1 */
	char case_id[8], name[32], variant[32];
	uint8_t part, parts; /* 1 of 1; fragments are several */
	uint8_t *bytes;      /* owned by the set */
	size_t len;
	enum gw_v6_class expected[V6_LABELS];
	bool benign;     /* the ordinary mix, and what listed routers say */
	bool of_host;    /* sent by the attacker or a host of the segment, not by a router */
	bool needs_flow; /* is known only beside the other parts */
	bool accepted;   /* by some host that is not guarded */
	const char *victim;
};

struct v6_samples {
	struct v6_sample *items;
	size_t n, capacity;
};

void v6_samples_build(struct v6_samples *ret);
void v6_samples_free(struct v6_samples *samples);

/** The segment that the labels are about: one listed router, a listed stub router, two known hosts. */
void v6_samples_context(enum gw_v6_mode mode, struct gw_v6_context *ret);

#endif
