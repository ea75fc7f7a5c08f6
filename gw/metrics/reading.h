/* The counts that gwd sends (gw/agent/gauges.c), read with as much distrust as anything else. */
#ifndef GW_METRICS_READING_H
#define GW_METRICS_READING_H

#include "gw/agent/counts.h"
#include "gw/core/arena.h"

#define GW_READING_BYTES_MAX (16u << 20)

/** All records, in the arena; sorted by id, what is built in behind a rule of the same name. -EBADMSG. */
int gw_reading_parse(struct gw_arena *arena, const uint8_t *bytes, size_t len,
		     struct gw_count **ret, size_t *ret_n);

#endif
