#include "gw/metrics/view.h"

#include <string.h>

const struct gw_family_view *gw_view_family(const struct gw_view *view, const char *name)
{
	for (size_t m = 0; m < GW_MODULES_MAX; m++)
		for (size_t i = 0; i < view->modules[m].n_families; i++)
			if (strcmp(view->modules[m].families[i].name, name) == 0)
				return &view->modules[m].families[i];
	return NULL;
}

const char *gw_sample_label(const struct gw_sample_view *sample, const char *name)
{
	for (size_t i = 0; i < sample->n_pairs; i++)
		if (strcmp(sample->pairs[2 * i], name) == 0)
			return sample->pairs[2 * i + 1];
	return NULL;
}

static const json_t *member(const struct gw_view *view, const char *object, const char *key)
{
	const json_t *of = object ? json_object_get(view->agent, object) : view->agent;

	return json_object_get(of, key);
}

uint64_t gw_view_number(const struct gw_view *view, const char *object, const char *key)
{
	json_int_t value = json_integer_value(member(view, object, key));

	return value > 0 ? (uint64_t)value : 0;
}

bool gw_view_flag(const struct gw_view *view, const char *object, const char *key)
{
	return json_is_true(member(view, object, key));
}

const char *gw_view_text(const struct gw_view *view, const char *object, const char *key)
{
	const char *text = json_string_value(member(view, object, key));

	return text ? text : "";
}

bool gw_builtin_drops(enum gw_builtin builtin)
{
	return builtin >= GW_BUILTIN_BETWEEN;
}
