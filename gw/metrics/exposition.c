#include "gw/metrics/exposition.h"

#include <math.h>
#include <string.h>

#include "gw/core/mem.h"

static const char *const suffixes[] = {
	[GW_METRIC_COUNTER] = "_total",
	[GW_METRIC_GAUGE] = "",
	[GW_METRIC_INFO] = "_info",
};

static const char *const words[] = {
	[GW_METRIC_COUNTER] = "counter",
	[GW_METRIC_GAUGE] = "gauge",
	[GW_METRIC_INFO] = "info",
};

bool gw_metric_type_parse(const char *word, enum gw_metric_type *ret)
{
	for (size_t i = 0; i < GW_COUNT(words); i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		*ret = (enum gw_metric_type)i;
		return true;
	}
	return false;
}

/* Both formats escape alike; in help texts Prometheus leaves quotes as they are, and so they are left out. */
static void put_escaped(struct gw_text *text, const char *value, bool quotes)
{
	for (; *value; value++) {
		if (*value == '\\')
			gw_text_puts(text, "\\\\");
		else if (*value == '\n')
			gw_text_puts(text, "\\n");
		else if (*value != '"')
			gw_text_putc(text, *value);
		else
			gw_text_puts(text, quotes ? "\\\"" : "'");
	}
}

void gw_exposition_label(struct gw_text *labels, const char *name, const char *value)
{
	if (labels->len)
		gw_text_putc(labels, ',');
	gw_text_puts(labels, name);
	gw_text_puts(labels, "=\"");
	put_escaped(labels, value ? value : "", true);
	gw_text_putc(labels, '"');
}

static void announce(struct gw_exposition *out, const char *what, const char *value)
{
	gw_text_printf(out->text, "# %s %s%s ", what, out->name,
		       out->open_metrics ? "" : suffixes[out->type]);
	put_escaped(out->text, value, false);
	gw_text_putc(out->text, '\n');
}

void gw_exposition_family(struct gw_exposition *out, const char *name, enum gw_metric_type type,
			  const char *unit, const char *help)
{
	out->name = name;
	out->type = type;
	/* Prometheus' own format has no type for information. */
	announce(out, "TYPE", type == GW_METRIC_INFO && !out->open_metrics ? "gauge" : words[type]);
	if (unit && out->open_metrics)
		announce(out, "UNIT", unit);
	announce(out, "HELP", help);
}

/* Name and labels; false if there are too many series already. */
static bool begin_sample(struct gw_exposition *out, const char *labels)
{
	if (out->series_max && out->series >= out->series_max) {
		out->dropped++;
		return false;
	}
	out->series++;
	gw_text_puts(out->text, out->name);
	gw_text_puts(out->text, suffixes[out->type]);
	if (labels && *labels) {
		gw_text_putc(out->text, '{');
		gw_text_puts(out->text, labels);
		gw_text_putc(out->text, '}');
	}
	gw_text_putc(out->text, ' ');
	return true;
}

/* Twenty thousand of them are written at each scrape, so without printf. */
static void put_number(struct gw_text *text, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	gw_text_add(text, digits + at, sizeof(digits) - at);
}

void gw_exposition_sample(struct gw_exposition *out, const char *labels, uint64_t value)
{
	if (!begin_sample(out, labels))
		return;
	put_number(out->text, value);
	gw_text_putc(out->text, '\n');
}

void gw_exposition_sample_real(struct gw_exposition *out, const char *labels, double value)
{
	if (!begin_sample(out, labels))
		return;
	if (isnan(value))
		gw_text_puts(out->text, "NaN");
	else if (isinf(value))
		gw_text_puts(out->text, value < 0 ? "-Inf" : "+Inf");
	else
		gw_text_printf(out->text, "%.12g", value);
	gw_text_putc(out->text, '\n');
}

void gw_exposition_end(struct gw_exposition *out)
{
	if (out->open_metrics)
		gw_text_puts(out->text, "# EOF\n");
}
