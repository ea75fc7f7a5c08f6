#include "gw/metrics/catalogue.h"

#include <string.h>

#include "gw/core/mem.h"

#define ENTRY(symbol, name, type, unit, help)                                                      \
	[GW_M_##symbol] = { name, GW_METRIC_##type, unit, help },
static const struct gw_metric metrics[GW_METRIC_ID_COUNT] = { GW_METRICS_OF_THE_CORE(
	ENTRY) GW_METRICS_OF_MODULES(ENTRY) };
#undef ENTRY

const struct gw_metric *gw_metric(enum gw_metric_id id)
{
	return &metrics[id];
}

const struct gw_metric *gw_metric_find(const char *name)
{
	for (size_t i = 0; i < GW_COUNT(metrics); i++)
		if (strcmp(metrics[i].name, name) == 0)
			return &metrics[i];
	return NULL;
}
