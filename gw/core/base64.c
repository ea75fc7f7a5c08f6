#include "gw/core/base64.h"

#include <errno.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void gw_base64_encode(struct gw_text *out, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (; len >= 3; at += 3, len -= 3) {
		const char four[] = { alphabet[at[0] >> 2], alphabet[(at[0] & 3) << 4 | at[1] >> 4],
				      alphabet[(at[1] & 15) << 2 | at[2] >> 6],
				      alphabet[at[2] & 63] };

		gw_text_add(out, four, sizeof(four));
	}
	if (len == 1) {
		const char four[] = { alphabet[at[0] >> 2], alphabet[(at[0] & 3) << 4], '=', '=' };

		gw_text_add(out, four, sizeof(four));
	} else if (len == 2) {
		const char four[] = { alphabet[at[0] >> 2], alphabet[(at[0] & 3) << 4 | at[1] >> 4],
				      alphabet[(at[1] & 15) << 2], '=' };

		gw_text_add(out, four, sizeof(four));
	}
}

/* The six bits of a character, or -1. */
static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Four characters, of which the last `padding` are '='. */
static int decode_four(const char *four, unsigned int padding, uint8_t ret[3])
{
	uint32_t bits = 0;

	for (unsigned int i = 0; i < 4; i++) {
		int value = i < 4 - padding ? value_of(four[i]) : 0;

		if (value < 0)
			return -EBADMSG;
		bits = bits << 6 | (uint32_t)value;
	}
	/* Bits that no byte takes must be zero. */
	if (bits & ((1u << (8 * padding)) - 1))
		return -EBADMSG;
	ret[0] = (uint8_t)(bits >> 16);
	ret[1] = (uint8_t)(bits >> 8);
	ret[2] = (uint8_t)bits;
	return 0;
}

ssize_t gw_base64_decode(const char *text, size_t len, void *ret, size_t size)
{
	uint8_t *out = ret;
	size_t n = 0;

	if (len % 4)
		return -EBADMSG;
	for (size_t i = 0; i < len; i += 4) {
		unsigned int padding = 0;
		uint8_t three[3];

		if (i + 4 == len && text[i + 3] == '=')
			padding = text[i + 2] == '=' ? 2 : 1;
		if (decode_four(text + i, padding, three) < 0)
			return -EBADMSG;
		for (unsigned int k = 0; k < 3 - padding; k++) {
			if (n == size)
				return -EMSGSIZE;
			out[n++] = three[k];
		}
	}
	return (ssize_t)n;
}
