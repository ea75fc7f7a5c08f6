/* Exceptions and the clock of the wall: see exceptions.h for what is remembered of them. */
#ifndef GW_AGENT_EXPIRY_H
#define GW_AGENT_EXPIRY_H

#include "gw/agent/agent.h"
#include "gw/agent/exceptions.h"

/** Takes note of what has ended by now, and cleans up behind it. Before the kernel is compared. */
void gw_expiry_settle(struct gw_agent *agent);
/** The clock was set: exceptions get the time to live that makes them end at the right moment. */
void gw_expiry_clock_jumped(struct gw_agent *agent);
/** For status and metrics. */
const struct gw_exceptions *gw_expiry_exceptions(const struct gw_agent *agent);

#endif
