/*
 * Tunnels in UDP. Encapsulations with a port of their own are read whatever their flags say, since receivers
 * differ in what they forgive; Teredo, AYIYA and WireGuard are known on any port by what is in them.
 */
#include <netinet/in.h>
#include <string.h>

#include "gw/core/mem.h"
#include "ipv6guard/flows.h"
#include "ipv6guard/teredo.h"
#include "ipv6guard/walk.h"

#define PORT_TEREDO 3544

typedef void content_fn(struct gw_v6_walk *walk, struct gw_v6_bytes bytes);

static void walk_vxlan(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	if (gw_v6_take(&bytes, 8))
		gw_v6_walk_inner_ethernet(walk, bytes);
}

static void walk_vxlan_gpe(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *header = gw_v6_take(&bytes, 8);

	if (!header)
		return;
	if ((header[0] & 0x04) && header[3] == 1)
		gw_v6_walk_ipv4(walk, bytes);
	else if ((header[0] & 0x04) && header[3] == 2)
		gw_v6_walk_ipv6(walk, bytes);
	else
		gw_v6_walk_inner_ethernet(walk, bytes);
}

static void walk_geneve(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *header = gw_v6_take(&bytes, 8);

	if (header && gw_v6_take(&bytes, (header[0] & 0x3fu) * 4u))
		gw_v6_walk_by_type(walk, gw_v6_u16(header + 2), bytes);
}

/* Variant 1 is IP itself; variant 0 names the protocol behind its header. */
static void walk_gue(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *header = gw_v6_peek(&bytes, 4);

	if (!header)
		return;
	if (header[0] >> 6 == 1) {
		gw_v6_walk_ip(walk, bytes);
		return;
	}
	if (!gw_v6_take(&bytes, 4u + (header[0] & 0x1fu) * 4u))
		return;
	if (header[1] == IPPROTO_GRE)
		gw_v6_walk_gre(walk, bytes);
	else if (header[1] == IPPROTO_IPV6 || header[1] == IPPROTO_IPIP)
		gw_v6_walk_ip(walk, bytes);
}

/* RFC 2661: length, tunnel and session, sequence, offset; the flags say which are there. */
static void walk_l2tp(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *header = gw_v6_take(&bytes, 2), *offset;
	uint16_t flags = header ? gw_v6_u16(header) : 0;

	if (!header || flags & 0x8000) /* control message */
		return;
	if ((flags & 0x0f) == 3) {
		if (gw_v6_take(&bytes, 2))
			gw_v6_walk_l2tpv3(walk, bytes);
		return;
	}
	if (flags & 0x4000)
		(void)gw_v6_take(&bytes, 2);
	(void)gw_v6_take(&bytes, 4);
	if (flags & 0x0800)
		(void)gw_v6_take(&bytes, 4);
	if (flags & 0x0200) {
		offset = gw_v6_take(&bytes, 2);
		if (!offset || !gw_v6_take(&bytes, gw_v6_u16(offset)))
			return;
	}
	gw_v6_walk_ppp(walk, bytes);
}

/* User data of GTP version 1, behind its extension headers. */
static void walk_gtp(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *header = gw_v6_take(&bytes, 8), *extension;
	uint8_t next = 0;

	if (!header || header[1] != 0xff)
		return;
	if (header[0] & 0x07) {
		const uint8_t *optional = gw_v6_take(&bytes, 4);

		next = optional && (header[0] & 0x04) ? optional[3] : 0;
	}
	while (next) {
		extension = gw_v6_peek(&bytes, 1);
		if (!extension || !extension[0] || !gw_v6_take(&bytes, extension[0] * 4u))
			return;
		next = extension[extension[0] * 4u - 1];
	}
	gw_v6_walk_ip(walk, bytes);
}

static const struct encapsulation {
	uint16_t port;
	enum gw_v6_class class_id;
	content_fn *content;
} encapsulations[] = {
	{ 1701, GW_V6_CLASS_UDP_TUNNEL, walk_l2tp },
	{ 2152, GW_V6_CLASS_UDP_TUNNEL, walk_gtp },
	{ 3653, GW_V6_CLASS_TUNNEL_BROKER, NULL }, /* TSP */
	{ 3740, GW_V6_CLASS_TUNNEL_BROKER, NULL }, /* heartbeat */
	{ 4754, GW_V6_CLASS_UDP_TUNNEL, gw_v6_walk_gre },
	{ 4755, GW_V6_CLASS_UDP_TUNNEL, NULL }, /* GRE in DTLS */
	{ 4789, GW_V6_CLASS_UDP_TUNNEL, walk_vxlan },
	{ 4790, GW_V6_CLASS_UDP_TUNNEL, walk_vxlan_gpe },
	{ 5072, GW_V6_CLASS_TUNNEL_BROKER, NULL }, /* AYIYA that does not look like it */
	{ 6080, GW_V6_CLASS_UDP_TUNNEL, walk_gue },
	{ 6081, GW_V6_CLASS_UDP_TUNNEL, walk_geneve },
	{ 6635, GW_V6_CLASS_UDP_TUNNEL, gw_v6_walk_mpls },
	{ 6636, GW_V6_CLASS_UDP_TUNNEL, NULL }, /* MPLS in DTLS */
	{ 8472, GW_V6_CLASS_UDP_TUNNEL, walk_vxlan },
};

