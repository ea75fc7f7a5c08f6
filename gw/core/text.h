/* A growing text buffer: what printers write into. Starts as all zeroes; gw_text_done frees it. */
#ifndef GW_CORE_TEXT_H
#define GW_CORE_TEXT_H

#include <stdarg.h>
#include <stddef.h>

struct gw_text {
	char *bytes; /* NUL-terminated once anything was added; NULL before */
	size_t len, capacity;
};

/** Frees what the buffer holds and empties it. */
void gw_text_done(struct gw_text *text);

void gw_text_add(struct gw_text *text, const char *bytes, size_t len);
void gw_text_puts(struct gw_text *text, const char *string);
void gw_text_putc(struct gw_text *text, char c);
void gw_text_printf(struct gw_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void gw_text_vprintf(struct gw_text *text, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

#define gw_auto_text __attribute__((cleanup(gw_text_done)))

#endif
