/* Ways to bend an IPv6 packet (V01 to V35): headers, fragments, lengths, addresses, options. */
#include <netinet/in.h>
#include <string.h>

#include "gw/core/mem.h"
#include "tests/support/v6_emit.h"

#define C(sym) GW_V6_CLASS_##sym

#define PADDED      "00 00 0104 00000000"
#define LONG        "00 1f 0104 00000000 *31{0106 000000000000}"
#define FRAGMENT_ID "00000001"
#define ATOMIC      "00 00 0000 " FRAGMENT_ID
#define ECHO_HEAD   "80 00 0000 0001 0001"

/* What is being bent, again whole for each variant. */
struct bend {
	struct v6_emitter *emitter;
	const struct v6_case6 *from;
	struct v6_packet packet;
	struct v6_bytes l3, frame;
};

static bool is_nd(const struct bend *bend)
{
	return bend->packet.next == IPPROTO_ICMPV6 && bend->packet.upper.at[0] >= 133 &&
	       bend->packet.upper.at[0] <= 137;
}

static bool is_group(const struct bend *bend)
{
	return bend->packet.dst[0] == 0xff;
}

static enum gw_v6_class fragment_class(const struct bend *bend)
{
	bool local = bend->packet.src[0] == 0xfe || (is_group(bend) && bend->packet.dst[1] == 2);

	return local ? C(FRAGMENT_LOCAL) : C(FRAGMENT);
}

static void start(struct bend *bend, const char *variant, bool accepted)
{
	v6_packet_of(bend->from, &bend->packet);
	bend->emitter->variant = variant;
	bend->emitter->accepted = accepted;
}

static void put_frame(struct bend *bend, unsigned int type)
{
	bend->l3.len = bend->frame.len = 0;
	v6_assemble(&bend->packet, &bend->l3);
	v6_ethernet(&bend->frame, bend->packet.eth_dst, bend->packet.eth_src, type);
	v6_put(&bend->frame, bend->l3.at, bend->l3.len);
}

static void emit(struct bend *bend, const struct v6_shown *shown)
{
	put_frame(bend, 0x86dd);
	v6_emit(bend->emitter, &bend->frame, shown);
}

/* ---- headers (V05 to V08, V28 to V30) ---------------------------------------------------------- */

static const struct header {
	const char *variant;
	uint8_t type;
	unsigned int times;
	const char *hex;
	enum gw_v6_class class_id;
	bool accepted, not_mld;
} headers[] = {
	{ "V05-hop-by-hop", IPPROTO_HOPOPTS, 1, "00 00 0502 0000 0100", 0, true, true },
	{ "V06-options", IPPROTO_DSTOPTS, 1, PADDED, 0, true, false },
	{ "V06-options-ten", IPPROTO_DSTOPTS, 10, PADDED, C(HEADER_ORDER), true, false },
	{ "V06-options-hundred", IPPROTO_DSTOPTS, 100, PADDED, C(HEADER_ORDER), true, false },
	{ "V07-routing-0", IPPROTO_ROUTING, 1, "00 00 00 00 00000000", C(ROUTING_HEADER), false,
	  false },
	{ "V07-routing-4", IPPROTO_ROUTING, 1, "00 00 04 00 00 00 0000", 0, true, false },
	{ "V07-routing-99", IPPROTO_ROUTING, 1, "00 00 63 00 00000000", C(ROUTING_HEADER), false,
	  false },
	{ "V07-routing-twice", IPPROTO_ROUTING, 2, "00 00 03 00 00000000", C(HEADER_ORDER), false,
	  false },
	{ "V28-past-256", IPPROTO_DSTOPTS, 1, LONG, 0, true, false },
	{ "V28-past-1024", IPPROTO_DSTOPTS, 4, LONG, C(HEADER_ORDER), true, false },
	{ "V30-ah", IPPROTO_AH, 1, "00 04 0000 00001234 00000001 *12{a5}", 0, false, false },
	{ "V30-mobility", 135, 1, "00 00 00 00 00000000", 0, false, false },
	{ "V30-hip", 139, 1, "00 00 00 00 00000000", 0, false, false },
	{ "V30-shim6", 140, 1, "00 00 00 00 00000000", 0, false, false },
	{ "V30-two-hop-by-hop", IPPROTO_HOPOPTS, 2, PADDED, C(HEADER_ORDER), false, false },
	{ "V30-covert-padding", IPPROTO_DSTOPTS, 1, "00 01 010c \"hidden data.\"", C(COVERT), true,
	  false },
	{ "V30-covert-option", IPPROTO_DSTOPTS, 1, "00 03 1e1c *28{41}", C(COVERT), true, false },
	{ "V30-option-past-end", IPPROTO_DSTOPTS, 1, "00 00 01ff 00000000", C(MALFORMED), false,
	  false },
};

