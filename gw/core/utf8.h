/* Characters of UTF-8 text: decoding with checks, and how they look on a terminal. */
#ifndef GW_CORE_UTF8_H
#define GW_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/text.h"

#define GW_UTF8_INVALID UINT32_MAX

/**
 * The character at `*at`, which moves behind it. Overlong forms, surrogates and cut sequences give
 * GW_UTF8_INVALID and move by one byte. `*at` must be before `end`.
 */
uint32_t gw_utf8_next(const char **at, const char *end);

/** How many characters `len` bytes hold; each invalid byte counts as one. */
size_t gw_utf8_count(const char *bytes, size_t len);

/** True for characters that turn the direction of text or cannot be seen at all. */
bool gw_char_is_hidden(uint32_t c);

/** Columns that a printable character takes on a terminal: 0 (combining), 1 or 2 (wide). */
unsigned int gw_char_width(uint32_t c);

/**
 * Appends the character at `*at`, which moves behind it, as it may be shown on a terminal: control
 * and hidden characters and invalid bytes as escapes. Returns the columns it takes.
 */
unsigned int gw_text_add_visible(struct gw_text *text, const char **at, const char *end);

/** Appends a whole string in the same way. */
void gw_text_puts_visible(struct gw_text *text, const char *string);

#endif
