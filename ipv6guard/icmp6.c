/* ICMPv6: neighbour discovery but for router advertisements (router.c), groups, and all other types. */
#include <netinet/in.h>
#include <string.h>

#include "ipv6guard/walk.h"

#define SEND_SOLICIT 148
#define SEND_ADVERT  149

static uint32_t sum_words(uint32_t sum, const uint8_t *bytes, size_t len)
{
	size_t i = 0;

	for (; i + 1 < len; i += 2)
		sum += gw_v6_u16(bytes + i);
	if (i < len)
		sum += (uint32_t)bytes[i] << 8;
	return sum;
}

static bool checksum_holds(const struct gw_v6_ip *ip, struct gw_v6_bytes bytes)
{
	uint32_t sum = sum_words(IPPROTO_ICMPV6, ip->src, 16);

	sum = sum_words(sum, ip->dst, 16);
	sum += (uint32_t)bytes.len;
	sum = sum_words(sum, bytes.at, bytes.len);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)(sum + (sum >> 16)) == 0xffff;
}

/* ff02::1:ff and the last three bytes of the target (RFC 4291, 2.7.1). */
static bool is_solicited_node(const uint8_t *address, const uint8_t *target)
{
	static const uint8_t group[13] = { 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff };

	return memcmp(address, group, sizeof(group)) == 0 &&
	       memcmp(address + 13, target + 13, 3) == 0;
}

/* ---- who may say so ---------------------------------------------------------------------------- */

static enum gw_v6_owner owner_of(const struct gw_v6_walk *walk, const uint8_t *address)
{
	const struct gw_v6_bindings *bindings = &walk->context->bindings;

	if (!bindings->owner || walk->depth)
		return GW_V6_OWNER_UNKNOWN;
	return bindings->owner(bindings->data, walk->frame->port, walk->result->evidence.eth_src,
			       address);
}

/* Link-layer options name the sender of the frame; with a proxy in between, the proxy. */
static void judge_macs(struct gw_v6_walk *walk, const struct gw_v6_nd *nd)
{
	unsigned int n = nd->n_macs < GW_V6_ND_MACS ? nd->n_macs : GW_V6_ND_MACS;

	/* A redirect names whom to go to; inside of other frames there is nobody to compare with. */
	if (!walk->ethernet || walk->depth || nd->type == GW_V6_ICMP_REDIRECT)
		return;
	for (unsigned int i = 0; i < n; i++) {
		if (memcmp(nd->macs[i], walk->result->evidence.eth_src, GW_MAC_LEN) == 0)
			continue;
		gw_v6_trick(walk, GW_V6_TRICK_SOURCE_MAC);
		gw_v6_mark(walk, nd->type == GW_V6_ICMP_ROUTER_SOLICIT
					 ? GW_V6_CLASS_RS_SPOOFED
					 : GW_V6_CLASS_ND_LINK_ADDRESS);
		return;
	}
}

/* What RFC 4861 tells hosts to check, and RFC 6980. */
static void judge_form(struct gw_v6_walk *walk, const struct gw_v6_ip *ip,
		       const struct gw_v6_nd *nd)
{
	bool invalid = nd->faults || nd->code;

	if (ip->hop_limit != 255) {
		gw_v6_trick(walk, GW_V6_TRICK_HOP_LIMIT);
		invalid = true;
	}
	if (nd->faults)
		gw_v6_trick(walk, GW_V6_TRICK_OPTION);
	if (ip->fragmented)
		gw_v6_mark(walk, GW_V6_CLASS_ND_FRAGMENT);
	if (nd->type != GW_V6_ICMP_ROUTER_SOLICIT && nd->type != GW_V6_ICMP_ROUTER_ADVERT &&
	    gw_v6_is_multicast(nd->target))
		invalid = true;
	if (gw_v6_is_unspecified(ip->src) && (nd->options & GW_V6_ND_SOURCE_MAC))
		invalid = true;
	if (invalid)
		gw_v6_mark(walk, GW_V6_CLASS_ND_INVALID);
}

static void judge_solicit(struct gw_v6_walk *walk, const struct gw_v6_ip *ip,
			  const struct gw_v6_nd *nd)
{
	enum gw_v6_owner owner;

	if (!gw_v6_is_unspecified(ip->src)) {
		owner = owner_of(walk, ip->src);
		if (owner == GW_V6_OWNER_OTHER && nd->n_macs)
			gw_v6_mark(walk, GW_V6_CLASS_ND_SPOOF);
		return;
	}
	/* An address check (DAD) goes to the group of the address (RFC 4861, 7.1.1). */
	if (!is_solicited_node(ip->dst, nd->target))
		gw_v6_mark(walk, GW_V6_CLASS_ND_INVALID);
	if (owner_of(walk, nd->target) == GW_V6_OWNER_TENTATIVE)
		gw_v6_mark(walk, GW_V6_CLASS_DAD_DENIAL);
}

static void judge_advert(struct gw_v6_walk *walk, const struct gw_v6_ip *ip,
			 const struct gw_v6_nd *nd)
{
	enum gw_v6_owner owner = owner_of(walk, nd->target);

	if (gw_v6_is_multicast(ip->dst) && nd->solicited)
		gw_v6_mark(walk, GW_V6_CLASS_ND_INVALID);
	if (nd->is_router && !gw_v6_router_of(walk, ip->src))
		gw_v6_mark(walk, GW_V6_CLASS_NA_ROUTER);
	if (owner == GW_V6_OWNER_TENTATIVE)
		gw_v6_mark(walk, GW_V6_CLASS_DAD_DENIAL);
	else if (owner == GW_V6_OWNER_OTHER)
		gw_v6_mark(walk, GW_V6_CLASS_ND_SPOOF);
}

