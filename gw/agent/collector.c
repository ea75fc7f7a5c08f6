#include "gw/agent/collector.h"

enum gw_collector_news gw_collector_note(struct gw_collector *collector, bool connected,
					 uint64_t waiting, int64_t now)
{
	const bool was_lost = collector->lost;

	if (connected) {
		collector->away = false;
		collector->lost = false;
		return was_lost ? GW_COLLECTOR_BACK : GW_COLLECTOR_NO_NEWS;
	}
	if (!collector->away)
		collector->since = now;
	collector->away = true;
	collector->waiting = waiting;
	collector->lost = was_lost || now - collector->since >= GW_COLLECTOR_LOST_S;
	return collector->lost && !was_lost ? GW_COLLECTOR_LOST : GW_COLLECTOR_NO_NEWS;
}
