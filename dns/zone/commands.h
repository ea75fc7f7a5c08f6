/* `gwctl zone …`: the operator's side of zones. What its commands share. */
#ifndef DNS_ZONE_COMMANDS_H
#define DNS_ZONE_COMMANDS_H

#include "dns/zone/config.h"
#include "gw/ctl/ctl.h"

extern const struct gw_command gw_zone_commands[];

/**
 * The zones that the arguments name; all of the config without arguments. GW_EXIT_INVALID or GW_EXIT_USAGE
 * after a diagnostic. In the arena.
 */
enum gw_exit gw_zone_ctl_zones(struct gw_ctl *ctl, const struct gw_zone_config *const **ret,
			       size_t *ret_n);
/** The config's zones; NULL after diagnostics. */
const struct gw_zones_config *gw_zone_ctl_config(struct gw_ctl *ctl);

enum gw_exit gw_cmd_zone_compare(struct gw_ctl *ctl);

#endif