static void bend_headers(struct bend *bend)
{
	for (size_t i = 0; i < GW_COUNT(headers); i++) {
		if (headers[i].not_mld && bend->from->flags & V6_MLD)
			continue;
		start(bend, headers[i].variant, headers[i].accepted);
		for (unsigned int k = 0; k < headers[i].times; k++)
			v6_extend(&bend->packet, headers[i].type, headers[i].hex);
		emit(bend,
		     &(struct v6_shown){ .classes = { headers[i].class_id }, .behind_ip = true });
	}
	start(bend, "V30-hop-by-hop-second", false);
	v6_extend(&bend->packet, IPPROTO_DSTOPTS, PADDED);
	v6_extend(&bend->packet, IPPROTO_HOPOPTS, PADDED);
	emit(bend, &(struct v6_shown){ .classes = { C(HEADER_ORDER) } });
	if (bend->from->flags & V6_MLD)
		return;
	start(bend, "V28-jumbo-option", false);
	v6_extend(&bend->packet, IPPROTO_HOPOPTS, "00 00 c204 00010000");
	put_frame(bend, 0x86dd);
	bend->frame.at[14 + 4] = bend->frame.at[14 + 5] = 0;
	v6_emit(bend->emitter, &bend->frame, &(struct v6_shown){ 0 });
}

/* Next headers behind which nothing is read. */
static void bend_last(struct bend *bend)
{
	static const struct {
		const char *variant;
		uint8_t next;
		const char *before;
		enum gw_v6_class classes[2];
	} lasts[] = {
		{ "V30-unknown-200", 200, "", { C(HEADER_UNKNOWN) } },
		{ "V30-experimental-253", 253, "", { C(HEADER_UNKNOWN) } },
		{ "V30-nothing-next", 59, "", { C(COVERT) } },
		{ "V30-esp", IPPROTO_ESP, "00001234 00000001", { C(VPN_OPAQUE), C(ENCRYPTED) } },
	};

	for (size_t i = 0; i < GW_COUNT(lasts); i++) {
		struct v6_bytes *upper = &bend->packet.upper;

		start(bend, lasts[i].variant, false);
		bend->l3.len = 0;
		v6_hex(&bend->l3, lasts[i].before);
		v6_put(&bend->l3, upper->at, upper->len);
		upper->len = 0;
		v6_put(upper, bend->l3.at, bend->l3.len);
		bend->packet.next = lasts[i].next;
		emit(bend,
		     &(struct v6_shown){ .classes = { lasts[i].classes[0], lasts[i].classes[1] },
					 .behind_ip = true,
					 .hides = true });
	}
}

/* ---- fragments (V08 to V12, V22, V29) ---------------------------------------------------------- */

static struct v6_shown atomic_shown(const struct bend *bend)
{
	struct v6_shown shown = { .classes = { fragment_class(bend) } };

	if (is_nd(bend))
		shown.after[0] = C(ND_FRAGMENT);
	else if (bend->from->flags & V6_MLD)
		shown.after[0] = C(MLD_INVALID);
	return shown;
}

