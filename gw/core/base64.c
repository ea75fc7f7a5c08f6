#include "gw/core/base64.h"

#include <errno.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void gw_base64_encode(struct gw_text *out, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	/* In pieces: records have hashes, and there are many records. */
	while (len >= 3) {
		char piece[64];
		size_t n = 0;

		for (; len >= 3 && n < sizeof(piece); at += 3, len -= 3) {
			piece[n++] = alphabet[at[0] >> 2];
			piece[n++] = alphabet[(at[0] & 3) << 4 | at[1] >> 4];
			piece[n++] = alphabet[(at[1] & 15) << 2 | at[2] >> 6];
			piece[n++] = alphabet[at[2] & 63];
		}
		gw_text_add(out, piece, n);
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

/* The six bits of a character, and one; 0 for what is none of the alphabet. */
#define BITS(c, value) [c] = (value) + 1
#define BITS4(c, value)                                                                            \
	BITS(c, value), BITS((c) + 1, (value) + 1), BITS((c) + 2, (value) + 2),                    \
		BITS((c) + 3, (value) + 3)

static const uint8_t values[256] = {
	BITS4('A', 0),  BITS4('E', 4),  BITS4('I', 8),  BITS4('M', 12), BITS4('Q', 16),
	BITS4('U', 20), BITS('Y', 24),  BITS('Z', 25),  BITS4('a', 26), BITS4('e', 30),
	BITS4('i', 34), BITS4('m', 38), BITS4('q', 42), BITS4('u', 46), BITS('y', 50),
	BITS('z', 51),  BITS4('0', 52), BITS4('4', 56), BITS('8', 60),  BITS('9', 61),
	BITS('+', 62),  BITS('/', 63),
};

/* Six bits; more where the character is none of the alphabet. */
static uint32_t value_of(char c)
{
	return values[(unsigned char)c] - 1u;
}

/* Groups without padding. */
static int decode_whole(const char *text, size_t groups, uint8_t *out)
{
	uint32_t all = 0;

	for (; groups; groups--, text += 4, out += 3) {
		uint32_t a = value_of(text[0]), b = value_of(text[1]), c = value_of(text[2]),
			 d = value_of(text[3]);

		uint32_t bits = a << 18 | b << 12 | c << 6 | d;

		all |= a | b | c | d;
		out[0] = (uint8_t)(bits >> 16);
		out[1] = (uint8_t)(bits >> 8);
		out[2] = (uint8_t)bits;
	}
	return all > 63 ? -EBADMSG : 0;
}

/* The last group, with one or two '='. */
static int decode_padded(const char *four, size_t padding, uint8_t *out)
{
	uint32_t a = value_of(four[0]), b = value_of(four[1]);
	uint32_t c = padding == 1 ? value_of(four[2]) : 0;

	/* Bits that no byte takes must be zero. */
	if ((a | b | c) > 63 || (padding == 1 ? c & 3 : b & 15))
		return -EBADMSG;
	out[0] = (uint8_t)(a << 2 | b >> 4);
	if (padding == 1)
		out[1] = (uint8_t)(b << 4 | c >> 2);
	return 0;
}

ssize_t gw_base64_decode(const char *text, size_t len, void *ret, size_t size)
{
	size_t groups = len / 4, padding = 0, n;
	uint8_t *out = ret;

	if (len % 4)
		return -EBADMSG;
	if (len && text[len - 1] == '=')
		padding = text[len - 2] == '=' ? 2 : 1;
	n = groups * 3 - padding;
	if (padding)
		groups--;
	if (n > size)
		return -EMSGSIZE;
	if (decode_whole(text, groups, out) < 0 ||
	    (padding && decode_padded(text + groups * 4, padding, out + groups * 3) < 0))
		return -EBADMSG;
	return (ssize_t)n;
}
