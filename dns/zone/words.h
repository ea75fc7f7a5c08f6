/*
 * Words of a master file's entry (RFC 1035, 5.1): apart by spaces, or in quotes; octets as they are, as \X or
 * as \DDD. The entry is one line, NUL-terminated, without comments and parentheses.
 */
#ifndef DNS_ZONE_WORDS_H
#define DNS_ZONE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gw_word {
	const char *text; /* escapes are still in it */
	size_t len;
	bool quoted;
};

struct gw_words {
	const char *at;
};

/** The next word; false at the end. */
bool gw_words_next(struct gw_words *words, struct gw_word *ret);
/** Nothing but spaces is left. */
bool gw_words_end(const struct gw_words *words);

bool gw_word_is(const struct gw_word *word, const char *text); /* whatever the case */
/** A decimal number up to `max`. */
bool gw_word_number(const struct gw_word *word, uint64_t max, uint64_t *ret);
/** Seconds, as a number or with units: 1h30m (as BIND and ldns read it). */
bool gw_word_period(const struct gw_word *word, uint32_t *ret);
/** Octets without escapes: how many; -1: more than `size`, or a wrong escape. */
int gw_word_octets(const struct gw_word *word, uint8_t *ret, size_t size);
/**
 * A domain name in wire form, relative names completed by `origin` (NULL: there is none), `@` for it: its length;
 * -1: it is none. `ret` has room for 255 octets.
 */
int gw_word_name(const struct gw_word *word, const uint8_t *origin, size_t origin_len, bool lower,
		 uint8_t ret[255]);

#endif
