/* What IP carries by protocol number: 6in4 and its kin, GRE, IP in IP, EtherIP and the rest of them. */
#include <netinet/in.h>
#include <string.h>

#include "gw/core/mem.h"
#include "ipv6guard/walk.h"

#define PROTO_IPV4     4
#define PROTO_MOBILE   55
#define PROTO_IPIP     94
#define PROTO_ETHERIP  97
#define PROTO_IPCOMP   108
#define PROTO_L2TP     115
#define PROTO_MPLS     137
#define GRE_PPTP       1
#define GRE_PPP        0x880b
#define GRE_BRIDGED    0x6558
#define ISATAP_IID     0x00005efe
#define ISATAP_IID_EUI 0x02005efe

static bool is_isatap(const uint8_t *address)
{
	uint32_t iid = gw_v6_u32(address + 8);

	return iid == ISATAP_IID || iid == ISATAP_IID_EUI;
}

static bool is_6to4_relay(const uint8_t *ipv4)
{
	return ipv4[0] == 192 && ipv4[1] == 88 && ipv4[2] == 99;
}

/* Which of the mechanisms that use protocol 41 it is; only the addresses tell. */
static enum gw_v6_class class_of_41(const struct gw_v6_ip *ip, const struct gw_v6_bytes *bytes)
{
	const uint8_t *inner = gw_v6_peek(bytes, 40);

	if (ip->dst[0] == 239 && ip->dst[1] == 192)
		return GW_V6_CLASS_SIX_OVER_FOUR;
	if (is_6to4_relay(ip->src) || is_6to4_relay(ip->dst))
		return GW_V6_CLASS_SIX_TO_FOUR;
	if (!inner || inner[0] >> 4 != 6)
		return GW_V6_CLASS_SIX_IN_FOUR;
	if (gw_v6_u16(inner + 8) == 0x2002 || gw_v6_u16(inner + 24) == 0x2002)
		return GW_V6_CLASS_SIX_TO_FOUR;
	if (is_isatap(inner + 8) || is_isatap(inner + 24))
		return GW_V6_CLASS_ISATAP;
	return GW_V6_CLASS_SIX_IN_FOUR;
}

static void walk_41(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, struct gw_v6_bytes bytes)
{
	if (ip->version == 6)
		gw_v6_mark(walk, GW_V6_CLASS_SIX_IN_SIX);
	else
		gw_v6_mark(walk, class_of_41(ip, &bytes));
	if (bytes.len && gw_v6_enter(walk)) {
		gw_v6_walk_ipv6(walk, bytes);
		gw_v6_leave(walk);
	}
}

static void walk_4(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, struct gw_v6_bytes bytes)
{
	gw_v6_mark(walk, ip->version == 6 ? GW_V6_CLASS_FOUR_IN_SIX : GW_V6_CLASS_IPIP);
	if (bytes.len && gw_v6_enter(walk)) {
		gw_v6_walk_ip(walk, bytes);
		gw_v6_leave(walk);
	}
}

static void walk_etherip(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	if (gw_v6_take(&bytes, 2))
		gw_v6_walk_inner_ethernet(walk, bytes);
}

/* Session, then a cookie whose length only the ends know: none, 4 or 8 bytes, and a sublayer of 0 or 4. The
 * shortest under which the content makes sense is tried. */
void gw_v6_walk_l2tpv3(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	static const uint8_t lengths[] = { 4, 8, 12, 16 };

	if (bytes.len < 4 || gw_v6_u32(bytes.at) == 0) /* control message */
		return;
	for (size_t i = 0; i < GW_COUNT(lengths); i++) {
		struct gw_v6_bytes frame = bytes;

		if (!gw_v6_take(&frame, lengths[i]) || frame.len < 16)
			return;
		if (gw_v6_u16(frame.at + 12) == 0x86dd && frame.at[14] >> 4 == 6) {
			gw_v6_walk_inner_ethernet(walk, frame);
			return;
		}
	}
}

