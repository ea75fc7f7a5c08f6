/* The counts that gwd sends to gw-metricsd. */
#include <stddef.h>
#include <stdint.h>

#include "gw/metrics/reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_count *counts;
	size_t n;

	(void)gw_reading_parse(arena, data, size, &counts, &n);
	gw_arena_free(arena);
	return 0;
}
