#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <time.h>

#include "dns/zone/rdata.h"
#include "gw/core/base64.h"

struct input {
	const uint8_t *at, *end;
};

static size_t left(const struct input *in)
{
	return (size_t)(in->end - in->at);
}

static bool take(struct input *in, size_t n, const uint8_t **ret)
{
	if (left(in) < n)
		return false;
	*ret = in->at;
	in->at += n;
	return true;
}

static bool take_number(struct input *in, size_t octets, uint32_t *ret)
{
	const uint8_t *bytes;

	if (!take(in, octets, &bytes))
		return false;
	*ret = 0;
	for (size_t i = 0; i < octets; i++)
		*ret = *ret << 8 | bytes[i];
	return true;
}

/* ---- names and texts ----------------------------------------------------------------------------- */

static void put_octet(struct gw_text *out, uint8_t octet, const char *escaped)
{
	if (octet < 0x21 || octet > 0x7e)
		gw_text_printf(out, "\\%03u", octet);
	else if (strchr(escaped, octet))
		gw_text_printf(out, "\\%c", octet);
	else
		gw_text_putc(out, (char)octet);
}

void gw_rdata_print_name(const uint8_t *name, struct gw_text *out)
{
	if (!*name)
		gw_text_putc(out, '.');
	for (; *name; name += *name + 1u) {
		for (size_t i = 1; i <= *name; i++)
			put_octet(out, name[i], ".;()\\\"@$");
		gw_text_putc(out, '.');
	}
}

static bool print_name(struct input *in, struct gw_text *out)
{
	const uint8_t *name = in->at;
	size_t len = 0;

	while (left(in) > len && name[len] && name[len] < 64)
		len += name[len] + 1u;
	if (len >= 255 || left(in) <= len || name[len])
		return false;
	in->at += len + 1;
	gw_rdata_print_name(name, out);
	return true;
}

static void print_quoted(const uint8_t *bytes, size_t len, struct gw_text *out)
{
	gw_text_putc(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == ' ')
			gw_text_putc(out, ' ');
		else
			put_octet(out, bytes[i], "\\\"");
	}
	gw_text_putc(out, '"');
}

static bool print_string(struct input *in, struct gw_text *out)
{
	const uint8_t *bytes;
	uint32_t len;

	if (!take_number(in, 1, &len) || !take(in, len, &bytes))
		return false;
	print_quoted(bytes, len, out);
	return true;
}

static bool print_strings(struct input *in, struct gw_text *out)
{
	if (!left(in))
		return false;
	while (left(in)) {
		if (!print_string(in, out))
			return false;
		if (left(in))
			gw_text_putc(out, ' ');
	}
	return true;
}

static bool print_tag(struct input *in, struct gw_text *out)
{
	const uint8_t *bytes;
	uint32_t len;

	if (!take_number(in, 1, &len) || !len || !take(in, len, &bytes))
		return false;
	for (uint32_t i = 0; i < len; i++) {
		if (bytes[i] > 0x7f || !isalnum(bytes[i]))
			return false;
		gw_text_putc(out, (char)bytes[i]);
	}
	return true;
}

/* ---- the rest ------------------------------------------------------------------------------------ */

static void print_hex(const uint8_t *bytes, size_t len, struct gw_text *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		gw_text_putc(out, digits[bytes[i] >> 4]);
		gw_text_putc(out, digits[bytes[i] & 15]);
	}
}

static bool print_address(struct input *in, struct gw_text *out, int family)
{
	char text[INET6_ADDRSTRLEN];
	const uint8_t *bytes;

	if (!take(in, family == AF_INET ? 4 : 16, &bytes))
		return false;
	gw_text_puts(out, inet_ntop(family, bytes, text, sizeof(text)));
	return true;
}

static bool print_time(struct input *in, struct gw_text *out)
{
	uint32_t seconds;
	time_t time;
	struct tm tm;

	if (!take_number(in, 4, &seconds))
		return false;
	time = seconds;
	(void)gmtime_r(&time, &tm); /* any 32 bits are a time */
	gw_text_printf(out, "%04d%02d%02d%02d%02d%02d", tm.tm_year + 1900, tm.tm_mon + 1,
		       tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return true;
}

static bool print_salt(struct input *in, struct gw_text *out)
{
	const uint8_t *bytes;
	uint32_t len;

	if (!take_number(in, 1, &len) || !take(in, len, &bytes))
		return false;
	if (len)
		print_hex(bytes, len, out);
	else
		gw_text_putc(out, '-');
	return true;
}

static bool print_hash(struct input *in, struct gw_text *out)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	const uint8_t *bytes;
	uint32_t len, bits = 0;
	unsigned int n = 0;

	if (!take_number(in, 1, &len) || !len || !take(in, len, &bytes))
		return false;
	for (uint32_t i = 0; i < len; i++) {
		bits = bits << 8 | bytes[i];
		for (n += 8; n >= 5; n -= 5)
			gw_text_putc(out, digits[bits >> (n - 5) & 31]);
	}
	if (n)
		gw_text_putc(out, digits[bits << (5 - n) & 31]);
	return true;
}

