#include "gw/core/side.h"

void gw_side_start(struct gw_side *side, void *(*run)(void *argument), void *argument)
{
	side->threaded = pthread_create(&side->thread, NULL, run, argument) == 0;
	if (!side->threaded)
		(void)run(argument); /* the result is in what the argument points to */
}

void gw_side_wait(struct gw_side *side)
{
	if (side->threaded)
		(void)pthread_join(side->thread, NULL); /* fails for threads that are not there */
	side->threaded = false;
}
