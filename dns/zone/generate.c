#include "dns/zone/generate.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH_MAX 63u

struct form {
	int64_t offset;
	unsigned int width;
	char base;
};

static bool read_part(const char **at, const char *end, uint32_t *ret)
{
	const char *begin = *at;
	struct gw_word digits;
	uint64_t value;

	while (*at < end && **at >= '0' && **at <= '9')
		(*at)++;
	digits = (struct gw_word){ begin, (size_t)(*at - begin), false };
	if (!gw_word_number(&digits, UINT32_MAX, &value))
		return false;
	*ret = (uint32_t)value;
	return true;
}

bool gw_zone_range_read(const struct gw_word *word, struct gw_zone_range *ret)
{
	const char *at = word->text, *end = at + word->len;

	ret->step = 1;
	if (!read_part(&at, end, &ret->start) || at == end || *at++ != '-' ||
	    !read_part(&at, end, &ret->stop))
		return false;
	if (at < end && (*at++ != '/' || !read_part(&at, end, &ret->step)))
		return false;
	return at == end && ret->step && ret->start <= ret->stop &&
	       (ret->stop - ret->start) / ret->step < GW_ZONE_GENERATE_MAX;
}

/* "{OFFSET[,WIDTH[,BASE]]}"; moves behind it. */
static bool read_form(const char **at, struct form *ret)
{
	char *end;

	*ret = (struct form){ .base = 'd' };
	if (**at != '{')
		return true;
	(*at)++;
	if (**at != '-' && (**at < '0' || **at > '9'))
		return false;
	ret->offset = strtoll(*at, &end, 10);
	*at = end;
	if (ret->offset > INT32_MAX || ret->offset < INT32_MIN)
		return false;
	if (**at == ',') {
		unsigned long width;

		(*at)++;
		if (**at < '0' || **at > '9')
			return false;
		width = strtoul(*at, &end, 10);
		*at = end;
		if (width > WIDTH_MAX)
			return false;
		ret->width = (unsigned int)width;
	}
	if (**at == ',') {
		ret->base = *++*at;
		if (!ret->base || !strchr("doxXnN", ret->base))
			return false;
		(*at)++;
	}
	return *(*at)++ == '}';
}

/* The least digit first, with dots; the width counts both. */
static void put_nibbles(uint64_t value, const struct form *form, struct gw_text *out)
{
	const char *digits = form->base == 'N' ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned int width = form->width;

	do {
		gw_text_putc(out, digits[value & 15]);
		value >>= 4;
		width -= width ? 1 : 0;
		if (width || value) {
			gw_text_putc(out, '.');
			width -= width ? 1 : 0;
		}
	} while (value || width);
}

static void put_number(uint64_t value, const struct form *form, struct gw_text *out)
{
	int width = (int)form->width;

	switch (form->base) {
	case 'o':
		gw_text_printf(out, "%0*llo", width, (unsigned long long)value);
		break;
	case 'x':
		gw_text_printf(out, "%0*llx", width, (unsigned long long)value);
		break;
	case 'X':
		gw_text_printf(out, "%0*llX", width, (unsigned long long)value);
		break;
	case 'n':
	case 'N':
		put_nibbles(value, form, out);
		break;
	default:
		gw_text_printf(out, "%0*llu", width, (unsigned long long)value);
		break;
	}
}

bool gw_zone_generate(const char *entry, uint32_t number, struct gw_text *out)
{
	const char *at = entry;

	while (*at) {
		struct form form;

		if (at[0] == '\\' && at[1]) {
			/* An escaped dollar needs no escape where the entry is read. */
			gw_text_add(out, at + (at[1] == '$'), at[1] == '$' ? 1 : 2);
			at += 2;
		} else if (at[0] == '$' && at[1] == '$') {
			gw_text_putc(out, '$');
			at += 2;
		} else if (*at == '$') {
			at++;
			if (!read_form(&at, &form) || (int64_t)number + form.offset < 0)
				return false;
			put_number((uint64_t)((int64_t)number + form.offset), &form, out);
		} else {
			gw_text_putc(out, *at++);
		}
	}
	return true;
}
