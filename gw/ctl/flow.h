/* A flow as the operator writes it: `wan 198.51.100.9 -> 203.0.113.9 tcp/22`. */
#ifndef GW_CTL_FLOW_H
#define GW_CTL_FLOW_H

#include "gw/ctl/ctl.h"
#include "gw/policy/decide.h"

/** The first packet of a connection, and where it comes from and goes to. */
struct gw_flow {
	const struct gw_zone *from, *to; /* to NULL: the gateway */
	struct gw_packet sent;           /* as the client sends it */
	struct gw_packet packet;         /* after dnat: what the policy judges */
	const struct gw_nat *dnat;       /* NULL: none */
};

/**
 * Reads `[ZONE] SOURCE -> [ZONE] DESTINATION SERVICE`, where the arrow may be written `to` and the
 * destination `gateway`. A zone that is left out is found by the address; port forwards are
 * followed; addresses of this machine in `links` are the gateway. GW_EXIT_USAGE if it makes no
 * sense.
 */
enum gw_exit gw_flow_parse(struct gw_ctl *ctl, const struct gw_policy *policy,
			   const struct gw_links *links, struct gw_flow *ret);

/** What decided: the id of a rule, `between.default`, or the name of a built-in reason. */
const char *gw_flow_decided_by(const struct gw_flow *flow, const struct gw_decision *decision);

#endif
