/* IPv4: what it carries, whole or in fragments. */
#include <netinet/in.h>
#include <string.h>

#include "ipv6guard/walk.h"

/* Every router passes 68 bytes in one piece (RFC 791), and links of less than 576 are history: a first
 * fragment below that shows too little on purpose. */
#define TINY_FRAGMENT 128u

static void note_addresses(struct gw_v6_walk *walk, const uint8_t *header)
{
	struct gw_v6_evidence *evidence = &walk->result->evidence;

	if (evidence->outer_version)
		return;
	evidence->outer_version = 4;
	memcpy(evidence->outer_src, header + 12, 4);
	memcpy(evidence->outer_dst, header + 16, 4);
	evidence->protocol = header[9];
}

/* 192.0.0.0/29: the inner side of DS-Lite and 464XLAT, never on a link of its own. */
static bool is_translator(const uint8_t *address)
{
	return address[0] == 192 && address[1] == 0 && address[2] == 0 && address[3] < 8;
}

/* The packet behind the header, or what of it is there. */
static struct gw_v6_bytes payload_of(struct gw_v6_walk *walk, const uint8_t *header, size_t ihl,
				     struct gw_v6_bytes bytes, struct gw_v6_ip *ip)
{
	size_t total = gw_v6_u16(header + 2);

	ip->whole = true;
	if (total == 0) { /* joined by the receiving driver (GRO) */
		gw_v6_trick(walk, GW_V6_TRICK_JUMBO);
		return bytes;
	}
	if (total < ihl) {
		gw_v6_mark(walk, GW_V6_CLASS_MALFORMED);
		return bytes;
	}
	if (total - ihl > bytes.len) {
		ip->whole = false;
		gw_v6_trick(walk, walk->frame->wire_len > walk->frame->len ? GW_V6_TRICK_CUT
									   : GW_V6_TRICK_LENGTH);
	}
	return gw_v6_first(bytes, total - ihl);
}

static void walk_protocol(struct gw_v6_walk *walk, uint8_t protocol, const struct gw_v6_ip *ip,
			  struct gw_v6_bytes payload)
{
	if (protocol == IPPROTO_TCP)
		gw_v6_walk_tcp(walk, ip, payload);
	else if (protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE)
		gw_v6_walk_udp(walk, ip, payload);
	else
		(void)gw_v6_walk_encapsulation(walk, protocol, ip, payload);
}

/* The nibble says 6, or nothing that exists. */
static void walk_disguised(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	gw_v6_trick(walk, GW_V6_TRICK_VERSION);
	gw_v6_mark(walk, GW_V6_CLASS_DISGUISED);
	if (bytes.at[0] >> 4 == 6)
		gw_v6_walk_ipv6(walk, bytes);
}

void gw_v6_walk_ipv4(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	struct gw_v6_ip ip = { .version = 4 };
	const uint8_t *header = gw_v6_peek(&bytes, 1);
	uint16_t fragment;
	size_t ihl;

	if (!gw_v6_step(walk, GW_V6_LAYER_IPV4, bytes.at))
		return;
	if (header && header[0] >> 4 != 4) {
		walk_disguised(walk, bytes);
		return;
	}
	header = gw_v6_take(&bytes, 20);
	ihl = header ? (header[0] & 0x0fu) * 4u : 0;
	if (!header || ihl < 20 || !gw_v6_take(&bytes, ihl - 20)) {
		gw_v6_missing(walk, bytes);
		return;
	}
	note_addresses(walk, header);
	ip.src = header + 12;
	ip.dst = header + 16;
	ip.hop_limit = header[8];
	if (ihl > 20)
		gw_v6_trick(walk, GW_V6_TRICK_IPV4_OPTIONS);
	if (is_translator(ip.src) || is_translator(ip.dst))
		gw_v6_mark(walk, GW_V6_CLASS_CLAT);
	bytes = payload_of(walk, header, ihl, bytes, &ip);
	fragment = gw_v6_u16(header + 6) & 0x3fff;
	if (fragment) {
		gw_v6_trick(walk, GW_V6_TRICK_IPV4_FRAGMENT);
		ip.fragmented = true;
	}
	if (fragment & 0x1fff) {
		/* Ports are in the first fragment only, the protocol of a tunnel is in all. */
		(void)gw_v6_walk_encapsulation(walk, header[9], &ip, gw_v6_first(bytes, 0));
		return;
	}
	if (fragment && bytes.len < TINY_FRAGMENT)
		gw_v6_mark(walk, GW_V6_CLASS_FRAGMENT_TINY);
	walk_protocol(walk, header[9], &ip, bytes);
}
