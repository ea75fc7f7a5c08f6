/* Keys, data and elements in the form that people read. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gw/core/addr.h"
#include "gw/ruleset/names.h"

static void print_bytes(struct gw_text *out, const uint8_t *bytes, size_t len)
{
	gw_text_puts(out, "0x");
	for (size_t i = 0; i < len; i++)
		gw_text_printf(out, "%02x", bytes[i]);
}

void gw_print_value(struct gw_text *out, enum gw_type type, const uint8_t *bytes)
{
	char addr[GW_ADDR_TEXT];
	uint32_t mark;

	switch (type) {
	case GW_TYPE_MARK:
		memcpy(&mark, bytes, sizeof(mark));
		gw_text_printf(out, "0x%08x", mark);
		return;
	case GW_TYPE_IFNAME:
		gw_text_printf(out, "\"%.16s\"", (const char *)bytes);
		return;
	case GW_TYPE_IPV4:
	case GW_TYPE_IPV6: {
		enum gw_family family = type == GW_TYPE_IPV4 ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;

		gw_text_puts(out, gw_addr_format(family, gw_addr_from_bytes(family, bytes), addr));
		return;
	}
	case GW_TYPE_PROTO:
		gw_text_printf(out, "%u", bytes[0]);
		return;
	case GW_TYPE_PORT:
		gw_text_printf(out, "%u", (unsigned int)bytes[0] << 8 | bytes[1]);
		return;
	case GW_TYPE_ETHER:
		gw_text_printf(out, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2],
			       bytes[3], bytes[4], bytes[5]);
		return;
	case GW_TYPE_VERDICT:
		break;
	}
	print_bytes(out, bytes, gw_type_slot(type));
}

void gw_print_key(struct gw_text *out, const struct gw_set *set, const struct gw_elem *elem)
{
	uint32_t at = 0;

	for (size_t i = 0; i < set->n_key; i++) {
		uint32_t len = gw_type_len(set->key[i]);

		if (i)
			gw_text_puts(out, " . ");
		gw_print_value(out, set->key[i], elem->key + at);
		if (elem->key_end && memcmp(elem->key + at, elem->key_end + at, len) != 0) {
			gw_text_putc(out, '-');
			gw_print_value(out, set->key[i], elem->key_end + at);
		}
		at += gw_type_slot(set->key[i]);
	}
}

void gw_print_elem(struct gw_text *out, const struct gw_set *set, const struct gw_elem *elem)
{
	gw_print_key(out, set, elem);
	if (elem->expires_ms) {
		time_t second = (time_t)(elem->expires_ms / 1000);
		struct tm tm;
		char text[32];

		(void)gmtime_r(&second, &tm);
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
		gw_text_printf(out, " until %s", text);
	}
	if (!set->map)
		return;
	gw_text_puts(out, " : ");
	if (set->data != GW_TYPE_VERDICT) {
		gw_print_value(out, set->data, elem->data);
		return;
	}
	gw_text_puts(out, gw_name_verdict(elem->verdict));
	if (elem->chain)
		gw_text_printf(out, " %s", elem->chain);
}
