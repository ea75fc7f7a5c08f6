/*
 * Changes through the agent: apply and rollback with their options, and waiting for a change to be
 * confirmed. Internal to gw/ctl.
 */
#ifndef GW_CTL_LIVE_CHANGE_H
#define GW_CTL_LIVE_CHANGE_H

#include "gw/ctl/ctl.h"

#define GW_CONFIRM_MAX_S 86400u /* as the agent has it */

/** What --message, --ticket and --confirm say, for the agent. GW_EXIT_USAGE, or the caller's object. */
enum gw_exit gw_ctl_change_fields(struct gw_ctl *ctl, json_t **ret);
/** Sends the config of -C DIR to be applied, and reports. Takes `fields` over. */
enum gw_exit gw_ctl_apply_by_agent(struct gw_ctl *ctl, json_t *fields);
/**
 * Sends `verb` with `fields`, which it takes over, and reports; with --wait stays until the change is
 * confirmed or undone. The verb must have the reply of `apply`.
 */
enum gw_exit gw_ctl_change_by_agent(struct gw_ctl *ctl, const char *verb, json_t *fields, int file);
/** Waits for the end of a change: GW_EXIT_OK if it is confirmed, GW_EXIT_ROLLED_BACK. */
enum gw_exit gw_ctl_wait_for_change(struct gw_ctl *ctl, uint32_t revision);

#endif
