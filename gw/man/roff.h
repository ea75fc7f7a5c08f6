/* Text for roff, which takes some characters for requests. Shared by the manual pages. */
#ifndef GW_MAN_ROFF_H
#define GW_MAN_ROFF_H

#include "gw/core/text.h"

/** Text as it is to be read. */
void gw_roff_put(struct gw_text *out, const char *text);
/** The same as whole lines. */
void gw_roff_lines(struct gw_text *out, const char *text);

#endif
