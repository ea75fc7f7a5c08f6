/*
 * IPv6 and its whole chain of headers. No limit but the end of the frame: a filter that stops reading
 * after so many bytes or headers is the hole that RFC 7113 is about.
 */
#include <netinet/in.h>
#include <string.h>

#include "ipv6guard/flows.h"
#include "ipv6guard/walk.h"

#define HEADERS_USUAL 8u /* RFC 8504 lets hosts refuse more */
#define PADDED_FRAME  60u
/* A router cuts at 1280 at the least, so that what is cut and smaller was cut by intent. */
#define TINY_FRAGMENT 256u
#define NEXT_MOBILITY 135
#define NEXT_HIP      139
#define NEXT_SHIM6    140

/* The chain as far as it was read. */
struct chain {
	struct gw_v6_ip ip;
	struct gw_v6_bytes rest;
	uint8_t next;
	unsigned int n, n_destination, n_routing, n_fragment;
	bool first_fragment; /* and others follow */
	bool ended;          /* nothing behind it is to be read */
};

static void chain_ends_early(struct gw_v6_walk *walk, struct chain *chain)
{
	if (chain->first_fragment && chain->ip.whole)
		gw_v6_mark(walk, GW_V6_CLASS_CHAIN_INCOMPLETE);
	else
		gw_v6_missing(walk, chain->rest);
	chain->ended = true;
}

/* Takes an extension header of the common form. */
static const uint8_t *take_header(struct gw_v6_walk *walk, struct chain *chain,
				  struct gw_v6_bytes *ret_body)
{
	const uint8_t *header = gw_v6_peek(&chain->rest, 8);
	size_t len = header ? (header[1] + 1u) * 8u : 0;

	if (!header || !gw_v6_take(&chain->rest, len)) {
		chain_ends_early(walk, chain);
		return NULL;
	}
	*ret_body = (struct gw_v6_bytes){ header + 2, len - 2 };
	chain->next = header[0];
	return header;
}

static void read_options(struct gw_v6_walk *walk, struct chain *chain, bool hop_by_hop)
{
	struct gw_v6_bytes body;

	gw_v6_trick(walk, hop_by_hop ? GW_V6_TRICK_HOP_BY_HOP : GW_V6_TRICK_DESTINATION_OPTIONS);
	/* The one comes first, the other before a routing header and at the end (RFC 8200, 4.1). */
	if (hop_by_hop ? chain->n > 0 : chain->n_destination++ > 1)
		gw_v6_mark(walk, GW_V6_CLASS_HEADER_ORDER);
	chain->n++;
	if (take_header(walk, chain, &body))
		gw_v6_judge_options(walk, body, &chain->ip);
}

static void read_routing(struct gw_v6_walk *walk, struct chain *chain)
{
	struct gw_v6_bytes body;
	const uint8_t *header;

	gw_v6_trick(walk, GW_V6_TRICK_ROUTING);
	chain->n++;
	if (chain->n_routing++ > 0)
		gw_v6_mark(walk, GW_V6_CLASS_HEADER_ORDER);
	header = take_header(walk, chain, &body);
	/* Mobility (2), RPL (3) and segment routing (4) are in use; 0 and 1 are not (RFC 5095), the
	 * rest is unassigned or experimental. */
	if (header && (header[2] < 2 || header[2] > 4))
		gw_v6_mark(walk, GW_V6_CLASS_ROUTING_HEADER);
}

static void judge_fragment(struct gw_v6_walk *walk, struct chain *chain, uint16_t offset, bool more,
			   uint32_t id)
{
	size_t len = chain->rest.len;
	bool local = gw_v6_is_link_local(chain->ip.src) ||
		     (gw_v6_is_multicast(chain->ip.dst) && gw_v6_stays_on_link(chain->ip.dst));

	gw_v6_mark(walk, local ? GW_V6_CLASS_FRAGMENT_LOCAL : GW_V6_CLASS_FRAGMENT);
	if (!more && !offset)
		return;
	if (chain->ip.whole && ((more && len % 8 != 0) || len == 0 || offset + len > 65535))
		gw_v6_mark(walk, GW_V6_CLASS_MALFORMED);
	if (chain->ip.whole && more && len < TINY_FRAGMENT)
		gw_v6_mark(walk, GW_V6_CLASS_FRAGMENT_TINY);
	if (walk->flows && gw_v6_flows_fragment(walk->flows, walk->frame->time_ms, chain->ip.src,
						chain->ip.dst, id, offset, chain->rest))
		gw_v6_mark(walk, GW_V6_CLASS_FRAGMENT_OVERLAP);
}

