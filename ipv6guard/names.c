#include "ipv6guard/names.h"

#include <string.h>

#include "gw/core/utf8.h"

#define VLAN_TAGS_MAX   4u
#define DNS_RECORDS_MAX 32u
#define DNS_JUMPS_MAX   16u
#define OPTIONS_MAX     128u

/* What is left of a packet. */
struct cursor {
	const uint8_t *at, *end;
};

static size_t left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

static bool skip(struct cursor *cursor, size_t n)
{
	if (left(cursor) < n)
		return false;
	cursor->at += n;
	return true;
}

static bool get_u8(struct cursor *cursor, unsigned int *ret)
{
	if (!left(cursor))
		return false;
	*ret = *cursor->at++;
	return true;
}

static bool get_u16(struct cursor *cursor, unsigned int *ret)
{
	if (left(cursor) < 2)
		return false;
	*ret = (unsigned int)cursor->at[0] << 8 | cursor->at[1];
	cursor->at += 2;
	return true;
}

/* The next `n` octets as a cursor of their own. */
static bool get_part(struct cursor *cursor, size_t n, struct cursor *ret)
{
	if (left(cursor) < n)
		return false;
	*ret = (struct cursor){ cursor->at, cursor->at + n };
	cursor->at += n;
	return true;
}

/* ---- cleaning -------------------------------------------------------------------------------- */

static bool may_stand(uint32_t c)
{
	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		       c == '-' || c == '_' || c == '.';
	/* C1 controls and spaces of Unicode; format characters are hidden. */
	return c != GW_UTF8_INVALID && c > 0xa0 && c != 0x1680 && !(c >= 0x2000 && c <= 0x200f) &&
	       !(c >= 0x2028 && c <= 0x202f) && c != 0x205f && c != 0x3000 && !gw_char_is_hidden(c);
}

bool ipv6guard_clean_name(const uint8_t *bytes, size_t len, char out[IPV6GUARD_NAME_MAX])
{
	const char *at = (const char *)bytes, *end = at + len;
	static const char local[] = ".local";
	size_t n = 0;

	while (at < end) {
		const char *start = at;
		bool good = may_stand(gw_utf8_next(&at, end));
		size_t size = (size_t)(at - start);

		if (!good)
			continue;
		if (n + size >= IPV6GUARD_NAME_MAX)
			break;
		memcpy(out + n, start, size);
		n += size;
	}
	while (n && out[n - 1] == '.')
		n--;
	if (n > sizeof(local) - 1 &&
	    memcmp(out + n - (sizeof(local) - 1), local, sizeof(local) - 1) == 0)
		n -= sizeof(local) - 1;
	out[n] = '\0';
	return n != 0;
}

const char *ipv6guard_name_source_text(enum ipv6guard_name_source source)
{
	static const char *const texts[IPV6GUARD_NAME_SOURCE_COUNT] = {
		[IPV6GUARD_NAME_NONE] = "",     [IPV6GUARD_NAME_LEASE] = "lease",
		[IPV6GUARD_NAME_DHCP] = "dhcp", [IPV6GUARD_NAME_DHCP6] = "dhcp6",
		[IPV6GUARD_NAME_MDNS] = "mdns",
	};

	return texts[source];
}

/* ---- DHCPv4 (RFC 2131, 2132, 4702) ----------------------------------------------------------- */

