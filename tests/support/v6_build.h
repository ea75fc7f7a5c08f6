/* Frames from short descriptions: hexadecimal text with names for the parties, and headers around it. */
#ifndef TESTS_SUPPORT_V6_BUILD_H
#define TESTS_SUPPORT_V6_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define V6_BYTES_MAX 16384u
#define V6_EXT_MAX   160u

struct v6_bytes {
	uint8_t at[V6_BYTES_MAX];
	size_t len;
};

/* The parties. Attackers are `a`, victims `v`, the listed router `r`, a listed stub router `s`. */
extern const uint8_t v6_mac_attacker[6], v6_mac_victim[6], v6_mac_router[6], v6_mac_stub[6];
#define V6_ADDRESS_ATTACKER "fe80::a:a1"
#define V6_ADDRESS_VICTIM   "fe80::5:1"
#define V6_ADDRESS_TAKEN    "fe80::5:7" /* that another device is about to take */
#define V6_ADDRESS_ROUTER   "fe80::1"
#define V6_ADDRESS_STUB     "fe80::2"

void v6_put(struct v6_bytes *out, const void *bytes, size_t len);
void v6_put8(struct v6_bytes *out, unsigned int value);
void v6_put16(struct v6_bytes *out, unsigned int value);
void v6_put32(struct v6_bytes *out, uint32_t value);
void v6_zeroes(struct v6_bytes *out, size_t len);
/**
 * Hexadecimal digits; blanks are skipped. @A @V @R @S are MACs, [address] an IPv6 address, (address) an
 * IPv4 address, "text" its bytes, *N{…} repeats.
 */
void v6_hex(struct v6_bytes *out, const char *text);
/** An IPv6 address from text. */
void v6_address(uint8_t out[16], const char *text);

/** The Internet checksum of `bytes` added to `sum`. */
uint16_t v6_checksum(uint32_t sum, const uint8_t *bytes, size_t len);

/** An IPv6 packet in parts, so that headers can be put between them. */
struct v6_ext {
	uint8_t type;
	size_t at, len; /* in `ext_bytes`; the first byte is set when it is put together */
};
struct v6_packet {
	uint8_t eth_dst[6], eth_src[6];
	uint8_t src[16], dst[16];
	uint8_t hop, next;
	unsigned int n_ext;
	struct v6_ext ext[V6_EXT_MAX];
	struct v6_bytes ext_bytes;
	struct v6_bytes upper;
};
/** Appends an extension header, written in hexadecimal with its first byte as 00. */
void v6_extend(struct v6_packet *packet, uint8_t type, const char *hex);
/** Sets the checksum of ICMPv6, UDP or TCP. */
void v6_seal(struct v6_packet *packet);
/** The whole packet. */
void v6_assemble(const struct v6_packet *packet, struct v6_bytes *out);

/** Ethernet header. */
void v6_ethernet(struct v6_bytes *out, const uint8_t *dst, const uint8_t *src, unsigned int type);
/** IPv4 header; `fragment` is the whole field, options are words. */
struct v6_ipv4 {
	const char *src, *dst;
	uint8_t protocol;
	uint16_t fragment;
	unsigned int option_words;
	bool bad_checksum;
};
void v6_ipv4(struct v6_bytes *out, const struct v6_ipv4 *header, const struct v6_bytes *payload);
void v6_udp(struct v6_bytes *out, unsigned int src_port, unsigned int dst_port,
	    const struct v6_bytes *payload);
void v6_tcp(struct v6_bytes *out, unsigned int src_port, unsigned int dst_port,
	    const struct v6_bytes *payload);

#endif
