/* The kernel compared with the revision in force, and made what it should be, without a new revision. */
#ifndef GW_AGENT_PUT_RIGHT_H
#define GW_AGENT_PUT_RIGHT_H

#include "gw/agent/agent.h"

/**
 * Compares: the plan is in `ret`, which borrows config and numbers of the agent and is freed by
 * gw_agent_compare_done. 0 or -errno, and then there is nothing to free.
 */
int gw_agent_compare(struct gw_agent *agent, struct gw_transaction *ret);
void gw_agent_compare_done(struct gw_transaction *transaction);
/** Sends that plan. Counts of what goes are carried with the revision in force. */
enum gw_exit gw_agent_put_right(struct gw_agent *agent, struct gw_transaction *transaction,
				struct gw_diags *diags);

#endif