static void bend_atomic(struct bend *bend)
{
	struct v6_shown shown;

	start(bend, "V08-atomic", false);
	v6_extend(&bend->packet, IPPROTO_FRAGMENT, ATOMIC);
	shown = atomic_shown(bend);
	emit(bend, &shown);
	start(bend, "V29-atomic-130", false);
	for (unsigned int i = 0; i < 130; i++)
		v6_extend(&bend->packet, IPPROTO_FRAGMENT, ATOMIC);
	shown = atomic_shown(bend);
	shown.classes[1] = C(HEADER_ORDER);
	emit(bend, &shown);
}

/* One fragment: `head` is what stands behind the fragment header, `whole` adds the upper layer. */
static void put_fragment(struct bend *bend, const char *fragment, uint8_t next, const char *head,
			 bool whole, const struct v6_shown *shown)
{
	struct v6_bytes upper = bend->packet.upper;

	bend->packet.upper.len = 0;
	v6_hex(&bend->packet.upper, head);
	if (whole)
		v6_put(&bend->packet.upper, upper.at, upper.len);
	v6_extend(&bend->packet, IPPROTO_FRAGMENT, fragment);
	bend->packet.next = next;
	emit(bend, shown);
}

/* The part of `parts` in a series; each has its own id by its variant. */
static void next_part(struct bend *bend, const char *variant, uint8_t part, uint8_t parts)
{
	start(bend, variant, false);
	bend->emitter->part = part;
	bend->emitter->parts = parts;
}

static void put_first(struct bend *bend, const char *variant, const char *id, uint8_t part)
{
	struct v6_shown shown = { .classes = { fragment_class(bend), C(FRAGMENT_TINY),
					       C(CHAIN_INCOMPLETE) },
				  .hides = true };
	char head[64] = "3a 00 0104 00000000", fragment[64] = "00 00 0001 ";

	next_part(bend, variant, part, 2);
	put_fragment(bend, strcat(fragment, id), IPPROTO_DSTOPTS, head, false, &shown);
}

static void put_second(struct bend *bend, const char *variant, const char *id, uint8_t part,
		       bool lies)
{
	struct v6_shown shown = { .classes = { fragment_class(bend) }, .hides = true };
	char fragment[64] = "00 00 0008 ";

	next_part(bend, variant, part, 2);
	put_fragment(bend, strcat(fragment, id), lies ? IPPROTO_UDP : bend->packet.next, "", true,
		     &shown);
}

static void bend_overlap(struct bend *bend)
{
	enum gw_v6_class fragment = fragment_class(bend);

	next_part(bend, "V12-overlap", 1, 2);
	put_fragment(
		bend, "00 00 0001 00000012", IPPROTO_DSTOPTS, "3a 00 0104 00000000 " ECHO_HEAD,
		false,
		&(struct v6_shown){ .classes = { fragment, C(FRAGMENT_TINY) }, .hides = true });
	next_part(bend, "V12-overlap", 2, 2);
	bend->emitter->needs_flow = true;
	put_fragment(
		bend, "00 00 0008 00000012", bend->packet.next, "", true,
		&(struct v6_shown){ .classes = { fragment, C(FRAGMENT_OVERLAP) }, .hides = true });
	bend->emitter->needs_flow = false;
	next_part(bend, "V29-resent", 1, 2);
	put_fragment(
		bend, "00 00 0001 00000029", IPPROTO_DSTOPTS, "3a 00 0104 00000000 " ECHO_HEAD,
		false,
		&(struct v6_shown){ .classes = { fragment, C(FRAGMENT_TINY) }, .hides = true });
	next_part(bend, "V29-resent", 2, 2);
	bend->emitter->needs_flow = true;
	put_fragment(
		bend, "00 00 0001 00000029", IPPROTO_DSTOPTS,
		"3c 00 0104 00000000 3a 00 0104 00000000", false,
		&(struct v6_shown){ .classes = { fragment, C(FRAGMENT_TINY), C(FRAGMENT_OVERLAP) },
				    .hides = true });
	bend->emitter->needs_flow = false;
}

