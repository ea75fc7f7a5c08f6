/* gw-protocol(7), from the tables that the agent checks its requests with. */
#ifndef GW_MAN_PROTOCOL_H
#define GW_MAN_PROTOCOL_H

#include "gw/core/text.h"
#include "gw/ipc/ipc.h"

/** The page as mdoc source. `control` ends with NULL. */
void gw_protocol_manual(const struct gw_verb *const *control, struct gw_text *out);

#endif
