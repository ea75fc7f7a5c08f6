/* UDP and TCP: ports that mean something here. */
#include <netinet/in.h>
#include <string.h>

#include "ipv6guard/walk.h"

#define PORT_DNS        53
#define PORT_DNS_TLS    853
#define PORT_HTTP       80
#define PORT_NBNS       137
#define PORT_YGGDRASIL  9001
#define PORT_MDNS       5353
#define PORT_LLMNR      5355
#define PORT_DHCP4      67
#define PORT_DHCP4_HOST 68
#define PORT_TSP        3653
#define PORT_TIC        3874
#define PORT_AYIYA      5072

static void note_ports(struct gw_v6_walk *walk, uint16_t src_port, uint16_t dst_port)
{
	struct gw_v6_evidence *evidence = &walk->result->evidence;

	if (evidence->src_port || evidence->dst_port)
		return;
	evidence->src_port = src_port;
	evidence->dst_port = dst_port;
}

static bool is_name_port(uint16_t port)
{
	return port == PORT_DNS || port == PORT_MDNS || port == PORT_LLMNR || port == PORT_NBNS;
}

/* A resolver on the link that is none of the routers'. */
static void judge_resolver(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, uint16_t dst_port)
{
	if (ip->version == 6 && (dst_port == PORT_DNS || dst_port == PORT_DNS_TLS) &&
	    gw_v6_is_link_local(ip->dst) && !gw_v6_is_router_address(walk->context, ip->dst))
		gw_v6_mark(walk, GW_V6_CLASS_DNS_ON_LINK);
}

/* ff02::114, where Yggdrasil's nodes look for each other. */
static bool is_yggdrasil(const struct gw_v6_ip *ip, uint16_t dst_port)
{
	return ip->version == 6 && dst_port == PORT_YGGDRASIL && gw_v6_u32(ip->dst) == 0xff020000 &&
	       gw_v6_u32(ip->dst + 12) == 0x114;
}

void gw_v6_walk_udp(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, struct gw_v6_bytes bytes)
{
	const uint8_t *header;
	uint16_t src_port, dst_port, length;

	if (!gw_v6_step(walk, GW_V6_LAYER_UDP, bytes.at))
		return;
	header = gw_v6_take(&bytes, 8);
	if (!header) {
		gw_v6_missing(walk, bytes);
		return;
	}
	src_port = gw_v6_u16(header);
	dst_port = gw_v6_u16(header + 2);
	length = gw_v6_u16(header + 4);
	/* A length that cannot be is left to the receiver; all there is gets read. */
	if (length >= 8)
		bytes = gw_v6_first(bytes, length - 8u);
	note_ports(walk, src_port, dst_port);
	if (ip->version == 6 &&
	    (dst_port == GW_V6_DHCP6_CLIENT_PORT || dst_port == GW_V6_DHCP6_SERVER_PORT))
		gw_v6_judge_dhcp6(walk, ip, dst_port, bytes);
	else if (ip->version == 4 && (dst_port == PORT_DHCP4_HOST || dst_port == PORT_DHCP4))
		gw_v6_judge_dhcp4(walk, bytes);
	else if (is_name_port(src_port) || is_name_port(dst_port))
		gw_v6_judge_names(walk, ip, src_port, dst_port, bytes);
	else if (is_yggdrasil(ip, dst_port))
		gw_v6_mark(walk, GW_V6_CLASS_OVERLAY);
	judge_resolver(walk, ip, dst_port);
	gw_v6_judge_udp_tunnels(walk, ip, src_port, dst_port, bytes);
}

/* The file that browsers fetch from whoever WPAD named. */
static bool is_proxy_fetch(struct gw_v6_bytes payload)
{
	static const char request[] = "GET /wpad.dat";

	return payload.len >= sizeof(request) - 1 &&
	       memcmp(payload.at, request, sizeof(request) - 1) == 0;
}

void gw_v6_walk_tcp(struct gw_v6_walk *walk, const struct gw_v6_ip *ip, struct gw_v6_bytes bytes)
{
	const uint8_t *header;
	uint16_t src_port, dst_port;
	size_t options;

	if (!gw_v6_step(walk, GW_V6_LAYER_TCP, bytes.at))
		return;
	header = gw_v6_take(&bytes, 20);
	if (!header) {
		gw_v6_missing(walk, bytes);
		return;
	}
	src_port = gw_v6_u16(header);
	dst_port = gw_v6_u16(header + 2);
	options = (header[12] >> 4) * 4u;
	options = options > 20 ? options - 20 : 0;
	note_ports(walk, src_port, dst_port);
	judge_resolver(walk, ip, dst_port);
	if (dst_port == PORT_TSP || dst_port == PORT_TIC || dst_port == PORT_AYIYA)
		gw_v6_mark(walk, GW_V6_CLASS_TUNNEL_BROKER);
	if (!gw_v6_take(&bytes, options) || !bytes.len)
		return;
	if (dst_port == PORT_HTTP && is_proxy_fetch(bytes))
		gw_v6_mark(walk, GW_V6_CLASS_WPAD_QUERY);
	/* Over TCP a message follows its length; one that is not alone in its segment is let be. */
	if ((src_port == PORT_DNS || dst_port == PORT_DNS) && gw_v6_take(&bytes, 2))
		gw_v6_judge_names(walk, ip, src_port, dst_port, bytes);
}
