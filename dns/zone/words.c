#include "dns/zone/words.h"

#include <string.h>
#include <strings.h>

#define NAME_MAX_WIRE 255u
#define LABEL_MAX     63u

bool gw_words_end(const struct gw_words *words)
{
	return words->at[strspn(words->at, " ")] == '\0';
}

bool gw_words_next(struct gw_words *words, struct gw_word *ret)
{
	const char *at = words->at + strspn(words->at, " ");
	bool quoted = *at == '"';
	char end = quoted ? '"' : ' ';

	if (!*at)
		return false;
	at += quoted;
	ret->text = at;
	ret->quoted = quoted;
	while (*at && *at != end)
		at += *at == '\\' && at[1] ? 2 : 1;
	ret->len = (size_t)(at - ret->text);
	words->at = at + (quoted && *at);
	return true;
}

bool gw_word_is(const struct gw_word *word, const char *text)
{
	return strlen(text) == word->len && strncasecmp(word->text, text, word->len) == 0;
}

bool gw_word_number(const struct gw_word *word, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (!word->len || word->len > 20)
		return false;
	for (size_t i = 0; i < word->len; i++) {
		unsigned int digit = (unsigned int)word->text[i] - '0';

		if (digit > 9 || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return true;
}

/* Seconds of a unit; 0: none. */
static uint64_t unit_of(char c)
{
	switch (c | 0x20) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 604800;
	default:
		return 0;
	}
}

bool gw_word_period(const struct gw_word *word, uint32_t *ret)
{
	uint64_t all = 0, value = 0;
	bool digits = false;

	if (!word->len || word->len > 64)
		return false;
	for (size_t i = 0; i < word->len; i++) {
		unsigned int digit = (unsigned int)word->text[i] - '0';

		if (digit <= 9) {
			value = value * 10 + digit;
			digits = true;
		} else {
			uint64_t unit = unit_of(word->text[i]);

			if (!unit || !digits)
				return false;
			all += value * unit;
			value = 0;
			digits = false;
		}
		if (value > UINT32_MAX || all > UINT32_MAX)
			return false;
	}
	all += value;
	*ret = (uint32_t)all;
	return all <= UINT32_MAX;
}

/* ---- escapes --------------------------------------------------------------------------------- */

/* The octet at `*at`, which moves behind it; -1: a wrong escape. */
static int octet(const char **at, const char *end, bool *ret_escaped)
{
	const char *p = *at;

	*ret_escaped = *p == '\\';
	if (*p != '\\') {
		(*at)++;
		return (unsigned char)*p;
	}
	if (end - p < 2)
		return -1;
	if (p[1] < '0' || p[1] > '9') {
		*at += 2;
		return (unsigned char)p[1];
	}
	if (end - p < 4 || p[2] < '0' || p[2] > '9' || p[3] < '0' || p[3] > '9')
		return -1;
	*at += 4;
	return (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
}

int gw_word_octets(const struct gw_word *word, uint8_t *ret, size_t size)
{
	const char *at = word->text, *end = at + word->len;
	size_t n = 0;
	bool escaped;

	while (at < end) {
		int value = octet(&at, end, &escaped);

		if (value < 0 || value > 255 || n == size)
			return -1;
		ret[n++] = (uint8_t)value;
	}
	return (int)n;
}

/* ---- names ----------------------------------------------------------------------------------- */

static uint8_t lower_of(int value, bool lower)
{
	return (uint8_t)(lower && value >= 'A' && value <= 'Z' ? value + 32 : value);
}

static int append_origin(uint8_t *ret, size_t n, const uint8_t *origin, size_t origin_len,
			 bool lower)
{
	if (!origin || n + origin_len > NAME_MAX_WIRE)
		return -1;
	/* Lengths of labels are no letters. */
	for (size_t i = 0; i < origin_len; i++)
		ret[n + i] = lower_of(origin[i], lower);
	return (int)(n + origin_len);
}

int gw_word_name(const struct gw_word *word, const uint8_t *origin, size_t origin_len, bool lower,
		 uint8_t ret[255])
{
	const char *at = word->text, *end = at + word->len;
	size_t label = 0, n = 1; /* where its length goes, and what comes next */
	bool escaped;

	if (word->len == 1 && *at == '@' && !word->quoted)
		return append_origin(ret, 0, origin, origin_len, lower);
	if (word->len == 1 && *at == '.') {
		ret[0] = 0;
		return 1;
	}
	if (!word->len)
		return -1;
	while (at < end) {
		int value = octet(&at, end, &escaped);

		if (value < 0 || value > 255)
			return -1;
		if (value == '.' && !escaped) {
			if (n == label + 1 || n >= NAME_MAX_WIRE)
				return -1; /* an empty label */
			ret[label] = (uint8_t)(n - label - 1);
			label = n++;
			continue;
		}
		if (n - label > LABEL_MAX || n >= NAME_MAX_WIRE)
			return -1;
		ret[n++] = lower_of(value, lower);
	}
	ret[label] = (uint8_t)(n - label - 1);
	/* With a dot at the end the last label is the root. */
	return ret[label] ? append_origin(ret, n, origin, origin_len, lower) : (int)n;
}
