/* What gwd keeps of its powers once it is up. */
#ifndef GW_AGENT_CONFINEMENT_H
#define GW_AGENT_CONFINEMENT_H

#include "gw/agent/agent.h"

/** Enters the sandbox; final. GW_EXIT_FAILED with a diagnostic if that is not possible. */
enum gw_exit gw_agent_confine(const struct gw_agent *agent, struct gw_diags *diags);

#endif
