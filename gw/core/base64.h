/*
 * Base 64 of RFC 4648, section 4: with padding, without line breaks. Decoding is strict, so that
 * bytes have one encoding only: what a signature covers in encoded form cannot be written in two ways.
 */
#ifndef GW_CORE_BASE64_H
#define GW_CORE_BASE64_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "gw/core/text.h"

/** Appends the encoding of `len` bytes. */
void gw_base64_encode(struct gw_text *out, const void *bytes, size_t len);

/**
 * Decodes `len` characters into `ret`, which has room for `size` bytes. Returns how many bytes there
 * are; -EBADMSG for anything but their canonical encoding, -EMSGSIZE where there is no room.
 */
ssize_t gw_base64_decode(const char *text, size_t len, void *ret, size_t size);

#endif