/* By the port that it is sent to. Ports that were chosen at random are above all of these. */
static void judge_port(struct gw_v6_walk *walk, uint16_t port, struct gw_v6_bytes payload)
{
	const size_t n = GW_COUNT(encapsulations);

	if (port < encapsulations[0].port || port > encapsulations[n - 1].port)
		return;
	for (size_t i = 0; i < n; i++)
		if (encapsulations[i].port == port)
			gw_v6_walk_marked(walk, encapsulations[i].class_id,
					  encapsulations[i].content, payload);
}

/* ---- on any port ------------------------------------------------------------------------------- */

static bool judge_teredo(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, uint16_t src_port,
			 uint16_t dst_port, struct gw_v6_bytes payload)
{
	static const uint8_t discovery[] = { 224, 0, 0, 253 };
	struct gw_v6_bytes packet;

	switch (gw_v6_in_udp(payload, &packet)) {
	case GW_V6_IN_UDP_TEREDO:
		gw_v6_walk_marked(walk, GW_V6_CLASS_TEREDO, gw_v6_walk_ipv6, packet);
		return true;
	case GW_V6_IN_UDP_RAW:
		if (walk->flows &&
		    gw_v6_flows_hit(walk->flows, walk->frame->time_ms, ip->src, ip->dst,
				    ip->version == 4 ? 4 : 16, src_port, dst_port))
			gw_v6_mark(walk, GW_V6_CLASS_RAW_IN_UDP);
		break;
	case GW_V6_IN_UDP_NOTHING:
		break;
	}
	if (dst_port == PORT_TEREDO ||
	    (ip->version == 4 && memcmp(ip->dst, discovery, sizeof(discovery)) == 0))
		gw_v6_mark(walk, GW_V6_CLASS_TEREDO_PORT);
	return false;
}

/* Lengths of identity and signature, operation "forward", next header, time; then IPv6. */
static bool judge_ayiya(struct gw_v6_walk *walk, struct gw_v6_bytes payload)
{
	const uint8_t *header = gw_v6_take(&payload, 8);

	if (!header || header[3] != IPPROTO_IPV6 || (header[2] & 0x0f) != 1 || header[0] >> 4 > 8 ||
	    !gw_v6_take(&payload, (1u << (header[0] >> 4)) + (header[1] >> 4) * 4u) ||
	    !gw_v6_is_packet(payload))
		return false;
	gw_v6_walk_marked(walk, GW_V6_CLASS_AYIYA, gw_v6_walk_ipv6, payload);
	return true;
}

/* A handshake of WireGuard; ESP behind a NAT; and ports that others use. */
static bool is_vpn(uint16_t src_port, uint16_t dst_port, struct gw_v6_bytes payload)
{
	static const uint8_t initiation[] = { 1, 0, 0, 0 };

	if (payload.len == 148 && memcmp(payload.at, initiation, sizeof(initiation)) == 0)
		return true;
	if (dst_port == 4500 || src_port == 4500) /* not IKE, whose first word is zero here */
		return payload.len > 8 && gw_v6_u32(payload.at) != 0;
	if (dst_port == 1194) /* OpenVPN: a hard reset of the client */
		return payload.len >= 14 && (payload.at[0] >> 3 == 7 || payload.at[0] >> 3 == 10);
	return dst_port == 41641 || dst_port == 9993; /* Tailscale, ZeroTier */
}

void gw_v6_judge_udp_tunnels(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, uint16_t src_port,
			     uint16_t dst_port, struct gw_v6_bytes payload)
{
	if (judge_teredo(walk, ip, src_port, dst_port, payload) || judge_ayiya(walk, payload))
		return;
	if (is_vpn(src_port, dst_port, payload))
		gw_v6_mark(walk, GW_V6_CLASS_VPN_OPAQUE);
	judge_port(walk, dst_port, payload);
}