static void read_fragment(struct gw_v6_walk *walk, struct chain *chain)
{
	const uint8_t *header;
	uint16_t field, offset;
	bool more;

	/* No step: headers of one chain are many, but cost only the bytes that they take. */
	walk->layer = GW_V6_LAYER_FRAGMENT;
	walk->offset = (size_t)(chain->rest.at - walk->frame->bytes);
	chain->n++;
	if (chain->n_fragment++ > 0)
		gw_v6_mark(walk, GW_V6_CLASS_HEADER_ORDER);
	header = gw_v6_take(&chain->rest, 8);
	if (!header) {
		chain_ends_early(walk, chain);
		return;
	}
	field = gw_v6_u16(header + 2);
	offset = field & 0xfff8;
	more = field & 1;
	chain->ip.fragmented = true;
	gw_v6_trick(walk, offset || more ? GW_V6_TRICK_FRAGMENT : GW_V6_TRICK_ATOMIC);
	judge_fragment(walk, chain, offset, more, gw_v6_u32(header + 4));
	chain->next = header[0];
	chain->first_fragment = more && !offset;
	if (offset) { /* its next header speaks of the first fragment, and may lie */
		walk->layer = GW_V6_LAYER_OPAQUE;
		chain->ended = true;
	}
}

/* In the clear, of the common form with another unit. */
static void read_ah(struct gw_v6_walk *walk, struct chain *chain)
{
	const uint8_t *header = gw_v6_peek(&chain->rest, 12);

	chain->n++;
	gw_v6_trick(walk, GW_V6_TRICK_OPAQUE);
	if (!header || !gw_v6_take(&chain->rest, (header[1] + 2u) * 4u)) {
		chain_ends_early(walk, chain);
		return;
	}
	chain->next = header[0];
}

/* True while `next` is an extension header; it has been read then. */
static bool read_extension(struct gw_v6_walk *walk, struct chain *chain)
{
	struct gw_v6_bytes body;

	switch (chain->next) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_DSTOPTS:
		read_options(walk, chain, chain->next == IPPROTO_HOPOPTS);
		return true;
	case IPPROTO_ROUTING:
		read_routing(walk, chain);
		return true;
	case IPPROTO_FRAGMENT:
		read_fragment(walk, chain);
		return true;
	case IPPROTO_AH:
		read_ah(walk, chain);
		return true;
	case NEXT_MOBILITY:
	case NEXT_HIP:
	case NEXT_SHIM6:
		chain->n++;
		/* Nothing may follow the first two, but hosts do not all look (RFC 6275, 7401). */
		(void)take_header(walk, chain, &body);
		return true;
	default:
		return false;
	}
}

/* The shortest that shows what the upper layer is (RFC 7112: the chain ends with that header). */
static size_t upper_header(uint8_t next)
{
	switch (next) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_ICMPV6:
		return 8;
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return 12;
	default:
		return 0;
	}
}

static void walk_upper(struct gw_v6_walk *walk, struct chain *chain)
{
	struct gw_v6_evidence *evidence = &walk->result->evidence;

	evidence->protocol = chain->next;
	if (chain->first_fragment && chain->rest.len < upper_header(chain->next)) {
		chain_ends_early(walk, chain);
		return;
	}
	switch (chain->next) {
	case IPPROTO_ICMPV6:
		gw_v6_judge_icmp6(walk, &chain->ip, chain->rest);
		return;
	case IPPROTO_TCP:
		gw_v6_walk_tcp(walk, &chain->ip, chain->rest);
		return;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		gw_v6_walk_udp(walk, &chain->ip, chain->rest);
		return;
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return;
	case IPPROTO_ESP:
		gw_v6_trick(walk, GW_V6_TRICK_OPAQUE);
		gw_v6_mark(walk, GW_V6_CLASS_ENCRYPTED);
		(void)gw_v6_walk_encapsulation(walk, chain->next, &chain->ip, chain->rest);
		return;
	case IPPROTO_NONE:
		if (chain->rest.len) {
			gw_v6_trick(walk, GW_V6_TRICK_OPAQUE);
			gw_v6_mark(walk, GW_V6_CLASS_COVERT);
		}
		return;
	default:
		if (!gw_v6_walk_encapsulation(walk, chain->next, &chain->ip, chain->rest))
			gw_v6_mark(walk, GW_V6_CLASS_HEADER_UNKNOWN);
	}
}

