/*
 * Sets of addresses as sorted, disjoint, non-adjacent closed ranges. All operations walk both sets
 * once; ends of ranges are never computed as hi + 1 without looking, because hi may be the
 * last number there is.
 */
#include <stdlib.h>
#include <string.h>

#include "gw/core/addr.h"

static const struct gw_range all_ipv4 = { 0, UINT32_MAX };
static const struct gw_range all_ipv6 = { 0, ~(gw_u128)0 };

gw_u128 gw_family_max(enum gw_family family)
{
	return family == GW_FAMILY_IPV4 ? all_ipv4.hi : all_ipv6.hi;
}

unsigned int gw_family_bits(enum gw_family family)
{
	return family == GW_FAMILY_IPV4 ? 32 : 128;
}

struct gw_addrset gw_addrset_all(enum gw_family family)
{
	return (struct gw_addrset){ family == GW_FAMILY_IPV4 ? &all_ipv4 : &all_ipv6, 1 };
}

static int range_compare(const void *a, const void *b)
{
	const struct gw_range *left = a, *right = b;

	if (left->lo != right->lo)
		return left->lo < right->lo ? -1 : 1;
	return (left->hi > right->hi) - (left->hi < right->hi);
}

static bool is_sorted(const struct gw_range *ranges, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (ranges[i].lo < ranges[i - 1].lo)
			return false;
	return true;
}

/* True if `next`, which starts no earlier than `range`, overlaps or touches it. */
static bool touches(const struct gw_range *range, const struct gw_range *next)
{
	return next->lo <= range->hi || next->lo - range->hi == 1;
}

/* Appends a range that starts no earlier than those before it, merging what touches. */
static void append(struct gw_range *out, size_t *n, struct gw_range range)
{
	if (*n && touches(&out[*n - 1], &range)) {
		if (range.hi > out[*n - 1].hi)
			out[*n - 1].hi = range.hi;
		return;
	}
	out[(*n)++] = range;
}

struct gw_addrset gw_addrset_from_ranges(struct gw_arena *arena, struct gw_range *ranges, size_t n)
{
	size_t merged = 0;

	/* Large lists usually come sorted; looking is cheaper than sorting again. */
	if (!is_sorted(ranges, n))
		qsort(ranges, n, sizeof(*ranges), range_compare);
	for (size_t i = 0; i < n; i++)
		append(ranges, &merged, ranges[i]);
	return (struct gw_addrset){ gw_arena_memdup(arena, ranges, merged * sizeof(*ranges)),
				    merged };
}

struct gw_addrset gw_addrset_union(struct gw_arena *arena, struct gw_addrset a, struct gw_addrset b)
{
	struct gw_range *out;
	size_t i = 0, k = 0, n = 0;

	if (!a.n)
		return b;
	if (!b.n)
		return a;
	out = gw_arena_array(arena, a.n + b.n, struct gw_range);
	while (i < a.n || k < b.n) {
		if (k == b.n || (i < a.n && a.ranges[i].lo <= b.ranges[k].lo))
			append(out, &n, a.ranges[i++]);
		else
			append(out, &n, b.ranges[k++]);
	}
	return (struct gw_addrset){ out, n };
}

/* The first range of `set` from `start` on that ends at or after `addr`; set.n if there is none.
 * Gallops, so that a small set against a large one costs the logarithm of the large one. */
static size_t seek(struct gw_addrset set, size_t start, gw_u128 addr)
{
	size_t step = 1, low = start, high;

	while (low < set.n && set.ranges[low].hi < addr) {
		start = low + 1;
		low += step;
		step *= 2;
	}
	high = low < set.n ? low : set.n;
	while (start < high) {
		size_t middle = start + (high - start) / 2;

		if (set.ranges[middle].hi < addr)
			start = middle + 1;
		else
			high = middle;
	}
	return start;
}

/* The ranges of `set` that share an address with `limits`: a view, no copy. So that a few addresses
 * against a list of a million cost the logarithm of the list, in time and in memory. */
