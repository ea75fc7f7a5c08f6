/* Work on all processors: a range of items, cut into pieces, which threads take one after the other. */
#ifndef DNS_ZONE_PARALLEL_H
#define DNS_ZONE_PARALLEL_H

#include <stddef.h>

#define GW_ZONE_THREADS_MAX 64u

/** `wanted`, or for 0 the number of processors; at most GW_ZONE_THREADS_MAX. */
unsigned int gw_zone_threads(unsigned int wanted);

/**
 * Calls `work` for pieces of 0…n of at most `piece` items until all are done. `thread` counts from 0 to
 * `threads` - 1; no two calls with the same one run at the same time. Where the system gives no threads, those
 * that there are do all.
 */
void gw_zone_parallel(unsigned int threads, size_t n, size_t piece,
		      void (*work)(void *context, unsigned int thread, size_t from, size_t to),
		      void *context);

#endif