static bool read_dhcp4(struct cursor packet, struct ipv6guard_name *ret)
{
	static const uint8_t cookie[] = { 99, 130, 83, 99 };
	struct cursor option;
	unsigned int code, len;
	bool found = false;

	/* A request of a client on Ethernet, whose own address it tells. */
	if (left(&packet) < 240 || packet.at[0] != 1 || packet.at[1] != 1 || packet.at[2] != 6 ||
	    memcmp(packet.at + 236, cookie, sizeof(cookie)) != 0 ||
	    memcmp(packet.at + 28, ret->mac, sizeof(ret->mac)) != 0)
		return false;
	memcpy(ret->addr, packet.at + 12, sizeof(ret->addr)); /* ciaddr */
	(void)skip(&packet, 240);
	for (unsigned int i = 0; i < OPTIONS_MAX && get_u8(&packet, &code) && code != 255; i++) {
		if (!code)
			continue;
		if (!get_u8(&packet, &len) || !get_part(&packet, len, &option))
			break;
		if (code == 50 && len == 4)
			memcpy(ret->addr, option.at, sizeof(ret->addr));
		else if (code == 12 && !found)
			found = ipv6guard_clean_name(option.at, len, ret->text);
		else if (code == 81 && !found && len > 3 && !(option.at[0] & 4))
			found = ipv6guard_clean_name(option.at + 3, len - 3, ret->text);
	}
	ret->source = IPV6GUARD_NAME_DHCP;
	return found;
}

/* ---- DNS names ------------------------------------------------------------------------------- */

/* A name at the cursor, which moves behind it; labels are joined by dots in `text`. */
static bool read_name(const struct cursor *message, struct cursor *cursor, uint8_t text[256],
		      size_t *ret_len)
{
	struct cursor at = *cursor;
	unsigned int len, low;
	size_t n = 0;
	bool jumped = false;

	for (unsigned int steps = 0; steps < 128 + DNS_JUMPS_MAX; steps++) {
		struct cursor label;

		if (!get_u8(&at, &len))
			return false;
		if ((len & 0xc0) == 0xc0) {
			if (!get_u8(&at, &low))
				return false;
			if (!jumped)
				*cursor = at;
			jumped = true;
			at = *message;
			if (!skip(&at, (len & 0x3f) << 8 | low))
				return false;
			continue;
		}
		if (len & 0xc0 || n + len + 1 > 255)
			return false;
		if (!len) {
			if (!jumped)
				*cursor = at;
			*ret_len = n;
			return true;
		}
		if (!get_part(&at, len, &label))
			return false;
		if (n)
			text[n++] = '.';
		memcpy(text + n, label.at, len);
		n += len;
	}
	return false;
}

/* Uncompressed, as DHCPv6 has it (RFC 4704). */
static bool read_plain_name(struct cursor option, char out[IPV6GUARD_NAME_MAX])
{
	const struct cursor nothing = { option.at, option.at };
	uint8_t text[256];
	size_t len;

	/* Option 39 may be a part of a name, without the root's empty label. */
	if (read_name(&nothing, &option, text, &len))
		return ipv6guard_clean_name(text, len, out);
	if (!left(&option) || *option.at >= left(&option))
		return false;
	return ipv6guard_clean_name(option.at + 1, *option.at, out);
}

/* ---- multicast DNS (RFC 6762): whoever announces an address announces his name --------------- */

static bool skip_questions(const struct cursor *message, struct cursor *cursor, unsigned int n)
{
	uint8_t text[256];
	size_t len;

	if (n > DNS_RECORDS_MAX)
		return false;
	for (unsigned int i = 0; i < n; i++)
		if (!read_name(message, cursor, text, &len) || !skip(cursor, 4))
			return false;
	return true;
}

static bool read_mdns(struct cursor packet, struct ipv6guard_name *ret)
{
	const struct cursor message = packet;
	unsigned int flags, questions, answers, authorities, additional;

	if (!skip(&packet, 2) || !get_u16(&packet, &flags) || !get_u16(&packet, &questions) ||
	    !get_u16(&packet, &answers) || !get_u16(&packet, &authorities) ||
	    !get_u16(&packet, &additional) || !(flags & 0x8000) ||
	    !skip_questions(&message, &packet, questions))
		return false;
	for (unsigned int i = 0; i < DNS_RECORDS_MAX && i < answers + authorities + additional;
	     i++) {
		uint8_t text[256];
		unsigned int type, len;
		struct cursor data;
		size_t name;

		if (!read_name(&message, &packet, text, &name) || !get_u16(&packet, &type) ||
		    !skip(&packet, 6) || !get_u16(&packet, &len) || !get_part(&packet, len, &data))
			return false;
		if ((type == 1 && len == 4) || (type == 28 && len == 16)) {
			if (type == 1)
				memcpy(ret->addr, data.at, sizeof(ret->addr));
			ret->source = IPV6GUARD_NAME_MDNS;
			return ipv6guard_clean_name(text, name, ret->text);
		}
	}
	return false;
}

