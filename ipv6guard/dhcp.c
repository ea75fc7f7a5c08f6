/* Who answers DHCP, and what with. */
#include <string.h>

#include "ipv6guard/walk.h"

/* ---- DHCPv6 ------------------------------------------------------------------------------------ */

#define RECONFIGURE   10
#define INFORMATION   11
#define RELAY_FORWARD 12
#define RELAY_REPLY   13
#define TRANSITION                                                                                 \
	(GW_V6_DHCP6_AFTR | GW_V6_DHCP6_S46 | GW_V6_DHCP6_NTP | GW_V6_DHCP6_BOOT |                 \
	 GW_V6_DHCP6_ENCRYPTED_DNS | GW_V6_DHCP6_PORTAL)

static bool is_dhcp6_server(const struct gw_v6_walk *walk, const uint8_t *address)
{
	const struct gw_v6_context *context = walk->context;

	if (context->mode != GW_V6_GUARDED && context->mode != GW_V6_OPEN)
		return false;
	for (size_t i = 0; i < context->n_dhcp6_servers; i++)
		if (gw_v6_peer_is(walk, &context->dhcp6_servers[i], address))
			return true;
	return false;
}

static void judge_server(struct gw_v6_walk *walk, const struct gw_v6_ip *ip,
			 const struct gw_v6_dhcp6 *message)
{
	if (!is_dhcp6_server(walk, ip->src))
		gw_v6_mark(walk, message->inner_type == RECONFIGURE ? GW_V6_CLASS_DHCP6_RECONFIGURE
								    : GW_V6_CLASS_DHCP6_SERVER);
	if (message->options & TRANSITION)
		gw_v6_mark(walk, GW_V6_CLASS_DHCP6_TRANSITION);
}

void gw_v6_judge_dhcp6(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, uint16_t dst_port,
		       struct gw_v6_bytes bytes)
{
	struct gw_v6_dhcp6 inner;
	struct gw_v6_dhcp6 *message = &inner;

	if (walk->result->detail == GW_V6_DETAIL_NONE) {
		message = &walk->result->u.dhcp6;
		walk->result->detail = GW_V6_DETAIL_DHCP6;
	}
	gw_v6_dhcp6_read(bytes.at, bytes.len, message);
	if (message->faults) {
		gw_v6_trick(walk, GW_V6_TRICK_OPTION);
		gw_v6_mark(walk, GW_V6_CLASS_MALFORMED);
	}
	/* What a client would take for an answer, whatever else it may be (RFC 7610). */
	if (dst_port == GW_V6_DHCP6_CLIENT_PORT || gw_v6_dhcp6_from_server(message->type)) {
		judge_server(walk, ip, message);
		return;
	}
	if (message->type == RELAY_FORWARD || message->type == RELAY_REPLY) {
		gw_v6_mark(walk, GW_V6_CLASS_DHCP6_RELAY);
		return;
	}
	gw_v6_mark(walk, GW_V6_CLASS_DHCP6_CLIENT);
	if (message->options & GW_V6_DHCP6_IA_PD)
		gw_v6_mark(walk, GW_V6_CLASS_DHCP6_DELEGATION);
	if (message->type == 0 || message->type > INFORMATION)
		gw_v6_mark(walk, GW_V6_CLASS_MALFORMED);
}

/* ---- DHCPv4 ------------------------------------------------------------------------------------ */

#define BOOTP_LEN       236u
#define BOOTP_REPLY     2
#define SNAME_AT        44u
#define SNAME_LEN       64u
#define FILE_AT         108u
#define FILE_LEN        128u
#define OPTION_PAD      0
#define OPTION_OVERLOAD 52
#define OPTION_V6ONLY   108 /* RFC 8925 */
#define OPTION_ROUTES   121 /* RFC 3442 */
#define OPTION_6RD      212 /* RFC 5969 */
#define OPTION_ROUTES_M 249 /* the same before it had a number */
#define OPTION_WPAD     252
#define OPTION_END      255

static void judge_option(struct gw_v6_walk *walk, uint8_t number)
{
	if (number == OPTION_V6ONLY)
		gw_v6_mark(walk, GW_V6_CLASS_DHCP4_V6ONLY);
	else if (number == OPTION_6RD)
		gw_v6_mark(walk, GW_V6_CLASS_DHCP4_6RD);
	else if (number == OPTION_ROUTES || number == OPTION_ROUTES_M)
		gw_v6_mark(walk, GW_V6_CLASS_DHCP4_ROUTES);
	else if (number == OPTION_WPAD)
		gw_v6_mark(walk, GW_V6_CLASS_WPAD_ANSWER);
}

/* Returns the value of option 52: which of the old fields hold more options. */
static uint8_t judge_options(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	uint8_t overload = 0;

	while (bytes.len) {
		const uint8_t *number = gw_v6_take(&bytes, 1), *len, *data;

		if (number[0] == OPTION_END)
			break;
		if (number[0] == OPTION_PAD)
			continue;
		len = gw_v6_take(&bytes, 1);
		data = len ? gw_v6_take(&bytes, len[0]) : NULL;
		if (!data)
			break;
		judge_option(walk, number[0]);
		if (number[0] == OPTION_OVERLOAD && len[0] == 1)
			overload = data[0];
	}
	return overload;
}

static bool is_dhcp4_server(const struct gw_v6_walk *walk)
{
	const struct gw_v6_context *context = walk->context;

	for (size_t i = 0; i < context->n_dhcp4_servers; i++)
		if (gw_v6_peer_is(walk, &context->dhcp4_servers[i], NULL))
			return true;
	return false;
}

/* Answers only: what clients ask for in option 55 is no harm. */
void gw_v6_judge_dhcp4(struct gw_v6_walk *walk, struct gw_v6_bytes bytes)
{
	static const uint8_t magic[] = { 0x63, 0x82, 0x53, 0x63 };
	const uint8_t *bootp = gw_v6_take(&bytes, BOOTP_LEN);
	const uint8_t *cookie = bootp ? gw_v6_take(&bytes, sizeof(magic)) : NULL;
	uint8_t overload;

	if (!cookie || bootp[0] != BOOTP_REPLY || memcmp(cookie, magic, sizeof(magic)) != 0 ||
	    is_dhcp4_server(walk))
		return;
	overload = judge_options(walk, bytes);
	if (overload & 1)
		(void)judge_options(walk, (struct gw_v6_bytes){ bootp + FILE_AT, FILE_LEN });
	if (overload & 2)
		(void)judge_options(walk, (struct gw_v6_bytes){ bootp + SNAME_AT, SNAME_LEN });
}