void gw_v6_walk_by_type(struct gw_v6_walk *walk, uint16_t type, struct gw_v6_bytes bytes)
{
	if (type == GRE_PPP)
		gw_v6_walk_ppp(walk, bytes);
	else if (type == GRE_BRIDGED)
		gw_v6_walk_inner_ethernet(walk, bytes);
	else
		gw_v6_walk_ethertype(walk, type, bytes);
}

void gw_v6_walk_gre(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *header = gw_v6_take(&bytes, 4);
	size_t optional = 0;
	uint8_t version;

	if (!header)
		return;
	version = header[1] & 0x07;
	/* Checksum (or routing, RFC 1701), key, sequence number; in version 1 an acknowledgement. */
	if (header[0] & 0xc0)
		optional += 4;
	if (header[0] & 0x20)
		optional += 4;
	if (header[0] & 0x10)
		optional += 4;
	if (version == GRE_PPTP && header[1] & 0x80)
		optional += 4;
	if (gw_v6_take(&bytes, optional) && bytes.len)
		gw_v6_walk_by_type(walk, gw_v6_u16(header + 2), bytes);
}

/* The authentication header hides nothing: what is behind it is read. */
static void walk_ah(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, struct gw_v6_bytes bytes)
{
	const uint8_t *header = gw_v6_peek(&bytes, 12);

	gw_v6_mark(walk, GW_V6_CLASS_VPN_OPAQUE);
	if (!header || !gw_v6_take(&bytes, (header[1] + 2u) * 4u))
		return;
	/* One level: an AH in an AH is nobody's. */
	if (header[0] != IPPROTO_AH)
		(void)gw_v6_walk_encapsulation(walk, header[0], ip, bytes);
}

void gw_v6_walk_marked(struct gw_v6_walk *walk, enum gw_v6_class class_id,
		       void (*content)(struct gw_v6_walk *walk, struct gw_v6_bytes bytes),
		       struct gw_v6_bytes bytes)
{
	gw_v6_mark(walk, class_id);
	if (bytes.len && content && gw_v6_enter(walk)) {
		content(walk, bytes);
		gw_v6_leave(walk);
	}
}

bool gw_v6_walk_encapsulation(struct gw_v6_walk *walk, uint8_t protocol, const struct gw_v6_ip *ip,
			      struct gw_v6_bytes bytes)
{
	if (!gw_v6_step(walk, GW_V6_LAYER_TUNNEL, bytes.at))
		return true;
	switch (protocol) {
	case IPPROTO_IPV6:
		walk_41(walk, ip, bytes);
		return true;
	case PROTO_IPV4:
	case PROTO_IPIP:
		walk_4(walk, ip, bytes);
		return true;
	case IPPROTO_GRE:
		gw_v6_walk_marked(walk, GW_V6_CLASS_GRE, gw_v6_walk_gre, bytes);
		return true;
	case PROTO_ETHERIP:
		gw_v6_walk_marked(walk, GW_V6_CLASS_IPIP, walk_etherip, bytes);
		return true;
	case PROTO_MPLS:
		gw_v6_walk_marked(walk, GW_V6_CLASS_IPIP, gw_v6_walk_mpls, bytes);
		return true;
	case PROTO_L2TP:
		gw_v6_walk_marked(walk, GW_V6_CLASS_IPIP, gw_v6_walk_l2tpv3, bytes);
		return true;
	case PROTO_MOBILE:
	case IPPROTO_ENCAP:
	case PROTO_IPCOMP:
		gw_v6_walk_marked(walk, GW_V6_CLASS_IPIP, NULL, bytes);
		return true;
	case IPPROTO_ESP:
		gw_v6_mark(walk, GW_V6_CLASS_VPN_OPAQUE);
		return true;
	case IPPROTO_AH:
		walk_ah(walk, ip, bytes);
		return true;
	default:
		return false;
	}
}