/* ---- DHCPv6 (RFC 8415, 4704) ----------------------------------------------------------------- */

static bool read_dhcp6(struct cursor packet, struct ipv6guard_name *ret)
{
	unsigned int type, code, len;
	struct cursor option;

	/* Messages of clients: Solicit to Information-request. */
	if (!get_u8(&packet, &type) || !type || type > 11 || type == 2 || type == 7 || type == 10 ||
	    !skip(&packet, 3))
		return false;
	ret->source = IPV6GUARD_NAME_DHCP6;
	for (unsigned int i = 0; i < OPTIONS_MAX; i++) {
		if (!get_u16(&packet, &code) || !get_u16(&packet, &len) ||
		    !get_part(&packet, len, &option))
			return false;
		if (code == 39 && skip(&option, 1))
			return read_plain_name(option, ret->text);
	}
	return false;
}

/* ---- frames ---------------------------------------------------------------------------------- */

static bool read_udp(struct cursor packet, bool ipv6, struct ipv6guard_name *ret)
{
	unsigned int source, dest, len;

	if (!get_u16(&packet, &source) || !get_u16(&packet, &dest) || !get_u16(&packet, &len) ||
	    !skip(&packet, 2) || len < 8)
		return false;
	if (len - 8 < left(&packet))
		packet.end = packet.at + (len - 8);
	if (dest == 5353 && source == 5353)
		return read_mdns(packet, ret);
	if (!ipv6 && dest == 67)
		return read_dhcp4(packet, ret);
	return ipv6 && dest == 547 && read_dhcp6(packet, ret);
}

static bool read_ipv4(struct cursor packet, struct ipv6guard_name *ret)
{
	size_t header;

	if (left(&packet) < 20 || packet.at[0] >> 4 != 4)
		return false;
	header = (size_t)(packet.at[0] & 15) * 4;
	/* The first fragment has the start of it all; what is cut off is left out. */
	if (header < 20 || packet.at[9] != 17 || (packet.at[6] & 0x1f) || packet.at[7])
		return false;
	memcpy(ret->addr, packet.at + 12, sizeof(ret->addr));
	return skip(&packet, header) && read_udp(packet, false, ret);
}

static bool read_ipv6(struct cursor packet, struct ipv6guard_name *ret)
{
	/* Hosts that tell their names put no extension headers before them. */
	if (left(&packet) < 40 || packet.at[0] >> 4 != 6 || packet.at[6] != 17)
		return false;
	(void)skip(&packet, 40);
	return read_udp(packet, true, ret);
}

bool ipv6guard_find_name(const uint8_t *frame, size_t len, struct ipv6guard_name *ret)
{
	struct cursor packet = { frame, frame + len };
	struct ipv6guard_name name = { .source = IPV6GUARD_NAME_NONE };
	unsigned int type;
	bool found = false;

	if (len < 14)
		return false;
	memcpy(name.mac, frame + 6, sizeof(name.mac));
	(void)skip(&packet, 12);
	for (unsigned int tags = 0; get_u16(&packet, &type) && tags <= VLAN_TAGS_MAX; tags++) {
		if ((type != 0x8100 && type != 0x88a8) || !skip(&packet, 2)) {
			found = type == 0x0800   ? read_ipv4(packet, &name)
				: type == 0x86dd ? read_ipv6(packet, &name)
						 : false;
			break;
		}
	}
	if (found)
		*ret = name;
	return found;
}
