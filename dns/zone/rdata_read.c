#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include "dns/zone/rdata.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

struct output {
	uint8_t *bytes;
	size_t len;
	const char *wrong; /* what is wrong; NULL: nothing */
	const uint8_t *origin;
	size_t origin_len;
};

static bool fail(struct output *out, const char *wrong)
{
	out->wrong = wrong;
	return false;
}

static bool put(struct output *out, const void *bytes, size_t len)
{
	if (len > GW_RDATA_MAX - out->len)
		return fail(out, "the data are longer than 65,535 octets");
	if (len)
		memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
	return true;
}

static bool put_number(struct output *out, uint64_t value, size_t octets)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < octets; i++)
		bytes[i] = (uint8_t)(value >> (8 * (octets - 1 - i)));
	return put(out, bytes, octets);
}

/* ---- fields of one word ------------------------------------------------------------------------ */

static bool read_number(struct output *out, const struct gw_word *word, size_t octets)
{
	uint64_t value, max = (UINT64_C(1) << (8 * octets)) - 1;

	if (!gw_word_number(word, max, &value))
		return fail(out, octets == 1   ? "a number from 0 to 255 is expected"
				 : octets == 2 ? "a number from 0 to 65535 is expected"
					       : "a number from 0 to 4294967295 is expected");
	return put_number(out, value, octets);
}

static bool read_period(struct output *out, const struct gw_word *word)
{
	uint32_t seconds;

	if (!gw_word_period(word, &seconds))
		return fail(out, "seconds are expected, or a time such as 1h30m");
	return put_number(out, seconds, 4);
}

/* YYYYMMDDHHMMSS, or seconds; both modulo 2^32 (RFC 4034, 3.2). */
static bool read_time(struct output *out, const struct gw_word *word)
{
	int field[6];
	static const uint8_t digits[6] = { 4, 2, 2, 2, 2, 2 };
	struct tm tm = { 0 };
	const char *at = word->text;
	uint64_t value;

	if (word->len != 14)
		return gw_word_number(word, UINT32_MAX, &value)
			       ? put_number(out, value, 4)
			       : fail(out, "a time as YYYYMMDDHHMMSS is expected");
	for (size_t i = 0; i < GW_COUNT(field); i++) {
		const struct gw_word part = { at, digits[i], false };

		if (!gw_word_number(&part, 9999, &value))
			return fail(out, "a time as YYYYMMDDHHMMSS is expected");
		field[i] = (int)value;
		at += digits[i];
	}
	if (field[1] < 1 || field[1] > 12 || field[2] < 1 || field[2] > 31 || field[3] > 23 ||
	    field[4] > 59 || field[5] > 60)
		return fail(out, "there is no such date");
	tm.tm_year = field[0] - 1900;
	tm.tm_mon = field[1] - 1;
	tm.tm_mday = field[2];
	tm.tm_hour = field[3];
	tm.tm_min = field[4];
	tm.tm_sec = field[5];
	return put_number(out, (uint64_t)timegm(&tm) & UINT32_MAX, 4);
}

static bool read_address(struct output *out, const struct gw_word *word, int family)
{
	char text[INET6_ADDRSTRLEN + 1];
	uint8_t bytes[16];

	if (word->len >= sizeof(text))
		return fail(out, "an address is expected");
	memcpy(text, word->text, word->len);
	text[word->len] = '\0';
	if (inet_pton(family, text, bytes) != 1)
		return fail(out, family == AF_INET ? "an IPv4 address is expected"
						   : "an IPv6 address is expected");
	return put(out, bytes, family == AF_INET ? 4 : 16);
}

static bool read_name(struct output *out, const struct gw_word *word, bool lower)
{
	uint8_t name[255];
	int len = gw_word_name(word, out->origin, out->origin_len, lower, name);

	return len < 0 ? fail(out, "a domain name is expected") : put(out, name, (size_t)len);
}

static bool read_string(struct output *out, const struct gw_word *word)
{
	uint8_t octets[255];
	int len = gw_word_octets(word, octets, sizeof(octets));

	if (len < 0)
		return fail(out, "a text of at most 255 octets is expected; longer ones are "
				 "written as several");
	return put_number(out, (uint64_t)len, 1) && put(out, octets, (size_t)len);
}

