#include "dns/zone/canonical.h"

#include <stdlib.h>
#include <string.h>

#define LABELS_MAX 128u

/* Where each label begins; how many there are, the root not counted. */
static size_t labels_of(const struct gw_dns_name *name, uint8_t ret[LABELS_MAX])
{
	size_t n = 0;

	for (size_t at = 0; at < name->len && name->wire[at] && n < LABELS_MAX;
	     at += name->wire[at] + 1u)
		ret[n++] = (uint8_t)at;
	return n;
}

static int compare_octets(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (order || a_len == b_len)
		return order;
	return a_len < b_len ? -1 : 1;
}

int gw_dns_name_compare(const struct gw_dns_name *a, const struct gw_dns_name *b)
{
	uint8_t a_labels[LABELS_MAX], b_labels[LABELS_MAX];
	size_t i = labels_of(a, a_labels), k = labels_of(b, b_labels);

	while (i && k) {
		const uint8_t *left = a->wire + a_labels[--i], *right = b->wire + b_labels[--k];
		int order = compare_octets(left + 1, *left, right + 1, *right);

		if (order)
			return order;
	}
	return i ? 1 : k ? -1 : 0;
}

int gw_zone_record_compare(const struct gw_zone_record *a, const struct gw_zone_record *b)
{
	int order = a->name == b->name ? 0 : gw_dns_name_compare(a->name, b->name);

	if (order)
		return order;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return compare_octets(a->rdata, a->len, b->rdata, b->len);
}

static int compare(const void *a, const void *b)
{
	return gw_zone_record_compare(a, b);
}

void gw_zone_data_sort(struct gw_zone_data *data)
{
	size_t n = 0;

	if (data->n)
		qsort(data->records, data->n, sizeof(*data->records), compare);
	for (size_t i = 0; i < data->n; i++)
		if (!n || gw_zone_record_compare(&data->records[n - 1], &data->records[i]) != 0)
			data->records[n++] = data->records[i];
	data->n = n;
}
