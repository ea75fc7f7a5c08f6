/* Bytes that are not to be trusted, taken from the front. Whoever takes more than there is gets NULL. */
#ifndef IPV6GUARD_CURSOR_H
#define IPV6GUARD_CURSOR_H

#include <stddef.h>
#include <stdint.h>

struct gw_v6_bytes {
	const uint8_t *at;
	size_t len;
};

static inline const uint8_t *gw_v6_take(struct gw_v6_bytes *bytes, size_t n)
{
	const uint8_t *taken = bytes->at;

	if (n > bytes->len)
		return NULL;
	bytes->at += n;
	bytes->len -= n;
	return taken;
}

/** The first `n` bytes without taking them. */
static inline const uint8_t *gw_v6_peek(const struct gw_v6_bytes *bytes, size_t n)
{
	return n > bytes->len ? NULL : bytes->at;
}

/** At most `n` bytes of it. */
static inline struct gw_v6_bytes gw_v6_first(struct gw_v6_bytes bytes, size_t n)
{
	return (struct gw_v6_bytes){ bytes.at, n < bytes.len ? n : bytes.len };
}

static inline uint16_t gw_v6_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t gw_v6_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

#endif
