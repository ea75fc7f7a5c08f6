/*
 * Whether a change has the approvals that it needs. The rules in force decide, not those that the change
 * would bring; signatures themselves are judged by gw/approval.
 */
#ifndef GW_AGENT_APPROVALS_H
#define GW_AGENT_APPROVALS_H

#include "gw/agent/transaction.h"
#include "gw/approval/approval.h"

/** How a change was asked for. All borrowed. */
struct gw_approval_request {
	const struct gw_plan_file *plan; /* NULL: none was given */
	const char *applicant;           /* whose word is the socket's */
	bool emergency;                  /* fewer are to be enough */
	bool undoes;                     /* it goes back to the revision directly before */
};

/** True if a change of this config needs approvals, or if that cannot be told. NULL: nothing is in force. */
bool gw_config_asks_approvals(const struct gw_config *config);

/** GW_EXIT_OK with who has approved, or GW_EXIT_REFUSED. The transaction is prepared. */
enum gw_exit gw_agent_check_approvals(struct gw_transaction *transaction,
				      const struct gw_approval_request *request,
				      struct gw_approval_result *ret, struct gw_diags *diags);

#endif