static void bend_fragments(struct bend *bend)
{
	start(bend, "", false);
	bend_atomic(bend);
	put_first(bend, "V09-fragments", "00000009", 1);
	put_second(bend, "V09-fragments", "00000009", 2, false);
	put_second(bend, "V10-reversed", "00000010", 1, false);
	put_first(bend, "V10-reversed", "00000010", 2);
	put_first(bend, "V11-second-lies", "00000011", 1);
	put_second(bend, "V11-second-lies", "00000011", 2, true);
	bend_overlap(bend);
	bend->emitter->part = bend->emitter->parts = 0;
}

/* ---- the frame and the fixed header (V02 to V04, V23 to V27, V33, V35) ------------------------- */

static void bend_hop_limit(struct bend *bend)
{
	struct v6_shown shown = { .hides = false };

	start(bend, "V04-hop-limit", false);
	bend->packet.hop = 63;
	if (is_nd(bend))
		shown.after[0] = C(ND_INVALID);
	else if (bend->from->flags & V6_MLD)
		shown.after[0] = C(MLD_INVALID);
	emit(bend, &shown);
}

static void bend_macs(struct bend *bend)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t other[6] = { 0x02, 0x77, 0x77, 0x77, 0x77, 0x77 };
	struct v6_shown shown = { .hides = false };

	if (is_group(bend)) {
		start(bend, "V03-unicast-mac", true);
		memcpy(bend->packet.eth_dst, v6_mac_victim, 6);
		emit(bend, &(struct v6_shown){ 0 });
		start(bend, "V33-wrong-group", true);
		bend->packet.eth_dst[5] ^= 0x40;
		emit(bend, &(struct v6_shown){ .classes = { C(MAC_MISMATCH) } });
	}
	start(bend, "V33-broadcast", true);
	memcpy(bend->packet.eth_dst, broadcast, 6);
	emit(bend, &(struct v6_shown){ .classes = { C(MAC_MISMATCH) } });
	start(bend, "V23-other-source", true);
	memcpy(bend->packet.eth_src, other, 6);
	if (is_nd(bend) && strchr(bend->from->payload, '@') && bend->packet.upper.at[0] != 137)
		shown.after[0] =
			bend->packet.upper.at[0] == 133 ? C(RS_SPOOFED) : C(ND_LINK_ADDRESS);
	emit(bend, &shown);
}

static void bend_lengths(struct bend *bend)
{
	start(bend, "V24-length-beyond", false);
	put_frame(bend, 0x86dd);
	bend->frame.at[14 + 5] = (uint8_t)(bend->frame.at[14 + 5] + 8);
	if (bend->frame.at[14 + 5] < 8)
		bend->frame.at[14 + 4]++;
	v6_emit(bend->emitter, &bend->frame, &(struct v6_shown){ .classes = { C(MALFORMED) } });
	start(bend, "V25-trailer", true);
	put_frame(bend, 0x86dd);
	v6_zeroes(&bend->frame, 32);
	v6_emit(bend->emitter, &bend->frame, &(struct v6_shown){ 0 });
	start(bend, "V25-second-packet", true);
	put_frame(bend, 0x86dd);
	v6_put(&bend->frame, bend->l3.at, bend->l3.len);
	v6_emit(bend->emitter, &bend->frame, &(struct v6_shown){ 0 });
}

static void bend_version(struct bend *bend)
{
	struct v6_shown shown = { .classes = { C(DISGUISED) } };

	start(bend, "V26-version-5", false);
	put_frame(bend, 0x86dd);
	bend->frame.at[14] = 0x50;
	shown.hides_all = true;
	v6_emit(bend->emitter, &bend->frame, &shown);
	start(bend, "V26-version-4", false);
	put_frame(bend, 0x86dd);
	bend->frame.at[14] = 0x45;
	v6_emit(bend->emitter, &bend->frame, &shown);
	start(bend, "V27-as-ipv4", false);
	put_frame(bend, 0x0800);
	shown.hides_all = false;
	v6_emit(bend->emitter, &bend->frame, &shown);
}

