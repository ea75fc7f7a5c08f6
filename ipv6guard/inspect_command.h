/* `gwctl ipv6 inspect`; entered in the table of commands.c. */
#ifndef IPV6GUARD_INSPECT_COMMAND_H
#define IPV6GUARD_INSPECT_COMMAND_H

#include "gw/ctl/ctl.h"

extern const struct gw_option gw_ipv6_inspect_options[];
enum gw_exit gw_cmd_ipv6_inspect(struct gw_ctl *ctl);

#endif
