/*
 * From the Ethernet header to IP: tags, LLC/SNAP and the EtherTypes that carry something. What is not on
 * the segment's list is refused, whatever it may be.
 */
#include <string.h>

#include "gw/core/mem.h"
#include "ipv6guard/walk.h"

#define TAGS_MAX         2u  /* that a network needs: provider and customer */
#define LLC_PADDED       46u /* bytes that the shortest frame has behind its header */
#define ETHERTYPE_LOWEST 0x600

static bool is_listed(const struct gw_v6_context *context, uint16_t type)
{
	static const uint16_t usual[] = GW_V6_ETHERTYPES;
	const uint16_t *types = context->ethertypes ? context->ethertypes : usual;
	size_t n = context->ethertypes ? context->n_ethertypes : GW_COUNT(usual);

	for (size_t i = 0; i < n; i++)
		if (types[i] == type)
			return true;
	return false;
}

/* SNAP says what follows by an organisation and a type; the organisation is zero (RFC 1042) or that
 * of bridges for old protocols (802.1H) where the type is an EtherType. */
static void walk_snap(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	static const uint8_t ethernet[3], bridged[3] = { 0x00, 0x00, 0xf8 };
	const uint8_t *snap = gw_v6_take(&bytes, 5);

	if (!snap) {
		gw_v6_missing(walk, bytes);
		return;
	}
	gw_v6_mark(walk, GW_V6_CLASS_CARRIER_UNKNOWN);
	if (memcmp(snap, ethernet, 3) == 0 || memcmp(snap, bridged, 3) == 0)
		gw_v6_walk_ethertype(walk, gw_v6_u16(snap + 3), bytes);
}

static void walk_llc(struct gw_v6_walk *walk, uint16_t length, struct gw_v6_bytes bytes)
{
	const uint8_t *llc;

	if (!gw_v6_step(walk, GW_V6_LAYER_LLC, bytes.at))
		return;
	walk->carried = true;
	gw_v6_trick(walk, GW_V6_TRICK_LLC);
	if (length > bytes.len || (length < bytes.len && bytes.len > LLC_PADDED))
		gw_v6_trick(walk, GW_V6_TRICK_LLC_LENGTH);
	llc = gw_v6_take(&bytes, 3);
	if (!llc) {
		gw_v6_missing(walk, bytes);
		return;
	}
	/* A wrong length is not believed: hosts that take SNAP take it with any (CVE-2021-27861). */
	if ((llc[0] & 0xfe) == 0xaa && llc[2] == 0x03)
		walk_snap(walk, bytes);
	else if (llc[0] != 0x42) /* spanning tree */
		gw_v6_mark(walk, GW_V6_CLASS_CARRIER_UNKNOWN);
}

static void walk_pppoe(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *header;

	if (!gw_v6_step(walk, GW_V6_LAYER_CARRIER, bytes.at))
		return;
	header = gw_v6_take(&bytes, 6);
	if (!header)
		gw_v6_missing(walk, bytes);
	else
		gw_v6_walk_ppp(walk, bytes);
}

void gw_v6_walk_ppp(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *first;
	uint16_t protocol;

	if (!gw_v6_step(walk, GW_V6_LAYER_PPP, bytes.at))
		return;
	first = gw_v6_peek(&bytes, 2);
	if (first && first[0] == 0xff && first[1] == 0x03) /* address and control, RFC 1662 */
		(void)gw_v6_take(&bytes, 2);
	first = gw_v6_take(&bytes, 1);
	if (!first) {
		gw_v6_missing(walk, bytes);
		return;
	}
	/* The high byte may be compressed away; the low one is odd. */
	protocol = first[0];
	if (!(first[0] & 1)) {
		first = gw_v6_take(&bytes, 1);
		if (!first) {
			gw_v6_missing(walk, bytes);
			return;
		}
		protocol = (uint16_t)(protocol << 8 | first[0]);
	}
	switch (protocol) {
	case 0x0021:
		gw_v6_walk_ipv4(walk, bytes);
		return;
	case 0x0057:
		gw_v6_mark(walk, GW_V6_CLASS_PPP_IPV6);
		gw_v6_walk_ipv6(walk, bytes);
		return;
	case 0x8057: /* IPV6CP */
		gw_v6_mark(walk, GW_V6_CLASS_PPP_IPV6);
		return;
	case 0x0281:
	case 0x0283:
		gw_v6_walk_mpls(walk, bytes);
		return;
	default: /* LCP, authentication, IPCP */
		return;
	}
}