static bool read_tag(struct output *out, const struct gw_word *word)
{
	if (!word->len || word->len > 255)
		return fail(out, "a property such as `issue` is expected");
	for (size_t i = 0; i < word->len; i++) {
		char c = word->text[i];

		if (!(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
			return fail(out, "a property has letters and digits only");
	}
	return put_number(out, word->len, 1) && put(out, word->text, word->len);
}

static bool read_rest(struct output *out, const struct gw_word *word)
{
	gw_auto_free uint8_t *octets = gw_zalloc(word->len + 1, 1);
	int len = gw_word_octets(word, octets, word->len + 1);

	return len < 0 ? fail(out, "there is a wrong escape in it") : put(out, octets, (size_t)len);
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_salt(struct output *out, const struct gw_word *word)
{
	if (gw_word_is(word, "-"))
		return put_number(out, 0, 1);
	if (word->len % 2 || word->len > 510)
		return fail(out, "a salt is hex of at most 255 octets, or `-`");
	if (!put_number(out, word->len / 2, 1))
		return false;
	for (size_t i = 0; i < word->len; i += 2) {
		int high = nibble(word->text[i]), low = nibble(word->text[i + 1]);

		if (high < 0 || low < 0)
			return fail(out, "a salt is hex, or `-`");
		if (!put_number(out, (uint64_t)(high << 4 | low), 1))
			return false;
	}
	return true;
}

/* base32hex without padding (RFC 5155, 3.3). */
static bool read_hash(struct output *out, const struct gw_word *word)
{
	uint8_t bytes[255];
	uint32_t bits = 0;
	unsigned int n_bits = 0;
	size_t n = 0;

	if (!word->len || word->len > 255 * 8 / 5)
		return fail(out, "a hash in base32hex is expected");
	for (size_t i = 0; i < word->len; i++) {
		char c = word->text[i];
		int value = c >= '0' && c <= '9'                     ? c - '0'
			    : (c | 0x20) >= 'a' && (c | 0x20) <= 'v' ? (c | 0x20) - 'a' + 10
								     : -1;

		if (value < 0)
			return fail(out, "a hash in base32hex is expected");
		bits = bits << 5 | (uint32_t)value;
		n_bits += 5;
		if (n_bits >= 8) {
			n_bits -= 8;
			bytes[n++] = (uint8_t)(bits >> n_bits);
		}
	}
	if (n_bits >= 5 || bits & ((1u << n_bits) - 1))
		return fail(out, "a hash in base32hex is expected");
	return put_number(out, n, 1) && put(out, bytes, n);
}

static bool read_type(struct output *out, const struct gw_word *word)
{
	uint16_t type;

	return gw_rdata_type_read(word, &type) ? put_number(out, type, 2)
					       : fail(out, "a type of records is expected");
}

static bool read_algorithm(struct output *out, const struct gw_word *word)
{
	int number = gw_rdata_algorithm_read(word);

	return number < 0 ? fail(out, "an algorithm is expected, by number or name")
			  : put_number(out, (uint64_t)number, 1);
}

/* ---- fields that go on to the end ---------------------------------------------------------------- */

static bool read_strings(struct output *out, struct gw_words *words)
{
	struct gw_word word;
	bool any = false;

	while (gw_words_next(words, &word)) {
		if (!read_string(out, &word))
			return false;
		any = true;
	}
	return any || fail(out, "a text is missing");
}

static bool read_hex(struct output *out, struct gw_words *words)
{
	struct gw_word word;
	int high = -1;

	while (gw_words_next(words, &word)) {
		for (size_t i = 0; i < word.len; i++) {
			int value = nibble(word.text[i]);

			if (value < 0)
				return fail(out, "hex is expected");
			if (high < 0) {
				high = value;
				continue;
			}
			if (!put_number(out, (uint64_t)(high << 4 | value), 1))
				return false;
			high = -1;
		}
	}
	return high < 0 || fail(out, "hex has two digits an octet");
}

static bool read_base64(struct output *out, struct gw_words *words)
{
	gw_auto_text struct gw_text joined = { 0 };
	struct gw_word word;
	ssize_t len;

	while (gw_words_next(words, &word))
		gw_text_add(&joined, word.text, word.len);
	if (!joined.len)
		return fail(out, "base64 is missing");
	len = gw_base64_decode(joined.bytes, joined.len, out->bytes + out->len,
			       GW_RDATA_MAX - out->len);
	if (len < 0)
		return fail(out, "base64 is expected");
	out->len += (size_t)len;
	return true;
}

/* RFC 4034, 4.1.2. */
static bool read_types(struct output *out, struct gw_words *words)
{
	uint8_t map[65536 / 8] = { 0 };
	struct gw_word word;
	uint16_t type;

	while (gw_words_next(words, &word)) {
		if (!gw_rdata_type_read(&word, &type))
			return fail(out, "a type of records is expected");
		map[type / 8] |= (uint8_t)(0x80 >> type % 8);
	}
	for (unsigned int window = 0; window < 256; window++) {
		const uint8_t *bits = map + (size_t)window * 32;
		size_t len = 32;

		while (len && !bits[len - 1])
			len--;
		if (len &&
		    !(put_number(out, window, 1) && put_number(out, len, 1) && put(out, bits, len)))
			return false;
	}
	return true;
}

/* ---- RDATA --------------------------------------------------------------------------------------- */

static bool read_word(struct output *out, enum gw_rdata_field field, const struct gw_word *word)
{
	switch (field) {
	case GW_RDATA_NAME:
		return read_name(out, word, true);
	case GW_RDATA_NAME_AS_IS:
		return read_name(out, word, false);
	case GW_RDATA_8:
		return read_number(out, word, 1);
	case GW_RDATA_16:
		return read_number(out, word, 2);
	case GW_RDATA_32:
		return read_number(out, word, 4);
	case GW_RDATA_PERIOD:
		return read_period(out, word);
	case GW_RDATA_TIME:
		return read_time(out, word);
	case GW_RDATA_IPV4:
		return read_address(out, word, AF_INET);
	case GW_RDATA_IPV6:
		return read_address(out, word, AF_INET6);
	case GW_RDATA_STRING:
		return read_string(out, word);
	case GW_RDATA_TAG:
		return read_tag(out, word);
	case GW_RDATA_REST:
		return read_rest(out, word);
	case GW_RDATA_TYPE:
		return read_type(out, word);
	case GW_RDATA_ALGORITHM:
		return read_algorithm(out, word);
	case GW_RDATA_SALT:
		return read_salt(out, word);
	case GW_RDATA_HASH:
		return read_hash(out, word);
	case GW_RDATA_STRINGS:
	case GW_RDATA_TYPES:
	case GW_RDATA_HEX:
	case GW_RDATA_BASE64:
		break; /* are of many words */
	}
	return fail(out, "it cannot be read");
}

static bool read_field(struct output *out, enum gw_rdata_field field, struct gw_words *words)
{
	struct gw_word word;

	if (field == GW_RDATA_STRINGS)
		return read_strings(out, words);
	if (field == GW_RDATA_TYPES)
		return read_types(out, words);
	if (field == GW_RDATA_HEX)
		return read_hex(out, words);
	if (field == GW_RDATA_BASE64)
		return read_base64(out, words);
	if (!gw_words_next(words, &word))
		return fail(out, "its data end too early");
	return read_word(out, field, &word);
}

/* \# LENGTH HEX (RFC 3597, 5). */
static bool read_generic(struct output *out, struct gw_words *words)
{
	struct gw_word word;
	uint64_t len;

	if (!gw_words_next(words, &word) || !gw_word_number(&word, GW_RDATA_MAX, &len))
		return fail(out, "`\\#` is followed by the number of octets");
	return read_hex(out, words) &&
	       (out->len == len || fail(out, "there are not as many octets as `\\#` says"));
}

static bool is_generic(const struct gw_words *words)
{
	struct gw_words ahead = *words;
	struct gw_word word;

	return gw_words_next(&ahead, &word) && !word.quoted && word.len == 2 &&
	       memcmp(word.text, "\\#", 2) == 0;
}

/* `ret` is written through `out`. NOLINTBEGIN(readability-non-const-parameter) */
enum gw_rdata_status gw_rdata_read(uint16_t type, struct gw_words *words, const uint8_t *origin,
				   size_t origin_len, uint8_t *ret, size_t *ret_len,
				   const char **ret_wrong)
/* NOLINTEND(readability-non-const-parameter) */
{
	const struct gw_rdata_type *known = gw_rdata_type(type);
	struct output out = { .bytes = ret, .origin = origin, .origin_len = origin_len };
	struct gw_word word;
	bool ok = true;

	if (is_generic(words)) {
		/* What is known in this form has names in it that must be canonical: others' business. */
		if (known)
			return GW_RDATA_OTHER;
		(void)gw_words_next(words, &word);
		ok = read_generic(&out, words);
	} else if (!known) {
		ok = fail(&out, "data of an unknown type are written as `\\# LENGTH HEX`");
	} else if (!known->fields) {
		return GW_RDATA_OTHER;
	} else {
		for (const char *field = known->fields; *field && ok; field++)
			ok = read_field(&out, (enum gw_rdata_field) * field, words);
	}
	if (ok && !gw_words_end(words))
		ok = fail(&out, "there is more than belongs to it");
	*ret_len = out.len;
	*ret_wrong = out.wrong;
	return ok ? GW_RDATA_OK : GW_RDATA_WRONG;
}