static void judge_redirect(struct gw_v6_walk *walk, const struct gw_v6_ip *ip)
{
	const struct gw_v6_router *router = gw_v6_router_of(walk, ip->src);

	if (!router || !(router->grants & GW_V6_GRANT_REDIRECT))
		gw_v6_mark(walk, GW_V6_CLASS_REDIRECT);
}

static void judge_nd(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, struct gw_v6_bytes bytes)
{
	struct gw_v6_nd inner;
	struct gw_v6_nd *nd = &inner;

	/* The outermost message is what is shown. */
	if (walk->result->detail == GW_V6_DETAIL_NONE) {
		nd = &walk->result->u.nd;
		walk->result->detail = GW_V6_DETAIL_ND;
	}
	gw_v6_nd_read(bytes.at, bytes.len, nd);
	/* What it does comes before what is wrong with it: the first names the frame. */
	if (nd->type == GW_V6_ICMP_ROUTER_ADVERT)
		gw_v6_judge_router_advert(walk, ip, nd);
	else if (nd->type == GW_V6_ICMP_NEIGHBOUR_SOLICIT)
		judge_solicit(walk, ip, nd);
	else if (nd->type == GW_V6_ICMP_NEIGHBOUR_ADVERT)
		judge_advert(walk, ip, nd);
	else if (nd->type == GW_V6_ICMP_REDIRECT)
		judge_redirect(walk, ip);
	judge_macs(walk, nd);
	judge_form(walk, ip, nd);
}

/* ---- groups ------------------------------------------------------------------------------------ */

static size_t mld_length(uint8_t type)
{
	return type == GW_V6_ICMP_MLD2_REPORT ? 8 : 24;
}

/* RFC 3810, 5.1.14, 5.2.13: from a link-local address (or none yet), one hop, marked for routers. */
static void judge_mld(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, struct gw_v6_bytes bytes)
{
	const struct gw_v6_router *router = gw_v6_router_of(walk, ip->src);
	bool query = bytes.at[0] == GW_V6_ICMP_MLD_QUERY;

	if (query && (!router || !(router->grants & GW_V6_GRANT_QUERIER)))
		gw_v6_mark(walk, GW_V6_CLASS_MLD_QUERY);
	if (ip->hop_limit != 1)
		gw_v6_trick(walk, GW_V6_TRICK_HOP_LIMIT);
	if (ip->hop_limit != 1 || !ip->router_alert || ip->fragmented ||
	    bytes.len < mld_length(bytes.at[0]) ||
	    (!gw_v6_is_link_local(ip->src) && (query || !gw_v6_is_unspecified(ip->src))))
		gw_v6_mark(walk, GW_V6_CLASS_MLD_INVALID);
}

/* ---- all types --------------------------------------------------------------------------------- */

static void judge_other(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, uint8_t type)
{
	if ((type == SEND_SOLICIT) && ip->fragmented)
		gw_v6_mark(walk, GW_V6_CLASS_ND_FRAGMENT);
	if (type >= 139 && type <= 142)
		gw_v6_mark(walk, GW_V6_CLASS_NODE_INFORMATION);
	else if (type == 138 || (type >= 144 && type <= 155))
		gw_v6_mark(walk, GW_V6_CLASS_ICMP_ROUTERS);
	else
		gw_v6_mark(walk, GW_V6_CLASS_HEADER_UNKNOWN);
}

void gw_v6_judge_icmp6(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, struct gw_v6_bytes bytes)
{
	struct gw_v6_evidence *evidence = &walk->result->evidence;

	if (!gw_v6_step(walk, GW_V6_LAYER_ICMP6, bytes.at))
		return;
	if (bytes.len < 4) {
		gw_v6_missing(walk, bytes);
		return;
	}
	evidence->icmp_type = bytes.at[0];
	evidence->icmp_code = bytes.at[1];
	if (ip->whole && !ip->fragmented && !checksum_holds(ip, bytes))
		gw_v6_trick(walk, GW_V6_TRICK_CHECKSUM);
	switch (bytes.at[0]) {
	case 1: /* unreachable, too big, time exceeded, parameter problem: RFC 4890 */
	case 2:
	case 3:
	case 4:
	case 128: /* echo */
	case 129:
		return;
	case GW_V6_ICMP_MLD_QUERY:
	case GW_V6_ICMP_MLD_REPORT:
	case GW_V6_ICMP_MLD_DONE:
	case GW_V6_ICMP_MLD2_REPORT:
		judge_mld(walk, ip, bytes);
		return;
	case GW_V6_ICMP_ROUTER_SOLICIT:
	case GW_V6_ICMP_ROUTER_ADVERT:
	case GW_V6_ICMP_NEIGHBOUR_SOLICIT:
	case GW_V6_ICMP_NEIGHBOUR_ADVERT:
	case GW_V6_ICMP_REDIRECT:
		judge_nd(walk, ip, bytes);
		return;
	default:
		judge_other(walk, ip, bytes.at[0]);
	}
}