/* Takes all tags, and returns the type behind them; 0 if the frame ends before. */
static uint16_t take_tags(struct gw_v6_walk *walk, uint16_t type, struct gw_v6_bytes *bytes)
{
	struct gw_v6_evidence *evidence = &walk->result->evidence;
	unsigned int n = evidence->n_tags;

	while (type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200 ||
	       type == 0x9300) {
		const uint8_t *tag = gw_v6_take(bytes, 4);
		uint16_t vlan;

		if (!tag) {
			gw_v6_missing(walk, *bytes);
			return 0;
		}
		vlan = gw_v6_u16(tag) & 0xfff;
		if (!evidence->vlan)
			evidence->vlan = vlan;
		gw_v6_trick(walk, vlan ? GW_V6_TRICK_TAG : GW_V6_TRICK_TAG_ZERO);
		type = gw_v6_u16(tag + 2);
		n++;
	}
	evidence->n_tags = (uint8_t)(n < UINT8_MAX ? n : UINT8_MAX);
	if (n > TAGS_MAX)
		gw_v6_mark(walk, GW_V6_CLASS_TAG_STACK);
	return type;
}

void gw_v6_walk_ethertype(struct gw_v6_walk *walk, uint16_t type, struct gw_v6_bytes bytes)
{
	if (!gw_v6_step(walk, GW_V6_LAYER_ETHERNET, bytes.at))
		return;
	switch (type) {
	case 0x0800:
		gw_v6_walk_ipv4(walk, bytes);
		return;
	case 0x86dd:
		gw_v6_walk_ipv6(walk, bytes);
		return;
	case 0x0806:
		walk->layer = GW_V6_LAYER_ARP;
		return;
	case 0x8100:
	case 0x88a8:
	case 0x9100:
	case 0x9200:
	case 0x9300:
		type = take_tags(walk, type, &bytes);
		if (type >= ETHERTYPE_LOWEST)
			gw_v6_walk_ethertype(walk, type, bytes);
		else if (type)
			walk_llc(walk, type, bytes);
		return;
	case 0x8864:
	case 0x8847:
	case 0x8848:
	case 0x880b:
	case 0x6558:
		if (!is_listed(walk->context, type))
			gw_v6_mark(walk, GW_V6_CLASS_CARRIER_UNKNOWN);
		walk->carried = true;
		gw_v6_trick(walk, GW_V6_TRICK_CARRIER);
		if (type == 0x8864)
			walk_pppoe(walk, bytes);
		else if (type == 0x880b)
			gw_v6_walk_ppp(walk, bytes);
		else if (type == 0x6558)
			gw_v6_walk_inner_ethernet(walk, bytes);
		else
			gw_v6_walk_mpls(walk, bytes);
		return;
	case 0xfc00: /* cjdns */
	case 0xa0ed: /* 6LoWPAN over Ethernet */
		gw_v6_mark(walk, GW_V6_CLASS_OVERLAY);
		return;
	default:
		break;
	}
	walk->listed = is_listed(walk->context, type);
	if (!gw_v6_walk_rare_carrier(walk, type, bytes) && !walk->listed)
		gw_v6_mark(walk, GW_V6_CLASS_CARRIER_UNKNOWN);
}

/* 33:33 promises an IPv6 group. */
static void judge_group_address(struct gw_v6_walk *walk, uint16_t type)
{
	const uint8_t *dst = walk->result->evidence.eth_dst;

	if (dst[0] == 0x33 && dst[1] == 0x33 && type != 0x86dd)
		gw_v6_mark(walk, GW_V6_CLASS_MAC_MISMATCH);
}

void gw_v6_walk_ethernet(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	struct gw_v6_evidence *evidence = &walk->result->evidence;
	const uint8_t *header = gw_v6_take(&bytes, 14);
	uint16_t type;

	if (!header) {
		gw_v6_mark(walk, GW_V6_CLASS_MALFORMED);
		return;
	}
	memcpy(evidence->eth_dst, header, GW_MAC_LEN);
	memcpy(evidence->eth_src, header + 6, GW_MAC_LEN);
	evidence->n_tags = walk->frame->lifted_tags;
	type = take_tags(walk, gw_v6_u16(header + 12), &bytes);
	walk->offset = (size_t)(bytes.at - walk->frame->bytes);
	if (type >= ETHERTYPE_LOWEST)
		evidence->ethertype = type;
	judge_group_address(walk, type);
	if (type >= ETHERTYPE_LOWEST)
		gw_v6_walk_ethertype(walk, type, bytes);
	else
		walk_llc(walk, type, bytes);
}

void gw_v6_walk_inner_ethernet(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *header = gw_v6_take(&bytes, 14);
	bool ethernet = walk->ethernet;
	uint16_t type;

	if (!header) {
		gw_v6_missing(walk, bytes);
		return;
	}
	/* The addresses of the evidence are those of who sent the outer frame. */
	walk->ethernet = false;
	type = gw_v6_u16(header + 12);
	if (type >= ETHERTYPE_LOWEST)
		gw_v6_walk_ethertype(walk, type, bytes);
	else
		walk_llc(walk, type, bytes);
	walk->ethernet = ethernet;
}

void gw_v6_walk_ip(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	if (bytes.len == 0)
		return;
	if (bytes.at[0] >> 4 == 4)
		gw_v6_walk_ipv4(walk, bytes);
	else if (bytes.at[0] >> 4 == 6)
		gw_v6_walk_ipv6(walk, bytes);
}
