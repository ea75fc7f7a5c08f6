#include "gw/core/text.h"

#include <stdio.h>
#include <string.h>

#include "gw/core/mem.h"

void gw_text_done(struct gw_text *text)
{
	gw_free(text->bytes);
	*text = (struct gw_text){ 0 };
}

static void reserve(struct gw_text *text, size_t more)
{
	size_t wanted;

	if (__builtin_add_overflow(text->len, more, &wanted) ||
	    __builtin_add_overflow(wanted, 1, &wanted))
		gw_out_of_memory();
	if (wanted <= text->capacity)
		return;
	if (wanted < text->capacity * 2)
		wanted = text->capacity * 2;
	if (wanted < 256)
		wanted = 256;
	text->bytes = reallocarray(text->bytes, wanted, 1);
	if (!text->bytes)
		gw_out_of_memory();
	text->capacity = wanted;
}

void gw_text_add(struct gw_text *text, const char *bytes, size_t len)
{
	reserve(text, len);
	if (len)
		memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
	text->bytes[text->len] = '\0';
}

void gw_text_puts(struct gw_text *text, const char *string)
{
	gw_text_add(text, string, strlen(string));
}

void gw_text_putc(struct gw_text *text, char c)
{
	gw_text_add(text, &c, 1);
}

void gw_text_vprintf(struct gw_text *text, const char *format, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	if (len > 0) {
		reserve(text, (size_t)len);
		(void)vsnprintf(text->bytes + text->len, (size_t)len + 1, format, again);
		text->len += (size_t)len;
	}
	va_end(again);
}

void gw_text_printf(struct gw_text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	gw_text_vprintf(text, format, args);
	va_end(args);
}