/* ---- the fixed header ------------------------------------------------------------------------ */

static void note_addresses(struct gw_v6_walk *walk, const uint8_t *header)
{
	struct gw_v6_evidence *evidence = &walk->result->evidence;

	if (!evidence->outer_version) {
		evidence->outer_version = 6;
		memcpy(evidence->outer_src, header + 8, 16);
		memcpy(evidence->outer_dst, header + 24, 16);
	}
	evidence->has_ipv6 = true;
	memcpy(evidence->src, header + 8, 16);
	memcpy(evidence->dst, header + 24, 16);
}

static struct gw_v6_bytes payload_of(struct gw_v6_walk *walk, const uint8_t *header,
				     struct gw_v6_bytes bytes, struct gw_v6_ip *ip)
{
	size_t length = gw_v6_u16(header + 4);

	ip->whole = true;
	if (length == 0 && bytes.len && header[6] != IPPROTO_NONE) {
		/* A jumbogram, or joined by the receiving driver; if neither, hosts drop it. */
		gw_v6_trick(walk, GW_V6_TRICK_JUMBO);
		return bytes;
	}
	if (length > bytes.len) {
		ip->whole = false;
		gw_v6_missing(walk, bytes);
		gw_v6_trick(walk, GW_V6_TRICK_LENGTH);
	} else if (length < bytes.len && walk->frame->wire_len > PADDED_FRAME) {
		gw_v6_trick(walk, GW_V6_TRICK_TRAILER);
	}
	return gw_v6_first(bytes, length);
}

/* RFC 2464: groups go to 33:33 and the last four bytes, anything else to a device. */
static void judge_mac(struct gw_v6_walk *walk, const uint8_t *dst)
{
	const uint8_t *mac = walk->result->evidence.eth_dst;

	if (!walk->ethernet || walk->depth)
		return;
	if (!gw_v6_is_multicast(dst)) {
		if (mac[0] & 1) {
			gw_v6_trick(walk, GW_V6_TRICK_MULTICAST_MAC);
			gw_v6_mark(walk, GW_V6_CLASS_MAC_MISMATCH);
		}
		return;
	}
	if (!(mac[0] & 1)) { /* permitted (RFC 6085), and what access points do to spare the air */
		gw_v6_trick(walk, GW_V6_TRICK_MULTICAST_MAC);
	} else if (mac[0] != 0x33 || mac[1] != 0x33 || memcmp(mac + 2, dst + 12, 4) != 0) {
		gw_v6_trick(walk, GW_V6_TRICK_MULTICAST_MAC);
		gw_v6_mark(walk, GW_V6_CLASS_MAC_MISMATCH);
	}
}

static void judge_addresses(struct gw_v6_walk *walk, const struct gw_v6_ip *ip)
{
	const struct gw_v6_bindings *bindings = &walk->context->bindings;

	if (gw_v6_is_multicast(ip->src) || gw_v6_is_martian(ip->src) || gw_v6_is_martian(ip->dst) ||
	    gw_v6_is_unspecified(ip->dst))
		gw_v6_mark(walk, GW_V6_CLASS_MARTIAN);
	/* 64:ff9b::/96 and 64:ff9b:1::/48. */
	if (gw_v6_u32(ip->dst) == 0x0064ff9b &&
	    (gw_v6_u16(ip->dst + 4) == 1 ||
	     (gw_v6_u32(ip->dst + 4) == 0 && gw_v6_u32(ip->dst + 8) == 0)))
		gw_v6_mark(walk, GW_V6_CLASS_NAT64);
	if (ip->dst[0] >> 1 == 1) /* 200::/7 */
		gw_v6_mark(walk, GW_V6_CLASS_OVERLAY);
	if (!walk->depth && bindings->owner && !gw_v6_is_unspecified(ip->src) &&
	    bindings->owner(bindings->data, walk->frame->port, walk->result->evidence.eth_src,
			    ip->src) == GW_V6_OWNER_OTHER)
		gw_v6_mark(walk, GW_V6_CLASS_SOURCE_SPOOF);
}