static struct gw_addrset clip(struct gw_addrset set, struct gw_addrset limits)
{
	struct gw_range span = { limits.ranges[0].lo, limits.ranges[limits.n - 1].hi };
	size_t first = seek(set, 0, span.lo), end = seek(set, first, span.hi);

	if (end < set.n && set.ranges[end].lo <= span.hi)
		end++;
	return (struct gw_addrset){ set.ranges + first, end - first };
}

struct gw_addrset gw_addrset_intersect(struct gw_arena *arena, struct gw_addrset a,
				       struct gw_addrset b)
{
	struct gw_range *out;
	size_t i = 0, k = 0, n = 0;

	/* The whole is common where one set covers the other: nothing to build. */
	if (!a.n || gw_addrset_subset(a, b))
		return a;
	if (!b.n || gw_addrset_subset(b, a))
		return b;
	a = clip(a, b);
	if (!a.n)
		return a;
	b = clip(b, a);
	out = gw_arena_array(arena, a.n + b.n, struct gw_range);
	while (i < a.n && k < b.n) {
		const struct gw_range *left = &a.ranges[i], *right = &b.ranges[k];
		gw_u128 lo = left->lo > right->lo ? left->lo : right->lo;
		gw_u128 hi = left->hi < right->hi ? left->hi : right->hi;

		if (lo <= hi)
			out[n++] = (struct gw_range){ lo, hi };
		if (left->hi < right->hi)
			i++;
		else
			k++;
	}
	return (struct gw_addrset){ out, n };
}

struct gw_addrset gw_addrset_subtract(struct gw_arena *arena, struct gw_addrset a,
				      struct gw_addrset b)
{
	struct gw_range *out;
	size_t k = 0, n = 0;

	if (!a.n || !gw_addrset_overlaps(a, b))
		return a;
	b = clip(b, a);
	out = gw_arena_array(arena, a.n + b.n, struct gw_range);
	for (size_t i = 0; i < a.n; i++) {
		struct gw_range rest = a.ranges[i];
		bool left_over = true;

		while (k < b.n && b.ranges[k].hi < rest.lo)
			k++;
		/* The last range of b may reach into the next one of a: look ahead with m. */
		for (size_t m = k; left_over && m < b.n && b.ranges[m].lo <= rest.hi; m++) {
			if (b.ranges[m].lo > rest.lo)
				out[n++] = (struct gw_range){ rest.lo, b.ranges[m].lo - 1 };
			left_over = b.ranges[m].hi < rest.hi;
			if (left_over)
				rest.lo = b.ranges[m].hi + 1;
		}
		if (left_over)
			out[n++] = rest;
	}
	return (struct gw_addrset){ out, n };
}

bool gw_addrset_equal(struct gw_addrset a, struct gw_addrset b)
{
	if (a.n != b.n)
		return false;
	if (a.ranges == b.ranges)
		return true;
	return memcmp(a.ranges, b.ranges, a.n * sizeof(*a.ranges)) == 0;
}

bool gw_addrset_contains(struct gw_addrset set, gw_u128 addr)
{
	size_t low = 0, high = set.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (addr > set.ranges[middle].hi)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set.n && addr >= set.ranges[low].lo;
}

bool gw_addrset_overlaps(struct gw_addrset a, struct gw_addrset b)
{
	size_t i = 0, k = 0;

	while (i < a.n && k < b.n) {
		i = seek(a, i, b.ranges[k].lo);
		if (i == a.n)
			return false;
		if (a.ranges[i].lo <= b.ranges[k].hi)
			return true;
		k = seek(b, k, a.ranges[i].lo);
		if (k < b.n && b.ranges[k].lo <= a.ranges[i].hi)
			return true;
	}
	return false;
}

bool gw_addrset_subset(struct gw_addrset a, struct gw_addrset b)
{
	size_t k = 0;

	if (a.ranges == b.ranges && a.n == b.n)
		return true;
	for (size_t i = 0; i < a.n; i++) {
		k = seek(b, k, a.ranges[i].lo);
		if (k == b.n || b.ranges[k].lo > a.ranges[i].lo || b.ranges[k].hi < a.ranges[i].hi)
			return false;
	}
	return true;
}
