/* Ways to carry a packet: tags, LLC/SNAP, rare carriers, wrong addresses; and tunnels around IPv6. */
#include <netinet/in.h>
#include <string.h>

#include "gw/core/mem.h"
#include "tests/support/v6_emit.h"

#define C(sym) GW_V6_CLASS_##sym

enum { HIDES = 1 << 0, SIX_ONLY = 1 << 1 };

/* Between MACs and packet, in hexadecimal; `type` and `len` stand for the packet's. */
static const struct wrap {
	const char *variant;
	const char *before;  /* from the type on */
	bool typed;          /* the packet's type follows */
	bool inner_ethernet; /* MACs and type follow */
	bool length;         /* an 802.3 length goes before */
	int wrong;           /* … that is off by so much */
	bool accepted;
	enum gw_v6_class classes[2]; /* with anything inside */
	enum gw_v6_class with_six;   /* with IPv6 inside */
	unsigned int flags;
} wraps[] = {
	{ "V13-vlan0", "8100 0000", true, false, false, 0, true, { 0 }, 0, 0 },
	{ "V14-vlan0-ad", "88a8 0000", true, false, false, 0, true, { 0 }, 0, 0 },
	{ "V15-vlan0-twice", "8100 0000 8100 0000", true, false, false, 0, true, { 0 }, 0, 0 },
	{ "V15-vlan0-ad-q", "88a8 0000 8100 2000", true, false, false, 0, true, { 0 }, 0, 0 },
	{ "V16-vlan0-five",
	  "8100 0000 88a8 0000 8100 0000 9100 0000 8100 0000",
	  true,
	  false,
	  false,
	  0,
	  true,
	  { C(TAG_STACK) },
	  0,
	  0 },
	{ "V17-vlan7", "8100 0007", true, false, false, 0, false, { 0 }, 0, 0 },
	{ "V17-qinq", "88a8 0007 8100 0008", true, false, false, 0, false, { 0 }, 0, 0 },
	{ "V18-snap",
	  "aaaa03 000000",
	  true,
	  false,
	  true,
	  0,
	  true,
	  { C(CARRIER_UNKNOWN) },
	  C(CARRIER),
	  0 },
	{ "V18-snap-802.1h",
	  "aaaa03 0000f8",
	  true,
	  false,
	  true,
	  0,
	  true,
	  { C(CARRIER_UNKNOWN) },
	  C(CARRIER),
	  0 },
	{ "V19-snap-short",
	  "aaaa03 000000",
	  true,
	  false,
	  true,
	  -20,
	  true,
	  { C(CARRIER_UNKNOWN) },
	  C(CARRIER),
	  0 },
	{ "V19-snap-long",
	  "aaaa03 000000",
	  true,
	  false,
	  true,
	  200,
	  true,
	  { C(CARRIER_UNKNOWN) },
	  C(CARRIER),
	  0 },
	{ "V21-mpls-null",
	  "8847 000021ff",
	  false,
	  false,
	  false,
	  0,
	  true,
	  { C(CARRIER_UNKNOWN) },
	  C(CARRIER),
	  SIX_ONLY },
	{ "V21-mpls-stack",
	  "8847 000100ff 000101ff",
	  false,
	  false,
	  false,
	  0,
	  true,
	  { C(CARRIER_UNKNOWN) },
	  C(CARRIER),
	  0 },
	{ "V36-macsec",
	  "88e5 00 00 00000001",
	  true,
	  false,
	  false,
	  0,
	  false,
	  { C(CARRIER_UNKNOWN) },
	  C(CARRIER),
	  0 },
	{ "V36-macsec-sci",
	  "88e5 20 00 00000001 @A 0001",
	  true,
	  false,
	  false,
	  0,
	  false,
	  { C(CARRIER_UNKNOWN) },
	  C(CARRIER),
	  0 },
	{ "V36-macsec-sealed",
	  "88e5 0c 00 00000001",
	  true,
	  false,
	  false,
	  0,
	  false,
	  { C(CARRIER_UNKNOWN), C(CARRIER_OPAQUE) },
	  0,
	  HIDES },
	{ "V36-backbone",
	  "88e7 00000100",
	  false,
	  true,
	  false,
	  0,
	  false,
	  { C(CARRIER_UNKNOWN) },
	  C(CARRIER),
	  0 },
	{ "V36-nsh",
	  "894f 0fc6 02 03 000000ff *16{00}",
	  false,
	  true,
	  false,
	  0,
	  false,
	  { C(CARRIER_UNKNOWN) },
	  C(CARRIER),
	  0 },
	{ "V36-trill",
	  "22f3 0000 0001 0002",
	  false,
	  true,
	  false,
	  0,
	  false,
	  { C(CARRIER_UNKNOWN) },
	  C(CARRIER),
	  0 },
	{ "V36-batman",
	  "4305 40 0f 32 01 @V",
	  false,
	  true,
	  false,
	  0,
	  true,
	  { C(CARRIER_UNKNOWN) },
	  C(CARRIER),
	  0 },
	{ "V36-batman-all",
	  "4305 01 0f 32 00 00000001 @A",
	  false,
	  true,
	  false,
	  0,
	  true,
	  { C(CARRIER_UNKNOWN) },
	  C(CARRIER),
	  0 },
	{ "V36-hsr",
	  "892f 0040 0001",
	  true,
	  false,
	  false,
	  0,
	  true,
	  { C(CARRIER_UNKNOWN) },
	  C(CARRIER),
	  0 },
};

