#include "tests/support/v6_build.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const uint8_t v6_mac_attacker[6] = { 0x02, 0x0a, 0x0a, 0x0a, 0x0a, 0x01 };
const uint8_t v6_mac_victim[6] = { 0x02, 0x05, 0x05, 0x05, 0x05, 0x01 };
const uint8_t v6_mac_router[6] = { 0x02, 0x01, 0x01, 0x01, 0x01, 0x01 };
const uint8_t v6_mac_stub[6] = { 0x02, 0x01, 0x01, 0x01, 0x01, 0x02 };

static void broken(const char *text)
{
	(void)fprintf(stderr, "a frame's description is broken: %s\n", text);
	abort();
}

void v6_put(struct v6_bytes *out, const void *bytes, size_t len)
{
	if (len > V6_BYTES_MAX - out->len)
		broken("too long");
	memcpy(out->at + out->len, bytes, len);
	out->len += len;
}

void v6_put8(struct v6_bytes *out, unsigned int value)
{
	uint8_t byte = (uint8_t)value;

	v6_put(out, &byte, 1);
}

void v6_put16(struct v6_bytes *out, unsigned int value)
{
	v6_put8(out, value >> 8);
	v6_put8(out, value);
}

void v6_put32(struct v6_bytes *out, uint32_t value)
{
	v6_put16(out, value >> 16);
	v6_put16(out, value & 0xffff);
}

void v6_zeroes(struct v6_bytes *out, size_t len)
{
	while (len--)
		v6_put8(out, 0);
}

void v6_address(uint8_t out[16], const char *text)
{
	if (inet_pton(AF_INET6, text, out) != 1)
		broken(text);
}

/* ---- text -------------------------------------------------------------------------------------- */

static const uint8_t *party(char name)
{
	switch (name) {
	case 'A':
		return v6_mac_attacker;
	case 'V':
		return v6_mac_victim;
	case 'R':
		return v6_mac_router;
	case 'S':
		return v6_mac_stub;
	default:
		broken("no such party");
		return NULL;
	}
}

/* The text between two brackets; returns what stands behind. */
static const char *quoted(const char *text, char end, char *out, size_t size)
{
	const char *stop = strchr(text + 1, end);
	size_t len = stop ? (size_t)(stop - text - 1) : size;

	if (len >= size)
		broken(text);
	memcpy(out, text + 1, len);
	out[len] = 0;
	return stop + 1;
}

static const char *put_address(struct v6_bytes *out, const char *text, bool ipv6)
{
	char word[64];
	uint8_t address[16];
	const char *rest = quoted(text, ipv6 ? ']' : ')', word, sizeof(word));

	if (inet_pton(ipv6 ? AF_INET6 : AF_INET, word, address) != 1)
		broken(text);
	v6_put(out, address, ipv6 ? 16 : 4);
	return rest;
}

/* *N{…} */
static const char *put_repeated(struct v6_bytes *out, const char *text)
{
	char *open, inner[256];
	unsigned long n = strtoul(text + 1, &open, 10);
	const char *rest = quoted(open, '}', inner, sizeof(inner));

	while (n--)
		v6_hex(out, inner);
	return rest;
}

static const char *put_digits(struct v6_bytes *out, const char *text)
{
	unsigned int value;

	if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
	    sscanf(text, "%2x", &value) != 1) /* NOLINT(cert-err34-c): two digits cannot overflow */
		broken(text);
	v6_put8(out, value);
	return text + 2;
}

void v6_hex(struct v6_bytes *out, const char *text)
{
	char word[256];

	while (*text) {
		switch (*text) {
		case ' ':
			text++;
			break;
		case '@':
			v6_put(out, party(text[1]), 6);
			text += 2;
			break;
		case '[':
		case '(':
			text = put_address(out, text, *text == '[');
			break;
		case '"':
			text = quoted(text, '"', word, sizeof(word));
			v6_put(out, word, strlen(word));
			break;
		case '*':
			text = put_repeated(out, text);
			break;
		default:
			text = put_digits(out, text);
		}
	}
}

/* ---- IPv6 -------------------------------------------------------------------------------------- */

