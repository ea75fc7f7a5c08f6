/* The kernel as the agent sees it: what commands that only look work on where an agent runs. */
#ifndef GW_CTL_REMOTE_KERNEL_H
#define GW_CTL_REMOTE_KERNEL_H

#include "gw/ctl/ctl.h"

/**
 * A kernel that asks ctl->agent, which must outlive it: what the kernel holds now. Commits are
 * refused with -EPERM. GW_EXIT_FAILED with a diagnostic if the agent cannot say.
 */
enum gw_exit gw_ctl_remote_kernel(struct gw_ctl *ctl, struct gw_kernel **ret);

/**
 * The file that the agent answers `verb` with: the caller's (gw_free), followed by a NUL. -EREMOTEIO:
 * the agent refused, and has said why; other -errno.
 */
int gw_ctl_read_from_agent(struct gw_ctl *ctl, const char *verb, uint8_t **ret, size_t *ret_len);

#endif
