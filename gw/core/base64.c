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

/* Four characters, of which the last `padding` are '='. */
static int decode_four(const char *four, unsigned int padding, uint8_t ret[3])
{
	uint32_t bits = 0;

	for (unsigned int i = 0; i < 4; i++) {
		uint8_t value = i < 4 - padding ? values[(unsigned char)four[i]] : 1;

		if (!value)
			return -EBADMSG;
		bits = bits << 6 | (value - 1u);
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
