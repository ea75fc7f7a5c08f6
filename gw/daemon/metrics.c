#include "gw/daemon/metrics.h"

#include "gw/report/json.h"

void gw_metrics_init(struct gw_metrics *metrics)
{
	metrics->families = json_array();
}

void gw_metrics_done(struct gw_metrics *metrics)
{
	json_decref(metrics->families);
	metrics->families = NULL;
}

json_t *gw_metrics_family(struct gw_metrics *metrics, const char *name, const char *type,
			  const char *help)
{
	json_t *family = json_object();

	gw_json_set(family, "name", json_string(name));
	gw_json_set(family, "type", json_string(type));
	gw_json_set(family, "help", json_string(help));
	gw_json_set(family, "samples", json_array());
	gw_json_add(metrics->families, family);
	return family;
}

void gw_metrics_add(json_t *family, uint64_t value, const char *const *labels)
{
	json_t *sample = json_object(), *object = json_object();

	for (; labels && labels[0]; labels += 2)
		gw_json_set(object, labels[0], gw_json_text(labels[1]));
	gw_json_set(sample, "labels", object);
	gw_json_set(sample, "value", gw_json_number(value));
	gw_json_add(json_object_get(family, "samples"), sample);
}

void gw_metrics_one(struct gw_metrics *metrics, const char *name, const char *type,
		    const char *help, uint64_t value)
{
	gw_metrics_add(gw_metrics_family(metrics, name, type, help), value, NULL);
}
