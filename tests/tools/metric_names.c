/* Names of all metrics that stand in the catalogue, as they are scraped; for checks of rules and dashboards. */
#include <stdio.h>
#include <stdlib.h>

#include "gw/metrics/catalogue.h"

int main(void)
{
	static const char *const suffixes[] = {
		[GW_METRIC_COUNTER] = "_total", [GW_METRIC_GAUGE] = "", [GW_METRIC_INFO] = "_info"
	};

	for (int i = 0; i < GW_METRIC_ID_COUNT; i++) {
		const struct gw_metric *metric = gw_metric((enum gw_metric_id)i);

		(void)printf("%s%s\n", metric->name, suffixes[metric->type]);
	}
	return ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
