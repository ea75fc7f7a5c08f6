/* gw-metricsd: metrics and the status page; see metrics.h. */
#include <stdlib.h>

#include "gw/core/mem.h"
#include "gw/metrics/serve.h"
#include "gw/metrics/textfile.h"
#include "gw/report/json.h"

#define MEMORY_MAX (256u << 20)
#define FILES_MAX  128u

static int metrics_start(struct gw_daemon *daemon)
{
	daemon->state = gw_serve_new(daemon);
	return 0;
}

static void metrics_configured(struct gw_daemon *daemon)
{
	gw_serve_configured(daemon->state);
}

static void metrics_status(struct gw_daemon *daemon, json_t *fields)
{
	const struct gw_http_counts *counts = gw_http_counts(gw_serve_http(daemon->state));

	gw_json_set(fields, "connections", gw_json_number(counts->connections));
	gw_json_set(fields, "answers", gw_json_number(counts->ok));
}

static void metrics_stop(struct gw_daemon *daemon)
{
	gw_serve_free(daemon->state);
	daemon->state = NULL;
}

int main(int argc, char **argv)
{
	/* The folder is known before the sandbox, whether the config asks for the file only after it. */
	const struct gw_sandbox_path paths[] = {
		{ gw_textfile_dir(), GW_SANDBOX_WRITE },
		{ NULL, GW_SANDBOX_READ },
	};
	const struct gw_daemon_module module = {
		.name = "metrics",
		.program = "gw-metricsd",
		.about = "Serves metrics for Prometheus and the status page, as `metrics:` of the "
			 "config "
			 "says.\n",
		.paths = paths,
		.memory_max = MEMORY_MAX,
		.files_max = FILES_MAX,
		.start = metrics_start,
		.configured = metrics_configured,
		.status = metrics_status,
		.stop = metrics_stop,
	};

	return gw_daemon_main(&module, argc, argv);
}
