/* Keys, data and elements in the form that people read. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "gw/core/addr.h"
#include "gw/ruleset/names.h"

static void print_hex(struct gw_text *out, const uint8_t *bytes, uint32_t len)
{
	gw_text_puts(out, "0x");
	for (uint32_t i = 0; i < len; i++)
		gw_text_printf(out, "%02x", bytes[i]);
}

/* In host order as marks are, or, of one byte, as it is. */
static uint32_t host_number(const uint8_t *bytes, uint32_t len)
{
	uint32_t number = 0;

	if (len == sizeof(number))
		memcpy(&number, bytes, sizeof(number));
	else if (len)
		number = bytes[0];
	return number;
}

static uint64_t big_endian(const uint8_t *bytes, uint32_t len)
{
	uint64_t number = 0;

	while (len--)
		number = number << 8 | *bytes++;
	return number;
}

static void print_plain(struct gw_text *out, const uint8_t *bytes, uint32_t len)
{
	if (len == 1)
		gw_text_printf(out, "%u", bytes[0]);
	else if (len == 4)
		gw_text_printf(out, "0x%08x", host_number(bytes, len));
	else
		print_hex(out, bytes, len);
}

static void print_hour(struct gw_text *out, const uint8_t *bytes, uint32_t len)
{
	uint64_t second = big_endian(bytes, len);

	gw_text_printf(out, "\"%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 "\"", second / 3600,
		       second / 60 % 60, second % 60);
}

static void print_named(struct gw_text *out, enum gw_shape shape, const uint8_t *bytes,
			uint32_t len)
{
	const char *name = len <= 4 ? gw_name_number(shape, host_number(bytes, len)) : NULL;

	if (name)
		gw_text_puts(out, name);
	else
		print_plain(out, bytes, len);
}

static void print_bits(struct gw_text *out, enum gw_shape shape, const uint8_t *bytes, uint32_t len)
{
	const char *names[GW_BITS_MAX];
	size_t n = len <= 4 ? gw_name_bits(shape, host_number(bytes, len), names) : 0;

	if (!n)
		print_plain(out, bytes, len);
	for (size_t i = 0; i < n; i++)
		gw_text_printf(out, "%s%s", i ? "," : "", names[i]);
}

/* Fewer bytes than an address has are a prefix. */
static void print_addr(struct gw_text *out, enum gw_family family, const uint8_t *bytes,
		       uint32_t len)
{
	uint32_t whole = gw_family_bits(family) / 8;
	char text[GW_ADDR_TEXT];
	uint8_t addr[16] = { 0 };

	if (len > whole) {
		print_hex(out, bytes, len);
		return;
	}
	memcpy(addr, bytes, len);
	gw_text_puts(out, gw_addr_format(family, gw_addr_from_bytes(family, addr), text));
	if (len < whole)
		gw_text_printf(out, "/%u", 8 * len);
}

static void print_ether(struct gw_text *out, const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		gw_text_printf(out, "%s%02x", i ? ":" : "", bytes[i]);
}

void gw_print_shape(struct gw_text *out, enum gw_shape shape, const uint8_t *bytes, uint32_t len)
{
	switch (shape) {
	case GW_SHAPE_PLAIN:
		print_plain(out, bytes, len);
		return;
	case GW_SHAPE_NUMBER:
		if (len <= 2)
			gw_text_printf(out, "%" PRIu64, big_endian(bytes, len));
		else
			print_hex(out, bytes, len);
		return;
	case GW_SHAPE_HEX:
		print_hex(out, bytes, len);
		return;
	case GW_SHAPE_IPV4:
		print_addr(out, GW_FAMILY_IPV4, bytes, len);
		return;
	case GW_SHAPE_IPV6:
		print_addr(out, GW_FAMILY_IPV6, bytes, len);
		return;
	case GW_SHAPE_IFNAME:
		gw_text_printf(out, "\"%.*s\"", (int)len, (const char *)bytes);
		return;
	case GW_SHAPE_ETHER:
		print_ether(out, bytes, len);
		return;
	case GW_SHAPE_HOUR:
		print_hour(out, bytes, len <= 8 ? len : 8);
		return;
	case GW_SHAPE_NFPROTO:
	case GW_SHAPE_PROTO:
	case GW_SHAPE_ICMP:
	case GW_SHAPE_ICMPV6:
	case GW_SHAPE_CT_DIRECTION:
	case GW_SHAPE_DAY:
	case GW_SHAPE_PKTTYPE:
	case GW_SHAPE_ADDRTYPE:
	case GW_SHAPE_PRESENT:
		print_named(out, shape, bytes, len);
		return;
	case GW_SHAPE_CT_STATE:
	case GW_SHAPE_CT_STATUS:
	case GW_SHAPE_TCP_FLAGS:
		print_bits(out, shape, bytes, len);
		return;
	}
}

