/*
 * Names that switch a transition mechanism or a proxy on: wpad, isatap, Teredo's servers, ipv4only.arpa; in
 * DNS, mDNS, LLMNR and NetBIOS. Asking for them is what hosts do; answering is what attackers do.
 */
#include "ipv6guard/dns.h"

#include <string.h>

#define PORT_DNS    53
#define PORT_NBNS   137
#define PORT_MDNS   5353
#define PORT_LLMNR  5355
#define RECORDS_MAX 64u
#define JUMPS_MAX   16u
#define NAME_MAX    255u
#define TYPE_AAAA   28
#define NBNS_LABEL  32u /* a name of 16 bytes, as letters A to P */

/* ---- names ------------------------------------------------------------------------------------- */

/* Lower case with a dot behind each label; cut off where it is too long. Returns the bytes that the name
 * takes where it stands, 0 if it is broken. */
static size_t read_name(const uint8_t *message, size_t len, size_t at, char name[NAME_MAX + 1])
{
	size_t taken = 0, out = 0;
	unsigned int jumps = 0;

	while (at < len && message[at]) {
		uint8_t label = message[at];

		if (label >= 0xc0) {
			if (at + 2 > len || jumps++ == JUMPS_MAX)
				return 0;
			taken = taken ? taken : at + 2;
			at = gw_v6_u16(message + at) & 0x3fff;
			continue;
		}
		if (label >= 0x40 || at + 1 + label > len)
			return 0;
		for (size_t i = 0; i < label && out + 2 < NAME_MAX; i++) {
			uint8_t c = message[at + 1 + i];

			name[out++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
		}
		name[out++] = '.';
		at += 1u + label;
		if (out + 2 >= NAME_MAX)
			return 0;
	}
	name[out] = 0;
	if (at >= len)
		return 0;
	return taken ? taken : at + 1;
}

/* "FHFAEBEE" is "WPAD": each byte in two letters (RFC 1001, 14.1). */
static void decode_netbios(char *name)
{
	size_t out = 0;

	if (strcspn(name, ".") != NBNS_LABEL)
		return;
	for (size_t i = 0; i < NBNS_LABEL - 2; i += 2) {
		unsigned int high = (unsigned int)(name[i] - 'a'),
			     low = (unsigned int)(name[i + 1] - 'a');
		char c = (char)((high & 0x0f) << 4 | (low & 0x0f));

		if (c == ' ')
			break;
		name[out++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	name[out++] = '.';
	name[out] = 0;
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

uint32_t gw_v6_dns_subject(const char *name)
{
	if (strncmp(name, "wpad.", 5) == 0)
		return GW_V6_DNS_WPAD;
	if (strncmp(name, "isatap.", 7) == 0)
		return GW_V6_DNS_ISATAP;
	if (ends_with(name, ".ipv6.microsoft.com."))
		return GW_V6_DNS_TEREDO;
	if (strcmp(name, "ipv4only.arpa.") == 0 || ends_with(name, ".ipv4only.arpa."))
		return GW_V6_DNS_NAT64;
	return 0;
}

/* ---- messages ---------------------------------------------------------------------------------- */

/* A record at `*at`, which moves behind it. False where the message ends. */
static bool read_record(struct gw_v6_bytes message, size_t *at, bool question, bool netbios,
			uint32_t *subjects, uint16_t *type)
{
	char name[NAME_MAX + 1] = "";
	size_t next = read_name(message.at, message.len, *at, name);
	size_t fixed = question ? 4 : 10;

	if (!next || next + fixed > message.len)
		return false;
	if (netbios)
		decode_netbios(name);
	*subjects |= gw_v6_dns_subject(name);
	*type = gw_v6_u16(message.at + next);
	*at = next + fixed + (question ? 0 : gw_v6_u16(message.at + next + 8));
	return *at <= message.len;
}

void gw_v6_dns_read(const uint8_t *bytes, size_t len, bool netbios, struct gw_v6_dns *ret)
{
	struct gw_v6_bytes message = { bytes, len };
	size_t at = 12;
	unsigned int questions, answers, n = 0;
	uint16_t type = 0;

	*ret = (struct gw_v6_dns){ 0 };
	if (len < 12)
		return;
	ret->response = bytes[2] & 0x80;
	questions = gw_v6_u16(bytes + 4);
	answers = (unsigned int)gw_v6_u16(bytes + 6) + gw_v6_u16(bytes + 8) + gw_v6_u16(bytes + 10);
	while (questions-- && n++ < RECORDS_MAX)
		if (!read_record(message, &at, true, netbios, &ret->asked, &type))
			return;
	while (answers-- && n++ < RECORDS_MAX) {
		if (!read_record(message, &at, false, netbios, &ret->answered, &type))
			return;
		ret->reveals = ret->reveals || (ret->response && type == TYPE_AAAA);
	}
}

void gw_v6_judge_names(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, uint16_t src_port,
		       uint16_t dst_port, struct gw_v6_bytes bytes)
{
	bool local = src_port != PORT_DNS && dst_port != PORT_DNS;
	struct gw_v6_dns dns;

	gw_v6_dns_read(bytes.at, bytes.len, src_port == PORT_NBNS || dst_port == PORT_NBNS, &dns);
	if (dns.answered & GW_V6_DNS_WPAD)
		gw_v6_mark(walk, GW_V6_CLASS_WPAD_ANSWER);
	else if (dns.asked & GW_V6_DNS_WPAD)
		gw_v6_mark(walk, GW_V6_CLASS_WPAD_QUERY);
	if (dns.answered & GW_V6_DNS_TRANSITION)
		gw_v6_mark(walk, GW_V6_CLASS_TRANSITION_ANSWER);
	else if (dns.asked & GW_V6_DNS_TRANSITION)
		gw_v6_mark(walk, GW_V6_CLASS_TRANSITION_QUERY);
	if ((dns.asked | dns.answered) & GW_V6_DNS_NAT64)
		gw_v6_mark(walk, GW_V6_CLASS_NAT64_QUERY);
	/* Its own address, told to the link; not what a resolver answers about others. */
	if (local && dns.reveals && ip->version == 4)
		gw_v6_mark(walk, GW_V6_CLASS_REVEALED);
}
