/*
 * $GENERATE START-STOP[/STEP] ENTRY, as BIND has it: the entry once for each number, which stands in it as `$` or
 * `${OFFSET[,WIDTH[,BASE]]}` with base d, o, x, X, n or N (nibbles, for ip6.arpa); `$$` and `\$` are a dollar.
 */
#ifndef DNS_ZONE_GENERATE_H
#define DNS_ZONE_GENERATE_H

#include "dns/zone/words.h"
#include "gw/core/text.h"

#define GW_ZONE_GENERATE_MAX 65536u

struct gw_zone_range {
	uint32_t start, stop, step;
};

/** False: it is no range, or of more than GW_ZONE_GENERATE_MAX numbers. */
bool gw_zone_range_read(const struct gw_word *word, struct gw_zone_range *ret);
/** Appends the entry for this number; false: what stands behind a `$` is wrong. */
bool gw_zone_generate(const char *entry, uint32_t number, struct gw_text *out);

#endif