static void wrap_one(struct v6_emitter *emitter, const struct wrap *wrap, const struct v6_l3 *l3)
{
	/* 33:33 is for IPv6, and tags alone do not change what it is. */
	bool strange =
		l3->eth_dst[0] == 0x33 && wrap->classes[0] && wrap->classes[0] != C(TAG_STACK);
	struct v6_shown shown = { .classes = { strange ? C(MAC_MISMATCH) : C(NONE),
					       wrap->classes[0], wrap->classes[1] },
				  .hides_all = wrap->flags & HIDES,
				  .hides_macs = wrap->inner_ethernet };
	static struct v6_bytes frame, content;
	bool six = l3->type == 0x86dd;

	frame.len = content.len = 0;
	v6_hex(&content, wrap->before);
	if (wrap->inner_ethernet)
		v6_ethernet(&content, l3->eth_dst, l3->eth_src, l3->type);
	else if (wrap->typed)
		v6_put16(&content, l3->type);
	v6_put(&content, l3->bytes->at, l3->bytes->len);
	v6_put(&frame, l3->eth_dst, 6);
	v6_put(&frame, l3->eth_src, 6);
	if (wrap->length)
		v6_put16(&frame, (unsigned int)((int)content.len + wrap->wrong) & 0x3ff);
	v6_put(&frame, content.at, content.len);
	if (six && !(wrap->flags & HIDES))
		shown.classes[3] = wrap->with_six;
	emitter->variant = wrap->variant;
	emitter->accepted = wrap->accepted;
	v6_emit(emitter, &frame, &shown);
}

/* VLAN 0 around SNAP. */
static void wrap_tagged_snap(struct v6_emitter *emitter, const struct v6_l3 *l3)
{
	struct v6_shown shown = { .classes = { C(CARRIER_UNKNOWN) } };
	static struct v6_bytes frame;

	frame.len = 0;
	v6_ethernet(&frame, l3->eth_dst, l3->eth_src, 0x8100);
	v6_put16(&frame, 0);
	v6_put16(&frame, (unsigned int)l3->bytes->len + 8);
	v6_hex(&frame, "aaaa03 000000");
	v6_put16(&frame, l3->type);
	v6_put(&frame, l3->bytes->at, l3->bytes->len);
	if (l3->type == 0x86dd)
		shown.classes[1] = C(CARRIER);
	if (l3->eth_dst[0] == 0x33)
		shown.classes[2] = C(MAC_MISMATCH);
	emitter->variant = "V20-vlan0-snap";
	emitter->accepted = true;
	v6_emit(emitter, &frame, &shown);
}

static void wrap_pppoe(struct v6_emitter *emitter, const struct v6_l3 *l3)
{
	struct v6_shown shown = { .classes = { C(CARRIER_UNKNOWN) } };
	static struct v6_bytes frame;

	frame.len = 0;
	v6_ethernet(&frame, l3->eth_dst, l3->eth_src, 0x8864);
	v6_hex(&frame, "11 00 0001");
	v6_put16(&frame, (unsigned int)l3->bytes->len + 2);
	v6_put16(&frame, l3->type == 0x86dd ? 0x0057 : 0x0021);
	v6_put(&frame, l3->bytes->at, l3->bytes->len);
	if (l3->type == 0x86dd) {
		shown.classes[1] = C(PPP_IPV6);
		shown.classes[2] = C(CARRIER);
		if (l3->eth_dst[0] == 0x33)
			shown.classes[3] = C(MAC_MISMATCH);
	}
	emitter->variant = "V36-pppoe";
	emitter->accepted = false;
	v6_emit(emitter, &frame, &shown);
}

