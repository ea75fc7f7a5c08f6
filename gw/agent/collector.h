/*
 * The collector of records, as seen from the gateway: that it was lost and is back are events. Pure; the time
 * is an argument. An absence counts once it has lasted a moment, so that a collector that is started
 * anew, or one that flaps, does not fill the trail that it is to receive.
 */
#ifndef GW_AGENT_COLLECTOR_H
#define GW_AGENT_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#define GW_COLLECTOR_LOST_S 5

enum gw_collector_news { GW_COLLECTOR_NO_NEWS, GW_COLLECTOR_LOST, GW_COLLECTOR_BACK };

struct gw_collector {
	bool away, lost;  /* lost: away, and that was told */
	int64_t since;    /* of being away, as `now` */
	uint64_t waiting; /* records, when it was last seen to be away */
};

/** Looks at the collector at `now`, in seconds by a clock that nobody sets. */
enum gw_collector_news gw_collector_note(struct gw_collector *collector, bool connected,
					 uint64_t waiting, int64_t now);

#endif
