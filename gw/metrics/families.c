#include "gw/metrics/families.h"

#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/metrics/catalogue.h"

#define NAME_MAX_LEN 96u
#define HELP_MAX_LEN 256u

/* ---- names ----------------------------------------------------------------------------------- */

static bool is_word(const char *name, size_t max)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (!((name[i] >= 'a' && name[i] <= 'z') || name[i] == '_' ||
		      (i > 0 && name[i] >= '0' && name[i] <= '9')))
			return false;
	return len > 0 && len <= max;
}

/* The formats add these themselves, and reserve the first for themselves. */
static bool ends_with(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len >= suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

/* A module speaks for itself alone: what the core has counted cannot be said by it. */
static bool is_for_modules(const char *name)
{
	const struct gw_metric *known = gw_metric_find(name);

	return is_word(name, NAME_MAX_LEN) && strncmp(name, "gw_", 3) == 0 &&
	       !ends_with(name, "_total") && !ends_with(name, "_info") &&
	       (!known || known >= gw_metric(GW_M_LIMIT_PACKETS));
}

/* ---- samples --------------------------------------------------------------------------------- */

static bool read_labels(struct gw_arena *arena, json_t *json, struct gw_sample_view *ret)
{
	const char **pairs = gw_arena_array(arena, 2 * GW_LABELS_MAX, const char *);
	gw_auto_text struct gw_text labels = { 0 };
	void *at;

	for (at = json_object_iter(json); at; at = json_object_iter_next(json, at)) {
		const char *key = json_object_iter_key(at);
		const char *text = json_string_value(json_object_iter_value(at));

		if (!text || !is_word(key, 32) || strncmp(key, "__", 2) == 0 ||
		    strlen(text) > GW_LABEL_MAX || ret->n_pairs == GW_LABELS_MAX)
			return false;
		pairs[2 * ret->n_pairs] = gw_arena_strdup(arena, key);
		pairs[2 * ret->n_pairs + 1] = gw_arena_strdup(arena, text);
		ret->n_pairs++;
		gw_exposition_label(&labels, key, text);
	}
	ret->pairs = pairs;
	ret->labels = gw_arena_strdup(arena, labels.bytes ? labels.bytes : "");
	return true;
}

static const struct gw_sample_view *same_sample(const struct gw_family_view *family,
						const char *labels)
{
	for (size_t i = 0; family && i < family->n_samples; i++)
		if (strcmp(family->samples[i].labels, labels) == 0)
			return &family->samples[i];
	return NULL;
}

static bool read_sample(struct gw_arena *arena, const json_t *json, struct gw_sample_view *ret,
			uint64_t *ret_value)
{
	const json_t *value = json_object_get(json, "value");

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*ret_value = (uint64_t)json_integer_value(value);
	return read_labels(arena, json_object_get(json, "labels"), ret);
}

static void read_samples(struct gw_arena *arena, const json_t *json,
			 const struct gw_family_view *before, int64_t elapsed_ms,
			 struct gw_family_view *family)
{
	size_t n = json_array_size(json);
	struct gw_sample_view *samples;

	if (n > GW_SAMPLES_MAX)
		n = GW_SAMPLES_MAX;
	samples = gw_arena_array(arena, n, struct gw_sample_view);
	family->samples = samples;
	for (size_t i = 0; i < n; i++) {
		struct gw_sample_view sample = { 0 };
		const struct gw_sample_view *old;
		uint64_t value;

		/* The same series twice would make Prometheus refuse all. */
		if (!read_sample(arena, json_array_get(json, i), &sample, &value) ||
		    same_sample(family, sample.labels))
			continue;
		old = same_sample(before, sample.labels);
		if (old && family->type == GW_METRIC_COUNTER)
			sample.series = old->series;
		gw_series_note(&sample.series, value, elapsed_ms);
		samples[family->n_samples++] = sample;
	}
}

/* ---- families -------------------------------------------------------------------------------- */

static const struct gw_family_view *find(const struct gw_family_view *families, size_t n,
					 const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(families[i].name, name) == 0)
			return &families[i];
	return NULL;
}

static bool read_family(struct gw_arena *arena, const json_t *json, struct gw_family_view *ret)
{
	const char *name = json_string_value(json_object_get(json, "name"));
	const char *type = json_string_value(json_object_get(json, "type"));
	const char *help = json_string_value(json_object_get(json, "help"));
	const struct gw_metric *known = name ? gw_metric_find(name) : NULL;

	if (!name || !type || !is_for_modules(name) || !gw_metric_type_parse(type, &ret->type) ||
	    (known && known->type != ret->type))
		return false;
	ret->name = gw_arena_strdup(arena, name);
	if (known)
		help = known->help;
	ret->help =
		gw_arena_strndup(arena, help ? help : "", help ? strnlen(help, HELP_MAX_LEN) : 0);
	return true;
}

static int compare(const void *left, const void *right)
{
	const struct gw_family_view *a = left, *b = right;

	return strcmp(a->name, b->name);
}

void gw_families_read(struct gw_arena *arena, const json_t *json,
		      const struct gw_module_view *before, int64_t elapsed_ms,
		      const struct gw_family_view **ret, size_t *ret_n)
{
	struct gw_family_view *families =
		gw_arena_array(arena, GW_FAMILIES_MAX, struct gw_family_view);
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(json) && n < GW_FAMILIES_MAX; i++) {
		const json_t *item = json_array_get(json, i);
		struct gw_family_view family = { 0 };

		if (!read_family(arena, item, &family) || find(families, n, family.name))
			continue;
		read_samples(arena, json_object_get(item, "samples"),
			     find(before->families, before->n_families, family.name), elapsed_ms,
			     &family);
		families[n++] = family;
	}
	if (n)
		qsort(families, n, sizeof(*families), compare);
	*ret = families;
	*ret_n = n;
}