void v6_wrap(struct v6_emitter *emitter, const struct v6_l3 *l3)
{
	for (size_t i = 0; i < GW_COUNT(wraps); i++)
		if ((!wraps[i].length || l3->bytes->len < 0x300) &&
		    (!(wraps[i].flags & SIX_ONLY) || l3->type == 0x86dd))
			wrap_one(emitter, &wraps[i], l3);
	wrap_tagged_snap(emitter, l3);
	wrap_pppoe(emitter, l3);
}

/* ---- tunnels ----------------------------------------------------------------------------------- */

/* From the inside out: numbers are IP protocols in IPv4, the rest stands before the packet. */
struct layer {
	uint8_t protocol; /* 0: UDP to the port */
	uint16_t port;
	const char *head;
};

static const struct nest {
	const char *variant;
	enum gw_v6_class class_id;
	struct layer layers[10];
} nests[] = {
	{ "V31-6in4", C(SIX_IN_FOUR), { { 41, 0, "" } } },
	{ "V31-6in4in4", C(SIX_IN_FOUR), { { 41, 0, "" }, { 4, 0, "" } } },
	{ "V31-gre-in-gre", C(TUNNELLED), { { 47, 0, "0000 86dd" }, { 47, 0, "0000 0800" } } },
	{ "V31-6in4-in-gtp", C(SIX_IN_FOUR), { { 41, 0, "" }, { 0, 2152, "30ff 0040 00000001" } } },
	{ "V31-vxlan-in-vxlan",
	  C(TUNNELLED),
	  { { 0, 4789, "08000000 00000100 @V @A 86dd" },
	    { 0, 4789, "08000000 00000100 @V @A 0800" } } },
	{ "V31-udp-in-udp", C(SIX_IN_FOUR), { { 41, 0, "" }, { 0, 6080, "" }, { 0, 6080, "" } } },
	{ "V31-eight",
	  C(SIX_IN_FOUR),
	  { { 41, 0, "" },
	    { 4, 0, "" },
	    { 4, 0, "" },
	    { 4, 0, "" },
	    { 4, 0, "" },
	    { 4, 0, "" },
	    { 4, 0, "" },
	    { 4, 0, "" } } },
	{ "V31-ten",
	  C(NEST_TOO_DEEP),
	  { { 41, 0, "" },
	    { 4, 0, "" },
	    { 4, 0, "" },
	    { 4, 0, "" },
	    { 4, 0, "" },
	    { 4, 0, "" },
	    { 4, 0, "" },
	    { 4, 0, "" },
	    { 4, 0, "" },
	    { 4, 0, "" } } },
};

static void wrap_layer(const struct layer *layer, struct v6_bytes *packet)
{
	struct v6_ipv4 header = { .src = "10.0.0.66", .dst = "198.51.100.9" };
	static struct v6_bytes content, datagram;

	content.len = datagram.len = 0;
	v6_hex(&content, layer->head);
	v6_put(&content, packet->at, packet->len);
	packet->len = 0;
	header.protocol = layer->protocol ? layer->protocol : IPPROTO_UDP;
	if (layer->protocol) {
		v6_ipv4(packet, &header, &content);
		return;
	}
	v6_udp(&datagram, 50300, layer->port, &content);
	v6_ipv4(packet, &header, &datagram);
}

void v6_tunnel(struct v6_emitter *emitter, const struct v6_bytes *packet)
{
	static struct v6_bytes nested, frame;

	for (size_t i = 0; i < GW_COUNT(nests); i++) {
		struct v6_shown shown = { .classes = { nests[i].class_id }, .hides_all = true };

		nested.len = frame.len = 0;
		v6_put(&nested, packet->at, packet->len);
		for (size_t k = 0; k < GW_COUNT(nests[i].layers) && nests[i].layers[k].head; k++)
			wrap_layer(&nests[i].layers[k], &nested);
		v6_ethernet(&frame, v6_mac_router, v6_mac_attacker, 0x0800);
		v6_put(&frame, nested.at, nested.len);
		emitter->variant = nests[i].variant;
		emitter->accepted = true;
		v6_emit(emitter, &frame, &shown);
	}
}
