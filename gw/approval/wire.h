/* Reading the wire form of SSH (RFC 4251, section 5): a bounds-checked cursor. Internal. */
#ifndef GW_APPROVAL_WIRE_H
#define GW_APPROVAL_WIRE_H

#include <stdbool.h>
#include <string.h>

#include "gw/approval/sshsig.h"

struct gw_ssh_cursor {
	const uint8_t *at, *end;
};

static inline bool gw_ssh_take(struct gw_ssh_cursor *cursor, size_t len, const uint8_t **ret)
{
	if ((size_t)(cursor->end - cursor->at) < len)
		return false;
	*ret = cursor->at;
	cursor->at += len;
	return true;
}

static inline bool gw_ssh_take_u32(struct gw_ssh_cursor *cursor, uint32_t *ret)
{
	const uint8_t *at;

	if (!gw_ssh_take(cursor, 4, &at))
		return false;
	*ret = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	return true;
}

static inline bool gw_ssh_take_string(struct gw_ssh_cursor *cursor, struct gw_octets *ret)
{
	uint32_t len;

	if (!gw_ssh_take_u32(cursor, &len) || !gw_ssh_take(cursor, len, &ret->bytes))
		return false;
	ret->len = len;
	return true;
}

/** A number that is not negative, in its shortest form; without the sign's octet. */
static inline bool gw_ssh_take_number(struct gw_ssh_cursor *cursor, struct gw_octets *ret)
{
	if (!gw_ssh_take_string(cursor, ret) || !ret->len || ret->bytes[0] & 0x80)
		return false;
	if (ret->bytes[0])
		return true;
	ret->bytes++;
	ret->len--;
	return ret->len && ret->bytes[0] & 0x80;
}

static inline bool gw_octets_are(struct gw_octets octets, const char *text)
{
	return octets.len == strlen(text) && memcmp(octets.bytes, text, octets.len) == 0;
}

#endif