static void bend_checksum(struct bend *bend)
{
	start(bend, "V35-checksum", false);
	if (bend->packet.next != IPPROTO_ICMPV6)
		return;
	bend->packet.upper.at[2] ^= 0x55;
	emit(bend, &(struct v6_shown){ 0 });
}

static void bend_destination(struct bend *bend)
{
	start(bend, "V02-unicast", true);
	if (!is_nd(bend) || !is_group(bend) || bend->packet.upper.at[0] == 135 ||
	    gw_v6_class_info(bend->from->class_id)->number < 200)
		return;
	v6_address(bend->packet.dst, V6_ADDRESS_VICTIM);
	memcpy(bend->packet.eth_dst, v6_mac_victim, 6);
	v6_seal(&bend->packet);
	emit(bend, &(struct v6_shown){ 0 });
}

/* ---- options of neighbour discovery (V34) ------------------------------------------------------ */

static void bend_options(struct bend *bend)
{
	static const struct {
		const char *variant, *hex;
		bool macs;
	} options[] = {
		{ "V34-many-macs", "0101 @V 0101 @R", true },
		{ "V34-zero-length", "0100 000000000000", false },
		{ "V34-past-end", "0e09 000000000000", false },
		{ "V34-hundred", "*100{0e01 000000000000}", false },
	};

	for (size_t i = 0; i < GW_COUNT(options); i++) {
		struct v6_shown shown = { .after = { C(NONE), C(ND_INVALID) } };
		uint8_t type;

		start(bend, options[i].variant, i != 2);
		type = bend->packet.upper.at[0];
		if (options[i].macs && type != 137)
			shown.after[0] = type == 133 ? C(RS_SPOOFED) : C(ND_LINK_ADDRESS);
		v6_hex(&bend->packet.upper, options[i].hex);
		v6_seal(&bend->packet);
		emit(bend, &shown);
	}
}

/* ---- all --------------------------------------------------------------------------------------- */

static void bend_carriers(struct bend *bend)
{
	struct v6_l3 l3 = { .eth_dst = bend->packet.eth_dst,
			    .eth_src = bend->packet.eth_src,
			    .type = 0x86dd,
			    .bytes = &bend->l3 };

	start(bend, "", true);
	put_frame(bend, 0x86dd);
	v6_wrap(bend->emitter, &l3);
	v6_tunnel(bend->emitter, &bend->l3);
	/* VLAN 0, options and a fragment at once. */
	next_part(bend, "V22-tag-fragment", 1, 1);
	v6_extend(&bend->packet, IPPROTO_DSTOPTS, PADDED);
	v6_extend(&bend->packet, IPPROTO_FRAGMENT, ATOMIC);
	put_frame(bend, 0x86dd);
	bend->frame.len = 0;
	v6_ethernet(&bend->frame, bend->packet.eth_dst, bend->packet.eth_src, 0x8100);
	v6_hex(&bend->frame, "0000 86dd");
	v6_put(&bend->frame, bend->l3.at, bend->l3.len);
	{
		struct v6_shown shown = atomic_shown(bend);

		v6_emit(bend->emitter, &bend->frame, &shown);
	}
}

void v6_bend_six(struct v6_emitter *emitter, const struct v6_case6 *from)
{
	static struct bend bend;

	bend.emitter = emitter;
	bend.from = from;
	start(&bend, "V01-plain", true);
	emit(&bend, &(struct v6_shown){ 0 });
	if (from->flags & V6_PLAIN)
		return;
	bend_destination(&bend);
	bend_macs(&bend);
	bend_hop_limit(&bend);
	bend_headers(&bend);
	bend_last(&bend);
	bend_fragments(&bend);
	bend_lengths(&bend);
	bend_version(&bend);
	bend_checksum(&bend);
	if (from->flags & V6_OPTIONS && !(from->flags & V6_NO_FAULTS))
		bend_options(&bend);
	bend_carriers(&bend);
}
