/*
 * What a ruleset does with the first packet of a connection, computed by interpreting the same
 * expressions that the kernel would: finds compiler bugs without a kernel. Knows the expressions
 * that the compiler emits for packets without address translation; anything else fails an
 * assertion. Routes exist for every source.
 */
#ifndef TESTS_SUPPORT_RULESET_EVAL_H
#define TESTS_SUPPORT_RULESET_EVAL_H

#include "gw/policy/region.h"
#include "gw/ruleset/ruleset.h"

struct eval_packet {
	const char *iif, *oif; /* oif NULL: to the gateway */
	struct gw_packet packet;
	int64_t now;      /* Unix time; elements with an expiry before it are gone */
	bool reply;       /* a reply of this connection (sent from oif to iif), established */
	uint32_t ct_mark; /* mark that the connection carries */
};

enum eval_verdict {
	EVAL_ACCEPT,
	EVAL_DROP,
	EVAL_REJECT,
};

struct eval_result {
	enum eval_verdict verdict;
	uint32_t ct_mark; /* that the connection carries now */
	uint32_t mark;    /* packet mark: the number of what dropped it */
	size_t rules;     /* how many rules were looked at */
	bool logged;
};

struct eval_result ruleset_eval(const struct gw_ruleset *ruleset, const struct eval_packet *packet);

#endif
