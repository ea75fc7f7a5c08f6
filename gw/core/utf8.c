#include "gw/core/utf8.h"

#include <string.h>

#include "gw/core/mem.h"

static bool is_continuation(const char *at, const char *end)
{
	return at < end && ((unsigned char)*at & 0xc0) == 0x80;
}

uint32_t gw_utf8_next(const char **at, const char *end)
{
	/* Smallest character that needs so many bytes: anything below is an overlong form. */
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const char *p = *at;
	unsigned char first = (unsigned char)*p;
	unsigned int len;
	uint32_t c;

	*at = p + 1;
	if (first < 0x80)
		return first;
	if (first >= 0xc2 && first < 0xe0)
		len = 2;
	else if (first >= 0xe0 && first < 0xf0)
		len = 3;
	else if (first >= 0xf0 && first < 0xf5)
		len = 4;
	else
		return GW_UTF8_INVALID;
	c = first & (0x7fu >> len);
	for (unsigned int i = 1; i < len; i++) {
		if (!is_continuation(p + i, end))
			return GW_UTF8_INVALID;
		c = c << 6 | ((unsigned char)p[i] & 0x3f);
	}
	if (c < smallest[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return GW_UTF8_INVALID;
	*at = p + len;
	return c;
}

size_t gw_utf8_count(const char *bytes, size_t len)
{
	const char *at = bytes, *end = bytes + len;
	size_t count = 0;

	for (; at < end; count++)
		(void)gw_utf8_next(&at, end); /* counted, whatever it is */
	return count;
}

struct span {
	uint32_t first, last;
};

static bool in_spans(uint32_t c, const struct span *spans, size_t n)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c > spans[mid].last)
			lo = mid + 1;
		else if (c < spans[mid].first)
			hi = mid;
		else
			return true;
	}
	return false;
}

bool gw_char_is_hidden(uint32_t c)
{
	static const struct span hidden[] = {
		{ 0xad, 0xad },     { 0x61c, 0x61c },   { 0x180e, 0x180e },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
	};

	return in_spans(c, hidden, GW_COUNT(hidden));
}

/*
 * Our own table instead of wcwidth(): that one answers for the locale of the process, which on
 * servers is mostly C. Blocks rather than single characters: marks that combine, and what
 * East Asian terminals draw in two columns.
 */
unsigned int gw_char_width(uint32_t c)
{
	static const struct span combining[] = {
		{ 0x300, 0x36f },     { 0x483, 0x489 },   { 0x591, 0x5bd },   { 0x610, 0x61a },
		{ 0x64b, 0x65f },     { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff },
		{ 0x302a, 0x302d },   { 0x3099, 0x309a }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
		{ 0xe0100, 0xe01ef },
	};
	static const struct span wide[] = {
		{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0x33ff },
		{ 0x3400, 0x4dbf },   { 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },
		{ 0xa960, 0xa97f },   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },
		{ 0xfe30, 0xfe6f },   { 0xff01, 0xff60 },   { 0xffe0, 0xffe6 },
		{ 0x1b000, 0x1b2ff }, { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff },
		{ 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
	};

	if (c < 0x300)
		return 1;
	if (in_spans(c, combining, GW_COUNT(combining)))
		return 0;
	return in_spans(c, wide, GW_COUNT(wide)) ? 2 : 1;
}

unsigned int gw_text_add_visible(struct gw_text *text, const char **at, const char *end)
{
	const char *start = *at;
	uint32_t c = gw_utf8_next(at, end);
	size_t before = text->len;

	if (c == '\t')
		gw_text_puts(text, "\\t");
	else if (c == '\n')
		gw_text_puts(text, "\\n");
	else if (c == GW_UTF8_INVALID || c < 0x20 || c == 0x7f)
		gw_text_printf(text, "\\x%02x", (unsigned char)*start);
	else if ((c >= 0x80 && c < 0xa0) || gw_char_is_hidden(c))
		gw_text_printf(text, c > 0xffff ? "\\U%08x" : "\\u%04x", c);
	else {
		gw_text_add(text, start, (size_t)(*at - start));
		return gw_char_width(c);
	}
	return (unsigned int)(text->len - before);
}

void gw_text_puts_visible(struct gw_text *text, const char *string)
{
	const char *at = string, *end = string + strlen(string);

	while (at < end)
		(void)gw_text_add_visible(text, &at, end); /* the width matters in columns only */
}