uint16_t v6_checksum(uint32_t sum, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)(i % 2 ? bytes[i] : bytes[i] << 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void v6_extend(struct v6_packet *packet, uint8_t type, const char *hex)
{
	struct v6_ext *ext = &packet->ext[packet->n_ext];

	if (packet->n_ext++ == V6_EXT_MAX)
		broken("too many headers");
	ext->type = type;
	ext->at = packet->ext_bytes.len;
	v6_hex(&packet->ext_bytes, hex);
	ext->len = packet->ext_bytes.len - ext->at;
}

void v6_seal(struct v6_packet *packet)
{
	size_t at = packet->next == IPPROTO_ICMPV6 ? 2 : packet->next == IPPROTO_UDP ? 6 : 16;
	struct v6_bytes *upper = &packet->upper;
	uint8_t addresses[32];
	uint16_t sum;

	if (packet->next != IPPROTO_ICMPV6 && packet->next != IPPROTO_UDP &&
	    packet->next != IPPROTO_TCP)
		return;
	if (upper->len < at + 2)
		return;
	memcpy(addresses, packet->src, 16);
	memcpy(addresses + 16, packet->dst, 16);
	upper->at[at] = upper->at[at + 1] = 0;
	sum = (uint16_t)~v6_checksum((uint32_t)upper->len + packet->next, addresses, 32);
	sum = v6_checksum(sum, upper->at, upper->len);
	upper->at[at] = (uint8_t)(sum >> 8);
	upper->at[at + 1] = (uint8_t)sum;
}

void v6_assemble(const struct v6_packet *packet, struct v6_bytes *out)
{
	size_t start = out->len;

	v6_put32(out, 0x60000000);
	v6_put16(out, (unsigned int)(packet->ext_bytes.len + packet->upper.len));
	v6_put8(out, packet->n_ext ? packet->ext[0].type : packet->next);
	v6_put8(out, packet->hop);
	v6_put(out, packet->src, 16);
	v6_put(out, packet->dst, 16);
	v6_put(out, packet->ext_bytes.at, packet->ext_bytes.len);
	for (unsigned int i = 0; i < packet->n_ext; i++)
		out->at[start + 40 + packet->ext[i].at] =
			i + 1 < packet->n_ext ? packet->ext[i + 1].type : packet->next;
	v6_put(out, packet->upper.at, packet->upper.len);
}

/* ---- around it --------------------------------------------------------------------------------- */

void v6_ethernet(struct v6_bytes *out, const uint8_t *dst, const uint8_t *src, unsigned int type)
{
	v6_put(out, dst, 6);
	v6_put(out, src, 6);
	v6_put16(out, type);
}

void v6_ipv4(struct v6_bytes *out, const struct v6_ipv4 *header, const struct v6_bytes *payload)
{
	size_t start = out->len, len = 20 + header->option_words * 4u;
	uint8_t address[4];
	uint16_t sum;

	v6_put8(out, (unsigned int)(0x40 | len / 4));
	v6_put8(out, 0);
	v6_put16(out, (unsigned int)(len + payload->len));
	v6_put16(out, 0x1234);
	v6_put16(out, header->fragment);
	v6_put8(out, 64);
	v6_put8(out, header->protocol);
	v6_put16(out, 0);
	if (inet_pton(AF_INET, header->src, address) != 1)
		broken(header->src);
	v6_put(out, address, 4);
	if (inet_pton(AF_INET, header->dst, address) != 1)
		broken(header->dst);
	v6_put(out, address, 4);
	for (unsigned int i = 0; i < header->option_words; i++)
		v6_put32(out, 0x01010101); /* no operation */
	sum = v6_checksum(0, out->at + start, len);
	sum = header->bad_checksum ? (uint16_t)(sum ^ 0x5555) : sum;
	out->at[start + 10] = (uint8_t)(sum >> 8);
	out->at[start + 11] = (uint8_t)sum;
	v6_put(out, payload->at, payload->len);
}

void v6_udp(struct v6_bytes *out, unsigned int src_port, unsigned int dst_port,
	    const struct v6_bytes *payload)
{
	v6_put16(out, src_port);
	v6_put16(out, dst_port);
	v6_put16(out, (unsigned int)(8 + payload->len));
	v6_put16(out, 0);
	v6_put(out, payload->at, payload->len);
}

void v6_tcp(struct v6_bytes *out, unsigned int src_port, unsigned int dst_port,
	    const struct v6_bytes *payload)
{
	v6_put16(out, src_port);
	v6_put16(out, dst_port);
	v6_put32(out, 1);
	v6_put32(out, payload->len ? 1 : 0);
	v6_put16(out, payload->len ? 0x5018 : 0x5002);
	v6_put16(out, 0xffff);
	v6_put32(out, 0);
	v6_put(out, payload->at, payload->len);
}
