/*
 * Object files: address lists of up to millions of lines, one address, prefix or range a line.
 *
 * Almost all lines of such lists are plain IPv4 addresses and prefixes, so these are read by hand
 * and kept in 8 bytes while they are sorted; whatever is written in another way goes through the
 * common parser.
 */
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/loader.h"

#define TOKEN_MAX 128u

struct object {
	struct gw_loader *loader;
	const struct gw_source *source;
	uint64_t *v4; /* first << 32 | last, heap */
	size_t n_v4, v4_capacity;
	struct gw_range_buffer v6;
	size_t errors;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* One decimal byte of a dotted quad; no leading zeroes, as in the common parser. */
static const char *take_byte(const char *at, const char *end, uint32_t *addr)
{
	const char *start = at;
	uint32_t value = 0;

	for (; at < end && at - start < 3 && *at >= '0' && *at <= '9'; at++)
		value = value * 10 + (uint32_t)(*at - '0');
	if (at == start || value > 255 || (at - start > 1 && *start == '0'))
		return NULL;
	*addr = *addr << 8 | value;
	return at;
}

/* "192.0.2.1" or "192.0.2.0/24" without host bits; false if it is anything else. */
static bool fast_v4(const char *at, const char *end, uint64_t *ret)
{
	uint32_t addr = 0, bits = 0, host_mask;

	for (int i = 0; i < 4; i++) {
		if (i && (at == end || *at++ != '.'))
			return false;
		at = take_byte(at, end, &addr);
		if (!at)
			return false;
	}
	if (at == end) {
		*ret = (uint64_t)addr << 32 | addr;
		return true;
	}
	if (*at++ != '/')
		return false;
	at = take_byte(at, end, &bits);
	if (at != end || bits > 32)
		return false;
	host_mask = bits == 32 ? 0 : UINT32_MAX >> bits;
	if (addr & host_mask)
		return false;
	*ret = (uint64_t)addr << 32 | addr | host_mask;
	return true;
}

static void read_slow(struct object *object, const char *token, size_t len, struct gw_loc loc)
{
	char text[TOKEN_MAX];
	enum gw_family family;
	struct gw_range range;

	if (len >= sizeof(text) || memchr(token, '\0', len)) {
		gw_diag(object->loader->diags, GW_D_BAD_ADDRESS, loc,
			"this is not an address, prefix or range");
		object->errors++;
		return;
	}
	memcpy(text, token, len);
	text[len] = '\0';
	if (!gw_read_address(object->loader->diags, loc, text, &family, &range)) {
		object->errors++;
		return;
	}
	if (family == GW_FAMILY_IPV6)
		gw_range_buffer_add(&object->v6, range);
	else
		gw_push(object->v4, object->n_v4, object->v4_capacity,
			(uint64_t)range.lo << 32 | (uint64_t)range.hi);
}

static void read_line(struct object *object, const char *start, const char *end, uint32_t line)
{
	const char *token = start, *stop;
	struct gw_loc loc = { .source = object->source, .line = line };
	uint64_t packed;

	while (token < end && is_blank(*token))
		token++;
	stop = token;
	while (stop < end && !is_blank(*stop) && *stop != '#')
		stop++;
	if (stop == token)
		return;
	loc.column = (uint32_t)(token - start) + 1;
	loc.len = (uint32_t)(stop - token);
	if (fast_v4(token, stop, &packed))
		gw_push(object->v4, object->n_v4, object->v4_capacity, packed);
	else
		read_slow(object, token, (size_t)(stop - token), loc);
	while (stop < end && is_blank(*stop))
		stop++;
	if (stop < end && *stop != '#') {
		loc.column = (uint32_t)(stop - start) + 1;
		loc.len = (uint32_t)(end - stop);
		gw_diag(object->loader->diags, GW_D_BAD_ADDRESS, loc,
			"a line holds one address, prefix or range");
		object->errors++;
	}
}

static int compare_packed(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static void sort_packed(uint64_t *items, size_t n)
{
	/* Lists are mostly kept sorted. */
	for (size_t i = 1; i < n; i++) {
		if (items[i - 1] > items[i]) {
			qsort(items, n, sizeof(*items), compare_packed);
			return;
		}
	}
}

/* Merges overlapping and adjacent ranges in place; returns how many are left. */
static size_t merge_packed(uint64_t *items, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t last = used ? items[used - 1] & UINT32_MAX : 0;

		if (used && items[i] >> 32 <= last + 1) {
			if ((items[i] & UINT32_MAX) > last)
				items[used - 1] += (items[i] & UINT32_MAX) - last;
		} else {
			items[used++] = items[i];
		}
	}
	return used;
}

static struct gw_addrset take_v4(struct object *object)
{
	struct gw_range *ranges;
	size_t n;

	if (!object->v4)
		return (struct gw_addrset){ NULL, 0 };
	sort_packed(object->v4, object->n_v4);
	n = merge_packed(object->v4, object->n_v4);
	ranges = gw_arena_array(object->loader->arena, n, struct gw_range);
	for (size_t i = 0; i < n; i++)
		ranges[i] = (struct gw_range){ object->v4[i] >> 32, object->v4[i] & UINT32_MAX };
	return (struct gw_addrset){ ranges, n };
}

bool gw_read_object(struct gw_loader *loader, const char *path, struct gw_loc loc,
		    struct gw_addrset ret[GW_FAMILY_COUNT])
{
	struct object object = { .loader = loader };
	const char *at, *end;

	object.source = gw_conf_object(loader->conf, path, loc, loader->diags);
	if (!object.source)
		return false;
	at = object.source->text;
	end = at + object.source->len;
	/* A file of another kind would give an error on every line: the first few say it all. */
	for (uint32_t line = 1; at < end && object.errors < loader->diags->limit; line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		read_line(&object, at, newline ? newline : end, line);
		at = newline ? newline + 1 : end;
	}
	if (!object.errors) {
		ret[GW_FAMILY_IPV4] = take_v4(&object);
		ret[GW_FAMILY_IPV6] = gw_range_buffer_take(&object.v6, loader->arena);
	}
	gw_free(object.v4);
	gw_free(object.v6.items);
	return !object.errors;
}
