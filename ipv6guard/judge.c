/*
 * What the guard refuses of a packet whose addresses, protocol and port are all that is known: for `explain`,
 * and for the model that the kernel is tested against. It follows the chains of compile_ipv4.c, compile_ipv6.c
 * and compile_guarded.c; what depends on the frame, on what a packet carries or on the device that sent it is
 * not refused here.
 */
#include <netinet/in.h>

#include "gw/core/mem.h"
#include "gw/policy/region.h"
#include "ipv6guard/ipv6guard.h"

#define NOT_REFUSED IPV6GUARD_CLASS_COUNT

#define PORT_DHCP_CLIENT   68
#define PORT_DHCPV6_CLIENT 546
#define PORT_DHCPV6_SERVER 547
#define PORT_DNS           53
#define PORT_MESH          9001 /* Yggdrasil */

#define PROTOCOL(packet)  ((uint8_t)((packet)->service >> 16))
#define PORT(packet)      ((uint16_t)(packet)->service)
#define ICMP_TYPE(packet) ((uint8_t)(PORT(packet) >> 8))

static bool contains(const uint16_t *numbers, size_t n, uint16_t number)
{
	for (size_t i = 0; i < n; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

static bool begins(gw_u128 address, uint32_t prefix, unsigned int bits)
{
	return (uint32_t)(address >> 112) >> (16 - bits) == prefix >> (16 - bits);
}

static bool is_link_local(gw_u128 address)
{
	return begins(address, 0xfe80, 10);
}

/* ---- IPv4: tunnels -------------------------------------------------------------------------- */

static enum ipv6guard_class judge_ipv4(const struct ipv6guard_segment *segment, bool inward,
				       const struct gw_packet *packet)
{
	/* Room for the longest of three lists. */
	uint16_t numbers[IPV6GUARD_TUNNEL_PROTOCOLS + IPV6GUARD_TUNNEL_PORTS];
	size_t n = ipv6guard_refused_protocols(segment, numbers);

	if (contains(numbers, n, PROTOCOL(packet)))
		return inward ? IPV6GUARD_CLASS_TUNNEL : IPV6GUARD_CLASS_OWN;
	if (!inward || (PROTOCOL(packet) != IPPROTO_UDP && PROTOCOL(packet) != IPPROTO_TCP))
		return NOT_REFUSED;
	/* Of listed servers it passes; who sends it is not known here. */
	if (PROTOCOL(packet) == IPPROTO_UDP && PORT(packet) == PORT_DHCP_CLIENT &&
	    segment->n_ports && !segment->n_ipv4_servers)
		return IPV6GUARD_CLASS_DHCPV4;
	n = PROTOCOL(packet) == IPPROTO_UDP ? ipv6guard_refused_ports(segment, numbers)
					    : ipv6guard_refused_tcp_ports(segment, numbers);
	return contains(numbers, n, PORT(packet)) ? IPV6GUARD_CLASS_TUNNEL : NOT_REFUSED;
}

/* ---- IPv6 ----------------------------------------------------------------------------------- */

/* Types that hosts and gateways send to neighbours, or to anybody. */
static enum ipv6guard_class judge_icmpv6(const struct ipv6guard_segment *segment,
					 const struct gw_packet *packet)
{
	switch (ICMP_TYPE(packet)) {
	case 1:
	case 2:
	case 3:
	case 4:
	case 128:
	case 129:
	case 130:
	case 131:
	case 132:
	case 133:
	case 135:
	case 136:
	case 143:
		return NOT_REFUSED;
	case 134:
		return segment->n_routers ? NOT_REFUSED : IPV6GUARD_CLASS_ROUTER;
	case 137:
		return segment->n_routers ? NOT_REFUSED : IPV6GUARD_CLASS_REDIRECT;
	default:
		return IPV6GUARD_CLASS_HEADER;
	}
}

static enum ipv6guard_class judge_local(const struct ipv6guard_segment *segment,
					const struct gw_packet *packet)
{
	if (!is_link_local(packet->source) ||
	    !(is_link_local(packet->dest) || begins(packet->dest, 0xff02, 16)))
		return IPV6GUARD_CLASS_IPV6;
	switch (PROTOCOL(packet)) {
	case IPPROTO_ICMPV6:
		return judge_icmpv6(segment, packet);
	case IPPROTO_UDP:
		return PORT(packet) == PORT_DHCPV6_CLIENT   ? IPV6GUARD_CLASS_DHCPV6
		       : PORT(packet) == PORT_DHCPV6_SERVER ? IPV6GUARD_CLASS_CHATTER
		       : PORT(packet) == PORT_DNS || PORT(packet) == PORT_MESH
			       ? IPV6GUARD_CLASS_HEADER
			       : NOT_REFUSED;
	case IPPROTO_TCP:
		return NOT_REFUSED;
	default:
		return IPV6GUARD_CLASS_HEADER;
	}
}

static enum ipv6guard_class judge_guarded(const struct ipv6guard_segment *segment,
					  const struct gw_packet *packet)
{
	static const uint16_t inner[] = { 4, 41, 47, 97, 115, 137 };
	static const uint16_t passes[] = { IPPROTO_TCP,  IPPROTO_UDP,     IPPROTO_ESP,
					   IPPROTO_SCTP, IPPROTO_UDPLITE, IPPROTO_DCCP };

	if (packet->source == 0)
		return NOT_REFUSED; /* has rules of its own, about what a host says that has no address */
	if (begins(packet->source, 0xff00, 8) || packet->source >> 48 == 0 ||
	    packet->dest >> 48 == 0)
		return IPV6GUARD_CLASS_SOURCE;
	if (contains(inner, GW_COUNT(inner), PROTOCOL(packet)))
		return IPV6GUARD_CLASS_TUNNEL;
	if (PROTOCOL(packet) == IPPROTO_UDP && PORT(packet) == PORT_DHCPV6_CLIENT &&
	    !segment->n_servers)
		return IPV6GUARD_CLASS_DHCPV6;
	if (PROTOCOL(packet) == IPPROTO_ICMPV6)
		return judge_icmpv6(segment, packet);
	return contains(passes, GW_COUNT(passes), PROTOCOL(packet)) ? NOT_REFUSED
								    : IPV6GUARD_CLASS_HEADER;
}

static enum ipv6guard_class judge_ipv6(const struct ipv6guard_segment *segment, bool inward,
				       const struct gw_packet *packet)
{
	switch (segment->mode) {
	case IPV6GUARD_OFF:
		return IPV6GUARD_CLASS_IPV6;
	case IPV6GUARD_LOCAL:
		return judge_local(segment, packet);
	case IPV6GUARD_GUARDED:
		return inward ? judge_guarded(segment, packet) : NOT_REFUSED;
	case IPV6GUARD_OPEN:
		break;
	}
	return NOT_REFUSED;
}

/* ---- segments ------------------------------------------------------------------------------- */

static enum ipv6guard_class judge_at(const struct ipv6guard_segment *segment, bool inward,
				     const struct gw_packet *packet)
{
	if (segment->mode == IPV6GUARD_OPEN || segment->monitor ||
	    (!inward && segment->mode == IPV6GUARD_GUARDED))
		return NOT_REFUSED;
	return packet->family == GW_FAMILY_IPV4 ? judge_ipv4(segment, inward, packet)
						: judge_ipv6(segment, inward, packet);
}

bool ipv6guard_judge(const void *model, const struct gw_zone *zone, bool inward,
		     const struct gw_packet *packet, struct gw_refusal *ret)
{
	/* By which of its interfaces a packet comes is not known: all must refuse it. */
	for (size_t i = 0; i < zone->n_interfaces; i++) {
		const struct ipv6guard_segment *segment =
			ipv6guard_segment_of(model, zone->interfaces[i].name);
		enum ipv6guard_class class =
			segment ? judge_at(segment, inward, packet) : NOT_REFUSED;

		if (class == NOT_REFUSED)
			return false;
		*ret = (struct gw_refusal){ .reason = ipv6guard_reason(segment->mode, class),
					    .place = segment->name,
					    .loc = segment->loc };
	}
	return zone->n_interfaces > 0;
}
