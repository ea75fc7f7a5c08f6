#include "dns/zone/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gw/core/mem.h"

#define HEADER_LEN 12u

/* ---- names ------------------------------------------------------------------------------------ */

bool gw_dns_name_equal(const struct gw_dns_name *a, const struct gw_dns_name *b)
{
	return a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0;
}

bool gw_dns_name_within(const struct gw_dns_name *name, const struct gw_dns_name *zone)
{
	size_t at = 0;

	while (name->len - at > zone->len)
		at += name->wire[at] + 1u;
	return name->len - at == zone->len && memcmp(name->wire + at, zone->wire, zone->len) == 0;
}

void gw_dns_name_text(const struct gw_dns_name *name, struct gw_text *out)
{
	if (name->len <= 1)
		gw_text_putc(out, '.');
	for (size_t at = 0; at < name->len && name->wire[at]; at += name->wire[at] + 1u) {
		for (size_t i = at + 1; i <= at + name->wire[at]; i++) {
			uint8_t c = name->wire[i];

			if (c && strchr(".\\\"();@$", c))
				gw_text_printf(out, "\\%c", c);
			else if (c > ' ' && c < 0x7f)
				gw_text_putc(out, (char)c);
			else
				gw_text_printf(out, "\\%03u", c);
		}
		gw_text_putc(out, '.');
	}
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

int gw_dns_read_name(const struct gw_dns_message *message, size_t *at, struct gw_dns_name *ret)
{
	size_t from = *at, limit = *at; /* pointers lead before `limit` */
	bool jumped = false;

	ret->len = 0;
	for (;;) {
		uint8_t length;

		if (from >= message->len)
			return -EBADMSG;
		length = message->bytes[from];
		if ((length & 0xc0) == 0xc0) {
			if (from + 2 > message->len)
				return -EBADMSG;
			if (!jumped)
				*at = from + 2;
			from = gw_dns_u16(message->bytes + from) & 0x3fffu;
			if (from >= limit)
				return -EBADMSG;
			limit = from;
			jumped = true;
			continue;
		}
		if (length & 0xc0 || from + 1u + length > message->len ||
		    ret->len + 1u + length + (length ? 1u : 0) > GW_DNS_NAME_MAX)
			return -EBADMSG;
		ret->wire[ret->len++] = length;
		for (size_t i = 1; i <= length; i++)
			ret->wire[ret->len++] = lower(message->bytes[from + i]);
		from += length + 1u;
		if (!length)
			break;
	}
	if (!jumped)
		*at = from;
	return 0;
}

/* ---- messages --------------------------------------------------------------------------------- */

int gw_dns_open(const uint8_t *bytes, size_t len, struct gw_dns_message *ret)
{
	struct gw_dns_message message = { .bytes = bytes, .len = len, .at = HEADER_LEN };

	if (len < HEADER_LEN || len > GW_DNS_MESSAGE_MAX)
		return -EBADMSG;
	message.id = gw_dns_u16(bytes);
	message.flags = gw_dns_u16(bytes + 2);
	for (int i = 0; i < GW_DNS_SECTION_COUNT; i++)
		message.counts[i] = gw_dns_u16(bytes + 4 + 2 * i);
	if (message.counts[GW_DNS_QUESTION] > 1)
		return -EBADMSG; /* RFC 9619 */
	if (message.counts[GW_DNS_QUESTION]) {
		if (gw_dns_read_name(&message, &message.at, &message.question) < 0 ||
		    message.at + 4 > len)
			return -EBADMSG;
		message.question_type = gw_dns_u16(bytes + message.at);
		message.at += 4;
	}
	message.section = GW_DNS_ANSWER;
	message.left = message.counts[GW_DNS_ANSWER];
	*ret = message;
	return 0;
}

int gw_dns_next(struct gw_dns_message *message, struct gw_dns_record *ret)
{
	const uint8_t *fixed;

	while (!message->left) {
		if (message->section == GW_DNS_ADDITIONAL)
			return 0;
		message->section++;
		message->left = message->counts[message->section];
	}
	message->left--;
	ret->section = message->section;
	ret->at = message->at;
	if (gw_dns_read_name(message, &message->at, &ret->owner) < 0 ||
	    message->len - message->at < 10)
		return -EBADMSG;
	fixed = message->bytes + message->at;
	ret->type = gw_dns_u16(fixed);
	ret->class_ = gw_dns_u16(fixed + 2);
	ret->ttl = gw_dns_u32(fixed + 4);
	ret->rdata_len = gw_dns_u16(fixed + 8);
	ret->rdata_at = message->at + 10;
	if (message->len - ret->rdata_at < ret->rdata_len)
		return -EBADMSG;
	message->at = ret->rdata_at + ret->rdata_len;
	return 1;
}

/* ---- RDATA ------------------------------------------------------------------------------------ */

/*
 * The beginning of RDATA: N a name, S a character-string, 2 as many octets, H the 18 octets before the
 * signer of a signature. What follows is taken as it is. Types that are not here hold no names, or none that
 * may be compressed (RFC 3597, section 4). Names in NSEC keep their case (RFC 6840, 5.1).
 */
static const char *layout(uint16_t type)
{
	switch (type) {
	case GW_DNS_NS:
	case GW_DNS_CNAME:
	case GW_DNS_PTR:
	case GW_DNS_DNAME:
	case 3: /* MD */
	case 4: /* MF */
	case 7: /* MB */
	case 8: /* MG */
	case 9: /* MR */
		return "N";
	case GW_DNS_SOA:
	case 14: /* MINFO */
	case 17: /* RP */
		return "NN";
	case GW_DNS_MX:
	case 18: /* AFSDB */
	case 21: /* RT */
	case 36: /* KX */
		return "2N";
	case 26: /* PX */
		return "2NN";
	case GW_DNS_SRV:
		return "222N";
	case 35: /* NAPTR */
		return "22SSSN";
	case 24: /* SIG */
	case GW_DNS_RRSIG:
		return "HN";
	default:
		return "";
	}
}

/* How many octets a part takes; -1: more than there are. */
static int part_len(char part, const uint8_t *at, size_t left)
{
	size_t len = part == '2' ? 2 : 18;

	if (part == 'S')
		len = left ? at[0] + 1u : 1;
	return len <= left ? (int)len : -1;
}

int gw_dns_rdata(const struct gw_dns_message *message, const struct gw_dns_record *record,
		 struct gw_text *out)
{
	size_t at = record->rdata_at, end = at + record->rdata_len;

	for (const char *part = layout(record->type); *part && at < end; part++) {
		struct gw_dns_name name;
		int len;

		if (*part == 'N') {
			if (gw_dns_read_name(message, &at, &name) < 0 || at > end)
				return -EBADMSG;
			gw_text_add(out, (const char *)name.wire, name.len);
			continue;
		}
		len = part_len(*part, message->bytes + at, end - at);
		if (len < 0)
			return -EBADMSG;
		gw_text_add(out, (const char *)message->bytes + at, (size_t)len);
		at += (size_t)len;
	}
	gw_text_add(out, (const char *)message->bytes + at, end - at);
	return 0;
}

/* ---- questions -------------------------------------------------------------------------------- */

void gw_dns_put_u16(struct gw_text *out, unsigned int value)
{
	gw_text_putc(out, (char)(value >> 8 & 0xff));
	gw_text_putc(out, (char)(value & 0xff));
}

void gw_dns_question(uint16_t id, const uint8_t *name, size_t name_len, uint16_t type,
		     struct gw_text *out)
{
	/* Root, OPT, our size, version 0, DO, nothing. A transfer needs no EDNS. */
	static const char opt[] = "\0\0\x29\x04\xd0\0\0\x80\0\0";
	bool edns = type != GW_DNS_AXFR;

	_Static_assert(GW_DNS_UDP_SIZE == 0x4d0, "the size in the OPT record");
	gw_dns_put_u16(out, id);
	gw_dns_put_u16(out, 0); /* a query; no recursion */
	gw_dns_put_u16(out, 1);
	gw_dns_put_u16(out, 0);
	gw_dns_put_u16(out, 0);
	gw_dns_put_u16(out, edns ? 1 : 0);
	gw_text_add(out, (const char *)name, name_len);
	gw_dns_put_u16(out, type);
	gw_dns_put_u16(out, 1);
	if (edns)
		gw_text_add(out, opt, 11);
}

/* ---- words ------------------------------------------------------------------------------------ */

const char *gw_dns_type_text(uint16_t type, char ret[16])
{
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = {
		{ GW_DNS_A, "A" },
		{ GW_DNS_NS, "NS" },
		{ GW_DNS_CNAME, "CNAME" },
		{ GW_DNS_SOA, "SOA" },
		{ GW_DNS_PTR, "PTR" },
		{ GW_DNS_MX, "MX" },
		{ GW_DNS_TXT, "TXT" },
		{ GW_DNS_AAAA, "AAAA" },
		{ GW_DNS_SRV, "SRV" },
		{ GW_DNS_DNAME, "DNAME" },
		{ GW_DNS_DS, "DS" },
		{ GW_DNS_RRSIG, "RRSIG" },
		{ 47, "NSEC" },
		{ GW_DNS_DNSKEY, "DNSKEY" },
		{ 50, "NSEC3" },
		{ 51, "NSEC3PARAM" },
		{ 52, "TLSA" },
		{ 59, "CDS" },
		{ 60, "CDNSKEY" },
		{ GW_DNS_ZONEMD, "ZONEMD" },
		{ 64, "SVCB" },
		{ 65, "HTTPS" },
		{ 257, "CAA" },
	};

	(void)snprintf(ret, 16, "TYPE%u", type);
	for (size_t i = 0; i < GW_COUNT(names); i++)
		if (names[i].type == type)
			(void)snprintf(ret, 16, "%s", names[i].name);
	return ret;
}

const char *gw_dns_rcode_text(unsigned int rcode, char ret[16])
{
	static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
					     "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
					     "NXRRSET", "NOTAUTH", "NOTZONE" };

	if (rcode < GW_COUNT(names))
		(void)snprintf(ret, 16, "%s", names[rcode]);
	else
		(void)snprintf(ret, 16, "rcode %u", rcode & 0xffffu);
	return ret;
}