static void print_addr_range(struct gw_text *out, enum gw_family family, const uint8_t *first,
			     const uint8_t *last)
{
	struct gw_range range = { gw_addr_from_bytes(family, first),
				  gw_addr_from_bytes(family, last) };
	char text[2 * GW_ADDR_TEXT];

	gw_text_puts(out, gw_range_format(family, range, text));
}

static bool is_named(enum gw_shape shape)
{
	return shape >= GW_SHAPE_NFPROTO && shape <= GW_SHAPE_PRESENT;
}

void gw_print_range(struct gw_text *out, enum gw_shape shape, const uint8_t *first,
		    const uint8_t *last, uint32_t len)
{
	if (shape == GW_SHAPE_IPV4 && len == 4) {
		print_addr_range(out, GW_FAMILY_IPV4, first, last);
		return;
	}
	if (shape == GW_SHAPE_IPV6 && len == 16) {
		print_addr_range(out, GW_FAMILY_IPV6, first, last);
		return;
	}
	if (memcmp(first, last, len) == 0) {
		gw_print_shape(out, shape, first, len);
		return;
	}
	/* Names have hyphens themselves. */
	if (is_named(shape))
		shape = GW_SHAPE_PLAIN;
	gw_print_shape(out, shape, first, len);
	gw_text_putc(out, '-');
	gw_print_shape(out, shape, last, len);
}

void gw_print_key(struct gw_text *out, const struct gw_set *set, const struct gw_elem *elem)
{
	const uint8_t *last = elem->key_end ? elem->key_end : elem->key;
	uint32_t at = 0;

	for (size_t i = 0; i < set->n_key; i++) {
		if (i)
			gw_text_puts(out, " . ");
		gw_print_range(out, gw_shape_of_type(set->key[i]), elem->key + at, last + at,
			       gw_type_len(set->key[i]));
		at += gw_type_slot(set->key[i]);
	}
}

static void print_until(struct gw_text *out, int64_t expires_ms)
{
	time_t second = (time_t)(expires_ms / 1000);
	struct tm tm;
	char text[64];

	/* A year that no calendar has comes only from a damaged file. */
	if (!gmtime_r(&second, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		gw_text_printf(out, " until %" PRId64 " ms", expires_ms);
	else
		gw_text_printf(out, " until %s", text);
}

void gw_print_elem(struct gw_text *out, const struct gw_set *set, const struct gw_elem *elem)
{
	gw_print_key(out, set, elem);
	if (elem->expires_ms)
		print_until(out, elem->expires_ms);
	if (elem->packets || elem->bytes)
		gw_text_printf(out, " counter packets %" PRIu64 " bytes %" PRIu64, elem->packets,
			       elem->bytes);
	if (!set->map)
		return;
	gw_text_puts(out, " : ");
	if (set->data != GW_TYPE_VERDICT) {
		gw_print_shape(out, gw_shape_of_type(set->data), elem->data,
			       gw_type_len(set->data));
		return;
	}
	gw_text_puts(out, gw_name_verdict(elem->verdict));
	if (elem->chain)
		gw_text_printf(out, " %s", elem->chain);
}
