/* What the commands of emergency measures and of admission share. */
#ifndef GW_CTL_MEASURES_H
#define GW_CTL_MEASURES_H

#include "gw/ctl/ctl.h"

/** The fields that all of them have, from the options; NULL after a usage error. */
json_t *gw_ctl_measure_fields(struct gw_ctl *ctl);
/**
 * Asks the agent for a measure on `target` and reports it: "`target` `what`", and the command that
 * takes it back, NULL where it was lifted. Takes `fields` over.
 */
enum gw_exit gw_ctl_measure(struct gw_ctl *ctl, const char *verb, json_t *fields,
			    const char *target, const char *what, const char *undo);
/** The list that the agent attaches to its reply; `*ret` is the caller's, NULL after a diagnostic. Takes
 * `fields` over. */
enum gw_exit gw_ctl_list(struct gw_ctl *ctl, const char *verb, json_t *fields, json_t **ret);

#endif
