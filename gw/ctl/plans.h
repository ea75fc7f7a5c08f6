/* Plan files as the commands plan, approve and apply use them. */
#ifndef GW_CTL_PLANS_H
#define GW_CTL_PLANS_H

#include "gw/approval/plan_file.h"
#include "gw/ctl/ctl.h"

/** Reads a plan file; GW_EXIT_INVALID after a diagnostic. In the arena. */
enum gw_exit gw_ctl_read_plan(struct gw_ctl *ctl, const char *path, struct gw_plan_file *ret);
/** Writes it as a whole: whoever opens it sees the old or the new one. */
enum gw_exit gw_ctl_write_plan(struct gw_ctl *ctl, const char *path,
			       const struct gw_plan_file *plan);
/** Makes the file for what ctl->transaction has prepared. */
enum gw_exit gw_ctl_save_plan(struct gw_ctl *ctl, const char *path);

#endif
