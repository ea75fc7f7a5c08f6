/* Ways to bend an IPv4 packet (V32), and to nest it. */
#include <netinet/in.h>
#include <string.h>

#include "tests/support/v6_emit.h"

#define C(sym) GW_V6_CLASS_##sym

static void put(struct v6_emitter *emitter, const char *variant, const uint8_t *dst,
		const struct v6_bytes *l3, const struct v6_shown *shown)
{
	static struct v6_bytes frame;

	frame.len = 0;
	v6_ethernet(&frame, dst, v6_mac_attacker, 0x0800);
	v6_put(&frame, l3->at, l3->len);
	emitter->variant = variant;
	emitter->accepted = true;
	v6_emit(emitter, &frame, shown);
}

/* What a later fragment tells: the protocol, and the outer addresses. */
static enum gw_v6_class class_of_rest(const struct v6_case4 *from)
{
	switch (from->protocol) {
	case IPPROTO_IPV6:
		if (from->dst)
			return from->class_id;
		return C(SIX_IN_FOUR);
	case IPPROTO_GRE:
		return C(GRE);
	case IPPROTO_ESP:
	case IPPROTO_AH:
		return C(VPN_OPAQUE);
	case IPPROTO_ICMP:
		return from->class_id;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		return C(NONE);
	default:
		return C(IPIP);
	}
}

static void bend_fragment(struct v6_emitter *emitter, const struct v6_case4 *from)
{
	static struct v6_bytes l3, rest;
	struct v6_ipv4 header = { .fragment = 0x0003 }; /* the last, from byte 24 on */

	l3.len = rest.len = 0;
	v6_ipv4_payload(from, &rest);
	if (rest.len <= 24)
		return;
	memmove(rest.at, rest.at + 24, rest.len - 24);
	rest.len -= 24;
	header.src = "10.0.0.66";
	header.dst = from->dst ? from->dst : "198.51.100.9";
	header.protocol = from->protocol;
	v6_ipv4(&l3, &header, &rest);
	put(emitter, "V32-later-fragment", v6_mac_router, &l3,
	    &(struct v6_shown){ .classes = { class_of_rest(from) }, .hides = true });
}

/* Within IP in IP only tunnels count. */
static void bend_nested(struct v6_emitter *emitter, const struct v6_case4 *from)
{
	const struct v6_ipv4 header = { .src = "10.0.0.66", .dst = "198.51.100.9", .protocol = 4 };
	static struct v6_bytes l3, inner;

	l3.len = inner.len = 0;
	v6_ipv4_of(from, NULL, &inner);
	v6_ipv4(&l3, &header, &inner);
	put(emitter, "V31-in-ipip", v6_mac_router, &l3,
	    &(struct v6_shown){ .classes = { C(IPIP) },
				.hides = gw_v6_class_info(from->class_id)->number / 100 != 6 });
}

void v6_bend_four(struct v6_emitter *emitter, const struct v6_case4 *from)
{
	static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	struct v6_l3 around = { .eth_dst = v6_mac_router,
				.eth_src = v6_mac_attacker,
				.type = 0x0800 };
	static struct v6_bytes l3;

	around.bytes = &l3;
	l3.len = 0;
	v6_ipv4_of(from, NULL, &l3);
	put(emitter, "V01-plain", v6_mac_router, &l3, &(struct v6_shown){ 0 });
	if (from->flags & V6_PLAIN)
		return;
	put(emitter, "V33-group-mac", group, &l3,
	    &(struct v6_shown){ .classes = { C(MAC_MISMATCH) } });
	v6_wrap(emitter, &around);
	bend_nested(emitter, from);
	bend_fragment(emitter, from);
	l3.len = 0;
	v6_ipv4_of(from, &(struct v6_ipv4){ .option_words = 3 }, &l3);
	put(emitter, "V32-options", v6_mac_router, &l3, &(struct v6_shown){ 0 });
	l3.len = 0;
	v6_ipv4_of(from, &(struct v6_ipv4){ .bad_checksum = true }, &l3);
	put(emitter, "V32-checksum", v6_mac_router, &l3, &(struct v6_shown){ 0 });
}
