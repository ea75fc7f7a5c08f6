/* Protocols and ports of what carries IPv6 over IPv4, and which of them a segment refuses. */
#include "gw/core/mem.h"
#include "ipv6guard/ipv6guard.h"

struct number {
	enum ipv6guard_tunnel tunnel;
	uint16_t number;
};

static const struct number protocols[IPV6GUARD_TUNNEL_PROTOCOLS] = {
	{ IPV6GUARD_6IN4, 41 },
	{ IPV6GUARD_GRE, 47 },
	{ IPV6GUARD_IPIP, 4 },
	{ IPV6GUARD_IPIP, 94 },
	{ IPV6GUARD_IPIP, 108 },
	{ IPV6GUARD_ETHER, 97 },
	{ IPV6GUARD_ETHER, 115 },
	{ IPV6GUARD_ETHER, 137 },
	{ IPV6GUARD_ETHER, 55 },
	{ IPV6GUARD_ETHER, 98 },
	/* IPv6's own extension headers and ICMPv6 have no business in IPv4. */
	{ IPV6GUARD_6IN4, 43 },
	{ IPV6GUARD_6IN4, 44 },
	{ IPV6GUARD_6IN4, 58 },
	{ IPV6GUARD_6IN4, 59 },
	{ IPV6GUARD_6IN4, 60 },
};

static const struct number ports[IPV6GUARD_TUNNEL_PORTS] = {
	{ IPV6GUARD_UDP, 1701 }, /* L2TP */
	{ IPV6GUARD_UDP, 2152 }, /* GTP */
	{ IPV6GUARD_TEREDO, 3544 }, { IPV6GUARD_TSP, 3653 },
	{ IPV6GUARD_AYIYA, 3740 },  { IPV6GUARD_UDP, 4754 }, /* GRE */
	{ IPV6GUARD_UDP, 4789 },                             /* VXLAN */
	{ IPV6GUARD_UDP, 4790 },                             /* VXLAN-GPE */
	{ IPV6GUARD_AYIYA, 5072 },  { IPV6GUARD_UDP, 6080 }, /* GUE */
	{ IPV6GUARD_UDP, 6081 },                             /* Geneve */
	{ IPV6GUARD_UDP, 6635 },                             /* MPLS */
	{ IPV6GUARD_UDP, 8472 },                             /* VXLAN before it had a number */
};

static const struct number tcp_ports[IPV6GUARD_TUNNEL_TCP_PORTS] = {
	{ IPV6GUARD_TSP, 3653 },
	{ IPV6GUARD_TSP, 3874 },
	{ IPV6GUARD_AYIYA, 5072 },
};

/* Frames between two hosts pass a bridge, and no IPv6 is meant. What is routed has a policy that names it, or
 * does not pass: what may carry other things than IPv6, or looks like any TCP, is for the operator to say. */
static bool judges_all(const struct ipv6guard_segment *segment)
{
	return segment->n_ports && segment->mode != IPV6GUARD_GUARDED;
}

bool ipv6guard_refuses_tunnel(const struct ipv6guard_segment *segment, enum ipv6guard_tunnel tunnel)
{
	bool general = tunnel == IPV6GUARD_GRE || tunnel == IPV6GUARD_IPIP ||
		       tunnel == IPV6GUARD_ETHER || tunnel == IPV6GUARD_UDP;

	return !segment->tunnels[tunnel] && (!general || judges_all(segment));
}

static size_t refused(const struct ipv6guard_segment *segment, const struct number *numbers,
		      size_t n, uint16_t *ret)
{
	size_t n_refused = 0;

	for (size_t i = 0; i < n; i++)
		if (ipv6guard_refuses_tunnel(segment, numbers[i].tunnel))
			ret[n_refused++] = numbers[i].number;
	return n_refused;
}

size_t ipv6guard_refused_protocols(const struct ipv6guard_segment *segment,
				   uint16_t ret[IPV6GUARD_TUNNEL_PROTOCOLS])
{
	return refused(segment, protocols, GW_COUNT(protocols), ret);
}

size_t ipv6guard_refused_ports(const struct ipv6guard_segment *segment,
			       uint16_t ret[IPV6GUARD_TUNNEL_PORTS])
{
	return refused(segment, ports, GW_COUNT(ports), ret);
}

size_t ipv6guard_refused_tcp_ports(const struct ipv6guard_segment *segment,
				   uint16_t ret[IPV6GUARD_TUNNEL_TCP_PORTS])
{
	return judges_all(segment) ? refused(segment, tcp_ports, GW_COUNT(tcp_ports), ret) : 0;
}