/* Windows in order, each as short as can be, as they are read again. */
static bool print_types(struct input *in, struct gw_text *out)
{
	int before = -1;
	bool any = false;

	while (left(in)) {
		const uint8_t *bits;
		uint32_t window, len;

		if (!take_number(in, 1, &window) || !take_number(in, 1, &len) || !len || len > 32 ||
		    (int)window <= before || !take(in, len, &bits) || !bits[len - 1])
			return false;
		before = (int)window;
		for (uint32_t i = 0; i < len * 8; i++) {
			if (!(bits[i / 8] & 0x80 >> i % 8))
				continue;
			if (any)
				gw_text_putc(out, ' ');
			any = true;
			gw_rdata_type_print((uint16_t)(window << 8 | i), out);
		}
	}
	return true;
}

/* ---- RDATA --------------------------------------------------------------------------------------- */

static bool print_number(struct input *in, struct gw_text *out, size_t octets)
{
	uint32_t value;

	if (!take_number(in, octets, &value))
		return false;
	gw_text_printf(out, "%u", value);
	return true;
}

static bool print_to_end(enum gw_rdata_field field, struct input *in, struct gw_text *out)
{
	const uint8_t *bytes = in->at;
	size_t len = left(in);

	in->at = in->end;
	if (field == GW_RDATA_REST)
		print_quoted(bytes, len, out);
	else if (field == GW_RDATA_HEX)
		print_hex(bytes, len, out);
	else if (len)
		gw_base64_encode(out, bytes, len);
	return field == GW_RDATA_REST || len;
}

static bool print_field(enum gw_rdata_field field, struct input *in, struct gw_text *out)
{
	uint32_t type;

	switch (field) {
	case GW_RDATA_NAME:
	case GW_RDATA_NAME_AS_IS:
		return print_name(in, out);
	case GW_RDATA_8:
	case GW_RDATA_ALGORITHM:
		return print_number(in, out, 1);
	case GW_RDATA_16:
		return print_number(in, out, 2);
	case GW_RDATA_32:
	case GW_RDATA_PERIOD:
		return print_number(in, out, 4);
	case GW_RDATA_TIME:
		return print_time(in, out);
	case GW_RDATA_IPV4:
		return print_address(in, out, AF_INET);
	case GW_RDATA_IPV6:
		return print_address(in, out, AF_INET6);
	case GW_RDATA_STRING:
		return print_string(in, out);
	case GW_RDATA_STRINGS:
		return print_strings(in, out);
	case GW_RDATA_TAG:
		return print_tag(in, out);
	case GW_RDATA_TYPE:
		if (!take_number(in, 2, &type))
			return false;
		gw_rdata_type_print((uint16_t)type, out);
		return true;
	case GW_RDATA_TYPES:
		return print_types(in, out);
	case GW_RDATA_SALT:
		return print_salt(in, out);
	case GW_RDATA_HASH:
		return print_hash(in, out);
	case GW_RDATA_REST:
	case GW_RDATA_HEX:
	case GW_RDATA_BASE64:
		return print_to_end(field, in, out);
	}
	return false;
}

enum gw_rdata_status gw_rdata_print(uint16_t type, const uint8_t *rdata, size_t len,
				    struct gw_text *out)
{
	const struct gw_rdata_type *known = gw_rdata_type(type);
	struct input in = { rdata, rdata + len };

	if (!known) {
		gw_text_printf(out, "\\# %zu%s", len, len ? " " : "");
		print_hex(rdata, len, out);
		return GW_RDATA_OK;
	}
	if (!known->fields)
		return GW_RDATA_OTHER;
	for (const char *field = known->fields; *field; field++) {
		/* An empty bitmap has no word. */
		if (field > known->fields && (*field != GW_RDATA_TYPES || left(&in)))
			gw_text_putc(out, ' ');
		if (!print_field((enum gw_rdata_field) * field, &in, out))
			return GW_RDATA_WRONG;
	}
	return in.at == in.end ? GW_RDATA_OK : GW_RDATA_WRONG;
}
