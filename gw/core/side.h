/*
 * Work that is done at the side, on another processor if there is one, while its caller does something
 * else: reading that does not depend on what is read meanwhile. Both touch nothing in common until the
 * caller has waited.
 *
 *	gw_side_start(&side, read_kernel, &job);
 *	...
 *	gw_side_wait(&side);       now job has the result
 */
#ifndef GW_CORE_SIDE_H
#define GW_CORE_SIDE_H

#include <pthread.h>
#include <stdbool.h>

struct gw_side {
	pthread_t thread;
	bool threaded;
};

/** Runs `run(argument)` at the side; at once, and here, if there can be no thread. */
void gw_side_start(struct gw_side *side, void *(*run)(void *argument), void *argument);
/** Returns when it has ended. Does nothing for what has never started, or was waited for. */
void gw_side_wait(struct gw_side *side);

#endif
