#include "gw/metrics/reading.h"

#include <errno.h>
#include <string.h>

#include "gw/agent/gauges.h"
#include "gw/core/mem.h"

static uint64_t get_u64(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

static bool is_id(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((bytes[i] >= 'a' && bytes[i] <= 'z') ||
		      (bytes[i] >= '0' && bytes[i] <= '9') || bytes[i] == '-'))
			return false;
	return len > 0;
}

/* The octets of one record; 0 if it is none. */
static size_t read_one(struct gw_arena *arena, const uint8_t *bytes, size_t len,
		       struct gw_count *ret)
{
	size_t id_len;

	if (len < GW_GAUGES_HEAD)
		return 0;
	id_len = bytes[17];
	if (id_len > len - GW_GAUGES_HEAD || bytes[16] > 1 ||
	    !is_id(bytes + GW_GAUGES_HEAD, id_len))
		return 0;
	ret->packets = get_u64(bytes);
	ret->bytes = get_u64(bytes + 8);
	ret->builtin = bytes[16];
	ret->id = gw_arena_strndup(arena, (const char *)bytes + GW_GAUGES_HEAD, id_len);
	return GW_GAUGES_HEAD + id_len;
}

static bool in_order(const struct gw_count *before, const struct gw_count *count)
{
	int order = strcmp(before->id, count->id);

	return order < 0 || (order == 0 && !before->builtin && count->builtin);
}

int gw_reading_parse(struct gw_arena *arena, const uint8_t *bytes, size_t len,
		     struct gw_count **ret, size_t *ret_n)
{
	struct gw_count *counts = NULL;
	size_t n = 0, capacity = 0, at = 0;
	int err = len <= GW_READING_BYTES_MAX ? 0 : -EBADMSG;

	while (at < len && !err) {
		struct gw_count count;
		size_t used = read_one(arena, bytes + at, len - at, &count);

		if (!used || (n && !in_order(&counts[n - 1], &count)))
			err = -EBADMSG;
		else
			gw_push(counts, n, capacity, count);
		at += used;
	}
	if (!err) {
		*ret = gw_arena_memdup(arena, counts ? (const void *)counts : "",
				       n * sizeof(*counts));
		*ret_n = n;
	}
	gw_free(counts);
	return err;
}
