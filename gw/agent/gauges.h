/* The counts of rules on their way to gw-metricsd: see gauges.c. */
#ifndef GW_AGENT_GAUGES_H
#define GW_AGENT_GAUGES_H

#include "gw/agent/agent.h"
#include "gw/agent/counts.h"
#include "gw/core/text.h"

/** Octets of a record before the id. */
#define GW_GAUGES_HEAD 18u

/** Adds the record of one count. */
void gw_gauges_put_count(const struct gw_count *count, struct gw_text *out);

#endif
