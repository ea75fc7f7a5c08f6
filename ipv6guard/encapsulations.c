/* Carriers below IP that no access network needs, and that all can bring IPv6 past a filter by EtherType. */
#include "ipv6guard/walk.h"

#define MPLS_LABELS_MAX 32u

/* A label has no type; the bottom one may (RFC 4182), and otherwise the first nibble tells (RFC 4928). */
void gw_v6_walk_mpls(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *label = NULL;

	if (!gw_v6_step(walk, GW_V6_LAYER_CARRIER, bytes.at))
		return;
	for (unsigned int i = 0; i < MPLS_LABELS_MAX; i++) {
		label = gw_v6_take(&bytes, 4);
		if (!label) {
			gw_v6_missing(walk, bytes);
			return;
		}
		if (label[2] & 1) /* bottom of the stack */
			break;
	}
	if (gw_v6_u32(label) >> 12 == 2) /* IPv6 explicit null */
		gw_v6_walk_ipv6(walk, bytes);
	else
		gw_v6_walk_ip(walk, bytes);
}

/* Authenticated only, its content is in the clear; encrypted, it may be anything. */
static void walk_macsec(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *tag = gw_v6_take(&bytes, 6);
	const uint8_t *type;

	if (!tag) {
		gw_v6_missing(walk, bytes);
		return;
	}
	if (tag[0] & 0x20) /* explicit SCI */
		(void)gw_v6_take(&bytes, 8);
	if (tag[0] & 0x0c) { /* encrypted or changed */
		if (!walk->listed)
			gw_v6_mark(walk, GW_V6_CLASS_CARRIER_OPAQUE);
		return;
	}
	type = gw_v6_take(&bytes, 2);
	if (type)
		gw_v6_walk_ethertype(walk, gw_v6_u16(type), bytes);
	else
		gw_v6_missing(walk, bytes);
}

static void walk_nsh(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *header = gw_v6_peek(&bytes, 4);
	size_t length = header ? (header[1] & 0x3fu) * 4u : 0;
	uint8_t next;

	if (!header || !gw_v6_take(&bytes, length)) {
		gw_v6_missing(walk, bytes);
		return;
	}
	next = header[3];
	if (next == 1)
		gw_v6_walk_ipv4(walk, bytes);
	else if (next == 2)
		gw_v6_walk_ipv6(walk, bytes);
	else if (next == 3)
		gw_v6_walk_inner_ethernet(walk, bytes);
	else if (next == 5)
		gw_v6_walk_mpls(walk, bytes);
	else if (!walk->listed)
		gw_v6_mark(walk, GW_V6_CLASS_CARRIER_OPAQUE);
}

static void walk_trill(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *header = gw_v6_take(&bytes, 6);

	/* Version, flags, length of options in words, hop count. */
	if (!header || !gw_v6_take(&bytes, (gw_v6_u16(header) >> 6 & 0x1f) * 4u)) {
		gw_v6_missing(walk, bytes);
		return;
	}
	gw_v6_walk_inner_ethernet(walk, bytes);
}

static void walk_batman(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *type = gw_v6_peek(&bytes, 1);
	size_t header = 0;

	if (type && type[0] == 0x01) /* broadcast */
		header = 14;
	else if (type && type[0] == 0x40) /* unicast */
		header = 10;
	else if (type && type[0] == 0x42) /* unicast, four addresses */
		header = 18;
	if (header && gw_v6_take(&bytes, header))
		gw_v6_walk_inner_ethernet(walk, bytes);
	else if (!walk->listed)
		gw_v6_mark(walk, GW_V6_CLASS_CARRIER_OPAQUE);
}

/* A tag before the true type. */
static void walk_hsr(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	const uint8_t *tag = gw_v6_take(&bytes, 6);

	if (tag)
		gw_v6_walk_ethertype(walk, gw_v6_u16(tag + 4), bytes);
	else
		gw_v6_missing(walk, bytes);
}

/* Provider backbone bridges: I-TAG, then a whole frame. */
static void walk_backbone(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	if (gw_v6_take(&bytes, 4))
		gw_v6_walk_inner_ethernet(walk, bytes);
	else
		gw_v6_missing(walk, bytes);
}

bool gw_v6_walk_rare_carrier(struct gw_v6_walk *walk, uint16_t type, struct gw_v6_bytes bytes)
{
	static const struct {
		uint16_t type;
		void (*walk)(struct gw_v6_walk *walk, struct gw_v6_bytes bytes);
	} carriers[] = {
		{ 0x88e5, walk_macsec }, { 0x88e7, walk_backbone }, { 0x894f, walk_nsh },
		{ 0x22f3, walk_trill },  { 0x4305, walk_batman },   { 0x892f, walk_hsr },
	};

	for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++) {
		if (carriers[i].type != type)
			continue;
		if (!gw_v6_step(walk, GW_V6_LAYER_CARRIER, bytes.at))
			return true;
		walk->carried = true;
		gw_v6_trick(walk, GW_V6_TRICK_CARRIER);
		if (!walk->listed)
			gw_v6_mark(walk, GW_V6_CLASS_CARRIER_UNKNOWN);
		carriers[i].walk(walk, bytes);
		return true;
	}
	return false;
}