/* What the device is doing, in so far as it is ordinary. One of these is found in every frame of IPv6,
 * and all of them are stopped where none is meant. */
static enum gw_v6_class ordinary_class(const struct gw_v6_walk *walk, const struct gw_v6_ip *ip)
{
	const struct gw_v6_evidence *evidence = &walk->result->evidence;
	bool unicast = !gw_v6_is_multicast(ip->dst);
	uint8_t icmp = evidence->protocol == IPPROTO_ICMPV6 ? evidence->icmp_type : 0;

	if (!gw_v6_is_link_local(ip->src) && !gw_v6_is_unspecified(ip->src))
		return GW_V6_CLASS_GLOBAL;
	if (unicast && !gw_v6_stays_on_link(ip->dst))
		return GW_V6_CLASS_GLOBAL;
	if (!unicast && !gw_v6_stays_on_link(ip->dst))
		return GW_V6_CLASS_MULTICAST_SCOPE;
	if (icmp == GW_V6_ICMP_ROUTER_SOLICIT || icmp == GW_V6_ICMP_MLD_REPORT ||
	    icmp == GW_V6_ICMP_MLD_DONE || icmp == GW_V6_ICMP_MLD2_REPORT ||
	    (icmp == GW_V6_ICMP_NEIGHBOUR_SOLICIT && gw_v6_is_unspecified(ip->src)) ||
	    (icmp == GW_V6_ICMP_NEIGHBOUR_ADVERT && !unicast))
		return GW_V6_CLASS_CHATTER;
	if (gw_v6_is_unspecified(ip->src))
		return GW_V6_CLASS_IPV6;
	if (evidence->protocol == IPPROTO_UDP && !unicast)
		switch (evidence->dst_port) {
		case 1900:
		case 3702:
		case 5353:
		case 5355:
		case 5683:
		case GW_V6_DHCP6_SERVER_PORT:
			return GW_V6_CLASS_DISCOVERY;
		default:
			break;
		}
	return GW_V6_CLASS_LINK_LOCAL;
}

/* IPv6 within IPv4 that somebody called IPv6, or IPv6 without a version. */
static bool is_disguised(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *first = gw_v6_peek(&bytes, 1);

	if (!first || first[0] >> 4 == 6)
		return false;
	gw_v6_trick(walk, GW_V6_TRICK_VERSION);
	gw_v6_mark(walk, GW_V6_CLASS_DISGUISED);
	return true;
}

void gw_v6_walk_ipv6(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	struct chain chain = { .rest = bytes };
	const uint8_t *header;
	size_t offset;

	if (!gw_v6_step(walk, GW_V6_LAYER_IPV6, bytes.at) || is_disguised(walk, bytes))
		return;
	if (walk->depth)
		gw_v6_mark(walk, GW_V6_CLASS_TUNNELLED);
	else if (walk->carried)
		gw_v6_mark(walk, GW_V6_CLASS_CARRIER);
	header = gw_v6_take(&chain.rest, 40);
	if (!header) {
		gw_v6_missing(walk, chain.rest);
		gw_v6_mark(walk, GW_V6_CLASS_IPV6);
		return;
	}
	note_addresses(walk, header);
	chain.ip = (struct gw_v6_ip){
		.version = 6, .src = header + 8, .dst = header + 24, .hop_limit = header[7]
	};
	chain.next = header[6];
	chain.rest = payload_of(walk, header, chain.rest, &chain.ip);
	judge_mac(walk, chain.ip.dst);
	judge_addresses(walk, &chain.ip);
	offset = walk->offset;
	while (!chain.ended && read_extension(walk, &chain))
		;
	if (chain.n > HEADERS_USUAL)
		gw_v6_mark(walk, GW_V6_CLASS_HEADER_ORDER);
	if (!chain.ended)
		walk_upper(walk, &chain);
	walk->layer = GW_V6_LAYER_IPV6;
	walk->offset = offset;
	gw_v6_mark(walk, ordinary_class(walk, &chain.ip));
}
