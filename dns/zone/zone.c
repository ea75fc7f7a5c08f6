#include "dns/zone/zone.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "gw/core/mem.h"

#define LABELS_MAX 128u
#define HUGE_PAGE  (2u << 20)

void gw_zone_init(struct gw_zone_store *zone, const uint8_t *apex, size_t apex_len)
{
	*zone = (struct gw_zone_store){ .arena = gw_arena_new(), .apex_len = (uint8_t)apex_len };
	zone->apex = gw_arena_memdup(zone->arena, apex, apex_len);
}

void gw_zone_done(struct gw_zone_store *zone)
{
	gw_arena_free(zone->arena);
	gw_free(zone->rrs);
	*zone = (struct gw_zone_store){ 0 };
}

/* A zone of a million names is 128 MiB of records: 32,768 page faults, or 64 with huge pages, which cost a third of
 * the time that signing a small change takes. */
void gw_zone_reserve(struct gw_zone_store *zone, size_t n)
{
	struct gw_zone_rr *rrs = NULL;
	size_t bytes;

	if (n <= zone->capacity)
		return;
	if (__builtin_mul_overflow(n, sizeof(*rrs), &bytes) || bytes > SIZE_MAX - HUGE_PAGE)
		gw_out_of_memory();
	bytes += HUGE_PAGE - bytes % HUGE_PAGE;
	if (bytes <= 2 * HUGE_PAGE) {
		rrs = gw_zalloc(n, sizeof(*rrs));
	} else {
		rrs = aligned_alloc(HUGE_PAGE, bytes);
		if (!rrs)
			gw_out_of_memory();
		(void)madvise(rrs, bytes, MADV_HUGEPAGE); /* without it is only slower */
	}
	if (zone->n)
		memcpy(rrs, zone->rrs, zone->n * sizeof(*rrs));
	gw_free(zone->rrs);
	zone->rrs = rrs;
	zone->capacity = n;
}

void gw_zone_add(struct gw_zone_store *zone, const struct gw_zone_rr *rr)
{
	gw_push(zone->rrs, zone->n, zone->capacity, *rr);
}

void gw_zone_append(struct gw_zone_store *zone, const struct gw_zone_rr *rrs, size_t n)
{
	while (zone->capacity - zone->n < n)
		zone->rrs = gw_grow(zone->rrs, zone->capacity, &zone->capacity, sizeof(*zone->rrs));
	if (n)
		memcpy(zone->rrs + zone->n, rrs, n * sizeof(*rrs));
	zone->n += n;
}

/* ---- order --------------------------------------------------------------------------------------- */

/* Where each label begins; the root is not counted. */
static size_t labels_of(const uint8_t *name, uint8_t ret[LABELS_MAX])
{
	size_t n = 0;

	for (size_t at = 0; name[at] && n < LABELS_MAX; at += name[at] + 1u)
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

int gw_zone_name_cmp(const uint8_t *a, const uint8_t *b)
{
	uint8_t a_labels[LABELS_MAX], b_labels[LABELS_MAX];
	size_t i = labels_of(a, a_labels), k = labels_of(b, b_labels);

	while (i && k) {
		const uint8_t *left = a + a_labels[--i], *right = b + b_labels[--k];
		int order = compare_octets(left + 1, *left, right + 1, *right);

		if (order)
			return order;
	}
	return i ? 1 : k ? -1 : 0;
}

bool gw_zone_name_within(const uint8_t *name, size_t len, const uint8_t *of, size_t of_len)
{
	size_t at = 0;

	while (len - at > of_len)
		at += name[at] + 1u;
	return len - at == of_len && memcmp(name + at, of, of_len) == 0;
}

int gw_zone_rr_cmp(const struct gw_zone_rr *a, const struct gw_zone_rr *b)
{
	int order = gw_zone_same_name(a, b) ? 0 : gw_zone_name_cmp(a->name, b->name);

	if (order)
		return order;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return compare_octets(a->rdata, a->len, b->rdata, b->len);
}

static int compare(const void *a, const void *b)
{
	return gw_zone_rr_cmp(a, b);
}

void gw_zone_sort(struct gw_zone_store *zone)
{
	bool sorted = true;
	size_t n = 0;

	for (size_t i = 1; i < zone->n && sorted; i++)
		sorted = gw_zone_rr_cmp(&zone->rrs[i - 1], &zone->rrs[i]) < 0;
	if (sorted)
		return;
	qsort(zone->rrs, zone->n, sizeof(*zone->rrs), compare);
	for (size_t i = 0; i < zone->n; i++)
		if (!n || gw_zone_rr_cmp(&zone->rrs[n - 1], &zone->rrs[i]) != 0)
			zone->rrs[n++] = zone->rrs[i];
	zone->n = n;
}

/* ---- look-up ------------------------------------------------------------------------------------- */

size_t gw_zone_name_end(const struct gw_zone_store *zone, size_t i)
{
	size_t end = i + 1;

	while (end < zone->n && gw_zone_same_name(&zone->rrs[end], &zone->rrs[i]))
		end++;
	return end;
}

size_t gw_zone_set_end(const struct gw_zone_store *zone, size_t i, size_t end_name)
{
	size_t end = i + 1;

	while (end < end_name && zone->rrs[end].type == zone->rrs[i].type)
		end++;
	return end;
}

size_t gw_zone_find(const struct gw_zone_store *zone, const uint8_t *name)
{
	size_t from = 0, to = zone->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (gw_zone_name_cmp(zone->rrs[middle].name, name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

const struct gw_zone_rr *gw_zone_get(const struct gw_zone_store *zone, const uint8_t *name,
				     uint16_t type, size_t *ret_n)
{
	size_t i = gw_zone_find(zone, name);

	if (i == zone->n || gw_zone_name_cmp(zone->rrs[i].name, name) != 0)
		return NULL;
	for (size_t end = gw_zone_name_end(zone, i), to; i < end; i = to) {
		to = gw_zone_set_end(zone, i, end);
		if (zone->rrs[i].type != type)
			continue;
		if (ret_n)
			*ret_n = to - i;
		return &zone->rrs[i];
	}
	return NULL;
}
